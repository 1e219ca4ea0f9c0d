"""A site passes to this version by one command: saved, migrated, mended; or it stays as it was, and this is said."""

import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from forum.database import applied_migrations, close_database, connect, open_database, rows, tables
from forum.domain.upkeep.saved import Saved
from forum.errors import CannotStart
from forum.operations import backups
from forum.operations.restores import restore
from forum.operations.upgrades import KEPT, upgrade
from forum.schema import migrate
from forum.settings import Settings
from tests.conftest import NOON
from tests.databases import new_database, settings_at
from tests.operations.test_backups import last, new
from tests.operations.test_released import put
from tests.test_migrations import run
from tests.test_start import command, environment, machine

__all__ = ["environment", "machine", "new"]  # fixtures

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unasked_states")]

HIDDEN = "Une\u200bpersonne@exemple.fr"


async def older(place: Settings) -> None:
    """The site of a released version, where an address keeps what nobody sees."""
    await put("0.3.0", place.database.url)
    await run(
        place.database.url,
        f"""INSERT INTO member (name, handle, handle_key, email, email_key, password_hash, role, organisation,
                               profession, territory, charter_version, locale, suspended_reason, warnings, example,
                               created_at)
           VALUES ('Une', 'Une', 'une', '{HIDDEN}', '{HIDDEN}', 'x', 'member', '', '', '', '', 'fr', '', 0, FALSE,
                   '{NOON}')""",
    )


async def noted(place: Settings) -> str:
    await connect(place)
    try:
        return max(await applied_migrations(await tables()))
    finally:
        await close_database()


async def addresses(place: Settings) -> list[str]:
    await open_database(place)
    try:
        return [one["email"] for one in await rows("SELECT email FROM member")]
    finally:
        await close_database()


async def test_an_older_site_is_saved_migrated_and_mended(new: Settings, tmp_path: Path) -> None:
    await older(new)
    before = await noted(new)
    file = tmp_path / "avant.tar.gz"
    done = await upgrade(new, file, NOON)
    assert done.migrated
    assert any("Adresses débarrassées de ce qui ne se voit pas : 1." in line for line in done.lines)
    mended = await addresses(new)
    assert "Unepersonne@exemple.fr" in mended
    assert HIDDEN not in mended
    assert await last(new) == Saved(NOON, file.stat().st_size)
    assert done.saved is not None
    assert max(done.saved[1].migrations) == before
    # What was saved is the former site, and comes back as this version has it.
    async with new_database(tmp_path, "back") as address:
        back = settings_at(address)
        restored = await restore(back, file, NOON, replace=False)
        assert restored.migrated
        assert any("Adresses débarrassées" in line for line in restored.lines())
        assert await addresses(back) == mended
    again = await upgrade(new, None, NOON)
    assert (again.migrated, again.saved, again.lines) == (False, None, ())


async def test_a_migration_that_fails_at_the_trial_leaves_the_site_as_it_was(
    new: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> tuple[str, ...]:
        raise CannotStart("la migration a échoué")

    await older(new)
    before = await noted(new)
    monkeypatch.setattr(backups, "bring_up_to_date", broken)
    with pytest.raises(CannotStart, match="la migration a échoué"):
        await upgrade(new, tmp_path / "avant.tar.gz", NOON)
    assert await noted(new) == before
    assert list(tmp_path.glob("*avant.tar.gz*")) == []


async def test_what_must_not_be_upgraded_is_refused_in_one_sentence(new: Settings, tmp_path: Path) -> None:
    file = tmp_path / "avant.tar.gz"
    await migrate(new)
    url = new.database.url
    if url.startswith("postgres"):
        server = await asyncpg.connect(url)
        with pytest.raises(CannotStart, match="arrêtez-le d’abord"):
            await upgrade(new, file, NOON)
        await server.close()
    else:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as reader:
            reader.execute("PRAGMA journal_mode = WAL")
            reader.execute("SELECT COUNT(*) FROM member").fetchall()
            with pytest.raises(CannotStart, match="arrêtez-le d’abord"):
                await upgrade(new, file, NOON)
    await connect(new)
    await rows("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('forum', '9999_later', $1)", NOON)
    await close_database()
    for kept in (file, None):
        with pytest.raises(CannotStart, match=r"version plus récente de Cahier \(9999_later y est notée"):
            await upgrade(new, kept, NOON)
    assert not file.exists()


def test_the_command_says_what_it_did_and_where_the_backup_is(machine: dict[str, str], tmp_path: Path) -> None:
    done = command(machine, "upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    (file,) = (Path(machine["FORUM_SITE__DATA_DIR"]) / "backups").iterdir()
    assert f"Sauvegarde, restaurée et migrée à l’essai : {file}\n" in done.stdout
    assert "thème 1 : créé" in done.stdout
    assert "Supprimée" not in done.stdout
    again = command(machine, "upgrade", "--without-backup")
    assert again.returncode == 0
    assert "Pas de sauvegarde." in again.stdout
    assert "déjà à jour" in again.stdout
    assert "thème" not in again.stdout
    broken = tmp_path / "themes"
    broken.mkdir()
    refused = command(machine | {"FORUM_SITE__THEMES_DIR": str(broken)}, "upgrade", "--backup", str(tmp_path / "b"))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "b").exists()


def test_the_command_keeps_the_last_backups_that_it_made_by_itself(machine: dict[str, str], tmp_path: Path) -> None:
    folder = Path(machine["FORUM_SITE__DATA_DIR"]) / "backups"
    folder.mkdir(parents=True)
    # By their moment, not by their version; what somebody else put there stays.
    own = [folder / f"avant-0.{9 - day}.0-2026010{day}T120000Z.tar.gz" for day in range(1, KEPT + 2)]
    others = [folder / "avant-les-vacances.tar.gz", folder / "cahier-20250101T120000Z.tar.gz"]
    for one in (*own, *others):
        one.touch()
    elsewhere = command(machine, "upgrade", "--backup", str(tmp_path / "ailleurs.tar.gz"))
    assert elsewhere.returncode == 0
    assert "Supprimée" not in elsewhere.stdout
    done = command(machine, "upgrade")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("Supprimée")] == [
        f"Supprimée, au-delà des {KEPT} dernières : {one}" for one in own[:2]
    ]
    left = set(folder.iterdir())
    assert left > {*own[2:], *others}
    assert len(left) == KEPT + len(others)
