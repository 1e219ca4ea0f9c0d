"""A disk that is full, read-only or damaged: it is said what it is, reading goes on, nothing acknowledged is lost."""

import asyncio
import errno
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette
from starlette.routing import Route
from tortoise.connection import get_connection
from tortoise.exceptions import TransactionManagementError

from forum import storage
from forum.database import close_database, open_database, rows, transaction
from forum.errors import CannotStart
from forum.models.threads import Thread
from forum.routes import routes
from forum.schema import migrate
from forum.settings import Settings, settings
from forum.storage import StorageFault, Trouble, noted_on_the_way, trouble_in, trouble_of
from tests.conftest import PATIENCE, Clock, visitor
from tests.factories import count, make_group, make_member, make_post, sign_in
from tests.faults.disks import LONG, damaged, file, full, leave_connections, read_only, unwritable
from tests.test_logs import Log, log
from tests.world import World

__all__ = ["log"]

pytestmark = pytest.mark.anyio

Disk = Callable[[], AbstractAsyncContextManager[None]]
TROUBLES = [
    (full, Trouble.FULL, "The site has no more room"),
    (read_only, Trouble.READ_ONLY, "The site cannot save anything"),
    pytest.param(
        partial(read_only, with_log=False),
        Trouble.READ_ONLY,
        "The site cannot save anything",
        marks=pytest.mark.sqlite_only,
    ),
]
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def counts() -> None:
    storage.counts.clear()


@pytest.fixture
async def writer(app: Starlette, client: AsyncClient, thread: Thread) -> AsyncClient:
    """A member who is signed in, at a thread with a contribution; its page is compiled, which tests keep in files."""
    await make_post(thread, "Ce qui fut écrit.")
    await sign_in(client, await make_member())
    await client.get(f"/fils/{thread.id}")
    app.state.kept = type(app.state.kept)()
    return client


def plain(answer: Response) -> str:
    """What it says, with usual blanks before its colons."""
    return answer.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(("disk", "trouble", "english"), TROUBLES)
async def test_a_refused_write_says_why_keeps_the_words_and_reading_goes_on(
    writer: AsyncClient, thread: Thread, log: Log, disk: Disk, trouble: Trouble, english: str
) -> None:
    reply = f"/fils/{thread.id}/repondre"
    async with disk():
        for address, sentence in ((reply, storage.SENTENCES[trouble]), (f"/en{reply}", english)):
            refused = await writer.post(address, data={"source": LONG})
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert sentence in plain(refused)
            assert LONG.strip() in refused.text
        told = await writer.post(reply, data={"source": LONG}, headers=JSON)
        assert told.status_code == 503
        assert storage.SENTENCES[trouble] in plain(told)
        read = await writer.get(f"/fils/{thread.id}")
        assert read.status_code == 200
        assert "Ce qui fut écrit." in read.text
    [line] = log.events("storage fault")
    assert line["fault"] == trouble
    assert urlsplit(settings().database.url).path.strip("/") in line["said"]
    assert log.events("failure") == []
    assert storage.counts[trouble] >= 3
    # The disk is mended: without a restart, and nothing of the refused writes is there.
    assert await count("post") == 1
    assert (await writer.post(reply, data={"source": LONG})).status_code == 303
    assert await count("post") == 2


async def test_what_was_acknowledged_before_a_full_disk_is_there_after_it(writer: AsyncClient, thread: Thread) -> None:
    """People go on writing, some with success: each answer is true."""
    kept = 1
    for attempt in range(6):
        if attempt % 2:
            async with full():
                answer = await writer.post(f"/fils/{thread.id}/repondre", data={"source": LONG})
        else:
            answer = await writer.post(f"/fils/{thread.id}/repondre", data={"source": f"{attempt} {LONG}"})
        assert answer.status_code == (503 if attempt % 2 else 303)
        kept += answer.status_code == 303
    await leave_connections()
    assert await count("post") == kept == 4


async def test_what_is_damaged_is_said_where_it_is_and_the_rest_is_read(
    writer: AsyncClient, thread: Thread, log: Log
) -> None:
    async with damaged("post"):
        for _ in range(2):
            refused = await writer.get(f"/fils/{thread.id}")
            assert refused.status_code == 503
            assert storage.SENTENCES[Trouble.DAMAGED] in plain(refused)
        assert (await writer.get("/compte")).status_code == 200
    [line] = log.events("storage fault")
    assert line["fault"] == "damaged"
    assert "restaurez une sauvegarde" in line["said"]


