"""A backup or a restoration that is killed leaves nothing that looks finished; the next one takes away what it left."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from forum.database import close_database, connect, open_database, rows
from forum.domain.upkeep.copies import refuse_other_clients
from forum.errors import CannotStart
from forum.operations.archives import Manifest
from forum.operations.backups import back_up
from forum.operations.restores import restore
from forum.settings import ROOT, Settings
from tests.conftest import NOON, PATIENCE
from tests.operations.test_backups import new, saved, saved_again
from tests.world import World

__all__ = ["new", "saved"]  # fixtures

pytestmark = pytest.mark.slow

EACH = pytest.mark.parametrize("points", [1, pytest.param(9, marks=pytest.mark.faults)])

# The command line, killed as it touches a folder for the n-th time; the first run counts how often it does.
KILLED = """
import os, signal, sys
from forum.__main__ import commands
folder, left = sys.argv.pop(1), int(sys.argv.pop(1))
touched = 0
def watch(event, arguments):
    global touched
    if event in ("open", "os.rename", "os.remove", "sqlite3.connect", "subprocess.Popen") and folder in str(arguments):
        touched += 1
        if touched == left:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
try:
    commands()
finally:
    print(touched, file=sys.stderr)
"""


def run(place: Settings, folder: Path, left: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    known: Mapping[str, str] = {
        "FORUM_DATABASE__URL": place.database.url,
        "FORUM_SITE__DATA_DIR": str(place.site.data_path),
    }
    words = [sys.executable, "-c", KILLED, str(folder), str(left), *arguments]
    return subprocess.run(
        words, cwd=ROOT, env=os.environ | known, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


async def kills(place: Settings, folder: Path, whole: list[str], again: list[str], points: int) -> AsyncIterator[int]:
    """Run a command to its end, then kill another one like it at several points; each is yielded once it is dead."""
    ran = await to_thread.run_sync(run, place, folder, 0, *whole)
    assert ran.returncode == 0, ran.stderr
    times = int(ran.stderr.splitlines()[-1])
    assert times > points
    for point in range(1, points + 1):
        ended = await to_thread.run_sync(run, place, folder, times * point // (points + 1) + 1, *again)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        await _others_end(place)
        yield point


async def _others_end(place: Settings) -> None:
    """PostgreSQL's own programs go on for a moment without who started them."""
    with anyio.fail_after(PATIENCE):
        while place.database.url.startswith("postgres") and await _others_are_there(place):
            await anyio.sleep(0.05)


async def _others_are_there(place: Settings) -> bool:
    await connect(place)
    try:
        await refuse_other_clients("")
    except CannotStart:
        return True
    finally:
        await close_database()
    return False


@EACH
async def test_a_killed_backup_is_no_backup(world: World, database: Settings, tmp_path: Path, points: int) -> None:
    await close_database()
    folder = tmp_path / "saved"
    folder.mkdir()
    whole, again = ["backup", str(folder / "first.tar.gz")], ["backup", str(folder / "second.tar.gz")]
    async for _ in kills(database, folder, whole, again, points):
        assert [one.name for one in folder.glob("[!.]*")] == ["first.tar.gz"]
        assert len(list(folder.glob(".*"))) == 1
    await back_up(database, folder / "second.tar.gz", NOON)
    assert sorted(one.name for one in folder.iterdir()) == ["first.tar.gz", "second.tar.gz"]
    if database.database.url.startswith("postgres"):
        await connect(database)
        left = "SELECT datname FROM pg_database WHERE datname = current_database() || '_restauration_d_essai'"
        assert await rows(left) == []


@EACH
async def test_a_killed_restoration_leaves_one_of_the_two_whole(
    saved: tuple[Path, Manifest], new: Settings, points: int
) -> None:
    file, manifest = saved
    path = new.database.url.removeprefix("sqlite:///")
    folder = new.site.data_path if new.database.url.startswith("postgres") else Path(path).parent
    former = None
    async for _ in kills(new, folder, ["restore", str(file)], ["restore", str(file), "--replace"], points):
        assert await saved_again(new) in (former, manifest.tables)
        await change(new)
        former = await saved_again(new)
        assert former != manifest.tables
    await restore(new, file, NOON, replace=True)
    assert await saved_again(new) == manifest.tables
    assert [one.name for one in folder.glob(".cahier-*")] == []


async def change(place: Settings) -> None:
    await open_database(place)
    await rows("UPDATE member SET name = 'Après'")
    await close_database()
