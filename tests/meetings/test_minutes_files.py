"""Minutes that come as files: their lines in order, and a sentence for any other file."""

import io
import struct
import zipfile
import zlib
from xml.sax.saxutils import escape

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odfdo import Document, Header, List, Paragraph, Table

from forum.errors import Invalid
from forum.text.minutes import rows_of
from forum.text.minutes_files import LONGEST_FILE, LONGEST_PART, MOST_ENTRIES, read_minutes
from forum.text.office_xml import DEEPEST_TAG, MOST_TAGS
from tests.meetings.office_samples import docx as word_document
from tests.meetings.office_samples import item, odt, p, r, style, table, zipped

DEMANDS = ["Faciliter le recrutement en bibliothèques", "Garantir un cadre d’emploi", "Rénover la place du numérique"]
LINES = ["## GT réunion 1", "Présents : Malik", *(f"- {demand}" for demand in DEMANDS), "Wifi", "gratuit"]
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
ODF = "urn:oasis:names:tc:opendocument:xmlns"


def in_word(body: str, *, before: str = "", styles: str = "") -> bytes:
    parts = {"word/document.xml": f'{before}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'}
    if styles:
        parts["word/styles.xml"] = f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>'
    return zipped(parts)


def in_odf(body: str, *, before: str = "", kind: str = "text") -> bytes:
    names = " ".join(f'xmlns:{name}="{ODF}:{name}:1.0"' for name in ("office", "text", "table"))
    names += f' xmlns:draw="{ODF}:drawing:1.0"'
    office = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return zipped({"content.xml": f"{before}<office:document-content {names}>{office}</office:document-content>"})


