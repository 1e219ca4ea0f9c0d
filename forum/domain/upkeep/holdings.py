"""What does a database hold? Counted and hashed alike for SQLite and PostgreSQL, so that two of them can be compared.

A value is hashed as what it is (a moment in UTC, a date, a bool, a text), not as its database keeps it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final

from forum.database import NOTES, is_sqlite, row, rows, tables

# Rows read by one statement; of the tables whose rows are files, few, since they are in memory together.
AT_ONCE: Final = 1000
OF_FILES: Final = 4
_FILES: Final = frozenset({"document", "archive", "synthesis", "ballot_sheet"})


@dataclass(frozen=True, slots=True)
class Holding:
    """The rows of a table: how many, and the SHA-256 of all of them in the order of their numbers."""

    rows: int
    sha256: str


async def holdings() -> dict[str, Holding]:
    """Every table of the open database, without the notes of its migrations."""
    return {table: await _holding(table) for table in sorted(await tables() - {NOTES})}


async def _holding(table: str) -> Holding:
    count, hashed, last = 0, sha256(), 0
    limit = OF_FILES if table in _FILES else AT_ONCE
    while some := await rows(f'SELECT * FROM "{table}" WHERE id > $1 ORDER BY id LIMIT {limit}', last):
        for one in some:
            hashed.update(_canonical(dict(one)))
        count, last = count + len(some), some[-1]["id"]
    return Holding(count, hashed.hexdigest())


def _canonical(values: Mapping[str, object]) -> bytes:
    return json.dumps({name: _plain(value) for name, value in values.items()}, sort_keys=True).encode() + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return sha256(value).hexdigest() if isinstance(value, bytes) else value


def difference(before: Mapping[str, Holding], after: Mapping[str, Holding]) -> str:
    """The first table that is not the same on both sides, in words; empty when there is none."""
    nothing = Holding(0, "")
    for table in sorted(before.keys() | after.keys()):
        had, has = before.get(table, nothing), after.get(table, nothing)
        if had.rows != has.rows:
            return f"la table {table} avait {had.rows} lignes, {has.rows} sont là"
        if had != has:
            return f"une ligne de la table {table} n’est pas celle qui y était"
    return ""


async def documents() -> int:
    """How many documents have their bytes."""
    found = await row("SELECT COUNT(*) AS documents FROM document WHERE content IS NOT NULL")
    return int(found["documents"]) if found else 0


async def altered_documents() -> tuple[int, ...]:
    """The numbers of the documents whose bytes are not those that were hashed when they were made."""
    altered: list[int] = []
    last = 0
    while some := await rows(
        f"SELECT id, content, sha256 FROM document WHERE id > $1 AND content IS NOT NULL ORDER BY id LIMIT {OF_FILES}",
        last,
    ):
        altered += [one["id"] for one in some if sha256(one["content"]).hexdigest() != one["sha256"]]
        last = some[-1]["id"]
    return tuple(altered)


async def journal_end() -> tuple[int, str]:
    """How many entries the journal has, and the hash of the last one."""
    found = await row("SELECT entries, chain FROM journal_head")
    return (found["entries"], found["chain"]) if found else (0, "")


async def damage() -> str:
    """What SQLite itself finds wrong in its file, empty when it is whole; PostgreSQL checks while it restores."""
    if not is_sqlite():
        return ""
    found = [str(one["integrity_check"]) for one in await rows("PRAGMA integrity_check(3)")]
    return "; ".join(line for line in found if line != "ok")


async def orphans() -> tuple[tuple[str, int], ...]:
    """The first rows, by table and number, that refer to a row which is not there: PostgreSQL lets none be."""
    found = await rows("PRAGMA foreign_key_check") if is_sqlite() else []
    return tuple((one["table"], one["rowid"]) for one in found[:3])


async def waiting_mails() -> int:
    """How many mails are still to leave."""
    found = await row("SELECT COUNT(*) AS mails FROM mail")
    return int(found["mails"]) if found else 0
