"""How is a thread renamed, locked, pinned? By a moderator of its group, for a reason that everybody reads on its page.

Each act says what its moderator had before their eyes (`seen`, the mark of the thread): of two who act at the
same moment, the second is told, and nothing that they did not see is done. What the page tells is read in
`discussion/thread_notes.py`.
"""

from datetime import datetime

from forum.database import known_row, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.posts import read_place
from forum.domain.discussion.threads import ThreadState, thread_state
from forum.domain.journal import reason_of
from forum.domain.notifications import tell_of_thread
from forum.domain.search.index import refresh_threads
from forum.domain.themes.themes import Hold, raise_versions
from forum.errors import Checks, Conflict, Invalid
from forum.models.notifications import Event
from forum.models.threads import ThreadAct
from forum.permissions import Viewer, demand, may_arrange
from forum.text.source import clean_line

WHY = "Dites pourquoi : tout le monde le lira sur la page du fil."
QUICKER = (
    "Quelqu’un vient d’agir sur ce fil. Relisez ce qui a changé, puis confirmez si votre action est toujours utile."
)

ONESELF = (
    "Vous venez vous-même d’agir sur ce fil, peut-être par un double clic. Relisez ce qui a changé, puis confirmez si "
    "votre action est toujours utile."
)


async def outdated(viewer: Viewer, thread: int) -> Conflict:
    """What a moderator is told whose page is older than the last act on a thread, somebody else's or their own."""
    last = await row(
        "SELECT member_id FROM thread_turn WHERE thread_id = $1 OR other_id = $1 ORDER BY id DESC LIMIT 1", thread
    )
    is_own = last is not None and last["member_id"] == viewer.id
    return Conflict(ONESELF if is_own else QUICKER)


async def thread_to_arrange(viewer: Viewer | None, thread: int, now: datetime) -> ThreadState:
    """The thread that this moderator may act on: what their forms show.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    state = await thread_state(thread)
    demand(may_arrange, viewer, state.theme.group, now)
    return state


async def rename_thread(
    viewer: Viewer | None, thread: int, title: str, reason: str, seen: int | None, now: datetime
) -> None:
    """Give a thread another title; its page tells the former one.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: the title cannot be accepted or is the same, or there is no reason.
        Conflict: another moderator acted meanwhile.
    """
    async with transaction():
        viewer, state = await held_thread(viewer, thread, seen, now)
        checks = Checks()
        with checks.field("titre"):
            title = clean_line(title, limit=200)
            if title == state.title:
                raise Invalid("Ce fil a déjà ce titre. Indiquez-en un autre.")
        with checks.field("motif"):
            reason = reason_of(reason, required=WHY)
        checks.done()
        await rows("UPDATE thread SET title = $2 WHERE id = $1", state.id, title)
        refresh_threads(state.id)
        await _tell(state, ThreadAct.RENAMED, viewer, reason, now, before=state.title, after=title)


async def set_thread(
    viewer: Viewer | None, thread: int, act: ThreadAct, reason: str, seen: int | None, now: datetime
) -> None:
    """Lock a thread, so that nobody answers any more; unlock it; pin it in the list of its theme; unpin it.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Invalid: there is no reason.
        Conflict: another moderator acted meanwhile, or it is so already.
    """
    column, value, already = _STATES[act]
    async with transaction():
        viewer, state = await held_thread(viewer, thread, seen, now)
        if getattr(state, column) is value:
            raise Conflict(already)
        reason = reason_of(reason, required=WHY)
        await rows(f"UPDATE thread SET {column} = $2 WHERE id = $1", state.id, value)
        await _tell(state, act, viewer, reason, now)


_STATES = {
    ThreadAct.LOCKED: ("locked", True, "Ce fil est déjà verrouillé."),
    ThreadAct.UNLOCKED: ("locked", False, "Ce fil n’est pas verrouillé."),
    ThreadAct.PINNED: ("pinned", True, "Ce fil est déjà épinglé."),
    ThreadAct.UNPINNED: ("pinned", False, "Ce fil n’est pas épinglé."),
}


async def held_thread(
    viewer: Viewer | None, thread: int, seen: int | None, now: datetime
) -> tuple[Viewer, ThreadState]:
    """The moderator and the thread, in a transaction that writes: its theme is held alone.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Conflict: another moderator acted since the page was shown.
    """
    await read_place(thread, hold=Hold.ALONE)
    state = await thread_state(thread)
    viewer = demand(may_arrange, viewer, state.theme.group, now)
    if seen != state.mark:
        raise await outdated(viewer, state.id)
    return viewer, state


# The threads whose pages name the thread $1, since contributions went from one to the other.
_TITLE_ELSEWHERE = """
    SELECT u.thread_id AS id FROM thread_turn u WHERE u.other_id = $1
     UNION SELECT u.other_id FROM thread_turn u WHERE u.thread_id = $1 AND u.other_id IS NOT NULL ORDER BY id"""
# What the authors of a thread are notified of: a pin changes nothing to their words.
_EVENTS = {
    ThreadAct.RENAMED: Event.THREAD_RENAMED,
    ThreadAct.LOCKED: Event.THREAD_LOCKED,
    ThreadAct.UNLOCKED: Event.THREAD_UNLOCKED,
}


async def _tell(
    state: ThreadState,
    act: ThreadAct,
    viewer: Viewer,
    reason: str,
    now: datetime,
    *,
    before: str = "",
    after: str = "",
) -> None:
    """Write the act where it is read: on the page of the thread, in the journal, among the authors' notifications."""
    turn = await known_row(
        """INSERT INTO thread_turn (thread_id, act, member_id, before, reason, at)
           VALUES ($1, $2, $3, $4, $5, $6) RETURNING id""",
        state.id,
        act.value,
        viewer.id,
        before,
        reason,
        now,
    )
    await rows("UPDATE thread SET turns = turns + 1 WHERE id = $1", state.id)
    await raise_versions(theme=state.theme.id, thread=state.id)
    for each in await rows(_TITLE_ELSEWHERE, state.id):
        await raise_versions(thread=each["id"])
    if act in _EVENTS:
        await tell_of_thread(state.id, _EVENTS[act], await authors_of(state.id), now, key=turn["id"], actor=viewer.id)
    await journal.record(
        viewer,
        {
            ThreadAct.RENAMED: "rename_thread",
            ThreadAct.LOCKED: "lock_thread",
            ThreadAct.UNLOCKED: "unlock_thread",
            ThreadAct.PINNED: "pin_thread",
            ThreadAct.UNPINNED: "unpin_thread",
        }[act],
        "thread",
        state.id,
        group=state.theme.group,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )


async def authors_of(thread: int) -> set[int]:
    """The members whose contributions are in a thread."""
    found = await rows("SELECT DISTINCT author_id FROM post WHERE thread_id = $1 AND author_id IS NOT NULL", thread)
    return {each["author_id"] for each in found}
