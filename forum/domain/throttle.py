"""How often may somebody try, or write? Windows are counted in memory or, when there is a Redis, shared by all
processes. A Redis that is down must not keep people out: counting goes on in memory, and the log says so."""

import ipaddress
from typing import Any

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from limits.errors import StorageError

from forum.errors import TooMany
from forum.settings import settings

logger = structlog.get_logger()


class _Memory(MemoryStorage):
    """Counters in memory, which may be reset while the library sweeps the expired ones. The library's own clear() and
    reset() delete a key that the sweep may be about to read, which then fails with a KeyError. Here they keep the key
    with a count of zero, and the next sweep deletes it."""

    async def clear(self, key: str) -> None:
        self.storage.pop(key, None)
        self.expirations.pop(key, None)
        if key in self.events:
            self.events[key] = []

    async def reset(self) -> int | None:
        many = max(len(self.storage), len(self.events))
        self.storage.clear()
        self.expirations.clear()
        for key in self.events:
            self.events[key] = []
        return many


class Throttle:
    """Counts tries and writes by key; a count and its limit are one step, so that nothing passes between them."""

    def __init__(self, redis_url: str) -> None:
        self._memory = MovingWindowRateLimiter(_Memory())
        self._redis = _redis(redis_url) if redis_url else None
        self._shared = MovingWindowRateLimiter(self._redis) if self._redis else self._memory
        self._memory_writes = FixedWindowRateLimiter(_Memory())
        self._writes = FixedWindowRateLimiter(self._redis) if self._redis else self._memory_writes

    async def count(self, limit: RateLimitItem, key: str) -> bool:
        """Count one more try; False when the window of this key is full already."""
        try:
            return await self._shared.hit(limit, key)
        except StorageError as problem:
            logger.warning("throttle without redis", reason=str(problem))
            return await self._memory.hit(limit, key)

    async def forgive(self, limit: RateLimitItem, key: str) -> None:
        """Forget the tries of this key, which were its owner's."""
        try:
            await self._shared.clear(limit, key)
        except StorageError as problem:
            logger.warning("throttle without redis", reason=str(problem))
        await self._memory.clear(limit, key)

    async def tally(self, key: str, seconds: int, amount: int = 1) -> int:
        """Add to a number that expires `seconds` after it left zero; returns its new value."""
        try:
            return await self._writes.storage.incr(key, seconds, amount)
        except StorageError as problem:
            logger.warning("throttle without redis", reason=str(problem))
            return await self._memory_writes.storage.incr(key, seconds, amount)

    async def tallied(self, key: str) -> int:
        """The value of a number of `tally`, zero once expired."""
        try:
            return await self._writes.storage.get(key)
        except StorageError as problem:
            logger.warning("throttle without redis", reason=str(problem))
            return await self._memory_writes.storage.get(key)

    async def forget_tally(self, key: str) -> None:
        """Set a number of `tally` back to zero."""
        try:
            await self._writes.storage.clear(key)
        except StorageError as problem:
            logger.warning("throttle without redis", reason=str(problem))
        await self._memory_writes.storage.clear(key)

    async def count_write(self, member: int) -> None:
        """Count one more contribution, vote or other write of a member.

        A fixed window, which costs one addition whatever the limit: it stops scripts, not people.

        Raises:
            TooMany: more than `limits.writes_per_minute` of them in this minute.
        """
        limit = RateLimitItemPerMinute(settings().limits.writes_per_minute)
        try:
            within = await self._writes.hit(limit, f"writes {member}")
        except StorageError as problem:
            logger.warning("throttle without redis", reason=str(problem))
            within = await self._memory_writes.hit(limit, f"writes {member}")
        if not within:
            raise TooMany("Trop d’envois en peu de temps. Attendez une minute, puis réessayez.", retry_after=60)

    async def forget(self) -> None:
        """Reset every counter."""
        await self._shared.storage.reset()
        await self._memory.storage.reset()
        await self._memory_writes.storage.reset()

    async def close(self) -> None:
        """Close the connection to Redis."""
        if self._redis is not None and isinstance(self._redis.bridge, RedispyBridge):
            client: Any = self._redis.bridge.get_connection()  # a redis-py client, which limits types too narrowly
            await client.aclose()


def _redis(url: str) -> RedisStorage:
    address = f"async+redis+{url}" if url.startswith("unix://") else f"async+{url}"
    return RedisStorage(
        address,
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix=f"{settings().redis_prefix}:limits",
        socket_timeout=1,
    )


_throttles: dict[str, Throttle] = {}


def throttle() -> Throttle:
    """The counters of this process."""
    url = settings().redis.url
    if url not in _throttles:
        _throttles[url] = Throttle(url)
    return _throttles[url]


async def close_throttle() -> None:
    """Close the counters of this process, together with the application."""
    for one in _throttles.values():
        await one.close()
    _throttles.clear()


def place(address: str) -> str:
    """The place of an address: an IPv6 customer has a whole /64."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{read}/64", strict=False)) if read.version == 6 else str(read)
