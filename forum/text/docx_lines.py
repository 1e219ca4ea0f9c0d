"""Which lines does a person read in a DOCX? One for each paragraph, and each paragraph of a table's cells, in order.

Hidden text, what tracked changes removed, the codes of fields, prompts of empty content controls, notes, comments,
tables of contents and cells behind a merged one are not read; the results of fields, boxes, formulas and what content
controls hold are. Styles are followed to what they are based on.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from forum.text.formulas import formula_words
from forum.text.numbering import BULLET, Counting, Level, whole
from forum.text.office_lines import HEADING, OfficeLines, are_heads, marked
from forum.text.office_xml import NotSuchXml, tree_of

_NOT_READ: Final = {"w.del", "w.moveFrom", "w.pPr", "w.rPr", "w.sdtPr", "w.sectPr", "w.tblPr", "w.rt", "w.binData"}
_NO: Final = {"0", "false", "off"}
_HEADING_STYLE: Final = re.compile(r"(?:heading [1-9]|title|subtitle)\Z", re.IGNORECASE)
_LIST_STYLE: Final = re.compile(r"list (?:bullet|number)", re.IGNORECASE)
_CONTENTS_STYLE: Final = re.compile(r"(?:toc [1-9]|table of figures|index [1-9])\Z", re.IGNORECASE)
_BODY_LEVEL: Final = "9"
_HIDDEN_SHAPE: Final = re.compile(r"visibility\s*:\s*hidden")
_SIGNS: Final = {
    "w.tab": "\t",
    "w.ptab": "\t",
    "w.br": "\n",
    "w.cr": "\n",
    "w.noBreakHyphen": "\u2011",
}
# What the commonest signs of the fonts of signs look like, by the low byte of their code.
_WINGDINGS: Final = dict(
    zip(
        bytes.fromhex("6c6e71727677a7a8d8dfe0e1e2e8f0fbfcfdfe4a4c"),
        "●■❑❒❖◆▪◻➢←→↑↓➔⇨✗✓☒☑☺☹",
        strict=True,
    )
)
_SYMBOL: Final = dict(zip(bytes.fromhex("a3abacadaeafb0b1b3b4b7b9bbd6de"), "≤↔←↑→↓°±≥×•≠≈√⇒", strict=True)) | dict(
    zip(b"abgdelmpswDSW", "αβγδελμπσωΔΣΩ", strict=True)
)
_CODE: Final = re.compile(r"[0-9A-Ca-cE-Fe-f][0-9A-Fa-f]{1,3}")

_KINDS: Final = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I", "bullet": "", "none": ""}

Styles = dict[str, "_Style"]


@dataclass(frozen=True, slots=True)
class _Style:
    """What a style says itself; None where it says nothing."""

    id: str
    name: str
    based_on: str
    list_number: str | None
    list_level: str | None
    outline: str | None
    is_hidden: bool | None


def docx_lines(document: bytes, styles: bytes | None, numbering: bytes | None) -> list[str]:
    """The lines of the `word/document.xml` of a DOCX, whose `word/styles.xml` and `word/numbering.xml` are given.

    Raises:
        NotSuchXml, TooMuchXml.
    """
    body = tree_of(document).find("w.body")
    if body is None:
        raise NotSuchXml
    lists = _Lists(tree_of(numbering)) if numbering else None
    return _Docx(_styles_in(tree_of(styles)) if styles else {}, lists).lines_of(body)


def _styles_in(styles: Element) -> Styles:
    found = {}
    for style in styles.iter("w.style"):
        number, level = style.find("w.pPr/w.numPr"), style.find("w.pPr/w.outlineLvl")
        one = _Style(
            style.get("w.styleId", ""),
            _value(style.find("w.name")),
            _value(style.find("w.basedOn")),
            None if number is None else _value(number.find("w.numId")),
            None if number is None else _own(number.find("w.ilvl")),
            _own(level),
            _switch(style.find("w.rPr/w.vanish")),
        )
        found[one.id] = one
        # What nothing else is said of has the default style.
        if style.get("w.default") in ("1", "true") and style.get("w.type") == "paragraph":
            found[""] = one
    return found


class _Lists:
    """The lists of a document, counted. Lists of the same kind count together, until one says where it starts."""

    def __init__(self, numbering: Element) -> None:
        kinds = {kind.get("w.abstractNumId", ""): kind for kind in numbering.iter("w.abstractNum")}
        by_style = {
            _value(kind.find("w.styleLink")): kind for kind in kinds.values() if kind.find("w.styleLink") is not None
        }
        self._lists = {one.get("w.numId", ""): one for one in numbering.iter("w.num")}
        self._countings: dict[str, Counting] = {}
        self._styles: dict[str, dict[str, int]] = {}
        self._begun: set[tuple[str, int]] = set()
        for name, kind in kinds.items():
            kind = by_style.get(_value(kind.find("w.numStyleLink")), kind)
            levels = {whole(level.get("w.ilvl"), 0) + 1: level for level in kind.iter("w.lvl")}
            self._countings[name] = Counting({depth: _level(level) for depth, level in levels.items()})
            self._styles[name] = {_value(level.find("w.pStyle")): depth for depth, level in levels.items()}

    def next(self, number: str, depth: str | None, styles: Sequence[str]) -> str:
        """What is shown before the next item of a list."""
        if (chosen := self._lists.get(number)) is None:
            return BULLET
        kind = _value(chosen.find("w.abstractNumId"))
        if (counting := self._countings.get(kind)) is None:
            return BULLET
        linked = next((self._styles[kind][style] for style in styles if style in self._styles[kind]), 1)
        level = linked if depth is None else whole(depth, 0) + 1
        start = None
        if (number, level) not in self._begun:
            self._begun.add((number, level))
            starts = {each.get("w.ilvl"): each.find("w.startOverride") for each in chosen.iter("w.lvlOverride")}
            override = starts.get(str(level - 1))
            start = None if override is None else whole(_value(override))
        return counting.next(level, start=start)


def _level(level: Element) -> Level:
    kind = _value(level.find("w.numFmt"))
    pattern = "" if kind == "none" else _value(level.find("w.lvlText"))
    return Level(_KINDS.get(kind, "1"), pattern, whole(_own(level.find("w.start"))))


class _Docx(OfficeLines):
    """Reads the body. `_codes` has one entry for each field that is open: whether its code is being read."""

    def __init__(self, styles: Styles, lists: "_Lists | None") -> None:
        super().__init__()
        self._styles = styles
        self._lists = lists
        self._codes: list[bool] = []
        self._heads: set[Element] = set()
        self._is_hidden = self._in_heads = False

    def lines_of(self, body: Element) -> list[str]:
        self._read(body)
        self.end()
        return self.lines

    def _read(self, element: Element) -> None:
        for child in element:
            self._take(child)

    def _take(self, element: Element) -> None:
        match element.tag:
            case tag if tag in _NOT_READ:
                pass
            case "w.p":
                self._paragraph(element)
            case "w.r":
                self._run(element)
            case "w.tbl":
                self._table(element)
            case "w.tr":
                self._row(element)
            case "w.tc":
                self._cell(element)
            case "w.sdt":
                if element.find("w.sdtPr/w.showingPlcHdr") is None:
                    self._read(element)
            case "mc.AlternateContent":
                # The same thing for readers old and new.
                for choice in element[:1]:
                    self._read(choice)
            case "m.oMath":
                self.say(formula_words(element))
            case "w.drawing" | "w.pict" | "w.object":
                if not _is_hidden_shape(element):
                    self._read(element)
            case _:
                self._read(element)

    def _paragraph(self, paragraph: Element) -> None:
        properties = paragraph.find("w.pPr")
        properties = Element("w.pPr") if properties is None else properties
        style = self._chain(_value(properties.find("w.pStyle")))
        outside = self._is_hidden
        self._is_hidden = next((one.is_hidden for one in style if one.is_hidden is not None), False)
        mark = self.open()
        self._read(paragraph)
        self._is_hidden = outside
        # A code that its author left open ends with the paragraph.
        self._codes = [is_code for is_code in self._codes if not is_code]
        if any(_CONTENTS_STYLE.match(one.name) for one in style):
            self.drop()
        else:
            goes_on = _goes_on(properties)
            # What is hidden is counted; what was removed is not.
            if not mark and not (goes_on and self.is_blank):
                mark = HEADING if self._in_heads else self._mark(properties, style)
            self.close(mark, goes_on=goes_on)

    def _run(self, run: Element) -> None:
        properties = run.find("w.rPr")
        is_hidden = None if properties is None else self._hides(properties)
        is_hidden = self._is_hidden if is_hidden is None else is_hidden
        for child in run:
            if child.tag == "w.fldChar":
                self._field(child)
            elif is_hidden or any(self._codes):
                continue
            elif child.tag == "w.t":
                self.write(child.text)
            elif child.tag == "w.sym":
                self.say(_symbol(child))
            else:
                self.say(_SIGNS.get(child.tag, ""))
                self._take(child)

    def _hides(self, properties: Element) -> bool | None:
        """Whether a run is hidden by itself or by its style; None when they say nothing."""
        by_itself = _switch(properties.find("w.vanish"))
        style = properties.find("w.rStyle")
        if by_itself is not None or style is None:
            return by_itself
        return next((one.is_hidden for one in self._chain(_value(style)) if one.is_hidden is not None), None)

    def _field(self, mark: Element) -> None:
        """Take one of the three marks of a field. An old list of choices has no result: the chosen entry is shown."""
        kind, choices = mark.get("w.fldCharType"), mark.findall("w.ffData/w.ddList/w.listEntry")
        if kind == "begin":
            chosen = whole(_own(mark.find("w.ffData/w.ddList/w.result")), 0)
            if chosen < len(choices) and not any(self._codes):
                self.say(_value(choices[chosen]))
            self._codes.append(True)
        elif self._codes and kind == "separate":
            self._codes[-1] = False
        elif self._codes:
            self._codes.pop()

    def _table(self, table: Element) -> None:
        """Read the rows. Short words in the first of several are the heads of columns, as where it is marked so."""
        rows = [row for row in table.findall("w.tr") if not _is_removed(row)]
        if len(rows) > 1 and are_heads([_words(cell) for cell in rows[0].findall("w.tc")]):
            self._heads.add(rows[0])
        self._read(table)

    def _row(self, row: Element) -> None:
        if _is_removed(row):
            return
        outside = self._in_heads
        self._in_heads = outside or row in self._heads or bool(_switch(row.find("w.trPr/w.tblHeader")))
        self._read(row)
        self._in_heads = outside

    def _cell(self, cell: Element) -> None:
        """Read a cell that is not behind the one that it was merged into."""
        merged = [cell.find(f"w.tcPr/{name}") for name in ("w.vMerge", "w.hMerge")]
        is_behind = any(one is not None and one.get("w.val", "continue") == "continue" for one in merged)
        if not is_behind and cell.find("w.tcPr/w.cellDel") is None:
            self._read(cell)

    def _mark(self, properties: Element, style: Sequence[_Style]) -> str:
        """What a paragraph is by its own properties, else by its style, with the number that is shown. It is 0 where a
        style undoes its parent's list."""
        levels = (_own(properties.find("w.outlineLvl")), *(one.outline for one in style))
        level = next((each for each in levels if each is not None), None)
        is_heading = any(_HEADING_STYLE.match(one.name) for one in style) if level is None else level != _BODY_LEVEL
        numbers = [_own(properties.find("w.numPr/w.numId")), *(one.list_number for one in style)]
        number = next(filter(None, numbers), None)
        is_item = number != "0" if number else "" in numbers or any(_LIST_STYLE.match(one.name) for one in style)
        shown = BULLET if is_item else ""
        if number and number != "0" and self._lists:
            depths = (_own(properties.find("w.numPr/w.ilvl")), *(one.list_level for one in style))
            depth = next((each for each in depths if each is not None), None)
            shown = self._lists.next(number, depth, [one.id for one in style])
        return marked(shown, is_heading=is_heading)

    def _chain(self, style: str) -> list[_Style]:
        """The style and those that it is based on, the nearest first."""
        chain, seen = [], set[str]()
        style = style if style in self._styles else ""
        while style in self._styles and style not in seen:
            seen.add(style)
            chain.append(self._styles[style])
            style = self._styles[style].based_on or "\x00"
        return chain


