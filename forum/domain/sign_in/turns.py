"""Whose password is hashed next, when many wait?

Hashing takes a fifth of a second of a core by design, so few run at once. One line for everybody would let one place
that guesses keep everybody out: here each asker has a line, and lines take turns. An asker is an address (an IPv6 /64)
or, once signed in, an account; however much it asks for, the others wait for one hash of its each.

Lines are bounded, so that nobody waits for what takes too long: who comes when all are full is turned away, unless
somebody has a longer line, whose last one is turned away instead. So one place fills its own line, never the others'.
"""

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from forum.errors import Unavailable

MOST_OF_ONE: Final = 20
"""How many of one asker wait: a class that signs in together does, and waits two seconds."""
MOST: Final = 60
"""How many wait in all: six seconds of two cores."""


class Turns:
    """`at_once` run at the same time; the others wait in their asker's line. For one event loop, without a lock."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting = 0
        self._lines: dict[str, deque[Future[None]]] = {}
        """The first line is the next to have a turn; none is empty."""

    @asynccontextmanager
    async def turn(self, asker: str) -> AsyncIterator[None]:
        """Wait for a turn, which lasts as long as the block.

        Raises:
            Unavailable: too many wait, and none of them has asked for more than this asker.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(asker)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, asker: str) -> None:
        line = self._lines.get(asker, ())
        if len(line) >= MOST_OF_ONE:
            raise _busy()
        if self._waiting >= MOST:
            longest = max(self._lines, key=lambda one: len(self._lines[one]))
            if len(self._lines[longest]) <= len(line) + 1:
                raise _busy()
            self._leave(longest, self._lines[longest][-1]).set_exception(_busy())
        turn = get_running_loop().create_future()
        self._lines.setdefault(asker, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except CancelledError:
            if turn.cancelled():
                self._leave(asker, turn)
            elif turn.exception() is None:
                # It was given its turn in the same moment.
                self._pass_on()
            raise

    def _leave(self, asker: str, turn: Future[None]) -> Future[None]:
        line = self._lines[asker]
        line.remove(turn)
        self._waiting -= 1
        if not line:
            del self._lines[asker]
        return turn

    def _pass_on(self) -> None:
        """A turn has ended: the first of the next line has it, and that line goes behind the others."""
        if not self._lines:
            self._free += 1
            return
        asker = next(iter(self._lines))
        line = self._lines.pop(asker)
        turn = line.popleft()
        self._waiting -= 1
        if line:
            self._lines[asker] = line
        turn.set_result(None)


def _busy() -> Unavailable:
    return Unavailable("Beaucoup de mots de passe attendent d’être vérifiés. Réessayez dans quelques instants.")
