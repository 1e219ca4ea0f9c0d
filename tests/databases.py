"""New, empty databases that are deleted after use, and the settings that lead to one."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from forum.settings import Settings, settings


async def on_server(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def new_database(folder: Path, name: str) -> AsyncIterator[str]:
    """The address of a new database of the kind that this run uses: a file in `folder`, or a database beside the run's
    own."""
    server = os.environ.get("FORUM_DATABASE__URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder / name}.sqlite3"
        return
    async with new_on_server(server, name) as address:
        yield address


@asynccontextmanager
async def new_on_server(server: str, name: str) -> AsyncIterator[str]:
    own = f"cahier_{name}_{os.getpid()}"
    await on_server(server, f"CREATE DATABASE {own}")
    try:
        yield urlsplit(server)._replace(path=f"/{own}").geturl()
    finally:
        await on_server(server, f"DROP DATABASE {own} WITH (FORCE)")


def settings_at(address: str) -> Settings:
    """The settings of this process with another database."""
    return settings().with_database(address)
