"""How do the ODT and the DOCX look? The reference documents that pandoc takes its styles from, made of one list.

`python -m forum.documents.references` writes `templates/reference.odt` and `templates/reference.docx` again after a
change here; they are committed, and a test compares them. Both name the face without embedding it: who has not
installed Atkinson Hyperlegible sees the machine's own sans serif. The page is that of the PDF as far as these formats
go.
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

import pypandoc

from forum.documents.files import TEMPLATES
from forum.documents.zips import parts_of, stable_zip

FACE: Final = "Atkinson Hyperlegible"
INK: Final = "1d1b18"
SOFT: Final = "4a453d"
HAIR: Final = "a9a194"
ACCENT: Final = "0b4c5f"
CLAY: Final = "8f4a12"

RANK_SIZE: Final = 16
"""Of the numeral of a rank, in points: that of the PDF."""

MADE_AT: Final = "2026-01-01T00:00:00Z"
"""A date for the files' own entries; those of a document replace it."""


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
    Style("Empty", "Empty", colour=SOFT, italic=True),
    Style("Meaning", "Meaning", before=4, after=8, keep_together=True),
    Style("Chart", "Chart", bold=True, before=20, after=6, keep_next=True),
    Style("Picture", "Picture", after=4, line=100, keep_next=True),
    Style("Result", "Result", after=4, keep_next=True, keep_together=True),
    Style("Details", "Details", size=9, colour=SOFT, after=14, keep_together=True),
    Style("Verbatim", "Verbatim", before=10, after=3, indent=14, rule=HAIR, keep_next=True, keep_together=True),
    Style("Attribution", "Attribution", size=9, colour=SOFT, after=14, indent=14, rule=HAIR),
    Style("TableCaption", "Table Caption", bold=True, before=16, after=5, keep_next=True),
    Style("Table Contents", "Compact", size=9.5, after=0, line=120),
    Style("Table Heading", "", size=9.5, bold=True, after=0, line=120),
    Style("Header", "header", size=8.5, colour=SOFT, after=0),
    Style("Footer", "footer", size=8.5, colour=SOFT, after=0),
)

_W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R: Final = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_TEXT_WIDTH_CM: Final = 15.0
_TEXT_WIDTH_TWIPS: Final = 8504


# ODT


def _odt_name(name: str) -> str:
    return name.replace(" ", "_20_")


def _odt_style(style: Style) -> str:
    heading = f' style:default-outline-level="{style.level}"' if style.level else ""
    master = ' style:master-page-name="Cover"' if style.odt == "Title" else ""
    paragraph = {
        "fo:margin-top": f"{style.before}pt",
        "fo:margin-bottom": f"{style.after}pt",
        "fo:margin-left": f"{style.indent}pt",
        "fo:line-height": f"{style.line}%",
        "fo:orphans": "2",
        "fo:widows": "2",
        "fo:break-before": "page" if style.new_page else "auto",
        "fo:keep-with-next": "always" if style.keep_next else "auto",
        "fo:keep-together": "always" if style.keep_together else "auto",
    }
    if style.rule:
        paragraph |= {"fo:border-left": f"1.6pt solid #{style.rule}", "fo:padding-left": "8pt"}
    text = {
        "fo:font-size": f"{style.size}pt",
        "fo:color": f"#{style.colour}",
        "fo:font-weight": "bold" if style.bold else "normal",
        "fo:font-style": "italic" if style.italic else "normal",
    }
    tab = (
        f'<style:tab-stops><style:tab-stop style:position="{_TEXT_WIDTH_CM - style.indent / 28.35:.2f}cm" '
        'style:type="right" style:leader-style="dotted" style:leader-text="."/></style:tab-stops>'
        if style.tab
        else ""
    )
    return (
        f'<style:style style:name="{_odt_name(style.odt)}" style:display-name="{style.odt}" style:family="paragraph" '
        f'style:parent-style-name="Standard" style:class="text"{heading}{master}>'
        f"<style:paragraph-properties{_attributes(paragraph)}>{tab}</style:paragraph-properties>"
        f"<style:text-properties{_attributes(text)}/></style:style>"
    )


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in values.items())


