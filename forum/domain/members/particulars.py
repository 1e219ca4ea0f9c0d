"""What do people say about themselves, and is it acceptable? Name, address, password, organisation, choices, charter.

Every way of joining is checked here: a sign-up, an invitation or a file of them, a provider, a profile, the command
line. Problems have the names of the form fields, in their order.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Final

from forum.database import rows
from forum.domain.sign_in import passwords
from forum.errors import Checks, Invalid
from forum.settings import settings
from forum.text.addresses import clean_address
from forum.text.folding import looks, sort_key
from forum.text.names import claims_house, clean_name, make_handle
from forum.text.source import clean_line

LONGEST_ORGANISATION: Final = 120
# How many characters of a wrong value its sentence quotes.
LONGEST_QUOTED: Final = 60
# "Ministère de la Culture et Agence du numérique (consultation de 2019)" names two.
_ORGANISERS = re.compile(r"\s+et\s+|\s+and\s+|[(),;/]")
NAME_TAKEN: Final = "Ce nom est déjà porté par un autre membre. Ajoutez une initiale ou un second prénom."


@dataclass(frozen=True, slots=True)
class Particulars:
    """What somebody says about themselves, as typed or cleaned; None where nothing was asked."""

    name: str
    organisation: str = ""
    profession: str = ""
    territory: str = ""
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    accepts_charter: bool | None = None


def mark_of(name: str, organisation: str) -> str:
    """The mark of the words that a form shows, which it sends back: one that was opened on other words must not bring
    these back."""
    return sha256(f"{name}\n{organisation}".encode()).hexdigest()[:16]


def typed_particulars(text: Callable[[str], str], *asked: str) -> Particulars:
    """The particulars in a form or a line of a file, read with `text` for each field; `asked` are those of adresse,
    mot_de_passe and charte that it has."""
    return Particulars(
        text("nom"),
        text("organisation"),
        text("profession"),
        text("territoire"),
        email=text("adresse") if "adresse" in asked else None,
        password=text("mot_de_passe") if "mot_de_passe" in asked else None,
        accepts_charter=bool(text("charte")) if "charte" in asked else None,
    )


async def check_particulars(
    checks: Checks, typed: Particulars, *, known: Particulars | None = None, member: int = 0
) -> Particulars:
    """`clean_particulars`, and a check that the chosen name belongs to nobody but `member`."""
    clean = clean_particulars(checks, typed, known=known, house=await house_names())
    with checks.field("nom"):
        if clean.name:
            await refuse_taken_name(clean.name, member=member)
    return clean


async def house_names() -> frozenset[str]:
    """Those that speak for the house here: its own names, and its working groups."""
    return own_names() | {found["name"] for found in await rows("SELECT name FROM working_group")}


def own_names() -> frozenset[str]:
    """The site, its consultation, and each of those who organise it."""
    site, consultation = settings().site.name, settings().consultation
    organisers = (part.strip() for part in _ORGANISERS.split(consultation.organiser))
    return frozenset({site, consultation.title, consultation.organiser, *filter(None, organisers)})


def clean_particulars(
    checks: Checks,
    typed: Particulars,
    *,
    known: Particulars | None = None,
    house: frozenset[str] | None = None,
    staff: bool = False,
) -> Particulars:
    """The values to store; a refused one is empty, and reported to `checks`. A `known` name or choice is accepted
    unchanged, even if the rules or the lists have changed since. `house` are the names that only the house goes by,
    `own_names` when they are not given; its `staff` may say that they are of it."""
    house = own_names() if house is None else house
    name, organisation, profession, territory, email = "", "", "", "", None
    people = settings().people
    with checks.field("nom"):
        name = typed.name if known is not None and typed.name == known.name else clean_name(typed.name, house=house)
    with checks.field("adresse"):
        email = None if typed.email is None else clean_address(typed.email)
    with checks.field("mot_de_passe"):
        if typed.password is not None:
            passwords.check_password(typed.password, about=(name or typed.name, email or typed.email or ""))
    with checks.field("organisation"):
        organisation = clean_line(typed.organisation, limit=LONGEST_ORGANISATION) if typed.organisation.strip() else ""
        is_known = known is not None and organisation == known.organisation
        if not staff and not is_known and claims_house(organisation, house):
            organisation = ""
            raise Invalid("Cette organisation parle au nom du site. Précisez votre service ou votre établissement.")
    with checks.field("profession"):
        profession = _listed(typed.profession, people.professions, known.profession if known else "")
    with checks.field("territoire"):
        territory = _listed(typed.territory, people.territories, known.territory if known else "")
    with checks.field("charte"):
        if typed.accepts_charter is False:
            raise Invalid("Acceptez la charte pour ouvrir un compte.")
    return Particulars(name, organisation, profession, territory, email, typed.password, typed.accepts_charter)


async def refuse_taken_name(name: str, *, member: int = 0) -> None:
    """Refuse a name that somebody else has, or seems to have: accents, case and look-alike letters do not count.

    Names are public, so the refusal reveals nothing. `member` is the person who asks.

    Raises:
        Invalid: a confirmed member has it.
    """
    for look in looks(make_handle(name)):
        found = await rows(
            """SELECT name FROM member
                WHERE (REPLACE(handle_key, 'rn', 'm') = $1 OR REPLACE(handle_key, 'rn', 'm') LIKE $2)
                  AND id <> $3 AND confirmed_at IS NOT NULL""",
            look,
            f"{look}-%",  # a namesake's
            member,
        )
        if any(look in looks(make_handle(other["name"])) for other in found):
            raise Invalid(NAME_TAKEN, field="nom")


def unlisted(typed: str) -> Invalid:
    """The sentence for a value that is in no list."""
    return Invalid("« {value} » n’est pas dans la liste.", values={"value": typed.strip()[:LONGEST_QUOTED]})


def _listed(typed: str, listed: tuple[str, ...], known: str) -> str:
    """The value of the list that was meant, whatever its accents and case; with an empty list, nothing is asked."""
    if typed == known:
        return typed
    if not typed.strip() or not listed:
        return ""
    found = _by_key(listed).get(sort_key(typed))
    if found is None:
        raise unlisted(typed)
    return found


@cache
def _by_key(listed: tuple[str, ...]) -> dict[str, str]:
    return {sort_key(one): one for one in listed}
