"""Is the database there, with the tables of this program?"""

from forum.database import row


async def touch_database() -> None:
    """Read something: raises what the database raises when it cannot be reached."""
    await row("SELECT COUNT(*) AS themes FROM theme")
