"""Once a day, delete what must not be kept any longer: run each purge of the list, then handle inactive accounts.

It need not happen all at once: if a worker dies in the middle, another one does the rest. How long things are kept is
in `domain/upkeep/retention.py`, inactive accounts are in `domain/privacy/inactivity.py`.
"""

from collections.abc import Mapping
from typing import Any, Final

import structlog

from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.privacy import inactivity
from forum.domain.upkeep import retention
from forum.jobs import JobName
from workers import running
from workers.running import Work

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
    await jobs.finish(claim, running.clock())
    log.info("expired data deleted")


async def ask(ctx: Mapping[str, Any]) -> None:
    """Ask for today's work. arq calls this every hour, so that the day is not skipped if every worker was down for a
    while."""
    await retention.ask_for_purges(running.clock())


WORK: Final[Mapping[str, Work]] = {JobName.KEEP_DATES: Work(keep_dates, jobs.give_up)}