def made_with_odfdo() -> bytes:
    document = Document("text")
    document.body.clear()
    table = Table("T")
    table.set_value("A1", "Wifi")
    table.set_value("B1", "gratuit")
    for element in (Header(1, "GT réunion 1"), Paragraph("Présents : Malik"), List(DEMANDS), table):
        document.body.append(element)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def made_with_python_docx() -> bytes:
    document = docx.Document()
    document.add_heading("GT réunion 1", 1)
    document.add_paragraph("Présents : Malik")
    for demand in DEMANDS:
        document.add_paragraph(demand, style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Wifi", "gratuit"
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        read_minutes(content)
    return str(refused.value)


def read_or_refused(content: bytes) -> str:
    """The text, or the sentence of the refusal: nothing else may be raised."""
    try:
        return read_minutes(content)
    except Invalid as refused:
        return str(refused)


@pytest.mark.parametrize("content", [made_with_odfdo(), made_with_python_docx()], ids=["odt", "docx"])
def test_an_office_file_gives_its_lines_in_order(content: bytes) -> None:
    text = read_minutes(content)
    # The styles of odfdo number the chapters.
    assert text.replace("## 1. GT", "## GT").split("\n") == LINES
    assert [row.text for row in rows_of(text) if row.kept] == DEMANDS


@pytest.mark.parametrize(
    "content",
    [
        "Réunion\r\n- Créer l’été\r\n".encode(),
        b"\xef\xbb\xbf" + "Réunion\n- Créer l’été\n".encode(),
        "Réunion\r- Créer l’été\r".encode("cp1252"),
        "Réunion\n- Créer l’été\n".encode("utf-16"),
    ],
    ids=["utf-8", "with a mark", "windows-1252", "utf-16"],
)
def test_text_is_read_as_french_editors_write_it(content: bytes) -> None:
    assert read_minutes(content) == "Réunion\n- Créer l’été\n"


def test_a_flat_odf_is_read_under_any_name() -> None:
    names = f'xmlns:office="{ODF}:office:1.0" xmlns:text="{ODF}:text:1.0" xmlns:style="{ODF}:style:1.0"'
    hidden = style("S", "text", '<style:text-properties text:display="none"/>')
    content = (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<office:document {names} "
        f'office:mimetype="application/vnd.oasis.opendocument.text"><office:automatic-styles>{hidden}'
        "</office:automatic-styles><office:body><office:text><text:p>Créer<text:span text:style-name='S'> un"
        "</text:span></text:p></office:text></office:body></office:document>"
    )
    assert read_minutes(content.encode()) == "Créer"
    assert "ne sait pas lire" in refusal(content.replace("</text:p>", "").encode())
    assert "ne sait pas lire" in refusal(content.replace("?>\n", f"?>\n{LAUGHS}").encode())


@pytest.mark.parametrize("words", ["Créer l’été", "Où aller ? Ça va", "Éloïse Lœuf – 20 €", "ÉLOÏSE À ORLÉANS, SŒUR"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_french_words_are_not_doubted(words: str, encoding: str) -> None:
    assert read_minutes(words.encode(encoding)) == words


def test_signs_of_comparison_and_heads_of_mails_are_words() -> None:
    for words in (
        "<10 agents : former tout le monde",
        "Date : 3 mars\nObjet : réunion\n- Former",
        "a:b\n" * 3000,
        "<!-- -->" * 3000 + "Former",
    ):
        assert read_minutes(words.encode()) == words


def test_styles_that_are_based_on_each_other_end() -> None:
    pairs = (("A", "B"), ("B", "A"))
    word = "".join(f'<w:style w:styleId="{one}"><w:basedOn w:val="{other}"/></w:style>' for one, other in pairs)
    body = '<w:p><w:pPr><w:pStyle w:val="A"/></w:pPr><w:r><w:t>Former</w:t></w:r></w:p>'
    assert read_minutes(in_word(body, styles=word)) == "Former"
    odf = "".join(style(one, "paragraph", parent=other) for one, other in pairs)
    assert read_minutes(odt('<text:p text:style-name="A">Former</text:p>', styles=odf)) == "Former"


DERIVED = (
    '<w:style w:type="paragraph" w:styleId="MaPuce"><w:name w:val="Puce"/><w:basedOn w:val="Listepuces"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="MonTitre"><w:name w:val="CR"/><w:basedOn w:val="Titre1"/></w:style>'
)
FROM_WORD = """•\tFormer les agents
o\tdeux jours par an
§\tavec le CNFPT
1/ Ouvrir le dimanche
2- Prêter des ordinateurs
3 – Aider à domicile
a. Créer un réseau
\uf0d8\tRecruter des médiateurs
➢ Équiper les bus
● Imprimer gratuitement
→ Publier un guide
"""
FROM_PDF = """Compte rendu du 12 mars 2027
Page 1 sur 2
• Former les agents à la médiation numérique,
avec le CNFPT et les départements, dès la rentrée
2027
• Ouvrir les média-
thèques le dimanche
2
Page 2 sur 2
• Prêter des ordinateurs
"""


@pytest.mark.parametrize(
    ("content", "kept", "left"),
    [
        (
            word_document(
                item("Ouvrir le samedi", r(" (avis du préfet)", "<w:vanish/>")) + item(r("Caché", "<w:vanish/>"))
            ),
            ["Ouvrir le samedi"],
            [],
        ),
        (
            word_document(
                p("Décisions prises", properties='<w:pStyle w:val="MonTitre"/>')
                + p("Former les agents", properties='<w:pStyle w:val="MaPuce"/>')
                + p("La séance continue après une pause."),
                styles=DERIVED,
            ),
            ["Former les agents"],
            ["Décisions prises", "La séance continue après une pause."],
        ),
        (
            word_document(item("Créer un poste", "<w:r><w:br/></w:r>", "Dans chaque département") + item("Ouvrir")),
            ["Créer un poste Dans chaque département", "Ouvrir"],
            [],
        ),
        (
            word_document(
                table(["Sujet", "Date limite"], ["Ouvrir le dimanche", "30/06/2027"], ["Mme Martin", "sept. 2027"])
            ),
            ["Ouvrir le dimanche"],
            ["Sujet", "Date limite", "30/06/2027", "Mme Martin", "sept. 2027"],
        ),
        (word_document(item("Former", number=2) + item("Ouvrir", number=5)), ["Former", "Article 1 Ouvrir"], []),
        (FROM_WORD.encode(), [line.split(maxsplit=1)[1].removeprefix("– ") for line in FROM_WORD.splitlines()], []),
        (
            FROM_PDF.encode(),
            [
                "Former les agents à la médiation numérique, avec le CNFPT et les départements, dès la rentrée 2027",
                "Ouvrir les médiathèques le dimanche",
                "Prêter des ordinateurs",
            ],
            ["Compte rendu du 12 mars 2027", "Page 1 sur 2", "2", "Page 2 sur 2"],
        ),
        (
            "- Recruter\vDes médiateurs\n- Former les agents\u2028- Ouvrir le soir\n".encode(),
            ["Recruter Des médiateurs", "Former les agents", "Ouvrir le soir"],
            [],
        ),
    ],
    ids=["hidden", "styles", "broken by hand", "table", "numbers", "from Word", "from a PDF", "line ends"],
)
def test_rows_are_what_people_meant(content: bytes, kept: list[str], left: list[str]) -> None:
    rows = rows_of(read_minutes(content))
    assert [row.text for row in rows if row.kept] == kept
    assert [row.text for row in rows if not row.kept] == left


def test_what_the_author_of_an_odt_removed_is_not_read() -> None:
    body = (
        "<text:tracked-changes><text:p>Retiré</text:p></text:tracked-changes>"
        "<text:table-of-content><text:index-body><text:p>Sommaire</text:p></text:index-body></text:table-of-content>"
        "<text:p>Créer<text:s text:c='2'/>un\n  poste<text:note><text:note-body><text:p>Note</text:p></text:note-body>"
        "</text:note> de<office:annotation><text:p>Bof</text:p></office:annotation><text:tab/>médiateur</text:p>"
        "<text:list><text:list-item><text:p>Un<text:line-break/>suite</text:p><text:p>encore</text:p>"
        "<text:list><text:list-item><text:p>Deux</text:p></text:list-item></text:list></text:list-item></text:list>"
        "<text:p>Dehors<draw:frame><draw:text-box><text:p>Dedans</text:p></draw:text-box></draw:frame></text:p>"
    )
    expected = ["Créer  un poste de\tmédiateur", "- Un", "  suite", "encore", "- Deux", "Dedans", "Dehors"]
    assert read_minutes(in_odf(body)).split("\n") == expected


def test_what_the_author_of_a_docx_removed_is_not_read() -> None:
    styles = (
        '<w:style w:styleId="Titre1"><w:name w:val="heading 1"/><w:pPr><w:numPr/></w:pPr></w:style>'
        '<w:style w:styleId="Puces"><w:name w:val="Mes puces"/><w:pPr><w:numPr/></w:pPr></w:style>'
        '<w:style w:styleId="TM1"><w:name w:val="toc 1"/></w:style>'
    )
    body = (
        '<w:p><w:pPr><w:pStyle w:val="TM1"/></w:pPr><w:r><w:t>Sommaire</w:t></w:r></w:p>'
        '<w:p><w:pPr><w:pStyle w:val="Titre1"/></w:pPr><w:r><w:t>Titre</w:t><w:br/><w:t>long</w:t></w:r></w:p>'
        '<w:p><w:pPr><w:pStyle w:val="Puces"/></w:pPr><w:r><w:t>Un</w:t></w:r></w:p>'
        '<w:p><w:pPr><w:pStyle w:val="Puces"/><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>'
        "<w:r><w:t>Nu</w:t></w:r></w:p>"
        '<w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs><w:numPr><w:numId w:val="3"/></w:numPr>'
        '<w:pPrChange><w:pPr><w:pStyle w:val="Titre1"/></w:pPr></w:pPrChange></w:pPr>'
        "<w:del><w:r><w:delText>Retiré</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>Ailleurs</w:t></w:r></w:moveFrom>"
        "<w:ins><w:r><w:t>De</w:t><w:tab/><w:t>ux</w:t></w:r></w:ins><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
    )
    assert read_minutes(in_word(body, styles=styles)).split("\n") == ["## Titre long", "- Un", "Nu", "- De\tux"]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(alphabet='aéb <&"’👍-', min_size=1).map(lambda line: f"x{line}x"), min_size=1, max_size=20))
def test_paragraphs_keep_their_order_and_their_words(paragraphs: list[str]) -> None:
    expected = [" ".join(paragraph.split(" ")) for paragraph in paragraphs]
    odf = "".join(f"<text:p>{escape(one)}</text:p>" for one in paragraphs)
    word = "".join(f"<w:p><w:r><w:t>{escape(one)}</w:t></w:r></w:p>" for one in paragraphs)
    for content in (in_odf(odf), in_word(word)):
        assert [" ".join(line.split()) for line in read_minutes(content).split("\n")] == [
            " ".join(line.split()) for line in expected
        ]


LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">'


@pytest.mark.parametrize("before", [LAUGHS, OUTSIDE, PARAMETER])
def test_a_document_type_is_refused_before_its_entities_are_expanded(before: str) -> None:
    assert "ne sait pas lire" in refusal(in_word("<w:p><w:r><w:t>&b;</w:t></w:r></w:p>", before=before))
    assert "ne sait pas lire" in refusal(in_odf("<text:p>&a;</text:p>", before=before))


@pytest.mark.parametrize(
    "body",
    [
        "<w:p/>" * (MOST_TAGS + 1),
        "<w:p>" * (DEEPEST_TAG + 1) + "</w:p>" * (DEEPEST_TAG + 1),
        "<w:p><w:r><w:t>" + "a" * LONGEST_PART + "</w:t></w:r></w:p>",
    ],
    ids=["tags", "depth", "letters"],
)
def test_a_bomb_is_not_unpacked(body: str) -> None:
    content = in_word(body)
    assert len(content) < LONGEST_FILE
    assert "décompressé" in refusal(content)


def test_entries_are_counted_and_their_sizes_added_before_any_is_unpacked() -> None:
    assert "décompressé" in refusal(zipped({f"{number}.xml": "" for number in range(MOST_ENTRIES + 1)}))
    assert "décompressé" in refusal(zipped({f"media/{n}.bmp": bytes(3 * 1024 * 1024) for n in range(7)}))


def test_an_entry_that_lies_about_its_size_is_not_trusted() -> None:
    body = "<w:p><w:r><w:t>" + "a" * (2 * LONGEST_PART) + "</w:t></w:r></w:p>"
    content = bytearray(in_word(body))
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 10)
    assert refusal(bytes(content))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_the_compression_of_office_files_is_read(compression: int) -> None:
    assert "ne sait pas lire" in refusal(zipped({"word/document.xml": "<x/>"}, compression))


