"""Identities: which person at the provider is which member. (issuer, subject) names them for ever, an address never.

A mailbox may change hands, and a provider may not have verified the address: an identity is linked to an account only
by somebody who proves control of both. An identity belongs to one member.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from forum.database import row, rows, transaction
from forum.domain import legal, links, mail
from forum.domain.members import joining
from forum.domain.members.members import NewAccount
from forum.domain.members.particulars import Particulars, check_particulars
from forum.domain.sign_in import providers, sessions, visits
from forum.domain.sign_in.providers import ProvenPerson
from forum.domain.sign_in.sessions import OpenedSession
from forum.errors import Checks, Invalid, NotFound, Unavailable
from forum.models.joining import Purpose
from forum.permissions import Viewer
from forum.sealing import seal, unseal
from forum.settings import settings
from forum.text.addresses import clean_address


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """An identity as its owner sees it; `is_current` when it is of the provider of the settings."""

    id: int
    issuer: str
    created_at: datetime
    is_current: bool


async def member_of(person: ProvenPerson) -> int | None:
    """The member whose identity this is, if any."""
    found = await row(
        """SELECT i.member_id FROM identity i JOIN member m ON m.id = i.member_id
            WHERE i.issuer = $1 AND i.subject = $2 AND m.erased_at IS NULL""",
        person.issuer,
        person.subject,
    )
    return None if found is None else int(found["member_id"])


async def let_in(member: int, person: ProvenPerson, *, device: str, replacing: str, now: datetime) -> OpenedSession:
    """Open a session for the member whose identity was just proved; the browser's earlier one ends.

    Our own second factor is still required: providers differ in what they assert about theirs, and a compromised
    provider must not open the accounts of moderators and agents.
    """
    await sessions.close_session(replacing)
    return await sessions.let_in(member, now=now, device=device, issuer=person.issuer, id_token=seal(person.id_token))


async def link(viewer: Viewer, person: ProvenPerson, *, cookie: str = "", now: datetime) -> None:
    """Link an identity to a member; whoever waited under `cookie` waits no longer. A mail tells the member.

    First require a proof that the account is theirs (`proofs.require_proof`).

    Raises:
        Invalid: it is somebody else's.
    """
    told = await row("SELECT name, email, locale FROM member WHERE id = $1 AND email IS NOT NULL", viewer.id)
    async with transaction() as tx:
        await visits.end_waiting(cookie)
        is_new = await write_link(viewer.id, person, now)
        if is_new and told is not None:
            await mail.post_mail(
                tx,
                "identity_linked",
                told["email"],
                locale=told["locale"],
                now=now,
                name=told["name"],
                provider=providers.name(),
            )


async def write_link(member: int, person: ProvenPerson, now: datetime) -> bool:
    """Write the link, in the caller's transaction; False when it existed already.

    Raises:
        Invalid: the identity is another member's.
    """
    written = await row(
        """INSERT INTO identity (member_id, issuer, subject, created_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (issuer, subject) DO NOTHING RETURNING id""",
        member,
        person.issuer,
        person.subject,
        now,
    )
    if written is not None:
        return True
    if await member_of(person) != member:
        raise Invalid(
            "Cette identité {provider} est déjà reliée à un autre compte.", values={"provider": providers.name()}
        )
    return False


async def join(
    person: ProvenPerson,
    *,
    typed: Particulars,
    cookie: str,
    address: str,
    device: str,
    locale: str,
    now: datetime,
) -> OpenedSession | None:
    """Create the account of somebody who waits under `cookie`, without a password: their identity opens it.

    An address that the provider did not verify is confirmed by mail, and a member's address links nothing: both get the
    same answer, without a session (None), and a mail goes to the address.

    Raises:
        InvalidForm: what was typed cannot be accepted, each thing beside its field; a name that a member has.
        Invalid: the identity has been linked meanwhile.
        TooMany: too many accounts were asked for from that place.
    """
    checks = Checks()
    said = await check_particulars(checks, replace(typed, email=_address_of(person)))
    checks.done()
    await joining.count_place(address)
    email = said.email
    may_send = email is not None and await mail.may_mail(Purpose.CONFIRM, email)
    async with transaction() as tx:
        await visits.end_waiting(cookie)
        if email and await joining.tell_owner(tx, email, now, may_send=may_send):
            return None
        if email:
            # Nobody confirmed it: yesterday's claim is worth no more than today's.
            await joining.free_address(email)
        new = NewAccount(
            said,
            charter_version=legal.charter_version(),
            locale=locale,
            confirmed=email is not None and person.email_verified,
        )
        member = await joining.join(new, now=now)
        await write_link(member.id, person, now)
        if email and not person.email_verified:
            if may_send:
                token = await links.make_link(Purpose.CONFIRM, member.id, now)
                await mail.post_mail(tx, "confirm", email, locale=locale, now=now, name=said.name, token=token)
            return None
    return await let_in(member.id, person, device=device, replacing="", now=now)


def _address_of(person: ProvenPerson) -> str | None:
    try:
        return clean_address(person.email)
    except Invalid:
        return None


async def own_identities(viewer: Viewer) -> list[OwnIdentity]:
    """The identities of a member, the oldest first."""
    found = await rows("SELECT id, issuer, created_at FROM identity WHERE member_id = $1 ORDER BY id", viewer.id)
    return [
        OwnIdentity(one["id"], one["issuer"], one["created_at"], one["issuer"] == settings().oidc.issuer)
        for one in found
    ]


async def unlink(viewer: Viewer, identity: int, *, token: str) -> None:
    """Unlink this identity; the sessions that it opened end, except that of `token`. First require a proof.

    Raises:
        NotFound: it is not this member's.
        Invalid: they have no password: nobody could sign in to the account.
    """
    async with transaction():
        gone = await row("DELETE FROM identity WHERE id = $1 AND member_id = $2 RETURNING issuer", identity, viewer.id)
        if gone is None:
            raise NotFound
        kept = await row("SELECT id FROM member WHERE id = $1 AND password_hash IS NOT NULL", viewer.id)
        if kept is None:
            raise Invalid("Choisissez d’abord un mot de passe : sans lui, vous ne pourriez plus vous connecter.")
        await rows(
            "DELETE FROM session WHERE member_id = $1 AND issuer = $2 AND token_hash <> $3",
            viewer.id,
            gone["issuer"],
            sessions.hashed(token),
        )


async def sign_out(token: str, *, now: datetime) -> str:
    """End a session; returns the address that ends the provider's own, "" when there is nothing to end.

    Ours ends first, and a provider that does not answer keeps nobody signed in here.
    """
    found = await row("DELETE FROM session WHERE token_hash = $1 RETURNING issuer, id_token", sessions.hashed(token))
    if found is None or not found["id_token"] or found["issuer"] != settings().oidc.issuer:
        return ""
    try:
        return await providers.way_out(unseal(found["id_token"]), state=secrets.token_urlsafe(32), now=now)
    except (Unavailable, LookupError):
        return ""
