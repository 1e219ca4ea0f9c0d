"""Disks that are full, read-only or damaged, as SQLite and PostgreSQL really meet them, without a disk of one's own.

A limit of the process on the length of its files refuses what SQLite appends, like a full disk or quota; files and
folders lose their right to be written, even by root; bytes of the file are overwritten. PostgreSQL's server, which is
another process, raises its own errors from a trigger or a view, and is really set to read only.
`test_small_disk.py` has real ones.
"""

import ctypes
import os
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from tortoise.connection import get_connection

from forum.database import is_sqlite, rows
from forum.settings import settings
from forum.sqlite import Client

ROOM = 16 * 1024
"""Less than a contribution needs, and than is tried to find out what is wrong."""
LONG = "Former tous les bibliothécaires de chaque commune. " * 380


def file() -> Path:
    return Path(settings().database.url.removeprefix("sqlite:///"))


async def leave_connections() -> None:
    """As after a start: the next statement opens its connection."""
    client = get_connection("default")
    if isinstance(client, Client):
        await client.close()
    else:
        await client._pool.expire_connections()


@asynccontextmanager
async def full(table: str = "post", room: int = ROOM) -> AsyncIterator[None]:
    """No row of the table fits any more, if it takes more than that room."""
    if is_sqlite():
        await rows("PRAGMA wal_checkpoint(TRUNCATE)")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    await rows(_raising("53100", "could not extend file: No space left on device"))
    await rows(f"CREATE TRIGGER refused BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refusing()")
    try:
        yield
    finally:
        await rows("DROP FUNCTION refusing CASCADE")


def _raising(state: str, words: str, gives: str = "trigger") -> str:
    return f"""CREATE FUNCTION refusing() RETURNS {gives} LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION '{words}' USING ERRCODE = '{state}'; END $$"""


@asynccontextmanager
async def read_only(*, with_log: bool = True) -> AsyncIterator[None]:
    """Nothing is written, as from a start: with the log of a process that was killed, or without."""
    if is_sqlite():
        there = [file(), file().with_name(f"{file().name}-wal")]
        kept = {one: one.read_bytes() for one in there} if with_log else {}
        await leave_connections()
        for path, content in kept.items():
            path.write_bytes(content)
        with unwritable(file().parent):
            yield
            await leave_connections()
        return
    server = await asyncpg.connect(settings().database.url)
    name = await server.fetchval("SELECT current_database()")
    await server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await leave_connections()
    try:
        yield
    finally:
        await server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await server.close()
        await leave_connections()


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Neither a folder nor its files can be written by this thread and those it starts, whoever it is."""
    rights = {one: one.stat().st_mode for one in (folder, *folder.iterdir())}
    for one, mode in rights.items():
        one.chmod(mode & ~0o222)
    effective = _capabilities()
    _set_effective(effective & ~_OVERRIDE)
    try:
        yield
    finally:
        _set_effective(effective)
        for one, mode in rights.items():
            if one.exists():
                one.chmod(mode)


# capset(2): CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, by which root writes where nobody may.
_OVERRIDE = 1 << 1 | 1 << 2
_VERSION_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


def _capabilities() -> int:
    return _asked()[0]


def _asked() -> "ctypes.Array[ctypes.c_uint32]":
    head, data = (ctypes.c_uint32 * 2)(_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    if _libc.capget(head, data):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return data


def _set_effective(effective: int) -> None:
    head, data = (ctypes.c_uint32 * 2)(_VERSION_3, 0), _asked()
    data[0] = effective
    if _libc.capset(head, data):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@asynccontextmanager
async def damaged(table: str) -> AsyncIterator[None]:
    """What a table holds cannot be read any more."""
    if is_sqlite():
        roots = await rows(
            """SELECT rootpage, (SELECT page_size FROM pragma_page_size()) AS size FROM sqlite_master
                WHERE tbl_name = $1 AND rootpage > 0""",
            table,
        )
        await rows("PRAGMA wal_checkpoint(TRUNCATE)")
        await leave_connections()
        with file().open("r+b") as one:
            for found in roots:
                one.seek((found["rootpage"] - 1) * found["size"])
                one.write(b"\xff" * found["size"])
        yield
        return
    await rows(_raising("XX001", "invalid page in block 0", "boolean"))
    await rows(f"ALTER TABLE {table} RENAME TO kept_apart")
    await rows(f"CREATE VIEW {table} AS SELECT * FROM kept_apart WHERE refusing()")
    try:
        yield
    finally:
        await rows(f"DROP VIEW {table}")
        await rows(f"ALTER TABLE kept_apart RENAME TO {table}")
        await rows("DROP FUNCTION refusing")
