"""What is found of what everybody may read? A page of results, the best first: in titles, then in the words of things,
then in those that they quote; the newest first among these.

What is hidden, withdrawn, waiting, a draft or sealed has no entry (`domain/search/index.py`), for anybody: moderators
find it where they work on it. What a result shows is read anew from where everybody reads it.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from limits import RateLimitItemPerMinute

from forum.database import Row, places, row, rows
from forum.domain.pages import FIRST, Long, Page, PageTurn, SortOrder, page_of
from forum.domain.references import LARGEST_THEME, reference
from forum.domain.search import index
from forum.domain.search.index import VISIBLE_PROPOSAL, moment_number, thing_of
from forum.domain.search.matching import entries, how_many, matching
from forum.domain.signatures import proposed_by, signed
from forum.domain.throttle import place, throttle
from forum.errors import TooMany
from forum.models.answers import Decision, Fate, fate_of
from forum.models.proposals import ProposalState
from forum.models.search import SearchKind
from forum.permissions import Viewer
from forum.settings import settings
from forum.text.mentions import handle_key
from forum.text.names import make_handle
from forum.text.queries import Excerpt, SearchQuery, excerpt, marked, parse
from forum.text.typography import PARIS

SHOWN: Final = 20
COUNTED: Final = 200
"""Results are counted up to here: beyond, "more than" says enough."""

LONGEST_QUERY: Final = 200


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """What the reader narrows a search to: kind, number of a theme, id of a meeting, name or handle of an author, state
    of proposals, days."""

    kind: SearchKind | None = None
    theme: int | None = None
    meeting: int | None = None
    author: str = ""
    fate: Fate | None = None
    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return self != SearchFilter()


@dataclass(frozen=True, slots=True)
class FoundThing:
    """One thing that was found. `title` and `excerpt` say which of their words were asked for; `theme` is number and
    title, `meeting` group and number. `reference` is that of the proposal, or of the answered one; `version` the one of
    a contribution that was asked for."""

    kind: SearchKind
    id: int
    at: datetime
    title: tuple[tuple[str, bool], ...] = ()
    excerpt: Excerpt | None = None
    author: str | None = None
    theme: tuple[int, str] | None = None
    reference: str = ""
    fate: Fate | None = None
    meeting: tuple[str, int] | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SearchChoices:
    """What the filters offer: themes by number, meetings by id, each with its words."""

    themes: tuple[tuple[int, str], ...]
    meetings: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What the page of a search shows. `count`: how many results there are, None for more than `COUNTED`; `is_asked`:
    something was asked for."""

    query: SearchQuery
    filter: SearchFilter
    choices: SearchChoices
    results: Page[FoundThing] = field(default_factory=lambda: Page(()))
    count: int | None = 0
    is_asked: bool = False


async def search(
    viewer: Viewer | None, address: str, typed: str, wanted: SearchFilter, turn: PageTurn = FIRST
) -> SearchPage:
    """A page of results; `address` is where the request comes from.

    Raises:
        TooMany: somebody searches more than a person can read.
    """
    query, choices = parse(typed[:LONGEST_QUERY]), await _choices()
    if query.is_blank and not wanted:
        return SearchPage(query, wanted, choices)
    await _count(viewer, address)
    marks = await _marks(wanted)
    least = moment_number(_midnight(wanted.since)) if wanted.since else 0
    most = moment_number(_midnight(wanted.until, days=1)) if wanted.until else 2**63 - 1
    match = matching(query, marks, least, most)

    async def some(start: tuple[object, ...] | None, limit: int, back: bool) -> list[Row]:
        return await entries(match, start, limit, back=back)  # type: ignore[arg-type] # the types of the order

    found = await page_of(some, _BEST_FIRST, turn, SHOWN)
    is_whole = found.next is None and found.previous is None
    count = len(found.shown) if is_whole else await how_many(match, COUNTED + 1)
    return SearchPage(
        query,
        wanted,
        choices,
        found.of(await _results([each["id"] for each in found.shown], query)),
        None if count > COUNTED else count,
        is_asked=True,
    )


_BEST_FIRST: Final = SortOrder({"tier": int, "id": Long}, newest_first=True)


