"""Which lines of a text are one statement? A visual line is not one: programs wrap at the edge of a page, and authors
break lines by hand inside a paragraph.

An item of a list goes on in lines that hang under it, that begin small, or that the last one leads to; a paragraph in
lines that begin small, when its author's program wrapped or indented them. Numbers of pages stand by themselves, and
what they cut goes on. The two halves of a word that was cut at the end of a line are joined.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from forum.text.bullets import after_bullets
from forum.text.folding import fold
from forum.text.line_ends import with_line_ends
from forum.text.meetings import TAG

_MARKDOWN_HEADING = re.compile(r"\s*#{1,6}\s+")
# A line shorter than this was ended by its author, not by the edge of a page.
_SHORTEST_WRAPPED = 40
_PAGE = re.compile(r"(?:[-–—] ?)?(?:page |p\. ?)?[0-9]{1,3}(?: ?(?:/|sur|of) ?[0-9]{1,3})?(?: ?[-–—])?", re.IGNORECASE)
_ENDED = re.compile(r"[.!?…:;][»”\")\s]*\Z")
# Folded. After one of these the sentence goes on.
_GOES_ON = re.compile(
    r"(?:[,(«]|\b(?:l[aes]?|une?|d[eu]s?|aux?|en|et|ou|par|pour|avec|sans|sur|dans|que|qui|ces?|cette|leurs?|[nv]os"
    r"|notre|votre|s(?:on|a|es)|entre|vers|chez|dont|a))\s*\Z"
)
_SOFT_HYPHEN = "\u00ad"
_CUT = re.compile(rf"(?P<left>[^\W\d_][\w’'-]*)[-\u2010{_SOFT_HYPHEN}]\Z")
_HYPHENATED = re.compile(r"[\w']++(?:-[\w']++)+")
# Folded halves of a word that has its hyphen wherever it stands.
_FIRST_HALVES = {*("c'est-a", "vis-a", "au", "par", "la", "non", "mi", "demi", "ex", "vice", "rendez", "peut"), "sous"}
_LAST_HALVES = {
    *("ci", "la", "meme", "memes", "vous", "nous", "je", "tu", "il", "elle", "on", "ils", "elles", "moi", "toi", "lui"),
    *("leur", "y", "en", "ce", "etre", "dire", "dela", "dessus", "dessous", "t"),
}
# Folded: what follows "porte", "chef" or "rez" in "porte-à-porte", "chef-d’œuvre", "rez-de-chaussée".
_LINKED = re.compile(r"(?:(?:a|d[eu]|des|et|aux?|l[ae]|sur|sous)-|[dl]')")


@dataclass(slots=True)
class Statement:
    """A line and those that go on with it, without bullet and tags."""

    line: int
    parts: list[str]
    indent: int = 0
    has_bullet: bool = False
    is_no_statement: bool = False
    is_whole: bool = False

    @property
    def last(self) -> str:
        """The last line, as it ends."""
        return self.parts[-1]

    def go_on(self, rest: "Statement", known: Collection[str]) -> None:
        """Take the rest. A hyphen that only cut a word at the end of the line goes; `known` are the words, folded, that
        have one elsewhere in the text."""
        cut, more = _CUT.search(self.last), rest.last
        if not cut or not more[0].isalpha():
            self.parts += [" ", more]
        else:
            left, right = fold(cut["left"]), re.split(r"\W", fold(more), maxsplit=1)[0]
            is_word = left in _FIRST_HALVES or right in _LAST_HALVES or f"{left}-{right}" in known
            is_word = is_word or bool(_LINKED.match(fold(more)))
            hyphen = "-" if (is_word or more[0].isupper()) and not self.last.endswith(_SOFT_HYPHEN) else ""
            self.parts[-1:] = [self.last[:-1], hyphen, more]
        self.is_whole = rest.is_whole


def statements(source: str) -> list[Statement]:
    """The statements of a text, in order."""
    return list(_statements(with_line_ends(source)))


def _statements(text: str) -> Iterator[Statement]:
    known = frozenset(_HYPHENATED.findall(fold(text)))
    open_: Statement | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            open_ = None
        elif _PAGE.fullmatch(line.strip()):
            # The sentence that it cuts goes on after it.
            yield Statement(number, [line.strip()], is_no_statement=True)
        else:
            begun = _begun(number, line)
            if open_ and not TAG.match(line.lstrip()) and _goes_on(open_, begun):
                open_.go_on(begun, known)
            else:
                open_ = begun
                yield open_


def _begun(number: int, line: str) -> Statement:
    """The line taken by itself."""
    untagged = _without_tags(line)
    heading = _MARKDOWN_HEADING.match(untagged)
    at = heading.end() if heading else after_bullets(untagged)
    words = _without_tags(untagged[at:])
    indent = len(line) - len(line.lstrip())
    if not any(letter.isalnum() for letter in words):
        return Statement(number, [words or line.strip()], is_no_statement=True)
    return Statement(
        number,
        [words],
        indent,
        has_bullet=not heading and at > 0,
        is_no_statement=heading is not None,
        is_whole=not line.rstrip().endswith(words),  # a tag ended it
    )


def _goes_on(before: Statement, line: Statement) -> bool:
    """Whether the line is the rest of a statement: the edge of a page, or its author's Shift+Enter, ended the last."""
    if line.has_bullet or line.is_no_statement or before.is_no_statement or before.is_whole:
        return False
    first, hangs = line.last[0], line.indent > before.indent
    if _CUT.search(before.last) and first.isalpha():
        return True
    if _ENDED.search(before.last):
        return hangs and before.has_bullet
    was_wrapped = len(before.last) >= _SHORTEST_WRAPPED
    if before.has_bullet:
        is_led_to = bool(_GOES_ON.search(fold(before.last))) or (was_wrapped and not first.isupper())
        return hangs or first.islower() or is_led_to
    return first.islower() and not before.parts[0][0].islower() and (hangs or was_wrapped)


def _without_tags(line: str) -> str:
    words = line.strip()
    while found := TAG.match(words):
        words = words[found.end() :].lstrip()
    while words.endswith("]") and (found := TAG.fullmatch(words, max(0, words.rfind("[")))):
        words = words[: found.start()].rstrip()
    return words