def _odt_styles() -> str:
    """The whole styles.xml of the ODT, in the vocabulary of OpenDocument 1.3."""
    namespaces = "".join(
        f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("style", "style"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
            ("fo", "xsl-fo-compatible"),
            ("svg", "svg-compatible"),
            ("number", "datastyle"),
        )
    )
    page = (
        'fo:page-width="21cm" fo:page-height="29.7cm" style:print-orientation="portrait" '
        'fo:margin-top="{top}" fo:margin-bottom="1.6cm" fo:margin-left="3cm" fo:margin-right="3cm"'
    )
    characters = "".join(
        f'<style:style style:name="{_odt_name(name)}" style:display-name="{name}" style:family="text">'
        f"<style:text-properties {properties}/></style:style>"
        for name, properties in (
            (
                "Internet link",
                f'fo:color="#{ACCENT}" style:text-underline-style="solid" style:text-underline-width="auto"',
            ),
            ("Definition", f'fo:color="#{ACCENT}"'),
            ("Strong Emphasis", 'fo:font-weight="bold"'),
            ("Emphasis", 'fo:font-style="italic"'),
            ("Numbering Symbols", f'fo:color="#{SOFT}" fo:font-weight="bold"'),
            ("Bullet Symbols", f'fo:color="#{SOFT}"'),
            ("Quiet", f'fo:color="#{SOFT}" fo:font-size="9pt"'),
            ("Rank", f'fo:font-size="{RANK_SIZE}pt" fo:font-weight="bold"'),
        )
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-styles{namespaces} office:version="1.3">'
        f'<office:font-face-decls><style:font-face style:name="{FACE}" svg:font-family="\'{FACE}\'" '
        'style:font-family-generic="swiss" style:font-pitch="variable"/></office:font-face-decls><office:styles>'
        '<style:default-style style:family="paragraph"><style:paragraph-properties style:writing-mode="page" '
        'style:tab-stop-distance="1.25cm"/>'
        f'<style:text-properties style:font-name="{FACE}" style:font-name-complex="{FACE}" fo:font-size="10.5pt" '
        f'style:font-size-complex="10.5pt" fo:color="#{INK}" fo:language="fr" fo:country="FR" fo:hyphenate="false"/>'
        "</style:default-style>"
        '<style:default-style style:family="graphic"/>'
        '<style:default-style style:family="table"><style:table-properties table:border-model="collapsing"/>'
        "</style:default-style>"
        '<style:default-style style:family="table-row"><style:table-row-properties fo:keep-together="always"/>'
        "</style:default-style>"
        '<style:style style:name="Standard" style:family="paragraph" style:class="text"/>'
        + "".join(_odt_style(style) for style in PARAGRAPHS if style.odt)
        + characters
        + '<style:style style:name="Graphics" style:family="graphic"/><style:style style:name="Formula" '
        'style:family="graphic"/></office:styles><office:automatic-styles>'
        f'<style:page-layout style:name="CoverLayout"><style:page-layout-properties {page.format(top="2.5cm")}/>'
        '</style:page-layout><style:page-layout style:name="Layout">'
        f"<style:page-layout-properties {page.format(top='1.5cm')}/>"
        '<style:header-style><style:header-footer-properties fo:min-height="1cm" fo:margin-bottom="0.8cm"/>'
        "</style:header-style>"
        '<style:footer-style><style:header-footer-properties fo:min-height="1cm" fo:margin-top="0.6cm"/>'
        "</style:footer-style></style:page-layout>"
        '<style:style style:name="FooterEnd" style:family="paragraph" style:parent-style-name="Footer">'
        '<style:paragraph-properties fo:text-align="end"/></style:style></office:automatic-styles>'
        '<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="Layout">'
        '<style:header><text:p text:style-name="Header"><text:title/></text:p></style:header>'
        '<style:footer><text:p text:style-name="FooterEnd"><text:page-number text:select-page="current"/> / '
        "<text:page-count/></text:p></style:footer></style:master-page>"
        '<style:master-page style:name="Cover" style:page-layout-name="CoverLayout" '
        'style:next-style-name="Standard"/></office:master-styles></office:document-styles>'
    )


# DOCX


def _docx_id(name: str) -> str:
    """Word's own identifiers: "heading 1" is Heading1, "toc 1" is TOC1."""
    return {"toc 1": "TOC1", "toc 2": "TOC2"}.get(
        name, name.title().replace(" ", "") if name.islower() else name.replace(" ", "")
    )


