"""Redis stopped, slow or frozen, by a proxy in front of a real one: the site goes on, says so, and finds it again."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from httpx2 import AsyncClient
from structlog.testing import capture_logs

from forum import jobs as bell
from forum.breaker import breaker_of
from forum.database import transaction
from forum.domain import jobs
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.throttle import close_throttle, throttle
from forum.errors import TooMany
from forum.jobs import JobName, enqueue
from forum.settings import Settings, settings
from tests.conftest import NOON, PATIENCE
from tests.faults.proxy import Proxy, before

pytestmark = [pytest.mark.anyio, pytest.mark.postgres_only]

PASSWORD = "quatre mots pour entrer"
ENTRY = {"identifiant": "Camille-Martin", "mot_de_passe": PASSWORD}
READY, DEGRADED = "prêt\n", "prêt, dégradé : Redis ne répond pas"


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
        settings.cache_clear()
        await bell.open_bell(settings())
        yield made
        bell.hang_bell(None)
        await close_throttle()


def expect_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on an answer has a twentieth of a second."""
    breaker = breaker_of(settings())
    assert breaker is not None
    monkeypatch.setattr(breaker, "_answer_seconds", 0.05)


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_site_does_without_redis_and_finds_it_again(
    client: AsyncClient, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Proxy], Awaitable[None]]
) -> None:
    await members.create_member(Particulars("Camille Martin", email="c@exemple.fr", password=PASSWORD), now=NOON)
    assert (await client.get("/sante/pret")).text == READY
    assert (await client.post("/connexion", data=ENTRY)).status_code == 303
    expect_little(monkeypatch)
    await fault(proxy)
    with capture_logs() as said:
        assert (await client.post("/connexion", data=ENTRY)).status_code == 303
        degraded = await client.get("/sante/pret")
        async with transaction() as tx:
            job = await enqueue(tx, JobName.COMPILE_SYNTHESIS, 7, key="synthesis:7", now=NOON)
    assert degraded.status_code == 200
    assert degraded.text.startswith(DEGRADED)
    assert job in {one for one, _ in await jobs.waiting(NOON)}
    assert [line["event"] for line in said] == ["redis does not answer, the site does without it"]
    proxy.delay = 0
    proxy.thaw()
    if fault is stop:
        await proxy.start()
    async with asyncio.timeout(PATIENCE):
        while (await client.get("/sante/pret")).text != READY:
            await asyncio.sleep(0.01)
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
