"""How long are things kept? One list of purges; each is a function in its noun's file, and a new noun adds its line.

A purge takes the present instant, deletes what expired before it, in one statement or one transaction, and changes
nothing when it runs again: a worker that dies between two of them loses nothing. The job that calls them is asked for
once a day (`workers/retention.py`).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from forum.database import transaction
from forum.domain import jobs, links, mail, notifications
from forum.domain.discussion import sent_forms
from forum.domain.jobs import Claim
from forum.domain.leftovers import ask_to_wipe
from forum.domain.members import address_changes, bounces, invitations, joining
from forum.domain.moderation import notices
from forum.domain.privacy import personal_data
from forum.domain.sign_in import sessions, visits
from forum.domain.upkeep.misshapen import set_aside_misshapen
from forum.jobs import JobName, enqueue
from forum.text.typography import PARIS

Purge = Callable[[datetime], Awaitable[None]]

PURGES: Final[Mapping[str, Purge]] = {
    "sign-ups": joining.forget_ended,
    "address changes": address_changes.forget_ended,
    "links": links.forget_ended,
    "sessions": sessions.forget_ended,
    "provider visits": visits.forget_ended,
    "invitations": invitations.purge,
    "archives": personal_data.forget_archives,
    "identifications": personal_data.forget_identifications,
    "sent forms": sent_forms.forget_sent,
    "notifications": notifications.forget_read,
    "notices": notices.forget_notices,
    "mails": mail.forget_stale,
    "bounces": bounces.forget_bounces,
    "jobs": jobs.forget_over,
    "misshapen ballots": set_aside_misshapen,
}
"""The names are those in the log."""


def job_key(now: datetime) -> str:
    """The key of the day's job, one for all workers; the day is that of the consultation."""
    return f"keep_dates:{now.astimezone(PARIS).date().isoformat()}"


async def ask_for_purges(now: datetime) -> None:
    """Ask for today's job, unless it was asked for today already, even if it is over."""
    key = job_key(now)
    async with transaction() as tx:
        if await jobs.progress_of(key) is None:
            await enqueue(tx, JobName.KEEP_DATES, 0, key=key, now=now)


async def finish_purges(claim: Claim, now: datetime) -> None:
    """End the job. Raises LostLease: another worker does it too, which changes nothing."""
    async with transaction() as tx:
        await jobs.finish(claim, now)
        await ask_to_wipe(tx, now)
