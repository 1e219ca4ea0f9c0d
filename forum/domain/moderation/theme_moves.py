"""How does a whole thread go to another theme, and what may follow contributions that do?

Proposals belong to a theme and stay there, with their ballots and their references: those that cite the words go on
citing them, by the address of the contribution, which never changes. Extracts that support no proposal follow, and are
kept for proposals of the new theme. What would mean something else there does not go: the organiser's instruction, and
tags of meetings, which are those of a working group. A theme that is over neither gives nor takes.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import known_row, places, rows, transaction
from forum.domain import journal
from forum.domain.discussion.thread_notes import ranges_of
from forum.domain.discussion.threads import ThreadState, thread_state
from forum.domain.journal import reason_of
from forum.domain.moderation.thread_acts import WHY, authors_of, outdated, thread_to_arrange
from forum.domain.notifications import tell_of_thread
from forum.domain.references import LARGEST_THEME, reference, storable
from forum.domain.search.index import refresh
from forum.domain.themes.themes import (
    THEME_COLUMNS,
    Hold,
    ThemeHead,
    find_theme,
    holding,
    raise_versions,
    theme_from,
)
from forum.errors import Checks, Invalid, NotFound
from forum.models.moderation import Moderated
from forum.models.notifications import Event
from forum.models.search import SearchKind
from forum.models.threads import ThreadAct
from forum.permissions import Viewer, demand, may_arrange

# Values in one statement: SQLite binds some thirty thousand at most.
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Crossing:
    """What contributions leave and find when they go from one theme to another: `cited` are the references of proposals
    that cite them and stay, `loose` counts the extracts that follow."""

    source: ThemeHead
    destination: ThemeHead
    cited: tuple[str, ...]
    loose: int

    @property
    def changes_group(self) -> bool:
        """Whether other moderators are in charge from then on."""
        return self.source.group != self.destination.group


@dataclass(frozen=True, slots=True)
class ThemeMove:
    """What moving a whole thread to another theme will do."""

    thread: ThreadState
    crossing: Crossing


def at_once(posts: Sequence[int]) -> Iterator[tuple[Sequence[int], str]]:
    """Numbers by some thousands, each time with their places in a list."""
    for start in range(0, len(posts), _AT_ONCE):
        some = posts[start : start + _AT_ONCE]
        yield some, places(len(some))


async def themes_to_move_to(viewer: Viewer | None, now: datetime) -> tuple[ThemeHead, ...]:
    """The themes that this moderator may move words to, in order: of their groups, and not over."""
    found = [theme_from(each) for each in await rows(f"SELECT {THEME_COLUMNS} FROM theme t ORDER BY t.number")]
    return tuple(each for each in found if may_arrange(viewer, each.group, now) and not each.schedule.is_over(now))


async def theme_to_move_to(viewer: Viewer | None, number: int | None, now: datetime) -> ThemeHead:
    """The theme that somebody chose.

    Raises:
        NotAllowed: it belongs to a group that they do not moderate.
        Invalid: there is none of that number.
    """
    try:
        theme = await find_theme(number or 0)
    except NotFound:
        raise Invalid("Choisissez un thème dans la liste.", field="theme") from None
    demand(may_arrange, viewer, theme.group, now)
    return theme


async def crossing_of(
    source: ThemeHead, destination: ThemeHead, posts: Sequence[int], now: datetime
) -> Crossing | None:
    """What becomes of what is tied to these contributions; None within a theme, where nothing changes.

    Raises:
        Invalid: a theme is over, or something among them cannot go.
    """
    if source.id == destination.id:
        return None
    for theme in (source, destination):
        if theme.schedule.is_over(now):
            raise Invalid(
                "La consultation sur le thème {number} est terminée : ses contributions ne changent plus de thème.",
                values={"number": theme.number},
            )
    await _refuse_instructions(posts)
    if source.group != destination.group:
        await _refuse_tagged(posts, destination)
    return Crossing(source, destination, await _cited(posts, destination), await _loose(posts))


async def _refuse_instructions(posts: Sequence[int]) -> None:
    numbers = await _numbers(posts, "p.kind = 'instruction'")
    if numbers:
        raise Invalid(
            "La consigne de l’organisateur (contribution {numbers}) reste dans son thème. Déplacez les autres"
            " contributions.",
            values={"numbers": numbers},
        )


async def _refuse_tagged(posts: Sequence[int], destination: ThemeHead) -> None:
    numbers = await _numbers(
        posts,
        """(EXISTS (SELECT 1 FROM meeting_tag g WHERE g.post_id = p.id AND g.state <> 'removed')
            OR EXISTS (SELECT 1 FROM unknown_tag u WHERE u.post_id = p.id AND u.state <> 'removed'))""",
    )
    if numbers:
        raise Invalid(
            "Une étiquette de réunion est posée sur : contribution {numbers}. Le thème {theme} est celui d’un autre"
            " groupe de travail, qui a ses propres réunions. Retirez d’abord l’étiquette, ou choisissez un thème"
            " du même groupe.",
            values={"numbers": numbers, "theme": destination.number},
        )


async def _numbers(posts: Sequence[int], condition: str) -> str:
    """The numbers of those of these contributions that meet a condition, as "1, 4-6"."""
    found: list[int] = []
    for some, listed in at_once(posts):
        met = await rows(f"SELECT p.number FROM post p WHERE p.id IN ({listed}) AND {condition}", *some)
        found += [each["number"] for each in met]
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges_of(found))


async def _cited(posts: Sequence[int], destination: ThemeHead) -> tuple[str, ...]:
    found: set[tuple[int, int]] = set()
    for some, listed in at_once(posts):
        cited = await rows(
            f"""SELECT DISTINCT t.number AS theme, p.number
                  FROM extract e JOIN proposal p ON p.id = e.proposal_id OR p.extract_id = e.id
                  JOIN theme t ON t.id = p.theme_id
                 WHERE e.post_id IN ({listed}) AND p.number > 0 AND p.theme_id <> ${len(some) + 1}""",
            *some,
            destination.id,
        )
        found |= {(each["theme"], each["number"]) for each in cited}
    return tuple(reference(theme, number) for theme, number in sorted(found))


async def _loose(posts: Sequence[int]) -> int:
    count = 0
    for some, listed in at_once(posts):
        counted = await known_row(
            f"""SELECT COUNT(*) AS n FROM extract e WHERE e.post_id IN ({listed}) AND e.proposal_id IS NULL
                   AND NOT EXISTS (SELECT 1 FROM proposal p WHERE p.extract_id = e.id)""",
            *some,
        )
        count += counted["n"]
    return count


async def cross(crossing: Crossing, posts: Sequence[int]) -> None:
    """Hand what waits about these contributions to the moderators of their new theme, and make its pages stale, inside
    the caller's transaction, which holds both themes alone."""
    await raise_versions(theme=crossing.destination.id)
    if not crossing.changes_group:
        return
    for some, listed in at_once(posts):
        await rows(
            f"""UPDATE moderation_case SET working_group_id = ${len(some) + 1}, claimed_by_id = NULL, claimed_at = NULL
                 WHERE thing = '{Moderated.POST.value}' AND thing_id IN ({listed}) AND closed_at IS NULL""",
            *some,
            crossing.destination.group,
        )


