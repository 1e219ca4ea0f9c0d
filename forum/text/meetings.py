"""Which meetings of the working group does a post report on?

`[GT réunion 1]` at either end of a post, read before Markdown sees it. The words between stay as they are, and so does
the stored source: a tag is a relation and a badge. The brackets around a tag alone go with it, and the colon or dash
that led from it to the words; the full stop after it is the sentence's. Who may tag, and whether a moderator confirms,
is decided in the domain.
"""

import re

from forum.text.characters import IGNORABLE
from forum.text.markdown import blocks
from forum.text.quotes import MARKER

# What programs put between words counts as a blank, even where nobody sees it.
_BLANK = f"[ \t\u00a0\u202f\u2007\u2009{IGNORABLE}]"
TAG = re.compile(
    rf"\[{_BLANK}*GT{_BLANK}*r(?:[eéèê]|e[\u0300-\u0302])union{_BLANK}*(?:n?[°º]|n[o0]\.?)?{_BLANK}*"
    rf"(?P<number>0{{0,2}}[1-9]|0?[1-9][0-9]|[1-9][0-9]{{2}}){_BLANK}*\]",
    re.IGNORECASE,
)
# A tag, or one in brackets of its own: "Former les agents ([GT réunion 1])".
_ENCLOSED = re.compile(rf"(?P<opens>\({_BLANK}*)?{TAG.pattern}(?(opens){_BLANK}*\))", re.IGNORECASE)
# The longest tag with a few generous blanks: how far back from the end we look for its bracket.
_LONGEST = 60
# A contribution reports on a meeting or two; brackets beyond this many stay words.
MOST_TAGS = 5
_AFTER_LEADING_TAG = re.compile(rf"(?:{_BLANK}*[:;,.–—-](?={_BLANK}|\n|\Z|\[))?{_BLANK}*(?:\n(?:{_BLANK}*\n)*)?")
_AFTER_TRAILING_TAG = re.compile(rf"{_BLANK}?[.;:,!?…]{{1,3}}\Z")
_BEFORE_WORDS = re.compile(rf"(?:{_BLANK}*\n| {{0,3}}{MARKER.pattern}{_BLANK}*(?:\n|\Z))*[ \u00a0\u202f]{{0,3}}")

_NOT_THE_AUTHORS_TEXT = frozenset({"fence", "code_block", "blockquote_open"})


def split_tags(source: str) -> tuple[str, tuple[int, ...]]:
    """The source without the tags at its ends, and their numbers, each once; without any tag, the source itself.

    "At the beginning" is where the author's own words begin: after the quotes that the post answers.
    """
    source, leading = _take_leading(source)
    source, trailing = _take_trailing(source)
    return source, tuple(dict.fromkeys((*leading, *trailing)))


def tag_label(number: int) -> str:
    """The tag as people write it, without brackets."""
    return f"GT réunion {number}"


def _take_leading(source: str) -> tuple[str, list[int]]:
    begun = _BEFORE_WORDS.match(source)
    start = at = begun.end() if begun else 0
    numbers: list[int] = []
    # "[GT réunion 1](address)" is a link.
    while (
        len(numbers) < MOST_TAGS and (found := _ENCLOSED.match(source, at)) and not source.startswith("(", found.end())
    ):
        numbers.append(int(found["number"]))
        rest = _AFTER_LEADING_TAG.match(source, found.end())
        at = rest.end() if rest else found.end()
    return (source[:start] + source[at:], numbers) if numbers else (source, [])


def _take_trailing(source: str) -> tuple[str, list[int]]:
    numbers: list[int] = []
    rest = len(source.rstrip())
    end, closing = _before_punctuation(source, rest)
    closed_to_tags: set[int] | None = None
    while len(numbers) < MOST_TAGS and (found := _tag_ending_at(source, end)):
        closed_to_tags = _lines_closed_to_tags(source) if closed_to_tags is None else closed_to_tags
        if source.count("\n", 0, found.start()) in closed_to_tags:
            break
        numbers.insert(0, int(found["number"]))
        rest = len(source[: found.start()].rstrip())
        end, _ = _before_punctuation(source, rest)
    if not numbers:
        return source, []
    words = source[:rest]
    return words if not words or words[-1] in ".;:,!?…" else words + closing, numbers


def _before_punctuation(source: str, end: int) -> tuple[int, str]:
    """Where the last line ends without the signs that close its sentence, and these signs."""
    found = _AFTER_TRAILING_TAG.search(source[:end], max(0, end - 4))
    return (found.start(), found.group()) if found else (end, "")


def _tag_ending_at(source: str, end: int) -> re.Match[str] | None:
    start = source.rfind("[", max(0, end - _LONGEST), end)
    if start >= 0 and source.endswith(")", 0, end):
        start = source.rfind("(", max(0, end - _LONGEST), start)
        if source.endswith("]", 0, max(0, start)):  # the address of a link
            return None
    found = _ENCLOSED.fullmatch(source, start, end) if start >= 0 else None
    backslashes = len(source[:start]) - len(source[:start].rstrip("\\")) if found else 0
    return None if backslashes % 2 else found


def _lines_closed_to_tags(source: str) -> set[int]:
    """The lines of code and of quotes. A tag at the very end cannot stand inside a code span or a link."""
    ranges = (token.map for token in blocks(source) if token.type in _NOT_THE_AUTHORS_TEXT and token.map)
    return {line for first, after in ranges for line in range(first, after)}
