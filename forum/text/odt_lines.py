"""Which lines does a person read in an ODT? One for each paragraph, and each paragraph of a table's cells, in order.

Hidden text (of a span, a paragraph, a section, a field, by their styles or by themselves), what tracked changes
removed, notes, comments, tables of contents and cells behind a merged one are not read; boxes and formulas are. Styles
are followed to their parents.
"""

import re
from collections.abc import Callable
from typing import Final
from xml.etree.ElementTree import Element

from forum.text.formulas import formula_words
from forum.text.numbering import BULLET, Counting, Level, whole
from forum.text.office_lines import OfficeLines, are_heads, marked
from forum.text.office_xml import NotSuchXml, tree_of

_NOT_READ: Final = {
    *(f"text.{name}" for name in ("tracked-changes", "note", "ruby-text", "sequence-decls", "script", "placeholder")),
    *(f"text.{name}" for name in ("table-of-content", "illustration-index", "table-index", "object-index")),
    *(f"text.{name}" for name in ("user-index", "alphabetical-index")),
    *(
        "office.annotation",
        "office.annotation-end",
        "office.forms",
        "svg.title",
        "svg.desc",
        "table.covered-table-cell",
    ),
}
# The names that programs give to these styles in every language.
_HEADING_STYLE: Final = re.compile(r"(?:Heading(?:_20_[0-9]+)?|Title|Subtitle)\Z")
# A run of blanks only separates words; nobody needs more of them.
_MOST_BLANKS = 8
_LONGEST_CHAIN = 20
_DEEPEST_LIST = 10

Part = Callable[[str], bytes | None]


def odt_lines(content: bytes, styles: bytes | None, formula: Part) -> list[str]:
    """The lines of the `content.xml` of an ODT, whose `styles.xml` is given, or of a flat ODF. `formula` gives the
    content of an object inside by its name, None when it is not one. Raises NotSuchXml, TooMuchXml."""
    root = tree_of(content)
    text = root.find("office.body/office.text")
    if text is None:
        raise NotSuchXml
    reader = _Odt([root, *([tree_of(styles)] if styles else [])], formula)
    reader.take(text)
    return reader.lines


