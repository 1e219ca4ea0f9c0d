"""What changed between two texts, word by word, for people: versions of a proposal, edits of a post.

Words, blanks and signs are the units, so that a comma added is a comma added. The fewest changes are found, then
changes with only blanks or punctuation of one line between them are joined: "les élus" for "des agents" reads better
than two changes of one word. Nothing is lost: the pieces kept and added make up the new text, those kept and removed
the old one, letter by letter.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from rapidfuzz.distance import Indel

Kind = Literal["same", "removed", "added"]

# A word with its accents, a run of blanks, or one sign.
_UNIT = re.compile("[^\\W_]+(?:[\u0300-\u036f]+[^\\W_]*)*|\\s+|.", re.DOTALL)
_LETTER_OR_LINE = re.compile(r"[^\W_]|\n")
# The table of comparison has a bit for each pair of units: 50 MB for two posts of 20 000 signs, a tenth of a second.
_MOST_PAIRS = 20_000 * 20_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A piece of text, never empty, and whether both texts have it, only the old one, or only the new one."""

    kind: Kind
    words: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """What the old text has at a place, and what the new one has there."""

    old: str
    new: str

    @property
    def is_same(self) -> bool:
        return self.old == self.new

    def __add__(self, other: "_Piece") -> "_Piece":
        return _Piece(self.old + other.old, self.new + other.new)


def differences(old: str, new: str) -> tuple[Difference, ...]:
    """The pieces in reading order: no two neighbours of one kind, and what was removed before what was added for it.

    Two texts too long and too unlike to be compared word by word (several times the longest post) give one change,
    between their ends in common.
    """
    return tuple(_said(_gathered(_pieces(_UNIT.findall(old), _UNIT.findall(new)))))


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[_Piece]:
    """What did not change and what did, in turn."""
    start = _in_common(old, new)
    end = _in_common(old[start:][::-1], new[start:][::-1])
    yield _Piece("".join(old[:start]), "".join(new[:start]))
    yield from _changes(old[start : len(old) - end], new[start : len(new) - end])
    yield _Piece("".join(old[len(old) - end :]), "".join(new[len(new) - end :]))


def _in_common(old: Iterable[str], new: Iterable[str]) -> int:
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(old, new, strict=False)))


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[_Piece]:
    if len(old) * len(new) > _MOST_PAIRS:
        yield _Piece("".join(old), "".join(new))
        return
    for step in Indel.opcodes(old, new):
        yield _Piece("".join(old[step.src_start : step.src_end]), "".join(new[step.dest_start : step.dest_end]))


def _gathered(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Neighbouring changes joined, as well as replaced words with only punctuation between them."""
    change, between = _Piece("", ""), _Piece("", "")
    for piece in pieces:
        if piece.is_same:
            between += piece
        elif _is_one_change(change, between, piece):
            change, between = change + between + piece, _Piece("", "")
        else:
            yield from (change, between)
            change, between = piece, _Piece("", "")
    yield from (change, between)


def _is_one_change(before: _Piece, between: _Piece, after: _Piece) -> bool:
    if not between.old:
        return True
    replaces = bool(before.old or after.old) and bool(before.new or after.new)
    return bool(before.old or before.new) and replaces and not _LETTER_OR_LINE.search(between.old)


def _said(pieces: Iterable[_Piece]) -> Iterator[Difference]:
    for piece in pieces:
        if piece.is_same:
            if piece.old:
                yield Difference("same", piece.old)
            continue
        if piece.old:
            yield Difference("removed", piece.old)
        if piece.new:
            yield Difference("added", piece.new)
