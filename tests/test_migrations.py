"""How a database gets its tables: from the file of the finished schema, which is what the migrations make, or by them.

The migrations take seconds each time, so they run twice here: once over an empty database, to be compared with the
file, and once back and forth over rows of older releases.
"""

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.migrations.api import migrate as apply_migrations

from forum import schema
from forum.database import (
    MIGRATIONS,
    close_database,
    configuration,
    is_sqlite,
    open_database,
    row,
    rows,
    transaction,
    unique_sets,
)
from forum.domain import journal
from forum.domain.journal_chain import verify
from forum.errors import CannotStart
from forum.schema import SCHEMAS, migrate
from forum.settings import ROOT, Settings
from tests.conftest import NOON
from tests.databases import new_database, settings_at
from tests.schema import written_by_migrations
from tests.test_journal_chain import bypassing
from tests.test_schema import UNIQUE

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unasked_states")]

Picture = dict[str, list[tuple[object, ...]]]


async def run(address: str, script: str) -> None:
    """Run statements with the driver alone."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
        return
    server = await asyncpg.connect(address)
    await server.execute(script)
    await server.close()


# --- by the file as by the migrations


ON_SQLITE = {
    "made": "SELECT type, name, tbl_name, sql FROM sqlite_master",
    "next numbers": "SELECT name, seq FROM sqlite_sequence WHERE seq > 0",
}
# For the schema public: names, and how PostgreSQL itself describes each thing.
ON_POSTGRES = {
    "things": """SELECT relname, relkind, relpersistence, reloptions, obj_description(oid, 'pg_class')
                   FROM pg_class WHERE relnamespace = 'public'::regnamespace""",
    "columns": """SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                         a.attidentity, a.attgenerated, a.attcollation, pg_get_expr(d.adbin, d.adrelid),
                         col_description(c.oid, a.attnum)
                    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                   WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0""",
    "constraints": """SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)
                        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": """SELECT i.indisvalid, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                   WHERE c.relnamespace = 'public'::regnamespace""",
    "triggers": """SELECT tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                    WHERE c.relnamespace = 'public'::regnamespace AND NOT tgisinternal""",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "types": "SELECT typname, typtype FROM pg_type WHERE typnamespace = 'public'::regnamespace",
    "next numbers": "SELECT * FROM pg_sequences WHERE schemaname = 'public'",
    "sequences": """SELECT s.relname, d.refobjid::regclass::text, d.refobjsubid, d.deptype
                      FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.refclassid = 'pg_class'::regclass
                     WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace""",
}


async def answers(address: str, queries: Mapping[str, str]) -> dict[str, list[dict[str, object]]]:
    """What a database answers to each query, with the driver alone."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as file:
            file.row_factory = sqlite3.Row
            return {what: [*map(dict, file.execute(query))] for what, query in queries.items()}
    server = await asyncpg.connect(address)
    found = {what: [*map(dict, await server.fetch(query))] for what, query in queries.items()}
    await server.close()
    return found


async def structure(address: str) -> Picture:
    """Everything that a database is made of."""
    found = await answers(address, ON_SQLITE if address.startswith("sqlite") else ON_POSTGRES)
    return {what: [tuple(one.values()) for one in told] for what, told in found.items()}


async def contents(address: str) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, by their first column."""
    made = await structure(address)
    kinds = ((name, kind) for kind, name, *_ in made["made"]) if "made" in made else made["things"]
    tables = {str(name) for name, kind, *_ in kinds if kind in ("table", b"r")} - {"sqlite_sequence"}
    assert tables >= {"member", "ballot", "journal_entry"}
    return await answers(address, {name: f'SELECT * FROM "{name}" ORDER BY 1' for name in tables})


async def picture(address: str) -> Picture:
    """Everything that a database is made of and holds; for moments, only their format."""
    held = await contents(address)
    found = await structure(address) | {name: [tuple(one.values()) for one in told] for name, told in held.items()}
    assert found["journal_head"] == [(1, 0, "")]
    found["tortoise_migrations"] = [(*noted, _written(at)) for *noted, at in found["tortoise_migrations"]]
    return {what: sorted(told, key=repr) for what, told in found.items()}


def _written(moment: object) -> str:
    return re.sub(r"\d", "9", moment) if isinstance(moment, str) else type(moment).__name__


@dataclass(frozen=True, slots=True)
class Made:
    by_migrations: Picture
    by_file: Picture
    written: str
    kept: str


@pytest.fixture(scope="module")
async def made(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A new database by the migrations, another one by the file alone."""
    folder = tmp_path_factory.mktemp("made")
    kept = (SCHEMAS / f"{'sqlite' if migrated.startswith('sqlite') else 'postgres'}.sql").read_text("utf-8")
    async with new_database(folder, "stepwise") as stepwise, new_database(folder, "filled") as filled:
        written = await written_by_migrations(settings_at(stepwise))
        await run(filled, kept)
        return Made(await picture(stepwise), await picture(filled), written, kept)


