"""Jobs: one row is one piece of work, one worker at a time, and a worker that lost its lease writes nothing."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from arq.connections import ArqRedis
from structlog.testing import capture_logs

from forum import jobs as bell
from forum.breaker import close_breakers
from forum.database import row, rows, transaction
from forum.domain import jobs
from forum.domain.jobs import Claim, LostLease
from forum.errors import Unavailable
from forum.jobs import JobName, enqueue
from forum.settings import Settings
from forum.storage import SENTENCES, StorageFault, Trouble
from tests.conftest import NOON, PATIENCE, Clock
from workers import embedded, running
from workers.running import Work

LEASE = timedelta(seconds=20)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


@pytest.fixture
def unused_tcp_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def ask(*, subject: int = 7, now: datetime = NOON) -> int:
    async with transaction() as tx:
        return await enqueue(tx, JobName.COMPILE_SYNTHESIS, subject, key=f"synthesis:{subject}", now=now)


async def take(job: int, now: datetime = NOON) -> Claim:
    claim = await jobs.take(job, now, lease=LEASE)
    assert claim is not None
    return claim


async def take_up(job: int, now: datetime = NOON) -> Claim:
    """Take a job from a worker that has fallen silent."""
    silent = next(one for one in await jobs.held() if one.job == job)
    claim = await jobs.take(job, now, lease=LEASE, silent=silent)
    assert claim is not None
    return claim


async def state_of(job: int) -> str:
    found = await row("SELECT state FROM job WHERE id = $1", job)
    assert found is not None
    return str(found["state"])


async def test_asking_twice_for_the_same_work_is_one_job() -> None:
    assert await ask() == await ask()
    assert len(await rows("SELECT id FROM job")) == 1


async def test_a_job_is_rolled_back_with_the_write_that_wanted_it() -> None:
    async def ask_then_break() -> None:
        async with transaction() as tx:
            await enqueue(tx, JobName.COMPILE_SYNTHESIS, 7, key="synthesis:7", now=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ask_then_break()
    assert await rows("SELECT id FROM job") == []


async def test_the_bell_rings_after_commit_only(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []

    async def ring(job: int, fence: int) -> None:
        rung.append(job)

    monkeypatch.setattr(bell, "ring", ring)
    async with transaction() as tx:
        job = await enqueue(tx, JobName.COMPILE_SYNTHESIS, 7, key="synthesis:7", now=NOON)
        assert rung == []
    assert rung == [job]


@pytest.fixture
async def redis_that_is_away(database: Settings, unused_tcp_port: int) -> AsyncIterator[Settings]:
    """Settings that name a Redis where there is none."""
    redis = database.redis.model_copy(update={"url": f"redis://127.0.0.1:{unused_tcp_port}/0"})
    yield database.model_copy(update={"redis": redis})
    bell.hang_bell(None)
    await close_breakers()


async def test_a_redis_that_is_away_loses_the_bell_and_not_the_job(redis_that_is_away: Settings) -> None:
    with capture_logs() as said:
        await bell.open_bell(redis_that_is_away)
        job = await ask()
    assert await jobs.waiting(NOON) == [(job, 0)]
    assert [line["event"] for line in said] == ["redis does not answer, the site does without it"]


async def test_a_bell_is_rung_until_it_is_taken_down(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []

    class Answering:
        async def enqueue_job(self, name: str, job: int, *, _job_id: str) -> None:
            heard.append(job)

    bell.hang_bell(cast(ArqRedis, Answering()))
    job = await ask(subject=7)
    bell.hang_bell(None)
    await ask(subject=8)
    assert heard == [job]


async def test_without_a_redis_no_bell_is_opened(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "bell_over", None)
    redis = database.redis.model_copy(update={"url": ""})
    await bell.open_bell(database.model_copy(update={"redis": redis}))
    await ask()


async def test_a_job_is_taken_by_one_worker_only() -> None:
    job = await ask()
    claims = await asyncio.gather(*(jobs.take(job, NOON, lease=LEASE) for _ in range(20)))
    assert sum(claim is not None for claim in claims) == 1


async def test_a_job_is_taken_from_a_silent_worker_alone_whatever_the_clock() -> None:
    """A clock that is set forward by an hour, or back, ends no lease."""
    job = await ask()
    first = await take(job)
    for moment in (NOON + timedelta(hours=1), NOON - timedelta(hours=1)):
        assert await jobs.take(job, moment, lease=LEASE) is None
        assert await jobs.waiting(moment) == []
    [before] = await jobs.held()
    await jobs.renew(first, NOON + timedelta(seconds=5), lease=LEASE)
    assert await jobs.take(job, NOON, lease=LEASE, silent=before) is None
    [silent] = await jobs.held()
    second = await jobs.take(job, NOON, lease=LEASE, silent=silent)
    assert second is not None
    assert (second.fence, second.tries) == (first.fence + 1, 2)
    assert await jobs.take(job, NOON, lease=LEASE, silent=silent) is None


async def test_a_job_that_waits_is_due_after_the_clock_was_set_back_by_an_hour() -> None:
    job = await ask()
    await jobs.put_off(await take(job), "raison", "trace", NOON, longest=timedelta(minutes=15))
    assert await jobs.waiting(NOON + timedelta(seconds=1)) == []
    assert await jobs.waiting(NOON - timedelta(hours=1)) == [(job, 1)]
    await take(job, NOON - timedelta(hours=1))


WRITES: dict[str, Callable[[Claim], Awaitable[None]]] = {
    "renew": lambda claim: jobs.renew(claim, NOON, lease=LEASE),
    "advance": lambda claim: jobs.advance(claim, 1, 6, "PDF"),
    "finish": lambda claim: jobs.finish(claim, NOON),
    "put off": lambda claim: jobs.put_off(claim, "raison", "trace", NOON),
    "give up": lambda claim: jobs.give_up(claim, "raison", "trace", NOON),
}


@pytest.mark.parametrize("write", WRITES)
async def test_a_worker_that_lost_its_lease_writes_nothing(write: str) -> None:
    job = await ask()
    lost = await take(job)
    await take_up(job)
    before = await row("SELECT * FROM job WHERE id = $1", job)
    with pytest.raises(LostLease):
        await WRITES[write](lost)
    await jobs.release(lost, NOON)
    after = await row("SELECT * FROM job WHERE id = $1", job)
    assert before is not None
    assert after is not None
    assert dict(before) == dict(after)


async def test_a_postponed_job_waits_longer_each_time_and_never_more_than_a_minute() -> None:
    job = await ask()
    now, pauses = NOON, []
    for _ in range(8):
        claim = await take(job, now)
        await jobs.put_off(claim, "raison", "trace", now)
        pause = 0
        while not await jobs.waiting(now + timedelta(seconds=pause)):
            pause += 1
        pauses.append(pause)
        now += timedelta(seconds=pause)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_released_job_is_taken_up_at_once_and_the_try_does_not_count() -> None:
    job = await ask()
    await jobs.release(await take(job), NOON)
    claim = await take(job)
    assert (claim.tries, claim.fence) == (1, 2)


async def test_a_finished_job_restarts_when_it_is_asked_for_again() -> None:
    job = await ask()
    await jobs.give_up(await take(job), "raison", "trace", NOON)
    assert await ask() == job
    progress = await jobs.progress_of("synthesis:7")
    assert progress is not None
    assert (progress.state, progress.error, progress.trace_id) == ("queued", "", "")
    assert (await take(job)).tries == 1


# Running


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(running, "clock", clock)
    return clock


def works(do: Callable[[Claim], Awaitable[None]]) -> dict[str, Work]:
    return {JobName.COMPILE_SYNTHESIS: Work(do, jobs.give_up)}


async def breaks(claim: Claim) -> None:
    raise Unavailable("La presse est {state}.", values={"state": "cassée"})


async def test_work_that_is_done_is_done_once(now: Clock) -> None:
    done: list[int] = []

    async def do(claim: Claim) -> None:
        done.append(claim.subject)
        await jobs.finish(claim, now())

    job = await ask(subject=12)
    await running.run(job, works(do))
    await running.run(job, works(do))
    assert done == [12]
    assert await state_of(job) == "done"


async def test_work_goes_by_the_time_of_the_machine() -> None:
    async def do(claim: Claim) -> None:
        await jobs.finish(claim, running.clock())

    before = datetime.now(UTC)
    job = await ask(now=before)
    await running.run(job, works(do))
    found = await row("SELECT finished_at FROM job WHERE id = $1", job)
    assert found is not None
    assert before <= found["finished_at"] <= datetime.now(UTC)


async def test_work_that_fails_is_tried_again_then_left_with_its_reason_and_trace(
    now: Clock, database: Settings
) -> None:
    job = await ask()
    for attempt in range(1, database.jobs.tries + 1):
        with capture_logs():
            await running.run(job, works(breaks))
        assert await state_of(job) == ("failed" if attempt == database.jobs.tries else "queued")
        now.pass_(minutes=2)
    progress = await jobs.progress_of("synthesis:7")
    assert progress is not None
    assert progress.error == "La presse est cassée."
    assert len(progress.trace_id) == 16
    assert await jobs.waiting(now()) == []


async def test_a_job_that_kills_its_workers_is_given_up(now: Clock, database: Settings) -> None:
    job = await ask()
    await take(job)
    for _ in range(database.jobs.tries - 1):
        await take_up(job)
    [silent] = await jobs.held()
    await running.run(job, works(breaks), silent)
    progress = await jobs.progress_of("synthesis:7")
    assert progress is not None
    assert progress.state == "failed"
    assert "arrêté brutalement" in progress.error


async def test_long_work_keeps_its_lease_while_it_lives(
    now: Clock, monkeypatch: pytest.MonkeyPatch, database: Settings
) -> None:
    beats: list[int] = []

    async def renew(claim: Claim, at: datetime, *, lease: timedelta) -> None:
        beats.append(claim.job)

    async def do(claim: Claim) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(beats) < 2:
                await asyncio.sleep(0.01)
        await jobs.finish(claim, now())

    monkeypatch.setattr(jobs, "renew", renew)
    quick = database.jobs.model_copy(update={"heartbeat_seconds": 0.05})
    monkeypatch.setattr(running, "settings", lambda: database.model_copy(update={"jobs": quick}))
    job = await ask()
    await running.run(job, works(do))
    assert len(beats) >= 2
    assert set(beats) == {job}


async def test_work_whose_lease_is_lost_is_cut_off(
    now: Clock, monkeypatch: pytest.MonkeyPatch, database: Settings
) -> None:
    reached: list[str] = []

    async def do(claim: Claim) -> None:
        await take_up(claim.job)
        reached.append("taken by another")
        await asyncio.sleep(PATIENCE)
        reached.append("went on")

    quick = database.jobs.model_copy(update={"heartbeat_seconds": 0.02})
    monkeypatch.setattr(running, "settings", lambda: database.model_copy(update={"jobs": quick}))
    job = await ask()
    await running.run(job, works(do))
    assert reached == ["taken by another"]
    assert await state_of(job) == "running"


@pytest.mark.parametrize(
    ("fault", "events"), [(OSError("no answer"), ["heartbeat missed"]), (StorageFault(Trouble.FULL, "base"), [])]
)
async def test_a_database_that_does_not_answer_a_heartbeat_leaves_the_work_going(
    now: Clock, monkeypatch: pytest.MonkeyPatch, database: Settings, fault: Exception, events: list[str]
) -> None:
    beats: list[int] = []

    async def renew(claim: Claim, at: datetime, *, lease: timedelta) -> None:
        beats.append(claim.job)
        if len(beats) == 1:
            raise fault

    async def do(claim: Claim) -> None:
        while len(beats) < 2:
            await asyncio.sleep(0.01)
        await jobs.finish(claim, now())

    monkeypatch.setattr(jobs, "renew", renew)
    quick = database.jobs.model_copy(update={"heartbeat_seconds": 0.02})
    monkeypatch.setattr(running, "settings", lambda: database.model_copy(update={"jobs": quick}))
    job = await ask()
    with capture_logs() as said:
        await running.run(job, works(do))
    assert await state_of(job) == "done"
    assert [line["event"] for line in said] == events


async def test_work_for_which_there_is_no_room_says_so_without_a_traceback() -> None:
    async def do(claim: Claim) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/page.html")

    job = await ask()
    with capture_logs() as said:
        await running.run(job, works(do))
    progress = await jobs.progress_of("synthesis:7")
    assert progress is not None
    assert progress.error == SENTENCES[Trouble.FULL]
    told, failed = said
    assert (told["event"], told["fault"], failed["event"], failed["exc_info"]) == (
        "storage fault",
        "full",
        "job failed",
        False,
    )
    assert "/tmp/page.html : plus de place" in told["said"]


async def test_a_worker_told_to_stop_releases_its_job(now: Clock) -> None:
    begun = asyncio.Event()

    async def do(claim: Claim) -> None:
        begun.set()
        await asyncio.sleep(PATIENCE)

    job = await ask()
    task = asyncio.create_task(running.run(job, works(do)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await jobs.waiting(now()) == [(job, 1)]


async def test_a_job_that_hangs_is_a_failed_try(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    async def do(claim: Claim) -> None:
        await asyncio.sleep(PATIENCE)

    monkeypatch.setattr(running, "LONGEST_JOB", timedelta(seconds=0.18))
    job = await ask()
    with capture_logs():
        await running.run(job, works(do))
    progress = await jobs.progress_of("synthesis:7")
    assert progress is not None
    assert (progress.state, progress.error) == ("queued", "Rien n’est sorti en 0.003 minutes.")


async def test_a_killed_worker_costs_less_than_a_minute_with_the_settings_of_the_file(database: Settings) -> None:
    # The lease must end, then the workshop must see it in the table.
    assert database.jobs.lease_seconds + database.jobs.poll_seconds < 60


async def test_a_lost_bell_costs_less_than_half_a_minute_with_the_settings_of_the_file(database: Settings) -> None:
    assert database.jobs.poll_seconds < 30


async def test_no_message_is_pickled() -> None:
    assert bell.write_json({"f": "run_job", "a": [1]}) == b'{"f": "run_job", "a": [1]}'
    assert bell.read_json(b'{"a": [1]}') == {"a": [1]}


async def test_the_worker_of_the_site_is_replaced_even_when_it_cannot_be_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    working = asyncio.Event()

    async def work() -> None:
        working.set()

    engines: Iterator[ImportError | SimpleNamespace] = iter(
        (ImportError("fakeredis is missing"), SimpleNamespace(work=work))
    )

    def load(name: str) -> SimpleNamespace:
        engine = next(engines)
        if isinstance(engine, ImportError):
            raise engine
        return engine

    monkeypatch.setattr(embedded, "import_module", load)
    monkeypatch.setattr(embedded, "READERS_FIRST", 0)
    monkeypatch.setattr(embedded, "AFTER_A_FALL", 0.01)
    with capture_logs() as lines:
        await embedded.start()
        async with asyncio.timeout(PATIENCE):
            await working.wait()
        await embedded.stop()
    assert [line["event"] for line in lines] == ["the embedded worker crashed, another one is started"]
