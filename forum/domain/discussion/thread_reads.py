"""How far has somebody read, and what have they not read yet?

A member's marker in a thread is the number up to which they have read it. It only grows, and only when they say so: a
page that is looked at changes nothing. One's own contributions, and those that are not shown, are never unread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import known_row, places, row, rows, transaction
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import storable
from forum.errors import Invalid, NotFound
from forum.permissions import Viewer, demand, may_mark_read

SHOWN: Final = 50
"""Threads on a page of what is unread."""

UNREAD: Final = """u.state = 'shown' AND (u.author_id IS NULL OR u.author_id <> $1) AND u.number > COALESCE(
    (SELECT k.number FROM thread_read k WHERE k.member_id = $1 AND k.thread_id = u.thread_id), 0)"""
"""Of a contribution `u`, that the member $1 has not read it."""


@dataclass(frozen=True, slots=True)
class UnreadThread:
    """A thread with contributions that somebody has not read: how many, and the last number given in it."""

    id: int
    title: str
    theme: int
    theme_title: str
    unread: int
    last_number: int


async def mark_read(viewer: Viewer | None, marks: Mapping[int, int], now: datetime) -> None:
    """Note that this member has read these threads, each up to a number; what they read before stays read.

    Raises:
        SignInRequired: nobody is signed in.
        NotFound: there is no such thread.
        Invalid: more threads than a page shows.
    """
    viewer = demand(may_mark_read, viewer)
    if len(marks) > SHOWN:
        raise Invalid("Au plus {most} fils à la fois.", values={"most": SHOWN})
    async with transaction():
        for thread, number in sorted(marks.items()):
            found = await row("SELECT last_number FROM thread WHERE id = $1", storable(thread))
            if found is None:
                raise NotFound
            await rows(
                """INSERT INTO thread_read (member_id, thread_id, number, read_at) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (member_id, thread_id) DO UPDATE
                      SET number = excluded.number, read_at = excluded.read_at
                    WHERE thread_read.number < excluded.number""",
                viewer.id,
                thread,
                max(0, min(number, found["last_number"])),
                now,
            )


async def count_unread(viewer: Viewer | None, threads: Sequence[int]) -> dict[int, int]:
    """How many contributions of these threads this member has not read, for those that have some; none for visitors."""
    if viewer is None or not threads:
        return {}
    found = await rows(
        f"""SELECT u.thread_id, COUNT(*) AS unread FROM post u
             WHERE {UNREAD} AND u.thread_id IN ({places(len(threads), after=1)}) GROUP BY u.thread_id""",
        viewer.id,
        *threads,
    )
    return {each["thread_id"]: each["unread"] for each in found}


async def place_to_resume(viewer: Viewer | None, thread: int) -> tuple[int, int] | None:
    """The first contribution of a thread that this member has not read, and its number; without any, or for a visitor,
    the last one that is shown. None: the thread shows no contribution."""
    first = await known_row(
        f"SELECT MIN(u.number) AS number FROM post u WHERE u.thread_id = $2 AND {UNREAD}",
        viewer.id if viewer else 0,
        storable(thread),
    )
    last = "(SELECT MAX(l.number) FROM post l WHERE l.thread_id = $1 AND l.state = 'shown')"
    number = first["number"] if viewer else None
    found = await row(
        f"SELECT id, number FROM post WHERE thread_id = $1 AND number = COALESCE(CAST($2 AS INTEGER), {last})",
        storable(thread),
        number,
    )
    return (found["id"], found["number"]) if found else None


_MOST_ACTIVE_FIRST: Final = SortOrder({"h.last_post_at": datetime, "h.id": int}, newest_first=True)


async def list_unread(viewer: Viewer | None, turn: PageTurn = FIRST) -> Page[UnreadThread]:
    """A page of the threads that have something new for this member, the most recently active first: those that they
    have begun to read, and those where something was said since they joined. Raises SignInRequired."""
    viewer = demand(may_mark_read, viewer)
    found = await read_page(
        f"""SELECT h.* FROM (
                SELECT h.id, h.title, h.last_number, h.last_post_at, t.number AS theme, t.title AS theme_title,
                       (SELECT COUNT(*) FROM post u WHERE u.thread_id = h.id AND {UNREAD}) AS unread
                  FROM thread h JOIN theme t ON t.id = h.theme_id
                 WHERE h.moved_into_id IS NULL
                   AND (h.last_post_at >= (SELECT m.created_at FROM member m WHERE m.id = $1)
                        OR EXISTS (SELECT 1 FROM thread_read r WHERE r.member_id = $1 AND r.thread_id = h.id))) AS h
             WHERE h.unread > 0""",
        [viewer.id],
        _MOST_ACTIVE_FIRST,
        turn,
        SHOWN,
    )
    return found.of(
        UnreadThread(each["id"], each["title"], each["theme"], each["theme_title"], each["unread"], each["last_number"])
        for each in found.shown
    )


async def carry_marks(source: int, target: int, moved: Mapping[int, int], now: datetime) -> None:
    """Let those who have read contributions of `source` have read them in `target`, where they were moved in the
    caller's transaction: `moved` gives the new number of each former one, in the same order. A marker of the target
    grows over what follows it without a gap alone."""
    numbers = sorted(moved.items())
    first = numbers[0][1]
    without_gap = [each for place, each in enumerate(numbers) if each[1] == first + place]
    readers = await rows("SELECT member_id, number FROM thread_read WHERE thread_id = $1 ORDER BY member_id", source)
    for reader in readers:
        read = [new for former, new in without_gap if former <= reader["number"]]
        if not read:
            continue
        await rows(
            """INSERT INTO thread_read (member_id, thread_id, number, read_at)
               SELECT CAST($1 AS INTEGER), CAST($2 AS INTEGER), CAST($3 AS INTEGER), $4
                WHERE $5 = 1 OR EXISTS (SELECT 1 FROM thread_read k WHERE k.member_id = $1 AND k.thread_id = $2)
                   ON CONFLICT (member_id, thread_id) DO UPDATE SET number = excluded.number
                WHERE thread_read.number = $5 - 1""",
            reader["member_id"],
            target,
            read[-1],
            now,
            first,
        )
