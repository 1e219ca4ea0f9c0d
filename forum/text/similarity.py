"""Do two texts ask for the same? Nobody is told that they do: people are shown texts that may, and the words in common.

Texts are folded, and lose the words that every sentence has (`stop_words.py`). Then two measures: how many words of the
shorter text the other one has, whatever their number, gender or verbal form, and how many runs of three letters, which
a typing mistake or a derived word leaves mostly whole. Quotes are not in plain words: quoting a text in reply does not
make one's own similar to it. Synonyms are not known: "embaucher" and "recruter" are two words.

Counts and integers alone: the same two texts have the same likeness everywhere, so a fingerprint may be kept.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from typing import Any, Protocol, TypeVar
from zlib import crc32

from forum.text.folding import fold
from forum.text.stop_words import STOP_WORDS

# Per mille. Chosen on tests/cases/similarity, where one text in eight is shown for nothing: better than missing the
# proposal that asks for the same.
LEAST = 330
# How many texts a person who proposes will read before going on (never blocking).
MOST = 5

# Runs of letters are counted in a row of bits: a wording has a hundred runs, a long post a thousand.
_BITS = 4096
_WORD = re.compile(r"[^\W_]+")
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
# In a long text most words of a theme are found: it counts for at least a quarter of its length.
_SHARE_OF_THE_LONGER = 4

# Folded endings, the first that fits: feminine to masculine, noun and participle to verb. What remains has three
# letters or the number given. After J. Savoy's minimal stemmer for French (JASIS 50(10), 1999), with derived nouns.
_PLURALS = (("eaux", "eau", 1), ("aux", "al", 3), ("x", "", 3), ("s", "", 3))
_ENDINGS = (
    *((ending, "", 4) for ending in ("atrice", "ateur", "ation", "ement")),
    *(("trice", "teur", 3), ("euse", "eur", 3), ("ive", "if", 3), ("elle", "el", 3), ("enne", "en", 3)),
    *(("iere", "i", 3), ("ier", "i", 3), ("ee", "", 3), ("er", "", 3), ("e", "", 3)),
)


class Ordered(Protocol):
    """The keys of candidates: numbers or references, which can be sorted."""

    def __lt__(self, other: Any, /) -> bool: ...


Key = TypeVar("Key", bound=Ordered)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A text as it is compared. `spelled` gives each stem with the author's first spelling, in the order of the text;
    `runs` has one bit for each run of three letters (of `_BITS`)."""

    spelled: tuple[tuple[str, str], ...]
    stems: frozenset[str]
    runs: int

    @property
    def is_blank(self) -> bool:
        """Whether nothing is left to compare."""
        return not self.stems


@dataclass(frozen=True, slots=True)
class Likeness:
    """How similar two texts are, per mille, and the words of the first that the second has, as the first spells
    them."""

    score: int
    common: tuple[str, ...]


def fingerprint(text: str) -> Fingerprint:
    """What is compared of a text: plain words, without quotes. Linear."""
    spelled: dict[str, str] = {}
    runs = 0
    # Composed and without invisible characters: a soft hyphen, or a separate accent, does not cut a word in two.
    for word in _WORD.findall(unicodedata.normalize("NFC", text).translate(_UNSEEN)):
        stem, its_runs = _compared(word)
        if stem:
            spelled.setdefault(stem, word)
            runs |= its_runs
    return Fingerprint(tuple(spelled.items()), frozenset(spelled), runs)


def likeness(one: Fingerprint, other: Fingerprint) -> Likeness:
    """How similar `one` is to `other`; the score is the same both ways."""
    common = tuple(word for stem, word in one.spelled if stem in other.stems)
    return Likeness(score(one, other), common)


def nearest(
    sought: Fingerprint, candidates: Mapping[Key, Fingerprint], *, most: int = MOST, least: int = LEAST
) -> list[tuple[Key, Likeness]]:
    """The candidates that reach `least`, at most `most` of them, the most similar first; ties by their keys.

    One pass over the candidates, a few microseconds each: ten thousand in less than a tenth of a second.
    """
    found = ((-reached, key) for key, other in candidates.items() if (reached := score(sought, other)) >= least)
    return [(key, likeness(sought, candidates[key])) for _, key in nsmallest(most, found)]


def score(one: Fingerprint, other: Fingerprint) -> int:
    """How similar two texts are, per mille, without the words in common."""
    if not one.stems or not other.stems:
        return 0
    if one.stems == other.stems:
        return 1000
    # One word in common is little, and two words found in a long sentence are not the sentence: the first of the words
    # in common counts half, and the shorter text for half a word more than it has.
    shorter, longer = sorted((len(one.stems), len(other.stems)))
    halves = max(2 * len(one.stems & other.stems) - 1, 0)
    words = 1000 * halves // max(2 * shorter + 1, 2 * longer // _SHARE_OF_THE_LONGER)
    fewer, more = sorted((one.runs.bit_count(), other.runs.bit_count()))
    runs = 1000 * (one.runs & other.runs).bit_count() // max(fewer, more // _SHARE_OF_THE_LONGER)
    return (words + runs) // 2


@lru_cache(maxsize=8192)
def _compared(word: str) -> tuple[str, int]:
    """The stem of a word and its runs of letters; no stem for a word that says nothing."""
    folded = fold(word)
    if folded in STOP_WORDS or (len(folded) < 2 and not folded.isdigit()):
        return "", 0
    stem = _stem(folded)
    padded = f" {stem} "
    runs = 0
    for start in range(len(padded) - 2):
        runs |= 1 << crc32(padded[start : start + 3].encode()) % _BITS
    return stem, runs


def _stem(word: str) -> str:
    """A folded word without its number, gender, or ending of a verb or of a noun made from one."""
    return _shortened(_shortened(word, _PLURALS), _ENDINGS)


def _shortened(word: str, endings: tuple[tuple[str, str, int], ...]) -> str:
    for ending, instead, least in endings:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)] + instead
    return word
