"""Which number does a program show before an item? It counts; the file only says how.

A list has levels, each with its pattern ("%1.%2" shows the numbers of the first two), its kind of numbers and where it
starts. What is not known is counted with figures.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

BULLET: Final = "-"
_PLACE: Final = re.compile(r"%([1-9])")
_ROMAN: Final = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x")),
    *((9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
# A file may start anywhere and show anything, before each of a thousand items.
_LONGEST_PATTERN: Final = 40
_MOST_LETTERS: Final = 260
_MOST_ROMAN: Final = 3000


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a list. `kind` is "1", "a", "A", "i" or "I", and empty for a bullet, which is the pattern."""

    kind: str
    pattern: str
    start: int = 1


@dataclass(slots=True)
class Counting:
    """A list while it is counted; levels from 1."""

    levels: Mapping[int, Level]
    _counts: dict[int, int] = field(default_factory=dict)

    def next(self, level: int, *, start: int | None = None) -> str:
        """Count an item; its number, "-" for a bullet, or nothing. `start` is where the item itself begins."""
        own = self.levels.get(level)
        if own is None:
            return BULLET
        self._counts = {deep: count for deep, count in self._counts.items() if deep <= level}
        self._counts[level] = start if start is not None else self._counts.get(level, own.start - 1) + 1
        pattern = own.pattern[:_LONGEST_PATTERN].strip()
        if not own.kind:
            return BULLET if pattern else ""
        return _PLACE.sub(self._number, pattern).strip()

    def restart(self, level: int) -> None:
        """Forget what was counted at a level and deeper."""
        self._counts = {deep: count for deep, count in self._counts.items() if deep < level}

    def _number(self, place: re.Match[str]) -> str:
        level = int(place[1])
        shown = self.levels.get(level)
        return _spelled(self._counts.get(level, shown.start), shown.kind) if shown and shown.kind else ""


def whole(number: str | None, otherwise: int = 1) -> int:
    """A number of a file, when it is one that a list may have."""
    return int(number) if number and re.fullmatch(r"[0-9]{1,4}", number, re.ASCII) else otherwise


def _spelled(count: int, kind: str) -> str:
    if kind not in "aAiI" or not 0 < count <= (_MOST_LETTERS if kind in "aA" else _MOST_ROMAN):
        return str(count)
    if kind in "aA":
        letters = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
    else:
        letters = ""
        for value, sign in _ROMAN:
            letters += sign * (count // value)
            count %= value
    return letters.upper() if kind.isupper() else letters
