"""Which meetings do contributions name that their group does not have? A moderator chooses once for all that name one:
create the meeting, correct the tags to another meeting of the group, or refuse them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forum.database import Row, places, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.meeting_tags import confirm_tags, ensure_meeting, hold_themes
from forum.domain.meetings.meetings import MeetingGroup
from forum.domain.signatures import signed
from forum.domain.themes.themes import raise_versions
from forum.errors import Conflict, Invalid
from forum.models.meetings import TagState
from forum.permissions import Viewer, demand, may_moderate

MOST_SHOWN = 50
"""How many unknown meetings the page shows: the oldest; the others come when these are settled."""
MOST_POSTS = 5
"""How many of the contributions that name one of them."""


class UnknownChoice(StrEnum):
    """What becomes of the tags that name an unknown meeting."""

    CREATE = "creer"
    CORRECT = "corriger"
    REFUSE = "ecarter"


@dataclass(frozen=True, slots=True)
class NamingPost:
    """A contribution that names an unknown meeting, with its first words."""

    id: int
    number: int
    thread_title: str
    author: str | None
    opening: str


@dataclass(frozen=True, slots=True)
class UnknownMeeting:
    """A number that the group does not have. `last` is the latest tag that was counted: a choice concerns none that
    came after it. `others` are the numbers of the group's meetings."""

    group: MeetingGroup
    number: int
    count: int
    last: int
    posts: tuple[NamingPost, ...]
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnknownMeetings:
    """Those that the page shows, the oldest first, and how many there are in all."""

    shown: tuple[UnknownMeeting, ...]
    count: int


# $1 is the state of waiting tags.
_NAMING = """
      FROM unknown_tag u JOIN post c ON c.id = u.post_id AND c.state = 'shown' JOIN thread h ON h.id = c.thread_id
      JOIN theme t ON t.id = h.theme_id
     WHERE u.state = $1"""


async def list_unknown(groups: Sequence[MeetingGroup]) -> UnknownMeetings:
    """The unknown meetings that contributions name in these groups."""
    known = {group.id: group for group in groups}
    found = await rows(
        f"""
        SELECT t.working_group_id AS group_id, u.number, COUNT(*) AS tags, MAX(u.id) AS last
        {_NAMING} AND t.working_group_id IN ({places(len(known), after=1)})
         GROUP BY t.working_group_id, u.number ORDER BY MIN(u.id)""",
        TagState.WAITING,
        *known,
    )
    shown = found[:MOST_SHOWN]
    posts, others = await _posts_naming(shown), await _numbers_of(known)
    return UnknownMeetings(
        shown=tuple(
            UnknownMeeting(
                group=known[each["group_id"]],
                number=each["number"],
                count=each["tags"],
                last=each["last"],
                posts=tuple(posts[each["group_id"], each["number"]]),
                others=tuple(others[each["group_id"]]),
            )
            for each in shown
        ),
        count=len(found),
    )


async def _posts_naming(unknown: Sequence[Row]) -> defaultdict[tuple[int, int], list[NamingPost]]:
    """The first contributions that name each of these meetings."""
    posts: defaultdict[tuple[int, int], list[NamingPost]] = defaultdict(list)
    if not unknown:
        return posts
    numbers = sorted({each["number"] for each in unknown})
    found = await rows(
        f"""
        SELECT x.group_id, x.named, c.id, c.number, h.title, {signed("c.id", "a")} AS name,
               substr(c.plain, 1, 200) AS opening
          FROM (SELECT t.working_group_id AS group_id, u.number AS named, u.id, u.post_id,
                       ROW_NUMBER() OVER (PARTITION BY t.working_group_id, u.number ORDER BY u.id) AS place
                {_NAMING} AND u.number IN ({places(len(numbers), after=1)})) x
          JOIN post c ON c.id = x.post_id JOIN thread h ON h.id = c.thread_id
          LEFT JOIN member a ON a.id = c.author_id
         WHERE x.place <= {MOST_POSTS} ORDER BY x.id""",
        TagState.WAITING,
        *numbers,
    )
    for each in found:
        opening = " ".join(each["opening"].split())
        naming = NamingPost(each["id"], each["number"], each["title"], each["name"], opening)
        posts[each["group_id"], each["named"]].append(naming)
    return posts


