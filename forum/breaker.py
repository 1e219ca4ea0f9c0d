"""Does Redis answer? One circuit breaker for everything that this process asks it.

Redis rings bells and lets processes count together; the site goes on without either. A question without an answer
within `redis.answer_seconds` opens the breaker: from then on nobody asks, and whoever wanted to does without at once
(`RedisAway`). Every `redis.retry_seconds` at most, a task apart finds out whether Redis is back: nobody waits for that.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from forum.settings import Settings

Answer = TypeVar("Answer")

AWAY: Final = (OSError, RedisError)
"""What a question to Redis raises when it cannot be answered; a TimeoutError is an OSError."""

log = structlog.get_logger()


class RedisAway(Exception):
    """Redis is not asked at present, or did not answer in time: do without it."""


class Breaker:
    """The connections to one Redis, and whether they are used at present."""

    def __init__(
        self, url: str, *, answer_seconds: float, retry_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.url = url
        self.pool = connections_to(url, seconds=answer_seconds)
        self.retry_seconds = retry_seconds
        self._answer_seconds = answer_seconds
        self._clock = clock
        self._client = Redis(connection_pool=self.pool)
        self._look_at: float | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether Redis is left alone."""
        return self._look_at is not None

    async def ask(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of Redis to a question over `pool`.

        Raises:
            RedisAway: there is none, for now.
        """
        if self._look_at is not None:
            if self._looking is None and self._clock() >= self._look_at:
                self._looking = asyncio.create_task(self._look_again(), name="is redis back")
            raise RedisAway
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await question()
        except AWAY as problem:
            self._leave(problem)
            raise RedisAway from problem

    async def answers(self) -> bool:
        """Whether Redis answers a question that is worth nothing; at once while the breaker is open."""
        try:
            await self.ask(self._client.ping)
        except RedisAway:
            return False
        return True

    def _leave(self, problem: Exception) -> None:
        """Open the breaker, or leave it open for as long again."""
        if self._look_at is None:
            log.warning("redis does not answer, the site does without it", problem=repr(problem))
        self._look_at = self._clock() + self.retry_seconds

    async def _look_again(self) -> None:
        try:
            async with asyncio.timeout(self._answer_seconds):
                await self._client.ping()
        except AWAY as problem:
            self._leave(problem)
        else:
            self._look_at = None
            log.warning("redis answers again")
        finally:
            self._looking = None

    async def close(self) -> None:
        """Leave every connection."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        await self.pool.aclose()


def connections_to(url: str, *, seconds: float) -> ConnectionPool:
    """Connections that wait so long for Redis, whatever it does; none is made yet."""
    return ConnectionPool.from_url(url, socket_connect_timeout=seconds, socket_timeout=seconds)


_breakers: dict[str, Breaker] = {}


def breaker_of(known: Settings) -> Breaker | None:
    """The breaker of this process; None when the settings name no Redis."""
    redis = known.redis
    if redis.url and redis.url not in _breakers:
        _breakers[redis.url] = Breaker(
            redis.url, answer_seconds=redis.answer_seconds, retry_seconds=redis.retry_seconds
        )
    return _breakers.get(redis.url)


async def close_breakers() -> None:
    """Leave Redis, together with the application."""
    left = tuple(_breakers.values())
    _breakers.clear()
    for one in left:
        await one.close()
