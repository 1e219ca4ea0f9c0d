"""The workshop: it finds jobs by itself, runs two at a time, and outlives a table that cannot be read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import ModuleType

import pytest
from structlog.testing import capture_logs

import workers
from forum.database import row, transaction
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.errors import CannotStart
from forum.jobs import JobName, enqueue
from forum.settings import Settings
from forum.storage import StorageFault, Trouble
from tests.conftest import NOON, PATIENCE
from workers import moderation, news, process, results, retention, running, search, texts
from workers import workshop as workshops
from workers.running import Work
from workers.workshop import Workshop

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


class Bench:
    """Work that begins and then waits until it is told to end."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.may_end = asyncio.Event()

    async def do(self, claim: Claim) -> None:
        self.begun.append(claim.subject)
        await self.may_end.wait()
        await jobs.finish(claim, running.clock())


@pytest.fixture
def work_bench(monkeypatch: pytest.MonkeyPatch, database: Settings) -> Bench:
    """What every job does here; the table is read again at once."""
    made = Bench()
    monkeypatch.setattr(workshops, "WORK", {name: Work(made.do, jobs.give_up) for name in JobName})
    quick = database.jobs.model_copy(update={"poll_seconds": 0.01})
    monkeypatch.setattr(workshops, "settings", lambda: database.model_copy(update={"jobs": quick}))
    for asking in (*EVERY, search):
        monkeypatch.setattr(asking, "ask", _ask_for_nothing)
    return made


EVERY = {
    **dict.fromkeys((retention, moderation, texts), workshops.DATES_EVERY),
    news: workshops.LETTERS_EVERY,
    results: workshops.SIGN_EVERY,
}
"""Seconds between two askings for the work of each of these modules; `search` is asked at the start only."""


async def _ask_for_nothing() -> None:
    """No work that the workshop asks for by itself among the jobs of a test."""


@asynccontextmanager
async def looking(workshop: Workshop) -> AsyncIterator[None]:
    task = asyncio.create_task(workshop.look_for_ever())
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        await workshop.close()


async def ask(subject: int) -> int:
    async with transaction() as tx:
        return await enqueue(tx, JobName.COMPILE_SYNTHESIS, subject, key=f"synthesis:{subject}", now=NOON)


async def state_of(job: int) -> str:
    found = await row("SELECT state FROM job WHERE id = $1", job)
    assert found is not None
    return str(found["state"])


async def test_a_job_that_nobody_rang_for_is_found_in_the_table(work_bench: Bench) -> None:
    work_bench.may_end.set()
    async with looking(Workshop()):
        job = await ask(7)
        while await state_of(job) != "done":
            await asyncio.sleep(0.01)
    assert work_bench.begun == [7]


async def test_two_jobs_run_at_a_time_and_the_others_wait_for_a_place(work_bench: Bench) -> None:
    asked = [await ask(subject) for subject in range(4)]
    async with looking(Workshop()):
        while len(work_bench.begun) < workshops.AT_ONCE:
            await asyncio.sleep(0.01)
        assert sorted([await state_of(job) for job in asked]) == ["queued", "queued", "running", "running"]
        work_bench.may_end.set()
        while {await state_of(job) for job in asked} != {"done"}:
            await asyncio.sleep(0.01)
    assert sorted(work_bench.begun) == [0, 1, 2, 3]


async def test_a_job_that_rings_while_it_is_here_is_run_once(work_bench: Bench) -> None:
    workshop, job = Workshop(), await ask(7)
    first = workshop.bring(job)
    assert workshop.bring(job) is first
    work_bench.may_end.set()
    await first
    assert work_bench.begun == [7]


async def test_a_listener_that_goes_leaves_the_job_running(work_bench: Bench) -> None:
    workshop, job = Workshop(), await ask(7)
    rung = asyncio.create_task(workshop.run({}, job))
    while not work_bench.begun:
        await asyncio.sleep(0.01)
    rung.cancel()
    await asyncio.wait({rung})
    work_bench.may_end.set()
    await workshop.bring(job)
    assert await state_of(job) == "done"


