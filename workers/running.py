"""How is one job run, from claim to end? A lease and a heartbeat around the function for its name.

The code is the same in the worker's process and in the web process. The workshop decides when a job runs; the `job`
table decides whether it does. What a job really does is in the other modules of `workers/`; every statement is in
`forum/domain/jobs.py`.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from forum import clock as forum_clock
from forum.domain import jobs
from forum.domain.jobs import Claim, Held, LostLease
from forum.errors import CahierError, Unavailable
from forum.settings import settings
from forum.storage import StorageFault, noted_on_the_way

LONGEST_JOB: Final = timedelta(minutes=15)
"""Five hundred proposals take seconds. A job that has not ended by then hangs, and its try has failed."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Work:
    """How to do the jobs of one name."""

    do: Callable[[Claim], Awaitable[None]]
    """The work itself, which also writes its result and the end of the job in one transaction."""
    fail: Callable[[Claim, str, str, datetime], Awaitable[None]]
    """Called after the last try with (claim, reason, trace id, now): marks the row that the job is about as failed."""
    tries: int | None = None
    """How many times it is tried; None: as many as the settings say."""
    longest_pause: timedelta = jobs.LONGEST_PAUSE

    @property
    def last_try(self) -> int:
        return self.tries if self.tries is not None else settings().jobs.tries


def clock() -> datetime:
    """The time that jobs go by, the same in all processes."""
    return forum_clock.now()


async def run(job: int, works: Mapping[str, Work], silent: Held | None = None) -> None:
    """Run a job if it is due, or was held by a worker that has fallen `silent`. Never raises for a job that fails: its
    row says so, and when to try again."""
    claim = await jobs.take(job, clock(), lease=_lease(), silent=silent)
    if claim is None:
        return
    with structlog.contextvars.bound_contextvars(job=claim.job, name=claim.name, attempt=claim.tries):
        try:
            await _try(claim, works[claim.name])
        except LostLease:
            log.warning("lease lost: another worker took the job up, nothing was written")
        except asyncio.CancelledError:
            await asyncio.shield(jobs.release(claim, clock()))
            log.info("worker stops: job released")
            raise


async def _try(claim: Claim, work: Work) -> None:
    if claim.tries > work.last_try:
        # Only a worker that was killed leaves a job with no tries left and no reason.
        reason = "Le programme qui y travaillait s’est arrêté brutalement, autant de fois que l’on essaie."
        await work.fail(claim, reason, _trace(), clock())
        return
    limit = asyncio.timeout(LONGEST_JOB.total_seconds())
    try:
        async with limit, _kept_alive(claim):
            await work.do(claim)
    except LostLease:
        raise
    except Exception as problem:
        trace = _trace()
        met = _tell(problem, trace)
        await _failed(claim, work, _too_long() if limit.expired() else met, trace)


def _too_long() -> Unavailable:
    minutes = LONGEST_JOB.total_seconds() / 60
    return Unavailable("Rien n’est sorti en {minutes:g} minutes.", values={"minutes": minutes})


def _tell(problem: Exception, trace: str) -> Exception:
    """Log why a try failed; returns what it was. What is away is no fault of the program: it is one line, by its name,
    and a count for as long as it lasts, however many jobs need it."""
    fault = noted_on_the_way(problem)
    if fault is None and isinstance(problem, Unavailable):
        log.warning("job waits", fault=type(problem).__name__, reason=_reason(problem), trace_id=trace)
    else:
        log.error("job failed", trace_id=trace, exc_info=fault is None)
    return fault or problem


async def _failed(claim: Claim, work: Work, problem: Exception, trace: str) -> None:
    if claim.tries >= work.last_try:
        await work.fail(claim, _reason(problem), trace, clock())
    else:
        await jobs.put_off(claim, _reason(problem), trace, clock(), longest=work.longest_pause)


def _trace() -> str:
    return secrets.token_hex(8)


def _reason(problem: Exception) -> str:
    """The reason that an agent reads. Our own errors are sentences; others are only named, and the log has the
    whole."""
    said = str(problem) if isinstance(problem, CahierError) else f"{type(problem).__name__} : {problem}"
    return said[:500]


def _lease() -> timedelta:
    return timedelta(seconds=settings().jobs.lease_seconds)


@asynccontextmanager
async def _kept_alive(claim: Claim) -> AsyncIterator[None]:
    """Renew the lease while the block runs; if it is lost, cancel the block and raise LostLease."""
    working = asyncio.current_task()
    assert working is not None, "what runs in an event loop is a task"
    lost = False

    async def beat() -> None:
        nonlocal lost
        while True:
            await asyncio.sleep(settings().jobs.heartbeat_seconds)
            try:
                await jobs.renew(claim, clock(), lease=_lease())
            except LostLease:
                lost = True
                working.cancel()
                return
            except StorageFault:
                continue  # which is told; what follows is as true of it
            except Exception:
                # A database that does not answer this once may answer the next time, well within the lease. If it
                # does not, the lease ends and the fence refuses the result: nothing is lost by going on.
                log.exception("heartbeat missed")

    beating = asyncio.create_task(beat())
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            working.uncancel()
            raise LostLease from None
        raise
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
