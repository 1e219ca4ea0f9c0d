"""How do contributions go from one thread to another, and back? Some of them to a new thread or to one that exists, or
all of them: two threads become one. What another theme changes is in `theme_moves.py`.

A contribution keeps its address, its words, its answers, quotes, extracts and tags; only its thread and its number
change. The number that it leaves stays free, so every other contribution keeps its number and its page. `moved_post`
says where each one was: undoing gives exactly that back, one that returns takes its former number, and old addresses
lead by it to the new place, for ever. Both threads say so, with the reason.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, insert_rows, known_row, on_postgres, places, row, rows, transaction
from forum.domain.discussion.post_drafts import carry_drafts
from forum.domain.discussion.thread_notes import Numbers, ranges_of, read_numbers
from forum.domain.discussion.thread_reads import carry_marks
from forum.domain.discussion.threads import ThreadState, insert_thread, thread_state
from forum.domain.following.follows import carry_follows
from forum.domain.journal import reason_of
from forum.domain.moderation.theme_moves import Crossing, at_once, cross, crossing_of, record, theme_to_move_to
from forum.domain.moderation.thread_acts import QUICKER, WHY, outdated, thread_to_arrange
from forum.domain.notifications import tell_of_thread
from forum.domain.references import LARGEST_ID, LARGEST_THEME, storable
from forum.domain.search.index import refresh, refresh_threads
from forum.domain.signatures import signed
from forum.domain.themes.themes import Hold, ThemeHead, holding, raise_versions
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.models.notifications import Event
from forum.models.search import SearchKind
from forum.models.threads import ThreadAct
from forum.permissions import Viewer, demand, may_arrange
from forum.text.source import clean_line

_GONE = (
    "Certaines de ces contributions ne sont plus dans ce fil : une autre personne de l’équipe de modération les a "
    "déplacées. Relisez ce qui a changé, puis choisissez de nouveau."
)


@dataclass(frozen=True, slots=True)
class MovingPost:
    """A contribution to move, as the preview lists it."""

    id: int
    number: int
    author: str | None
    opening: str


@dataclass(frozen=True, slots=True)
class Destination:
    """A thread that contributions may be moved to, in the theme of that number."""

    id: int
    title: str
    posts: int
    theme: int


@dataclass(frozen=True, slots=True)
class Moving:
    """What a move will do: the contributions that leave `source`, to `destination` or, without one, to a new thread of
    that `title`. `whole`: nothing stays, so the source will lead to the destination."""

    source: ThreadState
    posts: tuple[MovingPost, ...]
    destination: ThreadState | None
    title: str
    whole: bool
    theme: ThemeHead
    """That of the destination."""
    crossing: Crossing | None
    """What changes when it is another theme than theirs."""

    @property
    def numbers(self) -> Numbers:
        return ranges_of(post.number for post in self.posts)


async def destinations(state: ThreadState, themes: Sequence[ThemeHead]) -> tuple[Destination, ...]:
    """The other threads of these themes, those of its own first, each in the order of its page."""
    found = await rows(
        f"""SELECT h.id, h.title, h.posts_count, t.number FROM thread h JOIN theme t ON t.id = h.theme_id
             WHERE h.id <> $1 AND h.moved_into_id IS NULL AND t.id IN ({places(len(themes), after=2) or "NULL"})
             ORDER BY CASE WHEN t.id = $2 THEN 0 ELSE 1 END, t.number, h.pinned DESC, h.last_post_at DESC, h.id""",
        state.id,
        state.theme.id,
        *(theme.id for theme in themes),
    )
    return tuple(Destination(each["id"], each["title"], each["posts_count"], each["number"]) for each in found)


@dataclass(frozen=True, slots=True)
class TypedMove:
    """Where contributions go, as somebody chose and typed it: the thread `destination` or, without one, a new thread of
    that `title` in the theme of that number, by default theirs."""

    destination: int | None
    title: str = ""
    theme: int | None = None


async def preview_move(
    viewer: Viewer | None, thread: int, numbers: str | None, typed: TypedMove, now: datetime
) -> Moving:
    """What moving these contributions, or with None all of them, would do.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: no such contributions, no such destination, no title for a new thread, or they cannot go there.
    """
    source = await thread_to_arrange(viewer, thread, now)
    checks = Checks()
    posts: Sequence[Row] = ()
    with checks.field("numeros"):
        posts = await _posts_of(source.id, None if numbers is None else read_numbers(numbers))
    ids = [each["id"] for each in posts]
    place = await _place(viewer, source, ids, typed, checks, now)
    checks.done()
    shown = (MovingPost(each["id"], each["number"], each["name"], " ".join(each["opening"].split())) for each in posts)
    whole = len(posts) == source.posts_count
    return Moving(source, tuple(shown), place.into, place.title, whole, place.theme, place.crossing)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where contributions go, checked."""

    into: ThreadState | None
    title: str
    theme: ThemeHead
    crossing: Crossing | None


