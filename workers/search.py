"""Is everything found that must be? At the start of a worker whatever is not is read again: what was there before the
site could be searched, or was searched by another reading of words; or what a table that was put back lacks."""

from collections.abc import Mapping
from typing import Final

import structlog

from forum.database import transaction
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.search import index
from forum.jobs import JobName, enqueue
from forum.models.search import SearchKind
from workers import running
from workers.running import Work

log = structlog.get_logger()


async def ask() -> None:
    """Ask for the index to be made anew, unless it says all that it must."""
    if not await index.is_sound() or not await index.is_complete():
        log.warning("the index of searches is made anew")
        async with transaction() as tx:
            await enqueue(tx, JobName.REBUILD_SEARCH, 0, key="rebuild_search", now=running.clock())


async def rebuild_search(claim: Claim) -> None:
    """Make every entry anew. Run twice, it changes nothing.

    Raises:
        LostLease: another worker took the job meanwhile, and begins it again.
    """

    async def told(kind: SearchKind, done: int) -> None:
        await jobs.advance(claim, done, done, kind.value)

    await index.rebuild(told)
    await jobs.finish(claim, running.clock())


WORK: Final[Mapping[str, Work]] = {JobName.REBUILD_SEARCH: Work(rebuild_search, jobs.give_up)}
