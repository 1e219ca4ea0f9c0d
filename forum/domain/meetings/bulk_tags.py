"""Which contributions and proposals of a theme come from a meeting? A moderator ticks them and links them to it in one
go. One transaction, a fixed number of statements whatever the number of things, and one line of the journal, from which
the page then reports what was done. For one thing at a time, see `meeting_tags.py`."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from forum.database import Row, places, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.meeting_tags import confirm_tags, remove_tags, states_of
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import parse_reference, reference
from forum.domain.search.index import refresh_proposals
from forum.domain.signatures import signed
from forum.domain.themes.themes import Hold, ThemeHead, find_theme, hold_theme, raise_versions
from forum.errors import Checks, Invalid, NotFound
from forum.models.meetings import TagState
from forum.models.posts import PostKind
from forum.models.proposals import IN_FORCE_SQL
from forum.permissions import Viewer, demand, may_moderate

MOST_AT_ONCE = 200
"""How many things one form may hold, and one page shows: everything on it may be ticked."""


class Kind(StrEnum):
    """What may be ticked."""

    POSTS = "contributions"
    PROPOSALS = "propositions"


@dataclass(frozen=True, slots=True)
class KnownMeeting:
    """A meeting of the theme's group, to choose."""

    id: int
    number: int
    held_on: date | None


@dataclass(frozen=True, slots=True)
class TaggablePost:
    """A contribution to tick; `meetings` are the numbers that it is confirmed to come from."""

    id: int
    number: int
    thread_title: str
    author: str | None
    opening: str
    meetings: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TaggableProposal:
    """A proposal to tick; it comes from one meeting at most."""

    reference: str
    wording: str
    meeting: int | None


@dataclass(frozen=True, slots=True)
class SelectionFilter:
    """The filters of the page: one thread or all, only untagged things or all, one kind or both."""

    thread: int | None = None
    untagged: bool = False
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the last selection of this person changed in the theme: ids of contributions, references, how many were so
    already."""

    tied: bool
    meeting: int
    posts: int
    proposals: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class TaggingDesk:
    """The page where a moderator links contributions and proposals of a theme to the meetings of its group."""

    theme: ThemeHead
    asked: SelectionFilter
    meetings: tuple[KnownMeeting, ...]
    threads: tuple[tuple[int, str], ...]
    page: Page[TaggablePost | TaggableProposal]

    @property
    def posts(self) -> list[TaggablePost]:
        return [each for each in self.page.shown if isinstance(each, TaggablePost)]

    @property
    def proposals(self) -> list[TaggableProposal]:
        return [each for each in self.page.shown if isinstance(each, TaggableProposal)]


async def tagging_desk(
    viewer: Viewer | None, theme_number: int, asked: SelectionFilter, now: datetime, turn: PageTurn = FIRST
) -> TaggingDesk:
    """A page of what may be ticked: contributions by thread, then proposals.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    theme = await find_theme(theme_number)
    demand(may_moderate, viewer, theme.group, now)
    threads = await rows(
        "SELECT id, title FROM thread WHERE theme_id = $1 AND moved_into_id IS NULL ORDER BY id", theme.id
    )
    return TaggingDesk(
        theme=theme,
        asked=asked,
        meetings=await _meetings_of(theme.group),
        threads=tuple((each["id"], each["title"]) for each in threads),
        page=await _page(theme, asked, turn),
    )


async def _meetings_of(group: int) -> tuple[KnownMeeting, ...]:
    found = await rows("SELECT id, number, held_on FROM meeting WHERE working_group_id = $1 ORDER BY number", group)
    return tuple(KnownMeeting(each["id"], each["number"], each["held_on"]) for each in found)


_IN_ORDER = SortOrder({"kind": int, "thread_id": int, "number": int})
_WITHOUT_TAG = "AND NOT EXISTS (SELECT 1 FROM meeting_tag g WHERE g.post_id = c.id AND g.state = 'confirmed')"
# For a thread, the proposals that were made of its words.
_OF_THREAD = "AND p.extract_id IN (SELECT e.id FROM extract e JOIN post c ON c.id = e.post_id WHERE c.thread_id = $3)"


