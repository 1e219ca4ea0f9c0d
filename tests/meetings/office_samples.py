"""Small text documents, as Word and LibreOffice write them, each with the lines that a person reads in it.

`shown` gives the words that LibreOffice shows instead where it differs on purpose, and `why` says for what reason.
"""

# ruff: noqa: E501 – a body is read more easily in one line than cut between its tags
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OOXML = "http://schemas.openxmlformats.org"
_RELATION = f"{_OOXML}/officeDocument/2006/relationships"
_NAMES = f"""xmlns:w="{WORD}" xmlns:r="{_RELATION}" xmlns:m="{_OOXML}/officeDocument/2006/math"
 xmlns:mc="{_OOXML}/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"
 xmlns:wp="{_OOXML}/drawingml/2006/wordprocessingDrawing" xmlns:a="{_OOXML}/drawingml/2006/main"
 xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
 xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" """
# So wide that no line is wrapped where a word ends.
_SECTION = """<w:sectPr>{head}<w:pgSz w:w="31000" w:h="20000"/>
 <w:pgMar w:left="500" w:right="500" w:top="1500" w:bottom="500" w:header="500" w:footer="500"/></w:sectPr>"""
_NUMBERING = """
<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="multilevel"/>
 <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl>
 <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:multiLevelType w:val="multilevel"/>
 <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
 <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/></w:lvl>
 <w:lvl w:ilvl="2"><w:start w:val="3"/><w:numFmt w:val="lowerRoman"/><w:lvlText w:val="%3."/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="2"><w:multiLevelType w:val="multilevel"/>
 <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:pStyle w:val="Titre1"/><w:lvlText w:val="%1 –"/>
 </w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="3"><w:multiLevelType w:val="multilevel"/>
 <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="Article %1"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="4"><w:multiLevelType w:val="multilevel"/>
 <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val=" "/></w:lvl></w:abstractNum>
<w:num w:numId="6"><w:abstractNumId w:val="4"/></w:num>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>
<w:num w:numId="4"><w:abstractNumId w:val="2"/></w:num><w:num w:numId="5"><w:abstractNumId w:val="3"/></w:num>"""
_STYLES = """
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="Titre1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>
 <w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Listepuces"><w:name w:val="List Bullet"/><w:basedOn w:val="Normal"/>
 <w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>"""

ODF = "urn:oasis:names:tc:opendocument:xmlns"
_ODF_NAMES = " ".join(
    [f'xmlns:{name}="{ODF}:{name}:1.0"' for name in ("office", "text", "table", "style", "config", "form")]
    + [
        f'xmlns:draw="{ODF}:drawing:1.0" xmlns:fo="{ODF}:xsl-fo-compatible:1.0"',
        f'xmlns:svg="{ODF}:svg-compatible:1.0"',
    ]
    + ['xmlns:xlink="http://www.w3.org/1999/xlink"', 'xmlns:dc="http://purl.org/dc/elements/1.1/"']
    + ['xmlns:ooow="http://openoffice.org/2004/writer"', 'xmlns:math="http://www.w3.org/1998/Math/MathML"']
)
_BLANK = """<style:list-level-properties text:list-level-position-and-space-mode="label-alignment">
<style:list-level-label-alignment text:label-followed-by="space"/></style:list-level-properties>"""
_ODF_LISTS = f"""<text:list-style style:name="L"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/>
<text:list-level-style-bullet text:level="2" text:bullet-char="•"/></text:list-style>
<text:list-style style:name="N"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix=".">
{_BLANK}</text:list-level-style-number><text:list-level-style-number text:level="2" style:num-format="a" text:start-value="2"
 style:num-suffix=")" text:display-levels="2">{_BLANK}</text:list-level-style-number></text:list-style>"""
_ODF_PAGE = """<office:automatic-styles><style:page-layout style:name="P"><style:page-layout-properties
 fo:page-width="50cm" fo:page-height="30cm"/></style:page-layout></office:automatic-styles><office:master-styles>
 <style:master-page style:name="Standard" style:page-layout-name="P">{header}</style:master-page></office:master-styles>"""
_ODF_SETTINGS = """<office:settings><config:config-item-set config:name="ooo:view-settings"><config:config-item
 config:name="ShowRedlineChanges" config:type="boolean">false</config:config-item></config:config-item-set>
 </office:settings>"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A file, and the lines that are read in it."""

    name: str
    content: bytes
    lines: list[str]
    shown: str | None = None
    why: str = ""


def zipped(parts: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive, its first entry not compressed, as the `mimetype` of an ODF must be."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part, zipfile.ZIP_STORED if name == "mimetype" else None)
    return written.getvalue()


def docx(body: str, *, styles: str = "", base: str = _STYLES, **parts: str) -> bytes:
    """A DOCX with all that Word writes around a body."""
    contents = {
        "styles": base + styles,
        "numbering": _NUMBERING,
        "settings": '<w:revisionView w:markup="0" w:insDel="0"/>',
        **parts,
    }
    names = {"header": "hdr"}
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="application/vnd.openxmlformats-officedocument'
        f'.wordprocessingml.{name}+xml"/>'
        for name in contents
    )
    relations = "".join(
        f'<Relationship Id="r{name}" Type="{_RELATION}/{name}" Target="{name}.xml"/>' for name in contents
    )
    head = '<w:headerReference w:type="default" r:id="rheader"/>' if "header" in parts else ""
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{_OOXML}/package/2006/content-types"><Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
            f'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument'
            f'.wordprocessingml.document.main+xml"/>{overrides}</Types>',
            "_rels/.rels": f'<Relationships xmlns="{_OOXML}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{_RELATION}/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{_OOXML}/package/2006/relationships">'
            f"{relations}</Relationships>",
            "word/document.xml": f"<w:document {_NAMES}><w:body>{body}{_SECTION.format(head=head)}</w:body></w:document>",
            **{
                f"word/{name}.xml": f"<w:{names.get(name, name)} {_NAMES}>{part}</w:{names.get(name, name)}>"
                for name, part in contents.items()
            },
        }
    )


