"""The finished schema as files: `python -m tests.schema` writes what the migrations make of an empty database.

SQLite keeps the statement that defines each table or index as it is now. PostgreSQL keeps none, and the output of
pg_dump changes with its version: its file has the statements that the migrations ran, so that a new migration adds
lines at the end.
"""

import logging
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from tortoise import Tortoise
from tortoise.migrations.api import migrate as apply_migrations

from forum.database import NOTES, configuration, is_sqlite, rows, tables
from forum.schema import SCHEMAS
from forum.settings import Settings
from tests.databases import new_on_server, settings_at

HEAD = "-- Written by `make schema`: what the migrations make of an empty database."
DEFINES = ("CREATE ", "ALTER ", "DROP ", "COMMENT ")
# The moment at which a migration is noted, as Tortoise writes it.
NOW = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')", "postgres": "now()"}


class Defined(logging.Handler):
    """The statements that define something, as Tortoise hands them to the driver, each below its migration."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # A script is the message itself; a statement comes before its values.
        statement = str(record.args[0] if isinstance(record.args, tuple) and record.args else record.msg).strip()
        if statement.startswith(DEFINES):
            self.said.append(statement.rstrip(";") + ";")

    def begin(self, event: str, app: str, migration: str) -> None:
        if event == "apply_start":
            self.said.append(f"\n-- {migration}")


async def written_by_migrations(configured: Settings) -> str:
    """Migrate an empty database step by step; returns what its file must hold."""
    defined = Defined()
    log = logging.getLogger("tortoise.db_client")
    before = log.level, log.propagate
    log.addHandler(defined)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        await apply_migrations(config=configuration(configured), progress=defined.begin)
        log.removeHandler(defined)
        said = await _kept_statements() if is_sqlite() else defined.said
        return "\n".join([HEAD, *said, "", *await _first_rows(), *await _notes(), ""])
    finally:
        log.removeHandler(defined)
        log.level, log.propagate = before
        await Tortoise.close_connections()


async def _kept_statements() -> list[str]:
    made = await rows(
        """SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'sqlite_sequence'
              AND name NOT GLOB 'search_words_*' ORDER BY rowid"""
    )
    return [f"{one['sql']};" for one in made]


async def _first_rows() -> list[str]:
    """The rows that a new table holds."""
    found: list[str] = []
    for table in sorted(await tables() - {NOTES}):
        found += [await _insert(table, one["id"]) for one in await rows(f'SELECT id FROM "{table}" ORDER BY id')]
    return found


async def _insert(table: str, number: int) -> str:
    (one,) = await rows(f'SELECT * FROM "{table}" WHERE id = $1', number)
    columns = list(one.keys())
    literal = 'quote("{}")' if is_sqlite() else 'quote_nullable("{}")'
    literals = ", ".join(f"{literal.format(column)} AS value_{place}" for place, column in enumerate(columns))
    (said,) = await rows(f'SELECT {literals} FROM "{table}" WHERE id = $1', number)
    names = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(dict(said).values())});'


async def _notes() -> list[str]:
    now = NOW["sqlite" if is_sqlite() else "postgres"]
    into = f'INSERT INTO "{NOTES}" ("app", "name", "applied_at")'
    noted = await rows(f"SELECT app, name FROM {NOTES} ORDER BY id")
    return [f"{into} VALUES ('{one['app']}', '{one['name']}', {now});" for one in noted]


async def main() -> None:
    with TemporaryDirectory() as folder:
        await _write("sqlite", f"sqlite:///{Path(folder) / 'new.sqlite3'}")
    async with new_on_server(os.environ["FORUM_TEST_POSTGRES"], "schema") as address:
        await _write("postgres", address)


async def _write(dialect: str, address: str) -> None:
    (SCHEMAS / f"{dialect}.sql").write_text(await written_by_migrations(settings_at(address)), "utf-8")


if __name__ == "__main__":
    try:
        anyio.run(main)
    except OSError as problem:
        sys.exit(f"PostgreSQL does not answer at FORUM_TEST_POSTGRES ({problem})")
