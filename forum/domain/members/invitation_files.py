"""What does an administrator's list of people to invite say, line by line? Pure: nothing is looked up, nothing written.

Lists come out of spreadsheets: UTF-8 with or without its mark, UTF-16, Windows-1252; semicolons, commas or tabs; the
columns in any order, named in French or in English. A list of addresses alone needs no column names. A problem with a
line is reported for that line; a problem with the file as a whole refuses it, in a sentence.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from forum.domain.members.particulars import LONGEST_QUOTED, Particulars, clean_particulars, typed_particulars, unlisted
from forum.errors import Checks, Invalid
from forum.text.encodings import NotText, decoded
from forum.text.folding import sort_key
from forum.text.line_ends import with_line_ends

# Five thousand long lines are about half of it.
LONGEST_FILE = 2 * 1024 * 1024
MOST_LINES = 5000
# Columns. A sheet of people has a few; a file with more is something else.
MOST_COLUMNS = 50
# Only the address is required: an administrator need not know the name.
NAMELESS = Particulars("")

DELIMITERS = ";,\t"
# zip (xlsx, ods) and the older format of Excel.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")
_COLUMNS = {
    "adresse": (
        *("adresse", "courriel", "email", "e mail", "mail", "address", "adresse electronique", "adresse email"),
        *("adresse e mail", "adresse mail", "email address", "e mail address"),
    ),
    "nom": ("nom", "name", "nom complet", "full name", "nom de famille", "last name", "nom affiche", "display name"),
    "prenom": ("prenom", "first name"),
    "organisation": ("organisation", "organization", "organisme", "structure", "etablissement"),
    "profession": ("profession", "metier", "occupation", "job"),
    "territoire": ("territoire", "territory", "departement", "region"),
    "langue": ("langue", "language"),
}
_COLUMN_OF = {name: column for column, names in _COLUMNS.items() for name in names}
_LANGUAGES = {"": "fr", "fr": "fr", "francais": "fr", "french": "fr", "en": "en", "anglais": "en", "english": "en"}

_NOT_TEXT = "Ce fichier n’est pas un texte que le site sait lire. Enregistrez votre tableau au format CSV, en UTF-8."


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody to invite. `number` is the line of the file; `problems` say why it cannot be accepted."""

    number: int
    email: str
    name: str = ""
    organisation: str = ""
    profession: str = ""
    territory: str = ""
    locale: str = "fr"
    problems: tuple[Invalid, ...] = field(default=())

    @property
    def key(self) -> str:
        """The address as it is compared."""
        return self.email.lower()


def read_guests(content: bytes) -> list[Guest]:
    """The people of a file, in its order.

    Raises:
        Invalid: the file is empty, too long, not a text, not a table, or no column gives addresses.
    """
    if len(content) > LONGEST_FILE:
        raise Invalid("Ce fichier dépasse {most} Mo. Partagez-le en plusieurs.", values={"most": LONGEST_FILE >> 20})
    return guests_in(_text_of(content))


def guests_in(text: str) -> list[Guest]:
    """The people of a text, pasted for instance, in its order. Raises as `read_guests` does."""
    if _CONTROLS.search(text):
        raise Invalid(_NOT_TEXT)
    # A vertical tab is the end of a line inside a cell.
    text = with_line_ends(text.replace("\v", " "))
    try:
        lines = list(_lines(text))
    except csv.Error:
        raise Invalid("Ce fichier n’est pas un tableau que le site sait lire : ses cases sont démesurées.") from None
    if not lines:
        raise Invalid("Il n’y a personne à inviter dans cette liste.")
    return [_guest(number, cells) for number, cells in lines]


def _text_of(content: bytes) -> str:
    if content.startswith(_WORKBOOKS):
        raise Invalid(
            "Ce fichier est un classeur. Dans le tableur, choisissez « Enregistrer sous », puis le format CSV."
        )
    try:
        return decoded(content)
    except NotText as problem:
        raise Invalid(_NOT_TEXT) from problem


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line with content, as its number and its cells by name of column."""
    records = _records(text)
    first = next(records, None)
    if first is None:
        raise Invalid("Ce fichier est vide.")
    columns = _columns(first[1])
    if "adresse" not in columns:
        # A bare list of addresses: its first line is already a person.
        if len(first[1]) > 1 or "@" not in first[1][0]:
            raise Invalid(
                "La première ligne doit nommer les colonnes, dont « adresse ». Les autres, facultatives, sont : nom, "
                "organisation, profession, territoire, langue."
            )
        columns = ["adresse"]
        yield first[0], _by_column(columns, first[1])
    for count, (number, cells) in enumerate(records, start=2):
        if count > MOST_LINES + 1:
            raise Invalid(
                "Cette liste compte plus de {most} lignes. Partagez-la en plusieurs.", values={"most": MOST_LINES}
            )
        yield number, _by_column(columns, cells)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of cells, each with the number of the line of the file where it begins; empty ones are skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    try:
        for cells in reader:
            if len(cells) > MOST_COLUMNS:
                raise Invalid(
                    "La ligne {line} compte plus de {most} colonnes : ce n’est pas une liste de personnes.",
                    values={"line": begins, "most": MOST_COLUMNS},
                )
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as problem:
        if "field larger" in str(problem):
            raise
        raise Invalid(
            "À partir de la ligne {line}, un guillemet ouvert n’est pas refermé, ou l’est au milieu d’une case.",
            values={"line": begins},
        ) from None


def _delimiter(text: str) -> str:
    """The separator that gives the first line with content the most columns; a single column has none."""
    head = text.lstrip()[: MOST_COLUMNS * 100].partition("\n")[0]
    return max(DELIMITERS, key=head.count)


def _columns(heads: Sequence[str]) -> list[str]:
    """The field of each column, empty for unknown columns.

    Raises:
        Invalid: two columns give the same thing.
    """
    columns = [_COLUMN_OF.get(sort_key(head), "") for head in heads]
    for column in filter(None, columns):
        if columns.count(column) > 1:
            raise Invalid("Deux colonnes donnent la même chose : {column}.", values={"column": column})
    return columns


def _by_column(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    found = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
    return found | ({"de trop": "1"} if any(cell.strip() for cell in cells[len(columns) :]) else {})


def _guest(number: int, cells: dict[str, str]) -> Guest:
    named = cells | {"nom": f"{cells.get('prenom', '')} {cells.get('nom', '')}"}
    typed = typed_particulars(lambda field: named.get(field, ""), "adresse")
    try:
        if "de trop" in cells:
            raise Invalid("Cette ligne compte plus de cases que la première ligne.")
        return clean_guest(typed, language=cells.get("langue", ""), number=number)
    except Invalid as problem:
        return Guest(number, cells.get("adresse", "").strip()[:LONGEST_QUOTED], problems=problem.problems)


def clean_guest(typed: Particulars, *, language: str, number: int = 0) -> Guest:
    """Somebody to invite, as an administrator typed it: an address, and other known details.

    Raises:
        InvalidForm: an address that does not look like one, a name that nobody may have, a value of no list.
    """
    checks = Checks()
    said = clean_particulars(checks, replace(typed, name=typed.name.strip()), known=NAMELESS)
    with checks.field("langue"):
        locale = _LANGUAGES.get(sort_key(language), "")
        if not locale:
            raise unlisted(language)
    checks.done()
    return Guest(number, said.email or "", said.name, said.organisation, said.profession, said.territory, locale)
