"""A site leaves SQLite with everything as it was: numbers, votes, passwords, hashes, and the numbers still to come."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from forum.database import close_database, open_database, rows, transaction
from forum.domain import journal
from forum.domain.journal_chain import verify
from forum.domain.upkeep.holdings import holdings
from forum.errors import CannotStart
from forum.operations.moves import move
from forum.schema import migrate
from forum.settings import Settings
from tests.conftest import NOON
from tests.databases import new_on_server, settings_at
from tests.test_migrations import picture, run

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]


@pytest.fixture
async def site(migrated: str, tmp_path: Path) -> Settings:
    """A site on SQLite: two acts in its journal, a group whose successor was removed, a thread of two posts."""
    here = settings_at(f"sqlite:///{tmp_path / 'site.sqlite3'}")
    await migrate(here)
    await open_database(here)
    async with transaction():
        for number in (1, 2):
            await journal.record(None, "close_votes", "theme", number, group=None, reason="é ; 'x'", now=NOON)
    await rows("INSERT INTO working_group (slug, name) VALUES ('gt-1', 'Un'), ('gt-2', 'Deux')")
    await rows("DELETE FROM working_group WHERE slug = 'gt-2'")
    await rows(
        """INSERT INTO member (name, handle, handle_key, password_hash, role, organisation, profession, territory,
                               charter_version, locale, suspended_reason, warnings, example, created_at)
           VALUES ('Camille', 'Camille', 'camille', '$argon2$x', 'member', '', '', '', '', 'fr', '', 0, FALSE, $1)""",
        NOON,
    )
    await close_database()
    return here


@pytest.fixture
async def server(migrated: str) -> AsyncIterator[str]:
    async with new_on_server(migrated, "moved") as address:
        yield address


async def test_a_site_moves_with_everything_as_it_was(site: Settings, server: str) -> None:
    before = await picture_of_file(site)
    manifest, concerns = await move(site, server, NOON)
    assert concerns == ()
    there = settings_at(server)
    await open_database(there)
    assert await holdings() == manifest.tables
    assert (await rows("SELECT password_hash, example FROM member"))[0]["password_hash"] == "$argon2$x"
    assert (await verify()).fault == ""
    # The number of the group that was removed is not given a second time.
    (group,) = await rows("INSERT INTO working_group (slug, name) VALUES ('gt-3', 'Trois') RETURNING id")
    assert group["id"] == 3
    async with transaction():
        await journal.record(None, "close_votes", "theme", 3, group=None, now=NOON)
    assert ((await verify()).fault, (await verify()).entries) == ("", 3)
    await close_database()
    assert await picture_of_file(site) == before


async def picture_of_file(site: Settings) -> list[str]:
    with closing(sqlite3.connect(site.database.url.removeprefix("sqlite:///"))) as file:
        return list(file.iterdump())


async def test_the_tables_are_as_those_of_a_new_database(site: Settings, server: str, migrated: str) -> None:
    """Keys and triggers that rested during the copy watch again."""
    empty = settings_at(f"{site.database.url}.empty")
    await migrate(empty)
    await move(empty, server, NOON)
    async with new_on_server(migrated, "beside") as other:
        await migrate(settings_at(other))
        moved, made = await picture(server), await picture(other)
    assert {what: moved[what] for what in ("constraints", "triggers", "journal_head")} == {
        what: made[what] for what in ("constraints", "triggers", "journal_head")
    }


async def test_a_running_site_and_a_filled_database_are_refused(site: Settings, server: str) -> None:
    with closing(sqlite3.connect(site.database.url.removeprefix("sqlite:///"))) as reader:
        reader.execute("SELECT COUNT(*) FROM member").fetchall()
        with pytest.raises(CannotStart, match="arrêtez-le d’abord"):
            await move(site, server, NOON)
    await move(site, server, NOON)
    with pytest.raises(CannotStart, match="contient déjà des données"):
        await move(site, server, NOON)
    with pytest.raises(CannotStart, match="le site est déjà sur postgres://"):
        await move(settings_at(server), server, NOON)
    with pytest.raises(CannotStart, match="l’adresse d’une base PostgreSQL vide"):
        await move(site, "sqlite:///x", NOON)


async def test_a_row_that_cannot_follow_leaves_nothing_behind(site: Settings, server: str) -> None:
    """SQLite takes longer words than a column declares."""
    await run(site.database.url, f"UPDATE member SET organisation = '{'x' * 500}'")
    with pytest.raises(CannotStart, match=r"rien n’a été écrit : .* table member, après la ligne 0"):
        await move(site, server, NOON)
    await run(site.database.url, "UPDATE member SET organisation = ''")
    manifest, _ = await move(site, server, NOON)
    assert manifest.tables["member"].rows == 1
