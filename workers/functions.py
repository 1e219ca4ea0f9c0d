"""Which functions does arq know? Running one job, and polling the table for jobs whose bell was lost.

The same in the arq process (`settings`) and in the web process (`engine`).
"""

from collections.abc import Mapping
from typing import Any, Final

from arq.cron import CronJob, cron
from arq.worker import func

from forum.domain import jobs
from forum.jobs import RUN_JOB, queue, read_json, ring, write_json
from forum.settings import settings
from workers import archives, mail, retention, running, syntheses
from workers.running import LONGEST_JOB, Work

WORK: Final[Mapping[str, Work]] = {**syntheses.WORK, **mail.WORK, **archives.WORK, **retention.WORK}
"""Each module of `workers/` says which jobs it does."""

ARQ_TIMEOUT: Final = LONGEST_JOB.total_seconds() + 30
"""Longer than our own limit, so that arq never cuts a job off: it could not tell a hanging job from a worker told to
stop."""

TRIES_OF_ARQ: Final = 1000
"""Tries are counted in the table. For arq a worker that is told to stop is one more try of the same entry."""

AT_ONCE: Final = 2
"""Jobs in one process at a time, the poll being one of them: each compilation wants a core for itself."""


async def run_job(ctx: Mapping[str, Any], job: int) -> None:
    await running.run(job, WORK)


async def poll(ctx: Mapping[str, Any]) -> None:
    """Ring for each waiting job that no worker knows of: asked for while Redis was away, put off, or left by a killed
    worker."""
    for job, fence in await jobs.waiting(running.clock()):
        await ring(job, fence)


def duties() -> dict[str, Any]:
    """The arguments of arq's worker that both kinds of process share."""
    return {
        "functions": [func(run_job, name=RUN_JOB, timeout=ARQ_TIMEOUT, max_tries=TRIES_OF_ARQ, keep_result=0)],
        "cron_jobs": [_polling(), _keeping_dates()],
        "queue_name": queue(),
        "job_serializer": write_json,
        "job_deserializer": read_json,
        "max_jobs": AT_ONCE,
        "log_results": False,
    }


def _polling() -> CronJob:
    """The schedule of the poll: when the worker starts and every `poll_seconds` within each minute, by one worker of
    the site."""
    seconds = set(range(0, 60, min(settings().jobs.poll_seconds, 60)))
    name = f"{settings().redis_prefix}:poll"
    return cron(poll, name=name, second=seconds, run_at_startup=True, keep_result=0)


def _keeping_dates() -> CronJob:
    """The schedule of the day's purges: asked for at each start and every hour; the table keeps one job per day."""
    name = f"{settings().redis_prefix}:keep_dates"
    return cron(retention.ask, name=name, minute=17, second=0, run_at_startup=True, keep_result=0)
