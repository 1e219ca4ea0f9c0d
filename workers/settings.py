"""How does arq's own process run? `python -m arq workers.WorkerSettings`, beside the web process, over Redis.

When Redis is unreachable, at the start or later, it waits and says so; the job that runs goes on, since its lease is in
the database. When the database is unreachable at the start, it prints one line and ends.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import structlog
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from forum.database import close_database, open_database
from forum.errors import CannotStart
from forum.jobs import hang_bell
from forum.logs import open_logs
from forum.settings import Settings, settings
from workers.functions import duties

T = TypeVar("T")

log = structlog.get_logger()

LONGEST_WAIT: Final = 5.0
"""Seconds between two attempts to reach Redis: as often as the table is polled."""


class Patience(Retry):
    """Waits for Redis for ever, and logs each attempt."""

    def __init__(self) -> None:
        super().__init__(ExponentialBackoff(cap=LONGEST_WAIT, base=0.2), retries=-1)

    async def call_with_retry(self, do: Callable[[], Awaitable[T]], fail: Callable[[RedisError], Awaitable[None]]) -> T:
        async def say(problem: RedisError) -> None:
            log.warning("redis cannot be reached, waiting for it", problem=str(problem))
            await fail(problem)

        return await super().call_with_retry(do, say)


def _known_settings() -> Settings:
    try:
        known = settings()
        if not known.redis.url:
            raise CannotStart("redis.url est vide : l’ouvrier vit dans le processus du site, ne lancez que celui-ci")
    except CannotStart as problem:
        sys.exit(str(problem))
    return known


def _redis(known: Settings) -> RedisSettings:
    redis = RedisSettings.from_dsn(known.redis.url)
    redis.retry = Patience()
    # OSError: redis-py gives its own name to a refused connection only after it gave up trying.
    redis.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    return redis


async def _start(ctx: dict[str, Any]) -> None:
    open_logs()
    try:
        await open_database(settings())
    except CannotStart as problem:
        sys.exit(str(problem))
    bell: ArqRedis = ctx["redis"]
    hang_bell(bell)


async def _stop(ctx: dict[str, Any]) -> None:
    hang_bell(None)
    await close_database()


_KNOWN: Final = _known_settings()

WorkerSettings: Final = duties() | {
    "redis_settings": _redis(_KNOWN),
    "on_startup": _start,
    "on_shutdown": _stop,
}
"""Read by arq."""
