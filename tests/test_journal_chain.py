"""The journal is append-only: the database refuses anything else, and getting round it breaks the chain."""

import asyncio
import random
import resource
import secrets
from collections.abc import Callable, Sequence
from time import process_time

import pytest
from tortoise.exceptions import TransactionManagementError

from forum.database import (
    Row,
    insert_rows,
    is_sqlite,
    row,
    rows,
    transaction,
)
from forum.domain import journal
from forum.domain.journal_chain import NotedChain, digest_of, link, verify
from forum.permissions import Viewer
from forum.settings import Settings
from tests.conftest import NOON
from tests.factories import make_group, make_member

COLUMNS = (
    "id",
    "at",
    "actor_id",
    "act",
    "thing",
    "thing_id",
    "working_group_id",
    "before",
    "after",
    "reason",
    "salt",
    "words_digest",
    "redacted_at",
    "chain",
)
TRIGGERS = (
    ("journal_entry_kept", "journal_entry"),
    ("journal_entry_stays", "journal_entry"),
    ("journal_head_advances", "journal_head"),
    ("journal_head_stays", "journal_head"),
)


@pytest.fixture
async def five(database: Settings) -> None:
    """Five entries of two people, two of them of a group."""
    camille, nadia = await make_member(), await make_member("Nadia Berthier")
    group = await make_group()
    for number, actor in enumerate((camille, nadia, None, camille, nadia), 1):
        async with transaction():
            await journal.record(
                None if actor is None else Viewer(actor.id, actor.name, actor.handle),
                "set_role",
                "member",
                number,
                group=group.id if number % 2 else None,
                before="member",
                after="agent",
                reason=f"La raison {number}, dite par Camille Martin",
                now=NOON,
            )


async def bypassing(*statements: str) -> None:
    """Act as the owner of the database: without the triggers, which are restored afterwards."""
    if is_sqlite():
        kept = [
            (await row("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = $1", name) or {})["sql"]
            for name, _ in TRIGGERS
        ]
        for name, _ in TRIGGERS:
            await rows(f"DROP TRIGGER {name}")
        await rows("PRAGMA foreign_keys = 0")
        for statement in statements:
            await rows(statement)
        await rows("PRAGMA foreign_keys = 1")
        for sql in kept:
            await rows(sql)
        return
    async with transaction():
        await rows("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal_entry WHERE id = 5",
        "UPDATE journal_entry SET act = 'publish' WHERE id = 5",
        "UPDATE journal_entry SET actor_id = NULL WHERE id = 1",
        "UPDATE journal_entry SET chain = '' WHERE id = 1",
        "UPDATE journal_entry SET reason = 'Une autre' WHERE id = 1",
        "DELETE FROM journal_head",
        "UPDATE journal_head SET entries = 4",
        "UPDATE journal_head SET chain = ''",
        pytest.param("TRUNCATE journal_entry", marks=pytest.mark.postgres_only),
        pytest.param("TRUNCATE journal_head", marks=pytest.mark.postgres_only),
    ],
)
async def test_the_database_refuses_to_change_the_journal(five: None, statement: str) -> None:
    with pytest.raises(Exception, match="the journal is only added to"):
        await rows(statement)
    assert (await verify()).fault == ""
    assert (await verify()).entries == 5


async def test_an_untouched_journal_holds_and_gives_its_last_hash(five: None) -> None:
    found = await verify()
    newest = await row("SELECT chain FROM journal_entry WHERE id = 5")
    assert (found.entries, found.fault, found.redacted) == (5, "", 0)
    assert newest is not None
    assert found.chain == newest["chain"]
    assert len(found.chain) == 64


async def test_an_empty_journal_holds(database: Settings) -> None:
    assert (await verify()).fault == ""


@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("id", "redacted_at")])
async def test_a_changed_column_is_found(five: None, column: str, number: int) -> None:
    values = {
        "at": "'2026-11-23 12:00:00.000001+00:00'",
        "actor_id": "CASE WHEN actor_id = 1 THEN 2 ELSE 1 END",
        "thing_id": "77",
        "working_group_id": "CASE WHEN working_group_id IS NULL THEN 1 ELSE NULL END",
    }
    changed = values.get(column, "'autre'")
    await bypassing(f"UPDATE journal_entry SET {column} = {changed} WHERE id = {number}")
    found = await verify()
    assert f"la ligne {number}" in found.fault
    assert found.entries == number - 1


@pytest.mark.parametrize("number", [1, 3, 5])
async def test_a_changed_number_is_found(five: None, number: int) -> None:
    await bypassing(f"UPDATE journal_entry SET id = {-number if number == 1 else 90 + number} WHERE id = {number}")
    assert (await verify()).fault


