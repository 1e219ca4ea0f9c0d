"""How often may somebody try, or write? Windows are counted in memory or, when there is a Redis, shared by all
processes. A Redis that is down must not keep people out: each process then counts alone, by a stricter measure."""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from forum.breaker import Breaker, RedisAway, breaker_of, close_breakers
from forum.errors import TooMany
from forum.settings import settings

Count = TypeVar("Count")

STRICTER: Final = 2
"""By how much limits are divided while Redis is away: two processes that count alone allow no more than together."""


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

    def __init__(self, breaker: Breaker | None) -> None:
        self._breaker = breaker
        self._memory = MovingWindowRateLimiter(_Memory())
        self._memory_writes = FixedWindowRateLimiter(_Memory())
        redis = _redis(breaker) if breaker else None
        self._shared = MovingWindowRateLimiter(redis) if redis else self._memory
        self._writes = FixedWindowRateLimiter(redis) if redis else self._memory_writes
        self._stricter = STRICTER if redis else 1

    async def count(self, limit: RateLimitItem, key: str) -> bool:
        """Count one more try; False when the window of this key is full already."""
        return await self._counted(
            lambda: self._shared.hit(limit, key), lambda: self._memory.hit(self._alone(limit), key)
        )

    async def forgive(self, limit: RateLimitItem, key: str) -> None:
        """Forget the tries of this key, which were its owner's."""
        await self._memory.clear(self._alone(limit), key)
        await self._counted(lambda: self._shared.clear(limit, key), _nothing)

    async def tally(self, key: str, seconds: int, amount: int = 1, *, stricter: bool = True) -> int:
        """Add to a number that expires `seconds` after it left zero; returns its new value. `stricter`: it counts more
        while a process counts alone; not where what was added is taken away again, perhaps from the other count."""
        return await self._counted(
            lambda: self._writes.storage.incr(key, seconds, amount),
            lambda: self._memory_writes.storage.incr(key, seconds, amount * (self._stricter if stricter else 1)),
        )

    async def tallied(self, key: str) -> int:
        """The value of a number of `tally`, zero once expired."""
        return await self._counted(lambda: self._writes.storage.get(key), lambda: self._memory_writes.storage.get(key))

    async def forget_tally(self, key: str) -> None:
        """Set a number of `tally` back to zero."""
        await self._memory_writes.storage.clear(key)
        await self._counted(lambda: self._writes.storage.clear(key), _nothing)

    async def count_write(self, member: int) -> None:
        """Count one more contribution, vote or other write of a member.

        A fixed window, which costs one addition whatever the limit: it stops scripts, not people.

        Raises:
            TooMany: more than `limits.writes_per_minute` of them in this minute.
        """
        limit, key = RateLimitItemPerMinute(settings().limits.writes_per_minute), f"writes {member}"
        within = await self._counted(
            lambda: self._writes.hit(limit, key), lambda: self._memory_writes.hit(self._alone(limit), key)
        )
        if not within:
            raise TooMany("Trop d’envois en peu de temps. Attendez une minute, puis réessayez.", retry_after=60)

    async def _counted(self, together: Callable[[], Awaitable[Count]], alone: Callable[[], Awaitable[Count]]) -> Count:
        """What all processes count together, or, while Redis is away, what this one counts alone."""
        if self._breaker is None:
            return await alone()
        try:
            return await self._breaker.ask(together)
        except RedisAway:
            return await alone()

    def _alone(self, limit: RateLimitItem) -> RateLimitItem:
        """The limit of a process that counts alone."""
        return type(limit)(max(1, limit.amount // self._stricter), limit.multiples)

    async def forget(self) -> None:
        """Reset every counter."""
        await self._shared.storage.reset()
        await self._memory.storage.reset()
        await self._memory_writes.storage.reset()


async def _nothing() -> None:
    """What is left to do in memory when it was done already."""


def _redis(breaker: Breaker) -> RedisStorage:
    pool: Any = breaker.pool  # which limits types too narrowly
    scheme = "async+redis+" if breaker.url.startswith("unix://") else "async+"
    prefix = f"{settings().redis_prefix}:limits"
    return RedisStorage(f"{scheme}{breaker.url}", implementation="redispy", key_prefix=prefix, connection_pool=pool)


_throttles: dict[str, Throttle] = {}


def throttle() -> Throttle:
    """The counters of this process."""
    url = settings().redis.url
    if url not in _throttles:
        _throttles[url] = Throttle(breaker_of(settings()))
    return _throttles[url]


async def close_throttle() -> None:
    """Forget the counters of this process and leave Redis, together with the application."""
    _throttles.clear()
    await close_breakers()


def place(address: str) -> str:
    """The place of an address: an IPv6 customer has a whole /64."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{read}/64", strict=False)) if read.version == 6 else str(read)
