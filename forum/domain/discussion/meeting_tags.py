"""Which meeting does a contribution come from? Tags link contributions to the meetings of their theme's group.

A tag is part of a contribution's text and is written with it by `post_writing.py`: a member's waits for a moderator of
the group, a moderator's is confirmed at once. Words make no meeting, whoever wrote them: a tag of a number that the
group does not have waits until a moderator chooses what it becomes (`unknown_tags.py`). Moderators also tag and untag
by hand, many at once by `bulk_tags.py`, and settle waiting tags by `waiting_tags.py`. The meetings themselves are in
`meetings.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, insert_rows, places, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.posts import PostPlace, read_post
from forum.domain.search.index import refresh, refresh_proposals
from forum.domain.themes.themes import Hold, holding, raise_versions
from forum.errors import Invalid, NotFound
from forum.models.meetings import TagState
from forum.models.search import SearchKind
from forum.permissions import Viewer, demand, may_moderate

# Meetings are numbered as their tags can be written.
LARGEST_NUMBER = 999
# No contribution has this id.
_NO_POST = 0


@dataclass(frozen=True, slots=True)
class TagToCome:
    """A tag that a contribution would have once published; `known` says that its meeting is recorded."""

    number: int
    waiting: bool
    known: bool


async def tags_to_come(
    group: int, numbers: Iterable[int], *, confirmed: bool, post: int | None = None
) -> tuple[TagToCome, ...]:
    """The tags that a contribution would have after `tag` or, when it is edited, `retag`; nothing is written."""
    found = await rows(
        """
        SELECT m.number, g.state FROM meeting m
          LEFT JOIN meeting_tag g ON g.meeting_id = m.id AND g.post_id = $2
         WHERE m.working_group_id = $1""",
        group,
        post or _NO_POST,
    )
    states = {r["number"]: r["state"] for r in found}
    settled = {number for number, state in states.items() if state == TagState.CONFIRMED}
    removed = {number for number, state in states.items() if state == TagState.REMOVED}
    removed |= {
        r["number"]
        for r in await rows(
            "SELECT number FROM unknown_tag WHERE post_id = $1 AND state = $2", post or _NO_POST, TagState.REMOVED
        )
    }
    return tuple(
        TagToCome(
            number, waiting=number not in settled and not (confirmed and number in states), known=number in states
        )
        for number in sorted({*numbers, *settled} - removed)
    )


async def ensure_meeting(group: int, number: int, now: datetime) -> int:
    """The id of a group's meeting, created if needed: it then takes the tags that named it before it was there. Inside
    the caller's transaction, which holds no theme yet, or those of the group alone."""
    found = await row("SELECT id FROM meeting WHERE working_group_id = $1 AND number = $2", group, number)
    if found is not None:
        return int(found["id"])
    await hold_themes(group)
    meeting = await _insert_meeting(group, number, now)
    await _take_over(meeting, group, number)
    return meeting


async def hold_themes(group: int) -> None:
    """Let nobody write a tag in a group's themes, nor create a meeting of it, until the commit."""
    await rows(f"SELECT t.id FROM theme t WHERE t.working_group_id = $1 ORDER BY t.id{holding(Hold.ALONE)}", group)


async def _insert_meeting(group: int, number: int, now: datetime) -> int:
    # The column updated does not matter, but must not be a key: changing a key would lock out the tags that point here.
    found = await row(
        """
        INSERT INTO meeting (working_group_id, number, place, minutes, created_at) VALUES ($1, $2, '', '', $3)
            ON CONFLICT (working_group_id, number) DO UPDATE SET place = meeting.place RETURNING id""",
        group,
        number,
        now,
    )
    if found is None:
        raise ValueError("the insertion of a meeting gave no id")
    return int(found["id"])


async def _take_over(meeting: int, group: int, number: int) -> None:
    """Make the unknown tags of that number tags of the new meeting, as they are: waiting, or removed."""
    asking = """FROM unknown_tag u JOIN post c ON c.id = u.post_id JOIN thread h ON h.id = c.thread_id
                  JOIN theme t ON t.id = h.theme_id WHERE t.working_group_id = $1 AND u.number = $2"""
    await rows(
        f"UPDATE thread SET version = version + 1 WHERE id IN (SELECT c.thread_id {asking} AND u.state = $3)",
        group,
        number,
        TagState.WAITING,
    )
    await rows(
        f"""
        INSERT INTO meeting_tag (post_id, meeting_id, state, member_id, created_at)
        SELECT u.post_id, CAST($3 AS int), u.state, c.author_id, u.created_at {asking}""",
        group,
        number,
        meeting,
    )
    await rows(f"DELETE FROM unknown_tag WHERE id IN (SELECT u.id {asking})", group, number)


