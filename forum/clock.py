"""What time is it? The database's, so that every process goes by one clock, whatever that of its machine says.

PostgreSQL is asked now and then, and in between its answer is carried on by what has elapsed here, which nobody sets. A
machine whose clock is an hour wrong closes no vote early, ends no session, and keeps no job waiting. SQLite has no
clock but that of its machine, which all its processes share.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from forum.database import is_unreachable, time_of_server

EVERY: Final = 60.0
"""Seconds between two questions: by then a machine that slept, or a server that was set right, is noticed."""

_told: tuple[datetime, float] | None = None
"""What the server said, and when that was by `elapsed`."""


def elapsed() -> float:
    """Seconds of this machine, those that it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def now() -> datetime:
    """The time, in UTC."""
    if _told is None:
        return datetime.now(UTC)
    said, since = _told
    return said + timedelta(seconds=elapsed() - since)


async def ask() -> None:
    """Go by the server's clock from now on."""
    global _told  # one process, one database
    before = elapsed()
    said = await time_of_server()
    _told = None if said is None else (said, (before + elapsed()) / 2)


async def follow() -> None:
    """Ask for ever; a server that is away is asked again the next time."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            await ask()
        except Exception as problem:
            if not is_unreachable(problem):
                raise


def forget() -> None:
    """Go by this machine again, together with the database that is closed."""
    global _told
    _told = None
