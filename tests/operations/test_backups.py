"""A site is saved while it runs, and comes back whole, or what keeps it from that is said in one sentence."""

import asyncio
import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.migrations.api import migrate as apply_migrations

from forum.breaker import close_breakers
from forum.database import close_database, configuration, connect, open_database, rows
from forum.domain.upkeep.holdings import Holding, holdings
from forum.domain.upkeep.saved import Saved
from forum.domain.upkeep.state import state
from forum.errors import CannotStart
from forum.operations import backups, postgres
from forum.operations.archives import BASES, Manifest, pack
from forum.operations.backups import back_up, describe
from forum.operations.restores import Restored, restore
from forum.schema import migrate
from forum.sealing import make_key
from forum.settings import ROOT, Settings
from tests.conftest import NOON
from tests.databases import new_database, settings_at
from tests.test_migrations import picture
from tests.test_start import command, environment, machine
from tests.world import World

__all__ = ["environment", "machine"]  # fixtures

pytestmark = pytest.mark.slow

THEMES = ROOT / "themes"


async def held(place: Settings) -> dict[str, Holding]:
    await connect(place)
    try:
        return await holdings()
    finally:
        await close_database()


async def saved_again(place: Settings) -> dict[str, Holding]:
    """What it holds but for the note that a backup was made, which is not in that backup."""
    return await held(place) | {"backup": Holding(0, sha256().hexdigest())}


@pytest.fixture
async def saved(world: World, database: Settings, tmp_path: Path) -> tuple[Path, Manifest]:
    """A backup of a consultation, and what it says of itself."""
    await close_database()
    file = tmp_path / "site.tar.gz"
    return file, (await back_up(database, file, NOON))[0]


@pytest.fixture
async def new(migrated: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """The settings of a place with no database yet, or an empty one."""
    async with new_database(tmp_path, "restored") as address:
        yield settings_at(address)
    # What is done to a site rings the bell; a command leaves Redis when it ends.
    await close_breakers()


async def put_back(file: Path, place: Settings, *, replace: bool = False) -> Restored:
    return await restore(place, file, NOON, replace=replace)


async def test_a_site_comes_back_as_it_was_saved(
    saved: tuple[Path, Manifest], database: Settings, new: Settings
) -> None:
    file, manifest = saved
    restored = await put_back(file, new)
    assert await held(new) == await held(database)
    assert await saved_again(new) == manifest.tables
    assert manifest.tables["ballot"].rows > 0
    before, after = await picture(database.database.url), await picture(new.database.url)
    for what in before.keys() & {"made", "next numbers", "constraints", "indexes", "functions"}:
        assert after[what] == before[what]
    # PostgreSQL writes the condition of a trigger that was read back with other parentheses.
    assert len(after.get("triggers", ())) == len(before.get("triggers", ()))
    assert manifest.documents > 0
    assert not restored.migrated
    assert any("Refaites les effacements" in line for line in restored.lines())
    await open_database(new)
    await close_database()
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in file.parent.glob(".*")) == []


async def test_what_was_wrong_already_is_said_and_saved_all_the_same(
    world: World, database: Settings, new: Settings, tmp_path: Path
) -> None:
    await rows("UPDATE document SET sha256 = 'autre' WHERE content IS NOT NULL")
    await close_database()
    _, concerns = await back_up(database, tmp_path / "site.tar.gz", NOON)
    assert concerns[0] == "Attention : le document 1 n’a plus l’empreinte notée quand il a été fait."
    assert set(concerns) <= set((await put_back(tmp_path / "site.tar.gz", new)).lines())


async def last(place: Settings) -> Saved | None:
    await open_database(place)
    try:
        return (await state(NOON)).saved
    finally:
        await close_database()


async def test_the_site_knows_of_its_last_backup_and_so_does_what_comes_back(
    saved: tuple[Path, Manifest], database: Settings, new: Settings
) -> None:
    file, _ = saved
    assert await last(database) == Saved(NOON, file.stat().st_size)
    await put_back(file, new)
    assert await last(new) == Saved(NOON, file.stat().st_size)