async def tag(
    post: int, group: int, numbers: Iterable[int], member: int | None, now: datetime, *, confirmed: bool
) -> None:
    """Tie a contribution to the meetings that its text names, inside the caller's transaction, which holds the thread.

    A tag that a moderator settled stays as it is: a removed one does not come back. A number that the group does not
    have waits for a moderator, whoever wrote it.
    """
    if not (wanted := sorted(numbers)):
        return
    found = await rows(
        f"SELECT id, number FROM meeting WHERE working_group_id = $1 AND number IN ({places(len(wanted), after=1)})",
        group,
        *wanted,
    )
    known = {each["number"]: each["id"] for each in found}
    for number in wanted:
        if number in known:
            await _insert(post, known[number], TagState.CONFIRMED if confirmed else TagState.WAITING, member, now)
            continue
        await rows(
            """
            INSERT INTO unknown_tag (post_id, number, state, created_at) VALUES ($1, $2, $3, $4)
                ON CONFLICT (post_id, number) DO NOTHING""",
            post,
            number,
            TagState.WAITING,
            now,
        )


async def retag(post: int, group: int, numbers: Iterable[int], member: int, now: datetime, *, confirmed: bool) -> None:
    """Tag an edited contribution again, inside the caller's transaction: waiting tags that left the text are
    removed."""
    await rows("DELETE FROM meeting_tag WHERE post_id = $1 AND state = $2", post, TagState.WAITING)
    # Those that stay keep their place, and what a moderator is looking at.
    kept = sorted(numbers)
    await rows(
        f"""DELETE FROM unknown_tag WHERE post_id = $1 AND state = $2
            {f"AND number NOT IN ({places(len(kept), after=2)})" if kept else ""}""",
        post,
        TagState.WAITING,
        *kept,
    )
    await tag(post, group, numbers, member, now, confirmed=confirmed)


async def _insert(post: int, meeting: int, state: TagState, member: int | None, now: datetime) -> None:
    await rows(
        """
        INSERT INTO meeting_tag (post_id, meeting_id, state, member_id, created_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (post_id, meeting_id) DO NOTHING""",
        post,
        meeting,
        state,
        member,
        now,
    )


async def states_of(posts: Sequence[int], meeting: int) -> dict[int, TagState]:
    """The state of the tag that links each of these contributions to a meeting, for those that have one."""
    if not posts:
        return {}
    found = await rows(
        f"""
        SELECT post_id, state FROM meeting_tag
         WHERE meeting_id = $1 AND post_id IN ({places(len(posts), after=1)})""",
        meeting,
        *posts,
    )
    return {each["post_id"]: TagState(each["state"]) for each in found}


async def confirm_tags(posts: Sequence[int], meeting: int, member: int, now: datetime) -> None:
    """Link contributions to a meeting, as well as the proposals of its group made of them that have no meeting yet.

    Inside the caller's transaction, which holds their themes alone.
    """
    if not posts:
        return
    await insert_rows(
        "meeting_tag (post_id, meeting_id, state, member_id, created_at)",
        [(post, meeting, TagState.CONFIRMED, member, now) for post in posts],
        "ON CONFLICT (post_id, meeting_id) DO UPDATE SET state = excluded.state",
    )
    await rows(
        f"""
        UPDATE proposal SET meeting_id = $1
         WHERE meeting_id IS NULL
           AND extract_id IN (SELECT id FROM extract WHERE post_id IN ({places(len(posts), after=1)}))
           AND theme_id IN (SELECT t.id FROM theme t JOIN meeting m ON m.working_group_id = t.working_group_id
                             WHERE m.id = $1)""",
        meeting,
        *posts,
    )
    await _refresh(posts)


