"""Once a day, let go of what is not to be kept any longer: each purge of the list, then the accounts that sleep.

Nothing of it needs to happen at once: a worker that dies in the middle is followed by another one, which finds the
rest. What is kept how long is in `domain/upkeep/retention.py`, sleeping accounts in `domain/privacy/inactivity.py`.
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
        LostLease: another worker took the job meanwhile; what was purged stays so.
    """
    steps = len(retention.PURGES) + 1
    for done, (name, purge) in enumerate(retention.PURGES.items()):
        await jobs.advance(claim, done, steps, name)
        await purge(running.clock())
    await jobs.advance(claim, steps - 1, steps, "inactive accounts")
    await inactivity.warn_and_erase(running.clock())
    await jobs.finish(claim, running.clock())
    log.info("what is not kept any longer is gone")


async def ask(ctx: Mapping[str, Any]) -> None:
    """Ask for today's work; what arq calls every hour, so that a day on which every worker was down has its turn."""
    await retention.ask_for_purges(running.clock())


WORK: Final[Mapping[str, Work]] = {JobName.KEEP_DATES: Work(keep_dates, jobs.give_up)}
