"""What did the working groups say when they met? Their meetings, the words tagged with them, and their minutes.

A meeting known only by a tag that waits for a moderator is shown to nobody else. Meetings are entered and corrected in
`changes.py`, tags written and settled in `meeting_tags.py`, proposals made from minutes in `minutes.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from forum.database import Row, row, rows
from forum.domain.proposals.answers import decision_column, fate_from
from forum.domain.references import reference, storable
from forum.domain.signatures import signed
from forum.domain.themes.themes import THEME_COLUMNS, ThemeHead, theme_from
from forum.domain.votes.kept_results import find_results, places_of
from forum.domain.withheld import Aside, aside
from forum.errors import NotFound
from forum.models.answers import Fate
from forum.models.meetings import TagState
from forum.models.moderation import Moderated
from forum.models.proposals import IN_FORCE_SQL
from forum.permissions import Viewer, demand, may_moderate, may_read_waiting_tags


@dataclass(frozen=True, slots=True)
class MeetingGroup:
    """A working group."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class MeetingLine:
    """A meeting in the list: how many contributions and proposals come from it."""

    id: int
    group: MeetingGroup
    number: int
    held_on: date | None
    place: str
    posts: int
    proposals: int


@dataclass(frozen=True, slots=True)
class MeetingList:
    """The meetings that this reader may know of, by group; `moderated` are the groups where they may add one."""

    meetings: tuple[MeetingLine, ...]
    moderated: tuple[MeetingGroup, ...]


@dataclass(frozen=True, slots=True)
class TaggedPost:
    """A contribution tagged with a meeting; a waiting one is shown to the group's moderators only."""

    id: int
    number: int
    thread_title: str
    author: str | None
    opening: str
    waiting: bool


@dataclass(frozen=True, slots=True)
class ProposalOfMeeting:
    """A proposal that comes from a meeting, and what became of it. `rank` is None before the close and for an unranked
    proposal; `merged_into` is the proposal that it joined."""

    reference: str
    wording: str
    fate: Fate
    rank: int | None
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The meeting of the same group before or after this one."""

    id: int
    number: int


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """Everything that the page of a meeting shows."""

    meeting: MeetingLine
    attendance: tuple[str, ...]
    minutes: str
    minutes_aside: Aside | None
    """Why moderators hid the minutes; `is_keeper`: they are words that this reader kept."""
    is_keeper: bool
    posts: tuple[TaggedPost, ...]
    proposals: tuple[ProposalOfMeeting, ...]
    themes: tuple[tuple[int, str], ...]
    """Number and title of the group's themes, where a moderator tags what comes from the meeting."""
    before: Neighbour | None
    after: Neighbour | None
    may_moderate: bool


_TAGGED = """(SELECT COUNT(*) FROM meeting_tag a JOIN post ap ON ap.id = a.post_id AND ap.state = 'shown'
             WHERE a.meeting_id = m.id AND a.state = '{}')"""

_MEETINGS = f"""
    SELECT m.id, m.working_group_id, g.slug, g.name, m.number, m.held_on, m.place, m.attendance,
           m.minutes,
           {_TAGGED.format("confirmed")} AS posts,
           {_TAGGED.format("waiting")} AS waiting,
           (SELECT COUNT(*) FROM proposal p WHERE p.meeting_id = m.id AND p.state IN {IN_FORCE_SQL}) AS proposals
      FROM meeting m JOIN working_group g ON g.id = m.working_group_id"""


async def list_meetings(viewer: Viewer | None, now: datetime) -> MeetingList:
    """The meetings by group and number, in one query; the groups that the reader moderates in another."""
    found = await rows(f"{_MEETINGS} ORDER BY g.name, m.number")
    return MeetingList(
        meetings=tuple(_line(each) for each in found if _is_known(each, viewer, now)),
        moderated=await groups_moderated(viewer, now),
    )


def _line(found: Row) -> MeetingLine:
    return MeetingLine(
        id=found["id"],
        group=MeetingGroup(found["working_group_id"], found["slug"], found["name"]),
        number=found["number"],
        held_on=found["held_on"],
        place=found["place"],
        posts=found["posts"],
        proposals=found["proposals"],
    )


def _is_known(found: Row, viewer: Viewer | None, now: datetime) -> bool:
    """Whether a meeting is more than a number in a tag: entered, with minutes, confirmed, or waiting for this
    moderator."""
    if found["held_on"] or found["minutes"] or found["posts"] or found["proposals"]:
        return True
    return bool(found["waiting"]) and bool(may_read_waiting_tags(viewer, found["working_group_id"], now))


async def groups_moderated(viewer: Viewer | None, now: datetime) -> tuple[MeetingGroup, ...]:
    """The working groups on whose meetings this person may act now."""
    if viewer is None:
        return ()
    found = await rows("SELECT id, slug, name FROM working_group ORDER BY name")
    groups = (MeetingGroup(each["id"], each["slug"], each["name"]) for each in found)
    return tuple(group for group in groups if may_moderate(viewer, group.id, now))


async def new_meeting_groups(viewer: Viewer | None, now: datetime) -> tuple[MeetingGroup, ...]:
    """The groups that the form of a new meeting offers.

    Raises:
        SignInRequired, NotAllowed: this person moderates no group.
    """
    groups = await groups_moderated(viewer, now)
    if not groups:
        demand(may_moderate, viewer, 0, now)
    return groups