async def remove_tags(posts: Sequence[int], meeting: int) -> None:
    """Unlink contributions from a meeting, and the proposals made of them, which keep another meeting of their words.

    Inside the caller's transaction, which holds their themes alone.
    """
    if not posts:
        return
    chosen = places(len(posts), after=2)
    await rows(
        f"UPDATE meeting_tag SET state = $2 WHERE meeting_id = $1 AND post_id IN ({chosen})",
        meeting,
        TagState.REMOVED,
        *posts,
    )
    await rows(
        f"""
        UPDATE proposal
           SET meeting_id = (SELECT MIN(g.meeting_id) FROM meeting_tag g JOIN extract e ON e.post_id = g.post_id
                              WHERE e.id = proposal.extract_id AND g.state = $2)
         WHERE meeting_id = $1 AND extract_id IN (SELECT id FROM extract WHERE post_id IN ({chosen}))""",
        meeting,
        TagState.CONFIRMED,
        *posts,
    )
    await _refresh(posts)


async def _refresh(posts: Sequence[int]) -> None:
    """Let contributions, and the proposals made of them, be found by their meetings as they are now."""
    refresh(SearchKind.POST, *posts)
    made_of = (
        f"SELECT p.id FROM proposal p JOIN extract e ON e.id = p.extract_id WHERE e.post_id IN ({places(len(posts))})"
    )
    await refresh_proposals(*[each["id"] for each in await rows(made_of, *posts)])


async def tag_post(viewer: Viewer | None, post: int, number: int | None, now: datetime) -> None:
    """Link a contribution to a meeting of its group, or confirm a member's tag. Repeating it changes nothing. A meeting
    that the group does not have is created: a moderator gave its number, not words.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Invalid: no meeting can have that number.
    """
    if number is None or not 1 <= number <= LARGEST_NUMBER:
        raise Invalid(
            "Indiquez le numéro de la réunion, de 1 à {most}.", field="reunion", values={"most": LARGEST_NUMBER}
        )
    async with transaction():
        viewer, place = await _moderated_post(viewer, post, now, None)
        meeting = await ensure_meeting(place.theme.group, number, now)
        viewer, place = await _moderated_post(viewer, post, now)
        before = await _tag_of(post, number)
        if before is not None and before["state"] == TagState.CONFIRMED:
            return
        await raise_versions(theme=place.theme.id, thread=place.thread)
        await confirm_tags([post], meeting, viewer.id, now)
        was = f"{number} {before['state']}" if before else ""
        await _journal(viewer, "tag_post", post, place, was, f"{number} {TagState.CONFIRMED}", now)


async def untag_post(viewer: Viewer | None, post: int, number: int | None, now: datetime) -> None:
    """Remove a contribution's link to a meeting; the tag in its text does not bring it back.

    Raises:
        NotFound: no such contribution, or it does not have that tag.
        SignInRequired, NotAllowed: as usual.
    """
    async with transaction():
        viewer, place = await _moderated_post(viewer, post, now)
        before = await _tag_of(post, number or 0)
        if before is None or before["state"] == TagState.REMOVED:
            raise NotFound
        await raise_versions(theme=place.theme.id, thread=place.thread)
        await remove_tags([post], before["meeting_id"])
        was = f"{number} {before['state']}"
        await _journal(viewer, "untag_post", post, place, was, f"{number} {TagState.REMOVED}", now)


async def _moderated_post(
    viewer: Viewer | None, post: int, now: datetime, hold: Hold | None = Hold.ALONE
) -> tuple[Viewer, PostPlace]:
    """The moderator, and the place of the contribution, with its theme held."""
    place = (await read_post(post, hold=hold)).place
    return demand(may_moderate, viewer, place.theme.group, now), place


async def _tag_of(post: int, number: int) -> Row | None:
    """The tag that links a contribution to the meeting of that number, whatever its state."""
    return await row(
        """
        SELECT g.meeting_id, g.state FROM meeting_tag g JOIN meeting m ON m.id = g.meeting_id
         WHERE g.post_id = $1 AND m.number = $2""",
        post,
        number if number <= LARGEST_NUMBER else 0,
    )


async def _journal(
    viewer: Viewer, act: str, post: int, place: PostPlace, before: str, after: str, now: datetime
) -> None:
    await journal.record(viewer, act, "post", post, group=place.theme.group, before=before, after=after, now=now)
