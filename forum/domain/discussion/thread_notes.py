"""What did moderators do with a thread? Their acts in order, as its page tells them, with their reasons.

The acts themselves are in `moderation/thread_acts.py`.
"""

from dataclasses import dataclass
from datetime import datetime

from forum.database import rows
from forum.models.threads import ThreadAct


@dataclass(frozen=True, slots=True)
class ThreadNote:
    """One act of the moderators; `before` is the former title of a thread that was renamed."""

    act: ThreadAct
    before: str
    reason: str
    at: datetime


# A later act of the same kind takes the place of the earlier one; each former title stays.
_KIND = {
    ThreadAct.LOCKED: "lock",
    ThreadAct.UNLOCKED: "lock",
    ThreadAct.PINNED: "pin",
    ThreadAct.UNPINNED: "pin",
}


async def notes_of(thread: int) -> tuple[ThreadNote, ...]:
    """What the page of a thread tells of its moderators, the oldest act first."""
    found = await rows("SELECT id, act, before, reason, at FROM thread_turn WHERE thread_id = $1 ORDER BY id", thread)
    told: dict[object, ThreadNote] = {}
    for each in found:
        act = ThreadAct(each["act"])
        kind = _KIND.get(act, each["id"])
        told.pop(kind, None)
        told[kind] = ThreadNote(act, each["before"], each["reason"], each["at"])
    return tuple(note for note in told.values() if note.act is not ThreadAct.UNPINNED)