async def test_a_desk_that_closes_gives_its_jobs_back(work_bench: Bench) -> None:
    async with looking(Workshop()):
        job = await ask(7)
        while not work_bench.begun:
            await asyncio.sleep(0.01)
    found = await row("SELECT state, tries FROM job WHERE id = $1", job)
    assert found is not None
    assert (found["state"], found["tries"]) == ("queued", 0)


async def test_a_table_that_cannot_be_read_is_reported_once_and_read_again(
    work_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failures = jobs.waiting, iter(range(3))

    async def waiting(now: datetime) -> list[tuple[int, int]]:
        if next(failures, None) is not None:
            raise ConnectionRefusedError
        return await read(now)

    monkeypatch.setattr(jobs, "waiting", waiting)
    work_bench.may_end.set()
    job = await ask(7)
    with capture_logs() as said:
        async with looking(Workshop()):
            while await state_of(job) != "done":
                await asyncio.sleep(0.01)
    assert [line["event"] for line in said][:2] == ["jobs cannot be read", "jobs can be read again"]
    assert [line["event"] for line in said].count("jobs cannot be read") == 1


async def test_a_job_that_cannot_even_be_begun_is_reported(work_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(job: int, works: object, silent: object) -> None:
        raise problems.pop()

    problems = [StorageFault(Trouble.FULL, "base"), ConnectionRefusedError()]
    monkeypatch.setattr(running, "run", run)
    with capture_logs() as said:
        await Workshop().bring(await ask(7))
        # It was told where it was met.
        await Workshop().bring(await ask(7))
    assert [line["event"] for line in said] == ["a job could not be run"]


async def test_a_job_whose_worker_gives_no_sign_of_life_is_taken_up_after_its_lease_by_no_clock(
    work_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is set an hour forward, then back: what has elapsed decides alone, and a sign of life begins anew."""
    now = 0.0
    job = await ask(7)
    silent = await jobs.take(job, NOON, lease=timedelta(seconds=20))
    assert silent is not None
    workshop = Workshop(elapsed=lambda: now)
    wrong = NOON
    monkeypatch.setattr(running, "clock", lambda: wrong)
    work_bench.may_end.set()
    for now, wrong in ((0.0, NOON + timedelta(hours=1)), (19.0, NOON - timedelta(hours=1))):  # noqa: B007
        await workshop._look()
    await jobs.renew(silent, NOON - timedelta(hours=1), lease=timedelta(seconds=20))
    for now in (21.0, 41.0):  # noqa: B007 # read by the clock
        await workshop._look()
    assert work_bench.begun == []
    now = 41.1
    await workshop._look()
    await workshop.bring(job)
    assert work_bench.begun == [7]
    with pytest.raises(jobs.LostLease):
        await jobs.finish(silent, NOON)
    assert await state_of(job) == "done"


@pytest.mark.parametrize("asking", [*EVERY, search], ids=lambda asking: asking.__name__.removeprefix("workers."))
async def test_work_is_asked_for_at_the_start_and_at_its_own_pace(
    work_bench: Bench, monkeypatch: pytest.MonkeyPatch, asking: ModuleType
) -> None:
    asked: list[float] = []
    now = 0.0

    async def note() -> None:
        asked.append(now)

    monkeypatch.setattr(asking, "ask", note)
    workshop = Workshop(elapsed=lambda: now)
    pace = EVERY.get(asking)
    for now in (0.0, 5.0, *((pace - 1, pace, pace + 5) if pace else (3600.0, 7200.0))):  # noqa: B007 # read by the clock
        await workshop._look()
    assert asked == ([0.0, pace] if pace else [0.0])


async def test_a_site_without_redis_needs_no_worker_of_its_own(database: Settings) -> None:
    without = database.model_copy(update={"redis": database.redis.model_copy(update={"url": ""})})
    with pytest.raises(CannotStart, match=r"^redis\.url est vide"):
        await process.work(without)


async def test_who_starts_the_worker_as_before_reads_how_it_is_started_now() -> None:
    with pytest.raises(SystemExit, match="python -m forum work"):
        _ = workers.WorkerSettings
    with pytest.raises(AttributeError):
        _ = workers.other
