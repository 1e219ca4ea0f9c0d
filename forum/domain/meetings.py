"""What did the working groups say when they met? Their meetings, the words tagged with them, and their minutes.

A meeting known only by a tag that waits for a moderator is not shown to others. Writing and settling tags is the matter
of `meeting_tags.py`, making proposals of minutes that of `minutes.py`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.meeting_tags import LARGEST_NUMBER, ensure_meeting
from forum.domain.proposal_states import IN_FORCE_SQL
from forum.domain.references import reference, storable
from forum.errors import Checks, Invalid, NotFound
from forum.models.meetings import TagState
from forum.permissions import Viewer, may_moderate, may_read_waiting_tags
from forum.text.source import clean_line

LONGEST_PLACE = 200


@dataclass(frozen=True, slots=True)
class Group:
    """A working group."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class MeetingLine:
    """A meeting in the list: how many contributions and proposals come from it."""

    id: int
    group: Group
    number: int
    held_on: date | None
    place: str
    posts: int
    proposals: int


@dataclass(frozen=True, slots=True)
class MeetingList:
    """The meetings that this reader may know of, by group; `moderated` are the groups where they may add one."""

    meetings: tuple[MeetingLine, ...]
    moderated: tuple[Group, ...]


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
    """A proposal that comes from a meeting."""

    reference: str
    wording: str


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """Everything that the page of a meeting shows."""

    meeting: MeetingLine
    minutes: str
    posts: tuple[TaggedPost, ...]
    proposals: tuple[ProposalOfMeeting, ...]
    may_moderate: bool


_MEETINGS = f"""
    SELECT m.id, m.working_group_id, g.slug, g.name, m.number, m.held_on, m.place, m.minutes,
           (SELECT COUNT(*) FROM meeting_tag a WHERE a.meeting_id = m.id AND a.state = 'confirmed') AS posts,
           (SELECT COUNT(*) FROM meeting_tag a WHERE a.meeting_id = m.id AND a.state = 'waiting') AS waiting,
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
        group=Group(found["working_group_id"], found["slug"], found["name"]),
        number=found["number"],
        held_on=_day(found["held_on"]),
        place=found["place"],
        posts=found["posts"],
        proposals=found["proposals"],
    )


def _day(stored: str | date | None) -> date | None:
    """A day read by plain SQL: SQLite gives text."""
    return date.fromisoformat(stored) if isinstance(stored, str) else stored


def _is_known(found: Row, viewer: Viewer | None, now: datetime) -> bool:
    """Whether a meeting is more than a number in a tag: entered, minuted, confirmed, or waiting for this moderator."""
    if found["held_on"] or found["minutes"] or found["posts"] or found["proposals"]:
        return True
    return bool(found["waiting"]) and bool(may_read_waiting_tags(viewer, found["working_group_id"], now))


async def groups_moderated(viewer: Viewer | None, now: datetime) -> tuple[Group, ...]:
    """The working groups on whose meetings this person may act now."""
    if viewer is None:
        return ()
    found = await rows("SELECT id, slug, name FROM working_group ORDER BY name")
    groups = (Group(each["id"], each["slug"], each["name"]) for each in found)
    return tuple(group for group in groups if may_moderate(viewer, group.id, now))


async def new_meeting_groups(viewer: Viewer | None, now: datetime) -> tuple[Group, ...]:
    """The groups that the form of a new meeting offers.

    Raises:
        SignInRequired, NotAllowed: this person moderates no group.
    """
    groups = await groups_moderated(viewer, now)
    if not groups:
        may_moderate(viewer, 0, now).require()
    return groups


async def create_meeting(
    viewer: Viewer | None, group: int, number: int | None, held_on: date | None, place: str, now: datetime
) -> int:
    """Enter a meeting of a group; gives its id. One that a tag named already gets its day and place.

    Raises:
        SignInRequired, NotAllowed: not a moderator of that group.
        InvalidForm: number or day missing or impossible, or the meeting was entered before.
    """
    may_moderate(viewer, group, now).require()
    assert viewer is not None
    checks = Checks()
    with checks.field("numero"):
        if number is None or not 1 <= number <= LARGEST_NUMBER:
            raise Invalid("Indiquez le numéro de la réunion, de 1 à {most}.", values={"most": LARGEST_NUMBER})
    with checks.field("date"):
        if held_on is None:
            raise Invalid("Indiquez le jour de la réunion.")
    with checks.field("lieu"):
        place = clean_line(place, limit=LONGEST_PLACE) if place.strip() else ""
    checks.done()
    assert number is not None
    async with transaction():
        if await row("SELECT id FROM working_group WHERE id = $1", group) is None:
            raise Invalid("Choisissez un groupe de travail.", field="groupe")
        made = await row(
            "UPDATE meeting SET held_on = $2, place = $3 WHERE id = $1 AND held_on IS NULL RETURNING id",
            await ensure_meeting(group, number, now),
            held_on,
            place,
        )
        if made is None:
            raise Invalid("Cette réunion du groupe est déjà enregistrée.", field="numero")
        await journal.record(
            viewer, "create_meeting", "meeting", made["id"], group=group, after=f"{number} {held_on} {place}", now=now
        )
    return int(made["id"])


async def read_meeting(viewer: Viewer | None, meeting: int, now: datetime) -> MeetingPage:
    """Everything that the page of a meeting shows.

    Raises:
        NotFound: no such meeting, or none that this person may know of.
    """
    found = await _find(viewer, meeting, now)
    moderates = bool(may_moderate(viewer, found["working_group_id"], now))
    return MeetingPage(
        meeting=_line(found),
        minutes=found["minutes"],
        posts=await _tagged_posts(
            meeting, with_waiting=bool(may_read_waiting_tags(viewer, found["working_group_id"], now))
        ),
        proposals=await _proposals_of(meeting),
        may_moderate=moderates,
    )


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
        """
        SELECT c.id, c.number, h.title, a.name, substr(c.plain, 1, 200) AS opening, g.state
          FROM meeting_tag g JOIN post c ON c.id = g.post_id JOIN thread h ON h.id = c.thread_id
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


async def _proposals_of(meeting: int) -> tuple[ProposalOfMeeting, ...]:
    """In the order of their references, which says nothing of votes."""
    found = await rows(
        f"""
        SELECT t.number AS theme_number, p.number, p.wording FROM proposal p JOIN theme t ON t.id = p.theme_id
         WHERE p.meeting_id = $1 AND p.state IN {IN_FORCE_SQL} ORDER BY t.number, p.number""",
        meeting,
    )
    return tuple(ProposalOfMeeting(reference(each["theme_number"], each["number"]), each["wording"]) for each in found)
