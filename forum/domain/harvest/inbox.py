"""Which contributions wait for a moderator? Those of their groups that nobody has finished reading, or that changed
since. The oldest first. How the reading of one ends is in `treatments.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, known_row, places, row, rows
from forum.domain.harvest.treatments import TABLES, UNTREATED
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import LARGEST_ID
from forum.domain.signatures import signed
from forum.models.posts import PostState
from forum.permissions import Viewer, demand, may_open_inbox, may_treat

SHOWN = 50


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """The filters of the inbox; None does not filter."""

    theme: int | None = None
    thread: int | None = None
    meeting: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingPost:
    """A contribution to treat. `edited`: it was treated already, before its author changed it."""

    post: int
    number: int
    author: str | None
    opening: str
    written_at: datetime | None
    thread: int
    thread_title: str
    theme: int
    extracts: int
    edited: bool


@dataclass(frozen=True, slots=True)
class NotShownPost:
    """A contribution that was hidden or withdrawn, with extracts that a moderator kept or an author began."""

    post: int
    number: int
    state: PostState
    thread_title: str
    theme: int
    extracts: int


@dataclass(frozen=True, slots=True)
class Heap:
    """How many contributions of a theme, a thread or a meeting wait: a choice of the filter."""

    key: int
    name: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of the contributions that wait for somebody, the oldest first."""

    wanted: InboxFilter
    posts: Page[WaitingPost]
    total: int
    themes: tuple[Heap, ...]
    threads: tuple[Heap, ...]
    meetings: tuple[Heap, ...]
    not_shown: tuple[NotShownPost, ...]
    """Those with extracts; the first ones, whatever the filters."""


_OLDEST_FIRST = SortOrder({"c.id": int})


async def read_inbox(viewer: Viewer | None, wanted: InboxFilter, now: datetime, turn: PageTurn = FIRST) -> Inbox:
    """The contributions to treat, in the groups that a moderator moderates; for an administrator, in all.

    Raises:
        SignInRequired, NotAllowed: they moderate no group.
    """
    viewer = demand(may_open_inbox, viewer, now)
    scope, mine = await _scope(viewer, now)
    asked, values = _filter(wanted, mine)
    found = await read_page(
        f"""
        SELECT c.id, c.number, substr(c.plain, 1, 240) AS opening, c.written_at, {signed("c.id", "w")} AS name,
               h.id AS thread_id, h.title, t.number AS theme_number, d.id AS treatment_id,
               (SELECT COUNT(*) FROM extract e WHERE e.post_id = c.id) AS extracts
          {TABLES} LEFT JOIN member w ON w.id = c.author_id
         WHERE {scope} AND {UNTREATED}{asked}""",
        values,
        _OLDEST_FIRST,
        turn,
        SHOWN,
    )
    counted = await row(f"SELECT COUNT(*) AS n {TABLES} WHERE {scope} AND {UNTREATED}{asked}", *values)
    assert counted is not None
    themes, threads, meetings = await _heaps(scope, mine, wanted)
    return Inbox(
        wanted=wanted,
        posts=found.of(map(_waiting, found.shown)),
        total=counted["n"],
        themes=themes,
        threads=threads,
        meetings=meetings,
        not_shown=await _not_shown(scope, mine),
    )


async def _not_shown(scope: str, mine: Sequence[int]) -> tuple[NotShownPost, ...]:
    found = await rows(
        f"""SELECT c.id, c.number, c.state, h.title, t.number AS theme, COUNT(*) AS extracts
            {TABLES} JOIN extract e ON e.post_id = c.id WHERE {scope} AND c.state <> 'shown'
             GROUP BY c.id, c.number, c.state, h.title, t.number ORDER BY c.id LIMIT {SHOWN}""",
        *mine,
    )
    return tuple(
        NotShownPost(
            each["id"], each["number"], PostState(each["state"]), each["title"], each["theme"], each["extracts"]
        )
        for each in found
    )


async def count_untreated(viewer: Viewer, now: datetime) -> int:
    """How many contributions wait in the groups that somebody moderates; for an administrator, in all."""
    scope, mine = await _scope(viewer, now)
    return int((await known_row(f"SELECT COUNT(*) AS n {TABLES} WHERE {scope} AND {UNTREATED}", *mine))["n"])


async def _scope(viewer: Viewer, now: datetime) -> tuple[str, list[int]]:
    """The condition on themes whose posts this person treats, with its values."""
    groups = [each["id"] for each in await rows("SELECT id FROM working_group ORDER BY id")]
    mine = [group for group in groups if may_treat(viewer, group, now)]
    return f"t.working_group_id IN ({places(len(mine)) or 'NULL'})", mine


def _filter(wanted: InboxFilter, before: Sequence[int]) -> tuple[str, list[int]]:
    """The conditions of the filters, with all values so far."""
    values, asked = list(before), ""
    for value, condition in (
        (wanted.theme, "t.number = {}"),
        (wanted.thread, "h.id = {}"),
        (wanted.meeting, f"EXISTS ({_TAGGED} AND g.meeting_id = {{}})"),
    ):
        if value is not None:
            values.append(min(value, LARGEST_ID))
            asked += f" AND {condition.format(f'${len(values)}')}"
    return asked, values


_TAGGED = "SELECT 1 FROM meeting_tag g WHERE g.post_id = c.id AND g.state = 'confirmed'"


async def _heaps(scope: str, mine: Sequence[int], wanted: InboxFilter) -> tuple[tuple[Heap, ...], ...]:
    """Themes and meetings with something to treat; threads too, once a theme is chosen."""
    where = f"WHERE {scope} AND {UNTREATED}"
    themes = await rows(
        f"""SELECT t.number AS key, t.title AS name, COUNT(*) AS n
            {TABLES} {where} GROUP BY t.number, t.title ORDER BY t.number""",
        *mine,
    )
    meetings = await rows(
        f"""SELECT m.id AS key, m.number AS name, COUNT(*) AS n
            {TABLES} JOIN meeting_tag g ON g.post_id = c.id JOIN meeting m ON m.id = g.meeting_id
            {where} AND g.state = 'confirmed' GROUP BY m.id, m.number ORDER BY m.number, m.id""",
        *mine,
    )
    threads: Sequence[Row] = ()
    if wanted.theme is not None:
        asked, values = _filter(InboxFilter(theme=wanted.theme), mine)
        threads = await rows(
            f"""SELECT h.id AS key, h.title AS name, COUNT(*) AS n
                {TABLES} {where}{asked} GROUP BY h.id, h.title ORDER BY h.id""",
            *values,
        )
    return _as_heaps(themes), _as_heaps(threads), _as_heaps(meetings)


def _as_heaps(found: Sequence[Row]) -> tuple[Heap, ...]:
    return tuple(Heap(each["key"], str(each["name"]), each["n"]) for each in found)


def _waiting(found: Row) -> WaitingPost:
    return WaitingPost(
        post=found["id"],
        number=found["number"],
        author=found["name"],
        opening=" ".join(found["opening"].split()),
        written_at=found["written_at"],
        thread=found["thread_id"],
        thread_title=found["title"],
        theme=found["theme_number"],
        extracts=found["extracts"],
        edited=found["treatment_id"] is not None,
    )
