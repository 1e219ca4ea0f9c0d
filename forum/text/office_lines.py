"""Which lines does a person read in the XML of a text document, ODT or DOCX? One for each paragraph, in order.

Headings come behind "#" and the items of lists behind "-", as people type them; each cell of a table is lines of its
own. What the author removed (tracked changes), comments, notes, tables of contents and the words of fields are left
out. The XML is read as a stream by expat; one that declares a document type, and could declare entities, is refused
before anything is expanded.

Names are those of OpenDocument 1.3 part 3 and of ECMA-376 part 1 (WordprocessingML, transitional and strict).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

_BLANKS = re.compile(r"[ \t\r\n]+")

_ODF: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _OFFICE = f"{_ODF}text:1.0 ", f"{_ODF}office:1.0 "
_NOT_READ_IN_ODT = {
    *(f"{_TEXT}{name}" for name in ("tracked-changes", "note", "table-of-content", "ruby-text", "sequence-decls")),
    *(f"{_OFFICE}{name}" for name in ("annotation", "annotation-end", "forms")),
    *(f"{_ODF}svg-compatible:1.0 {name}" for name in ("title", "desc")),
}
_WORD: Final = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main ",
    "http://purl.oclc.org/ooxml/wordprocessingml/main ",
)
_NOT_READ_IN_DOCX = {f"{word}{name}" for word in _WORD for name in ("moveFrom", "del", "tabs", "pPrChange")} | {
    "http://schemas.openxmlformats.org/markup-compatibility/2006 Fallback"
}
_HEADING_STYLE = re.compile(r"(?:heading [1-9]|title|subtitle)\Z", re.IGNORECASE)
_LIST_STYLE = re.compile(r"list (?:bullet|number)", re.IGNORECASE)
_CONTENTS_STYLE = re.compile(r"toc [1-9]\Z", re.IGNORECASE)

_HEADING, _ITEM = "## ", "- "
# A run of blanks only separates words; nobody needs more of them.
_MOST_BLANKS = 8

# Twenty pages of minutes have some twenty thousand tags, nested a dozen deep. This many are read within a second.
MOST_TAGS = 100_000
DEEPEST_TAG = 200

Attributes = Mapping[str, str]


class NotSuchXml(Exception):
    """The XML is broken, has a document type, or is of another vocabulary. The caller, who opened the file, tells
    people."""


class TooMuchXml(Exception):
    """There are more tags, or deeper ones, than in a text that a person wrote."""


@dataclass(slots=True)
class _Paragraph:
    mark: str = ""
    parts: list[str] = field(default_factory=list)
    is_left_out: bool = False


@dataclass(slots=True)
class _Reader(ABC):
    """What both formats share: the open paragraphs (a text box is inside one), and what is skipped."""

    not_read: Collection[str]
    lines: list[str] = field(default_factory=list)
    is_text: bool = False
    _open: list[_Paragraph] = field(default_factory=list)
    _passing: int = 0
    _tags: int = 0
    _depth: int = 0

    def start(self, name: str, attributes: Attributes) -> None:
        self._tags += 1
        self._depth += 1
        if self._tags > MOST_TAGS or self._depth > DEEPEST_TAG:
            raise TooMuchXml
        if self._passing or name in self.not_read:
            self._passing += 1
        else:
            self.begin(name, attributes)

    def stop(self, name: str) -> None:
        self._depth -= 1
        if self._passing:
            self._passing -= 1
        else:
            self.finish(name)

    def words(self, words: str) -> None:
        """Take the letters between tags; line breaks and indentation of the XML are one blank."""
        if not self._passing and self.takes_words():
            self.say(_BLANKS.sub(" ", words))

    def say(self, words: str) -> None:
        if self._open:
            self._open[-1].parts.append(words)

    def open_paragraph(self, mark: str = "") -> None:
        self._open.append(_Paragraph(mark))

    def close_paragraph(self) -> None:
        paragraph = self._open.pop()
        said = [line.strip() for line in "".join(paragraph.parts).split("\n")]
        said = [line for line in said if line]
        if said and not paragraph.is_left_out:
            if paragraph.mark == _HEADING:
                said = [" ".join(said)]
            self.lines += [paragraph.mark + said[0], *said[1:]]

    @abstractmethod
    def begin(self, name: str, attributes: Attributes) -> None:
        """Take the start of an element that is read."""

    @abstractmethod
    def finish(self, name: str) -> None:
        """Take the end of an element that is read."""

    @abstractmethod
    def takes_words(self) -> bool:
        """Whether letters here are the author's."""