async def test_what_does_not_come_back_never_counts_as_a_backup(
    world: World, database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(path: Path, folder: Path, manifest: Manifest) -> None:
        pack(path, folder, manifest)
        os.truncate(path, path.stat().st_size // 2)

    await close_database()
    monkeypatch.setattr(backups, "pack", half)
    with pytest.raises(CannotStart, match="pas une sauvegarde entière"):
        await back_up(database, tmp_path / "site.tar.gz", NOON)
    assert not list(tmp_path.glob("*site.tar.gz*"))
    assert await last(database) is None


async def test_a_backup_of_a_database_that_takes_no_note_is_whole_and_says_so(
    world: World, database: Settings, new: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_: Saved) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    await close_database()
    with monkeypatch.context() as patch:
        patch.setattr(backups, "note_saved", full)
        _, concerns = await back_up(database, tmp_path / "site.tar.gz", NOON)
    assert concerns[-1].startswith("Attention : la base n’a pas pu noter cette sauvegarde (database or disk is full)")
    await put_back(tmp_path / "site.tar.gz", new)


async def test_a_backup_replaces_nothing_unless_it_is_told_to(
    saved: tuple[Path, Manifest], database: Settings, new: Settings
) -> None:
    file, manifest = saved
    with pytest.raises(CannotStart, match="existe déjà : donnez un autre nom"):
        await back_up(database, file, NOON)
    await put_back(file, new)
    await open_database(new)
    await rows("UPDATE member SET name = 'Après'")
    await close_database()
    with pytest.raises(CannotStart, match="--replace"):
        await put_back(file, new)
    assert (await held(new))["member"] != manifest.tables["member"]
    await put_back(file, new, replace=True)
    assert await saved_again(new) == manifest.tables


async def test_a_running_site_is_not_replaced(saved: tuple[Path, Manifest], new: Settings) -> None:
    file, _ = saved
    await put_back(file, new)
    await open_database(new)
    await rows("UPDATE member SET name = 'Après'")
    await close_database()
    before = await held(new)
    url = new.database.url
    if url.startswith("postgres"):
        server = await asyncpg.connect(url)
        with pytest.raises(CannotStart, match="arrêtez-le d’abord"):
            await put_back(file, new, replace=True)
        await server.close()
    else:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as reader:
            reader.execute("SELECT COUNT(*) FROM member").fetchall()
            with pytest.raises(CannotStart, match="arrêtez-le d’abord"):
                await put_back(file, new, replace=True)
    assert await held(new) == before


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """An archive with other contents."""
    with tarfile.open(file) as archive:
        members = [(one.name, archive.extractfile(one)) for one in archive.getmembers()]
        held = {name: content.read() for name, content in members if content is not None}
    change(held)
    other = file.with_name("changed.tar.gz")
    with tarfile.open(other, "w:gz") as archive:
        for name, content in held.items():
            told = tarfile.TarInfo(name)
            told.size = len(content)
            archive.addfile(told, io.BytesIO(content))
    return other


def _tell(held: dict[str, bytes], **values: object) -> None:
    held["manifest.json"] = json.dumps(json.loads(held["manifest.json"]) | values).encode()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda held: _tell(held, migrations=["0001_initial", "9999_later"]), r"schéma est plus récent \(9999_later\)"),
        (lambda held: _tell(held, format=2), "pas une sauvegarde entière"),
        (lambda held: held.pop("manifest.json"), "le manifeste n’y est pas"),
        (lambda held: held.pop("legal/fr/charte.md"), "legal/fr/charte.md manque"),
        (lambda held: held.update({"legal/fr/charte.md": b"autre"}), "charte.md n’est plus ce qui a été sauvegardé"),
        (lambda held: held.update({"legal/fr/../../x.md": b""}), "n’y a pas sa place"),
    ],
)
async def test_what_is_not_a_whole_backup_is_refused(
    saved: tuple[Path, Manifest], new: Settings, change: Callable[[dict[str, bytes]], None], word: str
) -> None:
    with pytest.raises(CannotStart, match=word):
        await put_back(rewritten(saved[0], change), new)


