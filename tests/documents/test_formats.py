"""Each format by itself: valid whatever people write, accessible, reproducible, and failing without the others."""

import hashlib
import importlib
import io
import re
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import odfdo
import pikepdf
import pypdf
import pytest

from forum.documents import references
from forum.documents.charts import longest, spans
from forum.documents.columns import LETTER, fitted
from forum.documents.files import FONTS, TEMPLATES
from forum.documents.formats import FORMATS, MissingRenderer
from forum.documents.glyphs import covered
from forum.documents.outline import Bar, BarChart, Outline, Part, Pattern, ProposalBlock, Quotation, Section, Table
from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.snapshots import FrozenMeeting
from tests.document_samples import LONG_WORD, SAMPLES, large_snapshot, made, outline_in, small_snapshot

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_same_snapshot_gives_the_same_bytes(sample: str, name: str) -> None:
    again = FORMATS[name].render(outline_in(sample))
    assert hashlib.sha256(again).hexdigest() == hashlib.sha256(made(sample, name)).hexdigest()


# HTML


class _Page(HTMLParser):
    """Collects ids and links, and checks that every element is closed."""

    VOID = frozenset({"meta", "rect", "circle", "col", "br", "img", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(sample: str) -> _Page:
    page = _Page()
    page.feed(made(sample, "html").decode("utf-8"))
    assert page.open == []
    return page


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_page_runs_nothing_and_asks_for_nothing(sample: str) -> None:
    page = page_of(sample)
    assert not {"script", "link", "iframe", "img", "object"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("style", "src")]
    hrefs = [value for _, name, value in page.attributes if name == "href"]
    assert all(href.startswith(("#", "https://forum.example.org")) for href in hrefs)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_link_inside_the_page_arrives(sample: str) -> None:
    page = page_of(sample)
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    inner = {value[1:] for _, name, value in page.attributes if name == "href" and value.startswith("#")}
    assert inner <= set(ids)


def test_the_page_says_its_language_and_lets_one_skip_to_the_content() -> None:
    page = page_of("small")
    assert ("html", "lang", "fr") in page.attributes
    assert ("a", "href", "#document") in page.attributes
    assert ("main", "id", "document") in page.attributes


def test_hostile_words_are_shown_and_not_obeyed() -> None:
    text = made("hostile", "html").decode("utf-8")
    assert "{{ 7 * 7 }}" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert LONG_WORD in text


# PDF


def structure_of(pdf: pikepdf.Pdf) -> Iterator[Any]:
    waiting = [pdf.Root.StructTreeRoot.K]
    while waiting:
        item = waiting.pop()
        if isinstance(item, pikepdf.Array):
            waiting.extend(list(item))
        elif isinstance(item, pikepdf.Dictionary) and "/S" in item:
            yield item
            if "/K" in item:
                waiting.append(item.K)


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_pdf_is_tagged_and_says_that_it_is_pdf_ua(sample: str) -> None:
    with pikepdf.open(io.BytesIO(made(sample, "pdf"))) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "fr"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"]
        assert "/Outlines" in pdf.Root
        headings = [str(item.S) for item in structure_of(pdf) if re.fullmatch(r"/H[1-6]", str(item.S))]
        assert headings.count("/H1") >= 7
        fonts = {str(font.BaseFont) for page in pdf.pages for font in page.Resources.get("/Font", {}).values()}
        assert all("+" in font for font in fonts)  # a prefix and "+" name an embedded subset


@pytest.mark.parametrize("sample", ["small", "large"])
def test_every_figure_of_the_pdf_has_words_and_every_table_a_head(sample: str) -> None:
    with pikepdf.open(io.BytesIO(made(sample, "pdf"))) as pdf:
        items = list(structure_of(pdf))
        figures = [item for item in items if item.S == "/Figure"]
        assert len(figures) >= 2
        assert all(str(figure.get("/Alt", "")).startswith("Barres horizontales") for figure in figures)
        tables = [item for item in items if item.S == "/Table"]
        heads = [item for item in items if item.S == "/THead"]
        assert len(tables) == len(heads) >= 5


def test_the_pdf_carries_the_date_of_its_data_and_no_other() -> None:
    reader = pypdf.PdfReader(io.BytesIO(made("small", "pdf")))
    assert reader.metadata is not None
    assert str(reader.metadata["/CreationDate"]) == "D:20261212170005Z"
    assert "2026-12-12T17:00:05" in made("small", "pdf").decode("latin-1")


def test_chapters_of_the_pdf_start_a_page_and_no_page_is_blank() -> None:
    reader = pypdf.PdfReader(io.BytesIO(made("large", "pdf")))
    chapters = [item for item in reader.outline if not isinstance(item, list)]
    pages = [reader.get_destination_page_number(chapter) for chapter in chapters]
    words = [page.extract_text() for page in reader.pages]
    assert len(set(pages)) == len(chapters) == 8
    for chapter, page in zip(chapters, pages, strict=True):
        assert page is not None
        assert words[page].startswith(str(chapter.title))
    for number, text in enumerate(words[1:], start=2):
        assert len(text.replace(f"Page {number} sur {len(words)}", "").strip().split("\n")) > 1, number


def test_a_sentence_that_opens_a_list_stays_on_its_page() -> None:
    """Tried after texts of many lengths, so that one of them puts it near the foot of a page."""
    snapshot = small_snapshot()
    opening = "Questions directrices posées"
    for lines in range(20, 25):
        theme = replace(snapshot.themes[0], introduction="\n\n".join("Une ligne." for _ in range(lines)))
        pdf = FORMATS["pdf"].render(outline_of(replace(snapshot, themes=(theme,))))
        words = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
        (page,) = [page for page in words if opening in page]
        assert "Sur quels membres" in page, lines


SIGNS = "Avant → après, CO₂, 1ᵉʳ, Nguyễn Thị, ✓ fait, ⅓, ☐ ➢, Ωμέγα, Привет, 日本語, 한국어, नमस्ते, ⵜⵉⴼ, 𝗔𝗯 😀"


def words_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def said(words: str) -> Outline:
    """A document whose first verbatim, title, organiser and theme are these words."""
    snapshot = small_snapshot()
    theme = replace(snapshot.themes[0], title=words, introduction=words)
    consultation = replace(snapshot.consultation, title=words, organiser=words)
    return outline_of(replace(snapshot, consultation=consultation, themes=(theme, *snapshot.themes[1:])))


def test_letters_that_the_main_face_lacks_are_drawn_by_another_one() -> None:
    words = words_of(FORMATS["pdf"].render(said(SIGNS))).replace("\n", " ")
    assert "[U+" not in words
    assert [sign for sign in SIGNS if sign not in words] == []
    assert "Nguyễn Thị" in words  # one glyph a letter, read once


def test_one_sign_that_no_font_has_takes_no_other_with_it() -> None:
    words = words_of(FORMATS["pdf"].render(said(f"{SIGNS} \U00020000"))).replace("\n", " ")
    assert set(re.findall(r"\[U\+\w+\]", words)) == {"[U+20000]"}
    assert [sign for sign in SIGNS if sign not in words] == []


def test_hostile_words_are_set_as_they_are() -> None:
    words = words_of(made("hostile", "pdf"))
    assert "[U+" not in words
    assert "日本語" in words
    assert "#panic" in words
    assert "anticonstitutionnellement" in words.replace("\n", "").replace("\u200b", "")


def test_the_head_of_a_page_is_whole_and_as_long_as_its_line() -> None:
    snapshot = small_snapshot()
    title = " ".join(["Améliorer la formation aux métiers de la médiation numérique"] * 3)
    themes = (replace(snapshot.themes[0], title=title),)
    pdf = FORMATS["pdf"].render(outline_of(replace(snapshot, themes=themes)))
    pages = [page.extract_text().split("\n") for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    heads = [lines[0].replace("\u00a0", " ") for lines in pages if "…" in lines[0]]
    assert [head.partition("… ")[2] for head in heads] == ["Méthode", "Propositions classées", "Annexes"]
    assert all(head.startswith("Thème 3 : Améliorer la formation aux métiers") for head in heads)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        operators = {str(one.operator) for page in opened.pages for one in pikepdf.parse_content_stream(page)}
    assert not operators & {"W", "W*"}  # nothing is cut where its box ends


def test_the_fonts_are_the_ones_of_the_manifest() -> None:
    manifest = tomllib.loads((FONTS / "MANIFEST.toml").read_text(encoding="utf-8"))
    declared = {name: digest for font in manifest["font"] for name, digest in font["sha256"].items()}
    present = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FONTS.glob("*.[ot]tf")}
    assert declared == present
    assert all((FONTS / font["licence_file"]).exists() for font in manifest["font"])


def test_a_font_says_which_signs_it_draws() -> None:
    drawn = covered(FONTS / "AtkinsonHyperlegible_400Regular.ttf")
    assert {ord(sign) for sign in "aéœŒ«»’–−"} <= drawn
    assert not {ord(sign) for sign in "日م\uffff"} & drawn
    assert ord("م") in covered(FONTS / "NotoSansArabic_400Regular.ttf")
    assert ord("👍") in covered(FONTS / "NotoEmoji_400Regular.ttf")
    assert {ord(sign) for sign in "→₂ᵉʳễị✓⅓ΩЖ"} <= covered(FONTS / "Inter_400Regular.ttf")
    assert {ord(sign) for sign in "日☐ន"} <= covered(FONTS / "unifont.otf")


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.ttf"
    path.write_bytes(bytes(12))
    with pytest.raises(ValueError, match="no cmap table"):
        covered(path)


# ODT and DOCX


@pytest.mark.parametrize("name", ["odt", "docx"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_every_part_of_an_office_document_is_well_formed(sample: str, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(made(sample, name))) as archive:
        assert archive.testzip() is None
        for part in archive.namelist():
            if part.endswith((".xml", ".rels", ".rdf")):
                ElementTree.fromstring(archive.read(part))
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 12, 12, 17, 0, 4)}  # zips count by two


_STYLES = {
    "docx": (r' w:styleId="([^"]+)"', r'<w:(?:pStyle|rStyle|tblStyle|basedOn|next|link) w:val="([^"]+)"'),
    "odt": (
        r'<(?:style|text):(?:style|list-style|page-layout|master-page|font-face)\b[^>]* style:name="([^"]+)"',
        r' [a-z]+:(?:[a-z-]*style-name|master-page-name|page-layout-name|font-name[a-z-]*)="([^"]+)"',
    ),
}


@pytest.mark.parametrize("name", ["odt", "docx"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_every_style_that_an_office_document_names_is_defined(sample: str, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(made(sample, name))) as archive:
        parts = {part: archive.read(part).decode() for part in archive.namelist() if part.endswith(".xml")}
    defined, named = (re.compile(pattern) for pattern in _STYLES[name])
    known = set(defined.findall("".join(parts.values())))
    assert len(known) > 20
    assert {part: missing for part, xml in parts.items() if (missing := set(named.findall(xml)) - known)} == {}


def test_the_odt_says_what_each_of_its_files_is() -> None:
    manifest = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
    with zipfile.ZipFile(io.BytesIO(made("small", "odt"))) as archive:
        entries = ElementTree.fromstring(archive.read("META-INF/manifest.xml"))
        types = {entry.attrib[f"{manifest}full-path"]: entry.attrib[f"{manifest}media-type"] for entry in entries}
        assert set(types) == {*archive.namelist(), "/"} - {"mimetype", "META-INF/manifest.xml"}
        assert {types[f"{part}.xml"] for part in ("content", "styles", "meta")} == {"text/xml"}
        styles, content = (archive.read(f"{part}.xml").decode() for part in ("styles", "content"))
        for family in set(re.findall('<style:style [^>]*style:family="([^"]+)"', styles + content)) - {"table-column"}:
            assert re.search(f'<style:default-style style:family="{family}"', styles), family
        faces = (set(re.findall('<style:font-face [^>]*style:name="([^"]+)"', part)) for part in (styles, content))
        assert [*faces] == [{"Atkinson Hyperlegible"}, set()]
        assert 'fo:language="fr"' in styles
        assert 'fo:country="FR"' in styles
        for font in re.findall('xlink:href="(Fonts/[^"]+)"', styles):
            assert archive.read(font) == (FONTS / font.removeprefix("Fonts/")).read_bytes()
        assert len(re.findall("font-face-uri xlink:href", styles)) == 3


def test_the_docx_holds_its_face_and_names_no_other_for_words() -> None:
    with zipfile.ZipFile(io.BytesIO(made("small", "docx"))) as archive:
        table = archive.read("word/fontTable.xml").decode()
        links = dict(
            re.findall(r'Id="(\w+)"[^>]*Target="([^"]+)"', archive.read("word/_rels/fontTable.xml.rels").decode())
        )
        embedded = re.findall(r'<w:embed(\w+) r:id="(\w+)" w:fontKey="\{([^}]+)\}"', table)
        assert [style for style, _, _ in embedded] == ["Regular", "Bold", "Italic"]
        for _, link, key in embedded:
            hidden = archive.read(f"word/{links[link]}")
            mask = bytes.fromhex(key.replace("-", ""))[::-1] * 2
            font = bytes(one ^ other for one, other in zip(hidden[:32], mask, strict=True)) + hidden[32:]
            assert font in [path.read_bytes() for path in FONTS.glob("Atkinson*")]
        assert "embedTrueTypeFonts" in archive.read("word/settings.xml").decode()
        assert set(re.findall('w:name="([^"]+)"', table)) == {
            "Atkinson Hyperlegible",
            "Symbol",
            "Wingdings",
            "Courier New",
        }
        assert "Aptos" not in archive.read("word/theme/theme1.xml").decode()


@pytest.mark.parametrize(
    ("wanted", "letters", "least"),
    [
        ((10, 40, 11, 9, 9, 11, 10), (6, 14, len("fusionnée"), 5, 5, 6, 4), (10, 20, 14, 8, 8, 10, 7)),
        ((26, 18, 18, 20, 18), (11, 8, len("Visioconférence"), 13, 12), (17, 13, 23, 20, 18)),
        ((70, 30), (12, 13), (70, 30)),
        ((50, 50), (10_000, 10_000), (50, 50)),
        ((90, 5, 5), (3, 100_000, 12), (30, 36, 18)),
        ((20, 20, 20, 20, 20), (24, 24, 24, 24, 24), (20, 20, 20, 20, 20)),
    ],
)
def test_a_column_is_as_wide_as_its_longest_word(
    wanted: tuple[int, ...], letters: tuple[int, ...], least: tuple[int, ...]
) -> None:
    widths = fitted(wanted, letters)
    assert sum(widths) == 100
    assert [width for width, enough in zip(widths, least, strict=True) if width < enough] == []


@pytest.mark.parametrize("sample", SAMPLES)
def test_tables_of_every_document_have_room_for_their_words(sample: str) -> None:
    remote = replace(
        SAMPLES[sample](), meetings=(FrozenMeeting("Groupe Formation", 1, "2026-10-06", "Visioconférence"),)
    )
    for table in tables_of(outline_of(remote)):
        assert sum(column.width for column in table.columns) == 100
        for number, column in enumerate(table.columns):
            words = " ".join((column.header, *(row[number].text for row in table.rows))).split(" ")
            if sample != "hostile":
                assert column.width >= int(max(map(len, words)) * LETTER), (table.caption, column.header)


def tables_of(outline: Outline) -> Iterator[Table]:
    waiting = list(outline.chapters)
    while waiting:
        section = waiting.pop()
        waiting.extend(section.sections)
        for block in section.blocks:
            if isinstance(block, Table):
                yield block
            elif isinstance(block, BarChart):
                yield block.table


def proposals_of(sample: str) -> list[ProposalBlock]:
    outline = outline_in(sample)
    sections = next(chapter for chapter in outline.chapters if chapter.anchor == "propositions").sections
    nested = [inner for part in sections for inner in (part, *part.sections)]
    return [block for part in nested for block in part.blocks if isinstance(block, ProposalBlock)]


def test_the_odt_reads_back_with_headings_heads_words_of_pictures_and_contents() -> None:
    body = odfdo.Document(io.BytesIO(made("large", "odt"))).body
    levels = [int(str(heading.get_attribute("text:outline-level"))) for heading in body.get_elements("//text:h")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(body.get_elements("//table:table-header-rows")) == len(body.get_elements("//table:table")) >= 5
    alts = [element.text for element in body.get_elements("//draw:frame/svg:title")]
    assert len(alts) == len(body.get_elements("//draw:frame"))
    shown = [f"pour {b.bar.parts[0].shown}, abstention {b.bar.parts[1].shown}" for b in proposals_of("large") if b.bar]
    assert [alt.partition(", contre")[0] for alt in alts if alt.startswith("pour")] == shown
    entries = body.get_elements("//text:index-body/text:p")
    assert len(entries) == 7 + len([level for level in levels if level == 2])
    targets = {element.get_attribute("text:name") for element in body.get_elements("//text:bookmark-start")}
    pages = {element.get_attribute("text:ref-name") for element in body.get_elements("//text:bookmark-ref")}
    assert pages <= targets


def test_the_docx_reads_back_with_headings_heads_words_of_pictures_and_contents() -> None:
    document = docx.Document(io.BytesIO(made("large", "docx")))
    styles = [paragraph.style.name for paragraph in document.paragraphs if paragraph.style]
    levels = [int(name[-1]) for name in styles if name.startswith("Heading ")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in document.tables:
        assert table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
        assert all(row._tr.xpath("./w:trPr/w:cantSplit") for row in table.rows)
    descriptions = document.element.xpath("//wp:docPr/@descr")
    assert len(descriptions) == len([block for block in proposals_of("large") if block.bar]) + 3
    assert all(descriptions)
    assert not document.element.xpath("//pic:cNvPr[starts-with(@descr, 'data:')]")
    assert styles.count("toc 1") == 7
    entries = [paragraph for paragraph in document.paragraphs if paragraph.style and paragraph.style.name[:3] == "toc"]
    fields = [entry._p.xpath("string(.//w:instrText)").split() for entry in entries]
    assert all(field[0] == "PAGEREF" for field in fields)
    placed = document.element.xpath("//w:p/w:bookmarkStart/@w:name")
    assert placed == document.element.xpath("//w:bookmarkStart/@w:name")
    assert {field[1] for field in fields} | set(document.element.xpath("//w:hyperlink/@w:anchor")) <= set(placed)
    assert document.settings.element.xpath("./w:updateFields/@w:val") == ["true"]
    assert document.core_properties.created is not None
    assert document.core_properties.created.isoformat() == "2026-12-12T17:00:05+00:00"


def test_ranks_are_large_numerals_in_the_margin_of_office_documents() -> None:
    ranks = [block.rank.partition(" ")[0] for block in proposals_of("large") if block.rank]
    body = odfdo.Document(io.BytesIO(made("large", "odt"))).body
    headings = body.get_elements('//text:h[@text:style-name="Ranked"]')
    assert [heading.get_elements('text:span[@text:style-name="Rank"]')[0].text for heading in headings] == ranks
    assert all(heading.get_elements("text:tab") for heading in headings)
    document = docx.Document(io.BytesIO(made("large", "docx")))
    ranked = [paragraph for paragraph in document.paragraphs if paragraph._p.xpath('.//w:rStyle[@w:val="Rank"]')]
    assert [paragraph.runs[0].text for paragraph in ranked] == ranks
    assert {paragraph.style.name for paragraph in ranked if paragraph.style} == {"Heading 3"}
    assert all(paragraph.runs[1].text == "\t" for paragraph in ranked)
    assert all(int(paragraph.paragraph_format.first_line_indent or 0) < 0 for paragraph in ranked)


@pytest.mark.parametrize("name", ["odt", "docx"])
@pytest.mark.parametrize(
    ("sample", "head"), [("small", "Thème 3\u00a0: Formation et acteurs, version 1"), ("draft", ", brouillon 1<")]
)
def test_the_heads_of_an_office_document_say_which_one_it_is(sample: str, head: str, name: str) -> None:
    assert head in part_of(sample, name, "styles.xml" if name == "odt" else "word/header1.xml")
    title = re.search("<dc:title>(.*)</dc:title>", part_of(sample, name, "meta.xml" if name == "odt" else _CORE))
    assert title is not None
    assert title.group(1).endswith("du thème 3\u00a0: Formation et acteurs")


def test_each_quotation_of_an_office_document_has_a_rule_of_its_own() -> None:
    """A quotation is one paragraph, from its words to its author, and its rule does not join the next one's."""
    outline = outline_of(SAMPLES["large"]())
    marks = [block.id for section in sections_of(outline) for block in section.blocks if isinstance(block, Quotation)]
    document = docx.Document(io.BytesIO(made("large", "docx")))
    quotations = [each for each in document.paragraphs if each.style and each.style.name == "Verbatim"]
    assert [re.search(r"\n(C-\d+@\d+), .+$", each.text).group(1) for each in quotations] == marks  # type: ignore[union-attr]
    colours = [each._p.xpath("string(.//w:pBdr/w:left/@w:color)") for each in quotations]
    assert all(before != after for before, after in pairwise(colours))
    verbatims = re.findall(r'<text:p text:style-name="Verbatim">.*?</text:p>', content_of("large", "odt"), re.DOTALL)
    assert len(verbatims) == len(marks)
    assert all("Source" in verbatim for verbatim in verbatims)
    assert 'style:join-border="false"' in part_of("large", "odt", "styles.xml")


def sections_of(outline: Outline) -> Iterator[Section]:
    for chapter in outline.chapters:
        yield from (chapter, *chapter.sections)


@pytest.mark.parametrize("name", ["odt", "docx"])
def test_an_office_draft_has_no_empty_paragraph(name: str) -> None:
    content = content_of("draft", name)
    bodies = re.findall(r"<w:p>(?:<w:pPr>.*?</w:pPr>)?(.*?)</w:p>|<text:p [^>]*[^/]>(.*?)</text:p>", content, re.DOTALL)
    assert len(bodies) > 50
    assert all("".join(body).strip() for body in bodies)
    assert not re.search(r"(?:<text:line-break />|<w:r><w:br /></w:r>)\s*</(?:w|text):p>", content)


@pytest.mark.parametrize("name", ["odt", "docx"])
def test_a_term_stays_with_its_meaning_in_office_documents(name: str) -> None:
    """Both are in one paragraph, which is not split: the term is never alone at the foot of a page."""
    paragraphs = [
        re.sub(r"<[^>]+>", "", paragraph)
        for paragraph in re.findall(r"<(?:w|text):p[ >].*?</(?:w|text):p>", content_of("small", name), re.DOTALL)
    ]
    assert any(paragraph.startswith("AutomatiqueLe décompte des avis") for paragraph in paragraphs)
    meaning = next(style for style in references.PARAGRAPHS if style.odt == "Meaning")
    assert meaning.keep_together


_CORE = "docProps/core.xml"


def content_of(sample: str, name: str) -> str:
    return part_of(sample, name, "content.xml" if name == "odt" else "word/document.xml")


def part_of(sample: str, name: str, part: str) -> str:
    with zipfile.ZipFile(io.BytesIO(made(sample, name))) as archive:
        return archive.read(part).decode("utf-8")


@pytest.mark.parametrize("name", ["odt", "docx"])
def test_the_reference_documents_are_those_of_their_script(name: str) -> None:
    remade = references.reference_odt() if name == "odt" else references.reference_docx()
    assert remade == (TEMPLATES / f"reference.{name}").read_bytes(), "run python -m forum.documents.references"


def test_hostile_words_stay_words_in_office_documents() -> None:
    text = "".join(paragraph.text for paragraph in docx.Document(io.BytesIO(made("hostile", "docx"))).paragraphs)
    assert "{{ 7 * 7 }}" in text
    assert "![image](/etc/passwd)" in text
    assert "<script>alert(1)</script>" in text
    assert LONG_WORD in text
    assert "مرحبا" in text


# Missing packages


class _Absent:
    """Makes Python behave as if a package were missing."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def forget(package: str) -> None:
        ours = [name for name in sys.modules if name.startswith("forum.documents.") and not name.endswith("formats")]
        kept = ("outline", "missing", "characters")
        for name in [*ours, *(name for name in sys.modules if name.partition(".")[0] == package)]:
            if name.rpartition(".")[2] not in kept:
                monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "meta_path", [_Absent(package), *sys.meta_path])
        importlib.invalidate_caches()

    return forget


@pytest.mark.parametrize(
    ("module", "package", "lost"),
    [
        ("typst", "typst", {"pdf", "odt", "docx"}),
        ("pypandoc", "pypandoc-binary", {"odt", "docx"}),
        ("jinja2", "jinja2", {"html", "odt", "docx"}),
    ],
)
def test_a_missing_package_costs_its_formats_and_no_other(
    module: str, package: str, lost: set[str], without: Callable[[str], None]
) -> None:
    outline = outline_of(small_snapshot())
    without(module)
    failed = {}
    for name, known in FORMATS.items():
        try:
            assert known.render(outline)
        except MissingRenderer as error:
            failed[name] = error
    assert failed.keys() == lost
    assert {error.package for error in failed.values()} == {package}
    assert all(package in str(error) and error.format in str(error) for error in failed.values())


def test_pandoc_itself_can_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise OSError("No pandoc was found")

    monkeypatch.setattr("pypandoc.get_pandoc_path", nowhere)
    with pytest.raises(MissingRenderer, match="pypandoc-binary") as refused:
        FORMATS["docx"].render(outline_of(small_snapshot()))
    assert refused.value.format == "DOCX"


# Charts


def test_the_parts_of_a_bar_touch_and_fill_their_scale() -> None:
    bar = Bar("x", (Part("pour", 1, "1"), Part("abstention", 0, "0"), Part("contre", 2, "2", Pattern.HATCHED)))
    drawn = spans(bar, bar.total)
    assert [(span.start, span.width) for span in drawn] == [("0.00", "33.33"), ("33.33", "66.67")]
    assert spans(bar, 0) == ()
    chart = next(block for block in _charts(outline_of(large_snapshot(10))))
    assert longest(chart) == max(bar.total for bar in chart.bars)


def _charts(outline: Outline) -> Iterator[BarChart]:
    for chapter in outline.chapters:
        for block in chapter.blocks:
            if isinstance(block, BarChart):
                yield block
