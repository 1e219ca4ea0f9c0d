"""How does a command run? It opens the database, calls the domain, says what it did, and closes.

What stops a command is one sentence on stderr and status 1. Sentences are French, like the site's own.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NoReturn, TypeVar

import typer
import uvloop
from rich.console import Console

from forum.breaker import close_breakers
from forum.database import close_database, open_database
from forum.errors import CahierError, Invalid
from forum.logs import leave_pipe, open_logs
from forum.settings import Settings, settings
from forum.storage import StorageFault

Result = TypeVar("Result")

commands = typer.Typer(
    help="Cahier, forum de consultation.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


class Voice(Console):
    """What commands say. Who stops listening (`status | head -1`) ends nothing, least of all a site that is served."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        leave_pipe(sys.stdout)


say = Voice(highlight=False, soft_wrap=True).print


def say_lines(lines: Iterable[str]) -> None:
    for line in lines:
        say(line, markup=False)


def run(work: Callable[..., Coroutine[Any, Any, Result]], *values: object) -> Result:
    """Run to the end, or say in one sentence why not."""
    return or_exit(lambda: in_loop(work(_configured(), *values)))


def run_open(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run a command's coroutine with the database open, and close it at the end."""
    return run(lambda configured: with_database(configured, work))


def _configured() -> Settings:
    open_logs()
    return settings()


def in_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a command's work, which may have rung the bell, in a loop of its own."""

    async def leaving_redis() -> Result:
        try:
            return await work
        finally:
            await close_breakers()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(leaving_redis())


async def with_database(configured: Settings, work: Callable[[], Awaitable[Result]]) -> Result:
    await open_database(configured)
    try:
        return await work()
    finally:
        await close_database()


def or_exit(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except Invalid as refused:
        fail([str(problem) for problem in refused.problems])
    except StorageFault as fault:
        fail([fault.told])
    except CahierError as problem:
        fail([str(problem)])


def fail(sentences: Iterable[str]) -> NoReturn:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    raise typer.Exit(1)
