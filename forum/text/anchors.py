"""Where are these words now, in a text that its author changed? For extracts, whose source is edited after the harvest.

The exact words first, the occurrence nearest to their old place; then the same words whose blanks, bullets or
typographic marks changed (`quotes.locate`); then the passage that is fewest edits away, when those are few. Whatever is
not an exact match is shown to a person before it counts: no extract moves silently to other words.

All in time linear in the text (times the words' length over 64, in machine words, for the last): rapidfuzz's partial
alignment takes half a minute for half of a long post, and finds only windows of the same length.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forum.text.quotes import digest, locate, with_strokes
from forum.text.redaction import fold_letter

# One letter in four may have changed. Of two unrelated sentences of French, more than one in two has.
MOST_CHANGED = 4

# Between two letters, or before a mark that belongs to the letter or the picture before it.
_INSIDE_A_WORD = re.compile("(?<=\\w)(?=\\w)|(?<=\\S)(?=[\u0300-\u036f\u200d\ufe0f])")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Code points `start` to `stop` (half-open) of plain words. `exact`: the words found are exactly those that were
    sought."""

    start: int
    stop: int
    exact: bool
    words: str

    @property
    def digest(self) -> str:
        """The hash that an extract keeps, to detect that its words changed."""
        return digest(self.words)


def still_there(words: str, start: int, plain: str) -> bool:
    """Whether the words are still at their place: true after most edits, which are elsewhere, further down."""
    return plain.startswith(words, start) and bool(words)


def reanchor(words: str, start: int, plain: str) -> Anchor | None:
    """Where `words`, which began at `start`, are in the new `plain`; None when nothing there is near enough.

    They are whole words, as `to_whole_words` leaves them, and so is what is found: "art" is not in "article". Words
    that are struck out now are not the same.
    """
    if not words.strip():
        return None
    if (exact := _exact(words, start, plain)) is not None:
        start, stop = with_strokes(plain, exact, exact + len(words))
        return Anchor(start, stop, plain[start:stop] == words, plain[start:stop])
    found = locate(plain, words, near=start) or _fewest_edits(_alike(words), start, _alike(plain))
    whole = to_whole_words(plain, *found) if found else None
    if not found or not whole or max(found[0] - whole[0], 0) + max(whole[1] - found[1], 0) > most_edits(words):
        return None
    return Anchor(*whole, False, plain[slice(*whole)])


def most_edits(words: str) -> int:
    """How many insertions, deletions and replacements these words may have and still count as the same."""
    return len(words) // MOST_CHANGED


def to_whole_words(plain: str, start: int, stop: int) -> tuple[int, int] | None:
    """The range without blanks at its ends, each end at the nearest border of a word; None when no word is left."""
    start, stop = _nearest_border(plain, start, outwards=-1), _nearest_border(plain, stop, outwards=1)
    inside = plain[start:stop]
    start, stop = start + len(inside) - len(inside.lstrip()), stop - (len(inside) - len(inside.rstrip()))
    return (start, stop) if start < stop else None


def _nearest_border(plain: str, at: int, *, outwards: int) -> int:
    """The nearest place where a word begins or ends; on a tie, the one `outwards`."""
    for distance in range(len(plain) + 1):
        for place in (at + outwards * distance, at - outwards * distance):
            if 0 <= place <= len(plain) and not _INSIDE_A_WORD.match(plain, place):
                return place
    return at


def _exact(words: str, start: int, plain: str) -> int | None:
    if words not in plain:
        return None
    places = list(_occurrences(words, plain))
    whole = [place for place in places if _is_whole(plain, place, place + len(words))]
    return min(whole, key=lambda place: (abs(place - start), place)) if whole else None


def _is_whole(plain: str, start: int, stop: int) -> bool:
    return not _INSIDE_A_WORD.match(plain, start) and not _INSIDE_A_WORD.match(plain, stop)


def _occurrences(words: str, plain: str) -> Iterator[int]:
    """Every place, overlapping ones too. Knuth, Morris and Pratt's algorithm, because calling find() from each place is
    quadratic."""
    borders = [0] * len(words)
    length = 0
    for at in range(1, len(words)):
        while length and words[at] != words[length]:
            length = borders[length - 1]
        length += words[at] == words[length]
        borders[at] = length
    length = 0
    for at, letter in enumerate(plain):
        while length and (length == len(words) or letter != words[length]):
            length = borders[length - 1]
        length += letter == words[length]
        if length == len(words):
            yield at + 1 - length


def _fewest_edits(words: str, start: int, plain: str) -> tuple[int, int] | None:
    """The passage fewest insertions, deletions and replacements away; the nearest to the old place when several are."""
    most = most_edits(words)
    edits = list(_edits(words, plain, anywhere=True))
    fewest = min(edits, default=most + 1)
    if fewest > most:
        return None
    old_stop = start + len(words)
    stop = 1 + min(
        (at for at, count in enumerate(edits) if count == fewest), key=lambda at: (abs(at + 1 - old_stop), at)
    )
    window = plain[max(0, stop - len(words) - fewest) : stop]
    lengths = enumerate(_edits(words[::-1], window[::-1], anywhere=False), start=1)
    length = min((length for length, count in lengths if count == fewest), key=lambda n: (abs(n - len(words)), n))
    return stop - length, stop


def _alike(text: str) -> str:
    """The text letter by letter without accents or case, at the same length, so that a change of capitals is no
    edit."""
    return "".join(folded if len(folded := fold_letter(letter)) == 1 else letter for letter in text)


def _edits(words: str, text: Iterable[str], *, anywhere: bool) -> Iterator[int]:
    """After each letter of the text: the edits from `words` to what ends there, and begins anywhere or at the start.

    G. Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic programming", Journal of the
    ACM 46(3), 1999: a column of the table of edit distances is two rows of bits, of its steps up and down.
    """
    size = len(words)
    every = (1 << size) - 1
    places: defaultdict[str, int] = defaultdict(int)
    for at, letter in enumerate(words):
        places[letter] |= 1 << at
    up, down, count = every, 0, size
    first = 0 if anywhere else 1
    for letter in text:
        equal = places.get(letter, 0)
        vertical = equal | down
        horizontal = (((equal & up) + up) ^ up) | equal
        right_up = (down | ~(horizontal | up)) & every
        right_down = up & horizontal & every
        count += (right_up >> (size - 1)) - (right_down >> (size - 1))
        right_up = (right_up << 1 | first) & every
        right_down = (right_down << 1) & every
        up = (right_down | ~(vertical | right_up)) & every
        down = right_up & vertical
        yield count
