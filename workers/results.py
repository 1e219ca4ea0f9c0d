"""Reckon and keep the results of a theme once its votes are over, see `domain/votes/kept_results.py`."""

from collections.abc import Mapping
from typing import Final

from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.votes import kept_results
from forum.jobs import JobName
from workers import running
from workers.running import Work


async def keep_results(claim: Claim) -> None:
    """Keep them, if they are public.

    Raises:
        LostLease: another worker took the job meanwhile.
    """
    await kept_results.keep_results(claim, running.clock())


async def ask() -> None:
    """Ask for what is public and not kept. Asked several times a minute: a close is at its hour."""
    await kept_results.ask_for_results(running.clock())


WORK: Final[Mapping[str, Work]] = {JobName.KEEP_RESULTS: Work(keep_results, jobs.give_up)}
