"""Which work is done in the background, and how is it asked for? Job names, `enqueue`, and the bell.

The `job` table is the truth: a job exists once its row is committed, together with the write that wants it. Redis
only rings a bell so that a worker looks at once; without the bell the workers find the row by reading the table every
few seconds. So a lost Redis slows a job down by that much and loses nothing; while the breaker is open (`breaker.py`)
nobody even waits for the bell. How a job is taken, kept and finished
is in `forum/domain/jobs.py`; what it does is in `workers/`. This is the only file of `forum/` that knows the queue.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final

from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool

from forum.breaker import Breaker, RedisAway, breaker_of
from forum.database import Transaction, insert_rows, row
from forum.settings import Settings, settings
from forum.text.labels import Labelled

RUN_JOB: Final = "run_job"


class JobName(Labelled):
    """What workers know how to do; each has its function in `workers/`."""

    COMPILE_SYNTHESIS = "compile_synthesis", "compilation d’une synthèse"
    SEND_MAIL = "send_mail", "envoi d’un courriel"
    POST_LETTERS = "post_letters", "préparation des courriels de nouveautés"
    MAKE_ARCHIVE = "make_archive", "archive des données d’une personne"
    KEEP_DATES = "keep_dates", "effacements du jour"
    KEEP_RESULTS = "keep_results", "calcul des résultats d’un thème"
    REMIND_MODERATORS = "remind_moderators", "rappel à l’équipe de modération"
    READ_TEXTS_ANEW = "read_texts_anew", "relecture des textes par une nouvelle version"
    WIPE_LEFTOVERS = "wipe_leftovers", "effacement de ce qui reste dans les fichiers"
    REBUILD_SEARCH = "rebuild_search", "index de la recherche"


def write_json(message: dict[str, Any]) -> bytes:
    """Messages are names and row ids only. arq's own choice, pickle, would run whatever is put in Redis."""
    return json.dumps(message).encode()


read_json: Final[Callable[[bytes], dict[str, Any]]] = json.loads


def queue() -> str:
    """The queue of this site: two sites on the same Redis have two queues, each with its own workers."""
    return f"{settings().redis_prefix}:jobs"


def bell_over(pool: ConnectionPool) -> ArqRedis:
    """A bell that rings over these connections; nothing is sent yet."""
    return ArqRedis(pool, write_json, read_json, queue())


_bell: ArqRedis | None = None
_breaker: Breaker | None = None


def hang_bell(bell: ArqRedis | None, breaker: Breaker | None = None) -> None:
    """From now on this process rings `bell`, over the Redis of `breaker` or, without one, in its own memory; None: its
    jobs wait for a poll of the table."""
    global _bell, _breaker  # one process, one bell: it is opened and closed with the application
    _bell, _breaker = bell, breaker


async def open_bell(known: Settings) -> None:
    """Ring over the Redis that the settings name, if any; otherwise the embedded worker hangs its own bell.

    A Redis that does not answer stops nothing: the breaker says so in the log, and the site begins without it.
    """
    breaker = breaker_of(known)
    if breaker is not None:
        hang_bell(bell_over(breaker.pool), breaker)
        await breaker.answers()


async def ring(job: int, fence: int) -> None:
    """Tell the workers that a job waits. Never fails: a lost bell costs the time until the next poll.

    The fence is part of the job's name in the queue: after a worker was killed, the queue still holds the entry that it
    was working on, and a job of the same name would be dropped as a duplicate.
    """
    if _bell is None:
        return
    ringing = partial(_bell.enqueue_job, RUN_JOB, job, _job_id=f"{settings().redis_prefix}:{job}:{fence}")
    if _breaker is None:
        await ringing()
        return
    with suppress(RedisAway):  # the breaker has said so, once
        await _breaker.ask(ringing)


async def enqueue(tx: Transaction, name: JobName, subject: int, *, key: str, now: datetime) -> int:
    """Ask for work about the row `subject`, inside the caller's transaction. Returns the job's id.

    The same `key` means the same work: asked for again while it waits or runs, it stays one job; asked for again once
    done or failed, it restarts with all its tries.
    """
    asked = await row(ENQUEUE, name.value, key, subject, now)
    assert asked is not None, "an upsert gives its row"
    job, fence = int(asked["id"]), int(asked["fence"])
    tx.after_commit(partial(ring, job, fence))
    return job


async def enqueue_all(name: JobName, subjects: Mapping[str, int], *, now: datetime) -> None:
    """Ask for work about many rows, by keys that are all new, inside the caller's transaction.

    The bell does not ring: workers find these jobs in the table, a hundred at each reading, so that a job that somebody
    asks for meanwhile does not wait behind thousands.
    """
    await insert_rows(
        """job (name, key, subject, state, tries, fence, run_after, done_steps, total_steps, step, error, trace_id,
                created_at)""",
        [(name.value, key, subject, "queued", 0, 0, now, 0, 0, "", "", "", now) for key, subject in subjects.items()],
    )


ENQUEUE = """
    INSERT INTO job (name, key, subject, state, tries, fence, run_after, done_steps, total_steps, step, error,
                     trace_id, created_at)
    VALUES ($1, $2, $3, 'queued', 0, 0, $4, 0, 0, '', '', '', $4)
    ON CONFLICT (key) DO UPDATE
       SET state = CASE WHEN job.state IN ('done', 'failed') THEN 'queued' ELSE job.state END,
           tries = CASE WHEN job.state IN ('done', 'failed') THEN 0 ELSE job.tries END,
           done_steps = CASE WHEN job.state IN ('done', 'failed') THEN 0 ELSE job.done_steps END,
           step = CASE WHEN job.state IN ('done', 'failed') THEN '' ELSE job.step END,
           error = CASE WHEN job.state IN ('done', 'failed') THEN '' ELSE job.error END,
           trace_id = CASE WHEN job.state IN ('done', 'failed') THEN '' ELSE job.trace_id END,
           run_after = CASE WHEN job.state IN ('done', 'failed') THEN excluded.run_after ELSE job.run_after END,
           finished_at = CASE WHEN job.state IN ('done', 'failed') THEN NULL ELSE job.finished_at END
    RETURNING id, fence"""