@dataclass(slots=True)
class _Odt(_Reader):
    """Reads ODT: the first paragraph of a list item takes the item's mark."""

    _item_begins: bool = False

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == f"{_OFFICE}text":
            self.is_text = True
        if not name.startswith(_TEXT):
            return
        match name.removeprefix(_TEXT):
            case "p":
                self.open_paragraph(_ITEM if self._item_begins else "")
                self._item_begins = False
            case "h":
                self.open_paragraph(_HEADING)
                self._item_begins = False
            case "list-item" | "numbered-paragraph":
                self._item_begins = True
            case "s":
                count = attributes.get(f"{_TEXT}c", "1")
                self.say(" " * min(int(count) if count.isdecimal() and len(count) < 4 else 1, _MOST_BLANKS))
            case "tab":
                self.say("\t")
            case "line-break":
                self.say("\n")

    def finish(self, name: str) -> None:
        if name in (f"{_TEXT}p", f"{_TEXT}h"):
            self.close_paragraph()
        elif name == f"{_TEXT}list-item":
            self._item_begins = False

    def takes_words(self) -> bool:
        return bool(self._open)


@dataclass(frozen=True, slots=True)
class Styles:
    """Which styles of paragraphs, by their ids, are headings, items of lists, lines of a table of contents."""

    headings: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Docx(_Reader):
    styles: Styles = field(default_factory=Styles)
    _in_words: bool = False

    def begin(self, name: str, attributes: Attributes) -> None:
        local, value = _of_word(name, attributes)
        match local:
            case "body":
                self.is_text = True
            case "p":
                self.open_paragraph()
            case "pStyle" | "numId" | "outlineLvl" if self._open:
                self._take_property(self._open[-1], local, value)
            case "t":
                self._in_words = True
            case "tab":
                self.say("\t")
            case "br" | "cr":
                self.say("\n")
            case "noBreakHyphen":
                self.say("\u2011")

    def finish(self, name: str) -> None:
        local, _ = _of_word(name, {})
        if local == "p":
            self.close_paragraph()
        elif local == "t":
            self._in_words = False

    def takes_words(self) -> bool:
        return self._in_words

    def _take_property(self, paragraph: _Paragraph, name: str, value: str) -> None:
        """Take a property of a style. Many headings have a list number too; it is 0 where a style undoes its parent's
        list."""
        if name == "pStyle":
            paragraph.is_left_out = value in self.styles.contents
            if value in self.styles.items:
                paragraph.mark = _ITEM
        elif name == "numId" and paragraph.mark != _HEADING:
            paragraph.mark = _ITEM if value != "0" else ""
        if value in self.styles.headings or (name == "outlineLvl" and value != "9"):
            paragraph.mark = _HEADING


@dataclass(slots=True)
class _DocxStyles(_Reader):
    """Reads the styles of a DOCX: ids are in the author's language, names always in English."""

    headings: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    contents: set[str] = field(default_factory=set)
    _style: str = ""

    def begin(self, name: str, attributes: Attributes) -> None:
        local, value = _of_word(name, attributes)
        if local == "style":
            self._style = next((v for key, v in attributes.items() if key.endswith(" styleId")), "")
        elif local == "name":
            for pattern, styles in (
                (_HEADING_STYLE, self.headings),
                (_LIST_STYLE, self.items),
                (_CONTENTS_STYLE, self.contents),
            ):
                if pattern.match(value):
                    styles.add(self._style)
        elif local == "numPr":
            self.items.add(self._style)

    def finish(self, name: str) -> None:
        """Nothing to do at the end of a style."""

    def takes_words(self) -> bool:
        return False


def odt_lines(content: bytes) -> list[str]:
    """The lines of the `content.xml` of an ODT. Raises NotSuchXml, TooMuchXml."""
    reader = _Odt(_NOT_READ_IN_ODT)
    _parse(content, reader)
    return _lines_of(reader)


def docx_lines(document: bytes, styles: Styles) -> list[str]:
    """The lines of the `word/document.xml` of a DOCX. Raises NotSuchXml, TooMuchXml."""
    reader = _Docx(_NOT_READ_IN_DOCX, styles=styles)
    _parse(document, reader)
    return _lines_of(reader)


def docx_styles(styles: bytes) -> Styles:
    """What the `word/styles.xml` of a DOCX says of paragraphs. Raises NotSuchXml, TooMuchXml."""
    reader = _DocxStyles(())
    _parse(styles, reader)
    return Styles(frozenset(reader.headings), frozenset(reader.items - reader.headings), frozenset(reader.contents))


def _lines_of(reader: _Reader) -> list[str]:
    if not reader.is_text:
        raise NotSuchXml
    return reader.lines


def _of_word(name: str, attributes: Attributes) -> tuple[str, str]:
    """The local name and the `w:val` of an element of WordprocessingML; two empty words for any other."""
    for word in _WORD:
        if name.startswith(word):
            return name.removeprefix(word), attributes.get(f"{word}val", "")
    return "", ""


def _parse(xml: bytes, reader: _Reader) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.stop
    parser.CharacterDataHandler = reader.words
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, LookupError, ValueError) as problem:
        # LookupError and ValueError: an encoding that Python does not know, or that is not an 8-bit one.
        raise NotSuchXml from problem


def _refuse(*_: object) -> int:
    raise NotSuchXml
