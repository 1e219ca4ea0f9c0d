"""How do the rows of a SQLite file get into PostgreSQL? Each with its number, in one transaction: all of them, or none.

Foreign keys are checked at the end, since tables refer to each other both ways, and triggers rest meanwhile: they judge
what people do, not what was done.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final

from forum.database import NOTES, REFUSALS, insert_rows, known_row, rows, tables, transaction
from forum.domain.search.index import index_anew
from forum.domain.upkeep.holdings import Holding, difference, holdings
from forum.errors import CannotStart, plain_reason

# Rows read at once, and of those that are files.
_AT_ONCE: Final = 500
_OF_FILES: Final = 4
_FILES: Final = frozenset({"document", "archive", "synthesis"})


async def refuse_filled(place: str) -> None:
    """Raises CannotStart when the open database holds rows: they would be mixed with others of the same numbers."""
    held = {table: held for table, held in (await holdings()).items() if table != "journal_head"}
    filled = [table for table, held in held.items() if held.rows]
    if filled:
        raise CannotStart(f"{place} contient déjà des données ({', '.join(filled[:3])}) ; donnez une base vide")


async def fill_from(source: sqlite3.Connection, expected: Mapping[str, Holding]) -> None:
    """Fill the open, migrated and empty PostgreSQL database, and compare it with what the file was seen to hold.

    Raises:
        CannotStart: a row is not there as it was; nothing was written.
    """
    async with transaction():
        there = sorted(await tables() - {NOTES})
        await _rest(there)
        await rows("DELETE FROM journal_head")
        for table in there:
            await _copy(source, table)
        await rows("SET CONSTRAINTS ALL IMMEDIATE")
        await _wake(there)
        for table in there:
            await _number_on(source, table)
        await index_anew()
        if fault := difference(expected, await holdings()):
            raise CannotStart(f"rien n’a été écrit, la copie n’est pas l’original : {fault}")


async def _foreign_keys() -> list[tuple[str, str]]:
    found = await rows(
        """
        SELECT conrelid::regclass::text AS of_table, conname AS name FROM pg_constraint
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1, 2"""
    )
    return [(one["of_table"], one["name"]) for one in found]


async def _rest(there: list[str]) -> None:
    for table, name in await _foreign_keys():
        await rows(f'ALTER TABLE {table} ALTER CONSTRAINT "{name}" DEFERRABLE INITIALLY DEFERRED')
    for table in there:
        await rows(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')


async def _wake(there: list[str]) -> None:
    for table in there:
        await rows(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
    for table, name in await _foreign_keys():
        await rows(f'ALTER TABLE {table} ALTER CONSTRAINT "{name}" NOT DEFERRABLE')


async def _copy(source: sqlite3.Connection, table: str) -> None:
    limit = _OF_FILES if table in _FILES else _AT_ONCE
    query = f'SELECT * FROM "{table}" WHERE id > ? ORDER BY id LIMIT {limit}'
    last = 0
    while some := source.execute(query, (last,)).fetchall():
        columns = ", ".join(f'"{name}"' for name in some[0].keys())  # noqa: SIM118 # sqlite3.Row iterates over values
        try:
            await insert_rows(f'"{table}" ({columns})', [tuple(one) for one in some])
        except REFUSALS as problem:
            raise CannotStart(
                f"rien n’a été écrit : PostgreSQL refuse une valeur de la table {table}, après la ligne {last} "
                f"({plain_reason(problem)})"
            ) from problem
        last = some[-1]["id"]


async def _number_on(source: sqlite3.Connection, table: str) -> None:
    """Numbers go on behind the last one that was ever given: SQLite remembers those of rows that are gone."""
    noted = source.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    most = (await known_row(f'SELECT COALESCE(MAX(id), 0) AS id FROM "{table}"'))["id"]
    last = max(most, noted["seq"] if noted else 0)
    await rows(
        f"""SELECT setval(pg_get_serial_sequence('{table}', 'id'), {max(last, 1)}, {last > 0})
             WHERE pg_get_serial_sequence('{table}', 'id') IS NOT NULL"""
    )
