"""What may be found, by which words? One entry for each thing that everybody may read, written in the transaction that
writes the thing.

A verb that changes a contribution, a proposal… says so to `refresh`; when all else is written, just before the commit,
the entry is deleted and, if everybody may still read the thing, made anew from what is stored. What is hidden,
withdrawn, waiting or a draft has no entry. The number of an entry holds its second, its thing and its kind: the order
of time is that of numbers, on both databases, whatever was written first.

An entry is found by its lexemes, one or two for each word: a letter that says where the word stands, then its stem or
its form (`text/terms.py`); others say its theme, its author… The index over them belongs to the database: FTS5 or a
tsvector, filled by triggers.
"""

from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from forum.database import Row, current_transaction, insert_rows, is_sqlite, places, rows, transaction
from forum.domain.references import reference
from forum.domain.withheld import LABELS, range_of
from forum.models.answers import Decision, fate_of
from forum.models.moderation import Moderated
from forum.models.proposals import ProposalState
from forum.models.search import ORDINALS, SearchKind
from forum.text.terms import EMPTY_WORDS, VERSION, forms, stem
from forum.text.typography import PARIS

STEMS: Final = "abc"
"""Where a stem stands: in the title, in the thing's own words, in those that it quotes."""
FORMS: Final = "xyz"
"""Where a whole word stands, alike."""
SEPARATOR: Final = " | "
"""What stands between title, own and quoted words in `words`: a phrase does not go across."""

_SECONDS_AT: Final = 30
_THING_AT: Final = 3
_LAST_SECOND: Final = 2 ** (63 - _SECONDS_AT) - 1
_LARGEST_THING: Final = 2 ** (_SECONDS_AT - _THING_AT) - 1
_KINDS: Final = tuple(SearchKind)
# Threads whose first contribution in view may be another one now, beside the kinds of entries.
_THREAD: Final = "thread"

AT_ONCE: Final = 200
"""Entries made by one statement."""


def moment_number(at: datetime) -> int:
    """The least number of an entry of that second or a later one; what is older than 1970 is of its first second, and
    what is to come after 2242 of the last one."""
    return min(max(int(at.timestamp()), 1), _LAST_SECOND) << _SECONDS_AT


def number_of(at: datetime, kind: SearchKind, thing: int) -> int:
    """The number of an entry."""
    assert 0 < thing <= _LARGEST_THING, "more things of one kind than numbers hold"
    return moment_number(at) | thing << _THING_AT | ORDINALS[kind]


def thing_of(number: int) -> tuple[SearchKind, int]:
    """The kind and the id of the thing of an entry, by its number."""
    return _KINDS[number & (1 << _THING_AT) - 1], number >> _THING_AT & _LARGEST_THING


# What an entry is found by beside its words: a letter, then what it is of.


def of_theme(theme: int) -> str:
    return f"ft{theme}"


def of_group(group: int) -> str:
    """Of meetings and minutes, which belong to all themes of a group."""
    return f"fg{group}"


def of_meeting(meeting: int) -> str:
    return f"fm{meeting}"


def of_author(member: int) -> str:
    return f"fa{member}"


def of_kind(kind: SearchKind) -> str:
    return f"fk{ORDINALS[kind]}"


def of_fate(name: str) -> str:
    """The name of a `Fate`."""
    return f"fs{name.lower().replace('_', '')}"


def of_reference(form: str) -> str:
    """A contribution or a proposal by its reference, as a form has it."""
    return f"r{form}"


@dataclass(frozen=True, slots=True)
class _Thing:
    """What is searched of one thing: when it is of, its words, and what it is of."""

    id: int
    at: datetime
    title: str
    own: str
    quoted: str = ""
    marks: tuple[str, ...] = ()


def refresh(kind: SearchKind, *things: int) -> None:
    """Make the entries of these things anew at the end of the caller's transaction, from what is stored by then."""
    for thing in things:
        current_transaction().write_last(_write, (kind.value, thing))