def odt(body: str, *, automatic: str = "", styles: str = "", header: str = "", **parts: str) -> bytes:
    """An ODT with all that LibreOffice needs around a text."""
    document = (
        f"<office:automatic-styles>{_ODF_LISTS}{automatic}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body>"
    )
    names = f'{_ODF_NAMES} office:version="1.3"'
    inside = {f"{name}/content.xml": part for name, part in parts.items()}
    entries = ["content.xml", "styles.xml", "settings.xml", *inside]
    listed = "".join(f'<m:file-entry m:full-path="{name}" m:media-type="text/xml"/>' for name in entries)
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{ODF}:manifest:1.0" m:version="1.3"><m:file-entry '
            f'm:full-path="/" m:media-type="application/vnd.oasis.opendocument.text"/>{listed}</m:manifest>',
            "content.xml": f"<office:document-content {names}>{document}</office:document-content>",
            "styles.xml": f"<office:document-styles {names}><office:styles>{styles}</office:styles>"
            f"{_ODF_PAGE.format(header=header)}</office:document-styles>",
            "settings.xml": f"<office:document-settings {names}>{_ODF_SETTINGS}</office:document-settings>",
            **inside,
        }
    )


def p(*runs: str, properties: str = "") -> str:
    """A paragraph of Word; a run that is not XML is words."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(one if one.startswith('<') else r(one) for one in runs)}</w:p>"


def r(words: str, properties: str = "") -> str:
    """A run of Word."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'


def item(*runs: str, level: int = 0, number: int = 1, properties: str = "") -> str:
    """An item of a list of Word."""
    numbered = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return p(*runs, properties=f"{numbered}{properties}")


def field(code: str, result: str) -> str:
    """A field of Word, as three marks around its code and its result."""
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">{code}</w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def table(*rows: list[str]) -> str:
    """A table of Word, of cells of one paragraph; a cell that is XML is all of it."""
    cells = (
        "".join(
            one if one.startswith("<w:tc>") else f"<w:tc>{one if one.startswith('<') else p(one)}</w:tc>" for one in row
        )
        for row in rows
    )
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def control(content: str, properties: str = "") -> str:
    """A content control of Word."""
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def box(paragraphs: str, hidden: str = "") -> str:
    """A box of text of Word 2010, with what older versions read instead."""
    return f"""<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><wp:extent cx="5000000"
 cy="900000"/><wp:docPr id="1" name="B" {hidden}/><a:graphic><a:graphicData
 uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm>
 <a:off x="0" y="0"/><a:ext cx="5000000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></wps:spPr><wps:txbx><w:txbxContent>
 {paragraphs}</w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing>
 </mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>{paragraphs}</w:txbxContent></v:textbox></v:shape>
 </w:pict></mc:Fallback></mc:AlternateContent></w:r>"""


_HIDDEN, _SHOWN = "<w:vanish/>", '<w:vanish w:val="0"/>'
_WHEN = 'w:id="1" w:author="A" w:date="2027-01-05T10:00:00Z"'
_HIDDEN_STYLES = """
<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="SousSecret"><w:name w:val="Sous-secret"/><w:basedOn w:val="Secret"/></w:style>
<w:style w:type="paragraph" w:styleId="Note"><w:name w:val="Note interne"/><w:basedOn w:val="Normal"/>
 <w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="SousNote"><w:name w:val="Sous-note"/><w:basedOn w:val="Note"/></w:style>"""
_NOTES_LEFT_OUT = "notes at the foot of a page explain a statement: no line of the minutes is theirs"
_NO_MATH = "the package of LibreOffice without a screen has no formulas"

