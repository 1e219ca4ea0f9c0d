"""What does a form about somebody offer to choose from, and which choice does a filter name?"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from forum.settings import settings

Kind = TypeVar("Kind", bound=StrEnum)


def one_of(kind: type[Kind], value: str) -> Kind | None:
    """The choice of that value; None when it is none of these."""
    return next((one for one in kind if one == value), None)


def asked_of_people(profession: str = "", territory: str = "") -> dict[str, object]:
    """What a form about somebody offers: the lists of the settings, with what they chose before a list changed, and the
    length of the shortest password."""
    people = settings().people
    return {
        "professions": _choices(people.professions, profession),
        "territories": _choices(people.territories, territory),
        "least": settings().passwords.minimum_length,
    }


def _choices(listed: Sequence[str], own: str) -> list[tuple[str, str]]:
    return [(one, one) for one in (*listed, *((own,) if own and own not in listed else ()))]
