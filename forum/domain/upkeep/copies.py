"""How is a database copied while people use it, and who uses it? The statements that backups, restores and moves need.

A file of SQLite is never copied as a file: the last writes are in its -wal, and what is copied without it lacks them
while `integrity_check` says ok. VACUUM INTO reads one committed state, and leaves behind what was erased.
"""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Final

from forum.database import is_sqlite, known_row, rows, transaction
from forum.errors import CannotStart

EMPTYING: Final = ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
"""What takes everything out of a PostgreSQL database, in the transaction that fills it again."""

RUNNING: Final = (
    "{place} est ouvert par un autre programme (le site, son ouvrier ou un client) : arrêtez-le d’abord, sinon ce "
    "qu’il écrit serait perdu"
)
# What SQLite keeps beside its file.
_BESIDE: Final = ("-wal", "-shm", "-journal")


async def copy_into(path: Path) -> None:
    """Write one committed state of the open SQLite database to a new file, while it goes on."""
    await rows("VACUUM INTO $1", str(path))


async def server_version() -> str:
    """The version of the open database's program."""
    if is_sqlite():
        return sqlite3.sqlite_version
    return str((await known_row("SHOW server_version"))["server_version"])


@asynccontextmanager
async def snapshot() -> AsyncIterator[str]:
    """The name of a state of PostgreSQL that others can read too while this transaction lasts; it reads that one."""
    async with transaction():
        await rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield str((await known_row("SELECT pg_export_snapshot() AS name"))["name"])


async def refuse_other_clients(place: str) -> None:
    """Raises CannotStart when anybody else is connected to the open PostgreSQL database."""
    found = await rows(
        """
        SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
    )
    if found:
        raise CannotStart(RUNNING.format(place=place))


async def create_database(name: str) -> None:
    await rows(f'CREATE DATABASE "{name}" TEMPLATE template0')


async def drop_database(name: str, *, used: bool) -> None:
    """Drop it if it is there; `used`: also from under whoever is connected to it."""
    await rows(f'DROP DATABASE IF EXISTS "{name}"{" WITH (FORCE)" if used else ""}')


@contextmanager
def alone_with(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Hold a SQLite file so that nobody else can open it; None when it is too damaged to be held, by anybody.

    Raises:
        CannotStart: another process has it open. In WAL every open connection holds a lock, also between two writes.
    """
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None, detect_types=_TYPED)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as problem:
            raise CannotStart(RUNNING.format(place=path)) from problem
        except sqlite3.DatabaseError:
            yield None
            return
        yield connection


_TYPED: Final = sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES


def replace_file(new: Path, path: Path) -> None:
    """Put a whole SQLite file in the place of another one, or of none; what the former kept beside it goes with it.

    At every instant there is one of the two, whole: the former takes its -wal in before it is replaced.

    Raises:
        CannotStart: another process has the former one open.
    """
    if not path.exists():
        _remove_beside(path)
        _put(new, path)
        return
    with alone_with(path) as held:
        if held is not None:
            held.execute("PRAGMA journal_mode = DELETE")
        _remove_beside(path)
        _put(new, path)


def _remove_beside(path: Path) -> None:
    for ending in _BESIDE:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _put(new: Path, path: Path) -> None:
    """The file belongs to who has the folder, since who restores may be another user than the site's."""
    owner = path.parent.stat()
    if os.geteuid() == 0:
        os.chown(new, owner.st_uid, owner.st_gid)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(new, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in it survive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
