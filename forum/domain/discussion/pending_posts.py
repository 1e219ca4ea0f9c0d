"""Where does a contribution wait that moderators read before anybody else sees it?

Who writes so is said in `newcomers.py`. They wait in a table of their own, so that no page, feed, count or document to
come can find them, each with a case of its own among those that moderators decide (`moderation/reviews.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Row, known_row, rows
from forum.domain.themes.themes import ThemeHead
from forum.models.moderation import Moderated
from forum.models.posts import PendingState
from forum.permissions import Viewer
from forum.settings import settings
from forum.text.quotes import without_marks


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contribution that waits to be read."""

    id: int


@dataclass(frozen=True, slots=True)
class PendingLine:
    """A contribution that waits, in a list of its author's: where it will go, since when, its first words."""

    id: int
    title: str
    created_at: datetime
    opening: str


async def hold_back(
    viewer: Viewer,
    theme: ThemeHead,
    source: str,
    now: datetime,
    *,
    thread: int | None = None,
    title: str = "",
    reply_to: int | None = None,
) -> Waiting:
    """Let a contribution wait, for a thread or for a new one of that title, and open its case, inside the caller's
    transaction, which holds the theme."""
    made = await known_row(
        """INSERT INTO pending_post (theme_id, thread_id, title, source, reply_to_id, author_id, state, version,
                                     created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8) RETURNING id""",
        *(theme.id, thread, title, source, reply_to, viewer.id, PendingState.WAITING.value, now),
    )
    await rows(
        """INSERT INTO moderation_case (thing, thing_id, open_key, working_group_id, opened_at)
           VALUES ($1, $2, $3, $4, $5)""",
        *(Moderated.PENDING.value, made["id"], f"{Moderated.PENDING.value}:{made['id']}", theme.group, now),
    )
    return Waiting(made["id"])


_WAITING: Final = """
    SELECT x.id, COALESCE(f.title, x.title) AS title, x.created_at, substr(x.source, 1, 2000) AS opening
      FROM pending_post x LEFT JOIN thread f ON f.id = x.thread_id
     WHERE x.author_id = $1 AND x.state = 'waiting'"""


async def waiting_of(viewer: Viewer) -> tuple[PendingLine, ...]:
    """What this person wrote that still waits."""
    return _lines(await rows(f"{_WAITING} ORDER BY x.id", viewer.id))


async def waiting_in(viewer: Viewer, thread: int) -> tuple[PendingLine, ...]:
    """What this person wrote that still waits for a place in a thread; where nobody has to wait nothing is asked."""
    if not settings().moderation.hold_first:
        return ()
    return _lines(await rows(f"{_WAITING} AND x.thread_id = $2 ORDER BY x.id", viewer.id, thread))


def _lines(found: Sequence[Row]) -> tuple[PendingLine, ...]:
    return tuple(
        PendingLine(each["id"], each["title"], each["created_at"], without_marks(each["opening"])[:200])
        for each in found
    )
