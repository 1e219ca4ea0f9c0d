"""Which contributions does a text that was received elsewhere hold? One, one a line, or one in each row of a table.

Documents are read as minutes are (`text/minutes_files.py`), tables as lists of people are (`text/tables.py`). Nothing
is written: a moderator sees every contribution before it is entered (`receptions.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Final

from anyio.to_thread import run_sync

from forum.domain.receptions.receptions import TypedReception
from forum.errors import Invalid
from forum.text.folding import sort_key
from forum.text.line_ends import with_hanging_breaks
from forum.text.minutes import rows_of
from forum.text.minutes_files import read_minutes
from forum.text.source import clean_source
from forum.text.tables import clean_table, records_of, table_text

MOST_ROWS: Final = 150
LONGEST_TEXT: Final = 100_000
"""A form of all these contributions is sent once more, when they are entered."""


class Cut(StrEnum):
    """How many contributions a text holds."""

    ONE = "one"
    LINES = "lines"
    TABLE = "table"


_COLUMNS: Final = {
    "texte": (
        "texte",
        "contribution",
        "contributions",
        "message",
        "contenu",
        "mots",
        "avis",
        "text",
        "words",
        "content",
    ),
    "nom": ("nom", "auteur", "auteure", "nom et prenom", "prenom et nom", "signature", "personne", "name", "author"),
    "organisation": ("organisation", "organization", "organisme", "structure", "etablissement", "association"),
    "date": ("date", "jour", "recu le", "recue le", "date de reception", "date recue", "received on", "day"),
    "origine": ("origine", "voie", "canal", "mode", "provenance", "origin", "channel"),
}
_COLUMN_OF: Final = {name: column for column, names in _COLUMNS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Found:
    """The contributions of a text, and the columns of a table that hold something but were passed over."""

    typed: tuple[TypedReception, ...]
    passed_over: tuple[str, ...] = ()


async def text_in(content: bytes, cut: Cut) -> str:
    """The text of a file, off the event loop. Raises Invalid."""
    return await run_sync(table_text if cut is Cut.TABLE else read_minutes, content)


async def find_receptions(text: str, cut: Cut, usual: TypedReception) -> Found:
    """The contributions in a text; what it does not say of one is as in `usual`.

    Raises:
        Invalid: there is nothing, too much, or a table whose columns cannot be told.
    """
    text = clean_source(text, limit=LONGEST_TEXT)
    found = await run_sync(_CUTS[cut], text, usual)
    if len(found.typed) > MOST_ROWS:
        raise Invalid(
            "Ce texte donne plus de {most} contributions. Saisissez-le en plusieurs fois.", values={"most": MOST_ROWS}
        )
    if not found.typed:
        raise Invalid("Aucune contribution n’a été trouvée dans ce texte.")
    return found


def _whole(text: str, usual: TypedReception) -> Found:
    return Found((replace(usual, line=1, words=text),))


def _lines(text: str, usual: TypedReception) -> Found:
    lines = rows_of(with_hanging_breaks(text))
    return Found(tuple(replace(usual, line=each.line, words=each.text, kept=each.kept) for each in lines))


def _table(text: str, usual: TypedReception) -> Found:
    # One row more than a table may have shows that it is too long.
    records = list(islice(records_of(clean_table(text)), MOST_ROWS + 2))
    heads = records[0][1] if records else []
    columns = [_COLUMN_OF.get(sort_key(head), "") for head in heads]
    for column in filter(None, columns):
        if columns.count(column) > 1:
            raise Invalid("Deux colonnes donnent la même chose : {column}.", values={"column": column})
    if "texte" not in columns:
        raise Invalid(
            "La première ligne doit nommer les colonnes, dont « texte ». Les autres, facultatives, sont : nom, "
            "organisation, date, origine."
        )
    typed = tuple(_row(number, columns, cells, usual) for number, cells in records[1:])
    return Found(typed, tuple(_passed_over(heads, columns, [cells for _, cells in records[1:]])))


def _row(number: int, columns: Sequence[str], cells: Sequence[str], usual: TypedReception) -> TypedReception:
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise Invalid("La ligne {line} compte plus de cases que la première ligne.", values={"line": number})
    said = {column: cell.strip() for column, cell in zip(columns, cells, strict=False) if column}
    return TypedReception(
        line=number,
        words=said.get("texte", ""),
        # An empty cell names nobody: it is not somebody else's contribution.
        name=said.get("nom", usual.name),
        organisation=said.get("organisation", usual.organisation),
        day=said.get("date") or usual.day,
        origin=said.get("origine") or usual.origin,
    )


def _passed_over(heads: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        head.strip()[:60] or f"n° {place + 1}"
        for place, (head, column) in enumerate(zip(heads, columns, strict=True))
        if not column and any(cell.strip() for cells in rows for cell in cells[place : place + 1])
    ]


_CUTS: Final = {Cut.ONE: _whole, Cut.LINES: _lines, Cut.TABLE: _table}