class _Odt(OfficeLines):
    def __init__(self, roots: list[Element], formula: Part) -> None:
        super().__init__()
        self._styles = {
            (style.get("style.family", ""), style.get("style.name", "")): style
            for root in reversed(roots)
            for style in root.iter("style.style")
        }
        self._formula = formula
        kinds = [kind for root in reversed(roots) for kind in root.iter("text.list-style")]
        self._countings = {kind.get("style.name", ""): _counting(kind) for kind in kinds}
        self._outline = next((_counting(each) for root in roots for each in root.iter("text.outline-style")), None)
        # The lists around, by the names of their styles; where the next item starts, when it says so.
        self._lists: list[str] = []
        self._start: int | None = None
        self._heads: set[Element] = set()
        self._is_hidden = self._item_begins = self._in_heads = False

    def take(self, element: Element) -> None:
        """Read an element and what is inside."""
        tag = element.tag
        if tag in _NOT_READ or element.get("text.display") == "none" or element.get("text.is-hidden") == "true":
            return
        match tag:
            case "text.p" | "text.h":
                self._paragraph(element)
            case "text.span":
                self._span(element)
            case "text.list":
                self._list(element)
            case "text.numbered-paragraph":
                depth = min(whole(element.get("text.level")), _DEEPEST_LIST)
                self._lists += [element.get("text.style-name", "")] * depth
                self._item_begins = True
                self._read(element)
                del self._lists[-depth:]
            case "text.list-item" | "text.list-header":
                self._item_begins = tag != "text.list-header"
                self._start = whole(element.get("text.start-value"), 0) or None
                self._read(element)
                self._item_begins = False
            case "table.table":
                self._table(element)
            case "table.table-header-rows" | "table.table-row":
                outside = self._in_heads
                self._in_heads = outside or tag == "table.table-header-rows" or element in self._heads
                self._read(element)
                self._in_heads = outside
            case "draw.object":
                self.say(self._formula_of(element))
            case "text.s":
                count = element.get("text.c", "1")
                self._say(" " * min(int(count) if count.isdecimal() and len(count) < 4 else 1, _MOST_BLANKS))
            case "text.tab":
                self._say("\t")
            case "text.line-break":
                self._say("\n")
            case _:
                self._read(element)

    def _read(self, element: Element) -> None:
        has_words = element.tag.startswith("text.")
        if has_words and not self._is_hidden:
            self.write(element.text)
        for child in element:
            self.take(child)
            if has_words and not self._is_hidden:
                self.write(child.tail)

    def _say(self, words: str) -> None:
        if not self._is_hidden:
            self.say(words)

    def _paragraph(self, paragraph: Element) -> None:
        style = self._chain("paragraph", paragraph.get("text.style-name", ""))
        is_item, self._item_begins = self._item_begins, False
        outside, self._is_hidden = self._is_hidden, bool(_hides(style))
        self.open()
        self._read(paragraph)
        self._is_hidden = outside
        if any(field.get("text.is-hidden") == "true" for field in paragraph.iter("text.hidden-paragraph")):
            self.drop()
        else:
            self.close(self._mark(paragraph, style, is_item=is_item))

    def _mark(self, paragraph: Element, style: list[Element], *, is_item: bool) -> str:
        """What a paragraph is, with the number that is shown."""
        shown = BULLET if is_item else ""
        if is_item and self._lists and (counting := self._countings.get(self._lists[-1])):
            shown = counting.next(len(self._lists), start=self._start)
        elif paragraph.tag == "text.h" and self._outline:
            shown = self._outline.next(whole(paragraph.get("text.outline-level")))
        return marked(shown, is_heading=self._in_heads or paragraph.tag == "text.h" or _is_heading(style))

    def _list(self, element: Element) -> None:
        """Read a list, which counts anew unless it says that it goes on."""
        name = element.get("text.style-name") or (self._lists[-1] if self._lists else "")
        self._lists.append(name)
        goes_on = element.get("text.continue-numbering") == "true" or "text.continue-list" in element.attrib
        if not goes_on and (counting := self._countings.get(name)):
            counting.restart(len(self._lists))
        self._read(element)
        self._lists.pop()

    def _table(self, table: Element) -> None:
        """Read the rows; short words in the first of several are the heads of columns."""
        rows = table.findall("table.table-row")
        if len(rows) > 1 and are_heads(["".join(cell.itertext()) for cell in rows[0].findall("table.table-cell")]):
            self._heads.add(rows[0])
        self._read(table)

    def _span(self, span: Element) -> None:
        outside, hides = self._is_hidden, _hides(self._chain("text", span.get("text.style-name", "")))
        self._is_hidden = outside if hides is None else hides
        self._read(span)
        self._is_hidden = outside

    def _formula_of(self, frame: Element) -> str:
        inside = frame.find("math.math")
        if inside is None:
            part = self._formula(frame.get("xlink.href", "").removeprefix("./").rstrip("/"))
            inside = tree_of(part) if part else None
        return formula_words(inside) if inside is not None and inside.tag == "math.math" else ""

    def _chain(self, family: str, name: str) -> list[Element]:
        """The style and its parents, the nearest first."""
        chain: list[Element] = []
        while (style := self._styles.get((family, name))) is not None and len(chain) < _LONGEST_CHAIN:
            chain.append(style)
            name = style.get("style.parent-style-name", "")
        return chain


def _counting(kind: Element) -> Counting:
    return Counting({whole(level.get("text.level")): _level(level) for level in kind})


def _level(level: Element) -> Level:
    """How a level is shown: the numbers of as many levels as it says, between what stands before and after them."""
    depth, shown = whole(level.get("text.level")), whole(level.get("text.display-levels"))
    places = ".".join(f"%{each}" for each in range(max(1, depth - shown + 1), depth + 1))
    pattern = f"{level.get('style.num-prefix', '')}{places}{level.get('style.num-suffix', '')}"
    if level.tag != "text.list-level-style-number" and level.tag != "text.outline-level-style":
        return Level("", level.get("text.bullet-char", BULLET))
    kind = level.get("style.num-format", "")
    return Level(kind, pattern if kind else "", whole(level.get("text.start-value")))


def _hides(style: list[Element]) -> bool | None:
    """Whether text of a style is hidden; None when it says nothing."""
    shown = (one.find("style.text-properties[@text.display]") for one in style)
    return next((one.get("text.display") == "none" for one in shown if one is not None), None)


def _is_heading(style: list[Element]) -> bool:
    level = next(
        (one.get("style.default-outline-level") for one in style if "style.default-outline-level" in one.attrib), None
    )
    return bool(level) if level is not None else any(_HEADING_STYLE.match(one.get("style.name", "")) for one in style)