def test_a_number_without_end_is_not_shown_before_every_item() -> None:
    levels = f'<w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="{"%1" * 100_000}"/></w:lvl>'
    kind = f'<w:abstractNum w:abstractNumId="9">{levels}</w:abstractNum>'
    numbering = f'{kind}<w:num w:numId="9"><w:abstractNumId w:val="9"/></w:num>'
    content = word_document(item("Former", number=9) * 10_000, numbering=numbering)
    assert len(content) < LONGEST_FILE
    assert len(read_minutes(content)) < 10_000 * 200


TAGS = [
    "p",
    "r",
    "t",
    "pPr",
    "rPr",
    "del",
    "moveFrom",
    "tbl",
    "tr",
    "tc",
    "txbxContent",
    "sdt",
    "vanish",
    "numPr",
    "ruby",
]
TREES = st.recursive(
    st.sampled_from(["", "mots", "<w:tab/>", "<w:br/>", '<w:fldChar w:fldCharType="begin"/>']),
    lambda inside: st.tuples(st.sampled_from(TAGS), st.lists(inside, max_size=4)).map(
        lambda made: f"<w:{made[0]}>{''.join(made[1])}</w:{made[0]}>"
    ),
    max_leaves=30,
)


@given(TREES)
def test_any_order_of_tags_is_read_or_refused(body: str) -> None:
    assert read_or_refused(in_word(body))


