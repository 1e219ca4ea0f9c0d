"""Transactions that fail, and what counts as an outage: the next write must work whatever happened to this one."""

import asyncio
import sqlite3
from pathlib import Path
from random import Random

import asyncpg
import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette
from tortoise.exceptions import OperationalError, TransactionManagementError

from forum.database import (
    POSTGRES_PARAMETERS,
    configuration,
    credentials_of,
    is_unreachable,
    row,
    rows,
    transaction,
    write_anew,
)
from forum.domain.upkeep import health
from forum.errors import CannotStart
from forum.settings import Settings
from tests.conftest import PATIENCE
from tests.factories import count, make_group


@pytest.mark.parametrize(
    ("url", "read"),
    [
        (
            "postgres://u:p%40ss@db:5433/x",
            {"user": "u", "password": "p@ss", "host": "db", "port": 5433, "database": "x"},
        ),
        ("postgresql://u@db/x?sslmode=require", {"user": "u", "password": None, "port": 5432, "ssl": "require"}),
        ("postgres://u@/x?host=/run/postgresql", {"host": "/run/postgresql", "database": "x"}),
    ],
)
def test_the_address_of_postgresql_is_read_as_everywhere(
    url: str, read: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_DATABASE__URL", url)
    credentials = configuration(Settings())["connections"]["default"]["credentials"]
    assert credentials.items() >= read.items()
    assert credentials.keys() == {*POSTGRES_PARAMETERS, "minsize", "maxsize"} - ({"ssl"} - read.keys())


def test_an_unknown_parameter_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_DATABASE__URL", "postgres://u@db/x?schema=a")
    with pytest.raises(CannotStart, match=r"^database.url : paramètre inconnu, schema$"):
        configuration(Settings())


async def test_a_transaction_writes_all_or_nothing(database: Settings) -> None:
    async def fail() -> None:
        async with transaction():
            await make_group("gt-1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await count("working_group") == 0
    async with transaction():
        await make_group("gt-1")
    assert await count("working_group") == 1


@pytest.mark.postgres_only
async def test_a_connection_that_is_given_back_costs_the_server_no_question(database: Settings) -> None:
    """Each read would be two journeys; what is left of a transaction is rolled back all the same."""
    async with transaction():
        await make_group("gt-1")
    await rows("SELECT 1 AS one")
    found = await rows("SELECT query, state FROM pg_stat_activity WHERE datname = current_database()")
    assert not [one for one in found if "RESET" in one["query"]]
    assert {one["state"] for one in found} <= {"active", "idle"}


async def test_effects_wait_for_the_outermost_commit_and_leave_with_a_rollback(database: Settings) -> None:
    done: list[str] = []

    async def effect() -> None:
        done.append("after")

    async def fail() -> None:
        async with transaction():
            async with transaction() as inner:
                inner.after_commit(effect)
            done.append("inner over")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert done == ["inner over"]
    async with transaction():
        async with transaction() as inner:
            inner.after_commit(effect)
        done.append("inner over")
    assert done == ["inner over", "inner over", "after"]


@pytest.mark.sqlite_only
async def test_writes_go_on_after_a_begin_that_failed(database: Settings) -> None:
    """Another process locks the file: the write that waited too long fails, the next one works."""
    await rows("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(database.database.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TransactionManagementError) as refusal:
        async with transaction():
            await make_group("gt-1")
    assert is_unreachable(refusal.value)
    other.execute("ROLLBACK")
    other.close()
    async with asyncio.timeout(PATIENCE), transaction():
        await make_group("gt-1")
    assert await count("working_group") == 1


async def test_writes_go_on_after_a_request_that_was_cut_off(database: Settings) -> None:
    async def write(slug: str) -> None:
        async with transaction():
            await make_group(slug)
            await asyncio.sleep(0.01)

    for delay in (0, 0, 0.0005, 0.001, 0.002, 0.005, 0.011):
        task = asyncio.create_task(write(f"gt-{delay}"))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(PATIENCE), transaction():
            assert await row("SELECT 1 AS one") is not None
    before = await count("working_group")
    await write("gt-whole")
    assert await count("working_group") == before + 1


@pytest.mark.parametrize(
    ("problem", "away"),
    [
        (ConnectionRefusedError(), True),
        (asyncpg.CannotConnectNowError("starting up"), True),
        (asyncpg.DeadlockDetectedError("deadlock"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.DataError("value out of int32 range"), False),
        (OperationalError(asyncpg.PostgresSyntaxError("syntax")), False),
        (OperationalError("no cause"), False),
        (sqlite3.OperationalError("near this: syntax error"), False),
        (ValueError(), False),
    ],
)
def test_our_own_mistakes_do_not_pass_for_an_outage(problem: Exception, away: bool) -> None:
    assert is_unreachable(problem) is away


async def test_a_wrong_statement_answers_500(
    client: AsyncClient, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrong() -> None:
        await rows("SELECT nothing FROM nowhere")

    monkeypatch.setattr(health, "touch_database", wrong)
    assert (await client.get("/sante/pret")).status_code == 500


@pytest.mark.sqlite_only
async def test_the_file_is_as_durable_as_it_can_be(database: Settings) -> None:
    """What was acknowledged is on the disk before the answer is sent: a write-ahead log, synchronised at each
    commit."""
    told = {
        name: next(iter(dict((await rows(f"PRAGMA {name}"))[0]).values())) for name in ("journal_mode", "foreign_keys")
    }
    assert told == {"journal_mode": "wal", "foreign_keys": 1}
    async with transaction():
        assert dict((await rows("PRAGMA synchronous"))[0]) == {"synchronous": 2}  # FULL


@pytest.mark.sqlite_only
async def test_a_transaction_takes_its_turn_when_it_begins(database: Settings) -> None:
    """BEGIN IMMEDIATE: a transaction that has only read so far already keeps other writers out, so its commit never
    fails."""
    other = sqlite3.connect(database.database.url.removeprefix("sqlite:///"), isolation_level=None, timeout=0)
    async with transaction():
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


@pytest.mark.sqlite_only
async def test_no_byte_of_what_was_deleted_stays_in_the_files(database: Settings) -> None:
    """Rows of many lengths, some rewritten: SQLite moves them between pages, and leaves copies that it does not wipe
    with the rows."""
    await rows("CREATE TABLE moved (id INTEGER PRIMARY KEY, key TEXT, words TEXT)")
    await rows("CREATE INDEX moved_key ON moved (key, words)")
    draw = Random(1)
    for one in range(600):
        word = draw.choice(("SECRET", "connu", "connu"))
        words = "w" * draw.randrange(900) + word + "z" * draw.randrange(900)
        await rows("INSERT INTO moved (key, words) VALUES ($1, $2)", f"{draw.random()} {word}", words)
        if draw.random() < 0.3:
            grown = "q" * draw.randrange(3000) + "SECRET"
            await rows("UPDATE moved SET words = $2 WHERE id = $1", draw.randint(1, one + 1), grown)
    await rows("DELETE FROM moved WHERE id % 2 = 0 AND (key LIKE '%SECRET%' OR words LIKE '%SECRET%')")
    await rows("UPDATE moved SET key = REPLACE(key, 'SECRET', '(nom)'), words = REPLACE(words, 'SECRET', '(nom)')")
    await write_anew()
    kept = Path(credentials_of(database)["file_path"])
    files = [kept, *kept.parent.glob(f"{kept.name}-*")]
    assert {file.name.removeprefix(kept.name) for file in files} == {"", "-wal", "-shm"}
    assert [file.name for file in files if b"SECRET" in file.read_bytes()] == []
    assert b"connu" in kept.read_bytes()