async def test_a_truncated_backup_is_refused(saved: tuple[Path, Manifest], new: Settings) -> None:
    file, _ = saved
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(CannotStart, match="pas une sauvegarde entière"):
        await put_back(file, new)


async def test_rows_that_the_manifest_does_not_count_are_found(saved: tuple[Path, Manifest], new: Settings) -> None:
    """The bytes are whole: only a restoration can tell."""
    tables = json.loads(saved[1].model_dump_json())["tables"]
    tables["ballot"]["rows"] += 1
    other = rewritten(saved[0], lambda held: _tell(held, tables=tables))
    with pytest.raises(CannotStart, match=r"la table ballot avait \d+ lignes, \d+ sont là"):
        await put_back(other, new)


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("unasked_states")
async def test_an_older_backup_is_migrated_and_old_last_writes_go(new: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "older"
    folder.mkdir()
    older = new.with_database(f"sqlite:///{folder / BASES['sqlite']}")
    await migrate(older)
    await apply_migrations(config=configuration(older), target="forum.0007_undelivered")
    manifest = await describe(older, "sqlite", "3", NOON)
    await Tortoise.close_connections()
    (folder / f"{BASES['sqlite']}.migrate").unlink()
    pack(tmp_path / "older.tar.gz", folder, manifest)
    place = Path(new.database.url.removeprefix("sqlite:///"))
    place.write_bytes(b"damaged")
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).write_bytes(b"of another database")
    restored = await put_back(tmp_path / "older.tar.gz", new, replace=True)
    assert restored.migrated
    assert any(line.startswith("Base migrée de 0007_undelivered à ") for line in restored.lines())
    await open_database(new)
    await close_database()


@pytest.mark.sqlite_only
async def test_pages_in_place_are_not_overwritten(saved: tuple[Path, Manifest], new: Settings, tmp_path: Path) -> None:
    corrected = tmp_path / "themes"
    shutil.copytree(THEMES, corrected)
    one = next(corrected.glob("*.md"))
    one.write_text("corrected", "utf-8")
    site = new.site.model_copy(update={"themes_dir": corrected})
    restored = await put_back(saved[0], new.model_copy(update={"site": site}))
    (said,) = [line for line in restored.pages if line.startswith("Thèmes")]
    assert one.read_text("utf-8") == "corrected"
    assert (Path(said.split("THEMES_DIR=")[1]) / one.name).read_bytes() == (THEMES / one.name).read_bytes()


@pytest.mark.postgres_only
async def test_a_missing_program_of_the_server_is_named_with_what_brings_it(saved: tuple[Path, Manifest]) -> None:
    with pytest.raises(CannotStart, match=r"pg_dump 99 manque.*apt install postgresql-client-99"):
        await postgres.find("pg_dump", "99.1")


def test_no_secret_is_in_a_backup(machine: dict[str, str], tmp_path: Path) -> None:
    secrets = {"FORUM_SECURITY__KEY": make_key(), "FORUM_MAIL__URL": "smtps://cahier:motdepasse-du-courriel@exemple.fr"}
    made = command(machine | secrets, "backup", str(tmp_path / "site.tar.gz"))
    assert made.returncode == 0, made.stderr
    with tarfile.open(tmp_path / "site.tar.gz") as archive:
        every = b"".join(content.read() for one in archive.getmembers() if (content := archive.extractfile(one)))
    assert b"themes/" in every
    assert secrets["FORUM_SECURITY__KEY"].encode() not in every
    assert b"motdepasse-du-courriel" not in every
    assert "la clé, FORUM_SECURITY__KEY" in made.stdout