async def test_the_file_makes_what_the_migrations_make(made: Made) -> None:
    assert made.by_file.keys() == made.by_migrations.keys()
    for what, told in made.by_migrations.items():
        assert made.by_file[what] == told, f"{what}: run `make schema`"


async def test_the_file_is_what_make_schema_writes(made: Made) -> None:
    assert made.kept == made.written, "run `make schema`"


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_the_file_notes_every_migration(dialect: str) -> None:
    """Needs no database, so that a new migration fails at once."""
    noted = re.findall(r"\('forum', '(\w+)', ", (SCHEMAS / f"{dialect}.sql").read_text("utf-8"))
    assert noted == sorted(file.stem for file in MIGRATIONS.glob("0*.py")), "run `make schema`"


# --- what `migrate` does with a database


@pytest.fixture
async def new(migrated: str, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database."""
    async with new_database(tmp_path, "new") as address:
        yield address


@pytest.fixture
def never_stepwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make migrations fail to run: whatever is there came from the file."""

    async def nothing(**_: object) -> None:
        return

    monkeypatch.setattr(schema, "apply_migrations", nothing)


@pytest.fixture
def spoil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the schema files another ending."""

    def spoil(ending: str) -> None:
        for name in ("sqlite.sql", "postgres.sql"):
            (tmp_path / name).write_text((SCHEMAS / name).read_text("utf-8") + ending, "utf-8")
        monkeypatch.setattr(schema, "SCHEMAS", tmp_path)

    return spoil


async def things(address: str) -> set[object]:
    """The tables and other objects of a database, by name."""
    if address.startswith("sqlite"):
        if not Path(address.removeprefix("sqlite:///")).exists():
            return set()
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as file:
            return {name for (name,) in file.execute("SELECT name FROM sqlite_master")}
    server = await asyncpg.connect(address)
    found = await server.fetch("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    await server.close()
    return {one["relname"] for one in found}


async def test_an_empty_database_is_filled_from_the_file(new: str, never_stepwise: None) -> None:
    await migrate(settings_at(new))
    await open_database(settings_at(new))
    await close_database()


async def test_a_truncated_file_leaves_nothing_and_the_next_start_makes_everything(
    new: str, spoil: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil("INSERT INTO nowhere VALUES (1);")
    with pytest.raises(CannotStart, match="nowhere"):
        await migrate(settings_at(new))
    assert await things(new) == set()
    monkeypatch.setattr(schema, "SCHEMAS", SCHEMAS)
    await migrate(settings_at(new))
    await open_database(settings_at(new))
    await close_database()


@pytest.mark.parametrize(
    "there",
    [
        "CREATE TABLE stock (id INTEGER PRIMARY KEY)",  # another program's
        "CREATE TABLE member (id INTEGER PRIMARY KEY)",  # ours, from an interrupted restore
        "CREATE VIEW stock AS SELECT 1 AS one",
        """CREATE TABLE tortoise_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT, applied_at TEXT);
           CREATE TABLE job (id INTEGER PRIMARY KEY)""",  # an interrupted first migration
    ],
)
async def test_tables_that_no_migration_made_are_neither_filled_up_nor_migrated(new: str, there: str) -> None:
    await run(new, there)
    before = await things(new)
    with pytest.raises(CannotStart, match=r"contient déjà (stock|member|job), sans qu’aucune migration y soit notée"):
        await migrate(settings_at(new))
    assert await things(new) == before


async def test_a_newer_schema_is_refused_by_the_start_and_by_migrate(new: str, never_stepwise: None) -> None:
    """An older program on a newer database took ballots that broke the results for ever."""
    await migrate(settings_at(new))
    await run(
        new, "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('forum', '9999_later', '2030-01-01')"
    )
    for begin in (open_database, migrate):
        with pytest.raises(CannotStart, match=r"version plus récente de Cahier \(9999_later") as refused:
            await begin(settings_at(new))
        await close_database()
        assert "\n" not in str(refused.value)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("left", "word"), [(0, "est vide, tronqué"), (50, "est endommagé ou tronqué"), (8192, "est endommagé ou tronqué")]
)
async def test_a_truncated_database_is_never_answered_with_migrate(
    new: str, never_stepwise: None, left: int, word: str
) -> None:
    await migrate(settings_at(new))
    file = Path(new.removeprefix("sqlite:///"))
    file.write_bytes(file.read_bytes()[:left])
    for begin in (open_database, migrate):
        with pytest.raises(CannotStart, match=word) as refused:
            await begin(settings_at(new))
        await close_database()
        assert "forum restore FICHIER" in str(refused.value)
        assert "forum migrate" not in str(refused.value)
    assert file.stat().st_size == left


@pytest.mark.sqlite_only
async def test_last_writes_without_their_database_are_never_answered_with_migrate(
    new: str, never_stepwise: None
) -> None:
    path = new.removeprefix("sqlite:///")
    Path(f"{path}-wal").write_bytes(b"the last writes")
    for begin in (open_database, migrate):
        with pytest.raises(CannotStart, match="sans son fichier principal"):
            await begin(settings_at(new))
    assert not Path(path).exists()


@pytest.mark.postgres_only
async def test_an_empty_database_of_a_server_is_first_thought_lost(new: str) -> None:
    with pytest.raises(CannotStart, match="si le site a déjà servi, restaurez une sauvegarde"):
        await open_database(settings_at(new))
    await close_database()


async def test_a_database_with_a_migration_goes_on_by_migrations(
    new: str, spoil: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is only for a database without tables: here it is not even read."""
    await migrate(settings_at(new))
    spoil("INSERT INTO nowhere VALUES (1);")
    asked: list[object] = []

    async def apply(**named: object) -> None:
        asked.append(named)

    monkeypatch.setattr(schema, "apply_migrations", apply)
    await migrate(settings_at(new))
    assert asked == [{"config": configuration(settings_at(new))}]


