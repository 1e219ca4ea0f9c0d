"""Which threads does a theme list, and in which order?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.domain.pages import Page, PageTurn, SortOrder, read_page
from forum.domain.signatures import RECEIVED_SHOWN
from forum.domain.withheld import NOT_SHOWN
from forum.text.labels import Labelled

THREADS_A_PAGE = 50


class ThreadSort(Labelled):
    """How threads are listed, always the pinned ones first; the value stands in addresses."""

    ACTIVITY = "activite", "activité récente"
    OPENING = "derniers-ouverts", "ouverts récemment"
    CONTRIBUTIONS = "plus-fournis", "les plus fournis"
    UNANSWERED = "sans-reponse", "sans réponse"


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A thread in the list of its theme; the date of its last contribution is None when unknown. `tagged` counts its
    contributions from the meeting of the filter."""

    id: int
    title: str
    posts: int
    last_written_at: datetime | None
    tagged: int = 0
    locked: bool = False
    pinned: bool = False
    received: int = 0
    """Those that were received elsewhere."""


# In a theme a number is exactly one meeting: the theme belongs to one working group.
_TAGGED = """
    (SELECT COUNT(*) FROM post d JOIN meeting_tag g ON g.post_id = d.id AND g.state = 'confirmed'
       JOIN meeting m ON m.id = g.meeting_id WHERE d.thread_id = h.id AND d.state = 'shown' AND m.number = $2)"""

_SORTED: Final[Mapping[ThreadSort, SortOrder]] = {
    ThreadSort.ACTIVITY: SortOrder({"h.pinned": bool, "h.last_post_at": datetime, "h.id": int}, newest_first=True),
    ThreadSort.OPENING: SortOrder({"h.pinned": bool, "h.id": int}, newest_first=True),
    ThreadSort.CONTRIBUTIONS: SortOrder({"h.pinned": bool, "h.posts_count": int, "h.id": int}, newest_first=True),
    ThreadSort.UNANSWERED: SortOrder({"h.pinned": bool, "h.id": int}, newest_first=True),
}


async def threads_of(theme: int, turn: PageTurn, sort: ThreadSort, meeting: int | None = None) -> Page[ThreadLine]:
    """The threads of a theme, by its id; `meeting`: only those with words from the meeting of that number."""
    only = [
        *(["h.posts_count <= 1"] if sort is ThreadSort.UNANSWERED else []),
        *(["h.tagged > 0"] if meeting else []),
    ]
    found = await read_page(
        f"""
        SELECT h.* FROM (
            SELECT h.id, h.title, h.posts_count - {NOT_SHOWN.format("h")} AS posts_count, h.last_post_at, h.locked,
                   h.pinned, c.written_at, {RECEIVED_SHOWN.format("h.id")} AS received,
                   {_TAGGED if meeting else "CAST($2 AS INTEGER)"} AS tagged
              FROM thread h LEFT JOIN post c ON c.thread_id = h.id
               AND c.number = (SELECT MAX(l.number) FROM post l WHERE l.thread_id = h.id)
             WHERE h.theme_id = $1 AND h.moved_into_id IS NULL) AS h
         WHERE {" AND ".join(only) or "TRUE"}""",
        [theme, meeting or 0],
        _SORTED[sort],
        turn,
        THREADS_A_PAGE,
    )
    return found.of(
        ThreadLine(
            each["id"],
            each["title"],
            each["posts_count"],
            each["written_at"],
            each["tagged"],
            each["locked"],
            each["pinned"],
            each["received"],
        )
        for each in found.shown
    )