async def _place(
    viewer: Viewer | None, source: ThreadState, posts: Sequence[int], typed: TypedMove, checks: Checks, now: datetime
) -> _Place:
    """Where contributions go; what is wrong is among the checks.

    Raises:
        NotAllowed: it belongs to a group that they do not moderate.
    """
    into: ThreadState | None = None
    crossing: Crossing | None = None
    theme, title = source.theme, ""
    with checks.field("fil"):
        into = await _destination(viewer, source, typed.destination, now)
    with checks.field("theme"):
        if into is not None:
            theme = into.theme
        elif typed.theme is not None:
            theme = await theme_to_move_to(viewer, typed.theme, now)
    with checks.field("titre"):
        title = _title(typed.title, into, whole=len(posts) == source.posts_count)
    with checks.field("fil" if into else "theme"):
        crossing = await crossing_of(source.theme, theme, posts, now)
    return _Place(into, title, theme, crossing)


def _title(title: str, into: ThreadState | None, *, whole: bool) -> str:
    if into is not None:
        return ""
    if whole:
        raise Invalid(
            "Toutes les contributions iraient dans ce nouveau fil : renommez plutôt le fil, ou changez-le de thème."
        )
    return clean_line(title, limit=200)


async def _posts_of(thread: int, numbers: Sequence[int] | None) -> list[Row]:
    """The contributions of a thread, or those that bear these numbers. Raises Invalid: one of them is not there."""
    found = await rows(
        f"""SELECT p.id, p.number, {signed("p.id", "m")} AS name, substr(p.plain, 1, 120) AS opening FROM post p
             LEFT JOIN member m ON m.id = p.author_id WHERE p.thread_id = $1 ORDER BY p.number""",
        thread,
    )
    if numbers is None:
        if not found:
            raise Invalid("Ce fil n’a aucune contribution.")
        return found
    wanted = set(numbers)
    missing = wanted - {each["number"] for each in found}
    if missing:
        raise Invalid(
            "Ce fil n’a pas de contribution {number} : vérifiez les numéros.", values={"number": min(missing)}
        )
    return [each for each in found if each["number"] in wanted]


async def _destination(
    viewer: Viewer | None, source: ThreadState, destination: int | None, now: datetime
) -> ThreadState | None:
    """The thread that receives the contributions, which the moderator may act on too; None: a new one.

    Raises:
        NotAllowed: it belongs to a group that they do not moderate.
        Invalid: there is no such thread, or it is not one that can receive them.
    """
    if destination is None:
        return None
    try:
        into = await thread_state(destination)
    except NotFound:
        raise Invalid("Il n’y a pas de fil de ce numéro. Choisissez dans la liste.", field="fil") from None
    demand(may_arrange, viewer, into.theme.group, now)
    if into.id == source.id:
        raise Invalid("Ces contributions sont déjà dans ce fil. Choisissez-en un autre.", field="fil")
    if into.moved_into is not None:
        raise Invalid("Ce fil est lui-même réuni à un autre. Choisissez celui-là.", field="fil")
    return into


