"""What was said last in a theme or in a thread? For feeds: the words of the authors, without what they quote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Row, rows
from forum.domain.signatures import signed

MOST_ENTRIES: Final = 50
"""Contributions that a feed holds, the newest."""


@dataclass(frozen=True, slots=True)
class FeedPost:
    """A contribution that is shown: its author's name, None when it is not known, and the plain words of its author."""

    id: int
    number: int
    thread_title: str
    author: str | None
    words: str
    created_at: datetime
    edited_at: datetime | None


_NEWEST: Final = f"""
    SELECT p.id, p.number, p.plain, p.created_at, p.edited_at, f.title, {signed("p.id", "m")} AS name
      FROM post p JOIN thread f ON f.id = p.thread_id LEFT JOIN member m ON m.id = p.author_id
     WHERE {{of}} = $1 AND p.state = 'shown' ORDER BY p.id DESC LIMIT $2"""


async def newest_of_theme(theme: int) -> tuple[FeedPost, ...]:
    """The newest contributions of a theme, by its id, the newest first."""
    return _posts(await rows(_NEWEST.format(of="f.theme_id"), theme, MOST_ENTRIES))


async def newest_of_thread(thread: int) -> tuple[FeedPost, ...]:
    """The newest contributions of a thread, the newest first."""
    return _posts(await rows(_NEWEST.format(of="p.thread_id"), thread, MOST_ENTRIES))


def _posts(found: Sequence[Row]) -> tuple[FeedPost, ...]:
    return tuple(
        FeedPost(
            each["id"],
            each["number"],
            each["title"],
            each["name"],
            each["plain"],
            each["created_at"],
            each["edited_at"],
        )
        for each in found
    )