async def test_every_page_is_read_from_a_disk_that_takes_nothing(app: Starlette, world: World, clock: Clock) -> None:
    """Notes of a visit, which a page would write on the way, are left out. Those of the member and of staff."""
    clock.pass_(days=2)
    told: list[dict[str, int]] = []
    for disk in (None, read_only):
        for name in ("member", "agent"):
            guest = world.guests[name]
            async with visitor(app) as reader:
                reader.cookies.set("session", guest.token, domain="127.0.0.1")
                wanted = list(addresses(guest.places))
                if disk is None:
                    told.append({one: (await reader.get(one)).status_code for one in wanted})
                    continue
                async with disk():
                    found = {one: (await reader.get(one)).status_code for one in wanted}
                assert found == told.pop(0)
                assert sum(status == 200 for status in found.values()) > 20


def addresses(places: Any) -> Any:
    """Every page whose place is known."""
    for route in routes():
        if isinstance(route, Route) and "GET" in (route.methods or ()) and set(route.param_convertors) <= set(places):
            yield route.url_path_for(route.name, **{name: places[name] for name in route.param_convertors})


@pytest.mark.sqlite_only
@pytest.mark.parametrize("with_log", [True, False])
async def test_a_site_starts_on_a_folder_that_takes_nothing_and_reads_what_was_acknowledged(
    configured: Settings, with_log: bool
) -> None:
    """With the log of a process that was killed, the last writes are in it alone."""
    await open_database(configured)
    await rows("PRAGMA wal_autocheckpoint = 0")
    await make_group("gt-last")
    async with read_only(with_log=with_log):
        await close_database()
        await open_database(configured)
        assert [one["slug"] for one in await rows("SELECT slug FROM working_group")] == ["gt-last"]
        for _ in range(2):
            # Twice, since a lock that a first failure keeps would hold the second for ever.
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(StorageFault):
                    await rows("DELETE FROM working_group")
                with pytest.raises(StorageFault):
                    async with transaction():
                        await rows("DELETE FROM working_group")
    async with transaction():
        await rows("UPDATE working_group SET slug = 'gt-first'")
    assert [one["slug"] for one in await rows("SELECT slug FROM working_group")] == ["gt-first"]
    pragmas = {name: (await rows(f"PRAGMA {name}"))[0][0] for name in ("foreign_keys", "synchronous")}  # type: ignore[index]
    assert pragmas == {"foreign_keys": 1, "synchronous": 2}
    await close_database()


@pytest.mark.sqlite_only
async def test_a_reader_without_the_shared_file_follows_what_others_write(
    configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read from for a few seconds, and left at once when this process writes again."""
    await open_database(configured)
    await make_group("gt-1")
    async with read_only(with_log=False):
        assert await count("working_group") == 1
    with sqlite3.connect(urlsplit(configured.database.url).path) as other:
        other.execute("DELETE FROM working_group")
    other.close()
    monkeypatch.setattr(client := get_connection("default"), "_alone_until", 0.0)
    assert await count("working_group") == 0
    assert vars(client)["_alone_until"] is None
    await close_database()


@pytest.mark.sqlite_only
async def test_what_stops_a_migration_is_said(configured: Settings) -> None:
    await open_database(configured)
    await close_database()
    with unwritable(file().parent), pytest.raises(CannotStart, match="en lecture seule"):
        await migrate(configured)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("problem", "trouble"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Trouble.FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), Trouble.FULL),
        (OSError(errno.EROFS, "Read-only file system"), Trouble.READ_ONLY),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in [/tmp]"), Trouble.NO_TEMPORARY),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), None),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), None),
        (asyncpg.DiskFullError("could not extend file"), Trouble.FULL),
        (asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT"), Trouble.READ_ONLY),
        (asyncpg.DataCorruptedError("invalid page in block 0"), Trouble.DAMAGED),
        (asyncpg.IndexCorruptedError("unexpected zero page"), Trouble.DAMAGED),
        (asyncpg.PostgresIOError("could not read block"), Trouble.FAILING),
        (TransactionManagementError(asyncpg.DiskFullError("no room for the log")), Trouble.FULL),
        (asyncpg.DeadlockDetectedError("deadlock"), None),
        (ValueError("nothing of a disk"), None),
    ],
)
def test_each_error_of_a_disk_is_known_and_no_other(problem: Exception, trouble: Trouble | None) -> None:
    assert trouble_of(problem) is trouble
    fault = noted_on_the_way(problem)
    assert (fault and fault.trouble) is trouble
    assert sum(storage.counts.values()) == (trouble is not None)


@pytest.mark.one_database
def test_a_folder_says_itself_why_it_takes_nothing(tmp_path: Path) -> None:
    assert trouble_in(tmp_path) is None
    with unwritable(tmp_path):
        assert trouble_in(tmp_path) is Trouble.READ_ONLY
    assert trouble_in(tmp_path / "nowhere") is Trouble.FAILING