@pytest.mark.parametrize("gone", [(1,), (3,), (5,), (1, 2), (4, 5), (1, 2, 3, 4, 5)])
async def test_a_removed_entry_is_found(five: None, gone: Sequence[int]) -> None:
    await bypassing(f"DELETE FROM journal_entry WHERE id IN ({', '.join(map(str, gone))})")
    found = await verify()
    assert found.fault
    if 5 in gone:
        assert found.fault == (
            f"la fin du journal a été retirée ou ajoutée : 5 lignes ont été écrites, {5 - len(gone)} sont là"
        )


async def test_removed_entries_are_found_when_the_others_are_renumbered(five: None) -> None:
    await bypassing("DELETE FROM journal_entry WHERE id = 2", "UPDATE journal_entry SET id = id - 1 WHERE id = 3")
    assert (await verify()).fault == "la ligne 2 a été changée ou ajoutée"


async def test_two_entries_that_changed_places_are_found(five: None) -> None:
    await bypassing(
        "UPDATE journal_entry SET id = 99 WHERE id = 2",
        "UPDATE journal_entry SET id = 2 WHERE id = 4",
        "UPDATE journal_entry SET id = 4 WHERE id = 99",
    )
    assert (await verify()).fault == "la ligne 2 a été changée ou ajoutée"


async def test_an_added_entry_is_found(five: None) -> None:
    columns = ", ".join(name for name in COLUMNS if name != "id")
    await bypassing(f"INSERT INTO journal_entry (id, {columns}) SELECT 6, {columns} FROM journal_entry WHERE id = 5")
    assert (await verify()).fault == "la ligne 6 a été changée ou ajoutée"


async def test_an_entry_added_with_the_right_hash_is_found_by_the_head(five: None) -> None:
    last = await row("SELECT * FROM journal_entry WHERE id = 5")
    assert last is not None
    forged = dict(last) | {"id": 6, "act": "publish"}
    forged["chain"] = link(last["chain"], forged, forged["words_digest"])
    await insert_rows(f"journal_entry ({', '.join(COLUMNS)})", [[forged[name] for name in COLUMNS]])
    assert (await verify()).fault.startswith("la fin du journal a été retirée ou ajoutée")


async def test_a_truncated_journal_with_its_head_changed_is_found_by_what_was_kept_elsewhere(five: None) -> None:
    before = await verify()
    third = await row("SELECT chain FROM journal_entry WHERE id = 3")
    assert third is not None
    await bypassing(
        "DELETE FROM journal_entry WHERE id > 3", f"UPDATE journal_head SET entries = 3, chain = '{third['chain']}'"
    )
    assert (await verify()).fault == ""
    assert "ne contient plus l’empreinte gardée" in (await verify(NotedChain(before.chain))).fault
    assert "il comptait 5 lignes, 3 sont là" in (await verify(NotedChain(before.chain, 5))).fault
    assert (await verify(NotedChain(third["chain"], 3))).fault == ""
    assert (await verify(NotedChain(third["chain"], 2))).fault


async def test_a_rewritten_journal_is_found_by_what_was_kept_elsewhere(five: None) -> None:
    before = await verify()
    chain, statements = "", []
    for entry in await rows("SELECT * FROM journal_entry ORDER BY id"):
        said = dict(entry) | {"act": "publish"}
        chain = link(chain, said, entry["words_digest"])
        statements.append(f"UPDATE journal_entry SET act = 'publish', chain = '{chain}' WHERE id = {entry['id']}")
    await bypassing(*statements, f"UPDATE journal_head SET chain = '{chain}'")
    assert (await verify()).fault == ""
    assert (await verify(NotedChain(before.chain, 5))).fault


# --- erasures


def without_camille(text: str) -> str:
    return text.replace("Camille Martin", "(nom retiré)…")


def leaving(clean: Callable[[str], str]) -> Callable[[Row], tuple[str, str, str]]:
    return lambda entry: (clean(entry["before"]), clean(entry["after"]), clean(entry["reason"]))


async def test_an_erasure_takes_a_name_out_and_the_chain_still_holds(five: None) -> None:
    async with transaction():
        await journal.redact(leaving(without_camille), NOON)
    found = await verify()
    assert (found.fault, found.redacted, found.entries) == ("", 5, 10)
    left = await rows("SELECT before, after, reason, salt FROM journal_entry WHERE id <= 5 ORDER BY id")
    assert {(each["before"], each["salt"]) for each in left} == {("member", "")}
    assert not any("Camille" in each["reason"] for each in left)
    assert left[0]["reason"] == "La raison 1, dite par (nom retiré)…"


