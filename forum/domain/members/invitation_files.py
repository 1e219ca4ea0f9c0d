"""What does an administrator's list of people to invite say, line by line? Pure: nothing is looked up, nothing written.

Lists come out of spreadsheets (`text/tables.py`), the columns in any order, named in French or in English. A list of
addresses alone needs no column names. A problem with a line is reported for that line; a problem with the file as a
whole refuses it, in a sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from forum.domain.members.particulars import LONGEST_QUOTED, Particulars, clean_particulars, typed_particulars, unlisted
from forum.errors import Checks, Invalid
from forum.text.folding import sort_key
from forum.text.tables import Record, clean_table, records_of, table_text

# Five thousand long lines are about half of it.
LONGEST_FILE = 2 * 1024 * 1024
MOST_LINES = 5000
# Only the address is required: an administrator need not know the name.
NAMELESS = Particulars("")

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
# As directories and lists of a ministry write people: a title, a service in brackets, the surname before a comma.
_TITLE = re.compile(r"(?:M\.\s|(?:Mr|Mme|Mlle|Mmes|MM|Dr|Pr)\b\.?|Monsieur\b|Madame\b)\s*", re.IGNORECASE)
_SERVICE = re.compile(r"(?P<name>.*\S)\s*\((?P<service>[^()]+)\)\s*")
_SURNAME_FIRST = re.compile(r"\s*(?P<surname>[^,]*\S)\s*,\s*(?P<first>[^,]*\S)\s*")
_LANGUAGES = {"": "fr", "fr": "fr", "francais": "fr", "french": "fr", "en": "en", "anglais": "en", "english": "en"}


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
    return guests_in(table_text(content))


def guests_in(text: str) -> GuestList:
    """The people of a text, pasted for instance, in its order. Raises as `read_guests` does."""
    columns, records = _table(clean_table(text))
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


def _table(text: str) -> tuple[list[tuple[str, str]], list[Record]]:
    """The field and the head of each column, and the rows that are people; a column that is passed over has no
    field."""
    # One row more than a list may have shows that it is too long.
    records = list(islice(records_of(text), MOST_LINES + 2))
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
