"""What did moderators do with a thread? Their acts in order, as its page tells them, with their reasons; where the
contributions went that were here once, so that old addresses lead there.

The acts themselves are in `moderation/`: `thread_acts.py`, `thread_moves.py` and `theme_moves.py`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from forum.database import rows
from forum.errors import Invalid
from forum.models.threads import ThreadAct


@dataclass(frozen=True, slots=True)
class ThreadNote:
    """One act of the moderators; `before` is the former title of a thread that was renamed, the last two are the
    numbers of the themes of one that went to another."""

    act: ThreadAct
    before: str
    reason: str
    at: datetime
    from_theme: int | None = None
    to_theme: int | None = None


Numbers = tuple[tuple[int, int], ...]
"""Numbers of contributions as ranges, each with its first and its last."""


@dataclass(frozen=True, slots=True)
class MoveNote:
    """Contributions of one page of a thread that moderators moved to another thread (`away`), or here from it; their
    numbers are those in this thread. `source` is the thread that the act belongs to."""

    turn: int
    source: int
    away: bool
    numbers: Numbers
    other: int
    other_title: str
    reason: str
    at: datetime
    other_theme: int
    """The number of its theme."""


@dataclass(frozen=True, slots=True)
class DepartedThread:
    """A thread that was in a theme once, and the number of the theme where it is."""

    id: int
    title: str
    theme: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DepartedPost:
    """A contribution that was here once, and the title of the thread where it is."""

    id: int
    title: str


def ranges_of(numbers: Iterable[int]) -> Numbers:
    """Consecutive numbers together: 3, 4, 5 and 9 are 3-5 and 9."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)


_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_TO = re.compile(r"\s*(?:-|–|à)\s*")
# More contributions than any thread has.
LARGEST_RANGE = 10_000


def read_numbers(text: str) -> list[int]:
    """The numbers of contributions in "12, 15-20", sorted.

    Raises:
        Invalid: it is no such list, or there is nothing in it.
    """
    numbers: set[int] = set()
    for part in re.split(r"\s*[,;]\s*|\s+", _TO.sub("-", text.strip())):
        found = _RANGE.fullmatch(part)
        if not found:
            raise Invalid("Indiquez des numéros de contributions, par exemple 12, 15-20.", field="numeros")
        first, last = int(found[1]), int(found[2] or found[1])
        if last - first > LARGEST_RANGE:
            raise Invalid("Cet intervalle est trop grand : vérifiez ses deux numéros.", field="numeros")
        numbers.update(range(first, last + 1))
    return sorted(numbers)


# A later act of the same kind takes the place of the earlier one; each former title stays.
_KIND = {
    ThreadAct.LOCKED: "lock",
    ThreadAct.UNLOCKED: "lock",
    ThreadAct.PINNED: "pin",
    ThreadAct.UNPINNED: "pin",
    ThreadAct.THEME: "theme",
}


async def notes_of(thread: int) -> tuple[ThreadNote, ...]:
    """What the page of a thread tells of its moderators, the oldest act first."""
    found = await rows(
        """SELECT u.id, u.act, u.before, u.reason, u.at, a.number AS from_theme, b.number AS to_theme
             FROM thread_turn u LEFT JOIN theme a ON a.id = u.from_theme_id LEFT JOIN theme b ON b.id = u.to_theme_id
            WHERE u.thread_id = $1 AND u.act <> $2 ORDER BY u.id""",
        thread,
        ThreadAct.MOVED.value,
    )
    told: dict[object, ThreadNote] = {}
    for each in found:
        act = ThreadAct(each["act"])
        kind = _KIND.get(act, each["id"])
        told.pop(kind, None)
        told[kind] = ThreadNote(act, each["before"], each["reason"], each["at"], each["from_theme"], each["to_theme"])
    return tuple(note for note in told.values() if note.act is not ThreadAct.UNPINNED)


# Moved contributions that have, or had, their place between two numbers of the thread $1.
_PLACED = """
      FROM thread_turn u JOIN moved_post v ON v.turn_id = u.id
      JOIN thread s ON s.id = u.thread_id JOIN thread o ON o.id = u.other_id
      JOIN theme st ON st.id = s.theme_id JOIN theme ot ON ot.id = o.theme_id
      JOIN post p ON p.id = v.post_id JOIN thread h ON h.id = p.thread_id
     WHERE ((u.thread_id = $1 AND v.number_before BETWEEN $2 AND $3)
            OR (u.other_id = $1 AND v.number_after BETWEEN $2 AND $3))"""


async def moves_of(thread: int, first: int, last: int) -> tuple[MoveNote, ...]:
    """The moves that stand, of contributions between two numbers of a thread, the oldest first."""
    found = await rows(
        f"""SELECT u.id, u.thread_id, u.other_id, s.title AS source_title, o.title AS other_title, u.reason, u.at,
                   st.number AS source_theme, ot.number AS other_theme, v.number_before, v.number_after
            {_PLACED} AND u.undone_at IS NULL ORDER BY u.id""",
        thread,
        first,
        last,
    )
    notes: list[MoveNote] = []
    for turn in dict.fromkeys(each["id"] for each in found):
        some = [each for each in found if each["id"] == turn]
        away = some[0]["thread_id"] == thread
        notes.append(
            MoveNote(
                turn=turn,
                source=some[0]["thread_id"],
                away=away,
                numbers=ranges_of(each["number_before" if away else "number_after"] for each in some),
                other=some[0]["other_id" if away else "thread_id"],
                other_title=some[0]["other_title" if away else "source_title"],
                reason=some[0]["reason"],
                at=some[0]["at"],
                other_theme=some[0]["other_theme" if away else "source_theme"],
            )
        )
    return tuple(notes)


async def departed_from(thread: int, first: int, last: int) -> tuple[DepartedPost, ...]:
    """The contributions that once had a number between these in a thread and are elsewhere now, even where the move
    that brought them was undone: an address that somebody kept leads by them."""
    found = await rows(
        f"SELECT DISTINCT p.id, h.title {_PLACED} AND p.thread_id <> $1 ORDER BY p.id", thread, first, last
    )
    return tuple(DepartedPost(each["id"], each["title"]) for each in found)


async def threads_gone_from(theme: int) -> tuple[DepartedThread, ...]:
    """The threads that were in a theme once and are in another now, each with the last act that took it away, the last
    first."""
    found = await rows(
        """SELECT h.id, h.title, t.number, u.reason, u.at
             FROM thread_turn u JOIN thread h ON h.id = u.thread_id JOIN theme t ON t.id = h.theme_id
            WHERE h.theme_id <> $1 AND u.id = (
                  SELECT MAX(l.id) FROM thread_turn l WHERE l.thread_id = h.id AND l.from_theme_id = $1)
            ORDER BY u.id DESC""",
        theme,
    )
    return tuple(
        DepartedThread(each["id"], each["title"], each["number"], each["reason"], each["at"]) for each in found
    )