async def test_a_second_erasure_takes_out_of_the_same_lines(five: None) -> None:
    for clean in (without_camille, lambda text: text.replace("raison 3", "…")):
        async with transaction():
            await journal.redact(leaving(clean), NOON)
    found = await verify()
    assert (found.fault, found.redacted, found.entries) == ("", 5, 11)


@pytest.mark.parametrize("change", ["reason = 'Une autre'", "act = 'publish'", "redacted_at = NULL", "thing_id = 8"])
async def test_a_redacted_line_that_is_changed_afterwards_is_found(five: None, change: str) -> None:
    async with transaction():
        await journal.redact(leaving(without_camille), NOON)
    await bypassing(f"UPDATE journal_entry SET {change} WHERE id = 2")
    assert "la ligne 2" in (await verify()).fault


async def test_words_changed_under_cover_of_an_erasure_are_found(five: None) -> None:
    """The triggers allow it, as they allow an erasure, but no entry of the chain accounts for it."""
    await rows("UPDATE journal_entry SET reason = 'Une autre', salt = '', redacted_at = $1 WHERE id = 2", NOON)
    assert (await verify()).fault == "les textes de la ligne 2 ont été changés autrement que par un effacement"


# --- writing


async def test_a_line_is_written_inside_a_transaction_only(database: Settings) -> None:
    with pytest.raises(TransactionManagementError):
        await journal.record(None, "publish", "synthesis", 1, group=None, now=NOON)


async def test_what_is_rolled_back_leaves_no_line_and_no_gap(five: None) -> None:
    async def give_up() -> None:
        async with transaction():
            await journal.record(None, "publish", "synthesis", 1, group=None, now=NOON)
            raise LookupError

    with pytest.raises(LookupError):
        await give_up()
    async with transaction():
        with pytest.raises(LookupError):
            await give_up()
        await journal.record(None, "publish", "synthesis", 2, group=None, now=NOON)
    found = await verify()
    assert (found.fault, found.entries) == ("", 6)


async def test_writers_at_once_are_chained_one_after_another(five: None) -> None:
    """Each locks other things, in a different order, before or after its line: there is no deadlock."""
    members = [await make_member(f"Personne {letter}") for letter in "ABCDEF"]

    async def write(number: int) -> None:
        touched = random.Random(number).sample(members, 2)
        actor = touched[0]
        async with transaction():
            await journal.record(
                Viewer(actor.id, actor.name, actor.handle), "publish", "synthesis", number, group=None, now=NOON
            )
            for each in sorted(touched, key=lambda one: one.id):
                await rows("UPDATE member SET email_key = $2 WHERE id = $1", each.id, secrets.token_hex(8))
            await journal.record(None, "publish", "synthesis", number, group=None, now=NOON)

    await asyncio.gather(*(write(number) for number in range(60)))
    found = await verify()
    assert (found.fault, found.entries) == ("", 125)


def test_the_digest_of_words_depends_on_the_salt_and_on_the_place_of_each_word() -> None:
    assert digest_of("a", "x", "y", "") != digest_of("b", "x", "y", "")
    assert digest_of("", "x", "y", "") != digest_of("", "y", "x", "")
    assert digest_of("", "xy", "", "") != digest_of("", "x", "y", "")


@pytest.mark.slow
async def test_a_long_journal_is_verified_in_seconds_and_in_little_memory(database: Settings) -> None:
    """A hundred thousand entries, as in a consultation of several years."""
    entries: list[list[object]] = []
    chain = ""
    for number in range(1, 100_001):
        said = {"id": number, "at": NOON, "actor_id": None, "act": "publish", "thing": "synthesis", "thing_id": number}
        said |= {
            "working_group_id": None,
            "before": "",
            "after": "x" * 64,
            "reason": "",
            "salt": "s",
            "redacted_at": None,
        }
        words = digest_of("s", "", "x" * 64, "")
        chain = link(chain, said, words)
        entries.append([(said | {"words_digest": words, "chain": chain})[name] for name in COLUMNS])
    async with transaction():
        await insert_rows(f"journal_entry ({', '.join(COLUMNS)})", entries)
        await rows("UPDATE journal_head SET entries = 100000, chain = $1", chain)
    del entries
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, process_time()
    found = await verify()
    took, grown = process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (found.fault, found.entries, found.chain) == ("", 100_000, chain)
    assert took < 60
    # Kilobytes: a row takes half of one, so all of them would take more than fifty thousand.
    assert grown < 20_000
