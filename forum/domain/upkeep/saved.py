"""When was the site last saved? The database says it, so that every process, page and command tells the same.

Only what was restored in a place of trial and found whole is noted: whoever reads this need not wonder.
"""

from dataclasses import dataclass
from datetime import datetime

from forum.database import row, rows


@dataclass(frozen=True, slots=True)
class Saved:
    """The latest backup: the moment of what it holds, and its size in bytes."""

    made_at: datetime
    size: int


async def note_saved(one: Saved) -> None:
    """There is a backup of that moment; an older one than what is known already changes nothing."""
    await rows(
        """INSERT INTO backup (id, made_at, size) VALUES (1, $1, $2)
           ON CONFLICT (id) DO UPDATE SET made_at = excluded.made_at, size = excluded.size
            WHERE backup.made_at < excluded.made_at""",
        one.made_at,
        one.size,
    )


async def last_saved() -> Saved | None:
    """None when the site never was."""
    found = await row("SELECT made_at, size FROM backup")
    return Saved(found["made_at"], found["size"]) if found else None
