"""Which words of which post does a quote show?

A quote is structure (post, revision, range), never copied text: the source holds one line `{{citation 12@1 0-154}}`,
and the server takes the words from the quoted revision when it assembles the page. Attribution and links are added by
the page.
"""

import hashlib
import re
from bisect import bisect_left
from dataclasses import dataclass

from markdown_it.rules_block import StateBlock

from forum.errors import Invalid
from forum.text.folding import APOSTROPHES

# Each quote can show a whole post of 20 000 characters: more than this many is a page bomb, and stays text.
MOST_QUOTES = 20

# Nine digits: what a column of either database holds. One ASCII space and no leading zeros: a mark has one spelling,
# so that two marks are equal when their lines are.
_NUMBER = r"(0|[1-9][0-9]{0,8})"
MARKER = re.compile(rf"\{{\{{citation {_NUMBER}@{_NUMBER} {_NUMBER}-{_NUMBER}\}}\}}")

_QUOTATION_MARKS = '"“”„‟«»＂'
_ALIKE = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(_QUOTATION_MARKS, '"') | {"‑": "-", "‐": "-"})
_BULLET = re.compile(r"^[^\S\n]*(?:(?:[-*–•◦▪‣]|[0-9]{1,9}[.)])[^\S\n]+)+", re.MULTILINE)
_CUT_BULLET = re.compile(r"\A[0-9]{0,9}[.)]\s+")
# What a selection on a page lacks: marks without width, the bars between cells, the strokes around struck words.
_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff|~")
_STRUCK = re.compile(r"~~(?:(?!~~|\n\n).)+~~", re.DOTALL)


@dataclass(frozen=True, slots=True)
class QuoteMark:
    """Code points `start` to `end` (half-open) of the plain words of one revision of one post."""

    post: int
    revision: int
    start: int
    end: int

    def marker(self) -> str:
        """The line that stands for this quote in a source."""
        return f"{{{{citation {self.post}@{self.revision} {self.start}-{self.end}}}}}"


def without_marks(source: str) -> str:
    """A source as plain words to read in a line: a mark is code, and « […] » stands in its place."""
    return MARKER.sub("[…]", source)


def words(plain: str, start: int, end: int) -> str:
    """The quoted words. Raises Invalid when the range leaves the text or holds no word."""
    if not 0 <= start < end <= len(plain) or not plain[start:end].strip():
        raise Invalid("Ce passage n’existe pas dans la contribution citée.")
    return plain[start:end]


def digest(quoted: str) -> str:
    """SHA-256 of the words in UTF-8, in hexadecimal: tells whether a quote still shows what it showed."""
    return hashlib.sha256(quoted.encode("utf-8")).hexdigest()


def locate(plain: str, wanted: str, *, near: int = 0) -> tuple[int, int] | None:
    """Where the words that a person selected on a page stand in `plain`; the closest to `near` when there are several.

    A browser's selection loses line breaks and bullets and changes no-break spaces, hence the comparison ignores
    them, and the shape of quotation marks and apostrophes. Of struck words all are taken, with what strikes them out:
    without it they would be cited as asserted. Linear in both lengths.
    """
    # A selection that ends at a bullet has lost the blank that made it a bullet: it is added back. A selection that
    # begins inside a numbered bullet holds the rest of it, which is not a word.
    for sought in (wanted, _CUT_BULLET.sub("", wanted)):
        if found := _nearest(plain, sought, near) or _nearest(plain, sought + " ", near):
            return with_strokes(plain, *found)
    return None


def has_struck_words(plain: str) -> bool:
    """Whether their author struck some of these words out."""
    return _STRUCK.search(plain) is not None


def with_strokes(plain: str, start: int, stop: int) -> tuple[int, int]:
    """The range, as far as the struck words go that it touches."""
    for struck in _STRUCK.finditer(plain):
        if struck.start() < stop and start < struck.end():
            start, stop = min(start, struck.start()), max(stop, struck.end())
    return start, stop


def _nearest(plain: str, wanted: str, near: int) -> tuple[int, int] | None:
    letters, places = _letters(plain)
    sought, _ = _letters(wanted)
    if not sought:
        return None
    middle = bisect_left(places, near)
    after = letters.find(sought, middle)
    # rfind() is quadratic on repetitive text where find() is linear, so the text before is searched backwards.
    mirrored = letters[: middle + len(sought)][::-1].find(sought[::-1])
    before = -1 if mirrored < 0 else min(middle + len(sought), len(letters)) - mirrored - len(sought)
    spots = [(places[i], places[i + len(sought) - 1] + 1) for i in (before, after) if i >= 0]
    return min(spots, key=lambda spot: (abs(spot[0] - near), spot[0])) if spots else None


def quote_rule(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    """Block rule: a marker alone on its line, outside code, lists and quotes, opens a structured quote."""
    if state.is_code_block(line):
        return False
    found = MARKER.fullmatch(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip())
    mark = found and QuoteMark(*(int(number) for number in found.groups()))
    marks: list[QuoteMark] = state.env.setdefault("quotes", [])
    if not mark or mark.start >= mark.end or len(marks) >= MOST_QUOTES:
        return False
    if silent:
        return True
    if state.level:
        return False
    token = state.push("cahier_quote", "cahier-quote", 0)
    token.map = [line, line + 1]
    token.meta = {"n": len(marks)}
    marks.append(mark)
    state.line = line + 1
    return True


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters that count in a comparison, and the place of each in `text`."""
    masked = _BULLET.sub(lambda found: " " * len(found.group()), text).translate(_ALIKE)
    places = [i for i, letter in enumerate(masked) if not (letter.isspace() or letter in _UNSEEN)]
    return "".join(masked[i] for i in places), places
