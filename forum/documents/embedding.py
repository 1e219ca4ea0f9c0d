"""Which fonts does an office document hold? Its own face, in three styles, so that it looks everywhere as it was made.

Letters that this face lacks are lent by the machine that shows the document: both programs choose a font for each sign.
Where embedded fonts are switched off, `INSTEAD` is the nearest that most machines have.
"""

import uuid
from collections.abc import Iterator
from itertools import cycle
from typing import Final

from forum.documents.files import FONTS

FACE: Final = "Atkinson Hyperlegible"
INSTEAD: Final = "Verdana"
EMBEDDED: Final = {
    "Regular": "AtkinsonHyperlegible_400Regular.ttf",
    "Bold": "AtkinsonHyperlegible_700Bold.ttf",
    "Italic": "AtkinsonHyperlegible_400Regular_Italic.ttf",
}
ODT_TYPE: Final = "application/x-font-ttf"
_OF_BULLETS: Final = (("Symbol", "02"), ("Wingdings", "02"), ("Courier New", "00"))

_W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def in_odt() -> dict[str, bytes]:
    """The parts to add to an ODT, whose styles name them."""
    return {f"Fonts/{name}": (FONTS / name).read_bytes() for name in EMBEDDED.values()}


def in_docx() -> dict[str, bytes]:
    """The parts to put into a DOCX: its list of fonts, and those of them that it holds."""
    fonts = list(_hidden_fonts())
    embedded = "".join(
        f'<w:embed{style} r:id="rId{number}" w:fontKey="{{{key}}}"/>'
        for number, (style, key, _) in enumerate(fonts, start=1)
    )
    others = "".join(
        f'<w:font w:name="{name}"><w:charset w:val="{charset}"/></w:font>' for name, charset in _OF_BULLETS
    )
    table = (
        f'{_HEAD}<w:fonts {_W} xmlns:r="{_R}"><w:font w:name="{FACE}"><w:altName w:val="{INSTEAD}"/><w:charset '
        f'w:val="00"/><w:family w:val="swiss"/><w:pitch w:val="variable"/>{embedded}</w:font>{others}</w:fonts>'
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_R}/font" Target="fonts/font{number}.odttf"/>'
        for number in range(1, len(fonts) + 1)
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return {
        "word/fontTable.xml": table.encode(),
        "word/_rels/fontTable.xml.rels": f'{_HEAD}<Relationships xmlns="{namespace}">{links}</Relationships>'.encode(),
    } | {f"word/fonts/font{number}.odttf": content for number, (_, _, content) in enumerate(fonts, start=1)}


def _hidden_fonts() -> Iterator[tuple[str, str, bytes]]:
    """The style, the key and the bytes of each font, as ECMA-376 wants them (part 1, 17.8.1, "Font Embedding"): the
    first 32 bytes are combined with those of the key, from its last to its first."""
    for style, name in EMBEDDED.items():
        key = uuid.uuid5(uuid.NAMESPACE_URL, name)
        content = (FONTS / name).read_bytes()
        head = bytes(letter ^ sign for letter, sign in zip(content[:32], cycle(reversed(key.bytes)), strict=False))
        yield style, str(key).upper(), head + content[32:]
