"""What does the journal say, and to whom? Staff read all of it, moderators the lines of their groups, others nothing.

Lines come newest first, by their number, which is also their place in the chain. Names are looked up when lines are
shown: an erased member is "Compte effacé" in every line, even old ones.
"""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from forum.database import Row, places, rows, transaction
from forum.domain import journal
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import LARGEST_ID, reference
from forum.domain.withheld import journal_words
from forum.errors import NotFound
from forum.permissions import Viewer, demand, may_read_journal
from forum.text.mentions import handle_key
from forum.text.names import make_handle
from forum.text.typography import PARIS

SHOWN = 50
# Rows of one statement of an export.
EXPORTED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """The filters of the journal; empty or None does not filter. `person`, by name or handle, acted or was acted on."""

    act: str = ""
    person: str = ""
    group: int | None = None
    thing: str = ""
    thing_id: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """What an act was about: `name` as on pages, empty when it no longer exists. `place` is what identifies its page:
    the number of a theme, the reference of a proposal, an id."""

    kind: str
    id: int
    name: str = ""
    place: int | str | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry as shown; without `actor` the site itself did it, or somebody at its command line."""

    id: int
    at: datetime
    actor: str | None
    act: str
    thing: Thing
    group: str | None
    before: str
    after: str
    reason: str
    is_redacted: bool


@dataclass(frozen=True, slots=True)
class JournalGroup:
    """A working group in the filter."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A page of the journal, with the choices of its filters."""

    lines: Page[JournalLine]
    wanted: JournalFilter
    acts: tuple[str, ...]
    things: tuple[str, ...]
    groups: tuple[JournalGroup, ...]


@dataclass(frozen=True, slots=True)
class _Scope:
    """The groups whose lines somebody may read; None: all lines, including those of no group."""

    groups: tuple[int, ...] | None


_BEFORE, _AFTER, _REASON = journal_words("j")
_NEWEST_FIRST = SortOrder({"j.id": int}, newest_first=True)


async def read_journal(viewer: Viewer | None, wanted: JournalFilter, now: datetime, turn: PageTurn = FIRST) -> Journal:
    """A page of the matching lines, the newest first.

    Raises:
        NotFound: for this person there is no journal, or none of that group.
    """
    scope = _scope(viewer, wanted, now)
    found = await _entries(scope, wanted, turn, SHOWN)
    return Journal(
        lines=found.of(await _told(found.shown)),
        wanted=wanted,
        acts=await _known("act", scope),
        things=await _known("thing", scope),
        groups=await _groups(scope),
    )


async def note_export(viewer: Viewer | None, wanted: JournalFilter, now: datetime) -> int:
    """Record that somebody exports the journal; returns the number of that line, the last one exported.

    Raises:
        NotFound: for this person there is no journal, or none of that group.
    """
    scope = _scope(viewer, wanted, now)
    group = wanted.group or (scope.groups[0] if scope.groups else None)
    async with transaction():
        await journal.record(viewer, "export_journal", "journal", 0, group=group, after=_written(wanted), now=now)
    newest = await rows("SELECT MAX(id) AS id FROM journal_entry")
    return int(newest[0]["id"])


async def export_lines(
    viewer: Viewer | None, wanted: JournalFilter, last: int, now: datetime
) -> AsyncIterator[JournalLine]:
    """Every matching line up to the line `last`, newest first; never all in memory at once.

    Raises:
        NotFound: for this person there is no journal, or none of that group.
    """
    scope = _scope(viewer, wanted, now)
    turn: PageTurn | None = FIRST
    while turn is not None:
        found = await _entries(scope, wanted, turn, EXPORTED_AT_ONCE, last=last)
        for line in await _told(found.shown):
            yield line
        turn = PageTurn(found.next) if found.next else None


def _written(wanted: JournalFilter) -> str:
    """The filters of an export as the journal records them; of a name, which may have to be erased, only that there was
    one."""
    said = replace(wanted, person="…" if wanted.person else "")
    kept = {name: getattr(said, name) for name in JournalFilter.__slots__}
    return " ".join(f"{name}={value}" for name, value in kept.items() if value not in ("", None))


def _scope(viewer: Viewer | None, wanted: JournalFilter, now: datetime) -> _Scope:
    """Raises NotFound: there is no journal for this person, or none of the group that is asked for."""
    if wanted.group is not None:
        demand(may_read_journal, viewer, wanted.group, now)
    if may_read_journal(viewer, None, now):
        return _Scope(None)
    own = _groups_read(viewer, now)
    if not own:
        raise NotFound
    return _Scope(own)


def _groups_read(viewer: Viewer | None, now: datetime) -> tuple[int, ...]:
    return tuple(sorted(g for g in (viewer.groups if viewer else ()) if may_read_journal(viewer, g, now)))


class _Conditions:
    """A WHERE clause and its values, in step."""

    def __init__(self) -> None:
        self.clauses: list[str] = []
        self.values: list[object] = []

    def ask(self, clause: str, *values: object) -> None:
        """Add a condition, in which `{}` stands for the list of these values."""
        self.clauses.append(clause.format(places(len(values), after=len(self.values))))
        self.values += values


async def _entries(
    scope: _Scope, wanted: JournalFilter, turn: PageTurn, size: int, *, last: int = LARGEST_ID
) -> Page[Row]:
    conditions = _asked(scope, wanted)
    conditions.ask("j.id <= {}", last)
    if wanted.person:
        members = await _members(wanted.person)
        if not members:
            return Page(())
        own = places(len(members), after=len(conditions.values))
        conditions.values += members
        conditions.clauses.append(f"(j.actor_id IN ({own}) OR (j.thing = 'member' AND j.thing_id IN ({own})))")
    return await read_page(
        f"""
        SELECT j.id, j.at, j.actor_id, m.name AS actor, j.act, j.thing, j.thing_id, g.name AS working_group,
               {_BEFORE} AS before, {_AFTER} AS after, {_REASON} AS reason, j.redacted_at
          FROM journal_entry j
          LEFT JOIN member m ON m.id = j.actor_id LEFT JOIN working_group g ON g.id = j.working_group_id
         WHERE {" AND ".join(conditions.clauses)}""",
        conditions.values,
        _NEWEST_FIRST,
        turn,
        size,
    )


