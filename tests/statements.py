"""Which statements reach the database? Recorded at the connections themselves, so that none is missed.

Whatever its origin (the domain, Tortoise, a job) and module, a statement goes through sqlite3 or asyncpg: connections
made while tests run report each one to the listeners. Transaction statements (BEGIN, COMMIT, SAVEPOINT…) and those that
asyncpg runs when a connection returns to its pool are left out.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from forum import postgres

_OWN = re.compile(
    r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SET |RESET|UNLISTEN|CLOSE ALL|SELECT pg_advisory_unlock|--"
    # What the index of searches writes by itself.
    r"|.*\bsearch_words_(?:data|idx|config|docsize)\b"
)
# SQLite reports a statement again, with its values, for each trigger that it sets off; two such would not be unique.
_TRIGGERED = re.compile(r"INSERT INTO ballot ?\(|(?:INSERT INTO|DELETE FROM) search_entry\b")
_listeners: list[list[str]] = []


@contextmanager
def heard() -> Iterator[list[str]]:
    """The statements of a block, in order, each on one line; SQLite reports them with their values."""
    statements: list[str] = []
    _listeners.append(statements)
    try:
        yield statements
    finally:
        _listeners.remove(statements)


def _tell(statement: str) -> None:
    if _listeners and not _OWN.match(words := " ".join(statement.split())):
        for each in _listeners:
            if not (each[-1:] == [words] and _TRIGGERED.match(words)):
                each.append(words)


@pytest.fixture(scope="session", autouse=True)
def listening() -> Iterator[None]:
    """Make every connection of this process report its statements."""
    connect, pool_of = sqlite3.connect, postgres.PatientPool

    def telling(*values: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*values, **named)
        connection.set_trace_callback(_tell)
        return connection

    async def tell_all(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(lambda query: _tell(query.query))

    def telling_pool(*values: Any, **named: Any) -> postgres.PatientPool:
        return pool_of(*values, init=tell_all, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", telling)
        patch.setattr(postgres, "PatientPool", telling_pool)
        yield
