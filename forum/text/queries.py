"""What does somebody ask of a search, by what they typed? Anything means something: words that must all be there,
"words together" between quotation marks, -words that must not be.

The last word is taken for the beginning of longer ones too, from three letters on. Words of grammar count only between
quotation marks, or alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from forum.text.terms import EMPTY_WORDS, forms, is_reference, stem

MOST_WORDS: Final = 16
"""Words that are sought; more would be a text."""
LEAST_BEGINNING: Final = 3
"""Letters of a beginning."""

_MARKS: Final = str.maketrans(dict.fromkeys("«»“”„‟″＂", '"') | {"−": "-", "–": "-"})
_PART: Final = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
# A word as it is read; a reference is one.
_WORD: Final = re.compile(r"[Tt][0-9]+[-\u2010\u2011][0-9]+|[Cc][-\u2010\u2011][0-9]+(?:@[0-9]+)?|[^\W_]+")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is asked: forms (`terms.forms`) that must be there, by their stems; phrases, words together as typed; what
    must not be there, alike. `beginning`: the last word, when it may be the beginning of another one, else empty.
    `is_cut`: there were more words than are sought."""

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    without: tuple[str, ...] = ()
    without_phrases: tuple[tuple[str, ...], ...] = ()
    beginning: str = ""
    is_cut: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing is asked for, nor against."""
        return not (self.words or self.phrases or self.without or self.without_phrases)

    @property
    def references(self) -> tuple[str, ...]:
        """The proposals and contributions that are asked for, when nothing else is."""
        return self.words if self.words and not self.phrases and all(map(is_reference, self.words)) else ()


def parse(typed: str) -> SearchQuery:
    """Read what was typed. Never fails."""
    words: list[str] = []
    phrases: list[tuple[str, ...]] = []
    without: list[str] = []
    without_phrases: list[tuple[str, ...]] = []
    left, is_cut, last = MOST_WORDS, False, ""
    for minus, phrase, word in _PART.findall(typed.translate(_MARKS)):
        found = tuple(forms(phrase or word))
        is_cut, found = is_cut or len(found) > left, found[:left]
        left -= len(found)
        if word and not minus and is_reference("".join(found[-1:])):
            found = found[-1:]
        if not found:
            continue
        last = ""
        if minus and len(found) == 1 and word and found[0] not in EMPTY_WORDS:
            without.append(found[0])
        elif minus:
            without_phrases.append(found)
        elif word:
            words += found
            last = found[-1]
        else:
            phrases.append(found)
    full = [form for form in dict.fromkeys(words) if form not in EMPTY_WORDS]
    if words and not full and not phrases:
        phrases = [(form,) for form in dict.fromkeys(words)]
    begins = len(last) >= LEAST_BEGINNING and last in full and not is_reference(last)
    return SearchQuery(
        tuple(full), tuple(phrases), tuple(without), tuple(without_phrases), last if begins else "", is_cut
    )


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some words of a text: (words, whether they were asked for), and whether the text begins before or goes on."""

    parts: tuple[tuple[str, bool], ...]
    begins_before: bool
    goes_on: bool


# Letters of an excerpt, how many of them come before the first word that was asked for, and how much of a text is
# looked at.
LONGEST_EXCERPT: Final = 260
_BEFORE: Final = 70
_LOOKED_AT: Final = 24_000


def excerpt(text: str, query: SearchQuery) -> Excerpt:
    """What to show of a text that was found: around the first word that was asked for or, without one, its
    beginning."""
    said = " ".join(text[:_LOOKED_AT].split())
    first, hits, is_sought = -1, [], _sought(query)
    for found in _WORD.finditer(said):
        if first >= 0 and found.end() > first + LONGEST_EXCERPT:
            break
        if is_sought(found[0]):
            first = first if first >= 0 else found.start()
            hits.append(found.span())
    start = _word_start(said, max(first - _BEFORE, 0))
    stop = _word_stop(said, min(start + LONGEST_EXCERPT, len(said)))
    return Excerpt(_parts(said, start, stop, hits), start > 0, stop < len(said) or len(text) > _LOOKED_AT)


def marked(text: str, query: SearchQuery) -> tuple[tuple[str, bool], ...]:
    """A short text whole, with what was asked for."""
    is_sought = _sought(query)
    return _parts(text, 0, len(text), [found.span() for found in _WORD.finditer(text) if is_sought(found[0])])


@lru_cache(maxsize=32)
def _sought(query: SearchQuery) -> Callable[[str], bool]:
    """What tells whether a word of a text is one that was asked for."""
    stems, beginning = frozenset(map(stem, query.words)), query.beginning
    whole = frozenset(form for phrase in query.phrases for form in phrase)

    known: dict[str, bool] = {}

    def is_sought(word: str) -> bool:
        found = known.get(word)
        if found is None:
            found = known[word] = any(
                its_stem in stems or form in whole or (beginning != "" and form.startswith(beginning))
                for form, its_stem in _read(word)
            )
        return found

    return is_sought


@lru_cache(maxsize=65_536)
def _read(word: str) -> tuple[tuple[str, str], ...]:
    return tuple((form, stem(form)) for form in forms(word))


def _word_start(said: str, at: int) -> int:
    return 0 if at == 0 else (said.find(" ", at, at + _BEFORE) + 1 or at)


def _word_stop(said: str, at: int) -> int:
    found = said.rfind(" ", at - _BEFORE, at) if at < len(said) else -1
    return at if found < 0 else found


def _parts(said: str, start: int, stop: int, hits: list[tuple[int, int]]) -> tuple[tuple[str, bool], ...]:
    parts: list[tuple[str, bool]] = []
    at = start
    for begin, end in hits:
        if begin >= at and end <= stop:
            parts += [(said[at:begin], False), (said[begin:end], True)]
            at = end
    return tuple(part for part in (*parts, (said[at:stop], False)) if part[0])
