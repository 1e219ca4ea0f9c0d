"""The database: its configuration, its transactions, and plain SQL in one dialect.

Statements are plain SQL through Tortoise's own connection; `rows` writes the one form (`$1`, `$2`…) in either dialect.
"""

import re
import sqlite3
from asyncio import CancelledError, current_task
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection
from tortoise.exceptions import BaseORMException, DBConnectionError, OperationalError, TransactionManagementError
from tortoise.transactions import in_transaction

from forum.errors import CannotStart, plain_reason
from forum.postgres import Deadlines
from forum.settings import ROOT, Settings
from forum.sqlite import Client as SqliteClient
from forum.sqlite import ImmediateTransaction
from forum.storage import TOLD, StorageFault, Trouble, noted, trouble_of

Row = Mapping[str, Any]

MIGRATIONS = ROOT / "forum" / "migrations"

# Without this uniqueness the promise "one ballot per person and proposal" does not hold, whatever the code does.
BALLOT_UNIQUENESS = ("proposal_id", "voter_id")

# What is raised when the database went away or is too busy: the same request may work in a moment (503).
_AWAY: tuple[type[BaseException], ...] = (
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.InternalClientError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    ConnectionError,
    TimeoutError,
)
REFUSALS = (OSError, BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, StorageFault)
"""What connecting, or a statement, may raise by itself."""
_SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN")


def is_unreachable(problem: BaseException) -> bool:
    """Whether a failure is the database's, not ours: a wrong SQL statement is our fault and must not look like an
    outage."""
    if isinstance(problem, (*_AWAY, StorageFault)):
        return True
    if isinstance(problem, sqlite3.OperationalError):
        return getattr(problem, "sqlite_errorname", "").startswith(_SQLITE_AWAY)
    if isinstance(problem, asyncpg.InterfaceError):
        return not isinstance(problem, ValueError)  # asyncpg's DataError, a value that a column cannot hold, is both
    if isinstance(problem, (OperationalError, TransactionManagementError)):
        inner = problem.__cause__ or next((each for each in problem.args if isinstance(each, BaseException)), None)
        return inner is not None and is_unreachable(inner)
    return False