def refresh_threads(*threads: int) -> None:
    """The title, or the first contribution in view, of these threads may be another one: the title is searched with
    that contribution."""
    for thread in threads:
        current_transaction().write_last(_write, (_THREAD, thread))


async def refresh_thing(thing: Moderated, thing_id: int) -> None:
    """A thing that is hidden, withdrawn or shown again, with all that shows its words."""
    if thing is Moderated.PROPOSAL:
        await refresh_proposals(thing_id)
    if thing is Moderated.ANSWER:
        refresh(SearchKind.ANSWER, thing_id)
    if thing is Moderated.MINUTES:
        refresh_meeting(thing_id)
    if thing is not Moderated.POST:
        return
    quoting = await rows("SELECT DISTINCT post_id FROM quote WHERE quoted_id = $1", thing_id)
    refresh(SearchKind.POST, thing_id, *[each["post_id"] for each in quoting])
    for each in await rows("SELECT thread_id FROM post WHERE id = $1", thing_id):
        refresh_threads(each["thread_id"])


async def refresh_proposals(*proposals: int) -> None:
    """Proposals, with the answers that they received."""
    refresh(SearchKind.PROPOSAL, *proposals)
    for some in _some(proposals):
        answers = await rows(f"SELECT id FROM answer WHERE proposal_id IN ({places(len(some))})", *some)
        refresh(SearchKind.ANSWER, *[each["id"] for each in answers])


def refresh_meeting(meeting: int) -> None:
    """A meeting and its minutes."""
    refresh(SearchKind.MEETING, meeting)
    refresh(SearchKind.MINUTES, meeting)


async def refresh_changed(changed: Iterable[tuple[str, int]]) -> None:
    """The rows of these tables and numbers lost a name or a passage."""
    by_table: dict[str, list[int]] = {}
    for table, number in changed:
        by_table.setdefault(table, []).append(number)
    refresh_threads(*by_table.get("thread", ()))
    for post in by_table.get("post", ()):
        refresh(SearchKind.POST, post)
    for some in _some(by_table.get("post_revision", ())):
        of_revisions = f"SELECT post_id FROM post_revision WHERE id IN ({places(len(some))})"
        found = await rows(f"SELECT DISTINCT post_id FROM quote WHERE quoted_id IN ({of_revisions})", *some)
        refresh(SearchKind.POST, *[each["post_id"] for each in found])
    await refresh_proposals(*by_table.get("proposal", ()))
    refresh(SearchKind.ANSWER, *by_table.get("answer", ()))
    for meeting in by_table.get("meeting", ()):
        refresh_meeting(meeting)


async def _write(asked: list[tuple[str, int]]) -> None:
    """The end of a transaction: make the entries of these things, each once."""
    wanted: dict[str, set[int]] = {}
    for kind, thing in asked:
        wanted.setdefault(kind, set()).add(thing)
    for thread in sorted(wanted.pop(_THREAD, ())):
        posts = wanted.setdefault(SearchKind.POST.value, set())
        posts |= await _first_in_view(thread, posts)
    for kind, things in wanted.items():
        for some in _some(sorted(things)):
            await _make(SearchKind(kind), some)


async def _first_in_view(thread: int, besides: Collection[int]) -> set[int]:
    """The contribution whose place changes when those `besides` come, go or move: the first one of the others."""
    found = await rows(
        "SELECT id FROM post WHERE thread_id = $1 AND state = 'shown' ORDER BY number LIMIT $2",
        thread,
        len(besides) + 1,
    )
    return set([each["id"] for each in found if each["id"] not in besides][:1])


def _some(things: Sequence[int]) -> Iterable[Sequence[int]]:
    return (things[start : start + AT_ONCE] for start in range(0, len(things), AT_ONCE))


async def _make(kind: SearchKind, things: Sequence[int]) -> None:
    """Delete the entries of these things, and write those of what everybody may read."""
    wanted = places(len(things), after=1)
    await rows(f"DELETE FROM search_entry WHERE kind = $1 AND thing_id IN ({wanted})", kind.value, *things)
    found = await _READERS[kind](things)
    await insert_rows(
        "search_entry (id, kind, thing_id, version, words, lexemes)", [_entry(kind, each) for each in found]
    )


