"""How does a member change what they sign in with? The account's owner is told by mail of each change, so that a change
by somebody else is noticed (ASVS 5.0, 6.3.7), and the other sessions end (7.4.3).
"""

from dataclasses import dataclass
from datetime import datetime

from forum.database import Transaction, row, rows, transaction
from forum.domain.links import forget_links
from forum.domain.mail import forgive_mails, post_mail
from forum.domain.sign_in import passwords, proofs, sessions
from forum.errors import Checks, NotFound
from forum.models.joining import Purpose
from forum.permissions import Viewer


@dataclass(frozen=True, slots=True)
class Owner:
    """The recipient of a mail about a change; None instead when there is no address."""

    name: str
    email: str
    locale: str


async def owner_to_tell(member: int) -> Owner | None:
    """The owner to tell of a change, as many times as it changes."""
    found = await row("SELECT name, email, locale FROM member WHERE id = $1", member)
    if found is None or not found["email"]:
        return None
    return Owner(found["name"], found["email"], found["locale"])


async def tell(tx: Transaction, owner: Owner | None, template: str, *, now: datetime, **values: str) -> None:
    """Post a mail about a change, in the caller's transaction."""
    if owner is not None:
        await post_mail(tx, template, owner.email, locale=owner.locale, now=now, name=owner.name, **values)


async def close_others(viewer: Viewer, token: str, *, now: datetime) -> str:
    """Give this session a new token and end the others, in the caller's transaction."""
    await sessions.close_all(viewer.id, keep=token)
    return await sessions.renew(token, now=now)


async def change_password(viewer: Viewer, token: str, *, current: str, new: str, now: datetime) -> str:
    """Change the password; returns the new token of this session. `current` is what was typed in `proofs.FIELD`.

    Raises:
        NotFound: they have no password to change: the reset by mail gives the first one.
        InvalidForm: the current password is not right, or the new one is refused.
        TooMany: too many tries.
    """
    known = await row("SELECT name, handle, email, password_hash FROM member WHERE id = $1", viewer.id)
    if known is None or not known["password_hash"]:
        raise NotFound
    checks = Checks()
    with checks.field("nouveau_mot_de_passe"):
        passwords.check_password(new, about=(known["name"], known["handle"], known["email"] or ""))
    with checks.field(proofs.FIELD):
        await proofs.require_proof(viewer, token, current, now=now)
    checks.done()
    kept = await passwords.hash_password(new, asker=f"member {viewer.id}")
    owner = await owner_to_tell(viewer.id)
    async with transaction() as tx:
        await rows("UPDATE member SET password_hash = $2 WHERE id = $1", viewer.id, kept)
        await forget_links(Purpose.RESET, viewer.id)
        renewed = await close_others(viewer, token, now=now)
        await tell(tx, owner, "password_changed", now=now)
    if owner is not None:
        await forgive_mails(Purpose.RESET, owner.email)
    return renewed