async def _count(viewer: Viewer | None, address: str) -> None:
    """A member is counted alone, whatever the address they share."""
    limit = RateLimitItemPerMinute(settings().limits.searches_per_minute)
    if not await throttle().count(limit, f"search {viewer.id if viewer else place(address)}"):
        raise TooMany("Trop de recherches en peu de temps. Attendez une minute, puis réessayez.", retry_after=60)


def _midnight(day: date, *, days: int = 0) -> datetime:
    """The beginning of a day where the consultation is, or of one so many days later."""
    return datetime.combine(min(day, date.max - timedelta(2)) + timedelta(days), time(), PARIS)


async def _marks(wanted: SearchFilter) -> list[list[str]]:
    """What an entry must be of, one of each."""
    marks: list[list[str]] = []
    if wanted.kind is not None:
        marks.append([index.of_kind(wanted.kind)])
    if wanted.theme is not None:
        number = wanted.theme if wanted.theme <= LARGEST_THEME else 0
        found = await row("SELECT id, working_group_id FROM theme WHERE number = $1", number)
        theme = (0, 0) if found is None else (found["id"], found["working_group_id"])
        marks.append([index.of_theme(theme[0]), index.of_group(theme[1])])
    if wanted.meeting is not None:
        marks.append([index.of_meeting(wanted.meeting)])
    if wanted.fate is not None:
        marks.append([index.of_fate(wanted.fate.name)])
    if wanted.author:
        marks.append([index.of_author(each) for each in await _authors(wanted.author)])
    return marks


async def _authors(typed: str) -> list[int]:
    """The members who bear this handle or this name, or nobody: who wrote nothing is not told from who is no member.
    Nobody finds by what stands in the place of a name that was erased."""
    typed = typed.strip().removeprefix("@")
    keys = {handle_key(typed)[:120], handle_key(make_handle(typed))[:120]}
    found = await rows(
        f"""SELECT id FROM member
             WHERE erased_at IS NULL AND (name = $1 OR handle_key IN ({places(len(keys), after=1)}))
             ORDER BY id LIMIT 20""",
        typed,
        *sorted(keys),
    )
    return [each["id"] for each in found] or [0]


async def _choices() -> SearchChoices:
    themes = await rows("SELECT number, title FROM theme ORDER BY number")
    meetings = await rows(
        f"""SELECT m.id, g.name, m.number FROM meeting m JOIN working_group g ON g.id = m.working_group_id
             WHERE m.held_on IS NOT NULL OR m.minutes <> '' ORDER BY g.name, m.number LIMIT {_MOST_MEETINGS}"""
    )
    return SearchChoices(
        tuple((each["number"], each["title"]) for each in themes),
        tuple((each["id"], each["name"], each["number"]) for each in meetings),
    )


_MOST_MEETINGS: Final = 500


# What is shown of each


async def _results(numbers: Sequence[int], query: SearchQuery) -> list[FoundThing]:
    things = [thing_of(number) for number in numbers]
    found: dict[tuple[SearchKind, int], FoundThing] = {}
    for kind in dict.fromkeys(kind for kind, _ in things):
        for one in await _SHOW[kind]([thing for each, thing in things if each is kind], query):
            found[kind, one.id] = one
    return [found[thing] for thing in things if thing in found]


def _theme(found: Row) -> tuple[int, str] | None:
    return None if found["theme_number"] is None else (found["theme_number"], found["theme_title"])


async def _show_posts(ids: Sequence[int], query: SearchQuery) -> list[FoundThing]:
    found = await rows(
        f"""SELECT p.id, COALESCE(p.written_at, p.created_at)::timestamptz AS at, p.plain, p.revision, f.title,
                   {signed("p.id", "a")} AS author, t.number AS theme_number, t.title AS theme_title
              FROM post p JOIN thread f ON f.id = p.thread_id JOIN theme t ON t.id = f.theme_id
              LEFT JOIN member a ON a.id = p.author_id
             WHERE p.id IN ({places(len(ids))}) AND p.state = 'shown'""",
        *ids,
    )
    versions = {int(thing): int(version[0]) for thing, *version in _versions(query) if version}
    return [
        FoundThing(
            SearchKind.POST,
            each["id"],
            each["at"],
            marked(each["title"], query),
            excerpt(each["plain"], query),
            each["author"],
            _theme(each),
            version=version if (version := versions.get(each["id"], 0)) and version <= each["revision"] else None,
        )
        for each in found
    ]