def _asked(scope: _Scope, wanted: JournalFilter) -> _Conditions:
    conditions = _Conditions()
    if scope.groups is not None:
        conditions.ask("j.working_group_id IN ({})", *scope.groups)
    if wanted.act:
        conditions.ask("j.act = {}", wanted.act)
    if wanted.group is not None:
        conditions.ask("j.working_group_id = {}", wanted.group)
    if wanted.thing:
        conditions.ask("j.thing = {}", wanted.thing)
    if wanted.thing_id is not None:
        conditions.ask("j.thing_id = {}", wanted.thing_id)
    if wanted.since is not None:
        conditions.ask("j.at >= {}", _midnight(wanted.since))
    if wanted.until is not None and wanted.until < date.max:
        conditions.ask("j.at < {}", _midnight(wanted.until + timedelta(days=1)))
    return conditions


def _midnight(day: date) -> datetime:
    """The beginning of a day in Paris; the first and last days that dates can hold cannot be converted to UTC."""
    if day.year in (1, date.max.year):
        return datetime.combine(day, time(), UTC)
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


async def _members(words: str) -> list[int]:
    """The members with this name or handle, whatever its accents and case: a namesake's handle ends with a number."""
    key = handle_key(make_handle(words.strip().removeprefix("@")))
    found = await rows("SELECT id, handle_key FROM member WHERE handle_key >= $1 AND handle_key < $2", key, f"{key}.")
    return [one["id"] for one in found if re.fullmatch(r"(-[0-9]+)?", one["handle_key"].removeprefix(key))]


async def _known(column: str, scope: _Scope) -> tuple[str, ...]:
    """The acts, or kinds of things, in the lines that this reader may see: the choices of a filter."""
    conditions = _asked(scope, JournalFilter())
    where = f"WHERE {' AND '.join(conditions.clauses)}" if conditions.clauses else ""
    found = await rows(f"SELECT DISTINCT {column} AS one FROM journal_entry j {where}", *conditions.values)
    return tuple(sorted(each["one"] for each in found))


async def _groups(scope: _Scope) -> tuple[JournalGroup, ...]:
    found = await rows("SELECT id, name FROM working_group ORDER BY name, id")
    return tuple(JournalGroup(g["id"], g["name"]) for g in found if scope.groups is None or g["id"] in scope.groups)


async def _told(found: Sequence[Row]) -> tuple[JournalLine, ...]:
    things = await _things((each["thing"], each["thing_id"]) for each in found)
    return tuple(
        JournalLine(
            id=each["id"],
            at=each["at"],
            actor=each["actor"],
            act=each["act"],
            thing=things.get((each["thing"], each["thing_id"])) or Thing(each["thing"], each["thing_id"]),
            group=each["working_group"],
            before=each["before"],
            after=each["after"],
            reason=each["reason"],
            is_redacted=each["redacted_at"] is not None,
        )
        for each in found
    )


# For each kind of thing: its id, its name, what identifies its page, and the numbers of a reference.
_NAMES = {
    "theme": "SELECT id, title AS name, number AS place FROM theme WHERE id IN ({})",
    "post": """SELECT p.id, h.title AS name, p.id AS place FROM post p JOIN thread h ON h.id = p.thread_id
                WHERE p.id IN ({})""",
    "thread": "SELECT id, title AS name, id AS place FROM thread WHERE id IN ({})",
    "meeting": "SELECT id, number AS name, id AS place FROM meeting WHERE id IN ({})",
    # Drafts and versions are numbered apart.
    "synthesis": """SELECT id, CASE WHEN draft THEN 'draft ' ELSE '' END || version AS name, id AS place
                     FROM synthesis WHERE id IN ({})""",
    "member": "SELECT id, name, id AS place FROM member WHERE id IN ({})",
    "proposal": """SELECT p.id, p.number, t.number AS theme FROM proposal p JOIN theme t ON t.id = p.theme_id
                    WHERE p.id IN ({})""",
    "answer": """SELECT a.id, p.number, t.number AS theme FROM answer a JOIN proposal p ON p.id = a.proposal_id
                  JOIN theme t ON t.id = p.theme_id WHERE a.id IN ({})""",
    "obligation": """SELECT o.id, p.number, t.number AS theme
                      FROM obligation o JOIN proposal p ON p.id = o.proposal_id JOIN theme t ON t.id = p.theme_id
                     WHERE o.id IN ({})""",
}


async def _things(wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Thing]:
    """The names of the things on a page, one statement for each kind."""
    by_kind: dict[str, set[int]] = {}
    for kind, number in wanted:
        by_kind.setdefault(kind, set()).add(number)
    found: dict[tuple[str, int], Thing] = {}
    for kind, ids in by_kind.items():
        if kind in _NAMES:
            for each in await rows(_NAMES[kind].format(places(len(ids))), *sorted(ids)):
                found[kind, each["id"]] = _thing(kind, each)
    return found


def _thing(kind: str, found: Row) -> Thing:
    if kind in ("proposal", "answer", "obligation"):
        name = reference(found["theme"], found["number"])
        return Thing(kind, found["id"], name, name)
    return Thing(kind, found["id"], str(found["name"]), found["place"])