def _entry(kind: SearchKind, thing: _Thing) -> tuple[object, ...]:
    parts = [forms(thing.title), forms(thing.own), forms(thing.quoted)]
    found = {"fe", of_kind(kind), *thing.marks}
    for words, stems, whole in zip(parts, STEMS, FORMS, strict=True):
        different = set(words)
        found |= {stems + stem(form) for form in different - EMPTY_WORDS}
        found |= {whole + form for form in different}
    said = f" {SEPARATOR.join(map(' '.join, parts))} "
    return number_of(thing.at, kind, thing.id), kind.value, thing.id, VERSION, said, " ".join(sorted(found))


# What is searched of each kind of thing


async def _read_posts(ids: Sequence[int]) -> list[_Thing]:
    wanted = places(len(ids))
    found = await rows(
        f"""SELECT p.id, COALESCE(p.written_at, p.created_at)::timestamptz AS at, p.plain, p.author_id, t.theme_id,
                   CASE WHEN t.title = '{LABELS["title"]}' OR EXISTS (
                       SELECT 1 FROM post o WHERE o.thread_id = p.thread_id AND o.number < p.number
                                              AND o.state = 'shown') THEN '' ELSE t.title END AS title
              FROM post p JOIN thread t ON t.id = p.thread_id
             WHERE p.id IN ({wanted}) AND p.state = 'shown'""",
        *ids,
    )
    quoted: dict[int, list[str]] = {}
    marks = {each["id"]: [*_by_reference(f"C-{each['id']}"), of_theme(each["theme_id"])] for each in found}
    for each in await rows(
        f"""SELECT q.post_id, q.position AS place, NULL AS meeting, {range_of("r", "q", "o")} AS words
              FROM quote q JOIN post o ON o.id = q.quoted_id
              JOIN post_revision r ON r.post_id = q.quoted_id AND r.number = q.revision
             WHERE q.post_id IN ({wanted}) AND o.state = 'shown'
             UNION ALL
            SELECT post_id, 0, meeting_id, '' FROM meeting_tag
             WHERE post_id IN ({wanted}) AND state = 'confirmed' ORDER BY 1, 2""",
        *ids,
    ):
        if each["meeting"] is None:
            quoted.setdefault(each["post_id"], []).append(each["words"])
        elif each["post_id"] in marks:
            marks[each["post_id"]].append(of_meeting(each["meeting"]))
    return [
        _Thing(
            each["id"],
            each["at"],
            each["title"],
            each["plain"],
            "\n".join(quoted.get(each["id"], ())),
            (*marks[each["id"]], *_by_author(each)),
        )
        for each in found
    ]


def _by_reference(written: str) -> tuple[str, ...]:
    return tuple(map(of_reference, forms(written)))


def _by_author(found: Row) -> tuple[str, ...]:
    return () if found["author_id"] is None else (of_author(found["author_id"]),)


async def _read_proposals(ids: Sequence[int]) -> list[_Thing]:
    found = await rows(
        f"""SELECT p.id, p.created_at, p.number, p.wording, p.body_plain, p.state, p.author_id, p.theme_id,
                   p.meeting_id, t.number AS theme_number,
                   (SELECT a.decision FROM answer a WHERE a.proposal_id = p.id ORDER BY a.number DESC LIMIT 1)
                   AS decision
              FROM proposal p JOIN theme t ON t.id = p.theme_id
             WHERE p.id IN ({places(len(ids))}) AND {VISIBLE_PROPOSAL}""",
        *ids,
    )
    return [
        _Thing(
            each["id"],
            each["created_at"],
            each["wording"],
            each["body_plain"],
            marks=(
                *_by_reference(reference(each["theme_number"], each["number"])),
                of_theme(each["theme_id"]),
                of_fate(_fate(each)),
                *_by_author(each),
                *_by_meeting(each),
            ),
        )
        for each in found
    ]


