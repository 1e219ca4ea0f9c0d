"""What does one page of a list show, and where do the next and the previous one begin?

By key, never by counting: a page begins after the last row of the one before, so nothing is shown twice or left out
while rows come and go, and the hundredth page costs what the second does. A key is made of the values that the list is
sorted by ("20261130T101500~12"), so it works even when its own row has moved or is gone. An unreadable key leads to the
first page, a key past the end to the last page, one before the beginning to the first.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from forum.database import Row, places, rows
from forum.domain.references import LARGEST_ID

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class PageTurn:
    """The page that a reader asks for: after a key, or before it (`back`); without a key, the first. `holds`: the one
    where the item of that key stands, for a list that is in memory."""

    key: str = ""
    back: bool = False
    holds: bool = False


FIRST: Final = PageTurn()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What a page shows, and the keys that the next page begins after and that the previous one ends before, where
    there is one. `start`: how many come before it, where that is known."""

    shown: tuple[T, ...]
    next: str | None = None
    previous: str | None = None
    start: int = 0

    def of(self, shown: Iterable[U]) -> "Page[U]":
        """This page, with its rows converted."""
        return Page(tuple(shown), self.next, self.previous, self.start)


@dataclass(frozen=True, slots=True)
class SortOrder:
    """What a list is sorted by: columns as its statement names and returns them, each with the type of its values;
    together they are unique and never null."""

    columns: Mapping[str, type]
    newest_first: bool = False

    def key(self, found: Row) -> str:
        """The key of a row, for an address."""
        return "~".join(_say(found[column.rpartition(".")[2]]) for column in self.columns)

    def values(self, key: str) -> tuple[object, ...] | None:
        """The values of a key, None when it cannot be one of this list; a text may contain the separator."""
        parts = key.rsplit("~", len(self.columns) - 1)
        if len(parts) != len(self.columns):
            return None
        try:
            return tuple(_READ[kind](part) for part, kind in zip(parts, self.columns.values(), strict=True))
        except ValueError:
            return None


def _say(value: object) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat().replace("-", "").replace(":", "")
    return str(value)


def _read_moment(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    if read.tzinfo is not None:
        raise ValueError("keys are in UTC and do not say so")
    return read.replace(tzinfo=UTC)


def _read_whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= LARGEST_ID):
        raise ValueError("no column holds this number")
    return int(text)


class Long(int):
    """A whole number of eight bytes."""


def _read_long(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 2**63):
        raise ValueError("no column holds this number")
    return int(text)


def _read_truth(text: str) -> bool:
    if text not in ("True", "False"):
        raise ValueError("neither true nor false")
    return text == "True"


_READ: Final[Mapping[type, Callable[[str], object]]] = {
    int: _read_whole,
    Long: _read_long,
    str: str,
    datetime: _read_moment,
    bool: _read_truth,
}


Reader = Callable[[tuple[object, ...] | None, int, bool], Awaitable[list[Row]]]
"""Reads as many rows from a key on, or from the first or last one: in the order of the list or, going back, from the
nearest to the key."""


async def read_page(select: str, values: Sequence[object], order: SortOrder, turn: PageTurn, size: int) -> Page[Row]:
    """A page of the rows of `select`, which must end inside its WHERE: one statement, or two after the first page."""

    async def some(start: tuple[object, ...] | None, limit: int, back: bool) -> list[Row]:
        falling = order.newest_first != back
        further = (
            f"AND ({', '.join(order.columns)}) {'<' if falling else '>'} ({places(len(start), after=len(values))})"
            if start
            else ""
        )
        sorting = ", ".join(f"{column} DESC" if falling else column for column in order.columns)
        return await rows(f"{select} {further} ORDER BY {sorting} LIMIT {limit}", *values, *(start or ()))

    return await page_of(some, order, turn, size)


async def page_of(some: Reader, order: SortOrder, turn: PageTurn, size: int) -> Page[Row]:
    """A page of what `some` reads, its rows going away from the key."""

    async def read(start: tuple[object, ...] | None, limit: int, *, back: bool) -> list[Row]:
        found = await some(start, limit, back)
        return found[::-1] if back else found

    start = order.values(turn.key)
    back = turn.back and start is not None
    found = await read(start, size + 1, back=back)
    if start and len(found) < (size if back else 1):
        # Past an end of the list, or too close to it for a full page: the page at that end.
        start, back = None, not back
        found = await read(None, size + 1, back=back)
    shown, further = (found[-size:] if back else found[:size]), len(found) > size
    behind = bool(start and await read(order.values(order.key(shown[-1 if back else 0])), 1, back=not back))
    is_next, is_previous = (behind, further) if back else (further, behind)
    return Page(
        tuple(shown),
        next=order.key(shown[-1]) if is_next else None,
        previous=order.key(shown[0]) if is_previous else None,
    )


def page_among(known: Sequence[T], number: Callable[[T], int], turn: PageTurn, size: int) -> Page[T]:
    """A page of a list already in memory; `number` identifies its items. The key of none leads to where the nearest
    number stands."""
    found = _place_of(known, number, turn.key)
    if found is None:
        start = 0
    elif turn.holds:
        start = found // size * size
    else:
        start = found - size if turn.back else found + 1
    start = max(0, min(start, len(known) - 1))
    shown = tuple(known[start : start + size])
    return Page(
        shown,
        next=str(number(shown[-1])) if start + size < len(known) else None,
        previous=str(number(shown[0])) if start else None,
        start=start,
    )


def _place_of(known: Sequence[T], number: Callable[[T], int], key: str) -> int | None:
    """Where the item of a key stands, or the one whose number is nearest; None for what is no key."""
    try:
        wanted = _read_whole(key)
    except ValueError:
        return None
    numbers = [number(each) for each in known]
    if wanted in numbers:
        return numbers.index(wanted)
    return min(range(len(known)), key=lambda at: abs(numbers[at] - wanted), default=None)
