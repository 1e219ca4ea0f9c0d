"""PostgreSQL frozen, slow or locked, by a proxy in front of a real one: a request is refused in time, and the next one
is served as soon as it can be."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import asyncpg
import pytest
from anyio import to_thread
from httpx2 import AsyncClient, Response

from forum import database
from forum.app import build
from forum.database import close_database, is_unreachable, of_jobs, of_requests, open_database, rows
from forum.domain.throttle import close_throttle
from forum.domain.upkeep import health
from forum.errors import CannotStart
from forum.settings import Settings, settings
from tests.conftest import PATIENCE, visitor
from tests.faults.proxy import Proxy, before
from tests.test_start import command_by_itself

pytestmark = [pytest.mark.anyio, pytest.mark.postgres_only]


@pytest.fixture
async def proxy(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    """Between the site, with short deadlines, and its database."""
    async with before(configured.database.url) as (made, address):
        # Without TLS, which the driver asks for by a future of its own: when the deadline falls between the connection
        # and that question, nobody awaits it, and asyncio tells of its exception. Only a busy machine hits that moment.
        monkeypatch.setenv("FORUM_DATABASE__URL", f"{address}?sslmode=disable")
        monkeypatch.setenv("FORUM_DATABASE__CONNECTION_SECONDS", "0.5")
        monkeypatch.setenv("FORUM_DATABASE__STATEMENT_SECONDS", "0.5")
        monkeypatch.setenv("FORUM_DATABASE__POOL_SIZE", "2")
        settings.cache_clear()
        await open_database(settings(), of_requests(settings()))
        yield made
        made.thaw()
        await close_throttle()
        await close_database()


@pytest.fixture
async def reader(proxy: Proxy) -> AsyncIterator[AsyncClient]:
    async with visitor(build(settings())) as one:
        await served(one)
        yield one


async def served(reader: AsyncClient) -> None:
    """Ask until the page comes: on a busy machine a living database may also be late."""
    async with asyncio.timeout(PATIENCE):
        while (await reader.get("/sante/pret")).status_code != 200:
            await asyncio.sleep(0.01)


def assert_refused_for_now(answer: Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_frozen_database_is_503_in_time_and_comes_back_by_itself(proxy: Proxy, reader: AsyncClient) -> None:
    """More requests than connections: some wait for an answer, the others for a connection."""
    proxy.freeze()
    async with asyncio.timeout(PATIENCE):
        for answer in await asyncio.gather(*(reader.get("/sante/pret") for _ in range(6))):
            assert_refused_for_now(answer)
        assert_refused_for_now(await reader.get("/"))
    proxy.thaw()
    await served(reader)


async def test_a_database_that_stops_is_503_and_comes_back_by_itself(proxy: Proxy, reader: AsyncClient) -> None:
    await proxy.stop()
    assert_refused_for_now(await reader.get("/sante/pret"))
    await proxy.start()
    await served(reader)


@pytest.mark.parametrize("statement", ["SELECT pg_sleep(300)", "SELECT pg_advisory_lock(7)"])
async def test_a_statement_that_lasts_is_ended_by_the_server(
    reader: AsyncClient, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    async def long() -> None:
        await rows(statement)

    holder = await asyncpg.connect(settings().database.url)
    await holder.execute("SELECT pg_advisory_lock(7)")
    with monkeypatch.context() as patch:
        patch.setattr(health, "touch_database", long)
        async with asyncio.timeout(PATIENCE):
            assert_refused_for_now(await reader.get("/sante/pret"))
    await holder.close()
    await served(reader)


async def test_a_job_waits_longer_but_not_for_ever(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken connection may never say so: the worker would wait for it until somebody restarts it."""
    await close_database()
    monkeypatch.setattr(database, "LONGER", 2)
    requests, deadlines = of_requests(settings()), of_jobs(settings())
    assert (deadlines.connection, deadlines.statement) == (2 * requests.connection, 2 * (requests.statement or 0))
    async with asyncio.timeout(PATIENCE):
        await until(lambda: open_database(settings(), deadlines))
        proxy.freeze()
        with pytest.raises(TimeoutError):
            await rows("SELECT 1 AS one")
        proxy.thaw()
        await until(lambda: rows("SELECT 1 AS one"))


async def until(work: Callable[[], Awaitable[object]]) -> None:
    """Try until it is done: on a busy machine a living database may also be late."""
    while True:
        try:
            await work()
        except Exception as problem:
            if not (isinstance(problem, CannotStart) or is_unreachable(problem)):
                raise
        else:
            return


@pytest.mark.parametrize("arguments", [["serve"], ["work"], ["migrate"]])
async def test_a_start_before_a_frozen_database_says_so_and_ends(configured: Settings, arguments: list[str]) -> None:
    async with before(configured.database.url) as (proxy, address):
        proxy.freeze()
        impatient = {"FORUM_DATABASE__URL": address, "FORUM_DATABASE__CONNECTION_SECONDS": "0.02"}
        refused = await to_thread.run_sync(command_by_itself, dict(os.environ) | impatient, *arguments)
    assert refused.returncode == 1
    place = f"postgres://127.0.0.1:{proxy.port}{urlsplit(address).path}"
    assert refused.stderr == f"base de données : {place} ne répond pas (pas de réponse à temps)\n"