async def preview_theme_move(viewer: Viewer | None, thread: int, theme: int | None, now: datetime) -> ThemeMove:
    """What moving a whole thread to the theme of that number would do.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual, of both themes.
        Invalid: there is no such theme, or the thread cannot go there.
    """
    state = await thread_to_arrange(viewer, thread, now)
    return ThemeMove(state, await _checked(viewer, state, theme, now))


async def _checked(viewer: Viewer | None, state: ThreadState, theme: int | None, now: datetime) -> Crossing:
    destination = await theme_to_move_to(viewer, theme, now)
    checks = Checks()
    with checks.field("theme"):
        if state.moved_into is not None:
            raise Invalid("Ce fil est réuni à un autre. Déplacez celui-là.")
        crossing = await crossing_of(state.theme, destination, await _posts_of(state.id), now)
        if crossing is None:
            raise Invalid("Ce fil est déjà dans ce thème. Choisissez-en un autre.")
    checks.done()
    assert crossing is not None, "checked"
    return crossing


async def _posts_of(thread: int) -> list[int]:
    return [each["id"] for each in await rows("SELECT id FROM post WHERE thread_id = $1 ORDER BY number", thread)]


async def move_thread(
    viewer: Viewer | None, thread: int, theme: int | None, reason: str, seen: int | None, now: datetime
) -> None:
    """Move a whole thread to the theme of that number; it keeps its address, its contributions theirs.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual, of both themes.
        InvalidForm: there is no reason, no such theme, or the thread cannot go there.
        Conflict: another moderator acted on the thread since the page was shown.
    """
    async with transaction():
        held = await _hold(thread, theme)
        state = await thread_state(thread)
        viewer = demand(may_arrange, viewer, state.theme.group, now)
        if seen != state.mark or state.theme.id not in held:
            raise await outdated(viewer, state.id)
        checks = Checks()
        with checks.field("theme"):
            crossing = await _checked(viewer, state, theme, now)
        with checks.field("motif"):
            reason = reason_of(reason, required=WHY)
        checks.done()
        turn = await _write(state, crossing, viewer, reason, now)
        await cross(crossing, posts := await _posts_of(state.id))
        refresh(SearchKind.POST, *posts)
        # What waits to be read for this thread is read by those who moderate it now.
        await rows(
            """UPDATE moderation_case SET working_group_id = $2 WHERE thing = $3 AND closed_at IS NULL
                  AND thing_id IN (SELECT id FROM pending_post WHERE thread_id = $1)""",
            *(state.id, crossing.destination.group, Moderated.PENDING.value),
        )
        await tell_of_thread(state.id, Event.THREAD_MOVED, await authors_of(state.id), now, key=turn, actor=viewer.id)
        await record(
            viewer,
            "move_thread",
            state.id,
            crossing,
            before=json.dumps({"theme": crossing.source.number}),
            after=json.dumps({"theme": crossing.destination.number}),
            reason=reason,
            now=now,
        )


