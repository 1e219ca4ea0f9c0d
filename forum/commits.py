"""Writes that wait for SQLite's one lock share a commit: each is told only once that is durable.

With `synchronous=FULL` a commit waits for the disk, and nobody else writes meanwhile: one commit for each vote of a
closing minute is what makes them wait. Here those that come while a commit is under way are written together by the
next one, each within a savepoint of its own, so that a refused one leaves nothing and disturbs nobody. PostgreSQL does
as much by itself (it commits for all the connections that wait), and there each write has a transaction of its own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from forum.database import Transaction, is_in_transaction, sqlite_connection, transaction
from forum.errors import TooBusy
from forum.logs import request_parts
from forum.sqlite import Client, ImmediateTransaction
from forum.storage import StorageFault

Made = TypeVar("Made")

AT_ONCE: Final = 64
"""Writes in one commit, at most: the others have their turn soon, and a page is answered in between."""
LONGEST_WAIT: Final = 10.0
"""Seconds for which a write waits for its turn; then it is refused, and nothing of it is ever written."""


async def commit_together(work: Callable[[], Awaitable[Made]]) -> Made:
    """What `work` gives, once it is written in a transaction that it may share with others; all that it asks of the
    database must be short, since they wait for it. Inside a transaction it is part of that one.

    Raises:
        TooBusy: it waited for `LONGEST_WAIT` seconds and was not begun.
        StorageFault: the disk did not take it.
    """
    connection = sqlite_connection()
    if is_in_transaction() or not isinstance(connection, Client):
        async with transaction():
            return await work()
    queue = _queues.get(connection)
    if queue is None:
        queue = _queues[connection] = _Queue()
    made: Made = await queue.add(work)
    return made


@dataclass(slots=True, eq=False)
class _Write:
    """One that waits; `told` is set when it is durable, or refused."""

    work: Callable[[], Awaitable[Any]]
    told: asyncio.Future[Any]
    begun: bool = False
    made: object = None

    def give_up(self) -> None:
        """Refuse it, unless it is being written."""
        if not self.begun and not self.told.done():
            self.told.set_exception(TooBusy())

    def refuse(self, problem: BaseException) -> None:
        if not self.told.done():
            self.told.set_exception(problem)

    def acknowledge(self) -> None:
        # Done already: refused by itself, or nobody waits any more.
        if not self.told.done():
            self.told.set_result(self.made)


class _Queue:
    """The writes that wait for one connection, and the task that writes them."""

    def __init__(self) -> None:
        self._waiting: deque[_Write] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def add(self, work: Callable[[], Awaitable[Any]]) -> Any:
        loop = asyncio.get_running_loop()
        one = _Write(work, loop.create_future())
        self._waiting.append(one)
        if self._writing is None or self._writing.done():
            self._writing = loop.create_task(self._write_all(), name="shared commits")
        limit = loop.call_later(LONGEST_WAIT, one.give_up)
        try:
            return await one.told
        finally:
            limit.cancel()

    async def _write_all(self) -> None:
        """Write as long as anybody waits. Lines of the log bear the number of no request: there are several."""
        request_parts.set({})
        while self._waiting:
            together = [self._waiting.popleft()]
            try:
                async with transaction() as shared:
                    await self._write_some(together, shared)
            except Exception as problem:
                for one in together:
                    one.refuse(problem)
            except BaseException:
                for one in (*together, *self._waiting):
                    one.told.cancel()
                raise
            else:
                for one in together:
                    one.acknowledge()

    async def _write_some(self, together: list[_Write], shared: Transaction) -> None:
        """Those that have come until now, the lock being there; `together` grows with them."""
        await _write_within(together[0], shared)
        while self._waiting and len(together) < AT_ONCE:
            together.append(self._waiting.popleft())
            await _write_within(together[-1], shared)


async def _write_within(one: _Write, shared: Transaction) -> None:
    """Write one, or refuse it alone. What ended the whole transaction (a full disk may) is raised: it is everybody's.

    Raises:
        StorageFault: nothing of this transaction is left.
    """
    if one.told.done():
        return
    one.begun = True
    connection = sqlite_connection()
    if not isinstance(connection, ImmediateTransaction):
        raise TypeError("a shared commit is SQLite's")
    connection.run_now("SAVEPOINT shared", ())
    try:
        with shared.within():
            one.made = await one.work()
    except Exception as problem:
        if isinstance(problem, StorageFault) or not connection.is_open:
            raise
        connection.run_now("ROLLBACK TO shared", ())
        one.refuse(problem)
    connection.run_now("RELEASE shared", ())


_queues: "WeakKeyDictionary[Client, _Queue]" = WeakKeyDictionary()