async def read_meeting(viewer: Viewer | None, meeting: int, now: datetime) -> MeetingPage:
    """Everything that the page of a meeting shows.

    Raises:
        NotFound: no such meeting, or none that this person may know of.
    """
    found = await _find(viewer, meeting, now)
    group = found["working_group_id"]
    moderates = bool(may_moderate(viewer, group, now))
    before, after = await _neighbours(found, viewer, now)
    hidden = await aside(Moderated.MINUTES, meeting)
    return MeetingPage(
        meeting=_line(found),
        attendance=tuple(found["attendance"].splitlines()),
        minutes=found["minutes"],
        minutes_aside=hidden,
        is_keeper=hidden is not None and viewer is not None and await _keeper_of(meeting) == viewer.id,
        posts=await _tagged_posts(meeting, with_waiting=bool(may_read_waiting_tags(viewer, group, now))),
        proposals=await _proposals_of(meeting, now),
        themes=await _themes_of(group) if moderates else (),
        before=before,
        after=after,
        may_moderate=moderates,
    )


async def _keeper_of(meeting: int) -> int | None:
    """Who kept lines of the minutes last."""
    found = await row(
        """SELECT actor_id FROM journal_entry WHERE act = 'keep_minutes' AND thing = 'meeting' AND thing_id = $1
            ORDER BY id DESC LIMIT 1""",
        meeting,
    )
    return found["actor_id"] if found else None


async def _neighbours(found: Row, viewer: Viewer | None, now: datetime) -> tuple[Neighbour | None, Neighbour | None]:
    """The meetings of the group on both sides, among those that this reader may know of."""
    every = await rows(f"{_MEETINGS} WHERE m.working_group_id = $1 ORDER BY m.number", found["working_group_id"])
    known = [Neighbour(each["id"], each["number"]) for each in every if _is_known(each, viewer, now)]
    before = [each for each in known if each.number < found["number"]]
    after = [each for each in known if each.number > found["number"]]
    return (before[-1] if before else None, after[0] if after else None)


async def _themes_of(group: int) -> tuple[tuple[int, str], ...]:
    found = await rows("SELECT number, title FROM theme WHERE working_group_id = $1 ORDER BY number", group)
    return tuple((each["number"], each["title"]) for each in found)


async def find_meeting(viewer: Viewer | None, meeting: int, now: datetime) -> MeetingLine:
    """Raises:
    NotFound: no such meeting, or none that this person may know of.
    """
    return _line(await _find(viewer, meeting, now))


async def _find(viewer: Viewer | None, meeting: int, now: datetime) -> Row:
    found = await row(f"{_MEETINGS} WHERE m.id = $1", storable(meeting))
    if found is None or not _is_known(found, viewer, now):
        raise NotFound
    return found


async def _tagged_posts(meeting: int, *, with_waiting: bool) -> tuple[TaggedPost, ...]:
    found = await rows(
        f"""
        SELECT c.id, c.number, h.title, {signed("c.id", "a")} AS name, substr(c.plain, 1, 200) AS opening, g.state
          FROM meeting_tag g JOIN post c ON c.id = g.post_id AND c.state = 'shown' JOIN thread h ON h.id = c.thread_id
          LEFT JOIN member a ON a.id = c.author_id
         WHERE g.meeting_id = $1 AND g.state <> 'removed'
         ORDER BY h.id, c.number""",
        meeting,
    )
    return tuple(
        TaggedPost(
            each["id"],
            each["number"],
            each["title"],
            each["name"],
            " ".join(each["opening"].split()),
            waiting=each["state"] == TagState.WAITING,
        )
        for each in found
        if with_waiting or each["state"] == TagState.CONFIRMED
    )


async def _proposals_of(meeting: int, now: datetime) -> tuple[ProposalOfMeeting, ...]:
    """The proposals of a meeting by reference, an order that says nothing about votes; without drafts, which only their
    authors see."""
    found = await rows(
        f"""
        SELECT {THEME_COLUMNS}, p.id AS proposal_id, p.number, p.wording, p.state, {decision_column("p")} AS decision,
               it.number AS into_theme, i.number AS into_number
          FROM proposal p JOIN theme t ON t.id = p.theme_id
          LEFT JOIN proposal i ON i.id = p.merged_into_id LEFT JOIN theme it ON it.id = i.theme_id
         WHERE p.meeting_id = $1 AND p.state <> 'draft' ORDER BY t.number, p.number""",
        meeting,
    )
    ranks = await _ranks(found, now)
    return tuple(
        ProposalOfMeeting(
            reference(each["theme_number"], each["number"]),
            each["wording"],
            fate_from(each["state"], each["decision"]),
            ranks.get(each["proposal_id"]),
            reference(each["into_theme"], each["into_number"]) if each["into_number"] else None,
        )
        for each in found
    )


async def _ranks(proposals: Sequence[Row], now: datetime) -> dict[int, int | None]:
    """The rank of each of these proposals by id, in themes whose votes are closed; none before."""
    by_theme: dict[ThemeHead, dict[str, int]] = {}
    for each in proposals:
        theme = theme_from(each)
        if theme.schedule.votes_are_counted(now):
            by_theme.setdefault(theme, {})[reference(theme.number, each["number"])] = each["proposal_id"]
    return {
        wanted[name]: place.rank
        for theme, wanted in by_theme.items()
        for name, place in (await places_of(await find_results(theme, now), tuple(wanted), now)).items()
    }