VISIBLE_PROPOSAL: Final = "p.state NOT IN ('draft', 'hidden')"


def _fate(found: Row) -> str:
    decision = None if found["decision"] is None else Decision(found["decision"])
    return fate_of(ProposalState(found["state"]), decision).name


def _by_meeting(found: Row) -> tuple[str, ...]:
    return () if found["meeting_id"] is None else (of_meeting(found["meeting_id"]),)


async def _read_meetings(ids: Sequence[int]) -> list[_Thing]:
    """One that is known by tags alone says nothing."""
    return [
        _Thing(
            each["id"],
            day_of(each),
            _meeting_title(each),
            f"{each['place']}\n{each['attendance']}",
            marks=(of_group(each["working_group_id"]), of_meeting(each["id"])),
        )
        for each in await meeting_rows(ids)
        if each["held_on"] or each["minutes"]
    ]


async def _read_minutes(ids: Sequence[int]) -> list[_Thing]:
    return [
        _Thing(
            each["id"],
            day_of(each),
            "",
            each["minutes"],
            marks=(of_group(each["working_group_id"]), of_meeting(each["id"])),
        )
        for each in await meeting_rows(ids)
        if each["minutes"] not in ("", LABELS["minutes"])
    ]


async def meeting_rows(ids: Sequence[int]) -> list[Row]:
    """Meetings with their groups."""
    return await rows(
        f"""SELECT m.id, m.number, m.held_on, m.place, m.attendance, m.minutes, m.created_at, m.working_group_id,
                   g.name AS group_name
              FROM meeting m JOIN working_group g ON g.id = m.working_group_id WHERE m.id IN ({places(len(ids))})""",
        *ids,
    )


def _meeting_title(found: Row) -> str:
    return f"{found['group_name']}, GT réunion {found['number']}"


def day_of(found: Row) -> datetime:
    """When a meeting of `meeting_rows` was held, or was first named."""
    return noon_of(found["held_on"]) if found["held_on"] else found["created_at"]


def noon_of(day: date) -> datetime:
    """The middle of a day where the consultation is."""
    return datetime.combine(day, time(12), PARIS).astimezone(UTC)


async def _read_answers(ids: Sequence[int]) -> list[_Thing]:
    found = await rows(
        f"""SELECT a.id, a.reason, a.service, a.decided_on, p.number, p.theme_id, p.meeting_id, t.number AS theme_number
              FROM answer a JOIN proposal p ON p.id = a.proposal_id JOIN theme t ON t.id = p.theme_id
             WHERE a.id IN ({places(len(ids))}) AND a.reason <> '{LABELS["answer"]}' AND {VISIBLE_PROPOSAL}""",
        *ids,
    )
    return [
        _Thing(
            each["id"],
            noon_of(each["decided_on"]),
            "",
            f"{reference(each['theme_number'], each['number'])}\n{each['reason']}\n{each['service']}",
            marks=(of_theme(each["theme_id"]), *_by_meeting(each)),
        )
        for each in found
    ]


async def _read_syntheses(ids: Sequence[int]) -> list[_Thing]:
    """By their titles: what they hold is found where it is, and what was hidden since is nowhere."""
    found = await rows(
        f"""SELECT s.id, s.published_at, s.theme_id, t.title FROM synthesis s LEFT JOIN theme t ON t.id = s.theme_id
             WHERE s.id IN ({places(len(ids))}) AND s.state = 'published'""",
        *ids,
    )
    return [
        _Thing(
            each["id"],
            each["published_at"],
            f"Synthèse {each['title'] or 'de la consultation'}",
            "",
            marks=() if each["theme_id"] is None else (of_theme(each["theme_id"]),),
        )
        for each in found
    ]


