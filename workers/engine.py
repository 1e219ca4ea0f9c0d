"""arq's own Worker inside the web process, over a Redis in its memory.

Heavy to import (arq's worker, fakeredis, the renderers), hence apart from `embedded`, which loads it. The content of
the queue dies with the process; the `job` table does not.
"""

from collections.abc import Callable
from typing import Any

import arq.worker
from arq.worker import Worker
from fakeredis import FakeAsyncRedis

from forum.jobs import bell_over, hang_bell
from workers.functions import duties


async def _say_nothing(redis: Any, log: Callable[[str], Any]) -> None:
    """arq greets its Redis with INFO, which fakeredis does not know."""


def hire() -> Worker:
    """A worker of this process, and the bell that calls it. It works as long as its `async_run` does."""
    arq.worker.log_redis_info = _say_nothing  # type: ignore[attr-defined,assignment] # not exported, but what it calls
    bell = bell_over(FakeAsyncRedis().connection_pool)
    worker = Worker(**duties(), redis_pool=bell, handle_signals=False)
    hang_bell(bell)
    return worker
