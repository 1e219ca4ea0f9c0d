"""The document as a tagged PDF/UA-1, set by typst from one fixed template.

The outline goes in as JSON data; no word of it is ever read as typst markup. The only date written is that of the data.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Final

import typst

from forum.documents.facts import Facts, facts_of
from forum.documents.files import FONTS, TEMPLATES
from forum.documents.glyphs import covered
from forum.documents.outline import Outline
from forum.documents.typesetting import MAIN_FACE, pdf

_TEMPLATE: Final = (TEMPLATES / "bars.typ").read_bytes() + (TEMPLATES / "synthesis.typ").read_bytes()

# Spaces, line ends, joiners and direction marks: typst needs no font for them. U+FEFF is the exception.
_INVISIBLE: Final = frozenset({"Cf", "Zs", "Zl", "Zp"})
_ASKED: Final = "\ufeff"

# A line of the page holds about eighty letters, a cell of a table as few as twelve: a word that is longer than a line
# is given places where it may be cut. A SHA-256 is shorter and stays whole, so that it can be copied.
_LONG_WORD: Final = re.compile(r"[^\s\u200b]{76,}")
_PIECE: Final = re.compile(r"[^\s]{12}(?=[^\s])")

_FOR_MACHINES: Final = frozenset(
    {"kind", "anchor", "href", "pattern", "tone", "language", "taken_at", "snapshot_sha256"}
)

Spelling = Callable[[str], str]


def render(outline: Outline) -> bytes:
    """The PDF. The same outline gives the same bytes.

    PDF/UA refuses signs that no font can draw. Words are first set as they are; when a sign is refused, those that our
    fonts lack (rare ideographs) are written as their code point ("[U+20000]"), so that nothing is lost; if a rare
    combination is still refused, so are those that the main face lacks.
    """
    facts = facts_of(outline, without="data")
    taken_at = int(datetime.fromisoformat(outline.taken_at).timestamp())
    for spelling in (_as_written, _in_our_fonts):
        try:
            return pdf(_TEMPLATE, taken_at=taken_at, outline=_spelled(facts, spelling))
        except typst.TypstError as error:
            if "could not be displayed" not in error.message:
                raise
    return pdf(_TEMPLATE, taken_at=taken_at, outline=_spelled(facts, _in_the_main_face))


def _spelled(facts: Facts, spelling: Spelling) -> Facts:
    """Facts whose texts can be set: signs that cannot be drawn are written as code points, long words may be cut."""
    if isinstance(facts, str):
        return _LONG_WORD.sub(_with_cuts, spelling(facts))
    if isinstance(facts, list):
        return [_spelled(part, spelling) for part in facts]
    if isinstance(facts, dict):
        return {name: part if name in _FOR_MACHINES else _spelled(part, spelling) for name, part in facts.items()}
    return facts


def _with_cuts(word: re.Match[str]) -> str:
    return _PIECE.sub(lambda piece: f"{piece.group()}\u200b", word.group())


def _as_written(words: str) -> str:
    return words


def _in_our_fonts(words: str) -> str:
    return _numbered(words, _drawn_by_our_fonts())


def _in_the_main_face(words: str) -> str:
    return _numbered(words, _drawn_by_the_main_face())


@cache
def _drawn_by_our_fonts() -> frozenset[int]:
    return frozenset[int]().union(*(covered(font) for font in FONTS.glob("*.[ot]tf")))


@cache
def _drawn_by_the_main_face() -> frozenset[int]:
    return covered(FONTS / MAIN_FACE)


def _numbered(words: str, drawn: frozenset[int]) -> str:
    return "".join(c if _can_be_set(c, drawn) else f"[U+{ord(c):04X}]" for c in words)


def _can_be_set(character: str, drawn: frozenset[int]) -> bool:
    if ord(character) in drawn or character in "\n\t":
        return True
    return unicodedata.category(character) in _INVISIBLE and character != _ASKED
