"""What does a member follow? Themes, threads, proposals, meetings: what is new there is told to them by mail, as they
wish (`wishes.py`).

Nothing is written for each follower when something happens: what is new is asked for when it is told. Visitors follow
nothing, and cost no statement; a member costs one on the page of a thread, which also counts what they have not read.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from forum.database import Row, known_row, row, rows, transaction
from forum.domain.discussion.thread_reads import UNREAD
from forum.domain.discussion.threads import ThreadState, thread_state
from forum.domain.following.wishes import begin_to_follow
from forum.domain.meetings.meetings import find_meeting
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import parse_reference, reference
from forum.domain.themes.themes import find_theme
from forum.errors import NotFound
from forum.permissions import Viewer, demand, may_follow

SHOWN: Final = 50
"""Things on a page of what somebody follows."""


class FollowKind(StrEnum):
    """What can be followed, as its column begins."""

    THEME = "theme"
    THREAD = "thread"
    PROPOSAL = "proposal"
    MEETING = "meeting"


Key = int | str
"""How an address names a thing: a theme by its number, a proposal by its reference, the others by their id."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Something that a member follows: its key and its words (a title, a wording, the name of a working group).
    `number` is that of a meeting."""

    kind: FollowKind
    key: Key
    words: str
    number: int | None


@dataclass(frozen=True, slots=True)
class OwnThread:
    """What a thread is to a member: how many contributions they have not read, whether they follow it, or its theme."""

    unread: int = 0
    follows: bool = False
    follows_theme: bool = False


async def follow(viewer: Viewer | None, kind: FollowKind, key: Key, now: datetime) -> None:
    """Follow something; asked twice, it is followed once.

    Raises:
        SignInRequired: nobody is signed in.
        NotFound: there is no such thing.
    """
    viewer = demand(may_follow, viewer)
    async with transaction():
        await rows(
            f"""INSERT INTO follow (member_id, {kind}_id, created_at) VALUES ($1, $2, $3)
                    ON CONFLICT (member_id, {kind}_id) DO NOTHING""",
            viewer.id,
            await _thing(viewer, kind, key, now),
            now,
        )
        await begin_to_follow(viewer.id, now)


async def stop_following(viewer: Viewer | None, kind: FollowKind, key: Key, now: datetime) -> None:
    """Follow it no more. Raises as `follow` does."""
    viewer = demand(may_follow, viewer)
    async with transaction():
        thing = await _thing(viewer, kind, key, now)
        await rows(f"DELETE FROM follow WHERE member_id = $1 AND {kind}_id = $2", viewer.id, thing)


async def _thing(viewer: Viewer, kind: FollowKind, key: Key, now: datetime) -> int:
    match kind:
        case FollowKind.THEME:
            return (await find_theme(int(key))).id
        case FollowKind.THREAD:
            return (await _last_place(int(key))).id
        case FollowKind.MEETING:
            return (await find_meeting(viewer, int(key), now)).id
        case FollowKind.PROPOSAL:
            found = await row(
                """SELECT p.id FROM proposal p JOIN theme t ON t.id = p.theme_id
                    WHERE t.number = $1 AND p.number = $2 AND p.state <> 'draft'""",
                *parse_reference(str(key)),
            )
            if found is None:
                raise NotFound
            return int(found["id"])


async def _last_place(thread: int) -> ThreadState:
    """The thread, or the one that its contributions have all gone to."""
    state = await thread_state(thread)
    return state if state.moved_into is None else await _last_place(state.moved_into)


async def carry_follows(source: int, target: int) -> None:
    """Let those who follow a thread follow the one that all its contributions go to, in the caller's transaction."""
    await rows(
        """INSERT INTO follow (member_id, thread_id, created_at)
           SELECT f.member_id, CAST($2 AS INTEGER), f.created_at FROM follow f WHERE f.thread_id = $1
               ON CONFLICT (member_id, thread_id) DO NOTHING""",
        source,
        target,
    )


async def is_followed(viewer: Viewer | None, kind: FollowKind, thing: int) -> bool:
    """Whether this member follows the thing of that id; no visitor follows anything."""
    if viewer is None:
        return False
    return bool(await row(f"SELECT id FROM follow WHERE member_id = $1 AND {kind}_id = $2", viewer.id, thing))


async def own_thread(viewer: Viewer | None, state: ThreadState) -> OwnThread:
    """What a thread is to a member, in one statement; nothing to a visitor, without any."""
    if viewer is None:
        return OwnThread()
    found = await known_row(
        f"""SELECT (SELECT COUNT(*) FROM post u WHERE u.thread_id = $2 AND {UNREAD}) AS unread,
                   EXISTS (SELECT 1 FROM follow f WHERE f.member_id = $1 AND f.thread_id = $2)::bool AS follows,
                   EXISTS (SELECT 1 FROM follow f WHERE f.member_id = $1 AND f.theme_id = $3)::bool AS follows_theme""",
        viewer.id,
        state.id,
        state.theme.id,
    )
    return OwnThread(found["unread"], found["follows"], found["follows_theme"])


_LATEST_FIRST: Final = SortOrder({"f.id": int}, newest_first=True)


async def list_followed(viewer: Viewer | None, turn: PageTurn = FIRST) -> Page[Followed]:
    """A page of what this member follows, the latest first. Raises SignInRequired."""
    viewer = demand(may_follow, viewer)
    found = await read_page(
        """SELECT f.id, f.thread_id, f.meeting_id, e.number AS meeting_number, p.number AS proposal_number,
                  t.number AS theme_number, COALESCE(p.wording, h.title, g.name, t.title) AS words
             FROM follow f
             LEFT JOIN proposal p ON p.id = f.proposal_id
             LEFT JOIN theme t ON t.id = COALESCE(f.theme_id, p.theme_id)
             LEFT JOIN thread h ON h.id = f.thread_id
             LEFT JOIN meeting e ON e.id = f.meeting_id LEFT JOIN working_group g ON g.id = e.working_group_id
            WHERE f.member_id = $1 AND h.moved_into_id IS NULL""",
        [viewer.id],
        _LATEST_FIRST,
        turn,
        SHOWN,
    )
    return found.of(map(_followed, found.shown))


def _followed(found: Row) -> Followed:
    words, theme = found["words"], found["theme_number"]
    if found["thread_id"] is not None:
        return Followed(FollowKind.THREAD, found["thread_id"], words, None)
    if found["meeting_id"] is not None:
        return Followed(FollowKind.MEETING, found["meeting_id"], words, found["meeting_number"])
    if found["proposal_number"] is not None:
        return Followed(FollowKind.PROPOSAL, reference(theme, found["proposal_number"]), words, None)
    return Followed(FollowKind.THEME, theme, words, None)