async def move_posts(
    viewer: Viewer | None,
    thread: int,
    posts: Sequence[int] | None,
    typed: TypedMove,
    reason: str,
    seen: int | None,
    now: datetime,
) -> int:
    """Move contributions of a thread, or with None all of them, to another or to a new one; returns the other one.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual, of both threads.
        InvalidForm: no reason, no title for a new thread, no such destination, or they cannot go there.
        Conflict: another moderator acted on the threads since the preview.
    """
    async with transaction():
        held = await _hold(thread, typed.destination, theme=typed.theme)
        source = await thread_state(thread)
        viewer = demand(may_arrange, viewer, source.theme.group, now)
        if seen != source.mark:
            raise await outdated(viewer, source.id)
        chosen = await _chosen(source, posts)
        whole = len(chosen) == source.posts_count
        checks = Checks()
        place = await _place(viewer, source, list(chosen), typed, checks, now)
        with checks.field("motif"):
            reason = reason_of(reason, required=WHY)
        checks.done()
        if not {source.theme.id, place.theme.id} <= held:
            raise Conflict(QUICKER)
        into = place.into
        other = into.id if into else await insert_thread(place.theme.id, place.title, viewer.id, now)
        taken = await _numbers_in(other, chosen, last=into.last_number if into else 0)
        turn = await _write_turn(source.id, other, viewer, reason, now)
        await insert_rows(
            "moved_post (turn_id, post_id, number_before, number_after)",
            [(turn, post, number, taken[post]) for post, number in chosen.items()],
        )
        await _carry(turn, other, "number_after")
        await carry_marks(source.id, other, {number: taken[post] for post, number in chosen.items()}, now)
        if whole:
            await rows("UPDATE thread SET moved_into_id = $2 WHERE id = $1", source.id, other)
            await carry_drafts(source.id, other)
            await carry_follows(source.id, other)
        await _count_again(source.id, other)
        await _raise(source, other, chosen)
        if place.crossing is not None:
            await cross(place.crossing, list(chosen))
        await _tell(viewer, Event.POSTS_MOVED, turn, chosen, now, place=other)
        await record(
            viewer,
            "move_posts",
            source.id,
            place.crossing,
            group=source.theme.group,
            before=_placed(source.id, chosen.values()),
            after=_placed(other, taken.values()),
            reason=reason,
            now=now,
        )
    return other


@dataclass(frozen=True, slots=True)
class MadeMove:
    """A move that may be undone: its contributions with their numbers now, and those that they will have again."""

    turn: int
    source: ThreadState
    other: ThreadState
    posts: tuple[MovingPost, ...]
    before: Mapping[int, int]
    crossing: Crossing | None

    @property
    def numbers(self) -> Numbers:
        return ranges_of(self.before.values())


async def move_to_undo(viewer: Viewer | None, thread: int, turn: int, now: datetime) -> MadeMove:
    """A move that this moderator may undo: what the form shows.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual, of both threads.
        Conflict: it is undone, its contributions were moved again since, or they cannot go back to their theme.
    """
    source = await thread_to_arrange(viewer, thread, now)
    found = await row(
        "SELECT other_id, undone_at FROM thread_turn WHERE id = $1 AND thread_id = $2 AND act = $3",
        storable(turn),
        source.id,
        ThreadAct.MOVED.value,
    )
    if found is None:
        raise NotFound
    other = await thread_to_arrange(viewer, found["other_id"], now)
    if found["undone_at"] is not None:
        raise Conflict("Ce déplacement est déjà annulé.")
    posts = await rows(
        f"""SELECT p.id, p.number, p.thread_id, v.number_before, v.number_after, {signed("p.id", "m")} AS name,
                  substr(p.plain, 1, 120) AS opening
             FROM moved_post v JOIN post p ON p.id = v.post_id LEFT JOIN member m ON m.id = p.author_id
            WHERE v.turn_id = $1 ORDER BY v.number_before""",
        turn,
    )
    if any((each["thread_id"], each["number"]) != (other.id, each["number_after"]) for each in posts):
        raise Conflict(
            "Ces contributions ont encore été déplacées depuis. Annulez d’abord le déplacement le plus récent."
        )
    try:
        crossing = await crossing_of(other.theme, source.theme, [each["id"] for each in posts], now)
    except Invalid as problem:
        raise Conflict(problem.message, values=problem.values) from None
    return MadeMove(
        turn,
        source,
        other,
        tuple(
            MovingPost(each["id"], each["number"], each["name"], " ".join(each["opening"].split())) for each in posts
        ),
        {each["id"]: each["number_before"] for each in posts},
        crossing,
    )


