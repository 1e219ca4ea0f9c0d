"""The PostgreSQL backend that Tortoise uses here: nothing waits for ever.

A server that is frozen, or a network that swallows packets, is noticed by our side alone: getting a connection and
each statement have a deadline (`Deadlines`). A statement that is only slow is ended by the server a little earlier
(`statement_timeout`), which keeps the connection. Past its deadline a connection is cut at once: asking the server to
cancel, as the driver would, is one more wait for it.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from asyncpg.pool import Pool
from tortoise.backends.asyncpg.client import AsyncpgDBClient

IDLE_SECONDS: Final = 30
"""Seconds after which the server ends a transaction of a request that says nothing more: its process hangs."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How many seconds a connection is waited for, and a statement; None: as long as it lasts."""

    connection: float
    statement: float | None

    def told(self) -> dict[str, Any]:
        """What the driver and the server are told."""
        if self.statement is None:
            return {"timeout": self.connection}
        server = {
            "statement_timeout": self.statement,
            "lock_timeout": self.statement * 0.8,
            "idle_in_transaction_session_timeout": max(IDLE_SECONDS, self.statement),
        }
        return {
            "timeout": self.connection,
            "acquire_seconds": self.connection,
            "command_timeout": self.statement * 1.2,
            "server_settings": {name: str(round(seconds * 1000)) for name, seconds in server.items()},
        }


class CutConnection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """A connection that is cut when a statement passes its deadline."""

    def get_reset_query(self) -> str:
        """What the server is told each time that the connection is given back: nothing, which spares each read half of
        its journeys. No statement of ours changes a session, and what is left of a transaction is rolled back."""
        return ""

    def _cancel_current_command(self, waiter: Any, cancel_waiter: Any = None) -> None:
        asyncio.get_running_loop().call_soon(self.terminate)


class PatientPool(Pool):  # type: ignore[misc] # the same
    """A pool in which nobody waits longer than `acquire_seconds` for a connection."""

    acquire_seconds: float | None = None

    async def _acquire(self, timeout: float | None) -> Any:  # noqa: ASYNC109 # as in asyncpg
        return await super()._acquire(self.acquire_seconds if timeout is None else timeout)

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 # the same
        """Take a connection back. One whose statement was given up is cut here: were that left to the next turn of the
        loop, the driver would find the place of the connection free, and raise in the place of what ended the
        statement."""
        held = connection._con
        if held is not None and held._protocol._is_cancelling():
            held.terminate()
        await super().release(connection, timeout=timeout)


class PostgresClient(AsyncpgDBClient):
    """`acquire_seconds` besides the arguments of asyncpg's own connection (`timeout`, `command_timeout`)."""

    connection_class = CutConnection

    async def create_pool(self, **arguments: Any) -> Pool:
        seconds = arguments.pop("acquire_seconds", None)
        pool = PatientPool(
            None,
            max_queries=50_000,
            max_inactive_connection_lifetime=300.0,
            record_class=asyncpg.Record,
            **arguments,
        )
        pool.acquire_seconds = seconds
        return await pool


client_class = PostgresClient