async def _page(theme: ThemeHead, asked: SelectionFilter, turn: PageTurn) -> Page[TaggablePost | TaggableProposal]:
    """Contributions, and proposals in force."""
    found = await read_page(
        f"""
        SELECT kind, thread_id, number, id FROM (
            SELECT 0 AS kind, c.thread_id, c.number, c.id
              FROM post c JOIN thread h ON h.id = c.thread_id
             WHERE h.theme_id = $1 AND c.kind <> $2 AND c.state = 'shown'
                   {"AND h.id = $3" if asked.thread else "AND $3 = 0"} {_WITHOUT_TAG if asked.untagged else ""}
             UNION ALL
            SELECT 1, 0, p.number, p.id
              FROM proposal p
             WHERE p.theme_id = $1 AND p.state IN {IN_FORCE_SQL} {_OF_THREAD if asked.thread else ""}
                   {"AND p.meeting_id IS NULL" if asked.untagged else ""}) thing
         WHERE {"TRUE" if asked.kind is None else f"kind = {list(Kind).index(asked.kind)}"}""",
        [theme.id, PostKind.INSTRUCTION, asked.thread or 0],
        _IN_ORDER,
        turn,
        MOST_AT_ONCE,
    )
    posts = await _posts([each["id"] for each in found.shown if each["kind"] == 0])
    proposals = await _proposals(theme, [each["id"] for each in found.shown if each["kind"] == 1])
    return found.of([*posts, *proposals])


async def _posts(posts: Sequence[int]) -> tuple[TaggablePost, ...]:
    if not posts:
        return ()
    found = await rows(
        f"""
        SELECT c.id, c.number, h.title, {signed("c.id", "a")} AS name, substr(c.plain, 1, 200) AS opening
          FROM post c JOIN thread h ON h.id = c.thread_id LEFT JOIN member a ON a.id = c.author_id
         WHERE c.id IN ({places(len(posts))}) ORDER BY h.id, c.number""",
        *posts,
    )
    numbers = await _numbers_by_post(posts)
    return tuple(
        TaggablePost(
            each["id"],
            each["number"],
            each["title"],
            each["name"],
            " ".join(each["opening"].split()),
            numbers.get(each["id"], ()),
        )
        for each in found
    )


async def _numbers_by_post(posts: Sequence[int]) -> dict[int, tuple[int, ...]]:
    numbers: dict[int, tuple[int, ...]] = {}
    for each in await rows(
        f"""
        SELECT g.post_id, m.number FROM meeting_tag g JOIN meeting m ON m.id = g.meeting_id
         WHERE g.state = $1 AND g.post_id IN ({places(len(posts), after=1)}) ORDER BY m.number""",
        TagState.CONFIRMED,
        *posts,
    ):
        numbers[each["post_id"]] = (*numbers.get(each["post_id"], ()), each["number"])
    return numbers


async def _proposals(theme: ThemeHead, proposals: Sequence[int]) -> tuple[TaggableProposal, ...]:
    if not proposals:
        return ()
    found = await rows(
        f"""
        SELECT p.number, p.wording, m.number AS meeting
          FROM proposal p LEFT JOIN meeting m ON m.id = p.meeting_id
         WHERE p.id IN ({places(len(proposals))}) ORDER BY p.number""",
        *proposals,
    )
    return tuple(
        TaggableProposal(reference(theme.number, each["number"]), each["wording"], each["meeting"]) for each in found
    )


