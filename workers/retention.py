"""Once a day, delete what must not be kept any longer: run each purge of the list, then handle inactive accounts. And
leave no byte of what was deleted, then and after each erasure.

It need not happen all at once: if a worker dies in the middle, another one does the rest. How long things are kept is
in `domain/upkeep/retention.py`, inactive accounts are in `domain/privacy/inactivity.py`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import structlog

from forum.database import write_anew
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.privacy import inactivity
from forum.domain.upkeep import retention
from forum.jobs import JobName
from workers import running
from workers.running import Work

TRIES: Final = 100
LONGEST_PAUSE: Final = timedelta(minutes=15)
"""A day of tries: a full disk has no room for the new file, and the next day asks again."""

log = structlog.get_logger()


async def keep_dates(claim: Claim) -> None:
    """Run every purge, warn and erase inactive accounts. Run twice, it changes nothing.

    Raises:
        LostLease: another worker took the job meanwhile; what was purged stays purged.
    """
    steps = len(retention.PURGES) + 1
    for done, (name, purge) in enumerate(retention.PURGES.items()):
        await jobs.advance(claim, done, steps, name)
        await purge(running.clock())
    await jobs.advance(claim, steps - 1, steps, "inactive accounts")
    await inactivity.warn_and_erase(running.clock())
    await retention.finish_purges(claim, running.clock())
    log.info("expired data deleted")


async def ask() -> None:
    """Ask for today's work. Asked every hour, so that the day is not skipped if every worker was down for a while."""
    await retention.ask_for_purges(running.clock())


async def wipe_leftovers(claim: Claim) -> None:
    """Leave no byte of what was deleted, see `domain/leftovers.py`.

    Raises:
        OperationalError: the file is in use for too long at present.
        LostLease: something else was deleted meanwhile.
    """
    await write_anew()
    await jobs.finish(claim, running.clock())


WORK: Final[Mapping[str, Work]] = {
    JobName.KEEP_DATES: Work(keep_dates, jobs.give_up),
    JobName.WIPE_LEFTOVERS: Work(wipe_leftovers, jobs.give_up, tries=TRIES, longest_pause=LONGEST_PAUSE),
}