def test_a_backup_of_a_running_site_has_every_acknowledged_write(machine: dict[str, str], tmp_path: Path) -> None:
    """A copy of the file has none of them: they are in its -wal."""
    path = Path(machine["FORUM_SITE__DATA_DIR"]) / "cahier.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as site:
        site.execute("PRAGMA journal_mode = WAL")
        site.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for number in range(31):
            site.execute("INSERT INTO working_group (slug, name) VALUES (?, 'GT')", (f"gt-{number}",))
        shutil.copyfile(path, tmp_path / "copy.sqlite3")
        made = command(machine, "backup", str(tmp_path / "site.tar.gz"))
    assert (made.returncode, made.stderr) == (0, "")
    assert "Aucun réglage n’y est, donc aucun secret" in made.stdout
    assert "cahier.key" in made.stdout
    with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT COUNT(*) FROM working_group").fetchone() == (0,)
    back = machine | {"FORUM_SITE__DATA_DIR": str(tmp_path / "elsewhere")}
    restored = command(back, "restore", str(tmp_path / "site.tar.gz"))
    assert (restored.returncode, restored.stderr) == (0, "")
    with closing(sqlite3.connect(tmp_path / "elsewhere" / "cahier.sqlite3")) as copy:
        assert copy.execute("SELECT COUNT(*) FROM working_group").fetchone() == (31,)
    refused = command(back, "restore", str(tmp_path / "site.tar.gz"))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "--replace" in refused.stderr


async def test_writes_during_a_backup_wait_for_nothing(world: World, database: Settings, tmp_path: Path) -> None:
    """Another program writes all along: what it had written before is there, and what it writes is not refused."""
    await close_database()
    url = database.database.url
    statement = "INSERT INTO working_group (slug, name) VALUES ('during-{}', 'GT')"
    written = 0
    if url.startswith("postgres"):
        server = await asyncpg.connect(url)
        await server.execute(statement.format(written))
        task = asyncio.create_task(back_up(database, tmp_path / "site.tar.gz", NOON))
        while not task.done():
            written += 1
            await server.execute(statement.format(written))
        await server.execute("DELETE FROM working_group WHERE slug LIKE 'during-%'")
        await server.close()
    else:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as site:
            site.execute(statement.format(written))
            task = asyncio.create_task(back_up(database, tmp_path / "site.tar.gz", NOON))
            while not task.done():
                written += 1
                site.execute(statement.format(written))
                await asyncio.sleep(0)
    manifest, _ = await task
    assert written > 0
    assert manifest.tables["working_group"].rows > 0


def test_a_folder_keeps_as_many_dated_backups_as_it_is_told(machine: dict[str, str], tmp_path: Path) -> None:
    names = ["cahier-20200101T000000Z.tar.gz", "cahier-20210101T000000Z.tar.gz", "cahier-notes.tar.gz", "avant.tar.gz"]
    for name in names:
        (tmp_path / name).touch()
    made = command(machine, "backup", str(tmp_path), "--keep", "2")
    assert (made.returncode, made.stderr) == (0, "")
    left = {one.name for one in tmp_path.glob("*.tar.gz")}
    (new_one,) = left - set(names)
    assert left == {new_one, *names[1:]}
    assert f"Supprimée : {tmp_path / names[0]}\n" in made.stdout
    refused = command(machine, "backup", str(tmp_path / "un-fichier.tar.gz"), "--keep", "2")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    # One that fails takes no other away.
    (tmp_path / names[0]).touch()
    missing = machine | {"FORUM_SITE__LEGAL_DIR": "/nulle/part", "FORUM_SITE__DATA_DIR": str(tmp_path / "rien")}
    assert command(missing, "backup", str(tmp_path), "--keep", "1").returncode == 1
    assert {one.name for one in tmp_path.glob("*.tar.gz")} == {new_one, *names}
