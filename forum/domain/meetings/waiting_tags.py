"""Which meeting tags wait for a moderator? The queue of their groups, settled one by one or many at once. Those of
meetings that do not exist are in `unknown_tags.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from forum.database import Row, places, rows, transaction
from forum.domain import journal
from forum.domain.discussion.meeting_tags import confirm_tags, remove_tags
from forum.domain.meetings.meetings import MeetingGroup, new_meeting_groups
from forum.domain.meetings.unknown_tags import UnknownMeetings, count_unknown, list_unknown
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.signatures import signed
from forum.domain.themes.themes import Hold, holding, raise_versions
from forum.errors import Invalid
from forum.models.meetings import TagState
from forum.permissions import Viewer, demand, may_moderate

MOST_AT_ONCE = 200
"""How many tags one form may settle, and one page of the queue shows."""


@dataclass(frozen=True, slots=True)
class WaitingTag:
    """A tag that a member wrote in a contribution, with its first words."""

    id: int
    group: MeetingGroup
    meeting: int
    post: int
    post_number: int
    theme_number: int
    thread_title: str
    author: str | None
    opening: str


@dataclass(frozen=True, slots=True)
class WaitingList:
    """A page of the waiting tags, the oldest first, and how many there are in all; the meetings that tags name and that
    do not exist."""

    tags: Page[WaitingTag]
    count: int
    unknown: UnknownMeetings


_WAITING = """
      FROM meeting_tag g
      JOIN meeting m ON m.id = g.meeting_id
      JOIN working_group w ON w.id = m.working_group_id
      JOIN post c ON c.id = g.post_id AND c.state = 'shown'
      JOIN thread h ON h.id = c.thread_id
      JOIN theme t ON t.id = h.theme_id
      LEFT JOIN member a ON a.id = c.author_id"""


_OLDEST_FIRST = SortOrder({"g.created_at": datetime, "g.id": int})


async def list_waiting(viewer: Viewer | None, now: datetime, turn: PageTurn = FIRST) -> WaitingList:
    """The tags that wait in the groups that this person moderates.

    Raises:
        SignInRequired, NotAllowed: this person moderates no group.
    """
    moderated = await new_meeting_groups(viewer, now)
    groups = [group.id for group in moderated]
    where = f"WHERE g.state = $1 AND m.working_group_id IN ({places(len(groups), after=1)})"
    found = await read_page(
        f"""
        SELECT g.id, g.created_at, w.id AS group_id, w.slug, w.name AS group_name, m.number, c.id AS post_id,
               c.number AS post_number, t.number AS theme_number, h.title, {signed("c.id", "a")} AS author,
               substr(c.plain, 1, 200) AS opening
        {_WAITING} {where}""",
        [TagState.WAITING, *groups],
        _OLDEST_FIRST,
        turn,
        MOST_AT_ONCE,
    )
    return WaitingList(
        found.of(map(_waiting, found.shown)), await _count_known(viewer, now), await list_unknown(moderated)
    )


def _waiting(found: Row) -> WaitingTag:
    return WaitingTag(
        id=found["id"],
        group=MeetingGroup(found["group_id"], found["slug"], found["group_name"]),
        meeting=found["number"],
        post=found["post_id"],
        post_number=found["post_number"],
        theme_number=found["theme_number"],
        thread_title=found["title"],
        author=found["author"],
        opening=" ".join(found["opening"].split()),
    )


async def count_waiting(viewer: Viewer | None, now: datetime) -> int:
    """How many tags wait for this person; 0 for somebody who moderates nothing."""
    if viewer is None:
        return 0
    return await _count_known(viewer, now) + await count_unknown(viewer, now)


async def _count_known(viewer: Viewer | None, now: datetime) -> int:
    """How many of meetings that exist."""
    found = await rows(
        "SELECT m.working_group_id, COUNT(*) AS waiting FROM meeting_tag g JOIN meeting m ON m.id = g.meeting_id"
        " JOIN post c ON c.id = g.post_id AND c.state = 'shown' WHERE g.state = $1 GROUP BY m.working_group_id",
        TagState.WAITING,
    )
    return sum(each["waiting"] for each in found if may_moderate(viewer, each["working_group_id"], now))


async def settle_tags(viewer: Viewer | None, tags: Sequence[int], now: datetime, *, confirm: bool) -> int:
    """Confirm or refuse waiting tags, all of them or none; returns how many were still waiting.

    A refused one is remembered: the text does not bring it back.

    Raises:
        SignInRequired, NotAllowed: one of them is of a group that this person does not moderate; nothing is written.
        Invalid: none was chosen, or too many at once.
    """
    groups = await new_meeting_groups(viewer, now)
    viewer = demand(may_moderate, viewer, groups[0].id, now)
    chosen = sorted(set(tags))
    if not chosen:
        raise Invalid("Cochez au moins une étiquette.", field="etiquettes")
    if len(chosen) > MOST_AT_ONCE:
        raise Invalid("Au plus {most} étiquettes à la fois.", field="etiquettes", values={"most": MOST_AT_ONCE})
    async with transaction():
        found = await _held(chosen)
        for group in {each["working_group_id"] for each in found}:
            demand(may_moderate, viewer, group, now)
        for theme in sorted({each["theme_id"] for each in found}):
            await raise_versions(theme=theme)
        for thread in sorted({each["thread_id"] for each in found}):
            await raise_versions(thread=thread)
        for meeting, some in groupby(found, lambda each: each["meeting_id"]):
            await _settle(viewer, meeting, list(some), now, confirm=confirm)
    return len(found)


async def _held(tags: Sequence[int]) -> list[Row]:
    """Those of these tags that are still waiting, by meeting, with their themes held alone in one order."""
    listed = places(len(tags), after=1)
    themes = f"SELECT h.theme_id {_WAITING} WHERE g.state = $1 AND g.id IN ({listed})"
    await rows(
        f"SELECT t.id FROM theme t WHERE t.id IN ({themes}) ORDER BY t.id{holding(Hold.ALONE)}", TagState.WAITING, *tags
    )
    # A separate statement: it must see what was settled while waiting for the themes.
    return await rows(
        f"""
        SELECT g.meeting_id, g.post_id, m.working_group_id, h.id AS thread_id, h.theme_id
        {_WAITING} WHERE g.state = $1 AND g.id IN ({listed}) ORDER BY g.meeting_id, g.post_id""",
        TagState.WAITING,
        *tags,
    )


async def _settle(viewer: Viewer, meeting: int, found: Sequence[Row], now: datetime, *, confirm: bool) -> None:
    posts = [each["post_id"] for each in found]
    if confirm:
        await confirm_tags(posts, meeting, viewer.id, now)
    else:
        await remove_tags(posts, meeting)
    await journal.record(
        viewer,
        "confirm_tags" if confirm else "refuse_tags",
        "meeting",
        meeting,
        group=found[0]["working_group_id"],
        after=" ".join(map(str, posts)),
        now=now,
    )