def _docx_style(style: Style) -> str:
    properties = [
        "<w:keepNext/>" if style.keep_next else "",
        "<w:keepLines/>" if style.keep_together or style.level else "",
        "<w:pageBreakBefore/>" if style.new_page else "",
        f'<w:pBdr><w:left w:val="single" w:sz="12" w:space="8" w:color="{style.rule}"/></w:pBdr>' if style.rule else "",
        f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{_TEXT_WIDTH_TWIPS}"/></w:tabs>' if style.tab else "",
        f'<w:spacing w:before="{style.before * 20:.0f}" w:after="{style.after * 20:.0f}" '
        f'w:line="{style.line * 240 // 100}" w:lineRule="auto"/>',
        f'<w:ind w:left="{style.indent * 20:.0f}"/>',
        f'<w:outlineLvl w:val="{style.level - 1}"/>' if style.level else "",
    ]
    half_points = f"{style.size * 2:.0f}"
    face = [
        "<w:b/><w:bCs/>" if style.bold else "",
        "<w:i/><w:iCs/>" if style.italic else "",
        f'<w:color w:val="{style.colour}"/><w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>',
    ]
    return (
        f'<w:style w:type="paragraph" w:styleId="{_docx_id(style.docx)}"><w:name w:val="{style.docx}"/>'
        f'<w:basedOn w:val="Normal"/><w:qFormat/><w:pPr>{"".join(properties)}</w:pPr>'
        f"<w:rPr>{''.join(face)}</w:rPr></w:style>"
    )


def _docx_styles() -> str:
    """The whole styles.xml of the DOCX, in the vocabulary of ECMA-376."""
    fonts = f'<w:rFonts w:ascii="{FACE}" w:hAnsi="{FACE}" w:eastAsia="{FACE}" w:cs="{FACE}"/>'
    rule = '<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{colour}"/>'
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr>'
        f'{fonts}<w:color w:val="{INK}"/><w:sz w:val="21"/><w:szCs w:val="21"/><w:lang w:val="fr-FR" w:bidi="ar-SA"/>'
        "</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>'
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr>'
        '<w:tblInd w:w="0" w:type="dxa"/></w:tblPr></w:style>'
        + "".join(_docx_style(style) for style in PARAGRAPHS if style.docx)
        + '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/><w:rPr>'
        f'<w:color w:val="{ACCENT}"/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Quiet"><w:name w:val="Quiet"/><w:rPr>'
        f'<w:color w:val="{SOFT}"/><w:sz w:val="18"/><w:szCs w:val="18"/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Rank"><w:name w:val="Rank"/><w:rPr><w:b/><w:bCs/>'
        f'<w:sz w:val="{2 * RANK_SIZE}"/><w:szCs w:val="{2 * RANK_SIZE}"/></w:rPr></w:style>'
        '<w:style w:type="table" w:styleId="Table"><w:name w:val="Table"/><w:basedOn w:val="TableNormal"/><w:tblPr>'
        "<w:tblBorders>"
        + rule.format(side="bottom", size=4, colour=HAIR)
        + rule.format(side="insideH", size=4, colour=HAIR)
        + '</w:tblBorders><w:tblCellMar><w:top w:w="80" w:type="dxa"/><w:left w:w="0" w:type="dxa"/>'
        '<w:bottom w:w="80" w:type="dxa"/><w:right w:w="100" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/><w:bCs/></w:rPr><w:tcPr><w:tcBorders>'
        + rule.format(side="bottom", size=8, colour=INK)
        + "</w:tcBorders></w:tcPr></w:tblStylePr></w:style></w:styles>"
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
        "word/styles.xml": _docx_styles(),
        "word/header1.xml": f'<?xml version="1.0" encoding="UTF-8"?>\n<w:hdr {_W}>'
        + paragraph.format(style="Header", align="", content=_docx_field("TITLE"))
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
    """The two lists of the DOCX that must know of the new head and foot."""
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
    parts = _pandocs_own("reference.odt") | {"styles.xml": _odt_styles().encode("utf-8")}
    return stable_zip(parts, MADE_AT)


def reference_docx() -> bytes:
    """Pandoc's own reference document, with our styles, page, head and foot."""
    parts = _pandocs_own("reference.docx")
    # The example link of pandoc's document goes with the words that held it.
    example = re.compile(rb"<Relationship [^>]*example\.com[^>]*/>")
    parts = {name: example.sub(b"", content) for name, content in parts.items()}
    settings = parts["word/settings.xml"].replace(b'w:themeFontLang w:val="en-US"', b'w:themeFontLang w:val="fr-FR"')
    completed = {
        name: _completed(name, parts[name].decode("utf-8")).encode("utf-8")
        for name in ("word/_rels/document.xml.rels", "[Content_Types].xml")
    }
    ours = {name: content.encode("utf-8") for name, content in _docx_parts().items()}
    return stable_zip(parts | completed | ours | {"word/settings.xml": settings}, MADE_AT)


def write(folder: Path) -> None:
    """Write both reference documents."""
    (folder / "reference.odt").write_bytes(reference_odt())
    (folder / "reference.docx").write_bytes(reference_docx())


if __name__ == "__main__":
    write(TEMPLATES)