DOCX = [
    Sample("paragraphs", docx(p("Former") + p() + p("Ouvrir")), ["Former", "Ouvrir"]),
    Sample("list", docx(item("Former") + item("Ouvrir")), ["- Former", "- Ouvrir"]),
    Sample(
        "nested list",
        docx(item("Former") + item("les agents", level=1) + item("Ouvrir")),
        ["- Former", "- les agents", "- Ouvrir"],
    ),
    Sample(
        "numbered lists",
        docx(
            item("Un", number=2)
            + item("a", level=1, number=2)
            + item("b", level=1, number=2)
            + item("trois", level=2, number=2)
            + item("quatre", level=2, number=2)
            + p("Entre")
            + item("Deux", number=2)
            + item("a encore", level=1, number=2)
            + item("Cinq", number=3)
            + item("Six", number=3)
        ),
        ["1. Un", "a) a", "b) b", "iii. trois", "iv. quatre", "Entre", "2. Deux", "a) a encore", "5. Cinq", "6. Six"],
    ),
    Sample(
        "numbered headings and articles",
        docx(
            p("Décisions", properties='<w:pStyle w:val="Numero"/>')
            + item("Former", level=1, number=4)
            + p("Suites", properties='<w:pStyle w:val="Numero"/>')
            + item("Ouvrir", level=1, number=4)
            + item("prêter", number=5),
            styles='<w:style w:type="paragraph" w:styleId="Numero"><w:name w:val="N"/><w:basedOn w:val="Titre1"/>'
            '<w:pPr><w:numPr><w:numId w:val="4"/></w:numPr></w:pPr></w:style>',
        ),
        ["## I – Décisions", "- I.1 Former", "## II – Suites", "- II.1 Ouvrir", "- Article 1 prêter"],
    ),
    Sample(
        "hidden items are counted, removed ends are not",
        docx(
            item("Un", number=2)
            + item(r("Secret", _HIDDEN), number=2, properties=f"<w:rPr>{_HIDDEN}</w:rPr>")
            + item("Deux ", number=2, properties=f"<w:rPr><w:del {_WHEN}/></w:rPr>")
            + item("et la suite", number=2)
            + item("Trois", number=2)
        ),
        ["1. Un", "3. Deux et la suite", "4. Trois"],
    ),
    Sample(
        "hidden by the style of everything",
        docx(
            p("Un", r(" deux", _SHOWN)) + p("Trois", properties='<w:pStyle w:val="Listepuces"/>'),
            styles='<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:rPr><w:vanish/></w:rPr></w:style>',
            base="",
        ),
        ["deux"],
    ),
    Sample(
        "a bullet that is not seen", docx(item("Former") + item("et la suite", number=6)), ["- Former", "et la suite"]
    ),
    Sample(
        "smart tags",
        docx(
            p(
                f'<w:smartTag w:uri="u" w:element="e">{r("Former")}</w:smartTag>',
                f'<w:customXml w:element="e">{r(" tous")}</w:customXml>',
            )
        ),
        ["Former tous"],
    ),
    Sample(
        "rows and cells in content controls",
        docx(
            f"<w:tbl><w:tblPr/><w:tblGrid/>{control('<w:tr><w:tc>' + p('Un') + '</w:tc>' + control('<w:tc>' + p('Deux') + '</w:tc>') + '</w:tr>')}</w:tbl>"
        ),
        ["Un", "Deux"],
    ),
    Sample(
        "a choice of an old form",
        docx(
            p(
                "Avis ",
                '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="D"/><w:enabled/><w:ddList><w:result w:val="1"/><w:listEntry w:val="oui"/><w:listEntry w:val="non"/></w:ddList></w:ffData></w:fldChar></w:r><w:r><w:instrText> FORMDROPDOWN </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>',
            )
        ),
        ["Avis non"],
    ),
    Sample(
        "capitals",
        docx(p(r("Former", "<w:caps/>"))),
        ["Former"],
        shown="FORMER",
        why="capitals are a dress of the letters that were typed",
    ),
    Sample(
        "hidden row",
        docx(
            table(["Un", "Deux"]).replace(
                "</w:tbl>",
                f"<w:tr><w:trPr><w:hidden/></w:trPr><w:tc>{p('Trois')}</w:tc><w:tc>{p()}</w:tc></w:tr></w:tbl>",
            )
        ),
        ["Un", "Deux"],
        shown="Un Deux Trois",
        why="this LibreOffice shows what Word hides",
    ),
    Sample(
        "words behind a merged cell",
        docx(
            f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w='5000'/><w:gridCol w:w='5000'/></w:tblGrid><w:tr><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr>{p('Un')}</w:tc><w:tc>{p('Deux')}</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr>{p('Dessous')}</w:tc><w:tc>{p('Trois')}</w:tc></w:tr></w:tbl>"
        ),
        ["## Un", "## Deux", "Trois"],
    ),
    Sample(
        "grouped boxes",
        docx(
            p(
                "Dehors",
                f'<w:r><w:pict><v:group style="width:300pt;height:50pt"><v:shape style="width:300pt;height:50pt"><v:textbox><w:txbxContent>{p("Dedans")}</w:txbxContent></v:textbox></v:shape></v:group></w:pict></w:r>',
            )
        ),
        ["Dedans", "Dehors"],
    ),
    Sample(
        "a style takes the list away",
        docx(p("Former", properties='<w:pStyle w:val="Listepuces"/><w:numPr><w:numId w:val="0"/></w:numPr>')),
        ["Former"],
    ),
    Sample(
        "derived styles",
        docx(
            p("Décisions", properties='<w:pStyle w:val="MonTitre"/>')
            + p("Former", properties='<w:pStyle w:val="MaPuce"/>')
            + p("Suites", properties='<w:pStyle w:val="Plan"/>')
            + p("Bref", properties='<w:pStyle w:val="MonTitre"/><w:outlineLvl w:val="9"/>'),
            styles='<w:style w:type="paragraph" w:styleId="MonTitre"><w:name w:val="CR"/><w:basedOn w:val="Titre1"/>'
            '</w:style><w:style w:type="paragraph" w:styleId="MaPuce"><w:name w:val="Puce"/><w:basedOn '
            'w:val="Listepuces"/></w:style><w:style w:type="paragraph" w:styleId="Plan"><w:name w:val="Plan"/>'
            '<w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>',
        ),
        ["## Décisions", "- Former", "## Suites", "Bref"],
    ),
    Sample("hidden run", docx(item("Ouvrir", r(" (secret)", _HIDDEN), " le samedi")), ["- Ouvrir le samedi"]),
    Sample(
        "hidden paragraph",
        docx(item("Ouvrir") + item(r("Secret", _HIDDEN), properties=f"<w:rPr>{_HIDDEN}</w:rPr>")),
        ["- Ouvrir"],
    ),
    Sample(
        "hidden by a style of characters and what is based on it",
        docx(
            p("Ouvrir", r(" un", '<w:rStyle w:val="Secret"/>'), r(" deux", '<w:rStyle w:val="SousSecret"/>')),
            styles=_HIDDEN_STYLES,
        ),
        ["Ouvrir"],
    ),
    Sample(
        "hidden by a style of paragraphs, shown by a run",
        docx(
            p("Un", properties='<w:pStyle w:val="Note"/>')
            + p("Deux", r("Trois", _SHOWN), properties='<w:pStyle w:val="SousNote"/>')
            + p("Ouvrir"),
            styles=_HIDDEN_STYLES,
        ),
        ["Trois", "Ouvrir"],
    ),
    Sample(
        "not hidden", docx(p("Ouvrir", r(" le", _SHOWN), r(" soir", '<w:vanish w:val="false"/>'))), ["Ouvrir le soir"]
    ),
    Sample(
        "hidden on the web",
        docx(p("Ouvrir", r(" tard", "<w:webHidden/>"))),
        ["Ouvrir tard"],
        shown="Ouvrir",
        why="Word hides it in a browser only",
    ),
    Sample(
        "deleted words",
        docx(
            p(
                "Former",
                f'<w:del {_WHEN}><w:r><w:delText xml:space="preserve"> peu</w:delText></w:r></w:del>',
                f"<w:ins {_WHEN}>{r(' les agents')}</w:ins>",
            )
        ),
        ["Former les agents"],
    ),
    Sample(
        "deleted end of a paragraph",
        docx(item("Former les bénévoles ", properties=f"<w:rPr><w:del {_WHEN}/></w:rPr>") + item("à la médiation")),
        ["- Former les bénévoles à la médiation"],
    ),
    Sample(
        "deleted paragraph",
        docx(
            p("Un")
            + item(
                f"<w:del {_WHEN}><w:r><w:delText>Deux</w:delText></w:r></w:del>",
                properties=f"<w:rPr><w:del {_WHEN}/></w:rPr>",
            )
            + p("Trois")
        ),
        ["Un", "Trois"],
    ),
    Sample(
        "deleted end of the last paragraph",
        docx(p("Un") + p("Deux", properties=f"<w:rPr><w:del {_WHEN}/></w:rPr>")),
        ["Un", "Deux"],
    ),
    Sample(
        "moved words",
        docx(
            p(
                f'<w:moveFromRangeStart {_WHEN} w:name="m"/><w:moveFrom {_WHEN}>{r("Former")}</w:moveFrom><w:moveFromRangeEnd w:id="1"/>',
                properties=f"<w:rPr><w:moveFrom {_WHEN}/></w:rPr>",
            )
            + p("Ouvrir")
            + p(f"<w:moveTo {_WHEN}>{r('Former')}</w:moveTo>")
        ),
        ["Ouvrir", "Former"],
    ),
    Sample(
        "deleted row",
        docx(
            table(["Un", "Deux"]).replace(
                "</w:tbl>",
                f"<w:tr><w:trPr><w:del {_WHEN}/></w:trPr><w:tc>{p(f'<w:del {_WHEN}><w:r><w:delText>Trois</w:delText></w:r></w:del>')}</w:tc><w:tc>{p()}</w:tc></w:tr></w:tbl>",
            )
        ),
        ["Un", "Deux"],
    ),
    Sample(
        "changed properties",
        docx(
            p(
                r("Former", f"<w:rPrChange {_WHEN}><w:rPr>{_HIDDEN}</w:rPr></w:rPrChange>"),
                properties=f'<w:pPrChange {_WHEN}><w:pPr><w:pStyle w:val="Titre1"/></w:pPr></w:pPrChange>',
            )
        ),
        ["Former"],
    ),
    Sample(
        "hyperlink field",
        docx(p("Voir ", field(' HYPERLINK "http://example.org" ', r("le site")), " !")),
        ["Voir le site !"],
    ),
    Sample(
        "condition",
        docx(p("Voir ", field(' IF 1 = 1 "oui" "non" ', r("oui")))),
        ["Voir oui"],
        shown="Voir",
        why="LibreOffice works conditions out anew; Word shows what was stored",
    ),
    Sample(
        "a field in the code of a field",
        docx(
            p(
                f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> IF </w:instrText></w:r>{field(" PAGE ", r("1"))}<w:r><w:instrText> = 1 "a" "b" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>{r("a")}<w:r><w:fldChar w:fldCharType="end"/></w:r>',
                " fin",
            )
        ),
        ["a fin"],
    ),
    Sample(
        "simple field",
        docx(p("Le ", f'<w:fldSimple w:instr=" DOCPROPERTY X ">{r("12 mars")}</w:fldSimple>')),
        ["Le 12 mars"],
    ),
    Sample(
        "a field without end",
        docx(
            p("Former", '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> XE "a" </w:instrText></w:r>')
            + p("Ouvrir")
        ),
        ["Former", "Ouvrir"],
        shown="Former",
        why="a field that was left open must not swallow the rest",
    ),
    Sample(
        "hyperlink", docx(p("Voir ", f'<w:hyperlink w:anchor="x">{r("plus bas")}</w:hyperlink>')), ["Voir plus bas"]
    ),
    Sample(
        "bookmark", docx(p('<w:bookmarkStart w:id="0" w:name="x"/>', "Former", '<w:bookmarkEnd w:id="0"/>')), ["Former"]
    ),
    Sample(
        "soft break",
        docx(item("Créer un poste", "<w:r><w:br/></w:r>", "dans chaque département")),
        ["- Créer un poste", "  dans chaque département"],
    ),
    Sample(
        "page break", docx(p("Ouvrir", '<w:r><w:br w:type="page"/></w:r>', "le dimanche")), ["Ouvrir", "  le dimanche"]
    ),
    Sample(
        "tabs",
        docx(
            p(
                "Un",
                "<w:r><w:tab/></w:r>",
                "deux",
                '<w:r><w:ptab w:relativeTo="margin" w:alignment="left" w:leader="none"/></w:r>',
                "trois",
                properties='<w:tabs><w:tab w:val="left" w:pos="5000"/></w:tabs>',
            )
        ),
        ["Un\tdeux\ttrois"],
    ),
    Sample(
        "hyphens",
        docx(
            p(
                "rendez",
                "<w:r><w:noBreakHyphen/></w:r>",
                "vous en média",
                "<w:r><w:softHyphen/></w:r>",
                "thèque, mé\u00addiation",
            )
        ),
        ["rendez\u2011vous en médiathèque, médiation"],
    ),
    Sample(
        "symbols",
        docx(
            p(
                "Former ",
                '<w:r><w:sym w:font="Wingdings" w:char="F0E0"/></w:r>',
                " ouvrir ",
                '<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>',
                " 5",
            )
        ),
        ["Former → ouvrir ≥ 5"],
        shown="Former \uf0e0 ouvrir \uf0b3 5",
        why="the signs are those of a font",
    ),
    Sample(
        "table",
        docx(table(["Sujet", "Décision"], ["Horaires", "Ouvrir le dimanche"])),
        ["## Sujet", "## Décision", "Horaires", "Ouvrir le dimanche"],
    ),
    Sample(
        "nested table", docx(table([f"<w:tc>{table(['Un', 'Deux'])}{p()}</w:tc>", "Trois"])), ["Un", "Deux", "Trois"]
    ),
    Sample(
        "merged cells",
        docx(
            f"<w:tbl><w:tblPr/><w:tblGrid/><w:tr><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr>{p('Un')}</w:tc><w:tc>{p('Deux')}</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr>{p()}</w:tc><w:tc>{p('Trois')}</w:tc></w:tr></w:tbl>"
        ),
        ["## Un", "## Deux", "Trois"],
    ),
    Sample("text box", docx(p("Dehors", box(p("Dedans")))), ["Dedans", "Dehors"]),
    Sample(
        "hidden text box",
        docx(p("Dehors", box(p("Dedans"), hidden='hidden="1"'))),
        ["Dehors"],
        shown="Dehors Dedans",
        why="this LibreOffice shows what Word hides",
    ),
    Sample(
        "notes",
        docx(
            p("Former", '<w:r><w:footnoteReference w:id="2"/></w:r>'),
            footnotes=f'<w:footnote w:id="2">{p("Au pied")}</w:footnote>',
        ),
        ["Former"],
        shown="Former1 1Au pied",
        why=_NOTES_LEFT_OUT,
    ),
    Sample(
        "endnotes",
        docx(
            p("Former", '<w:r><w:endnoteReference w:id="2"/></w:r>'),
            endnotes=f'<w:endnote w:id="2">{p("À la fin")}</w:endnote>',
        ),
        ["Former"],
        shown="Formeri iÀ la fin",
        why=_NOTES_LEFT_OUT,
    ),
    Sample(
        "comments",
        docx(
            p(
                '<w:commentRangeStart w:id="0"/>',
                "Former",
                '<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>',
            ),
            comments=f'<w:comment w:id="0" w:author="A">{p("Bof")}</w:comment>',
        ),
        ["Former"],
    ),
    Sample("content control", docx(control(p("Former ", control(r("tous"))))), ["Former tous"]),
    Sample(
        "empty content control",
        docx(p("Former ", control(r("Cliquez ici"), "<w:showingPlcHdr/>"))),
        ["Former"],
        shown="Former Cliquez ici",
        why="the prompt of an empty control is the program's words",
    ),
    Sample(
        "header",
        docx(p("Former"), header=p("En-tête")),
        ["Former"],
        shown="En-tête Former",
        why="what stands on every page is no line of the text",
    ),
    Sample(
        "ruby",
        docx(
            p(
                "Lire ",
                f"<w:r><w:ruby><w:rubyPr/><w:rt>{r('kan')}</w:rt><w:rubyBase>{r('漢')}</w:rubyBase></w:ruby></w:r>",
            )
        ),
        ["Lire 漢"],
        shown="Lire kan 漢",
        why="the reading above a sign is no word of the line",
    ),
    Sample(
        "large first letter",
        docx(
            p(
                "C",
                properties='<w:framePr w:dropCap="drop" w:lines="3" w:wrap="around" w:vAnchor="text" w:hAnchor="text"/>',
            )
            + p("réer un poste")
        ),
        ["Créer un poste"],
    ),
    Sample(
        "formula",
        docx(
            p(
                "Consacrer ",
                "<m:oMath><m:r><m:t>10 %</m:t></m:r></m:oMath>",
                " soit ",
                "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>10</m:t></m:r></m:den></m:f></m:oMath>",
            )
        ),
        ["Consacrer 10 % soit 1/10"],
        shown="Consacrer soit",
        why=_NO_MATH,
    ),
    Sample(
        "table of contents",
        docx(
            p("Décisions", properties='<w:pStyle w:val="TM1"/>') + p("Former"),
            styles='<w:style w:type="paragraph" w:styleId="TM1"><w:name w:val="toc 1"/></w:style>',
        ),
        ["Former"],
        shown="Décisions Former",
        why="it repeats the headings",
    ),
    Sample(
        "old text box",
        docx(
            p(
                "Dehors",
                f'<w:r><w:pict><v:shape style="width:300pt;height:50pt"><v:textbox><w:txbxContent>{p("Dedans")}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>',
            )
        ),
        ["Dedans", "Dehors"],
    ),
]


