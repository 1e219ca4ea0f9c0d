"""The workshop inside the web process, and arq's own Worker over a Redis in its memory, which listens for the bell.

Heavy to import (arq's worker, fakeredis, the renderers), hence apart from `embedded`, which loads it. The content of
the queue dies with the process; the `job` table does not.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import arq.worker
from fakeredis import FakeAsyncRedis

from forum.jobs import bell_over, hang_bell
from workers.workshop import Workshop, listen


async def _say_nothing(redis: Any, log: Callable[[str], Any]) -> None:
    """arq greets its Redis with INFO, which fakeredis does not know."""


async def work() -> None:
    """Work in this process, and hang the bell that calls it, until this is cancelled; jobs are then given back."""
    arq.worker.log_redis_info = _say_nothing  # type: ignore[attr-defined,assignment] # not exported, but what it calls
    workshop, bell = Workshop(), bell_over(FakeAsyncRedis().connection_pool)
    hang_bell(bell)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(workshop.look_for_ever())
            tasks.create_task(listen(workshop, bell))
    finally:
        hang_bell(None)
        await workshop.close()