async def undo_move(
    viewer: Viewer | None, thread: int, turn: int, reason: str, seen: int | None, now: datetime
) -> None:
    """Put the contributions of a move back where they were, with their former numbers.

    What was written meanwhile in the other thread stays there; one that nothing is left in leads here from now on.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual, of both threads.
        Invalid: there is no reason.
        Conflict: it is undone already, its contributions were moved again, or another moderator acted meanwhile.
    """
    async with transaction():
        found = await row("SELECT other_id FROM thread_turn WHERE id = $1", storable(turn))
        held = await _hold(thread, found["other_id"] if found else None)
        move = await move_to_undo(viewer, thread, turn, now)
        viewer = demand(may_arrange, viewer, move.source.theme.group, now)
        if seen != move.source.mark or not {move.source.theme.id, move.other.theme.id} <= held:
            raise Conflict(QUICKER)
        reason = reason_of(reason, required=WHY)
        await _carry(turn, move.source.id, "number_before")
        await rows("UPDATE thread_turn SET undone_at = $2 WHERE id = $1", turn, now)
        await rows("UPDATE thread SET moved_into_id = NULL WHERE id = $1", move.source.id)
        await _count_again(move.source.id, move.other.id)
        await rows(
            "UPDATE thread SET moved_into_id = $2 WHERE id = $1 AND posts_count = 0", move.other.id, move.source.id
        )
        await _raise(move.source, move.other.id, move.before)
        if move.crossing is not None:
            await raise_versions(theme=move.crossing.source.id)
            await cross(move.crossing, list(move.before))
        await _tell(viewer, Event.POSTS_BACK, turn, move.before, now, place=move.source.id)
        await record(
            viewer,
            "move_posts_back",
            move.source.id,
            move.crossing,
            group=move.source.theme.group,
            before=_placed(move.other.id, (post.number for post in move.posts)),
            after=_placed(move.source.id, move.before.values()),
            reason=reason,
            now=now,
        )


async def _hold(*threads: int | None, theme: int | None = None) -> set[int]:
    """Hold the themes of these threads, and the one of that number, alone, then every thread whose page will change,
    each in the order of their numbers. Returns the themes."""
    known = sorted({storable(thread) for thread in threads if thread is not None and thread <= LARGEST_ID})
    wanted = places(len(known))
    held = await rows(
        f"""SELECT t.id FROM theme t
             WHERE t.id IN (SELECT theme_id FROM thread WHERE id IN ({wanted})) OR t.number = ${len(known) + 1}
             ORDER BY t.id{holding(Hold.ALONE)}""",
        *known,
        theme if theme and theme <= LARGEST_THEME else 0,
    )
    await on_postgres(
        f"""SELECT id FROM thread WHERE id IN ({wanted}) OR id IN (
                SELECT a.thread_id FROM post a JOIN post p ON p.id = a.reply_to_id WHERE p.thread_id IN ({wanted}))
             ORDER BY id FOR NO KEY UPDATE""",
        *known,
    )
    return {each["id"] for each in held}


async def _chosen(source: ThreadState, posts: Sequence[int] | None) -> dict[int, int]:
    """The numbers of the chosen contributions, in their order. Raises Conflict: one is not in the thread any more."""
    found = await rows("SELECT id, number FROM post WHERE thread_id = $1 ORDER BY number", source.id)
    wanted = None if posts is None else set(posts)
    chosen = {each["id"]: each["number"] for each in found if wanted is None or each["id"] in wanted}
    if not chosen or (wanted is not None and len(chosen) < len(wanted)):
        raise Conflict(_GONE)
    return chosen