@pytest.mark.postgres_only
async def test_the_tables_of_an_extension_do_not_count(new: str, never_stepwise: None) -> None:
    await run(new, "CREATE EXTENSION pg_stat_statements")
    await migrate(settings_at(new))
    assert "member" in await things(new)


async def test_several_that_migrate_at_once_take_turns(new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the release step runs twice by mistake or two sites start on a new database: one migrates, the others
    wait."""
    monkeypatch.setenv("FORUM_DATABASE__URL", new)
    commands = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "forum", "migrate", cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(3)
    ]
    said = [(await command.communicate())[0].decode() for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0], "\n".join(said)


# --- back and forth over rows of older releases


# A consultation as the release before this one wrote it: a proposal made of a post, a ballot, a notice.
BEFORE_5 = (
    "INSERT INTO working_group (slug, name) VALUES ('gt-3', 'GT')",
    """INSERT INTO theme (number, title, introduction, introduction_html, sealed, quorum, last_proposal_number, version,
                          working_group_id) VALUES (3, 'Formation', '', '', TRUE, 0, 1, 1, 1)""",
    """INSERT INTO member (name, handle, handle_key, role, organisation, profession, territory, charter_version, locale,
                           suspended_reason, warnings, example, created_at)
       VALUES ('Camille', 'Camille', 'camille', 'member', '', '', '', '', 'fr', '', 0, FALSE, $1)""",
    """INSERT INTO thread (theme_id, title, posts_count, version, created_at, last_post_at)
       VALUES (1, 'Fil', 1, 1, $1, $1)""",
    """INSERT INTO post (thread_id, number, kind, author_id, source, html, plain, renderer, revision, created_at)
       VALUES (1, 1, 'contribution', 1, 'Former.', '<p>Former.</p>', 'Former.', 1, 1, $1)""",
    """INSERT INTO extract (post_id, revision, start, stop, sha256, member_id, created_at)
       VALUES (1, 1, 0, 7, 'x', 1, $1)""",
    """INSERT INTO proposal (theme_id, number, wording, body, body_html, body_plain, version, state, origin, extract_id,
                             author_id, created_at)
       VALUES (1, 1, 'Former.', '', '', '', 1, 'open', 'extract', 1, 1, $1)""",
    """INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at)
       VALUES (1, 1, 'pour', 1, $1)""",
    "INSERT INTO notification (member_id, post_id, event, created_at) VALUES (1, 1, 'reply', $1)",
)


OLD_ENTRY = """INSERT INTO journal_entry (id, at, act, thing, thing_id, before, after, reason)
    VALUES ({0}, '2026-11-01 09:00:00+00:00', 'close_votes', 'theme', {0}, '', '{{"sealed": true}}', 'Fin')"""


@pytest.fixture(scope="module")
async def walked(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """Go back to the schema before the journal was chained, then run each migration over rows that a release left."""
    async with new_database(tmp_path_factory.mktemp("walked"), "walked") as address:
        here = settings_at(address)
        await migrate(here)
        await apply_migrations(config=configuration(here), target="forum.0003_people")
        for number in (1, 2, 7):  # a number was skipped by a write that was rolled back
            await rows(OLD_ENTRY.format(number))
        await apply_migrations(config=configuration(here), target="forum.0004_journal_chain")
        for statement in BEFORE_5:
            await rows(statement, *([NOON] if "$1" in statement else []))
        await Tortoise.close_connections()
        await migrate(here)
        yield here


@pytest.fixture
async def old(walked: Settings) -> AsyncIterator[None]:
    """The database migrated from older releases, open."""
    await open_database(walked)
    yield
    await close_database()


async def test_what_the_release_before_wrote_is_there_after_the_migration(old: None) -> None:
    (notice,) = await rows("SELECT member_id, post_id, event, key, proposal_id FROM notification")
    assert tuple(dict(notice).values()) == (1, 1, "reply", None, None)
    (proposal,) = await rows("SELECT state, substance, state_reason, merged_into_id FROM proposal")
    assert tuple(dict(proposal).values()) == ("open", 1, "", None)
    (turn,) = await rows("SELECT turn, member_id, version FROM proposal_turn")
    assert tuple(dict(turn).values()) == ("proposed", 1, 1)
    assert (await rows("SELECT proposal_id FROM extract"))[0]["proposal_id"] == 1
    (ballot,) = await rows("SELECT opinion, carried_from_id FROM ballot")
    assert tuple(dict(ballot).values()) == ("pour", None)
    (theme,) = await rows("SELECT voting, mentions, quota FROM theme")
    assert tuple(dict(theme).values()) == ("pour-contre", "", 0)


async def test_what_older_files_call_a_number_is_a_truth(old: None) -> None:
    (theme,) = await rows("SELECT t.sealed, m.example FROM theme t CROSS JOIN member m")
    assert (theme["sealed"], theme["example"]) == (True, False)
    assert (type(theme["sealed"]), type(theme["example"])) == (bool, bool)
    if is_sqlite():
        assert [tuple(one) for one in await rows("PRAGMA integrity_check")] == [("ok",)]


@pytest.mark.parametrize("table", sorted(UNIQUE))
async def test_what_the_database_keeps_unique_outlives_the_migrations(old: None, table: str) -> None:
    assert (await unique_sets(table)) - {frozenset({"id"})} == {frozenset(columns) for columns in UNIQUE[table]}


async def test_rows_of_before_are_chained_and_new_ones_follow(old: None) -> None:
    found = await verify()
    assert (found.fault, found.entries) == ("", 3)
    async with transaction():
        await journal.record(None, "publish", "synthesis", 1, group=None, now=NOON)
    assert ((await verify()).fault, (await verify()).entries) == ("", 4)
    assert (await row("SELECT MAX(id) AS id FROM journal_entry") or {})["id"] == 8
    with pytest.raises(Exception, match="the journal is only added to"):
        await rows("DELETE FROM journal_entry WHERE id = 2")
    await bypassing("UPDATE journal_entry SET reason = 'Autre chose' WHERE id = 2")
    assert (await verify()).fault == "les textes de la ligne 2 ont été changés"
