"""Writes that wait for one lock share a commit: each is told only once that is durable.

SQLite has one lock, and with `synchronous=FULL` a commit waits for the disk while nobody else writes: one commit for
each vote of a closing minute is what makes them wait. On PostgreSQL it is the row of a theme that each public vote
holds alone, with a connection that waits for it. Here those that come while a commit is under way are written together
by the next one, each within a savepoint of its own, so that a refused one leaves nothing and disturbs nobody.

Writes that hold nothing alone on PostgreSQL need none of this: it commits for all the connections that wait.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from forum.database import Transaction, current_connection, is_in_transaction, is_unreachable, transaction
from forum.errors import TooBusy
from forum.logs import request_parts
from forum.sqlite import ImmediateTransaction

Made = TypeVar("Made")

AT_ONCE: Final = 64
"""Writes in one commit, at most: the others have their turn soon, and a page is answered in between."""
LONGEST_WAIT: Final = 10.0
"""Seconds for which a write waits for its turn; then it is refused, and nothing of it is ever written."""


async def commit_together(work: Callable[[], Awaitable[Made]]) -> Made:
    """What `work` gives, once it is written in a transaction that it may share with others of this process; all that it
    asks of the database must be short, since they wait for it. Inside a transaction it is part of that one.

    Raises:
        TooBusy: it waited for `LONGEST_WAIT` seconds and was not begun.
        StorageFault: the disk did not take it.
    """
    if is_in_transaction():
        async with transaction():
            return await work()
    database = current_connection()
    queue = _queues.get(database)
    if queue is None:
        queue = _queues[database] = _Queue()
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
    """The writes that wait for one database, and the task that writes them."""

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
    """Write one, or refuse it alone. What ended the whole transaction (a full disk, a lost server) is raised: it is
    everybody's."""
    if one.told.done():
        return
    one.begun = True
    connection = current_connection()
    try:
        if isinstance(connection, ImmediateTransaction):
            with shared.within(), connection.part():
                one.made = await one.work()
        else:
            async with transaction():
                one.made = await one.work()
    except Exception as problem:
        if is_unreachable(problem) or (isinstance(connection, ImmediateTransaction) and not connection.is_open):
            raise
        one.refuse(problem)


_queues: "WeakKeyDictionary[Any, _Queue]" = WeakKeyDictionary()
"""By the connection, or the pool, of a database."""
