"""How do the ODT and the DOCX look? The reference documents that pandoc takes its styles from, made of one list.

`python -m forum.documents.references` writes `templates/reference.odt` and `templates/reference.docx` again after a
change here or in `templates/styles.*.xml`; they are committed, and a test compares them. Both name the face, which each
document holds (`embedding`). The page is that of the PDF as far as these formats go.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pypandoc

from forum.documents.embedding import EMBEDDED, FACE
from forum.documents.files import TEMPLATES
from forum.documents.office import RUNNING_TITLE
from forum.documents.pages import ENVIRONMENT
from forum.documents.zips import parts_of, stable_zip

INK: Final = "1d1b18"
SOFT: Final = "4a453d"
HAIR: Final = "a9a194"
ACCENT: Final = "0b4c5f"
CLAY: Final = "8f4a12"

RANK_SIZE: Final = 16
"""Size of the numeral of a rank, in points, as in the PDF."""

MADE_AT: Final = "2026-01-01T00:00:00Z"
"""The date of the files' entries; each document puts its own in its place."""


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph style of both formats. Sizes and spaces are in points; an empty name means that a format lacks it."""

    odt: str
    docx: str
    size: float = 10.5
    bold: bool = False
    italic: bool = False
    colour: str = INK
    before: float = 0
    after: float = 6
    line: int = 140
    """Line height in percent."""
    indent: float = 0
    rule: str = ""
    """Colour of a rule on the left."""
    keep_next: bool = False
    keep_together: bool = False
    new_page: bool = False
    level: int = 0
    """Outline level of a heading."""
    tab: bool = False
    """A right tab with dots at the end of the line, for tables of contents."""


PARAGRAPHS: Final = (
    Style("Text body", "Body Text"),
    Style("First paragraph", "First Paragraph"),
    Style("Title", "Title", size=30, bold=True, before=120, after=10, line=115, keep_next=True),
    Style("Subtitle", "Subtitle", size=15, after=6, line=120),
    Style("Author", "Author", size=12, colour=SOFT, after=28),
    Style("Notice", "Notice", bold=True, before=6, after=14, indent=12, rule=CLAY),
    Style("Fact", "Fact", size=9, after=7, line=125, keep_together=True),
    Style("Contents Heading", "TOC Heading", size=24, bold=True, after=24, line=115, keep_next=True, new_page=True),
    Style("Contents 1", "toc 1", bold=True, before=8, after=2, tab=True),
    Style("Contents 2", "toc 2", after=2, indent=14, tab=True),
    Style("Heading 1", "heading 1", size=24, bold=True, after=24, line=115, keep_next=True, new_page=True, level=1),
    Style("Heading 2", "heading 2", size=14.5, bold=True, before=26, after=10, line=120, keep_next=True, level=2),
    Style("Heading 3", "heading 3", size=12, bold=True, before=20, after=4, line=120, keep_next=True, level=3),
    Style("Heading 4", "heading 4", size=11.5, bold=True, before=18, after=4, line=120, keep_next=True, level=4),
    Style("Lead", "Lead", size=12, after=10),
    Style("Body", "Body"),
    Style("Words", "Words", keep_next=True, keep_together=True),
    Style("Note", "Note", colour=SOFT),
    Style("Opening", "Opening", keep_next=True),
    Style("Empty", "Empty", colour=SOFT, italic=True),
    Style("Meaning", "Meaning", before=4, after=8, keep_together=True),
    Style("Chart", "Chart", bold=True, before=20, after=6, keep_next=True),
    Style("Picture", "Picture", after=4, line=100, keep_next=True),
    Style("Result", "Result", after=4, keep_next=True, keep_together=True),
    Style("Details", "Details", size=9, colour=SOFT, after=14, keep_together=True),
    Style("Verbatim", "Verbatim", before=10, after=14, indent=14, rule=HAIR, keep_together=True),
    Style("TableCaption", "Table Caption", bold=True, before=16, after=5, keep_next=True),
    Style("Table Contents", "Compact", size=9.5, after=0, line=120),
    Style("Table Heading", "", size=9.5, bold=True, after=0, line=120),
    Style("Header", "header", size=8.5, colour=SOFT, after=0),
    Style("Footer", "footer", size=8.5, colour=SOFT, after=0),
)

_THEME: Final = "word/theme/theme1.xml"
_W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R: Final = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def _styles(template: str) -> str:
    """The whole styles.xml of a format, without the blanks between elements that make its template legible."""
    written = ENVIRONMENT.get_template(template).render(
        paragraphs=PARAGRAPHS,
        odt_name=_odt_name,
        docx_id=_docx_id,
        face=FACE,
        fonts=[f"Fonts/{name}" for name in EMBEDDED.values()],
        ink=INK,
        soft=SOFT,
        hair=HAIR,
        accent=ACCENT,
        rank_size=RANK_SIZE,
        running_title=RUNNING_TITLE,
    )
    return re.sub(r">\s+<", "><", written)


def _odt_name(name: str) -> str:
    return name.replace(" ", "_20_")


def _docx_id(name: str) -> str:
    """Word's own identifiers: "heading 1" is Heading1, "toc 1" is TOC1."""
    return {"toc 1": "TOC1", "toc 2": "TOC2"}.get(
        name, name.title().replace(" ", "") if name.islower() else name.replace(" ", "")
    )