_READERS: Final[Mapping[SearchKind, Callable[[Sequence[int]], Coroutine[Any, Any, list[_Thing]]]]] = {
    SearchKind.POST: _read_posts,
    SearchKind.PROPOSAL: _read_proposals,
    SearchKind.MEETING: _read_meetings,
    SearchKind.MINUTES: _read_minutes,
    SearchKind.ANSWER: _read_answers,
    SearchKind.SYNTHESIS: _read_syntheses,
}

# The rows that may have an entry, and those that must have one.
_SOURCES: Final = {
    SearchKind.POST: ("post", "x.state = 'shown'"),
    SearchKind.PROPOSAL: ("proposal", "x.state NOT IN ('draft', 'hidden')"),
    SearchKind.MEETING: ("meeting", "(x.held_on IS NOT NULL OR x.minutes <> '')"),
    SearchKind.MINUTES: ("meeting", f"x.minutes NOT IN ('', '{LABELS['minutes']}')"),
    SearchKind.ANSWER: (
        "answer",
        f"""x.reason <> '{LABELS["answer"]}'
            AND EXISTS (SELECT 1 FROM proposal p WHERE p.id = x.proposal_id AND {VISIBLE_PROPOSAL})""",
    ),
    SearchKind.SYNTHESIS: ("synthesis", "x.state = 'published'"),
}


async def is_complete() -> bool:
    """Whether everything that must be found has an entry, made by the present reading of words, and nothing else."""
    for kind, (table, must) in _SOURCES.items():
        (found,) = await rows(
            f"""SELECT (SELECT COUNT(*) FROM search_entry WHERE kind = $1) AS entries,
                       (SELECT COUNT(*) FROM {table} x WHERE {must}) AS things,
                       (SELECT COUNT(*) FROM {table} x JOIN search_entry e ON e.thing_id = x.id AND e.kind = $1
                         WHERE e.version = $2 AND {must}) AS both_sides""",
            kind.value,
            VERSION,
        )
        if len({found["entries"], found["things"], found["both_sides"]}) > 1:
            return False
    return True


async def rebuild(told: Callable[[SearchKind, int], Coroutine[Any, Any, None]] | None = None) -> int:
    """Make every entry anew, some hundred in each transaction, so that people write meanwhile and find what is there;
    then the index itself. `told` hears of each kind and how many things were read. Returns how many entries there are.
    Interrupted, it is begun again."""
    for kind, (table, _) in _SOURCES.items():
        last = done = 0
        while some := [
            each["id"] for each in await rows(f"SELECT id FROM {table} WHERE id > $1 ORDER BY id LIMIT {AT_ONCE}", last)
        ]:
            async with transaction():
                refresh(kind, *some)
            last, done = some[-1], done + len(some)
            if told is not None:
                await told(kind, done)
        async with transaction():
            gone = f"kind = $1 AND thing_id NOT IN (SELECT id FROM {table})"
            await rows(f"DELETE FROM search_entry WHERE {gone}", kind.value)
    await index_anew()
    (found,) = await rows("SELECT COUNT(*) AS entries FROM search_entry")
    return int(found["entries"])


async def index_anew() -> None:
    """Make the index of this database again from the entries."""
    async with transaction():
        if is_sqlite():
            await rows("INSERT INTO search_words (search_words) VALUES ('rebuild')")
            return
        await rows("DELETE FROM search_words")
        await rows(
            "INSERT INTO search_words SELECT id, array_to_tsvector(string_to_array(lexemes, ' ')) FROM search_entry"
        )


async def is_sound() -> bool:
    """Whether the index of this database says what the entries do."""
    if is_sqlite():
        (found,) = await rows("SELECT COUNT(*) AS entries FROM search_entry")
        (held,) = await rows("SELECT COUNT(*) AS entries FROM search_words WHERE search_words MATCH 'fe'")
        return bool(found["entries"] == held["entries"])
    return not await rows(
        """SELECT 1 AS one FROM search_entry e FULL JOIN search_words w ON w.id = e.id
            WHERE w.id IS NULL OR e.id IS NULL LIMIT 1"""
    )