def _goes_on(properties: Element) -> bool:
    """Whether the end of the paragraph was removed, or it is the large first letter of the next one."""
    frame = properties.find("w.framePr")
    is_letter = frame is not None and frame.get("w.dropCap", "none") != "none"
    return is_letter or any(properties.find(f"w.rPr/{name}") is not None for name in ("w.del", "w.moveFrom"))


def _symbol(sign: Element) -> str:
    """A letter of a font of signs, as Unicode has it; the letter itself where the font is not known."""
    code, font = sign.get("w.char", ""), sign.get("w.font", "").lower()
    if not _CODE.fullmatch(code):
        return ""
    known = {"wingdings": _WINGDINGS, "symbol": _SYMBOL}.get(font, {})
    return known.get(int(code, 16) & 0xFF, chr(int(code, 16)))


def _is_removed(row: Element) -> bool:
    return row.find("w.trPr/w.del") is not None or bool(_switch(row.find("w.trPr/w.hidden")))


def _words(element: Element) -> str:
    return "".join(letters.text or "" for letters in element.iter("w.t"))


def _is_hidden_shape(drawing: Element) -> bool:
    shown = drawing.find("*/wp.docPr")
    is_hidden = shown is not None and shown.get("hidden") in ("1", "true")
    return is_hidden or any(_HIDDEN_SHAPE.search(shape.get("style", "")) for shape in drawing)


def _own(property_: Element | None) -> str | None:
    """The value of a property; None when it is not there."""
    return None if property_ is None else _value(property_)


def _value(property_: Element | None) -> str:
    return "" if property_ is None else property_.get("w.val", "")


def _switch(property_: Element | None) -> bool | None:
    """A property that is on, off, or says nothing."""
    return None if property_ is None else property_.get("w.val", "1") not in _NO