def _docx_field(instruction: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t></w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def _docx_parts() -> dict[str, str]:
    """The parts that are ours: styles, page, head and foot. The cover, as first page, has neither of the last two."""
    paragraph = '<w:p><w:pPr><w:pStyle w:val="{style}"/>{align}</w:pPr>{content}</w:p>'
    slash = '<w:r><w:t xml:space="preserve"> / </w:t></w:r>'
    foot = _docx_field("PAGE") + slash + _docx_field("NUMPAGES")
    end = '<w:jc w:val="end"/>'
    return {
        "word/styles.xml": _styles("styles.docx.xml"),
        "word/header1.xml": f'<?xml version="1.0" encoding="UTF-8"?>\n<w:hdr {_W}>'
        + paragraph.format(style="Header", align="", content=f"<w:r><w:t>{RUNNING_TITLE}</w:t></w:r>")
        + "</w:hdr>",
        "word/footer1.xml": f'<?xml version="1.0" encoding="UTF-8"?>\n<w:ftr {_W}>'
        + paragraph.format(style="Footer", align=end, content=foot)
        + "</w:ftr>",
        "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?>\n<w:document {_W} {_R}><w:body><w:p/><w:sectPr>'
        '<w:headerReference w:type="default" r:id="rId101"/><w:footerReference w:type="default" r:id="rId102"/>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1700" w:right="1701" w:bottom="1588" w:left="1701" '
        'w:header="850" w:footer="794" w:gutter="0"/><w:titlePg/></w:sectPr></w:body></w:document>',
    }


def _completed(name: str, content: str) -> str:
    """The two lists of the DOCX that must name the new head and foot."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    if name == "word/_rels/document.xml.rels":
        added = "".join(
            f'<Relationship Type="{office}/{part}" Id="rId{number}" Target="{part}1.xml"/>'
            for number, part in ((101, "header"), (102, "footer"))
        )
        return content.replace("</Relationships>", f"{added}</Relationships>")
    if name == "[Content_Types].xml":
        added = "".join(
            f'<Override PartName="/word/{part}1.xml" ContentType="{kind}.{part}+xml"/>' for part in ("header", "footer")
        )
        return content.replace("</Types>", f"{added}</Types>")
    return content


# Files


def _pandocs_own(name: str) -> dict[str, bytes]:
    pandoc = pypandoc.get_pandoc_path()
    command = [pandoc, "--print-default-data-file", name]
    printed = subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - constants only
    return parts_of(printed.stdout)


def reference_odt() -> bytes:
    """Pandoc's own reference document, with our styles."""
    parts = _pandocs_own("reference.odt") | {"styles.xml": _styles("styles.odt.xml").encode("utf-8")}
    return stable_zip(parts, MADE_AT)


def reference_docx() -> bytes:
    """Pandoc's own reference document, with our styles, page, head and foot."""
    parts = _pandocs_own("reference.docx")
    # The example link of pandoc's document is removed with the words that held it.
    example = re.compile(rb"<Relationship [^>]*example\.com[^>]*/>")
    parts = {name: example.sub(b"", content) for name, content in parts.items()}
    settings = parts["word/settings.xml"].replace(b'w:themeFontLang w:val="en-US"', b'w:themeFontLang w:val="fr-FR"')
    settings = settings.replace(b"<w:embedSystemFonts", b"<w:embedTrueTypeFonts")
    theme = re.sub(rb'<a:latin typeface="[^"]*"[^>]*>', f'<a:latin typeface="{FACE}"/>'.encode(), parts[_THEME])
    completed = {
        name: _completed(name, parts[name].decode("utf-8")).encode("utf-8")
        for name in ("word/_rels/document.xml.rels", "[Content_Types].xml")
    }
    ours = {name: content.encode("utf-8") for name, content in _docx_parts().items()}
    return stable_zip(parts | completed | ours | {"word/settings.xml": settings, _THEME: theme}, MADE_AT)


def write(folder: Path) -> None:
    """Write both reference documents."""
    (folder / "reference.odt").write_bytes(reference_odt())
    (folder / "reference.docx").write_bytes(reference_docx())


if __name__ == "__main__":
    write(TEMPLATES)
