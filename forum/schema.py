"""How does a database get its tables? From one file while it has none, by migrations from then on.

`sqlite.sql` and `postgres.sql`, beside the migrations, hold the schema that all the migrations give an empty database,
and note them as applied: instantly, where the migrations take seconds, and more with each new one. `make schema` writes
the files.
"""

import fcntl
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from typing import Any

import asyncpg
from anyio import open_file, to_thread
from tortoise import Tortoise
from tortoise.exceptions import DBConnectionError
from tortoise.migrations.api import migrate as apply_migrations

from forum.database import MIGRATIONS, POSTGRES_PARAMETERS, configuration, credentials_of, unreached, where
from forum.errors import CannotStart
from forum.settings import Settings

SCHEMAS = MIGRATIONS
"""The folder of the two files."""

# Where Tortoise notes what it applied.
NOTES = "tortoise_migrations"

_IN_FILE = "SELECT name FROM sqlite_master WHERE name NOT GLOB 'sqlite_*'"
# Tables and views that a statement would find, except those that an extension brought.
_ON_SERVER = """
    SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND pg_table_is_visible(c.oid)
       AND nspname <> 'information_schema' AND nspname !~ '^pg_'
       AND NOT EXISTS (SELECT 1 FROM pg_depend d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"""


async def migrate(settings: Settings) -> None:
    """Bring the schema to the newest version. It is the release step; a second process waits, and finds it done.

    Raises:
        CannotStart: the database cannot be reached, or has tables without a note of the migrations that made them.
    """
    try:
        settings.site.data_path.mkdir(parents=True, exist_ok=True)
        async with _alone(settings):
            await apply_migrations(config=configuration(settings))
    except (OSError, DBConnectionError, asyncpg.PostgresError, sqlite3.Error) as problem:
        raise unreached(settings, problem) from problem
    finally:
        await Tortoise.close_connections()


def _alone(settings: Settings) -> AbstractAsyncContextManager[None]:
    """One process migrates at a time: Tortoise records a migration after its commit, so a second would begin it again.

    An empty database has all its tables when the block begins.
    """
    credentials = credentials_of(settings)
    if "file_path" in credentials:
        return _alone_in_file(credentials["file_path"])
    known = {name: value for name, value in credentials.items() if name in POSTGRES_PARAMETERS}
    return _alone_on_server(known, where(settings))


@asynccontextmanager
async def _alone_in_file(path: str) -> AsyncIterator[None]:
    async with await open_file(f"{path}.migrate", "w") as file:
        await to_thread.run_sync(fcntl.flock, file.wrapped.fileno(), fcntl.LOCK_EX)
        await to_thread.run_sync(_fill_file, path)
        yield


def _fill_file(path: str) -> None:
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        there = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name NOT GLOB 'sqlite_*'")
        }
        noted = NOTES in there and connection.execute(f"SELECT 1 FROM {NOTES}").fetchone()
        if _is_empty(there, bool(noted), path):
            connection.executescript(f"BEGIN IMMEDIATE;\n{_schema('sqlite')}COMMIT;")


@asynccontextmanager
async def _alone_on_server(credentials: dict[str, Any], place: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(**credentials)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('cahier migrate'))")
        there = {one["relname"] for one in await connection.fetch(_ON_SERVER)}
        noted = NOTES in there and await connection.fetchrow(f"SELECT 1 FROM {NOTES}")
        if _is_empty(there, bool(noted), place):
            async with connection.transaction():
                await connection.execute(_schema("postgres"))
        yield
    finally:
        await connection.close()


def _is_empty(there: set[str], noted: bool, place: str) -> bool:
    """Whether to fill a database from the file; it may hold empty notes, left by a migration cut off at its start.

    Raises:
        CannotStart: there are foreign tables, or only some of ours: to add ours, or to go on, would be a guess.
    """
    unnoted = sorted(set() if noted else there - {NOTES})
    if unnoted:
        raise CannotStart(
            f"base de données : {place} contient déjà {', '.join(unnoted[:3])}{'…' if len(unnoted) > 3 else ''}, "
            "sans qu’aucune migration y soit notée ; donnez une base vide, ou restaurez une sauvegarde entière"
        )
    return not there


def _schema(dialect: str) -> str:
    return (SCHEMAS / f"{dialect}.sql").read_text("utf-8")