def _versions(query: SearchQuery) -> list[list[str]]:
    return [form.split("\u00b7")[1:] for form in query.references if form.startswith("c")]


async def _show_proposals(ids: Sequence[int], query: SearchQuery) -> list[FoundThing]:
    found = await rows(
        f"""SELECT p.id, p.created_at AS at, p.wording, p.body_plain, p.number, p.state,
                   {proposed_by("p", "a")} AS author,
                   t.number AS theme_number, t.title AS theme_title,
                   (SELECT x.decision FROM answer x WHERE x.proposal_id = p.id ORDER BY x.number DESC LIMIT 1)
                   AS decision
              FROM proposal p JOIN theme t ON t.id = p.theme_id LEFT JOIN member a ON a.id = p.author_id
             WHERE p.id IN ({places(len(ids))}) AND {VISIBLE_PROPOSAL}""",
        *ids,
    )
    return [
        FoundThing(
            SearchKind.PROPOSAL,
            each["id"],
            each["at"],
            marked(each["wording"], query),
            excerpt(each["body_plain"], query) if each["body_plain"] else None,
            each["author"],
            _theme(each),
            reference(each["theme_number"], each["number"]),
            fate_of(ProposalState(each["state"]), Decision(each["decision"]) if each["decision"] else None),
        )
        for each in found
    ]


async def _show_meetings(ids: Sequence[int], query: SearchQuery) -> list[FoundThing]:
    return [
        FoundThing(
            SearchKind.MEETING,
            each["id"],
            index.day_of(each),
            excerpt=excerpt("\n".join(filter(None, (each["place"], each["attendance"]))), query),
            meeting=(each["group_name"], each["number"]),
        )
        for each in await index.meeting_rows(ids)
    ]


async def _show_minutes(ids: Sequence[int], query: SearchQuery) -> list[FoundThing]:
    return [
        FoundThing(
            SearchKind.MINUTES,
            each["id"],
            index.day_of(each),
            excerpt=excerpt(each["minutes"], query),
            meeting=(each["group_name"], each["number"]),
        )
        for each in await index.meeting_rows(ids)
    ]


async def _show_answers(ids: Sequence[int], query: SearchQuery) -> list[FoundThing]:
    found = await rows(
        f"""SELECT x.id, x.reason, x.service, x.decided_on, p.wording, p.number,
                   t.number AS theme_number, t.title AS theme_title
              FROM answer x JOIN proposal p ON p.id = x.proposal_id JOIN theme t ON t.id = p.theme_id
             WHERE x.id IN ({places(len(ids))}) AND {VISIBLE_PROPOSAL}""",
        *ids,
    )
    return [
        FoundThing(
            SearchKind.ANSWER,
            each["id"],
            index.noon_of(each["decided_on"]),
            marked(each["wording"], query),
            excerpt(each["reason"], query),
            each["service"],
            _theme(each),
            reference(each["theme_number"], each["number"]),
        )
        for each in found
    ]


async def _show_syntheses(ids: Sequence[int], query: SearchQuery) -> list[FoundThing]:
    found = await rows(
        f"""SELECT s.id, s.published_at AS at, s.version, t.number AS theme_number, t.title AS theme_title
              FROM synthesis s LEFT JOIN theme t ON t.id = s.theme_id
             WHERE s.id IN ({places(len(ids))}) AND s.state = 'published'""",
        *ids,
    )
    return [
        FoundThing(SearchKind.SYNTHESIS, each["id"], each["at"], theme=_theme(each), version=each["version"])
        for each in found
    ]


_SHOW: Final[Mapping[SearchKind, Callable[[Sequence[int], SearchQuery], Coroutine[Any, Any, list[FoundThing]]]]] = {
    SearchKind.POST: _show_posts,
    SearchKind.PROPOSAL: _show_proposals,
    SearchKind.MEETING: _show_meetings,
    SearchKind.MINUTES: _show_minutes,
    SearchKind.ANSWER: _show_answers,
    SearchKind.SYNTHESIS: _show_syntheses,
}
