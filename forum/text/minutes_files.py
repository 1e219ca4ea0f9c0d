"""What does a file of minutes say, line by line? Text and Markdown, ODT, flat too, and DOCX; the bytes tell the
format, not the name.

Its lines go to `minutes.py` like pasted ones. An office file is opened with the standard library's zip and expat alone,
for the words of one XML part, the names of its styles and its formulas: no converter is started for a stranger's file,
so there is no process to confine, and no macro, picture or link is ever run or fetched. Sizes are looked at before
anything is unpacked, and again while it is.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Final

from forum.errors import Invalid
from forum.text.docx_lines import docx_lines
from forum.text.encodings import NotText, decoded
from forum.text.line_ends import with_hanging_breaks, with_line_ends
from forum.text.odt_lines import odt_lines
from forum.text.office_xml import NotSuchXml, TooMuchXml

# A day's minutes are some twenty pages: this leaves room for the pictures of letterheads.
LONGEST_FILE = 2 * 1024 * 1024
MOST_UNPACKED = 20 * 1024 * 1024
MOST_ENTRIES = 1000
# The XML of one document: its words, with all the markup that Word puts around them.
LONGEST_PART = 5 * 1024 * 1024

# A formula is some words; what is longer is a chart or a sheet.
LONGEST_FORMULA = 20_000

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
# Word before 2007, and what Word makes of a DOCX behind a password: both are this container; the second holds an entry
# of this name.
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_WEB_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:!doctype html|html|head|body|meta|title|div|table|ul|ol|p)\b",
    re.IGNORECASE | re.DOTALL,
)
# A mail, or the archive that Word makes of a web page under the name of a document.
_MIME = re.compile(r"\s*(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,40}?mime-version:", re.IGNORECASE)
_FLAT_ODF: Final = b'office:mimetype="application/vnd.oasis.opendocument.text"'
_MARKUP = re.compile(r"\s*<(?:\?|[\w-]+:[\w-]+[\s>])")
_DOCX_DOCUMENT = re.compile(r"word/document[0-9]*\.xml")
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)

_NOT_READABLE: Final = "Le site ne sait pas lire ce fichier. Choisissez un fichier ODT, DOCX, texte ou Markdown."
_DAMAGED: Final = (
    "Ce fichier est abîmé ou incomplet. Ouvrez-le dans votre traitement de texte et enregistrez-le à nouveau."
)
_PROTECTED: Final = "Ce fichier est protégé par un mot de passe. Enregistrez-le sans mot de passe, puis recommencez."
_TOO_MUCH_INSIDE: Final = "Ce fichier est trop volumineux une fois décompressé. Collez plutôt son texte."


def read_minutes(content: bytes) -> str:
    """The text of a file of minutes, lines ended by U+000A: a paragraph, an item of a list or a cell on each.

    Raises:
        Invalid: it is too large, empty, damaged, protected by a password, or in a format that is not read.
    """
    if len(content) > LONGEST_FILE:
        raise Invalid("Ce fichier dépasse {most} Mo. Collez plutôt son texte.", values={"most": LONGEST_FILE >> 20})
    if not content:
        raise Invalid("Ce fichier est vide.")
    text = "\n".join(_read_office(lambda: _zipped_lines(content))) if content.startswith(_ZIP) else _plain_text(content)
    if not any(letter.isalnum() for letter in text):
        raise Invalid("Ce fichier ne contient aucun texte. Si ses pages sont des images, saisissez ce qu’elles disent.")
    return text


def _plain_text(content: bytes) -> str:
    if content.startswith(_OLE):
        if _OLE_ENCRYPTED in content:
            raise Invalid(_PROTECTED)
        raise Invalid("Ce fichier est dans un ancien format de Word (.doc). Enregistrez-le au format DOCX ou ODT.")
    if content.startswith(b"%PDF"):
        raise Invalid(
            "Ce fichier est un PDF, dont les lignes se perdent. Collez son texte, ou choisissez le DOCX ou l’ODT."
        )
    if content.startswith(b"{\\rtf"):
        raise Invalid("Ce fichier est au format RTF. Enregistrez-le au format DOCX ou ODT.")
    try:
        text = with_line_ends(with_hanging_breaks(decoded(content)))
    except NotText as problem:
        raise Invalid(_NOT_READABLE) from problem
    if _WEB_PAGE.match(text):
        raise Invalid("Ce fichier est une page web. Enregistrez-le au format DOCX ou ODT.")
    if _MIME.match(text):
        raise Invalid(
            "Ce fichier est un courriel ou une page web archivée. Collez son texte, ou enregistrez-le au format DOCX ou"
            " ODT."
        )
    if _MARKUP.match(text):
        if _FLAT_ODF in content:
            return "\n".join(_read_office(lambda: odt_lines(content, None, lambda _: None)))
        raise Invalid("Ce fichier est au format XML. Enregistrez-le au format DOCX ou ODT.")
    return text


def _zipped_lines(content: bytes) -> Sequence[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return _lines_inside(archive)


def _read_office(read: Callable[[], Sequence[str]]) -> Sequence[str]:
    """The lines, or the sentence that says why there are none."""
    try:
        return read()
    except _BROKEN as problem:
        raise Invalid(_DAMAGED) from problem
    except TooMuchXml as problem:
        raise Invalid(_TOO_MUCH_INSIDE) from problem
    except NotSuchXml as problem:
        raise Invalid(_NOT_READABLE) from problem


def _lines_inside(archive: zipfile.ZipFile) -> Sequence[str]:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise Invalid(_TOO_MUCH_INSIDE)
    if _is_protected(archive, entries, names):
        raise Invalid(_PROTECTED)

    def part(name: str) -> bytes | None:
        return _part(archive, name) if name in names else None

    def formula(name: str) -> bytes | None:
        inside = f"{name}/content.xml"
        is_one = inside in names and archive.getinfo(inside).file_size <= LONGEST_FORMULA
        return _part(archive, inside) if is_one else None

    document = next((name for name in sorted(names) if _DOCX_DOCUMENT.fullmatch(name)), None)
    if document:
        return docx_lines(_part(archive, document), part("word/styles.xml"), part("word/numbering.xml"))
    if "content.xml" in names:
        return odt_lines(_part(archive, "content.xml"), part("styles.xml"), formula)
    raise Invalid(_NOT_READABLE)


def _is_protected(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], names: set[str]) -> bool:
    """The first bit of an entry's flags (zip), the whole package inside another (ODF 1.3), or each part (before)."""
    if any(entry.flag_bits & 1 for entry in entries) or "encrypted-package" in names:
        return True
    manifest = "META-INF/manifest.xml"
    return manifest in names and b"encryption-data" in _part(archive, manifest)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part, never unpacked beyond the length allowed: the size that an entry declares cannot be trusted."""
    # Both formats allow these two; the others unpack a block whole, however little of it is asked for.
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Invalid(_NOT_READABLE)
    with archive.open(name) as opened:
        part = opened.read(LONGEST_PART + 1)
    if len(part) > LONGEST_PART:
        raise Invalid(_TOO_MUCH_INSIDE)
    return part