def test_the_removed_end_of_a_box_ends_with_the_box() -> None:
    removed = p("Dedans", properties='<w:rPr><w:del w:id="1" w:author="A"/></w:rPr>')
    content = in_word(p("Dehors", f"<w:r><w:txbxContent>{removed}</w:txbxContent></w:r>") + p("Ensuite"))
    assert read_minutes(content).split("\n") == ["Dedans", "Dehors", "Ensuite"]


def with_a_password() -> bytes:
    content = bytearray(made_with_python_docx())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature)
        content[at + flags] |= 1
    return bytes(content)


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + zlib.compress(b"picture" * 50)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
ENCRYPTED_ODT: dict[str, str | bytes] = {"content.xml": b"\x93\x01", "META-INF/manifest.xml": "<m:encryption-data/>"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "est vide"),
        (b" \r\n\t\n", "aucun texte"),
        (in_odf("<text:p> </text:p>"), "aucun texte"),
        (in_word("<w:p/>"), "aucun texte"),
        (b"a" * (LONGEST_FILE + 1), "dépasse 2 Mo"),
        (PNG, "ne sait pas lire"),
        (b"\x81\x8d\x8f", "en UTF-8"),
        ("Réunion\r- Créer un poste à l’été\r".encode("mac_roman"), "en UTF-8"),
        ("- Ouvrir le dimanche, d’accord".encode("mac_roman"), "en UTF-8"),
        ("Nommer une équipe".encode("mac_roman"), "en UTF-8"),
        ("Nommer une équipe".encode("cp850"), "en UTF-8"),
        (b"<!doctype html><html><body><ul><li>Former</li></ul></body></html>", "est une page web"),
        (b"\xef\xbb\xbf\n<!-- Word --><HTML><p>Former</p></HTML>", "est une page web"),
        (b"<?xml version='1.0'?>\n<html xmlns='http://www.w3.org/1999/xhtml'><p>Former</p></html>", "est une page web"),
        (b"<div><p>Former</p></div>", "est une page web"),
        (
            b"Date: Thu, 1 Jan 2027 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\r\n--x\r\n<html/>",
            "un courriel ou une page web",
        ),
        (b"<?xml version='1.0'?><pkg:package xmlns:pkg='x'><w:t>Former</w:t></pkg:package>", "format XML"),
        (b"<?mso-application progid='Word.Document'?><?xml version='1.0'?><w:document/>", "format XML"),
        (b"%PDF-1.7 ...", "est un PDF"),
        (b"{\\rtf1 bonjour}", "RTF"),
        (OLE, "ancien format de Word"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "mot de passe"),
        (with_a_password(), "mot de passe"),
        (zipped(ENCRYPTED_ODT), "mot de passe"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text", "encrypted-package": b"x"}), "mot de passe"),
        (zipped({"xl/workbook.xml": "<x/>"}), "ne sait pas lire"),
        (zipped({}), "ne sait pas lire"),
        (in_odf("<text:p>a</text:p>", kind="spreadsheet"), "ne sait pas lire"),
        (zipped({"word/document.xml": "<w:document"}), "ne sait pas lire"),
        (zipped({"word/document.xml": "<?xml version='1.0' encoding='klingon'?><x/>"}), "ne sait pas lire"),
        (made_with_odfdo()[:-60], "abîmé"),
        (made_with_python_docx()[:2000], "abîmé"),
    ],
)
def test_what_is_not_minutes_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    assert said in refusal(content)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from([made_with_odfdo(), made_with_python_docx(), in_odf("<text:p>a</text:p>")]), st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert read_or_refused(bytes(damaged)).strip()


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda rest: b"PK\x03\x04" + rest))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert "\x00" not in read_or_refused(content)
