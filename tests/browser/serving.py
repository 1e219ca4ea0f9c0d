"""A whole site for the browser tests: the real command, a free port, a fresh example, a temporary folder.

SQLite with the worker inside by default; with FORUM_DATABASE__URL and FORUM_REDIS__URL of the run, a database of its
own on that server and the worker in its own process, as the Procfile starts them.
"""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import anyio
import pytest
from httpx2 import AsyncClient, HTTPError
from playwright.async_api import StorageState

from forum.settings import ROOT
from forum.web.plumbing.fields import FIELDS
from tests.conftest import PATIENCE
from tests.databases import new_database, on_server


@dataclass(frozen=True, slots=True)
class Site:
    """A running site: its address, its example accounts by title, and what was put in it for its pages."""

    address: str
    passwords: dict[str, tuple[str, str]]
    environment: dict[str, str]
    # The numbers of the things that pages are about, by names of ours.
    places: dict[str, int | str] = field(default_factory=dict)
    # Accounts already signed in, by title: argon2 is slow on purpose.
    signed_in: dict[str, StorageState] = field(default_factory=dict)

    @asynccontextmanager
    async def desk(self, title: str) -> AsyncIterator[AsyncClient]:
        """An account signed in without a browser, to prepare in one line what a page must show."""
        same_origin = {"Sec-Fetch-Site": "same-origin"}
        async with AsyncClient(base_url=self.address, headers=same_origin, timeout=PATIENCE) as client:
            name, password = self.passwords[title]
            answer = await client.post("/connexion", data={"identifiant": name, "mot_de_passe": password})
            assert answer.status_code == 303, answer.text
            yield client

    async def put(self, statement: str) -> None:
        """Write into the database what no form can. Only numbers and words of ours: nothing is escaped."""
        url = self.environment["FORUM_DATABASE__URL"]
        if url.startswith("postgres"):
            await on_server(url, statement)
            return
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=PATIENCE)) as connection, connection:
            connection.execute(statement)


async def sent(client: AsyncClient, path: str, **fields: str | list[str]) -> str:
    """Send a form that must be accepted; returns the address that it leads to."""
    assert {re.sub(r"-\d+$", "", name) for name in fields} <= FIELDS.keys()
    answer = await client.post(path, data=fields)
    assert answer.status_code == 303, f"{path}: {answer.status_code}\n{answer.text}"
    return str(answer.headers["location"])


def number_in(address: str) -> int:
    """The number of the thing that an address leads to, `#c-12` before `/fils/1`."""
    found = re.search(r"#c-(\d+)", address) or re.search(r"/(\d+)", address)
    assert found, address
    return int(found[1])


@asynccontextmanager
async def serving(
    folder: Path, *, port: int = 0, chosen: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[Site]:
    """A site that lives as long as the block, on a free port, with `chosen` settings besides its own."""
    async with new_database(folder, f"browser_{_name(folder)}") as database:
        port = port or free_port()
        address = f"http://127.0.0.1:{port}"
        environment = os.environ | {
            "FORUM_SITE__DATA_DIR": str(folder / "data"),
            "FORUM_SITE__BASE_URL": address,
            "FORUM_SERVER__PORT": str(port),
            "FORUM_DATABASE__URL": database,
            **chosen,
        }
        with _process(folder / "web.log", environment, "-m", "forum", "serve", "--example") as web:
            await _answers(address, web, folder / "web.log")
            with _worker(folder / "worker.log", environment):
                yield Site(address, _passwords(folder / "data"), environment)
        said = (folder / "web.log").read_text("utf-8")
        assert '"level": "error"' not in said, said


def _name(folder: Path) -> str:
    return re.sub(r"[^a-z0-9]", "", folder.name.lower())


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _process(log: Path, environment: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def _worker(log: Path, environment: dict[str, str]) -> Iterator[None]:
    """The worker's process, when there is a Redis; otherwise the worker is in the web process."""
    if not environment.get("FORUM_REDIS__URL"):
        yield
        return
    with _process(log, environment, "-m", "forum", "work"):
        yield


async def _answers(address: str, web: subprocess.Popen[bytes], log: Path) -> None:
    async with AsyncClient() as client:
        for _ in range(10 * PATIENCE):
            if web.poll() is not None:
                break
            try:
                if (await client.get(f"{address}/sante/pret")).status_code == 200:
                    return
            except HTTPError:
                await anyio.sleep(0.1)
    pytest.fail(f"the site did not start:\n{log.read_text('utf-8')}")


def _passwords(data: Path) -> dict[str, tuple[str, str]]:
    accounts = json.loads((data / "comptes-exemple.json").read_text("utf-8"))
    return {account["title"]: (account["email"], account["password"]) for account in accounts}
