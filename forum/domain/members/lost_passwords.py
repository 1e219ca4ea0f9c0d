"""How does a member who lost their password, or never had one, get a new one? By a link sent to the address of the
account. Asking reveals nothing: a known and an unknown address get the same answer after the same time (ASVS 5.0,
6.3.8). Only a confirmed address gets a mail: otherwise the link would give the owner of a mailbox an account that
somebody else made with it. The link sets a password and opens no session: the second factor is still required when they
sign in (6.4.3).

Whoever asks, and for whom, are counted apart. Strangers who ask for somebody's address keep nobody out: three links
did arrive, each as good as the next, and the count ends with them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import anyio

from forum.database import Row, row, transaction
from forum.domain import links
from forum.domain.mail import forgive_mails, may_mail, post_mail
from forum.domain.members.joining import count_place
from forum.domain.members.members import keep_password
from forum.domain.sign_in import guesses, passwords
from forum.domain.sign_in.credentials import owner_to_tell, tell
from forum.domain.throttle import place
from forum.errors import Checks, Invalid
from forum.models.joining import Purpose
from forum.text.addresses import clean_address

ANSWERS_AFTER: Final = 0.4
"""Seconds after which everybody is answered: longer than writing a link takes, so that the time reveals nothing."""

# Tests replace it with one that does not wait.
pause = anyio.sleep


async def ask_for_link(email: str, *, address: str, now: datetime) -> None:
    """Send a link to an address if it is a member's, without revealing whether it is. `address` is the place that the
    request comes from.

    Raises:
        Invalid: it does not look like an address.
        TooMany: too many links were asked for from that place.
    """
    checks = Checks()
    with checks.field("adresse"):
        email = clean_address(email)
    checks.done()
    await count_place(address)
    async with _steadily():
        if not await may_mail(Purpose.RESET, email):
            return
        async with transaction() as tx:
            found = await row(
                "SELECT id, name, email, locale FROM member WHERE email_key = $1 AND confirmed_at IS NOT NULL",
                email.lower(),
            )
            if found is None:
                return
            token = await links.make_link(Purpose.RESET, found["id"], now)
            locale, name = found["locale"], found["name"]
            await post_mail(tx, "reset", found["email"], locale=locale, now=now, name=name, token=token)


@asynccontextmanager
async def _steadily() -> AsyncIterator[None]:
    """Make the block last the same time, whatever happens inside."""
    end = anyio.current_time() + ANSWERS_AFTER
    yield
    await pause(max(0.0, end - anyio.current_time()))


async def whose_link(token: str, now: datetime) -> str:
    """The name of the member whose password a link sets, without using it.

    Raises:
        Invalid: the link is not good (any more).
    """
    return str((await _member(token, now))["name"])


async def choose(token: str, password: str, *, address: str, now: datetime) -> None:
    """Set the new password: all sessions and every other link of this kind end; a mail tells the member. `address`, the
    place that the request comes from, is now one of theirs: strangers who try at the account do not keep them waiting
    there.

    Raises:
        Invalid: the link is not good any more, or the password is refused (`nouveau_mot_de_passe`).
    """
    found = await _member(token, now)
    checks = Checks()
    with checks.field("nouveau_mot_de_passe"):
        passwords.check_password(password, about=(found["name"], found["handle"], found["email"]))
    checks.done()
    kept = await passwords.hash_password(password, asker=place(address))
    owner = await owner_to_tell(found["id"])
    async with transaction() as tx:
        member = await links.use_link(token, Purpose.RESET, now)
        await keep_password(member, kept)
        await tell(tx, owner, "password_changed", now=now)
    await forgive_mails(Purpose.RESET, found["email"])
    for account in (found["email_key"], found["handle_key"]):
        await guesses.forgive(account, place(address))


async def _member(token: str, now: datetime) -> Row:
    subject = await links.subject_of(token, Purpose.RESET, now)
    found = await row(
        """SELECT id, name, handle, handle_key, email, email_key FROM member
            WHERE id = $1 AND email IS NOT NULL AND confirmed_at IS NOT NULL""",
        subject,
    )
    if found is None:
        raise Invalid(links.USED)
    return found
