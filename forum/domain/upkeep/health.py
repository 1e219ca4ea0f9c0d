"""Is the database there, with this program's tables?"""

from forum.database import row


async def touch_database() -> None:
    """Run a query, which raises the database's own error when it cannot be reached."""
    await row("SELECT COUNT(*) AS themes FROM theme")
