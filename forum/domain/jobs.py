"""Who holds a job, until when, and how did it end? The only writes to the `job` table once a job is asked for.

A worker takes a job for the length of a lease, and renews it as long as it runs. The others never compare a lease with
a clock, which may be set back or forward: whoever has seen it unchanged for its whole length takes the job up
(`workers/workshop.py`). Each taking raises the job's fence; every write of a worker checks its own fence in the same
transaction, so a worker that was silent for too long, and whose job another one took up, writes nothing. Asking for a
job is `forum/jobs.py`; running one is `workers/running.py`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forum.database import Row, known_row, row, rows
from forum.settings import settings

LONGEST_PAUSE: Final = timedelta(minutes=1)
"""Pauses between tries double, starting at two seconds; beyond a minute they would only make people wait."""

FURTHEST: Final = timedelta(minutes=15)
"""No job is put off for longer: one that waits for a moment twice as far was put off before the clock was set back."""

MOST_DOUBLINGS: Final = 30
"""The number of doublings is limited: longer pauses are never wanted, and would in the end overflow a date."""


class LostLease(Exception):
    """Another worker holds this job now, or it is over: no result of this one may be written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job until the lease ends; `fence` distinguishes this taking from all others."""

    job: int
    name: str
    subject: int
    fence: int
    tries: int


@dataclass(frozen=True, slots=True)
class Held:
    """A job that a worker holds, as the table says it; another worker, or a sign of life of the same, changes it."""

    job: int
    fence: int
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is, as a page shows it. `state` is one of queued, running, done, failed."""

    job: int
    state: str
    done: int
    total: int
    step: str
    error: str
    trace_id: str

    @property
    def label(self) -> str:
        """The step under way and the progress, in no language: "PDF, 2/6". Empty before the first step."""
        return f"{self.step}, {self.done}/{self.total}" if self.step else ""

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed")


async def waiting(now: datetime) -> list[tuple[int, int]]:
    """Jobs (id, fence) that anybody may take: those whose time has come."""
    found = await rows(
        """SELECT id, fence FROM job WHERE state = 'queued' AND (run_after <= $1 OR run_after > $2)
            ORDER BY run_after, id LIMIT 100""",
        now,
        now + 2 * FURTHEST,
    )
    return [(r["id"], r["fence"]) for r in found]


async def oldest_wait(now: datetime) -> datetime | None:
    """When the job that waits longest should have begun; None when none is late."""
    found = await known_row(
        "SELECT MIN(run_after)::timestamptz AS since FROM job WHERE state = 'queued' AND run_after <= $1", now
    )
    since: datetime | None = found["since"]
    return since


async def held() -> list[Held]:
    """Jobs that workers hold."""
    found = await rows("SELECT id, fence, lease_until FROM job WHERE state = 'running' ORDER BY id LIMIT 100")
    return [Held(one["id"], one["fence"], one["lease_until"]) for one in found]


async def take(job: int, now: datetime, *, lease: timedelta, silent: Held | None = None) -> Claim | None:
    """Take a job for the length of a lease; None when it cannot be taken (held, over, too early, unknown). `silent`: as
    it was held by a worker that gave no sign of life for the whole lease."""
    taken = await row(
        """UPDATE job SET state = 'running', tries = tries + 1, fence = fence + 1, lease_until = $2
            WHERE id = $1 AND ((state = 'queued' AND (run_after <= $3 OR run_after > $4))
                               OR (state = 'running' AND fence = $5 AND lease_until = $6))
            RETURNING id, name, subject, fence, tries""",
        job,
        now + lease,
        now,
        now + 2 * FURTHEST,
        silent.fence if silent else None,
        silent.lease_until if silent else None,
    )
    if taken is None:
        return None
    return Claim(taken["id"], taken["name"], taken["subject"], taken["fence"], taken["tries"])


