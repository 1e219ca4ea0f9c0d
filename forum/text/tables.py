"""What does a table say, row by row? Spreadsheets save them as text: UTF-8 with or without its mark, UTF-16,
Windows-1252; semicolons, commas or tabs, which a first line "sep=;" may name.

What its columns mean is the matter of those who asked for it (`members/invitation_files.py`).
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from forum.errors import Invalid
from forum.text.encodings import NotText, decoded
from forum.text.line_ends import with_line_ends

DELIMITERS: Final = ";,\t"
# Columns. A sheet of people or of letters has a few; a file with more is something else.
MOST_COLUMNS: Final = 50
# zip (xlsx, ods) and the older format of Excel.
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
# What Excel writes before a table to say its separator.
_SEPARATOR: Final = re.compile(r'\s*"?sep=([;,\t])"?[ \t]*(?:\n|\Z)', re.IGNORECASE)
_NOT_TEXT: Final = (
    "Ce fichier n’est pas un texte que le site sait lire. Enregistrez votre tableau au format CSV, en UTF-8."
)

Record = tuple[int, list[str]]
"""A row of cells, with the number of the line of the file where it begins."""


def table_text(content: bytes) -> str:
    """The text of a file that should be a table.

    Raises:
        Invalid: it is a workbook, or no text.
    """
    if content.startswith(_WORKBOOKS):
        raise Invalid(
            "Ce fichier est un classeur. Dans le tableur, choisissez « Enregistrer sous », puis le format CSV."
        )
    try:
        return decoded(content)
    except NotText as problem:
        raise Invalid(_NOT_TEXT) from problem


def clean_table(text: str) -> str:
    """A table as it is read, its lines ended by U+000A. Raises Invalid: it is no text."""
    if _CONTROLS.search(text):
        raise Invalid(_NOT_TEXT)
    # A vertical tab is the end of a line inside a cell.
    return with_line_ends(text.replace("\v", " "))


def records_of(text: str) -> Iterator[Record]:
    """The rows of a cleaned table, its heads first; empty ones are skipped.

    Raises:
        Invalid: a quotation mark is not closed, or a row or a cell is far too long.
    """
    separator = _SEPARATOR.match(text)
    begun = text[: separator.end()].count("\n") if separator else 0
    text = text[separator.end() :] if separator else text
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator[1] if separator else _delimiter(text), strict=True
    )
    begins = 1 + begun
    try:
        for cells in reader:
            if len(cells) > MOST_COLUMNS:
                raise Invalid(
                    "La ligne {line} compte plus de {most} colonnes : ce n’est pas le tableau attendu.",
                    values={"line": begins, "most": MOST_COLUMNS},
                )
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1 + begun
    except csv.Error as problem:
        if "field larger" in str(problem):
            raise Invalid(
                "Ce fichier n’est pas un tableau que le site sait lire : ses cases sont démesurées."
            ) from None
        raise Invalid(
            "À partir de la ligne {line}, un guillemet ouvert n’est pas refermé, ou l’est au milieu d’une case.",
            values={"line": begins},
        ) from None


def _delimiter(text: str) -> str:
    """The separator that gives the first line with content the most columns; a single column has none."""
    head = text.lstrip()[: MOST_COLUMNS * 100].partition("\n")[0]
    return max(DELIMITERS, key=head.count)
