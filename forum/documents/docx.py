"""The document as a DOCX for Word: pandoc's, with what it leaves out.

Added here: a real table of contents whose page numbers Word fills in, rows that stay whole, ranks in the margin. Taken
out: the copy of each picture that pandoc writes into its description.
"""

from typing import Final

from forum.documents.office import ContentsStyles, parts_by_pandoc, rewritten
from forum.documents.outline import Outline
from forum.documents.zips import stable_zip

_CONTENTS: Final = ContentsStyles(heading="TOC Heading", first="toc 1", second="toc 2")

# A field whose entries stand ready, without pages: only the program that sets them knows their numbers. `updateFields`
# has Word write them when it opens the file, after a question to its reader: contents without pages are the worse evil.
_CONTENTS_FIELD: Final = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    r'<w:r><w:instrText xml:space="preserve"> TOC \o &quot;1-2&quot; \h \z </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
)
_UPDATE: Final = '<w:updateFields w:val="true"/>'
_RANK: Final = (
    r'(<w:p><w:pPr><w:pStyle w:val="Heading3" />)(</w:pPr><w:r><w:rPr><w:rStyle w:val="Rank" /></w:rPr>'
    r'<w:t xml:space="preserve">[^<]*</w:t></w:r>)<w:r><w:t xml:space="preserve"> </w:t></w:r>'
)
_END: Final = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
_FIRST_ENTRY: Final = '<w:p><w:pPr><w:pStyle w:val="TOC1" /></w:pPr>'


def render(outline: Outline) -> bytes:
    """The DOCX. The same outline gives the same bytes."""
    parts = parts_by_pandoc(outline, "docx", _CONTENTS)
    document = _with_whole_rows(_with_plain_pictures(parts["word/document.xml"].decode("utf-8")))
    document = _with_ranks(_with_contents(_with_styled_lists(document)))
    settings = rewritten("<w:rsids>", f"{_UPDATE}<w:rsids>", parts["word/settings.xml"].decode("utf-8"), times=1)
    core = rewritten("1970-01-01T00:00:00Z", outline.taken_at, parts["docProps/core.xml"].decode("utf-8"), times=2)
    changed = {"word/document.xml": document, "word/settings.xml": settings, "docProps/core.xml": core}
    return stable_zip(
        parts | {name: content.encode("utf-8") for name, content in changed.items()},
        outline.taken_at,
    )


def _with_plain_pictures(document: str) -> str:
    """Pandoc takes the address of a picture for a description, and ours hold the picture; its words stay in docPr.

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


def _with_contents(document: str) -> str:
    """The entries inside the field: from the first of them to the paragraph before the first chapter."""
    start = document.index(_FIRST_ENTRY) + len(_FIRST_ENTRY)
    end = document.rindex("</w:p>", start, document.index("<w:bookmarkStart", start))
    return f"{document[:start]}{_CONTENTS_FIELD}{document[start:end]}{_END}{document[end:]}"
