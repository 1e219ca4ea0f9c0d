"""Which address is a member's, and is it theirs? Confirming the one they have, changing it for another.

A change needs both mailboxes: the old one, so that nobody takes the account away from its owner, and the new one, so
that nobody gives it an address that is not theirs. An old address that was never confirmed is not asked. As with
joining, the address of another member gets the same answer, and its owner a mail.
"""

from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError

from forum.database import Row, Transaction, known_row, row, rows, transaction
from forum.domain import links
from forum.domain.mail import HELD_BACK, may_mail, post_mail
from forum.domain.members.bounces import forgive_bounces
from forum.domain.members.joining import free_address, tell_owner
from forum.domain.sign_in import proofs
from forum.errors import Checks, Invalid, NotFound, TooMany
from forum.models.joining import Purpose
from forum.permissions import Viewer
from forum.text.addresses import clean_address

ENDS = {Purpose.OLD_ADDRESS: "old_confirmed_at", Purpose.NEW_ADDRESS: "new_confirmed_at"}


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change of address under way: which mailboxes have agreed; it expires at `expires_at`."""

    email: str
    old_confirmed: bool
    new_confirmed: bool
    expires_at: datetime
    old_undelivered: str
    new_undelivered: str
    """Why the mail to that mailbox will never arrive; empty while it may."""


@dataclass(frozen=True, slots=True)
class AddressQuestion:
    """What a link about a change asks the owner of a mailbox: may `name` have this address?"""

    name: str
    email: str


# --- the address of the account


async def send_confirmation(viewer: Viewer, *, now: datetime) -> None:
    """Send a link to the address that is not confirmed, or that mail servers refused.

    Raises:
        NotFound: there is nothing to confirm.
        TooMany: this member asked for three within an hour.
    """
    found = await row(
        """SELECT name, email, locale FROM member
            WHERE id = $1 AND email IS NOT NULL AND (confirmed_at IS NULL OR bounced_at IS NOT NULL)""",
        viewer.id,
    )
    if found is None:
        raise NotFound
    await _count(viewer, Purpose.CONFIRM)
    async with transaction() as tx:
        token = await links.make_link(Purpose.CONFIRM, viewer.id, now)
        locale, name = found["locale"], found["name"]
        await post_mail(tx, "confirm", found["email"], locale=locale, now=now, name=name, token=token)


async def _count(viewer: Viewer, purpose: Purpose) -> None:
    """Counted by the member who asks: nobody else can keep them from it."""
    if not await may_mail(purpose, f"member {viewer.id}"):
        raise TooMany(HELD_BACK, retry_after=3600)


async def require_own_link(viewer: Viewer, token: str, now: datetime) -> None:
    """Check that the link confirms the address of this member: somebody else must not confirm it for them.

    Raises:
        Invalid: it is not good (any more), or another account's.
    """
    if await links.subject_of(token, Purpose.CONFIRM, now) != viewer.id:
        raise Invalid("Ce lien est celui d’un autre compte. Connectez-vous à celui qui l’a demandé.")


async def confirm(viewer: Viewer, token: str, *, now: datetime) -> None:
    """Confirm the address.

    Raises:
        Invalid: like `require_own_link`.
    """
    await require_own_link(viewer, token, now)
    async with transaction():
        await links.use_link(token, Purpose.CONFIRM, now)
        confirmed = await row(
            """UPDATE member SET confirmed_at = COALESCE(confirmed_at, $2) WHERE id = $1 AND email IS NOT NULL
               RETURNING id""",
            viewer.id,
            now,
        )
        if confirmed is None:
            raise Invalid(links.USED)
        await links.forget_links(Purpose.CONFIRM, viewer.id)
        await forgive_bounces(viewer.id)


# --- another one


async def pending_change(viewer: Viewer, *, now: datetime) -> PendingChange | None:
    """The change under way, if there is one."""
    found = await row("SELECT * FROM address_change WHERE member_id = $1 AND expires_at > $2", viewer.id, now)
    if found is None:
        return None
    return PendingChange(
        email=found["email"],
        old_confirmed=found["old_confirmed_at"] is not None,
        new_confirmed=found["new_confirmed_at"] is not None,
        expires_at=found["expires_at"],
        old_undelivered=await links.why_undelivered(Purpose.OLD_ADDRESS, found["id"]),
        new_undelivered=await links.why_undelivered(Purpose.NEW_ADDRESS, found["id"]),
    )


async def ask_for_change(viewer: Viewer, token: str, *, email: str, password: str, now: datetime) -> None:
    """Begin a change, replacing one that is under way: a link is sent to both addresses. `token` is that of the
    session, `password` what was typed in `proofs.FIELD`.

    Raises:
        InvalidForm: it does not look like an address, or is theirs already; the current password is not right.
        TooMany: too many tries of the password, or three changes begun within an hour.
    """
    known = await row("SELECT name, email, locale, confirmed_at FROM member WHERE id = $1", viewer.id)
    if known is None:
        raise NotFound
    # An unconfirmed address is not asked.
    old = known["email"] if known["confirmed_at"] is not None else None
    checks = Checks()
    with checks.field("nouvelle_adresse"):
        email = clean_address(email)
        if email.lower() == (known["email"] or "").lower():
            raise Invalid("C’est déjà l’adresse de votre compte.")
    with checks.field(proofs.FIELD):
        await proofs.require_proof(viewer, token, password, now=now)
    checks.done()
    await _count(viewer, Purpose.NEW_ADDRESS)
    async with transaction() as tx:
        change = await _begin(viewer, email, old is None, now)
        if old is not None:
            await _send(tx, Purpose.OLD_ADDRESS, change, old, known, now, email=email)
        if not await tell_owner(tx, email, now, may_send=True):
            await _send(tx, Purpose.NEW_ADDRESS, change, email, known, now)


async def _begin(viewer: Viewer, email: str, old_has_no_say: bool, now: datetime) -> int:
    """Write the change, of which a member has one at most; the links of the former one stop working."""
    begun = await known_row(
        """INSERT INTO address_change (member_id, email, old_confirmed_at, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (member_id) DO UPDATE
              SET email = excluded.email, old_confirmed_at = excluded.old_confirmed_at, new_confirmed_at = NULL,
                  created_at = excluded.created_at, expires_at = excluded.expires_at
           RETURNING id""",
        viewer.id,
        email,
        now if old_has_no_say else None,
        now,
        now + links.LENGTHS[Purpose.NEW_ADDRESS],
    )
    await _forget_links(begun["id"])
    return int(begun["id"])


async def _send(
    tx: Transaction, purpose: Purpose, change: int, to: str, member: Row, now: datetime, **values: str
) -> None:
    token = await links.make_link(purpose, change, now)
    template, locale, name = purpose.value, member["locale"], member["name"]
    await post_mail(tx, template, to, locale=locale, now=now, name=name, token=token, **values)


async def give_up(viewer: Viewer) -> None:
    """Give up the change: the address stays, and its links stop working."""
    async with transaction():
        await _drop(viewer.id)


async def asked_by(token: str, purpose: Purpose, now: datetime) -> AddressQuestion:
    """What the link to one mailbox asks; does not use it.

    Raises:
        Invalid: the link is not good (any more).
    """
    found = await row(
        "SELECT m.name, c.email FROM address_change c JOIN member m ON m.id = c.member_id WHERE c.id = $1",
        await links.subject_of(token, purpose, now),
    )
    if found is None:
        raise Invalid(links.USED)
    return AddressQuestion(found["name"], found["email"])


async def agree(token: str, purpose: Purpose, now: datetime) -> bool:
    """One mailbox agrees; True when it was the second one: the address is changed, and the old one is told.

    Raises:
        Invalid: the link is not good any more, or the new address now belongs to another member.
    """
    try:
        async with transaction() as tx:
            change = await links.use_link(token, purpose, now)
            # The second of two mailboxes that agree at once waits here for the first, then sees what it wrote.
            found = await row(
                f"""UPDATE address_change SET {ENDS[purpose]} = $2 WHERE id = $1 AND expires_at > $2
                    RETURNING member_id, email, old_confirmed_at, new_confirmed_at""",
                change,
                now,
            )
            if found is None:
                raise Invalid(links.USED)
            is_done = found["old_confirmed_at"] is not None and found["new_confirmed_at"] is not None
            if is_done:
                await _change(tx, found, now=now)
    except IntegrityError:
        # Another member took it at the same moment: the database keeps addresses unique.
        raise _taken() from None
    return is_done


async def _change(tx: Transaction, change: Row, *, now: datetime) -> None:
    member, email = change["member_id"], change["email"]
    await free_address(email, member=member)
    if await row("SELECT id FROM member WHERE email_key = $1 AND id <> $2", email.lower(), member):
        raise _taken()
    known = await row("SELECT name, email, locale, confirmed_at FROM member WHERE id = $1", member)
    if known is None:
        raise Invalid(links.USED)
    await rows(
        "UPDATE member SET email = $2, email_key = $3, confirmed_at = COALESCE(confirmed_at, $4) WHERE id = $1",
        member,
        email,
        email.lower(),
        now,
    )
    await forgive_bounces(member)
    # Links sent to the old mailbox stop working.
    await links.forget_links(Purpose.RESET, member)
    await links.forget_links(Purpose.CONFIRM, member)
    await _drop(member)
    if known["email"] and known["confirmed_at"] is not None:
        await post_mail(tx, "address_changed", known["email"], locale=known["locale"], now=now, name=known["name"])


async def _drop(member: int) -> None:
    gone = await row("DELETE FROM address_change WHERE member_id = $1 RETURNING id", member)
    if gone is not None:
        await _forget_links(gone["id"])


async def _forget_links(change: int) -> None:
    for purpose in ENDS:
        await links.forget_links(purpose, change)


def _taken() -> Invalid:
    return Invalid("Cette adresse est maintenant celle d’un autre compte : le changement ne peut pas se faire.")


async def forget_ended(now: datetime) -> None:
    """Delete changes to which a mailbox did not agree in time."""
    await rows("DELETE FROM address_change WHERE expires_at <= $1", now)
