"""A disk that is really small, under a site of its own process: filled, restarted while full, emptied; and a real
damaged page. `make faults` runs it; mounting a disk needs root.
"""

import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from httpx2 import Client, Response

from forum.database import close_database, open_database, rows
from forum.domain.sign_in.sessions import open_session
from forum.schema import migrate
from forum.settings import settings
from forum.storage import SENTENCES, Trouble
from tests.conftest import PATIENCE
from tests.databases import new_database, settings_at
from tests.factories import count, make_member, make_post, make_theme, make_thread
from tests.faults.served import ServedSite
from tests.faults.test_storage import plain

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

MEGABYTES = 20
POSTGRES = os.environ.get("FORUM_DATABASE__URL", "").startswith("postgres")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk, in a folder that PostgreSQL's server reaches."""
    if os.geteuid():
        pytest.skip("mounting a disk needs root")
    folder = Path(f"/tmp/cahier-small-{os.getpid()}")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=777", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


@asynccontextmanager
async def small_database(disk: Path) -> AsyncIterator[str]:
    """A migrated database: its file on the small disk, or the table of contributions in a tablespace there."""
    async with new_database(disk, "small") as address:
        await migrate(settings_at(address))
        if not POSTGRES:
            yield address
            return
        name = f"small_{os.getpid()}"
        server = await asyncpg.connect(settings().database.url)
        owner = Path(await server.fetchval("SHOW data_directory"))
        if not owner.exists():
            pytest.skip("the server is on another machine")
        place = disk / "space"
        place.mkdir()
        os.chown(place, owner.stat().st_uid, owner.stat().st_gid)
        await server.execute(f"CREATE TABLESPACE {name} LOCATION '{place}'")
        try:
            await move(address, name)
            yield address
            await move(address, "pg_default")
        finally:
            await server.execute(f"DROP TABLESPACE IF EXISTS {name}")
            await server.close()


async def move(address: str, tablespace: str) -> None:
    own = await asyncpg.connect(address)
    await own.execute(f"ALTER TABLE post_revision SET TABLESPACE {tablespace}")
    await own.close()


async def furnish(address: str) -> str:
    """A member at a thread with a contribution, today; the token of their session."""
    now, day = datetime.now(UTC), timedelta(days=1)
    await open_database(settings_at(address))
    theme = await make_theme(3)
    await rows("UPDATE theme SET contributions_open_at = $1, contributions_close_at = $2", now - day, now + day)
    await make_post(await make_thread(theme), "Ce qui fut écrit.")
    token = await open_session((await make_member()).id, now=now)
    await close_database()
    return token


def site(address: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ServedSite:
    """A process of its own, which tries at each question whether its database takes a write."""
    monkeypatch.setenv("FORUM_DATABASE__URL", address)
    monkeypatch.setenv("FORUM_REDIS__URL", "")
    monkeypatch.setenv("FORUM_HEALTH__WRITE_SECONDS", "1")
    return ServedSite(folder)


def browser(one: ServedSite, token: str) -> Client:
    known = Client(base_url=one.address, headers={"Sec-Fetch-Site": "same-origin"}, timeout=PATIENCE)
    known.cookies.set("session", token, domain="127.0.0.1")
    return known


def write(reader: Client) -> Response:
    """A contribution that nothing makes shorter."""
    return reader.post("/fils/1/repondre", data={"source": " ".join(secrets.token_hex(5) for _ in range(1500))})


async def written(address: str) -> int:
    await open_database(settings_at(address))
    try:
        return await count("post") - 1
    finally:
        await close_database()


async def test_a_full_disk_loses_nothing_is_read_after_a_restart_and_written_once_there_is_room(
    migrated: str, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it is full, so that SQLite finds the log of a process that did not end."""
    figures: dict[str, int] = {"acknowledged": 0, "refused": 0}
    async with small_database(disk) as address:
        token = await furnish(address)
        one = site(address, tmp_path / "data", monkeypatch)
        (tmp_path / "data").mkdir()
        try:
            await one.start()
            with browser(one, token) as reader:
                while figures["refused"] < 10:
                    answer = write(reader)
                    figures["acknowledged" if answer.status_code == 303 else "refused"] += 1
                    if answer.status_code != 303:
                        assert answer.status_code == 503
                        assert SENTENCES[Trouble.FULL] in plain(answer)
                    if figures["acknowledged"] == 20 and not (disk / "ballast").exists():
                        fill(disk)
            for _ in range(2):
                one.kill()
                await one.start()
                with browser(one, token) as reader:
                    figures["restarts"] = figures.get("restarts", 0) + 1
                    assert "Ce qui fut écrit." in reader.get("/fils/1").text
                    assert reader.get("/compte").status_code == 200
                    assert write(reader).status_code == 503
            (disk / "ballast").unlink()
            with browser(one, token) as reader:
                # SQLite reads without its shared file for some seconds at most; a write ends that at once.
                assert write(reader).status_code == 303
                figures["acknowledged"] += 1
                assert reader.get("/sante/pret").json()["checks"]["writing"] == [{"status": "pass"}]
        finally:
            one.kill()
        figures["found"] = await written(address)
        figures["lines of the log"] = one.said.read_text("utf-8").count('"event": "storage fault"')
    print(figures)
    assert figures["found"] == figures["acknowledged"]
    # Each process told it once, and counted.
    assert figures["lines of the log"] <= 2 * (1 + figures["restarts"])


def fill(disk: Path) -> None:
    """Leave no byte."""
    with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


@pytest.mark.postgres_only
async def test_a_damaged_page_of_a_table_is_said_and_the_rest_is_read(
    migrated: str, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small_database(disk) as address:
        token = await furnish(address)
        own = await asyncpg.connect(address)
        # Written to the disk and read from there: nobody keeps its pages in memory.
        await own.execute("ALTER TABLE post SET TABLESPACE " + f"small_{os.getpid()}")
        path = Path(await own.fetchval("SHOW data_directory")) / await own.fetchval(
            "SELECT pg_relation_filepath('post')"
        )
        with path.open("r+b") as file:
            file.write(b"\xff" * 8192)
        one = site(address, tmp_path / "data", monkeypatch)
        (tmp_path / "data").mkdir()
        try:
            await one.start()
            with browser(one, token) as reader:
                refused = reader.get("/fils/1")
                assert (refused.status_code, SENTENCES[Trouble.DAMAGED] in plain(refused)) == (503, True)
                assert reader.get("/compte").status_code == 200
        finally:
            one.kill()
            await own.execute("DROP TABLE post CASCADE")
            await own.close()