async def _numbers_in(thread: int, posts: Iterable[int], *, last: int) -> dict[int, int]:
    """The number of each of these contributions in a thread that they come to: the one that they had there, otherwise
    the next one, in their order."""
    former = await rows(
        """SELECT v.post_id, CASE WHEN u.thread_id = $1 THEN v.number_before ELSE v.number_after END AS number
             FROM moved_post v JOIN thread_turn u ON u.id = v.turn_id
            WHERE u.thread_id = $1 OR u.other_id = $1 ORDER BY v.id""",
        thread,
    )
    had = {each["post_id"]: each["number"] for each in former}
    busy = {each["number"] for each in await rows("SELECT number FROM post WHERE thread_id = $1", thread)}
    given: dict[int, int] = {}
    for post in posts:
        number = had.get(post)
        if number is None or number in busy:
            last += 1
            while last in busy:
                last += 1
            number = last
        busy.add(number)
        given[post] = number
    return given


async def _carry(turn: int, thread: int, number: str) -> None:
    """Put the contributions of a move into a thread, with the numbers of that column."""
    await rows(
        f"""UPDATE post SET thread_id = $2,
                   number = (SELECT {number} FROM moved_post v WHERE v.turn_id = $1 AND v.post_id = post.id)
             WHERE id IN (SELECT post_id FROM moved_post WHERE turn_id = $1)""",
        turn,
        thread,
    )


async def _count_again(*threads: int) -> None:
    """Say again how many contributions these threads have, since when, and which number was the last: of those here,
    and of those that left and may come back."""
    for thread in threads:
        await rows(
            """UPDATE thread SET
                 posts_count = (SELECT COUNT(*) FROM post p WHERE p.thread_id = thread.id),
                 last_post_at = COALESCE((SELECT MAX(p.created_at) FROM post p WHERE p.thread_id = thread.id),
                                         created_at),
                 last_number = COALESCE((
                     SELECT MAX(n.number) FROM (
                         SELECT p.number FROM post p WHERE p.thread_id = thread.id
                          UNION ALL
                         SELECT v.number_before FROM moved_post v JOIN thread_turn u ON u.id = v.turn_id
                          WHERE u.thread_id = thread.id AND u.undone_at IS NULL) n), 0)
               WHERE id = $1""",
            thread,
        )


async def _write_turn(thread: int, other: int, viewer: Viewer, reason: str, now: datetime) -> int:
    written = await known_row(
        """INSERT INTO thread_turn (thread_id, act, member_id, other_id, before, reason, at)
           VALUES ($1, $2, $3, $4, '', $5, $6) RETURNING id""",
        thread,
        ThreadAct.MOVED.value,
        viewer.id,
        other,
        reason,
        now,
    )
    return int(written["id"])


async def _raise(source: ThreadState, other: int, posts: Collection[int]) -> None:
    """Make stale what shows these contributions or where they are: the theme, both threads, those that answer them,
    those where they were once."""
    await raise_versions(theme=source.theme.id)
    both = (source.id, other)
    refresh_threads(*both)
    refresh(SearchKind.POST, *posts)
    await rows("UPDATE thread SET turns = turns + 1 WHERE id IN ($1, $2)", *both)
    stale = set(both)
    for some, wanted in at_once(list(posts)):
        found = await rows(
            f"""SELECT thread_id FROM post WHERE reply_to_id IN ({wanted})
                 UNION SELECT u.thread_id FROM thread_turn u JOIN moved_post v ON v.turn_id = u.id
                        WHERE v.post_id IN ({wanted})
                 UNION SELECT u.other_id FROM thread_turn u JOIN moved_post v ON v.turn_id = u.id
                        WHERE v.post_id IN ({wanted})""",
            *some,
        )
        stale |= {each["thread_id"] for each in found}
    for thread in sorted(stale):
        await raise_versions(thread=thread)


async def _tell(viewer: Viewer, event: Event, turn: int, posts: Iterable[int], now: datetime, *, place: int) -> None:
    """Notify the authors of the contributions, with the thread where they are now."""
    authors: set[int] = set()
    for some, wanted in at_once(list(posts)):
        found = await rows(f"SELECT DISTINCT author_id FROM post WHERE id IN ({wanted})", *some)
        authors |= {each["author_id"] for each in found if each["author_id"] is not None}
    await tell_of_thread(place, event, authors, now, key=turn, actor=viewer.id)


def _placed(thread: int, numbers: Iterable[int]) -> str:
    """Where contributions are, as the journal keeps it."""
    said = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges_of(numbers))
    return json.dumps({"in_thread": thread, "posts": said})
