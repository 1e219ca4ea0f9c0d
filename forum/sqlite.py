"""The SQLite backend that Tortoise uses here: correct under several processes, quick for short statements.

Three differences from the stock one. A transaction says BEGIN IMMEDIATE: a deferred one that reads, then writes after
another process wrote, gets "database is locked" whatever the timeout. And short statements run on the spot, since a few
rows of an index cost less than the hop to aiosqlite's thread: reads outside a transaction on a second, read-only
connection, which does not wait behind a write; statements of a transaction on the transaction's own connection, which
nobody else uses meanwhile. BEGIN and COMMIT, which may wait, stay in the thread. And a column gives what it is declared
to hold, an aware datetime in UTC, a date or a bool, as PostgreSQL does. Datetimes are stored as text of one form, in
UTC, so that the database compares them correctly.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, cast

import aiosqlite
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError
from tortoise.fields import BooleanField

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
        kept = False
        try:
            if exc_type is None:
                await self.connection.commit()
                kept = True
        finally:
            try:
                if not kept:
                    await self.connection._connection.rollback()
            finally:
                get_connections().reset(self.token)
                self._trxlock.release()


class Client(SqliteClient):
    """WAL, FULL (an acknowledged write survives a power cut), foreign keys on."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        kwargs.setdefault("synchronous", "FULL")
        kwargs.setdefault("busy_timeout", 10_000)
        super().__init__(file_path, **kwargs)
        self.pragmas["journal_size_limit"] = 64 * 1024 * 1024
        self.pragmas["secure_delete"] = "ON"
        self._reader: sqlite3.Connection | None = None

    async def create_connection(self, with_db: bool) -> None:
        """Like the stock one, with a connection that its transaction may use outside aiosqlite's thread."""
        if self._connection is None:
            self._connection = await aiosqlite.connect(
                self.filename, isolation_level=None, check_same_thread=False, detect_types=TYPED
            )
            self._connection.row_factory = sqlite3.Row
            for pragma, value in self.pragmas.items():
                await self._connection.execute(f"PRAGMA {pragma}={value}")
            await self._post_connect()

    def _in_transaction(self) -> TransactionContext:
        return TransactionContext(ImmediateTransaction(self), self._lock)

    def read_now(self, query: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        """Rows of a short, indexed SELECT, read on the spot from the last committed state."""
        if self._reader is None:
            self._reader = sqlite3.connect(
                f"file:{self.filename}?mode=ro", uri=True, isolation_level=None, detect_types=TYPED
            )
            self._reader.row_factory = sqlite3.Row
            self._reader.execute("PRAGMA busy_timeout=10000")
        return self._reader.execute(query, values).fetchall()

    async def write_anew(self) -> None:
        """Write the file anew and empty its log: no byte of what was deleted stays. Writes wait meanwhile, reads go on.

        `secure_delete` wipes what is deleted, not what SQLite left behind when it moved a row to another page: alone,
        it left deleted words in 38 files of 60.

        Raises:
            OperationalError: another process was reading or writing for longer than `busy_timeout`.
        """
        writer = self._connection
        assert writer is not None, "an open database has its connection"
        async with self._lock:
            try:
                await writer.execute("VACUUM")
                emptied = await (await writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")).fetchone()
            except sqlite3.OperationalError as problem:
                raise OperationalError(problem) from problem
        if emptied is None or emptied[0]:
            raise OperationalError("another process still reads what was deleted")

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        await super().close()


client_class = Client
