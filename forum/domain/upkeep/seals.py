"""Does the key open what the database keeps sealed? Without the right one it is lost, and people are told what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from forum.database import rows
from forum.sealing import unseal

# Where sealed words are kept, and what is lost with them.
_SEALED: Final = (
    ("second_factor", "secret", "doubles authentifications, à retirer une à une (remove-second-factor)"),
    ("mail", "content", "courriels qui attendaient leur départ"),
    ("invitation_batch", "lines", "listes d’invitations à relire"),
    ("identification", "sealed", "identités gardées pour la justice"),
    ("provider_visit", "sealed", "connexions en cours par un fournisseur d’identité"),
    ("session", "id_token", "déconnexions auprès d’un fournisseur d’identité"),
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many rows are sealed, and those that the key does not open by what they are."""

    rows: int
    lost: Mapping[str, int]

    def lines(self) -> tuple[str, ...]:
        """What is lost under this key, and what would save it; nothing when it opens everything."""
        if not self.lost:
            return ()
        told = " ; ".join(f"{count} {what}" for what, count in self.lost.items())
        return (
            "FORUM_SECURITY__KEY n’ouvre pas tout ce que la base garde scellé. Ajoutez-y l’ancienne clé, après une "
            f"virgule. Sans elle sont perdus : {told}.",
        )


async def try_key() -> Sealed:
    """Open everything that is sealed in the open database."""
    count, lost = 0, dict[str, int]()
    for table, column, what in _SEALED:
        for one in await rows(f"SELECT {column} AS sealed FROM {table} WHERE {column} <> ''"):
            count += 1
            if not _opens(one["sealed"]):
                lost[what] = lost.get(what, 0) + 1
    return Sealed(count, lost)


def _opens(sealed: str) -> bool:
    try:
        unseal(sealed)
    except LookupError:
        return False
    return True