def configuration(settings: Settings) -> dict[str, Any]:
    """Tortoise's configuration: SQLite in the data folder, or PostgreSQL by its URL."""
    return {
        "connections": {"default": _connection(settings)},
        "apps": {"forum": {"models": ["forum.models"], "migrations": "forum.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


POSTGRES_PARAMETERS = frozenset({"host", "port", "user", "password", "database", "ssl"})
"""The parameters that a PostgreSQL URL may have; the size of the pool is a setting of ours."""


def _connection(settings: Settings) -> dict[str, Any]:
    url = settings.database.url
    if not url.startswith("postgres"):
        path = url.removeprefix("sqlite:///") or str(settings.site.data_path / "cahier.sqlite3")
        return {"engine": "forum.sqlite", "credentials": {"file_path": path}}
    read: dict[str, Any] = expand_db_url(url)
    credentials = read["credentials"]
    # libpq and asyncpg each have their own name for it, with the same values.
    if "sslmode" in credentials:
        credentials["ssl"] = credentials.pop("sslmode")
    unknown = credentials.keys() - POSTGRES_PARAMETERS
    if unknown:
        raise CannotStart(f"database.url : paramètre inconnu, {', '.join(sorted(unknown))}")
    return read | {"credentials": credentials | {"minsize": 1, "maxsize": settings.database.pool_size}}


def credentials_of(settings: Settings) -> dict[str, Any]:
    """The driver's arguments: the path of SQLite's file, or PostgreSQL's address and user."""
    found: dict[str, Any] = _connection(settings)["credentials"]
    return found


# Tables and views that a statement would find, on PostgreSQL except those that an extension brought.
# The index of searches is none of them: each database has its own, made from a table (`domain/search/index.py`).
TABLES_IN_FILE = """
    SELECT name FROM sqlite_master
     WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'search_words*'"""
TABLES_ON_SERVER = """
    SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND pg_table_is_visible(c.oid)
       AND nspname <> 'information_schema' AND nspname !~ '^pg_' AND relname <> 'search_words'
       AND NOT EXISTS (SELECT 1 FROM pg_depend d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"""

NOTES = "tortoise_migrations"
"""Where Tortoise notes what it applied."""
NOTED = f"SELECT name FROM {NOTES} WHERE app = 'forum'"


def of_requests(settings: Settings) -> Deadlines:
    """Somebody waits for a page."""
    return Deadlines(settings.database.connection_seconds, settings.database.statement_seconds)


def of_jobs(settings: Settings) -> Deadlines:
    """Nobody waits for a job, but neither does it wait for ever: a broken connection may never say so."""
    known = settings.database
    return Deadlines(LONGER * known.connection_seconds, LONGER * known.statement_seconds)


def of_commands(settings: Settings) -> Deadlines:
    """Whoever typed a command may interrupt it, and is told when the server does not answer at all."""
    return Deadlines(LONGER * settings.database.connection_seconds, None)


LONGER: Final = 20
"""How many times as long jobs and commands wait."""


async def open_database(settings: Settings, deadlines: Deadlines | None = None, *, older: bool = False) -> None:
    """Connect, and check that the schema is there, is this program's, and keeps ballots unique. PostgreSQL is
    waited for as long as `deadlines` say, those of commands unless others are given. `older`: the schema of an earlier
    version will do, to save it.

    Raises:
        CannotStart: the database cannot be reached, is empty or damaged, has another schema, or would allow two
        ballots.
    """
    if is_missing_file(settings):
        raise _unmigrated(settings)
    await connect(settings, deadlines)
    try:
        await _refuse_unservable(settings, older=older)
    except BaseException:
        await close_database()
        raise


async def _refuse_unservable(settings: Settings, *, older: bool) -> None:
    try:
        there = await tables()
        if not there:
            raise emptied(settings)
        refuse_newer(settings, applied := await applied_migrations(there))
        if not older and known_migrations() - applied:
            raise _unmigrated(settings)
        unique = await unique_sets("ballot")
    except REFUSALS as problem:
        raise unreached(settings, problem) from problem
    if frozenset(BALLOT_UNIQUENESS) not in unique:
        raise CannotStart(
            "base de données : la table ballot a perdu UNIQUE (proposal_id, voter_id), un vote compterait deux fois"
        )


async def connect(settings: Settings, deadlines: Deadlines | None = None) -> None:
    """Connect to a database whatever it holds, to look into it; it is `close_database` that ends it too."""
    global _place  # one process, one database
    known = configuration(settings)
    default = known["connections"]["default"]
    path = default["credentials"].get("file_path")
    _place = where(settings), Path(path).parent if path else None
    if path is None:
        told = (deadlines or of_commands(settings)).told()
        default |= {"engine": "forum.postgres", "credentials": default["credentials"] | told}
    await Tortoise.init(config=known, _enable_global_fallback=True)


_place: tuple[str, Path | None] = "", None
"""Where the open database is, for operators, and its folder if it is a file."""


def _fault_of(problem: Exception) -> StorageFault | None:
    """The fault of the disk behind what a statement raised, unless that is what it raised."""
    found = noted(problem, *_place)
    return None if found is problem else found


async def close_database() -> None:
    await Tortoise.close_connections()


async def tables() -> set[str]:
    """The names of the tables that are there, the notes of the migrations included."""
    return {one["name"] for one in await rows(TABLES_IN_FILE if is_sqlite() else TABLES_ON_SERVER)}


def known_migrations() -> frozenset[str]:
    """The migrations of this program: they are its schema."""
    return frozenset(file.stem for file in MIGRATIONS.glob("[0-9]*.py"))


async def applied_migrations(there: set[str]) -> frozenset[str]:
    """Those that made the database; `there` are its tables."""
    return frozenset(one["name"] for one in await rows(NOTED)) if NOTES in there else frozenset()


def refuse_newer(settings: Settings, applied: frozenset[str]) -> None:
    """Raises CannotStart when a newer program made the schema: this one would write rows that break its rules."""
    if newer := sorted(applied - known_migrations()):
        raise CannotStart(
            f"base de données : {where(settings)} est celle d’une version plus récente de Cahier ({newer[-1]} y est "
            f"notée, ce programme s’arrête à {max(known_migrations())}) ; lancez cette version, ou restaurez une "
            "sauvegarde d’avant (python -m forum restore)"
        )


def _unmigrated(settings: Settings) -> CannotStart:
    return CannotStart(f"base de données : {where(settings)} n’est pas à jour ; lancez python -m forum migrate")


def emptied(settings: Settings) -> CannotStart:
    """Why a database without a table is not served: to fill it anew would hide that everything was lost."""
    if "file_path" in credentials_of(settings):
        return CannotStart(
            f"base de données : {where(settings)} est vide, tronqué ou sans son fichier principal ; restaurez une "
            "sauvegarde (python -m forum restore FICHIER --replace), ou, si le site n’a jamais servi, supprimez-le"
        )
    return CannotStart(
        f"base de données : {where(settings)} ne contient aucune table ; si le site a déjà servi, restaurez une "
        "sauvegarde (python -m forum restore FICHIER), et seulement sinon lancez python -m forum migrate"
    )


def unreached(settings: Settings, problem: BaseException) -> CannotStart:
    path = credentials_of(settings).get("file_path")
    match trouble_of(problem, Path(path).parent if path else None):
        case None:
            return CannotStart(f"base de données : {where(settings)} ne répond pas ({plain_reason(problem)})")
        case Trouble.DAMAGED:
            return CannotStart(
                f"base de données : {where(settings)} est endommagé ou tronqué ; gardez-le de côté, puis restaurez une "
                "sauvegarde (python -m forum restore FICHIER --replace)"
            )
        case trouble:
            return CannotStart(f"base de données : {TOLD[trouble].format(place=where(settings))}")


def is_missing_file(settings: Settings) -> bool:
    """Whether SQLite's file is not there yet: opening it would make an empty one, or fail less clearly.

    Raises:
        CannotStart: only its -wal is there: whoever took the file away left the last writes.
    """
    path = credentials_of(settings).get("file_path")
    if path is None or Path(path).exists():
        return False
    if Path(f"{path}-wal").exists():
        raise emptied(settings)
    return True


def where(settings: Settings) -> str:
    """Where the database is, without its password."""
    credentials = credentials_of(settings)
    if "file_path" in credentials:
        return str(credentials["file_path"])
    return f"postgres://{credentials['host']}:{credentials['port']}/{credentials['database']}"


Entry = TypeVar("Entry")


class Transaction:
    """The effects of one write: its last rows wait in `write_last`, effects outside the database in `after_commit`."""

    def __init__(self) -> None:
        self._last: dict[Callable[..., Awaitable[None]], list[Any]] = {}
        self._after: list[Callable[[], Awaitable[None]]] = []

    def write_last(self, write: Callable[[list[Entry]], Awaitable[None]], entry: Entry) -> None:
        """Call `write` once with its entries, this one included, when all else is written, just before the commit: for
        a row that all writers lock, so that nobody holds it while waiting for another lock."""
        self._last.setdefault(write, []).append(entry)

    async def run_last(self) -> None:
        for write, entries in self._last.items():
            await write(entries)

    @contextmanager
    def within(self) -> Iterator[None]:
        """A savepoint, which can be rolled back alone: what it gave to `write_last` goes with it."""
        before = {write: list(entries) for write, entries in self._last.items()}
        try:
            yield
        except BaseException:
            self._last = before
            raise

    def after_commit(self, effect: Callable[[], Awaitable[None]]) -> None:
        """Run `effect` once the write is durable; never if it is rolled back."""
        self._after.append(effect)

    async def run_after(self) -> None:
        for effect in self._after:
            await effect()


_open: ContextVar[Transaction | None] = ContextVar("transaction", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[Transaction]:
    """One transaction: everything inside is written, or nothing is. Inside another transaction it is part of that one.

    Raises:
        StorageFault: the disk did not take it.
    """
    outer = _open.get()
    if outer is not None:
        with outer.within():
            async with in_transaction("default"):
                yield outer
        return
    written = Transaction()
    token = _open.set(written)
    try:
        async with in_transaction("default"):
            yield written
            await written.run_last()
    except Exception as problem:
        if (behind := _cancellation_behind(problem) or _fault_of(problem)) is None:
            raise
        raise behind from problem
    finally:
        _open.reset(token)
    await written.run_after()


def is_in_transaction() -> bool:
    """Whether the caller is in a transaction."""
    return _open.get() is not None


def current_transaction() -> Transaction:
    """The transaction that the caller is in.

    Raises:
        TransactionManagementError: there is none.
    """
    found = _open.get()
    if found is None:
        raise TransactionManagementError("this is written inside a transaction only")
    return found


def current_connection() -> BaseDBAsyncClient:
    """The transaction that the caller is in; outside of one, SQLite's connection or PostgreSQL's pool."""
    return get_connection("default")


def is_sqlite() -> bool:
    """Whether this process uses SQLite rather than PostgreSQL."""
    return bool(get_connection("default").capabilities.dialect == "sqlite")


async def time_of_server() -> datetime | None:
    """The clock of PostgreSQL's server; None with SQLite, which has none."""
    return None if is_sqlite() else (await known_row("SELECT clock_timestamp() AS now"))["now"]


async def on_postgres(sql: str, *values: object) -> None:
    """What PostgreSQL alone is told, a lock mostly: a transaction of SQLite holds everything from its first word."""
    if not is_sqlite():
        await rows(sql, *values)


async def write_anew() -> None:
    """Leave no byte of what was deleted in the files of SQLite; PostgreSQL's are not ours.

    Raises:
        OperationalError: it is too busy at present.
    """
    connection = get_connection("default")
    if isinstance(connection, SqliteClient):
        try:
            # What an index of words forgot, it only marks so until its parts are joined.
            await rows("INSERT INTO search_words (search_words) VALUES ('optimize')")
            await connection.write_anew()
        except OperationalError as problem:
            raise _fault_of(problem) or problem from problem


async def rows(sql: str, *values: object) -> list[Row]:
    """Rows of a statement written with `$1`, `$2`…, inside the current transaction if there is one.

    In both databases a column comes back as what it is declared to hold: an aware datetime in UTC, a date, a bool. For
    SQLite an expression has no type; the outermost SELECT says it: `MAX(at)::timestamptz AS last`, `::date`, `::bool`.

    Raises:
        StorageFault: the disk did not take or give what it should.
    """
    try:
        return await _rows(sql, values)
    except Exception as problem:
        if (behind := _cancellation_behind(problem) or _fault_of(problem)) is None:
            raise
        raise behind from problem


def _cancellation_behind(problem: BaseException) -> CancelledError | None:
    """The cancellation of this task that a failure hides, if any: a connection that is cut in the middle of a statement
    cannot roll back. A task that was told to end must not read an outage instead, and go on."""
    task = current_task()
    if task is None or not task.cancelling():
        return None
    behind = problem.__context__
    while behind is not None and not isinstance(behind, CancelledError):
        behind = behind.__context__
    return behind


async def _rows(sql: str, values: tuple[object, ...]) -> list[Row]:
    connection = get_connection("default")
    if connection.capabilities.dialect != "sqlite":
        # Not execute_query: on asyncpg it drops the rows of an INSERT, UPDATE or DELETE … RETURNING.
        return list(await connection.execute_query_dict(sql, list(values)))
    query = _for_sqlite(sql)
    if isinstance(connection, ImmediateTransaction):
        return connection.run_now(query, values)  # type: ignore[return-value] # sqlite3.Row reads as a mapping
    if isinstance(connection, SqliteClient) and query.lstrip()[:6].upper() == "SELECT":
        return connection.read_now(query, values)  # type: ignore[return-value] # the same
    return list((await connection.execute_query(query, list(values)))[1])


async def row(sql: str, *values: object) -> Row | None:
    """The first row, or None."""
    found = await rows(sql, *values)
    return found[0] if found else None


async def known_row(sql: str, *values: object) -> Row:
    """The row of a statement that always gives one: an INSERT with RETURNING, an aggregate."""
    found = await row(sql, *values)
    if found is None:
        raise ValueError("a statement that always gives a row gave none")
    return found


def places(count: int, *, after: int = 0) -> str:
    """The placeholders of an IN list that come after `after` other parameters: "$2, $3"."""
    return ", ".join(f"${place}" for place in range(after + 1, after + count + 1))


# Rows in one INSERT: well below the most parameters that either database takes, and still few statements.
ROWS_AT_ONCE = 500


async def insert_rows(into: str, values: Sequence[Sequence[object]], ending: str = "") -> list[Row]:
    """Many rows of one kind: `into` is "table (column, column)", `ending` a conflict clause, RETURNING or nothing."""
    found: list[Row] = []
    for start in range(0, len(values), ROWS_AT_ONCE):
        some = values[start : start + ROWS_AT_ONCE]
        lists = (f"({places(len(one), after=place * len(one))})" for place, one in enumerate(some))
        written = f"INSERT INTO {into} VALUES {', '.join(lists)} {ending}"
        found += await rows(written, *(value for one in some for value in one))
    return found


@lru_cache(maxsize=512)
def _for_sqlite(sql: str) -> str:
    typed = re.sub(r"::(timestamptz|date|bool) AS (\w+)", r' AS "\2 [\1]"', sql)
    return re.sub(r"\$(\d+)", r"?\1", typed)


async def unique_sets(table: str) -> set[frozenset[str]]:
    """The sets of columns that the database itself keeps unique in a table; empty when there is no such table."""
    if is_sqlite():
        index: dict[str, set[str]] = {}
        for one in await rows(
            """SELECT l.name AS index_name, c.name AS column_name
                 FROM pragma_index_list($1) l JOIN pragma_index_info(l.name) c WHERE l."unique" = 1""",
            table,
        ):
            index.setdefault(one["index_name"], set()).add(one["column_name"])
        if not index and await row("SELECT 1 AS there FROM pragma_table_info($1)", table):
            return {frozenset({"id"})}
        return {frozenset(columns) for columns in index.values()}
    query = """
        SELECT array_agg(a.attname::text) AS columns
          FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
         WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indpred IS NULL
         GROUP BY i.indexrelid"""
    return {frozenset(one["columns"]) for one in await rows(query, table)}
