"""The journal: who did what to what, when, from what to what, and why.

Every act of moderation, of an agent or of an administrator is recorded inside the transaction that does it, so that no
act is without its line and no line without its act. Reading the journal is another matter, for another file.
"""

from datetime import datetime

from forum.errors import Invalid
from forum.models.journal import JournalEntry
from forum.permissions import Viewer
from forum.text.source import clean_line

# What a person reads in one breath; the column holds no more.
LONGEST_REASON = 500


async def record(
    actor: Viewer | None,
    act: str,
    thing: str,
    thing_id: int,
    *,
    group: int | None,
    before: str = "",
    after: str = "",
    reason: str = "",
    now: datetime,
) -> None:
    """Add one line, inside the caller's transaction; `thing` is a kind ("theme"), `group` the one that may read it."""
    await JournalEntry.create(
        at=now,
        actor_id=None if actor is None else actor.id,
        act=act,
        thing=thing,
        thing_id=thing_id,
        working_group_id=group,
        before=before,
        after=after,
        reason=reason,
    )


def reason_of(raw: str, *, required: str = "") -> str:
    """The reason as typed, on one line; empty when there is none.

    Raises:
        Invalid: it is too long, or missing where `required` says why one is needed.
    """
    if raw.strip():
        return clean_line(raw, limit=LONGEST_REASON)
    if required:
        raise Invalid(required, field="reason")
    return ""
