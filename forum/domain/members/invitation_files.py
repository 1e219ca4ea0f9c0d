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
from itertools import islice

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
        *("adresse", "courriel", "email", "e mail", "mail", "mel", "address", "messagerie", "courrier electronique"),
        *(f"adresse {of}" for of in ("electronique", "email", "e mail", "mail", "mel", "courriel", "de courriel")),
        *(f"adresse {of}" for of in ("de messagerie", "de messagerie electronique", "de courrier electronique")),
        *("adresse professionnelle", "email professionnel", "mail professionnel", "courriel professionnel"),
        *("adresses", "courriels", "emails", "e mails", "mails", "email address", "e mail address"),
    ),
    "nom": (
        *("nom", "name", "nom complet", "full name", "nom de famille", "last name", "nom affiche", "display name"),
        *("nom et prenom", "nom prenom", "noms et prenoms", "nom et prenoms", "prenom et nom", "prenom nom"),
        *("nom usuel", "nom d usage", "personne", "participant", "contact", "surname"),
    ),
    "prenom": ("prenom", "prenoms", "first name", "given name"),
    "organisation": (
        "organisation",
        "organization",
        "organisme",
        "structure",
        "etablissement",
        "employeur",
        "employer",
    ),
    "profession": ("profession", "metier", "occupation", "job"),
    "territoire": ("territoire", "territory", "departement", "region"),
    "langue": ("langue", "language"),
}
_COLUMN_OF = {name: column for column, names in _COLUMNS.items() for name in names}
# What Excel writes before a table to say its separator.
_SEPARATOR = re.compile(r'\s*"?sep=([;,\t])"?[ \t]*(?:\n|\Z)', re.IGNORECASE)
# As directories and lists of a ministry write people: a title, a service in brackets, the surname before a comma.
_TITLE = re.compile(r"(?:M\.\s|(?:Mr|Mme|Mlle|Mmes|MM|Dr|Pr)\b\.?|Monsieur\b|Madame\b)\s*", re.IGNORECASE)
_SERVICE = re.compile(r"(?P<name>.*\S)\s*\((?P<service>[^()]+)\)\s*")
_SURNAME_FIRST = re.compile(r"\s*(?P<surname>[^,]*\S)\s*,\s*(?P<first>[^,]*\S)\s*")
_LANGUAGES = {"": "fr", "fr": "fr", "francais": "fr", "french": "fr", "en": "en", "anglais": "en", "english": "en"}

Record = tuple[int, list[str]]
"""A row of cells, with the number of the line of the file where it begins."""

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


@dataclass(frozen=True, slots=True)
class GuestList:
    """The people of a list, in its order, and the columns that hold something but were passed over."""

    guests: tuple[Guest, ...]
    passed_over: tuple[str, ...] = ()


def read_guests(content: bytes) -> GuestList:
    """The people of a file, in its order.

    Raises:
        Invalid: the file is empty, too long, not a text, not a table, or no column gives addresses.
    """
    if len(content) > LONGEST_FILE:
        raise Invalid("Ce fichier dépasse {most} Mo. Partagez-le en plusieurs.", values={"most": LONGEST_FILE >> 20})
    return guests_in(_text_of(content))


def guests_in(text: str) -> GuestList:
    """The people of a text, pasted for instance, in its order. Raises as `read_guests` does."""
    if _CONTROLS.search(text):
        raise Invalid(_NOT_TEXT)
    # A vertical tab is the end of a line inside a cell.
    text = with_line_ends(text.replace("\v", " "))
    try:
        columns, records = _table(text)
    except csv.Error:
        raise Invalid("Ce fichier n’est pas un tableau que le site sait lire : ses cases sont démesurées.") from None
    if not records:
        raise Invalid("Il n’y a personne à inviter dans cette liste.")
    if len(records) > MOST_LINES:
        raise Invalid(
            "Cette liste compte plus de {most} lignes. Partagez-la en plusieurs.", values={"most": MOST_LINES}
        )
    fields = [field for field, _ in columns]
    return GuestList(
        tuple(_guest(number, _by_column(fields, cells)) for number, cells in records),
        tuple(head for place, (field, head) in enumerate(columns) if not field and _holds_something(records, place)),
    )


def _holds_something(records: Sequence[Record], place: int) -> bool:
    return any(cell.strip() for _, cells in records for cell in cells[place : place + 1])


def _text_of(content: bytes) -> str:
    if content.startswith(_WORKBOOKS):
        raise Invalid(
            "Ce fichier est un classeur. Dans le tableur, choisissez « Enregistrer sous », puis le format CSV."
        )
    try:
        return decoded(content)
    except NotText as problem:
        raise Invalid(_NOT_TEXT) from problem


def _table(text: str) -> tuple[list[tuple[str, str]], list[Record]]:
    """The field and the head of each column, and the rows that are people; a column that is passed over has no
    field."""
    separator = _SEPARATOR.match(text)
    begun = text[: separator.end()].count("\n") if separator else 0
    reader = _records(text[separator.end() :] if separator else text, separator[1] if separator else "")
    # One row more than a list may have shows that it is too long.
    records = [(number + begun, cells) for number, cells in islice(reader, MOST_LINES + 2)]
    if not records:
        raise Invalid("Ce fichier est vide.")
    heads = records[0][1]
    fields = _fields(heads)
    if "adresse" in fields:
        names = (head.strip()[:LONGEST_QUOTED] or f"n° {place}" for place, head in enumerate(heads, start=1))
        return list(zip(fields, names, strict=True)), records[1:]
    # A bare list of addresses, with or without a separator at the ends of lines: its first line is already a person.
    if sum(bool(cell.strip()) for cell in heads) > 1 or not any("@" in cell for cell in heads):
        raise Invalid(
            "La première ligne doit nommer les colonnes, dont « adresse ». Les autres, facultatives, sont : nom, "
            "organisation, profession, territoire, langue."
        )
    return [("adresse" if "@" in cell else "", f"n° {place}") for place, cell in enumerate(heads, start=1)], records


def _records(text: str, separator: str) -> Iterator[Record]:
    """Rows of cells, each with the number of the line of the file where it begins; empty ones are skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator or _delimiter(text), strict=True)
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


def _fields(heads: Sequence[str]) -> list[str]:
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
    name, service = _as_said(cells.get("nom", ""))
    named = cells | {"nom": f"{cells.get('prenom', '')} {name}", "organisation": cells.get("organisation") or service}
    typed = typed_particulars(lambda field: named.get(field, ""), "adresse")
    try:
        if "de trop" in cells:
            raise Invalid("Cette ligne compte plus de cases que la première ligne.")
        return clean_guest(typed, language=cells.get("langue", ""), number=number)
    except Invalid as problem:
        return Guest(number, cells.get("adresse", "").strip()[:LONGEST_QUOTED], problems=problem.problems)


def _as_said(written: str) -> tuple[str, str]:
    """A name as its bearer would say it, and the service that a directory gives behind it."""
    service = _SERVICE.fullmatch(written)
    name = _without_title(service["name"] if service else written.strip())
    turned = _SURNAME_FIRST.fullmatch(name)
    return f"{turned['first']} {turned['surname']}" if turned else name, service["service"] if service else ""


def _without_title(name: str) -> str:
    title = _TITLE.match(name)
    return name[title.end() :] if title else name


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