async def _hold(thread: int, theme: int | None) -> set[int]:
    """Hold both themes alone, in the order of their numbers; returns them. On SQLite a transaction is alone."""
    found = await rows(
        f"""SELECT t.id FROM theme t WHERE t.number = $1 OR t.id = (SELECT theme_id FROM thread WHERE id = $2)
             ORDER BY t.id{holding(Hold.ALONE)}""",
        theme if theme and theme <= LARGEST_THEME else 0,
        storable(thread),
    )
    return {each["id"] for each in found}


async def _write(state: ThreadState, crossing: Crossing, viewer: Viewer, reason: str, now: datetime) -> int:
    turn = await known_row(
        """INSERT INTO thread_turn (thread_id, act, member_id, from_theme_id, to_theme_id, before, reason, at)
           VALUES ($1, $2, $3, $4, $5, '', $6, $7) RETURNING id""",
        *(state.id, ThreadAct.THEME.value, viewer.id, crossing.source.id, crossing.destination.id, reason, now),
    )
    await rows("UPDATE thread SET theme_id = $2, turns = turns + 1 WHERE id = $1", state.id, crossing.destination.id)
    await raise_versions(theme=crossing.source.id, thread=state.id)
    return int(turn["id"])


async def record(
    viewer: Viewer,
    act: str,
    thread: int,
    crossing: Crossing | None,
    *,
    group: int | None = None,
    before: str,
    after: str,
    reason: str,
    now: datetime,
) -> None:
    """Write a move in the journal, where the moderators of both groups read it."""
    groups = [group] if crossing is None else dict.fromkeys((crossing.source.group, crossing.destination.group))
    for each in groups:
        await journal.record(
            viewer, act, "thread", thread, group=each, before=before, after=after, reason=reason, now=now
        )