async def renew(claim: Claim, now: datetime, *, lease: timedelta) -> None:
    """Renew the lease.

    Raises:
        LostLease: somebody else took the job meanwhile.
    """
    _held(
        await row(
            "UPDATE job SET lease_until = $3 WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id",
            claim.job,
            claim.fence,
            now + lease,
        )
    )


async def advance(claim: Claim, done: int, total: int, step: str) -> None:
    """Record progress; `step` names what is under way (a format).

    Raises:
        LostLease: somebody else took the job meanwhile.
    """
    _held(
        await row(
            """UPDATE job SET done_steps = $3, total_steps = $4, step = $5
                WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id""",
            claim.job,
            claim.fence,
            done,
            total,
            step,
        )
    )


async def finish(claim: Claim, now: datetime) -> None:
    """Mark the job as done. It must be the first statement of the transaction that writes the result, which it guards.

    Raises:
        LostLease: somebody else took the job meanwhile; the transaction must not go on.
    """
    _held(
        await row(
            """UPDATE job SET state = 'done', done_steps = total_steps, step = '', lease_until = NULL,
                              error = '', trace_id = '', finished_at = $3
                WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id""",
            claim.job,
            claim.fence,
            now,
        )
    )


async def put_off(
    claim: Claim, error: str, trace_id: str, now: datetime, *, longest: timedelta = LONGEST_PAUSE
) -> None:
    """The try failed: schedule another one, after a pause that doubles each time, up to the longest.

    Raises:
        LostLease: somebody else took the job meanwhile.
    """
    pause = min(timedelta(seconds=2 ** min(claim.tries, MOST_DOUBLINGS)), longest, FURTHEST)
    _held(
        await row(
            """UPDATE job SET state = 'queued', run_after = $3, lease_until = NULL, error = $4, trace_id = $5
                WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id""",
            claim.job,
            claim.fence,
            now + pause,
            error,
            trace_id,
        )
    )


async def give_up(claim: Claim, error: str, trace_id: str, now: datetime) -> None:
    """The last try failed: the job stays failed, with its reason, until somebody asks for it again.

    Raises:
        LostLease: somebody else took the job meanwhile; the transaction must not go on.
    """
    _held(
        await row(
            """UPDATE job SET state = 'failed', lease_until = NULL, finished_at = $3, error = $4, trace_id = $5
                WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id""",
            claim.job,
            claim.fence,
            now,
            error,
            trace_id,
        )
    )


async def release(claim: Claim, now: datetime) -> None:
    """The worker was told to stop: the next worker takes the job at once, and this try does not count. A job that was
    lost meanwhile is left alone."""
    await rows(
        """UPDATE job SET state = 'queued', tries = tries - 1, run_after = $3, lease_until = NULL
            WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id""",
        claim.job,
        claim.fence,
        now,
    )


async def begin_again(key: str, now: datetime) -> None:
    """A worker on this job has read data that changed: its result will be refused, and the job waits again."""
    await rows(
        """UPDATE job SET state = 'queued', fence = fence + 1, tries = 0, run_after = $2, lease_until = NULL
            WHERE key = $1 AND state = 'running'""",
        key,
        now,
    )


async def forget_over(now: datetime) -> None:
    """Delete jobs that ended long ago; failed ones are kept as long, with their reason."""
    await rows(
        "DELETE FROM job WHERE state IN ('done', 'failed') AND finished_at <= $1",
        now - timedelta(days=settings().retention.job_days),
    )


async def progress_of(key: str) -> JobProgress | None:
    """The progress of the job asked for under `key`."""
    found = await row("SELECT id, state, done_steps, total_steps, step, error, trace_id FROM job WHERE key = $1", key)
    if found is None:
        return None
    return JobProgress(
        job=found["id"],
        state=found["state"],
        done=found["done_steps"],
        total=found["total_steps"],
        step=found["step"],
        error=found["error"],
        trace_id=found["trace_id"],
    )


def _held(written: Row | None) -> None:
    if written is None:
        raise LostLease
