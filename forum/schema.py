"""How does a database get its tables? From one file while it has none, by migrations from then on.

`sqlite.sql` and `postgres.sql`, beside the migrations, hold the schema that all the migrations give an empty database,
and note them as applied: instantly, where the migrations take seconds, and more with each new one. `make schema` writes
the files.
"""

import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import asyncpg
from anyio import open_file, to_thread
from tortoise import Tortoise
from tortoise.migrations.api import migrate as apply_migrations

from forum.database import (
    MIGRATIONS,
    NOTED,
    NOTES,
    POSTGRES_PARAMETERS,
    REFUSALS,
    TABLES_IN_FILE,
    TABLES_ON_SERVER,
    configuration,
    credentials_of,
    emptied,
    is_missing_file,
    of_commands,
    refuse_newer,
    unreached,
    where,
)
from forum.errors import CannotStart
from forum.settings import Settings

SCHEMAS = MIGRATIONS
"""The folder of the two files."""


async def migrate(settings: Settings) -> None:
    """Bring the schema to the newest version. It is the release step; a second process waits, and finds it done.

    Raises:
        CannotStart: the database cannot be reached, is damaged, or was emptied; a newer program made it; or it has
        tables without a note of the migrations that made them.
    """
    try:
        settings.site.data_path.mkdir(parents=True, exist_ok=True)
        async with _alone(settings):
            await apply_migrations(config=configuration(settings))
    except REFUSALS as problem:
        raise unreached(settings, problem) from problem
    finally:
        await Tortoise.close_connections()


def _alone(settings: Settings) -> AbstractAsyncContextManager[None]:
    """One process migrates at a time: Tortoise records a migration after its commit, so a second would begin it again.

    A new database has all its tables when the block begins.
    """
    return _alone_in_file(settings) if "file_path" in credentials_of(settings) else _alone_on_server(settings)


@asynccontextmanager
async def _alone_in_file(settings: Settings) -> AsyncIterator[None]:
    path = credentials_of(settings)["file_path"]
    async with await open_file(f"{path}.migrate", "w") as file:
        await to_thread.run_sync(fcntl.flock, file.wrapped.fileno(), fcntl.LOCK_EX)
        await to_thread.run_sync(_make_or_check_file, settings, path)
        yield


def _make_or_check_file(settings: Settings, path: str) -> None:
    if is_missing_file(settings):
        _make_file(path)
        return
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        there = {name for (name,) in connection.execute(TABLES_IN_FILE)}
        if not there:
            raise emptied(settings)
        applied = frozenset(name for (name,) in connection.execute(NOTED)) if NOTES in there else frozenset()
    _is_empty(there, applied, settings)


def _make_file(path: str) -> None:
    """A file comes whole or not at all: an empty one means that something was lost."""
    part = f"{path}.part"
    Path(part).unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part, timeout=10, isolation_level=None)) as connection:
            connection.executescript(f"BEGIN IMMEDIATE;\n{_schema('sqlite')}COMMIT;")
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)


@asynccontextmanager
async def _alone_on_server(settings: Settings) -> AsyncIterator[None]:
    known = {name: value for name, value in credentials_of(settings).items() if name in POSTGRES_PARAMETERS}
    connection = await asyncpg.connect(**known, timeout=of_commands(settings).connection)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('cahier migrate'))")
        there = {one["name"] for one in await connection.fetch(TABLES_ON_SERVER)}
        applied = frozenset(one["name"] for one in await connection.fetch(NOTED)) if NOTES in there else frozenset()
        if _is_empty(there, applied, settings):
            async with connection.transaction():
                await connection.execute(_schema("postgres"))
        yield
    finally:
        await connection.close()


def _is_empty(there: set[str], applied: frozenset[str], settings: Settings) -> bool:
    """Whether to fill a database from the file; it may hold empty notes, left by a migration cut off at its start.

    Raises:
        CannotStart: a newer program made it, or there are foreign tables, or only some of ours: to add ours, or to go
        on, would be a guess.
    """
    refuse_newer(settings, applied)
    unnoted = sorted(set() if applied else there - {NOTES})
    if unnoted:
        raise CannotStart(
            f"base de données : {where(settings)} contient déjà {', '.join(unnoted[:3])}"
            f"{'…' if len(unnoted) > 3 else ''}, "
            "sans qu’aucune migration y soit notée ; donnez une base vide, ou restaurez une sauvegarde entière"
        )
    return not there


def _schema(dialect: str) -> str:
    return (SCHEMAS / f"{dialect}.sql").read_text("utf-8")
