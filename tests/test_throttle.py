"""Counters in memory: the library removes expired ones by itself, whatever is deleted meanwhile."""

import asyncio

import pytest
from limits import RateLimitItemPerDay
from limits.aio.storage import MemoryStorage

from forum.breaker import Breaker
from forum.domain.throttle import Throttle

LIMIT = RateLimitItemPerDay(3)


@pytest.mark.parametrize("at_once", [False, True], ids=["one", "all"])
async def test_what_is_forgotten_during_a_sweep_does_not_end_it(*, at_once: bool) -> None:
    """The sweep pauses between two keys: the next one may be gone."""
    counters = Throttle(None)
    keys = [f"codes {number}" for number in range(20)]
    for key in keys:
        assert await counters.count(LIMIT, key)
    await _sweep_of(counters)
    assert await counters.count(LIMIT, keys[0])
    sweep = _sweep_of(counters)
    for _ in range(3):
        await asyncio.sleep(0)
    assert not sweep.done()
    if at_once:
        await counters.forget()
    else:
        for key in keys:
            await counters.forgive(LIMIT, key)
    await sweep
    for key in keys:
        assert [await counters.count(LIMIT, key) for _ in range(4)] == [True, True, True, False]


def _sweep_of(counters: Throttle) -> asyncio.Task[None]:
    """The library's own task, begun by the last count."""
    storage = counters._memory.storage
    assert isinstance(storage, MemoryStorage)
    assert storage.timer
    return storage.timer


async def test_alone_a_count_weighs_more_but_not_what_is_under_way() -> None:
    """A try that ended when Redis was back leaves its one here for a while: it must not fill the two places."""
    breaker = Breaker("redis://127.0.0.1:1/0", answer_seconds=60, retry_seconds=60)
    counters = Throttle(breaker)
    assert [await counters.tally("tries", 30) for _ in range(2)] == [2, 4]
    assert [await counters.tally("lane", 30, stricter=False) for _ in range(2)] == [1, 2]
    await breaker.close()