async def tag_selection(
    viewer: Viewer | None,
    theme_number: int,
    meeting: int | None,
    posts: Collection[int],
    references: Collection[str],
    now: datetime,
    *,
    tie: bool,
) -> None:
    """Link what was ticked to a meeting of the theme's group, or unlink it; things already so do not change.

    A proposal comes from one meeting: linking it to another one replaces the former. Unlinked contributions remember
    it, as with `untag_post`.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: nothing or too much was ticked, something of another theme was, or no meeting of the group chosen.
    """
    found = await find_theme(theme_number)
    viewer = demand(may_moderate, viewer, found.group, now)
    async with transaction():
        theme = await hold_theme(theme_number, Hold.ALONE, now)
        chosen = await _checked(theme, meeting, posts, references)
        states = await states_of(chosen.posts, chosen.meeting["id"])
        settled = {TagState.CONFIRMED} if tie else {TagState.REMOVED, None}
        changing = [post for post in chosen.posts if states.get(post) not in settled]
        proposals = [number for number, tied in chosen.proposals.items() if (tied == chosen.meeting["id"]) is not tie]
        if not changing and not proposals:
            await _record(viewer, theme, chosen, changing, proposals, now, tie=tie)
            return
        await raise_versions(theme=theme.id)
        await _raise_threads(changing)
        if tie:
            await confirm_tags(changing, chosen.meeting["id"], viewer.id, now)
        else:
            await remove_tags(changing, chosen.meeting["id"])
        await _set_meeting(theme, proposals, chosen.meeting["id"] if tie else None)
        await _record(viewer, theme, chosen, changing, proposals, now, tie=tie)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What was ticked, checked to be of the theme; proposals by number, with the meeting they come from."""

    meeting: Row
    posts: tuple[int, ...]
    proposals: dict[int, int | None]


async def _checked(
    theme: ThemeHead, meeting: int | None, posts: Collection[int], references: Collection[str]
) -> _Chosen:
    checks = Checks()
    found: Row | None = None
    with checks.field("reunion"):
        found = await row(
            "SELECT id, number FROM meeting WHERE id = $1 AND working_group_id = $2", meeting or 0, theme.group
        )
        if found is None:
            raise Invalid("Choisissez une réunion de ce groupe.")
    known_posts: tuple[int, ...] = ()
    known_proposals: dict[int, int | None] = {}
    with checks.field("selection"):
        ticked = len(set(posts)) + len(set(references))
        if not ticked:
            raise Invalid("Cochez au moins une contribution ou une proposition.")
        if ticked > MOST_AT_ONCE:
            raise Invalid("Au plus {most} à la fois.", values={"most": MOST_AT_ONCE})
        known_posts = await _known_posts(theme, sorted(set(posts)))
        known_proposals = await _known_proposals(theme, sorted(set(references)))
    checks.done()
    assert found is not None
    return _Chosen(found, known_posts, known_proposals)


_ELSEWHERE = "Une case cochée n’est pas de ce thème. Rechargez la page, puis recommencez."


async def _known_posts(theme: ThemeHead, posts: Sequence[int]) -> tuple[int, ...]:
    if not posts:
        return ()
    found = await rows(
        f"""
        SELECT c.id FROM post c JOIN thread h ON h.id = c.thread_id
         WHERE h.theme_id = $1 AND c.id IN ({places(len(posts), after=1)})""",
        theme.id,
        *posts,
    )
    if len(found) != len(posts):
        raise Invalid(_ELSEWHERE)
    return tuple(posts)


async def _known_proposals(theme: ThemeHead, references: Sequence[str]) -> dict[int, int | None]:
    if not references:
        return {}
    numbers = [_number_in(theme, each) for each in references]
    found = await rows(
        f"""
        SELECT number, meeting_id FROM proposal
         WHERE theme_id = $1 AND number IN ({places(len(numbers), after=1)}) ORDER BY number""",
        theme.id,
        *numbers,
    )
    if len(found) != len(numbers):
        raise Invalid(_ELSEWHERE)
    return {each["number"]: each["meeting_id"] for each in found}


def _number_in(theme: ThemeHead, ref: str) -> int:
    """The number of a proposal of this theme."""
    try:
        of_theme, number = parse_reference(ref)
    except NotFound:
        raise Invalid(_ELSEWHERE) from None
    if of_theme != theme.number:
        raise Invalid(_ELSEWHERE)
    return number


async def _raise_threads(posts: Sequence[int]) -> None:
    """Raise the versions of threads. Several threads may be locked in any order: their theme, held alone, is locked
    first."""
    if posts:
        await rows(
            f"""
            UPDATE thread SET version = version + 1
             WHERE id IN (SELECT thread_id FROM post WHERE id IN ({places(len(posts))}))""",
            *posts,
        )


async def _set_meeting(theme: ThemeHead, numbers: Sequence[int], meeting: int | None) -> None:
    if numbers:
        changed = await rows(
            f"""UPDATE proposal SET meeting_id = $2 WHERE theme_id = $1 AND number IN ({places(len(numbers), after=2)})
             RETURNING id""",
            theme.id,
            meeting,
            *numbers,
        )
        await refresh_proposals(*[each["id"] for each in changed])


async def _record(
    viewer: Viewer,
    theme: ThemeHead,
    chosen: _Chosen,
    posts: Sequence[int],
    proposals: Sequence[int],
    now: datetime,
    *,
    tie: bool,
) -> None:
    done = {
        "meeting_number": chosen.meeting["number"],
        "posts": " ".join(map(str, posts)),
        "proposals": " ".join(reference(theme.number, number) for number in proposals),
        "unchanged": len(chosen.posts) + len(chosen.proposals) - len(posts) - len(proposals),
    }
    await journal.record(
        viewer,
        "tag_selection" if tie else "untag_selection",
        "theme",
        theme.id,
        group=theme.group,
        after=json.dumps(done),
        now=now,
    )


async def last_report(viewer: Viewer | None, theme: ThemeHead) -> Report | None:
    """What the last selection of this person changed in the theme, according to the journal."""
    if viewer is None:
        return None
    found = await row(
        """
        SELECT act, after FROM journal_entry
         WHERE thing = 'theme' AND thing_id = $1 AND actor_id = $2 AND act IN ('tag_selection', 'untag_selection')
         ORDER BY id DESC LIMIT 1""",
        theme.id,
        viewer.id,
    )
    if found is None:
        return None
    done = json.loads(found["after"])
    return Report(
        tied=found["act"] == "tag_selection",
        meeting=done["meeting_number"],
        posts=len(done["posts"].split()),
        proposals=len(done["proposals"].split()),
        unchanged=done["unchanged"],
    )
