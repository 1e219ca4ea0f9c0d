"""What does an XML part of a text document, ODT or DOCX, hold? A tree, whose names have the prefixes of its standard,
with a full stop, since a colon means another thing to ElementTree.

Expat reads it as a stream. One that declares a document type, and could declare entities, is refused before anything is
expanded; one with more tags than people write, or deeper ones, before it is in memory.

Names are those of OpenDocument 1.3 part 3, of ECMA-376 part 1 (WordprocessingML, transitional and strict) and MathML.
"""

from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

# Twenty pages of minutes have some twenty thousand tags, nested a dozen deep. This many are read within a second.
MOST_TAGS = 100_000
DEEPEST_TAG = 200

_ODF: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_OOXML: Final = "http://schemas.openxmlformats.org/"
_STRICT: Final = "http://purl.oclc.org/ooxml/"
_PREFIXES: Final = {
    **{f"{_ODF}{name}:1.0": name for name in ("office", "text", "table", "style")},
    f"{_ODF}drawing:1.0": "draw",
    f"{_ODF}svg-compatible:1.0": "svg",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/1998/Math/MathML": "math",
    f"{_OOXML}wordprocessingml/2006/main": "w",
    f"{_STRICT}wordprocessingml/main": "w",
    f"{_OOXML}officeDocument/2006/math": "m",
    f"{_STRICT}officeDocument/math": "m",
    f"{_OOXML}drawingml/2006/wordprocessingDrawing": "wp",
    f"{_STRICT}drawingml/wordprocessingDrawing": "wp",
    f"{_OOXML}markup-compatibility/2006": "mc",
    "urn:schemas-microsoft-com:vml": "v",
}


class NotSuchXml(Exception):
    """The XML is broken, has a document type, or is of another vocabulary. The caller, who opened the file, tells
    people."""


class TooMuchXml(Exception):
    """There are more tags, or deeper ones, than in a text that a person wrote."""


def tree_of(xml: bytes) -> Element:
    """The root of a part, with names such as "w.p". Raises NotSuchXml, TooMuchXml."""
    parser, grower = expat.ParserCreate(namespace_separator=" "), _Grower()
    parser.buffer_text = True
    parser.StartElementHandler = grower.start
    parser.EndElementHandler = grower.end
    parser.CharacterDataHandler = grower.tree.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, LookupError, ValueError) as problem:
        # LookupError and ValueError: an encoding that Python does not know, or that is not an 8-bit one.
        raise NotSuchXml from problem
    return grower.tree.close()


class _Grower:
    def __init__(self) -> None:
        self.tree = TreeBuilder()
        self._tags = self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._tags += 1
        self._depth += 1
        if self._tags > MOST_TAGS or self._depth > DEEPEST_TAG:
            raise TooMuchXml
        self.tree.start(_short(name), {_short(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self._depth -= 1
        self.tree.end(_short(name))


def _short(name: str) -> str:
    uri, _, local = name.rpartition(" ")
    return f"{_PREFIXES.get(uri, '')}.{local}" if uri else local


def _refuse(*_: object) -> int:
    raise NotSuchXml