def span(words: str, style: str) -> str:
    """Words of an ODT in a style."""
    return f'<text:span text:style-name="{style}">{words}</text:span>'


def style(name: str, family: str, inside: str = "", parent: str = "", **attributes: str) -> str:
    """A style of an ODT."""
    more = "".join(f' style:{key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    parent = f' style:parent-style-name="{parent}"' if parent else ""
    return f'<style:style style:name="{name}" style:family="{family}"{parent}{more}>{inside}</style:style>'


def items(*each: str) -> str:
    """A list of an ODT."""
    return f'<text:list text:style-name="L">{"".join(f"<text:list-item>{one}</text:list-item>" for one in each)}</text:list>'


def numbers(*each: str, more: str = "") -> str:
    """A numbered list of an ODT."""
    return items(*each).replace('"L"', f'"N" {more}', 1)


def cells(*rows: list[str]) -> str:
    """A table of an ODT, of cells of one paragraph; a cell that is XML is all of it."""
    columns = f'<table:table-column table:number-columns-repeated="{len(rows[0])}"/>'
    each = (
        "".join(c if c.startswith("<table") else f"<table:table-cell>{c}</table:table-cell>" for c in row)
        for row in rows
    )
    return f'<table:table table:name="T">{columns}{"".join(f"<table:table-row>{row}</table:table-row>" for row in each)}</table:table>'


_NONE = '<style:text-properties text:display="none"/>'
_TRUE = '<style:text-properties text:display="true"/>'
_SECRETS = style("S", "text", _NONE) + style("S2", "text", parent="S") + style("V", "text", _TRUE)
_FRAME = '<draw:frame draw:name="F" text:anchor-type="paragraph" svg:width="9cm" svg:height="2cm">{}</draw:frame>'

ODT = [
    Sample(
        "odt paragraphs",
        odt("<text:p>Former</text:p><text:p/><text:h text:outline-level='1'>Suites</text:h>"),
        ["Former", "## Suites"],
    ),
    Sample(
        "odt list",
        odt(
            items(
                "<text:p>Former</text:p><text:p>toujours</text:p>" + items("<text:p>les agents</text:p>"),
                "<text:p>Ouvrir</text:p>",
            )
        ),
        ["- Former", "toujours", "- les agents", "- Ouvrir"],
    ),
    Sample(
        "odt list header",
        odt(
            '<text:list text:style-name="L"><text:list-header><text:p>Avant</text:p></text:list-header><text:list-item><text:p>Former</text:p></text:list-item></text:list>'
        ),
        ["Avant", "- Former"],
    ),
    Sample(
        "odt numbered lists",
        odt(
            numbers(
                "<text:p>Un</text:p>" + numbers("<text:p>b</text:p>", "<text:p>c</text:p>"), "<text:p>Deux</text:p>"
            )
            + "<text:p>Entre</text:p>"
            + numbers("<text:p>Un</text:p>")
            + "<text:p>Entre</text:p>"
            + numbers("<text:p>Deux</text:p>", more='text:continue-numbering="true"')
            + numbers("<text:p>Sept</text:p>").replace("<text:list-item>", '<text:list-item text:start-value="7">')
        ),
        ["1. Un", "- 1.b) b", "- 1.c) c", "2. Deux", "Entre", "1. Un", "Entre", "2. Deux", "7. Sept"],
    ),
    Sample(
        "odt numbered headings",
        odt(
            '<text:h text:outline-level="1">Décisions</text:h><text:h text:outline-level="2">Former</text:h>'
            '<text:h text:outline-level="1">Suites</text:h><text:h text:outline-level="2">Ouvrir</text:h>',
            styles='<text:outline-style style:name="Outline"><text:outline-level-style text:level="1" style:num-format="I" '
            f'style:num-suffix=" –">{_BLANK}</text:outline-level-style><text:outline-level-style text:level="2" '
            f'style:num-format="1" text:display-levels="2">{_BLANK}</text:outline-level-style></text:outline-style>',
        ),
        ["## I – Décisions", "## I.1 Former", "## II – Suites", "## II.1 Ouvrir"],
    ),
    Sample(
        "odt hidden items are counted",
        odt(
            numbers(
                "<text:p>Un</text:p>", f"<text:p>{span('deux', 'S')}</text:p>", "<text:p/>", "<text:p>Quatre</text:p>"
            ),
            automatic=_SECRETS,
        ),
        ["1. Un", "4. Quatre"],
        shown="1. Un 3. 4. Quatre",
        why="an item without words is no line",
    ),
    Sample(
        "odt numbered paragraphs",
        odt(
            '<text:numbered-paragraph text:list-id="l" text:style-name="N" text:level="1"><text:p>Un</text:p></text:numbered-paragraph><text:numbered-paragraph text:list-id="l" text:style-name="N" text:level="1"><text:p>Deux</text:p></text:numbered-paragraph>'
        ),
        ["1. Un", "2. Deux"],
    ),
    Sample(
        "odt prompt and what was typed",
        odt(
            '<text:p>Pour <text:placeholder text:placeholder-type="text">&lt;nom&gt;</text:placeholder> <text:text-input text:description="d">Nadia</text:text-input></text:p>'
        ),
        ["Pour  Nadia"],
    ),
    Sample(
        "odt bibliography",
        odt(
            '<text:p>Lire</text:p><text:bibliography text:name="B"><text:index-body><text:p>Un ouvrage</text:p></text:index-body></text:bibliography>'
        ),
        ["Lire", "Un ouvrage"],
    ),
    Sample(
        "odt words in a shape",
        odt(
            '<text:p>Dehors<draw:custom-shape text:anchor-type="paragraph" svg:width="9cm" svg:height="3cm" svg:x="1cm" svg:y="2cm"><text:p>Dedans</text:p><draw:enhanced-geometry svg:viewBox="0 0 21600 21600" draw:type="rectangle" draw:enhanced-path="M 0 0 L 21600 0 21600 21600 0 21600 0 0 Z N"/></draw:custom-shape></text:p>'
        ),
        ["Dedans", "Dehors"],
    ),
    Sample("odt hidden span", odt(f"<text:p>Ouvrir{span(' un', 'S')}</text:p>", automatic=_SECRETS), ["Ouvrir"]),
    Sample(
        "odt hidden by a style of the document",
        odt(f"<text:p>Ouvrir{span(' un', 'S2')}</text:p>", styles=_SECRETS),
        ["Ouvrir"],
    ),
    Sample(
        "odt hidden paragraph, shown span",
        odt(
            f"<text:p text:style-name='PS'>Un{span('Deux', 'V')}</text:p><text:p>Ouvrir</text:p>",
            automatic=_SECRETS + style("PS", "paragraph", parent="PN"),
            styles=style("PN", "paragraph", _NONE),
        ),
        ["Deux", "Ouvrir"],
    ),
    Sample(
        "odt shown span in a hidden one",
        odt("<text:p>Un" + span(" deux" + span(" trois", "V"), "S") + " fin</text:p>", automatic=_SECRETS),
        ["Un trois fin"],
    ),
    Sample(
        "odt hidden section",
        odt(
            '<text:p>Ouvrir</text:p><text:section text:name="S" text:display="none"><text:p>Secret</text:p></text:section>'
        ),
        ["Ouvrir"],
    ),
    Sample(
        "odt section hidden by a condition",
        odt(
            '<text:p>Ouvrir</text:p><text:section text:name="S" text:display="condition" text:condition="ooow:1==1" text:is-hidden="true"><text:p>Secret</text:p></text:section>'
        ),
        ["Ouvrir"],
    ),
    Sample("odt shown section", odt('<text:section text:name="S"><text:p>Ouvrir</text:p></text:section>'), ["Ouvrir"]),
    Sample(
        "odt hidden fields",
        odt(
            '<text:p>Ouvrir <text:hidden-text text:condition="ooow:1==1" text:string-value="secret" text:is-hidden="true">secret</text:hidden-text></text:p><text:p>Secret<text:hidden-paragraph text:condition="ooow:1==1" text:is-hidden="true"/></text:p><text:p>Fin</text:p>'
        ),
        ["Ouvrir", "Fin"],
    ),
    Sample(
        "odt conditional text",
        odt(
            '<text:p>Ouvrir <text:conditional-text text:condition="ooow:1==1" text:string-value-if-true="oui" text:string-value-if-false="non">oui</text:conditional-text></text:p>'
        ),
        ["Ouvrir oui"],
    ),
    Sample(
        "odt variable",
        odt(
            '<text:variable-decls><text:variable-decl office:value-type="string" text:name="v"/></text:variable-decls><text:p>Ouvrir<text:variable-set text:name="v" text:display="none" office:value-type="string" office:string-value="x">x</text:variable-set></text:p>'
        ),
        ["Ouvrir"],
    ),
    Sample(
        "odt deleted and inserted words",
        odt("""<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><office:change-info><dc:creator>A</dc:creator>
 <dc:date>2027-01-05T10:00:00</dc:date></office:change-info><text:p> vite</text:p><text:p/></text:deletion></text:changed-region><text:changed-region text:id="c2"><text:insertion>
 <office:change-info><dc:creator>A</dc:creator><dc:date>2027-01-05T10:00:00</dc:date></office:change-info></text:insertion></text:changed-region></text:tracked-changes>
 <text:p>Former<text:change text:change-id="c1"/><text:change-start text:change-id="c2"/> tous<text:change-end text:change-id="c2"/></text:p>"""),
        ["Former tous"],
        shown="Formervite tous",
        why="what was removed is shown, struck through",
    ),
    Sample(
        "odt breaks, tabs and blanks",
        odt(
            "<text:p>Un<text:line-break/>deux<text:tab/>trois<text:s text:c='3'/>quatre<text:soft-page-break/></text:p>"
        ),
        ["Un", "  deux\ttrois   quatre"],
    ),
    Sample("odt hyphens", odt("<text:p>mé\u00addiation, rendez\u2011vous</text:p>"), ["médiation, rendez\u2011vous"]),
    Sample(
        "odt link and bookmark",
        odt(
            '<text:p><text:bookmark text:name="b"/>Voir <text:a xlink:type="simple" xlink:href="http://example.org/">le site</text:a></text:p>'
        ),
        ["Voir le site"],
    ),
    Sample(
        "odt notes",
        odt(
            '<text:p>Former<text:note text:id="n" text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Au pied</text:p></text:note-body></text:note></text:p>'
        ),
        ["Former"],
        shown="Former1 1 Au pied",
        why=_NOTES_LEFT_OUT,
    ),
    Sample(
        "odt comment",
        odt(
            "<text:p>Former<office:annotation><dc:creator>A</dc:creator><text:p>Bof</text:p></office:annotation> tous</text:p>"
        ),
        ["Former tous"],
    ),
    Sample(
        "odt table",
        odt(
            cells(
                ["<text:p>Sujet</text:p>", "<text:p>Décision</text:p>"],
                ["<text:p>Horaires</text:p>", "<text:p>Ouvrir</text:p>"],
            )
        ),
        ["## Sujet", "## Décision", "Horaires", "Ouvrir"],
    ),
    Sample(
        "odt merged cells",
        odt(
            cells(
                [
                    '<table:table-cell table:number-columns-spanned="2"><text:p>Un</text:p></table:table-cell>',
                    "<table:covered-table-cell><text:p>Dessous</text:p></table:covered-table-cell>",
                ],
                ["<text:p>Deux</text:p>", "<text:p>Trois</text:p>"],
            )
        ),
        ["Un", "Deux", "Trois"],
    ),
    Sample(
        "odt text box",
        odt(f"<text:p>Dehors{_FRAME.format('<draw:text-box><text:p>Dedans</text:p></draw:text-box>')}</text:p>"),
        ["Dedans", "Dehors"],
    ),
    Sample(
        "odt ruby",
        odt(
            "<text:p>Lire <text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>kan</text:ruby-text></text:ruby></text:p>"
        ),
        ["Lire 漢"],
        shown="Lire kan 漢",
        why="the reading above a sign is no word of the line",
    ),
    Sample(
        "odt title and derived headings",
        odt(
            "<text:p text:style-name='Title'>Compte rendu</text:p><text:p text:style-name='T1'>Décisions</text:p>",
            styles=style("Title", "paragraph") + style("Heading_20_1", "paragraph", default_outline_level="1"),
            automatic=style("T1", "paragraph", parent="Heading_20_1"),
        ),
        ["## Compte rendu", "## Décisions"],
    ),
    Sample(
        "odt large first letter",
        odt(
            "<text:p text:style-name='C'>Créer un poste</text:p>",
            automatic=style(
                "C",
                "paragraph",
                '<style:paragraph-properties><style:drop-cap style:lines="2" style:length="1"/></style:paragraph-properties>',
            ),
        ),
        ["Créer un poste"],
    ),
    Sample(
        "odt formula",
        odt(
            f"<text:p>Soit {_FRAME.format('<draw:object xlink:href=' + chr(34) + './Object 1/' + chr(34) + '/>')}</text:p>",
            **{
                "Object 1": '<math:math xmlns:math="http://www.w3.org/1998/Math/MathML"><math:semantics><math:mfrac><math:mn>1</math:mn><math:mn>10</math:mn></math:mfrac><math:annotation>1 over 10</math:annotation></math:semantics></math:math>'
            },
        ),
        ["Soit 1/10"],
        shown="Soit Object 1",
        why=_NO_MATH,
    ),
    Sample(
        "odt table of contents",
        odt(
            '<text:table-of-content text:name="T"><text:index-body><text:p>Décisions</text:p></text:index-body></text:table-of-content><text:p>Former</text:p>'
        ),
        ["Former"],
        shown="Décisions Former",
        why="it repeats the headings",
    ),
    Sample(
        "odt header",
        odt("<text:p>Former</text:p>", header="<style:header><text:p>En-tête</text:p></style:header>"),
        ["Former"],
        shown="En-tête Former",
        why="what stands on every page is no line of the text",
    ),
]
SAMPLES = DOCX + ODT
