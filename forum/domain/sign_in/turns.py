"""Whose password is hashed next, when many wait?

Hashing takes a fifth of a second of a core by design, so few run at once. One line for everybody would let one place
that guesses keep everybody out: here each asker has a line, lines take turns, and nobody has all the turns at once. An
asker is an address (an IPv6 /64) or, once signed in, an account; however much it asks for, the next one begins at once.

Lines are bounded, so that nobody waits for what takes too long: who comes when all are full is turned away, unless
somebody has a longer line, whose last one is turned away instead. So one place fills its own line, never the others'.
Against many places at once, members at a place where they signed in lately come first, and are turned away last.
"""

from asyncio import CancelledError, Future, get_running_loop
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from forum.errors import Unavailable

MOST_OF_ONE: Final = 20
"""How many of one asker wait: a class that signs in together does, and waits four seconds."""
MOST: Final = 60
"""How many wait in all: six seconds of two cores."""


Line = tuple[bool, str]
"""The key of a line: whether its asker is a stranger, and who it is."""


class Turns:
    """`at_once` run at the same time; the others wait in their asker's line. For one event loop, without a lock."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._share = max(1, at_once - 1)
        self._running = Counter[Line]()
        self._waiting = 0
        self._lines: dict[Line, deque[Future[None]]] = {}
        """The first line is the next of its kind to have a turn, unless its asker has its share; none is empty."""

    @asynccontextmanager
    async def turn(self, asker: str, *, is_known: bool = False) -> AsyncIterator[None]:
        """Wait for a turn, which lasts as long as the block.

        Raises:
            Unavailable: too many wait, and none of them has asked for more than this asker.
        """
        key = (not is_known, asker)
        if self._may_begin(key):
            self._begin(key)
        else:
            await self._wait(key)
        try:
            yield
        finally:
            self._end(key)

    def _may_begin(self, key: Line) -> bool:
        return self._free > 0 and self._running[key] < self._share

    def _begin(self, key: Line) -> None:
        self._free -= 1
        self._running[key] += 1

    def _end(self, key: Line) -> None:
        self._free += 1
        self._running[key] -= 1
        if not self._running[key]:
            del self._running[key]
        self._give_next()

    async def _wait(self, key: Line) -> None:
        if self._length(key) >= MOST_OF_ONE:
            raise _busy()
        if self._waiting >= MOST:
            self._make_room(key)
        turn = get_running_loop().create_future()
        self._lines.setdefault(key, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except CancelledError:
            if turn.cancelled():
                self._leave(key, turn)
            elif turn.exception() is None:
                # It was given its turn in the same moment.
                self._end(key)
            raise

    def _length(self, key: Line) -> int:
        return len(self._lines.get(key, ()))

    def _make_room(self, key: Line) -> None:
        """Turn away the last of the longest line, strangers before members at their place."""
        longest = max(self._lines, key=lambda one: (one[0], self._length(one)))
        if longest[0] < key[0] or (longest[0] == key[0] and self._length(longest) <= self._length(key) + 1):
            raise _busy()
        self._leave(longest, self._lines[longest][-1]).set_exception(_busy())

    def _leave(self, key: Line, turn: Future[None]) -> Future[None]:
        line = self._lines[key]
        line.remove(turn)
        self._waiting -= 1
        if not line:
            del self._lines[key]
        return turn

    def _give_next(self) -> None:
        """A turn has ended: the first of the next line has it, and that line goes behind the others."""
        key = min(filter(self._may_begin, self._lines), key=lambda one: one[0], default=None)
        if key is None:
            return
        line = self._lines.pop(key)
        turn = line.popleft()
        self._waiting -= 1
        if line:
            self._lines[key] = line
        self._begin(key)
        turn.set_result(None)


def _busy() -> Unavailable:
    return Unavailable("Beaucoup de mots de passe attendent d’être vérifiés. Réessayez dans quelques instants.")
