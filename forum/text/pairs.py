"""Which of many texts ask for the same, two by two? And which of their words say so.

Comparing each with each would take fifty million comparisons for ten thousand texts. Two similar texts share at least
two words, so each is compared only with those that share two of its rarest words, forty of them on average at most;
texts of identical words are always found.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from heapq import nlargest
from itertools import combinations, pairwise

from forum.text.similarity import Fingerprint, fingerprint, score

# Per mille. Stricter than for a person who proposes, who looks at five texts: a moderator looks at every pair.
NEAR = 500
# How many of a text's rarest words are used to look for similar texts, and with how many texts it is compared.
_RAREST = 8
_COMPARED = 40
_WORD = re.compile(r"[^\W_]+")


def alike(prints: Sequence[Fingerprint], *, most: int, least: int = NEAR) -> list[tuple[int, int]]:
    """The pairs of texts, by place, whose likeness reaches `least`: at most `most`, the most similar first, ties in
    order.

    Seconds for ten thousand texts, whatever they say.
    """
    reached = (
        (near, -one, -other)
        for one, other in _candidates(prints)
        if (near := score(prints[one], prints[other])) >= least
    )
    return [(-one, -other) for _, one, other in nlargest(most, reached)]


def _candidates(prints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Each pair that is worth a comparison, once; the smaller place first."""
    shared = _by_two_words(prints)
    same: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for place, each in enumerate(prints):
        if each.stems:
            same[each.stems].append(place)
    pairs = {pair for places in same.values() for pair in pairwise(places)}
    for places in sorted(shared.values(), key=len):
        for one, other in combinations(places[:_COMPARED], 2):
            if len(pairs) >= _COMPARED * len(prints):
                break
            pairs.add((one, other))
    yield from pairs


def _by_two_words(prints: Sequence[Fingerprint]) -> dict[tuple[str, str], list[int]]:
    """For each two words, the texts that have both among their rarest."""
    found: defaultdict[str, int] = defaultdict(int)
    for each in prints:
        for stem in each.stems:
            found[stem] += 1
    shared: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, each in enumerate(prints):
        rarest = sorted(each.stems, key=lambda stem: (found[stem], stem))[:_RAREST]
        for one, other in combinations(sorted(stem for stem in rarest if found[stem] > 1), 2):
            shared[one, other].append(place)
    return {words: places for words, places in shared.items() if len(places) > 1}


def marked(text: str, other: Fingerprint) -> tuple[tuple[str, bool], ...]:
    """A text in pieces, each with whether it is a word that the other text has too."""
    text = unicodedata.normalize("NFC", text)
    pieces: list[tuple[str, bool]] = []
    end = 0
    for word in _WORD.finditer(text):
        if fingerprint(word[0]).stems & other.stems:
            pieces += [(text[end : word.start()], False), (word[0], True)]
            end = word.end()
    return tuple(piece for piece in (*pieces, (text[end:], False)) if piece[0])
