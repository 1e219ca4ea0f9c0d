"""How does the worker's own process run? `python -m forum work`, beside web processes that have a Redis.

It needs the database, not Redis: while that is away, the workshop finds its jobs in the table, a few seconds later.
When the database is unreachable at the start, it says so in one sentence and ends; later, it waits for it.
"""

import asyncio
import signal
from dataclasses import asdict
from typing import Final

import structlog

from forum import clock
from forum.breaker import AWAY, Breaker, breaker_of, close_breakers, connections_to
from forum.database import close_database, of_jobs, open_database
from forum.domain.upkeep.state import versions
from forum.errors import CannotStart
from forum.jobs import bell_over, hang_bell, open_bell
from forum.settings import Settings
from forum.supervisor import show_life, tell_supervisor
from workers.workshop import Workshop, listen

LONGEST_SILENCE: Final = 5.0
"""Seconds that arq waits for Redis: nobody waits for arq."""

log = structlog.get_logger()


async def work(known: Settings) -> None:
    """Work until SIGINT or SIGTERM; jobs that run are then given back.

    Raises:
        CannotStart: no Redis is named, so that the web process has its own worker; or the database cannot be reached.
    """
    breaker = breaker_of(known)
    if breaker is None:
        raise CannotStart("redis.url est vide : l’ouvrier vit dans le processus du site, ne lancez que celui-ci")
    told_to_stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, told_to_stop.set)
    try:
        await open_database(known, of_jobs(known))
        await clock.ask()
        await open_bell(known)
        log.info("the worker begins", **asdict(await versions()))
        tell_supervisor("READY=1")
        working, stopping = asyncio.create_task(at_work(breaker)), asyncio.create_task(told_to_stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        tell_supervisor("STOPPING=1")
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
        if not working.cancelled():
            working.result()
    finally:
        hang_bell(None)
        await close_breakers()
        clock.forget()
        await close_database()
    log.info("the worker has stopped")


async def at_work(breaker: Breaker) -> None:
    """Run jobs for ever: those of the table, and sooner those that ring, as long as Redis answers."""
    workshop = Workshop()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(show_life())
            tasks.create_task(workshop.look_for_ever())
            tasks.create_task(clock.follow())
            tasks.create_task(_listen_for_ever(workshop, breaker))
    finally:
        await workshop.close()


async def _listen_for_ever(workshop: Workshop, breaker: Breaker) -> None:
    while True:
        if await breaker.answers():
            try:
                await listen(workshop, bell_over(connections_to(breaker.url, seconds=LONGEST_SILENCE)))
            except AWAY as problem:
                log.warning("bells are not heard, the table is read alone", problem=repr(problem))
        await asyncio.sleep(breaker.retry_seconds)
