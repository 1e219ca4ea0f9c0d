"""Which contributions does one page of a thread show, and where do its neighbours begin?

By key, never by counting: a page begins after the number of a contribution and holds as many as `limits.posts_per_page`
that are shown, whatever was hidden, withdrawn or moved, with the places of those that are not shown between them. The
page of a thread of thousands is found as fast as that of a short one. A key that is no number of the thread leads to
the nearest page, one past the end to the last contributions: no page is without words while the thread has some.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Final

from forum.database import Row, known_row, places, rows
from forum.domain.references import LARGEST_ID
from forum.models.posts import PostState
from forum.settings import settings


@dataclass(frozen=True, slots=True)
class PageSpan:
    """The contributions of a page: those of a thread whose number `where` finds, a condition about a post `p` whose
    thread is $1; its other values are `values`. `previous` and `next` are the keys of the pages beside it. `first` and
    `last` are the numbers whose moves this page tells. Of a page of the tree, `depths` has the depth of each number, in
    the order of the tree; that of the contributions that answer nothing is 1."""

    where: str
    values: tuple[int, ...]
    first: int
    last: int
    previous: int | None = None
    next: int | None = None
    depths: Mapping[int, int] = field(default_factory=dict)


def page_start(number: int) -> int:
    """The key of a page that holds the contribution of that number: not more of them than a page shows are after it."""
    size = settings().limits.posts_per_page
    return (max(1, number) - 1) // size * size


def _between(after: int, last: int, previous: int | None, following: int | None) -> PageSpan:
    return PageSpan("p.number BETWEEN $2 AND $3", (after + 1, last), after + 1, last, previous, following)


def _among(numbers: Sequence[int], previous: int | None, following: int | None) -> PageSpan:
    where = f"p.number IN ({places(len(numbers), after=1)})" if numbers else "p.number = 0"
    return PageSpan(where, tuple(numbers), 0, 0, previous, following)


async def line_span(thread: int, after: int, *, last_number: int, shown_count: int, size: int) -> PageSpan:
    """Contributions in the order of their numbers, after that one. Without any statement where none is missing."""
    if shown_count == last_number:
        after = min(after, max(0, (last_number - 1) // size * size))
        last = after + size
        return _between(after, last, max(0, after - size) if after else None, last if last < last_number else None)
    near = await _near(thread, after, size)
    if near["first"] is None and near["before"] is not None:
        after = near["previous"] or 0
        near = await _near(thread, after, size)
    previous = None if near["before"] is None else near["previous"] or 0
    following = near["last"] if near["further"] else None
    return _between(after, following or LARGEST_ID, previous, following)


_SHOWN = "SELECT n.number FROM post n WHERE n.thread_id = $1 AND n.state = 'shown' AND n.number"


async def _near(thread: int, after: int, size: int) -> Mapping[str, int | None]:
    """Of the contributions that are shown, around a number: the first one after it, the last one of a page that begins
    there and the one that follows; the one before it, and the one after which the page before begins."""
    following, before = f"{_SHOWN} > $2 ORDER BY n.number LIMIT 1", f"{_SHOWN} <= $2 ORDER BY n.number DESC LIMIT 1"
    return await known_row(
        f"""SELECT ({following}) AS first, ({following} OFFSET {size - 1}) AS last,
                   ({following} OFFSET {size}) AS further,
                   ({before}) AS before, ({before} OFFSET {size}) AS previous""",
        thread,
        after,
    )


# A thread belongs to one working group: a number is one meeting.
TAGGED: Final = """
      FROM post p JOIN meeting_tag g ON g.post_id = p.id AND g.state = 'confirmed'
      JOIN meeting m ON m.id = g.meeting_id
     WHERE p.thread_id = $1 AND p.state = 'shown'"""


async def meeting_span(thread: int, after: int, meeting: int, size: int) -> PageSpan:
    """Those that come from the meeting of that number alone."""

    async def some(further: str, limit: int) -> list[int]:
        found = await rows(
            f"SELECT p.number {TAGGED} AND m.number = $2 AND p.number {further} LIMIT {limit}", thread, meeting, after
        )
        return [each["number"] for each in found]

    numbers = await some("> $3 ORDER BY p.number", size + 1)
    before = await some("<= $3 ORDER BY p.number DESC", size + 1) if after else []
    if before and not numbers:
        numbers, before = before[:size][::-1], before[size:]
    previous = (before[size] if len(before) > size else 0) if before else None
    return _among(numbers[:size], previous, numbers[size - 1] if len(numbers) > size else None)


@dataclass(frozen=True, slots=True)
class _TreePlace:
    """A contribution in the order of the tree."""

    number: int
    depth: int
    shown: bool


async def tree_span(thread: int, after: int, size: int) -> PageSpan:
    """Each contribution with its answers under it, in the order of their numbers. The key is the number of the last one
    of the page before. One statement, which reads of the whole thread what answers what, and no word."""
    order = await _tree(thread)
    shown = [index for index, place in enumerate(order) if place.shown]
    numbers = [place.number for place in order]
    known = max((number for number in numbers if number <= after), default=None)
    start = 0 if known is None else numbers.index(known) + 1
    if shown and start > shown[-1]:
        start = shown[-size - 1] + 1 if len(shown) > size else 0
    before = [index for index in shown if index < start]
    following = shown[len(before) :]
    further = len(following) > size
    page = order[start : following[size - 1] + 1 if further else None]
    previous = (numbers[before[-size - 1]] if len(before) > size else 0) if before else None
    # What was moved is told once, on the first page.
    first, last = (0, 0) if before else (1, LARGEST_ID)
    return replace(
        _among([place.number for place in page], previous, page[-1].number if further else None),
        first=first,
        last=last,
        depths={place.number: place.depth for place in page},
    )


async def tree_start(thread: int, number: int, size: int) -> int:
    """The key of the page of the tree that holds the contribution of that number."""
    order = await _tree(thread)
    before = [place.number for place in takewhile(lambda place: place.number != number, order) if place.shown]
    start = len(before) // size * size
    return before[start - 1] if start else 0


async def _tree(thread: int) -> list[_TreePlace]:
    found = await rows("SELECT id, number, reply_to_id, state FROM post WHERE thread_id = $1 ORDER BY number", thread)
    here = {each["id"] for each in found}
    answers: defaultdict[int | None, list[Row]] = defaultdict(list)
    for each in reversed(found):
        answers[each["reply_to_id"] if each["reply_to_id"] in here else None].append(each)
    order: list[_TreePlace] = []
    waiting = [(each, 1) for each in answers[None]]
    while waiting:
        each, depth = waiting.pop()
        order.append(_TreePlace(each["number"], depth, each["state"] == PostState.SHOWN))
        waiting += [(answer, depth + 1) for answer in answers[each["id"]]]
    return order
