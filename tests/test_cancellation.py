"""A task that is told to end ends, whatever it was asking the database: nobody waits for it in vain."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from forum.database import is_sqlite, rows, transaction
from forum.settings import Settings

pytestmark = pytest.mark.anyio


async def _reads() -> None:
    await rows("SELECT 1 AS one")


async def _writes() -> None:
    async with transaction():
        await rows("UPDATE theme SET version = version")


async def _writes_in_a_part() -> None:
    async with transaction():
        await rows("SELECT 1 AS one")
        async with transaction():
            await rows("UPDATE theme SET version = version")


async def _waits() -> None:
    await rows("SELECT 1 AS one" if is_sqlite() else "SELECT pg_sleep(0.05) AS one")


@pytest.mark.parametrize("work", [_reads, _writes, _writes_in_a_part, _waits])
async def test_a_cancelled_task_ends_as_cancelled(database: Settings, work: Callable[[], Awaitable[None]]) -> None:
    """At each of its first turns, and a little later."""
    for seconds in (0.0, 0.0003, 0.001, 0.003):
        for turns in range(25):
            # A connection that is being opened has its own way to end.
            await rows("SELECT 1 AS one")
            task = asyncio.ensure_future(work())
            for _ in range(turns):
                await asyncio.sleep(0)
            if seconds:
                await asyncio.sleep(seconds)
            was_told = task.cancel()
            await asyncio.wait({task})
            if was_told:
                assert task.cancelled(), (seconds, turns, repr(task.exception()))
            else:
                task.result()
    assert await rows("SELECT 1 AS one")
