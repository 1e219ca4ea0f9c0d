"""The document as an ODT for LibreOffice: pandoc's, with what it leaves out.

Added here: the words of each picture, a real table of contents with its entries and page numbers, rules between rows,
ranks in the margin, the face, the types of the files.
"""

import re
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from forum.documents.embedding import ODT_TYPE, in_odt
from forum.documents.office import ContentsStyles, entitled, headed, parts_by_pandoc, rewritten
from forum.documents.outline import Outline
from forum.documents.pictures import alts_of
from forum.documents.zips import stable_zip

_CONTENTS: Final = ContentsStyles(heading="Contents_20_Heading", first="Contents_20_1", second="Contents_20_2")

_ENTRY: Final = (
    r'(<text:p text:style-name="Contents_20_[12]"><text:a )([^>]*xlink:href="#([^"]+)".*?</text:a>)</text:p>'
)
_LINK_STYLE: Final = 'text:style-name="Definition" text:visited-style-name="Definition" '
_PAGE: Final = r'<text:tab/><text:bookmark-ref text:reference-format="page" text:ref-name="\3">1</text:bookmark-ref>'

_LEVEL: Final = (
    '<text:table-of-content-entry-template text:outline-level="{level}" text:style-name="Contents_20_{level}">'
    '<text:index-entry-link-start/><text:index-entry-text/><text:index-entry-tab-stop style:type="right" '
    'style:leader-char="."/><text:index-entry-page-number/><text:index-entry-link-end/>'
    "</text:table-of-content-entry-template>"
)
_INDEX_START: Final = (
    '<text:table-of-content text:name="contents"><text:table-of-content-source text:outline-level="2">'
    + _LEVEL.format(level=1)
    + _LEVEL.format(level=2)
    + "</text:table-of-content-source><text:index-body>"
)
_CELL_SPACE: Final = 'fo:padding-top="4pt" fo:padding-bottom="4pt" fo:padding-right="5pt"'
_IN_LINE: Final = 'text:anchor-type="as-char"'
_FILE: Final = '<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{type}"/>'
# For code, which no document holds.
_OTHER_FACES: Final = '<style:font-face style:name="Courier New"[^>]*/>'
_INDEX_END: Final = "</text:index-body></text:table-of-content>"


# The numeral of a rank stands in the margin, before the heading; the tab ends where the heading's own margin is.
_RANKED: Final = (
    '<style:style style:name="Ranked" style:family="paragraph" style:parent-style-name="Heading_20_3">'
    '<style:paragraph-properties fo:margin-left="0cm" fo:text-indent="-1.4cm" style:auto-text-indent="false"/>'
    "</style:style></office:automatic-styles>"
)
_RANK: Final = (
    r'<text:h text:style-name="Heading_20_3"([^>]*>(?:<text:bookmark-start [^>]*>)?'
    r'<text:span text:style-name="Rank">[^<]*</text:span>) '
)


def render(outline: Outline) -> bytes:
    """The ODT. The same outline gives the same bytes."""
    parts = parts_by_pandoc(outline, "odt", _CONTENTS)
    content = _with_alts(parts["content.xml"].decode("utf-8"), alts_of(outline))
    content = _with_one_parent(_with_ranks(_with_rules(_with_contents(rewritten(_OTHER_FACES, "", content, times=1)))))
    meta = rewritten("1970-01-01T00:00:00Z", outline.taken_at, parts["meta.xml"].decode("utf-8"), times=2)
    changed = {
        "content.xml": content,
        "styles.xml": headed(parts["styles.xml"].decode("utf-8"), outline),
        "meta.xml": entitled(meta, outline),
        "META-INF/manifest.xml": _with_types(parts["META-INF/manifest.xml"].decode("utf-8")),
    }
    return stable_zip(
        parts | in_odt() | {name: words.encode("utf-8") for name, words in changed.items()},
        outline.taken_at,
    )


def _with_types(manifest: str) -> str:
    """Of the files of a document, the schema knows `text/xml` (OpenDocument 1.3, part 2, 3.2), and fonts are files
    too."""
    typed = rewritten('"application/xml"', '"text/xml"', manifest)
    fonts = "".join(_FILE.format(name=name, type=ODT_TYPE) for name in in_odt())
    return rewritten("</manifest:manifest>", f"{fonts}</manifest:manifest>", typed, times=1)


def _with_alts(content: str, alts: list[str]) -> str:
    """Pandoc names the pictures img1, img2… in the order of the document; it drops their words and their anchors.

    A picture that is not anchored in its line is separated from its words where a page ends.
    """
    waiting: Iterator[tuple[int, str]] = iter(enumerate(alts, start=1))

    def named(found: re.Match[str]) -> str:
        number, alt = next(waiting)
        if found.group(1) != f"img{number}":
            raise ValueError(f"pandoc's pictures are not in order: {found.group(1)}")
        return f"<draw:frame {_IN_LINE} {found.group(2)}<svg:title>{escape(alt)}</svg:title></draw:frame>"

    done = re.sub(r'<draw:frame (?=draw:name="(\w+)")([^>]*><draw:image [^>]*/>)</draw:frame>', named, content)
    if next(waiting, None) is not None:
        raise ValueError("pandoc left out a picture")
    return done


def _with_contents(content: str) -> str:
    """The entries with their pages, inside an index that LibreOffice can bring up to date."""
    paged = rewritten(_ENTRY, rf"\1{_LINK_STYLE}\2{_PAGE}</text:p>", content)
    first = paged.index('<text:p text:style-name="Contents_20_1">')
    last = paged.index("<text:h ", first)
    return f"{paged[:first]}{_INDEX_START}{paged[first:last]}{_INDEX_END}{paged[last:]}"


def _with_rules(content: str) -> str:
    """A hairline under each row, a stronger one under the head."""
    if "<table:table " not in content:
        return content
    for cell, rule in (("TableHeaderRowCell", "0.8pt solid #1d1b18"), ("TableRowCell", "0.4pt solid #a9a194")):
        bare = rf'(<style:style style:name="{cell}" [^>]*>\s*<style:table-cell-properties fo:border="none")'
        content = rewritten(bare, rf'\1 fo:border-bottom="{rule}" {_CELL_SPACE}', content, times=1)
    return content


def _with_ranks(content: str) -> str:
    ranks = content.count('<text:span text:style-name="Rank">')
    headings = rewritten(_RANK, r'<text:h text:style-name="Ranked"\1<text:tab/>', content, times=ranks)
    return rewritten("</office:automatic-styles>", _RANKED, headings, times=1)


def _with_one_parent(content: str) -> str:
    """Pandoc bases automatic styles on one another; OpenDocument wants named ones, and LibreOffice ignores others."""
    style = r'style:name="(P\d+)" style:family="paragraph" style:parent-style-name="([^"]*)"'
    automatic = dict(re.findall(style, content))

    def named(found: re.Match[str]) -> str:
        parent = found.group(1)
        while parent in automatic:
            parent = automatic[parent]
        return f'style:parent-style-name="{parent}"'

    return re.sub(r'style:parent-style-name="(P\d+)"', named, content)
