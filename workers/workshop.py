"""Which jobs does this process run, and when does it look for them?

The workshop reads the table every few seconds, by itself: whatever Redis does, a job begins. One whose worker has given
no sign of life for a whole lease, by what has elapsed here and by no clock, begins again. arq only listens for the
bell, and brings at once what rings; the job never depends on it, so a Redis that goes away interrupts nothing.
The web process (`engine`) and the worker's own (`process`) have the same workshop.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from arq.connections import ArqRedis
from arq.worker import Worker, func

from forum.clock import elapsed
from forum.database import is_unreachable
from forum.domain import jobs
from forum.domain.jobs import Held
from forum.domain.upkeep.signs import Who, give_sign
from forum.jobs import RUN_JOB, queue, read_json, write_json
from forum.settings import settings
from forum.storage import StorageFault
from workers import archives, mail, moderation, news, results, retention, running, search, syntheses, texts
from workers.running import LONGEST_JOB, Work

WORK: Final[Mapping[str, Work]] = {
    **syntheses.WORK,
    **mail.WORK,
    **archives.WORK,
    **retention.WORK,
    **moderation.WORK,
    **texts.WORK,
    **search.WORK,
    **results.WORK,
    **news.WORK,
}
"""Each module of `workers/` says which jobs it does."""

AT_ONCE: Final = 2
"""Jobs in one process at a time: each compilation wants a core for itself."""

DATES_EVERY: Final = 3600.0
"""Seconds between two askings for the day's purges, and for reminders; the table keeps one job of each."""

LETTERS_EVERY: Final = 60.0
"""Seconds between two askings for mails about news."""

SIGN_EVERY: Final = 15.0
"""Seconds between two signs of life, a write each; and between two looks for results that are public by now."""

ARQ_TIMEOUT: Final = LONGEST_JOB.total_seconds() + 30
"""Longer than our own limit: by then arq no longer waits for the job, which goes on."""

TRIES_OF_ARQ: Final = 1000
"""Tries are counted in the table. For arq a worker that is told to stop is one more try of the same entry."""

log = structlog.get_logger()


class Workshop:
    """The jobs that run in this process or wait for a place in it."""

    def __init__(self, *, elapsed: Callable[[], float] = elapsed) -> None:
        self._elapsed = elapsed
        self._held: dict[int, tuple[Held, float]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._here: dict[int, asyncio.Task[None]] = {}
        self._dates_asked: float | None = None
        self._letters_asked: float | None = None
        self._signed: float | None = None
        self._blind = False

    def bring(self, job: int, silent: Held | None = None) -> asyncio.Task[None]:
        """The task that runs this job when a place is free; brought twice meanwhile, it is the same one. `silent`: it
        is taken from a worker that gives no sign of life."""
        if job not in self._here:
            task = self._here[job] = asyncio.create_task(self._run(job, silent), name=f"job {job}")
            task.add_done_callback(lambda _: self._here.pop(job))
        return self._here[job]

    async def run(self, ctx: Mapping[str, Any], job: int) -> None:
        """What arq calls when the bell rang. arq may go; the job stays."""
        await asyncio.shield(self.bring(job))

    async def _run(self, job: int, silent: Held | None) -> None:
        try:
            async with self._places:
                await running.run(job, WORK, silent)
        except StorageFault:
            return  # which is told; its row is as it was
        except Exception as problem:
            # Its row is as it was, or its lease will end: the table brings it again.
            log.error("a job could not be run", job=job, problem=repr(problem), exc_info=not is_unreachable(problem))

    async def look_for_ever(self) -> None:
        """Read the table again and again: jobs that nobody rang for, that were put off, or whose worker fell silent."""
        while True:
            try:
                await self._look()
            except Exception as problem:
                if not self._blind:
                    log.error("jobs cannot be read", problem=repr(problem), exc_info=not is_unreachable(problem))
                self._blind = True
            else:
                if self._blind:
                    log.warning("jobs can be read again")
                self._blind = False
            await asyncio.sleep(settings().jobs.poll_seconds)

    async def _look(self) -> None:
        if self._dates_asked is None:
            await search.ask()
        if self._dates_asked is None or self._elapsed() - self._dates_asked >= DATES_EVERY:
            await retention.ask()
            await moderation.ask()
            await texts.ask()
            self._dates_asked = self._elapsed()
        if self._letters_asked is None or self._elapsed() - self._letters_asked >= LETTERS_EVERY:
            await news.ask()
            self._letters_asked = self._elapsed()
        for job, _ in await jobs.waiting(running.clock()):
            self.bring(job)
        for one in self._silent(await jobs.held()):
            self.bring(one.job, one)
        if self._signed is None or self._elapsed() - self._signed >= SIGN_EVERY:
            await give_sign(Who.WORKER, running.clock())
            await results.ask()
            self._signed = self._elapsed()

    def _silent(self, found: Sequence[Held]) -> list[Held]:
        """Those of the jobs that other workers hold which were found unchanged for the length of a lease."""
        now = self._elapsed()
        before, self._held = self._held, {}
        for one in found:
            known = before.get(one.job)
            self._held[one.job] = known if known and known[0] == one else (one, now)
        lease = settings().jobs.lease_seconds
        return [one for one, since in self._held.values() if now - since > lease]

    async def close(self) -> None:
        """Give every job back, at once."""
        here = set(self._here.values())
        for task in here:
            task.cancel()
        await asyncio.gather(*here, return_exceptions=True)


async def listen(workshop: Workshop, bell: ArqRedis) -> None:
    """Let arq bring what rings, until it falls or this is cancelled.

    Raises:
        RedisError: the Redis of the bell went away.
    """
    worker = Worker(
        functions=[func(workshop.run, name=RUN_JOB, timeout=ARQ_TIMEOUT, max_tries=TRIES_OF_ARQ, keep_result=0)],
        queue_name=queue(),
        redis_pool=bell,
        job_serializer=write_json,
        job_deserializer=read_json,
        max_jobs=AT_ONCE,
        log_results=False,
        handle_signals=False,
    )
    try:
        await worker.async_run()
    finally:
        # Not its own close(), which asks Redis, and stops at the first task that could not: what waits for a job goes
        # first, so that its entry goes back to the queue.
        listening = [worker.main_task] if worker.main_task else []
        for task in (*worker.job_tasks.values(), *listening):
            task.cancel()
        await asyncio.gather(*worker.tasks.values(), *listening, return_exceptions=True)
        await bell.aclose(close_connection_pool=True)
