"""Which rows were kept by what nobody sees, before every door cleaned what it compares? They are mended as the database
is migrated.

Two spellings of one mailbox made two people: they are never merged here, since only they know who they are. Whoever
runs the site is told which accounts these are, and each stays as it is until one of them is erased or changes its
address.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.post_writing import LONGEST_KEY
from forum.errors import Invalid
from forum.text.addresses import clean_address
from forum.text.mentions import handle_key

# Where addresses wait whose key, if there is one, no other row can be kept by.
_WAITING = ("sign_up", "address_change")


@dataclass(frozen=True, slots=True)
class Mended:
    """How many rows were changed; and the accounts left alone, each beside the one that has its mailbox already."""

    changed: int
    alike: tuple[tuple[str, str], ...]
    impossible: tuple[str, ...]
    """Handles of accounts whose address no mail server can be handed."""
    mistaken: tuple[str, ...]
    """Handles that look like another one, by what is known today of look-alikes."""

    def lines(self) -> Iterator[str]:
        """What happened, for whoever runs the site."""
        if self.changed:
            yield f"Adresses débarrassées de ce qui ne se voit pas : {self.changed}."
        for one, other in self.alike:
            yield (
                f"Les comptes @{one} et @{other} ont la même adresse. Demandez à la personne lequel elle garde, puis "
                "effacez l’autre ou changez son adresse."
            )
        for handle in self.impossible:
            yield f"Le compte @{handle} a une adresse où aucun courriel ne peut arriver. Donnez-lui-en une autre."
        for handle in self.mistaken:
            yield f"Le nom du compte @{handle} se confond, à l’œil, avec celui d’un autre. Vérifiez qui c’est."


async def mend_identifiers(now: datetime) -> Mended:
    """Write each address kept so far in the one spelling that doors compare, and each handle's key as it is compared
    today; a second time changes nothing."""
    changed, alike, impossible = 0, [], []
    async with transaction():
        for one in await rows("SELECT id, handle, email, email_key, confirmed_at FROM member WHERE email IS NOT NULL"):
            clean = _cleaned(one["email"])
            if clean is None:
                impossible.append(one["handle"])
            elif (clean, clean.lower()) != (one["email"], one["email_key"]):
                other = await row(
                    "SELECT handle FROM member WHERE email_key = $1 AND id <> $2", clean.lower(), one["id"]
                )
                if other is not None and one["confirmed_at"] is not None:
                    alike.append((one["handle"], other["handle"]))
                    continue
                changed += 1
                await _mend_member(one, None if other is not None else clean, now)
        changed += await _mend_invitations()
        for table in _WAITING:
            for one in await rows(f"SELECT id, email FROM {table}"):
                clean = _cleaned(one["email"])
                if clean is not None and clean != one["email"]:
                    changed += 1
                    await rows(f"UPDATE {table} SET email = $2 WHERE id = $1", one["id"], clean)
        mistaken = await _mend_handles()
    return Mended(changed, tuple(alike), tuple(impossible), mistaken)


async def _mend_handles() -> tuple[str, ...]:
    """The keys of handles and of mentions. A handle whose key is another's keeps its own; the mention of nobody waits
    under a key like any other."""
    mistaken = []
    for one in await rows("SELECT id, handle, handle_key FROM member ORDER BY id"):
        key = handle_key(one["handle"])
        if key == one["handle_key"]:
            continue
        if await row("SELECT id FROM member WHERE handle_key = $1", key):
            mistaken.append(one["handle"])
        else:
            await rows("UPDATE member SET handle_key = $2 WHERE id = $1", one["id"], key)
    for one in await rows("SELECT id, post_id, handle, handle_key FROM mention"):
        key = handle_key(one["handle"])[:LONGEST_KEY]
        other = "SELECT id FROM mention WHERE post_id = $1 AND handle_key = $2"
        if key != one["handle_key"] and await row(other, one["post_id"], key) is None:
            await rows("UPDATE mention SET handle_key = $2 WHERE id = $1", one["id"], key)
    return tuple(mistaken)


async def _mend_member(member: Row, email: str | None, now: datetime) -> None:
    """An address that was never confirmed goes to the account that has it already: as if somebody confirmed it."""
    key = email.lower() if email else None
    await rows("UPDATE member SET email = $2, email_key = $3 WHERE id = $1", member["id"], email, key)
    await journal.record(None, "mend_address", "member", member["id"], group=None, now=now)


async def _mend_invitations() -> int:
    """One invitation an address: a second spelling of one that is there, or of a member, goes."""
    changed = 0
    for one in await rows("SELECT id, email, email_key FROM invitation WHERE email IS NOT NULL"):
        clean = _cleaned(one["email"])
        if clean is None or (clean, clean.lower()) == (one["email"], one["email_key"]):
            continue
        changed += 1
        other = "SELECT id FROM invitation WHERE email_key = $1 AND id <> $2"
        if await row(other, clean.lower(), one["id"]):
            await rows("DELETE FROM invitation WHERE id = $1", one["id"])
        else:
            await rows(
                "UPDATE invitation SET email = $2, email_key = $3 WHERE id = $1", one["id"], clean, clean.lower()
            )
    return changed


def _cleaned(email: str) -> str | None:
    try:
        return clean_address(email)
    except Invalid:
        return None
