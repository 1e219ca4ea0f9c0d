"""Redis stopped, slow or frozen, by a proxy in front of a real one: the site goes on, says so, and finds it again."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from httpx2 import AsyncClient
from structlog.testing import capture_logs

from forum import jobs as bell
from forum.breaker import breaker_of
from forum.database import transaction
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.throttle import close_throttle, throttle
from forum.domain.upkeep.health import SENTENCES
from forum.errors import TooMany
from forum.jobs import JobName, enqueue
from forum.settings import Settings, settings
from tests.conftest import NOON, PATIENCE
from tests.faults.proxy import Proxy, before
from workers import process, running
from workers import workshop as workshops
from workers.running import Work
from workers.workshop import Workshop

pytestmark = [pytest.mark.anyio, pytest.mark.postgres_only]

PASSWORD = "quatre mots pour entrer"
ENTRY = {"identifiant": "Camille-Martin", "mot_de_passe": PASSWORD}
READY, DEGRADED = [{"status": "pass"}], [{"status": "warn", "output": SENTENCES["redis"]}]


async def stop(proxy: Proxy) -> None:
    await proxy.stop()


async def slow_down(proxy: Proxy) -> None:
    proxy.delay = PATIENCE


async def freeze(proxy: Proxy) -> None:
    proxy.freeze()


FAULTS = [stop, slow_down, freeze]


@pytest.fixture
async def proxy(database: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    """Between the site and its Redis. Answers are awaited patiently, so that only a fault is taken for one."""
    async with before(os.environ["FORUM_REDIS__URL"]) as (made, address):
        monkeypatch.setenv("FORUM_REDIS__URL", address)
        monkeypatch.setenv("FORUM_REDIS__RETRY_SECONDS", "0.05")
        # The keys of each test are its own: what an earlier one left in the queue would be taken for the same job.
        monkeypatch.setenv("FORUM_SITE__BASE_URL", f"http://127.0.0.1:{made.port}")
        settings.cache_clear()
        await bell.open_bell(settings())
        yield made
        bell.hang_bell(None)
        await close_throttle()


@asynccontextmanager
async def met_with(fault: Callable[[Proxy], Awaitable[None]], proxy: Proxy) -> AsyncIterator[None]:
    """Redis is away while the block runs, when an answer has a twentieth of a second; then it is found again."""
    breaker = breaker_of(settings())
    assert breaker is not None
    with pytest.MonkeyPatch.context() as impatient:
        impatient.setattr(breaker, "_answer_seconds", 0.05)
        await fault(proxy)
        yield
    proxy.delay = 0
    proxy.thaw()
    if fault is stop:
        await proxy.start()
    async with asyncio.timeout(PATIENCE):
        while not await breaker.answers():
            await asyncio.sleep(0.01)


async def redis_as_told(client: AsyncClient) -> object:
    """What a site that is ready says of its Redis."""
    ready = await client.get("/sante/pret")
    assert ready.status_code == 200
    return ready.json()["checks"]["redis"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_site_does_without_redis_and_finds_it_again(
    client: AsyncClient, proxy: Proxy, fault: Callable[[Proxy], Awaitable[None]]
) -> None:
    """One answer is waited for in vain, whatever is asked meanwhile; the log says it once."""
    await members.create_member(Particulars("Camille Martin", email="c@exemple.fr", password=PASSWORD), now=NOON)
    assert await redis_as_told(client) == READY
    assert (await client.post("/connexion", data=ENTRY)).status_code == 303
    with capture_logs() as said:
        async with met_with(fault, proxy):
            assert (await client.post("/connexion", data=ENTRY)).status_code == 303
            assert await redis_as_told(client) == DEGRADED
            async with transaction() as tx:
                job = await enqueue(tx, JobName.COMPILE_SYNTHESIS, 7, key="synthesis:7", now=NOON)
    assert job in {one for one, _ in await jobs.waiting(NOON)}
    assert [line["event"] for line in said if line["event"] != "signed in"] == [
        "redis does not answer, the site does without it",
        "redis answers again",
    ]
    assert await redis_as_told(client) == READY
    assert (await client.post("/connexion", data=ENTRY)).status_code == 303


async def test_while_redis_is_away_a_process_counts_alone_and_allows_half(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_LIMITS__WRITES_PER_MINUTE", "6")
    settings.cache_clear()
    await throttle().count_write(1)
    await proxy.stop()
    for _ in range(3):
        await throttle().count_write(1)
    with pytest.raises(TooMany):
        await throttle().count_write(1)


async def test_the_site_starts_without_its_redis(proxy: Proxy) -> None:
    """The breaker says so at the start, before anybody has asked for anything."""
    await proxy.stop()
    with capture_logs() as said:
        await bell.open_bell(settings())
    assert [line["event"] for line in said] == ["redis does not answer, the site does without it"]


class Begun:
    """A worker over the Redis behind the proxy, whose jobs only say that they begin."""

    def __init__(self) -> None:
        self.jobs: list[int] = []

    async def do(self, claim: Claim) -> None:
        self.jobs.append(claim.subject)
        await jobs.finish(claim, running.clock())

    async def take(self, subject: int) -> None:
        """Ask for a job, as a request does, and wait until it begins."""
        async with transaction() as tx:
            await enqueue(tx, JobName.COMPILE_SYNTHESIS, subject, key=f"synthesis:{subject}", now=NOON)
        async with asyncio.timeout(PATIENCE):
            while subject not in self.jobs:
                await asyncio.sleep(0.01)


def look_every(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = settings().jobs.model_copy(update={"poll_seconds": seconds})
    monkeypatch.setattr(workshops, "settings", lambda: settings().model_copy(update={"jobs": quick}))


@pytest.fixture
async def begun(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Begun]:
    """It reads the table once, at the start; afterwards only a bell reaches it."""
    made, breaker = Begun(), breaker_of(settings())
    assert breaker is not None
    monkeypatch.setattr(workshops, "WORK", {name: Work(made.do, jobs.give_up) for name in JobName})
    monkeypatch.setattr(process, "LONGEST_SILENCE", 0.5)
    look_every(PATIENCE, monkeypatch)
    working = asyncio.create_task(process.at_work(breaker))
    yield made
    working.cancel()
    await asyncio.wait({working})


@pytest.mark.parametrize("fault", FAULTS)
async def test_jobs_begin_whatever_redis_does_and_ring_again_when_it_is_back(
    begun: Begun, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Proxy], Awaitable[None]]
) -> None:
    await begun.take(1)
    async with met_with(fault, proxy):
        # Another workshop, which reads the table often.
        look_every(0.05, monkeypatch)
        workshop = Workshop()
        looking = asyncio.create_task(workshop.look_for_ever())
        await begun.take(2)
        looking.cancel()
        await asyncio.wait({looking})
        await workshop.close()
    await begun.take(3)
