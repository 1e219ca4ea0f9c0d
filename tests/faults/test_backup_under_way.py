"""A site is saved while people write: what was acknowledged before the backup began is in it, in an empty place too."""

import asyncio
import os
from collections import Counter
from pathlib import Path

import pytest
from anyio import to_thread

from forum.database import close_database, open_database
from forum.domain.journal_chain import verify
from forum.settings import Settings
from tests.databases import new_database, settings_at
from tests.faults.served import ServedSite
from tests.faults.test_kills import Writer, make_writers, words_there
from tests.figures import Say
from tests.test_start import command_by_itself

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.mark.parametrize("backups", [1, pytest.param(10, marks=pytest.mark.faults)])
async def test_a_backup_holds_what_was_acknowledged_before_it_began(
    database: Settings, tmp_path: Path, backups: int, say_figures: Say
) -> None:
    site = ServedSite(tmp_path / "data")
    writers = await make_writers(site)
    await close_database()
    try:
        await site.start()
        told, meanwhile = await save_while_they_write(writers, tmp_path, backups)
    finally:
        site.kill()
        for one in writers:
            await one.browser.aclose()
    found = [await restored(tmp_path, number) for number in range(backups)]
    await open_database(database)
    missing = sum((before - there).total() for before, there in zip(told, found, strict=True))
    later = sum((there - before).total() for before, there in zip(told, found, strict=True))
    say_figures(
        f"{backups} backups, {meanwhile} writes acknowledged meanwhile; of {sum(one.total() for one in told)} "
        f"contributions acknowledged before their backup {missing} missing once restored; {later} later ones are there"
    )
    assert missing == 0
    assert meanwhile > 0
    assert {times for there in found for times in there.values()} == {1}


async def save_while_they_write(
    writers: list[Writer], folder: Path, backups: int
) -> tuple[list[Counter[tuple[str, ...]]], int]:
    """What had been acknowledged before each backup, and how many writes were while they were made."""
    told: list[Counter[tuple[str, ...]]] = []
    stop, meanwhile = asyncio.Event(), 0
    writing = [asyncio.create_task(one.write_until(stop)) for one in writers]
    for number in range(backups):
        begun = sum(one.acknowledged for one in writers)
        while (before := sum(one.acknowledged for one in writers)) < begun + 20:
            await asyncio.sleep(0.01)
        told.append(Counter((one.name, words) for one in writers for words in one.posts))
        await said(dict(os.environ), "backup", folder / f"{number}.tar.gz")
        meanwhile += sum(one.acknowledged for one in writers) - before
    stop.set()
    await asyncio.gather(*writing)
    return told, meanwhile


async def said(environment: dict[str, str], command: str, file: Path) -> None:
    ended = await to_thread.run_sync(command_by_itself, environment, command, str(file))
    assert ended.returncode == 0, ended.stderr


async def restored(folder: Path, number: int) -> Counter[tuple[str, ...]]:
    """The contributions that are there once this backup is put back in an empty place."""
    async with new_database(folder, f"empty_{number}") as address:
        empty = {"FORUM_DATABASE__URL": address, "FORUM_SITE__DATA_DIR": str(folder / f"empty-{number}")}
        await said(dict(os.environ) | empty, "restore", folder / f"{number}.tar.gz")
        await open_database(settings_at(address))
        assert (await verify()).fault == ""
        words = Counter(await words_there())
        await close_database()
    return words
