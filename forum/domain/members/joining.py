"""How do people join by themselves? They ask for an account, prove that the address is theirs, and get it.

Until then they are not members. Nothing reveals whether an address or a name has an account (ASVS 5.0, 6.3.8): somebody
who asks with the address of a member gets the same answer, after the same slow hash of the password and the same count
of mails, and the owner of the address gets a mail that says so. The rows that differ take less time than the hash
varies by.

The link alone does not open the account, the password of the sign-up is needed too: otherwise somebody could sign up
with another person's address, and know the password of the account that this person confirms. The link proves the
mailbox, the password says which of its sign-ups is theirs: so whoever asks again and again with somebody's address, and
thereby takes the mails of the hour, has only sent them links.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from limits import RateLimitItemPerHour

from forum.database import Row, Transaction, known_row, row, rows, transaction
from forum.domain import legal, links
from forum.domain.mail import PER_HOUR, may_mail, post_mail
from forum.domain.members.members import NewAccount, NewMember, insert_member
from forum.domain.members.particulars import Particulars, check_particulars, house_names, refuse_taken_name
from forum.domain.sign_in import guesses, passwords
from forum.domain.throttle import place, throttle
from forum.errors import Checks, Invalid, TooMany
from forum.models.joining import Purpose
from forum.settings import settings
from forum.text.names import clean_name

CLAIMS: Final = 20
"""The latest sign-ups of one address among which a password finds its own: a fifth of a second each."""


_SIGN_UPS: Final = """
    SELECT id, name, email, password_hash, organisation, profession, territory, charter_version, locale FROM sign_up"""


@dataclass(frozen=True, slots=True)
class WaitingSignUp:
    """A sign-up that waits for its confirmation, as shown to the person who follows its link."""

    name: str
    is_name_taken: bool


async def ask_for_account(typed: Particulars, *, address: str, locale: str, now: datetime) -> None:
    """Store a sign-up and send its link, without revealing whether the address has an account. `address` is the place
    that the request comes from.

    Raises:
        InvalidForm: what was typed cannot be accepted, each thing beside its field; a name that a member has.
        TooMany: too many accounts were asked for from that place, in all or with this address.
    """
    checks = Checks()
    said = await check_particulars(checks, typed)
    checks.done()
    if said.email is None or said.password is None:
        raise TypeError("a sign-up asks for an address and a password")
    await count_place(address)
    await _count(PER_HOUR, f"sign-up {place(address)} {sha256(said.email.lower().encode()).hexdigest()}")
    kept = await passwords.hash_password(said.password, asker=place(address))
    may_send = await may_mail(Purpose.SIGN_UP, said.email)
    new = NewAccount(said, password_hash=kept, charter_version=legal.charter_version(), locale=locale)
    async with transaction() as tx:
        if not await tell_owner(tx, said.email, now, may_send=may_send):
            await _keep_and_send(tx, new, said.email, now, may_send=may_send)


async def count_place(address: str) -> None:
    """Count one more account asked for, or password forgotten, from there.

    Raises:
        TooMany: more than `people.sign_ups_per_hour`.
    """
    await _count(settings().people.sign_ups_per_hour, f"sign-up {place(address)}")


async def _count(most: int, key: str) -> None:
    if not await throttle().count(RateLimitItemPerHour(most), key):
        raise TooMany(
            "Trop de demandes depuis cette connexion à internet. Réessayez dans une heure au plus.", retry_after=3600
        )


async def tell_owner(tx: Transaction, email: str, now: datetime, *, may_send: bool) -> bool:
    """Whether the address is a member's confirmed one; if so they are told by mail that somebody used it here, if one
    more `may_send` (see `may_mail`): those who were told three times this hour know."""
    found = await row(
        "SELECT name, email, locale FROM member WHERE email_key = $1 AND confirmed_at IS NOT NULL", email.lower()
    )
    if found is not None and may_send:
        await post_mail(tx, "already_member", found["email"], locale=found["locale"], now=now, name=found["name"])
    return found is not None


async def _keep_and_send(tx: Transaction, new: NewAccount, email: str, now: datetime, *, may_send: bool) -> None:
    kept = await known_row(
        """INSERT INTO sign_up (name, email, password_hash, organisation, profession, territory, charter_version,
                                locale, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id""",
        *(new.said.name, email, new.password_hash, new.said.organisation, new.said.profession, new.said.territory),
        *(new.charter_version, new.locale, now, now + links.LENGTHS[Purpose.SIGN_UP]),
    )
    if not may_send:
        return
    token = await links.make_link(Purpose.SIGN_UP, kept["id"], now)
    await post_mail(tx, "sign_up", email, locale=new.locale, now=now, name=new.said.name, token=token)


async def waiting_sign_up(token: str, now: datetime) -> WaitingSignUp:
    """The sign-up behind a link, without using it.

    Raises:
        Invalid: the link is not good (any more).
    """
    found = await _waiting(token, now)
    try:
        await refuse_taken_name(found["name"])
    except Invalid:
        return WaitingSignUp(found["name"], is_name_taken=True)
    return WaitingSignUp(found["name"], is_name_taken=False)


async def confirm(token: str, *, name: str, password: str, address: str, now: datetime) -> NewMember:
    """Create the account. `name` replaces the one that was asked for, which somebody may have taken meanwhile; if
    empty, the latter is used.

    Raises:
        Invalid: the link is not good any more, the password is of no sign-up with that address, the name is taken, or
            the address has had an account since.
        TooMany: other tries are under way.
    """
    waiting = await _waiting(token, now)
    typed = passwords.clean_password(password, field="mot_de_passe")
    async with guesses.one_try(f"sign-up {waiting['id']}", place(address)):
        found = await _claimed(waiting, typed, place(address), now)
    if found is None:
        raise Invalid(
            "Ce n’est pas le mot de passe choisi à l’inscription. Si vous l’avez oublié, inscrivez-vous de nouveau.",
            field="mot_de_passe",
        )
    checks = Checks()
    with checks.field("nom"):
        name = clean_name(name or found["name"], house=await house_names())
        await refuse_taken_name(name)
    checks.done()
    said = Particulars(name, found["organisation"], found["profession"], found["territory"], found["email"])
    new = NewAccount(
        said,
        password_hash=found["password_hash"],
        charter_version=found["charter_version"],
        locale=found["locale"],
    )
    async with transaction():
        await links.use_link(token, Purpose.SIGN_UP, now)
        return await join(new, now=now)


async def _waiting(token: str, now: datetime) -> Row:
    subject = await links.subject_of(token, Purpose.SIGN_UP, now)
    found = await row(f"{_SIGN_UPS} WHERE id = $1", subject)
    if found is None:
        raise Invalid(links.USED)
    return found


async def _claimed(waiting: Row, password: str, asker: str, now: datetime) -> Row | None:
    """The sign-up with that password among those of the mailbox, which the link of `waiting` proved: its own first,
    then the newest."""
    others = await rows(
        f"{_SIGN_UPS} WHERE LOWER(email) = LOWER($1) AND id <> $2 AND expires_at > $3 ORDER BY id DESC LIMIT $4",
        waiting["email"],
        waiting["id"],
        now,
        CLAIMS,
    )
    for one in (waiting, *others):
        if await passwords.verify(password, one["password_hash"], asker=asker):
            return one
    return None


async def join(new: NewAccount, *, now: datetime) -> NewMember:
    """Create the account of somebody who joins by themselves, in the caller's transaction. A confirmed address is taken
    away from an account that never confirmed it, and sign-ups that wait for it are deleted.

    Raises:
        Invalid: the name is another member's (`nom`), or the address is (`adresse`).
    """
    if new.confirmed and new.said.email:
        await free_address(new.said.email)
        await rows("DELETE FROM sign_up WHERE LOWER(email) = LOWER($1)", new.said.email)
    member = await insert_member(new, now=now)
    # Checked once the row is there: of two people who take one name at the same moment, the second waited for the
    # first.
    await refuse_taken_name(member.name, member=member.id)
    return member


async def free_address(email: str, *, member: int = 0) -> None:
    """Take an unconfirmed address away from other accounts, in the caller's transaction, for `member`, who has just
    confirmed it."""
    found = await rows(
        """UPDATE member SET email = NULL, email_key = NULL
            WHERE email_key = $1 AND confirmed_at IS NULL AND id <> $2 RETURNING id""",
        email.lower(),
        member,
    )
    for one in found:
        await links.forget_links(Purpose.CONFIRM, one["id"])


async def forget_ended(now: datetime) -> None:
    """Delete sign-ups that nobody confirmed in time."""
    await rows("DELETE FROM sign_up WHERE expires_at <= $1", now)
