"""Identities: which person at the provider is which member. (issuer, subject) names them for ever, an address never.

An address is a mailbox that changes hands, and a provider may not have verified it: an identity is linked to an account
by whoever proves control of both, and to no account otherwise. One identity is one member's.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from forum.database import known_moment, row, rows, transaction
from forum.domain import mail, providers, sessions, visits
from forum.domain.providers import Person
from forum.domain.sessions import Entry
from forum.errors import Invalid, NotFound, Unavailable
from forum.permissions import Viewer
from forum.sealing import seal, unseal
from forum.settings import settings


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """An identity as its owner sees it; `is_current` when the provider of the settings is the one that proves it."""

    id: int
    issuer: str
    created_at: datetime
    is_current: bool


async def member_of(person: Person) -> int | None:
    """The member whose identity this is, if somebody's."""
    found = await row(
        """SELECT i.member_id FROM identity i JOIN member m ON m.id = i.member_id
            WHERE i.issuer = $1 AND i.subject = $2 AND m.erased_at IS NULL""",
        person.issuer,
        person.subject,
    )
    return None if found is None else int(found["member_id"])


async def let_in(member: int, person: Person, *, device: str, replacing: str, now: datetime) -> Entry:
    """A session of the member whose identity was just proved; the browser's earlier one ends.

    Our own second factor is asked all the same: providers mean different things by what they assert of theirs, and one
    that was broken into must not open the accounts of moderators and agents.
    """
    await sessions.close_session(replacing)
    return await sessions.let_in(member, now=now, device=device, issuer=person.issuer, id_token=seal(person.id_token))


async def link(viewer: Viewer, person: Person, *, cookie: str = "", now: datetime) -> None:
    """This identity is this member's from now on; who waited under `cookie` waits no longer. A mail tells the member.

    Ask before for a proof that the account is theirs (`proofs.require_proof`).

    Raises:
        Invalid: it is somebody else's.
    """
    told = await row("SELECT name, email, locale FROM member WHERE id = $1 AND email IS NOT NULL", viewer.id)
    may_tell = told is not None and await mail.may_mail(told["email"])
    async with transaction() as tx:
        await visits.end_waiting(cookie)
        is_new = await write_link(viewer.id, person, now)
        if is_new and told is not None and may_tell:
            await mail.post_mail(
                tx,
                "identity_linked",
                told["email"],
                locale=told["locale"],
                now=now,
                name=told["name"],
                provider=providers.name(),
            )


async def write_link(member: int, person: Person, now: datetime) -> bool:
    """The row of a link, in the caller's transaction; False when it was there already.

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


async def own_identities(viewer: Viewer) -> list[OwnIdentity]:
    """The identities of a member, the oldest first."""
    found = await rows("SELECT id, issuer, created_at FROM identity WHERE member_id = $1 ORDER BY id", viewer.id)
    return [
        OwnIdentity(one["id"], one["issuer"], known_moment(one["created_at"]), one["issuer"] == settings().oidc.issuer)
        for one in found
    ]


async def unlink(viewer: Viewer, identity: int, *, token: str) -> None:
    """This identity is nobody's any more, and the sessions that it opened end, but that of `token`. Ask for a proof
    before.

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
    """End a session; gives where to end that of the provider that it came through, too, "" when there is nothing to end.

    Ours ends first, and a provider that does not answer keeps nobody signed in here.
    """
    found = await row("DELETE FROM session WHERE token_hash = $1 RETURNING issuer, id_token", sessions.hashed(token))
    if found is None or not found["id_token"] or found["issuer"] != settings().oidc.issuer:
        return ""
    try:
        return await providers.way_out(unseal(found["id_token"]), state=secrets.token_urlsafe(32), now=now)
    except (Unavailable, LookupError):
        return ""
