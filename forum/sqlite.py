"""The SQLite backend that Tortoise uses here: correct under several processes, quick for short statements.

Three differences from the stock one. A transaction says BEGIN IMMEDIATE: a deferred one that reads, then writes after
another process wrote, gets "database is locked" whatever the timeout. And short statements run on the spot, since a few
rows of an index cost less than the hop to aiosqlite's thread: reads outside a transaction on a second, read-only
connection, which does not wait behind a write; statements of a transaction on the transaction's own connection, which
nobody else uses meanwhile. BEGIN and COMMIT, which may wait, stay in the thread. And a column gives what it is declared
to hold, an aware datetime in UTC, a date or a bool, as PostgreSQL does. Datetimes are stored as text of one form, in
UTC, so that the database compares them correctly.

On a full disk or in a read-only folder SQLite cannot make the file that its processes share (-shm), and would not even
read. Reading then goes on over a connection that needs none, for some seconds at a time; writing is tried again with
each transaction.
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from functools import lru_cache
from time import monotonic
from typing import Any, Final, cast

import aiosqlite
from tortoise.backends.base.client import ConnectionWrapper, TransactionalDBClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError
from tortoise.fields import BooleanField

from forum.storage import Trouble, trouble_of

TYPED = sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES


@lru_cache(maxsize=4096)
def _moment(stored: bytes) -> datetime:
    """Cached: pages read the same moments again and again, and a cached one costs a third."""
    return datetime.fromisoformat(stored.decode()).astimezone(UTC)


def _day(stored: bytes) -> date:
    return date.fromisoformat(stored.decode())


# By the type that a column is declared with, or that a statement gives an expression in the words of PostgreSQL.
sqlite3.register_converter("timestamp", _moment)
sqlite3.register_converter("timestamptz", _moment)
sqlite3.register_converter("date", _day)
sqlite3.register_converter("bool", b"0".__ne__)
sqlite3.register_adapter(datetime, lambda moment: moment.astimezone(UTC).isoformat(" "))

# Tortoise declares a boolean as INT, which says nothing.
BooleanField._db_sqlite.SQL_TYPE = "BOOL"


class ImmediateTransaction(SqliteTransactionWrapper):
    """A transaction that takes the write lock when it begins, waiting its turn (`busy_timeout`)."""

    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as problem:
            raise TransactionManagementError(problem) from problem

    @property
    def is_open(self) -> bool:
        """Whether it is still there: some failures, a full disk among them, end it."""
        return bool(self._connection._conn.in_transaction)

    @contextmanager
    def part(self) -> Iterator[None]:
        """A savepoint: what can be refused alone. On the spot, like the statements, not by the thread."""
        self.run_now("SAVEPOINT part", ())
        try:
            yield
        except BaseException:
            if self.is_open:
                self.run_now("ROLLBACK TO part", ())
                self.run_now("RELEASE part", ())
            raise
        self.run_now("RELEASE part", ())

    def run_now(self, query: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        """Rows of a short statement of this transaction, which holds the write lock already."""
        try:
            return self._connection._conn.execute(query, values).fetchall()
        except sqlite3.IntegrityError as problem:
            raise IntegrityError(problem) from problem
        except sqlite3.OperationalError as problem:
            raise OperationalError(problem) from problem


class TransactionContext(SqliteTransactionContext):
    """Like the stock one, but it releases the lock however it ends.

    The stock one keeps the lock for ever when BEGIN fails (another process holds the file too long) or is cancelled:
    no write of this process would succeed again. It also leaves a transaction open when COMMIT fails.
    """

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            # Not the one of before the wait, which may have been left meanwhile.
            self.connection._connection = self.connection._parent._connection
            await self.ensure_connection()
            await self._begin()
            self.token = get_connections().set(self.connection_name, self.connection)
        except BaseException:
            self._trxlock.release()
            raise
        return cast(TransactionalDBClient, self.connection)

    async def _begin(self) -> None:
        begun = asyncio.ensure_future(self.connection.begin())
        try:
            await asyncio.shield(begun)
        except asyncio.CancelledError:
            # The thread goes on by itself: what it begins is rolled back before anybody else may write.
            with suppress(TransactionManagementError):
                await begun
            await self.connection._connection.rollback()
            raise

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        refusal: BaseException | None = exc_val
        try:
            if exc_type is None:
                await self.connection.commit()
        except BaseException as problem:
            refusal = problem
            raise
        finally:
            try:
                if refusal is not None:
                    await self.connection._connection.rollback()
                    await self.connection._parent.leave_if_read_only(refusal)
            finally:
                get_connections().reset(self.token)
                self._trxlock.release()


class OneStatement(ConnectionWrapper):  # type: ignore[type-arg] # the stock one is generic in what only it knows
    """Like the stock one, but it releases the lock when there is no connection to be had: kept, no write of this
    process would begin again."""

    async def __aenter__(self) -> Any:
        await self._lock.acquire()
        try:
            self.connection = self.client._connection
            await self.ensure_connection()
        except BaseException:
            self._lock.release()
            raise
        return self.connection

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        try:
            if exc_val is not None:
                await cast(Client, self.client).leave_if_read_only(exc_val)
        finally:
            self._lock.release()


ALONE_SECONDS: Final = 5.0
"""Seconds for which a connection that sees no later write is read from before the usual one is tried again."""


class Client(SqliteClient):
    """WAL, FULL (an acknowledged write survives a power cut), foreign keys on."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        kwargs.setdefault("synchronous", "FULL")
        kwargs.setdefault("busy_timeout", 10_000)
        super().__init__(file_path, **kwargs)
        self.pragmas["journal_size_limit"] = 64 * 1024 * 1024
        self.pragmas["secure_delete"] = "ON"
        self._reader: sqlite3.Connection | None = None
        self._alone_until: float | None = None

    async def create_connection(self, with_db: bool) -> None:
        """Like the stock one, with a connection that its transaction may use outside aiosqlite's thread, and that is
        there only with all its pragmas: the next try would take it without foreign keys and FULL."""
        if self._connection is None:
            made = await aiosqlite.connect(
                self.filename, isolation_level=None, check_same_thread=False, detect_types=TYPED
            )
            try:
                made.row_factory = sqlite3.Row
                # To the end of what each one answers: a statement that is not over lets no VACUUM INTO begin.
                for pragma, value in self.pragmas.items():
                    await made.execute_fetchall(f"PRAGMA {pragma}={value}")
            except BaseException:
                await made.close()
                raise
            self._connection = made
            await self._post_connect()
            if self._alone_until is not None:
                self._leave_reader()

    def acquire_connection(self) -> ConnectionWrapper:  # type: ignore[type-arg] # the same
        return OneStatement(self._lock, self)

    async def leave_if_read_only(self, refusal: BaseException) -> None:
        """Leave a connection that was opened to read only: it stays so for ever, whatever becomes of the file. The
        caller has the lock."""
        if self._connection is not None and trouble_of(refusal) is Trouble.READ_ONLY:
            left, self._connection = self._connection, None
            await left.close()

    def _in_transaction(self) -> TransactionContext:
        return TransactionContext(ImmediateTransaction(self), self._lock)

    def read_now(self, query: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        """Rows of a short, indexed SELECT, read on the spot from the last committed state."""
        if self._alone_until is not None and monotonic() >= self._alone_until:
            self._leave_reader()
        if self._reader is None:
            self._reader = self._open_reader()
        return self._reader.execute(query, values).fetchall()

    def _open_reader(self) -> sqlite3.Connection:
        try:
            return self._reading("mode=ro")
        except sqlite3.OperationalError as problem:
            if not problem.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_READONLY")):
                raise
            alone = self._open_alone()
        self._alone_until = monotonic() + ALONE_SECONDS
        return alone

    def _open_alone(self) -> sqlite3.Connection:
        """Read without the file that processes share. With a log, by this process's own index of it (EXCLUSIVE), for
        which no lock is asked since none is given; without one the file holds everything. Later writes are not seen."""
        log = f"{self.filename}-wal"
        if os.path.exists(log) and os.path.getsize(log):
            return self._reading("mode=ro&vfs=unix-none", "PRAGMA locking_mode=EXCLUSIVE")
        return self._reading("mode=ro&immutable=1")

    def _reading(self, how: str, *pragmas: str) -> sqlite3.Connection:
        made = sqlite3.connect(f"file:{self.filename}?{how}", uri=True, isolation_level=None, detect_types=TYPED)
        made.row_factory = sqlite3.Row
        try:
            for one in ("PRAGMA busy_timeout=10000", *pragmas, "SELECT 1 FROM sqlite_master LIMIT 1"):
                made.execute(one).fetchall()
        except BaseException:
            made.close()
            raise
        return made

    def _leave_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = self._alone_until = None

    async def write_anew(self) -> None:
        """Write the file anew and empty its log: no byte of what was deleted stays. Writes wait meanwhile, reads go on.

        `secure_delete` wipes what is deleted, not what SQLite left behind when it moved a row to another page: alone,
        it left deleted words in 38 files of 60.

        Raises:
            OperationalError: another process was reading or writing for longer than `busy_timeout`.
        """
        async with self.acquire_connection() as writer:
            try:
                await writer.execute("VACUUM")
                emptied = await (await writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")).fetchone()
            except sqlite3.OperationalError as problem:
                raise OperationalError(problem) from problem
        if emptied is None or emptied[0]:
            raise OperationalError("another process still reads what was deleted")

    async def close(self) -> None:
        self._leave_reader()
        await super().close()


client_class = Client
