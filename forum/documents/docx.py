"""The document as a DOCX for Word: pandoc's, with what it leaves out.

Added here: page numbers in the contents, rows that stay whole, ranks in the margin, a rule beside each quotation rather
than beside all of them, the face. Taken out: the copy of each picture that pandoc writes into its description, and its
styles for programs, which rest on one that is not there.
"""

import re
from itertools import cycle
from typing import Final

from forum.documents.embedding import in_docx
from forum.documents.office import ContentsStyles, entitled, headed, parts_by_pandoc, rewritten
from forum.documents.outline import Outline
from forum.documents.references import PARAGRAPHS
from forum.documents.zips import stable_zip

_CONTENTS: Final = ContentsStyles(heading="TOC Heading", first="toc 1", second="toc 2")

# The page of an entry is a field too: only the program that sets them knows their numbers. LibreOffice writes them
# unasked; `updateFields` has Word do so when it opens the file, after a question to its reader: contents without pages
# are the worse evil. They do not stand in a field TOC, whose entries LibreOffice takes as they are, without numbers.
_ENTRY: Final = r'(<w:hyperlink w:anchor="([^"]+)">.*?)(</w:hyperlink></w:p>)'
_PAGE: Final = (
    r'\1<w:r><w:tab/></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    r'<w:r><w:instrText xml:space="preserve"> PAGEREF \2 \\h </w:instrText></w:r>'
    r'<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t></w:t></w:r>'
    r'<w:r><w:fldChar w:fldCharType="end"/></w:r>\3'
)
_FIRST_ENTRY: Final = '<w:p><w:pPr><w:pStyle w:val="TOC1" /></w:pPr>'
_BOOKMARK: Final = r'<w:bookmarkStart w:id="(\d+)" w:name="([^"]+)" />\s*(<w:p><w:pPr>.*?</w:pPr>)'
_PROGRAMS: Final = r'<w:style w:type="\w+" w:customStyle="1" w:styleId="(?:SourceCode|\w+Tok)">.*?</w:style>'
_UPDATE: Final = '<w:updateFields w:val="true"/>'
_RANK: Final = (
    r'(<w:p><w:pPr><w:pStyle w:val="Heading3" />)(</w:pPr><w:r><w:rPr><w:rStyle w:val="Rank" /></w:rPr>'
    r'<w:t xml:space="preserve">[^<]*</w:t></w:r>)<w:r><w:t xml:space="preserve"> </w:t></w:r>'
)
# Twins of the styles with a rule on the left, in the closest possible colour.
_RULES: Final = {
    style.docx: '<w:pBdr><w:left w:val="single" w:sz="12" w:space="8" '
    f'w:color="{int(style.rule, 16) + 1:06x}"/></w:pBdr>'
    for style in PARAGRAPHS
    if style.rule
}


def render(outline: Outline) -> bytes:
    """The DOCX. The same outline gives the same bytes."""
    parts = parts_by_pandoc(outline, "docx", _CONTENTS)
    document = _with_whole_rows(_with_plain_pictures(parts["word/document.xml"].decode("utf-8")))
    document = _with_contents(_with_bookmarks(_with_parted_rules(_with_ranks(_with_styled_lists(document)))))
    settings = rewritten("<w:rsids>", f"{_UPDATE}<w:rsids>", parts["word/settings.xml"].decode("utf-8"), times=1)
    core = rewritten("1970-01-01T00:00:00Z", outline.taken_at, parts["docProps/core.xml"].decode("utf-8"), times=2)
    changed = {
        "word/document.xml": document,
        "word/header1.xml": headed(parts["word/header1.xml"].decode("utf-8"), outline),
        "word/settings.xml": settings,
        "word/styles.xml": rewritten(_PROGRAMS, "", parts["word/styles.xml"].decode("utf-8")),
        "docProps/core.xml": entitled(core, outline),
    }
    return stable_zip(
        parts | in_docx() | {name: content.encode("utf-8") for name, content in changed.items()},
        outline.taken_at,
    )


def _with_plain_pictures(document: str) -> str:
    """Pandoc copies a picture's address, which holds the whole picture, into a description; its words stay in docPr.

    Without distances LibreOffice puts an eighth of an inch around a picture, and it no longer stands under its words.
    """
    if "<wp:inline>" not in document:
        return document
    described = rewritten(r'(<pic:cNvPr descr=")data:[^"]*"', r'\1"', document)
    return rewritten("<wp:inline>", '<wp:inline distT="0" distB="0" distL="0" distR="0">', described)


def _with_styled_lists(document: str) -> str:
    """Pandoc gives the items of a list no style, so that they would be set closer than other paragraphs."""
    return document.replace("<w:p><w:pPr><w:numPr>", '<w:p><w:pPr><w:pStyle w:val="BodyText"/><w:numPr>')


def _with_whole_rows(document: str) -> str:
    if "<w:tbl>" not in document:
        return document
    whole = "<w:cantSplit/>"
    heads = rewritten(r'<w:trPr><w:tblHeader w:val="on" />', rf"<w:trPr>{whole}<w:tblHeader/>", document)
    return heads.replace("<w:tr><w:tc>", f"<w:tr><w:trPr>{whole}</w:trPr><w:tc>")


def _with_ranks(document: str) -> str:
    """The numeral of a rank stands in the margin, before the heading."""
    margin = r'\1<w:ind w:left="0" w:hanging="794"/>\2<w:r><w:tab/></w:r>'
    return rewritten(_RANK, margin, document, times=document.count('<w:rStyle w:val="Rank" />'))


def _with_bookmarks(document: str) -> str:
    """Bookmarks at the head of a paragraph: pandoc's span sections, and LibreOffice loses those that follow a table.

    Word knows letters, digits and underscores in their names.
    """
    count = document.count("<w:bookmarkStart ")
    without_ends = rewritten(r'\s*<w:bookmarkEnd w:id="\d+" />', "", document, times=count)
    placed = rewritten(_BOOKMARK, _at_the_head, without_ends, times=count)
    return rewritten(r'(?<=<w:hyperlink w:anchor=")[^"]+', lambda found: _word_name(found.group()), placed)


def _at_the_head(found: re.Match[str]) -> str:
    number, name, paragraph = found.groups()
    return f'{paragraph}<w:bookmarkStart w:id="{number}" w:name="{_word_name(name)}"/><w:bookmarkEnd w:id="{number}"/>'


def _word_name(anchor: str) -> str:
    return anchor.replace("-", "_")


def _with_contents(document: str) -> str:
    """The entries with their pages: from the first of them to the first chapter."""
    start = document.index(_FIRST_ENTRY)
    end = document.index("<w:bookmarkStart", start)
    return f"{document[:start]}{rewritten(_ENTRY, _PAGE, document[start:end])}{document[end:]}"


def _with_parted_rules(document: str) -> str:
    """Word joins the rules of neighbours whose borders are the same: every other one gets a slightly different
    shade."""
    turns = cycle((False, True))

    def parted(found: re.Match[str]) -> str:
        return f"{found.group()}{_RULES[found.group(1)]}" if next(turns) else found.group()

    return re.sub(r'<w:pStyle w:val="(Verbatim|Notice)" />', parted, document)