async def _numbers_of(groups: dict[int, MeetingGroup]) -> defaultdict[int, list[int]]:
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for each in await rows(
        f"""SELECT working_group_id, number FROM meeting
             WHERE working_group_id IN ({places(len(groups))}) ORDER BY number""",
        *groups,
    ):
        numbers[each["working_group_id"]].append(each["number"])
    return numbers


async def count_unknown(viewer: Viewer | None, now: datetime) -> int:
    """How many tags of unknown meetings wait for this person."""
    found = await rows(
        f"SELECT t.working_group_id, COUNT(*) AS waiting {_NAMING} GROUP BY t.working_group_id", TagState.WAITING
    )
    return sum(each["waiting"] for each in found if may_moderate(viewer, each["working_group_id"], now))


async def settle_unknown(
    viewer: Viewer | None, group: int, number: int, last: int, choice: UnknownChoice, other: int | None, now: datetime
) -> None:
    """Choose what becomes of the tags that name an unknown meeting of a group, up to the tag `last`. Created, the
    meeting keeps later ones waiting; corrected to the meeting `other`, or refused, the tags are remembered.

    Raises:
        SignInRequired, NotAllowed: not a moderator of that group.
        Conflict: none of them waits any more.
        Invalid: no such other meeting.
    """
    viewer = demand(may_moderate, viewer, group, now)
    async with transaction():
        await hold_themes(group)
        found = await _waiting(group, number, last)
        if not found:
            raise Conflict(
                "Ces étiquettes n’attendent plus : une autre personne de l’équipe de modération a choisi avant vous, "
                "ou les contributions ont changé."
            )
        for theme in sorted({each["theme_id"] for each in found}):
            await raise_versions(theme=theme)
        for thread in sorted({each["thread_id"] for each in found}):
            await raise_versions(thread=thread)
        match choice:
            case UnknownChoice.CREATE:
                await _create(viewer, group, number, found, now)
            case UnknownChoice.CORRECT:
                await _correct(viewer, group, number, found, other, now)
            case UnknownChoice.REFUSE:
                await _refuse(viewer, group, number, found, now)


async def _waiting(group: int, number: int, last: int) -> list[Row]:
    return await rows(
        f"""SELECT u.id, u.post_id, c.thread_id, h.theme_id {_NAMING}
               AND t.working_group_id = $2 AND u.number = $3 AND u.id <= $4 ORDER BY u.id""",
        TagState.WAITING,
        group,
        number,
        last,
    )


async def _create(viewer: Viewer, group: int, number: int, found: Sequence[Row], now: datetime) -> None:
    meeting = await ensure_meeting(group, number, now)
    posts = [each["post_id"] for each in found]
    await confirm_tags(posts, meeting, viewer.id, now)
    await journal.record(viewer, "create_meeting", "meeting", meeting, group=group, after=str(number), now=now)
    after = " ".join(map(str, posts))
    await journal.record(viewer, "confirm_tags", "meeting", meeting, group=group, after=after, now=now)


async def _correct(
    viewer: Viewer, group: int, number: int, found: Sequence[Row], other: int | None, now: datetime
) -> None:
    meeting = await row("SELECT id FROM meeting WHERE working_group_id = $1 AND number = $2", group, other or 0)
    if meeting is None:
        raise Invalid("Choisissez une réunion de ce groupe.", field="reunion")
    await _remember(found)
    posts = [each["post_id"] for each in found]
    await confirm_tags(posts, meeting["id"], viewer.id, now)
    await journal.record(
        viewer,
        "correct_tags",
        "meeting",
        meeting["id"],
        group=group,
        before=json.dumps({"meeting_number": number}),
        after=json.dumps({"meeting_number": other, "posts": " ".join(map(str, posts))}),
        now=now,
    )


async def _refuse(viewer: Viewer, group: int, number: int, found: Sequence[Row], now: datetime) -> None:
    """There is no meeting to tell of: the journal says it of each contribution."""
    await _remember(found)
    for each in found:
        await journal.record(
            viewer,
            "untag_post",
            "post",
            each["post_id"],
            group=group,
            before=f"{number} {TagState.WAITING}",
            after=f"{number} {TagState.REMOVED}",
            now=now,
        )


async def _remember(found: Sequence[Row]) -> None:
    """Mark these tags as removed: neither an edit nor a meeting of that number brings them back."""
    chosen = [each["id"] for each in found]
    await rows(
        f"UPDATE unknown_tag SET state = $1 WHERE id IN ({places(len(chosen), after=1)})", TagState.REMOVED, *chosen
    )
