"""Outgoing mails: a row and its job in the transaction that wants them; the worker sends, then deletes the row. The
content of a waiting mail is sealed, because it may hold a link that gives access to an account.

Mails that somebody asks for are counted, each kind apart (`may_mail`). What an owner must learn about their account, a
changed password or a link to another identity, is never counted: whoever could fill that count would silence it."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import structlog
from limits import RateLimitItemPerHour

from forum.database import Transaction, insert_rows, known_row, row, rows, transaction
from forum.domain import jobs, links
from forum.domain.jobs import Claim
from forum.domain.leftovers import ask_to_wipe
from forum.domain.throttle import throttle
from forum.jobs import JobName, enqueue, enqueue_all
from forum.models.joining import Purpose
from forum.sealing import is_signed, seal, sign, unseal

PER_HOUR: Final = 3
"""Mails of one kind in an hour: with more, strangers could annoy the owner of an address."""
HELD_BACK: Final = "Trois courriels de cette sorte sont déjà partis depuis une heure. Réessayez plus tard."
"""What members and administrators read beyond a limit that they alone can reach."""

STALE: Final = timedelta(days=7)

MENDING: Final = frozenset({"confirm", "reset", "old_address", "new_address", "address_changed"})
"""The templates of mails that leave to an address that mail servers refuse: its owner needs them to mend it."""

FAREWELL: Final = "erased"
"""The template of the last mail to somebody: once it has left, nothing may name them."""

COUNTED_TOGETHER: Final = 50
"""Counts under way at once: each is a question to Redis, when there is one."""

logger = structlog.get_logger()


async def may_mail(purpose: Purpose, to: str) -> bool:
    """Whether one more mail may be asked for with this purpose in this hour; counts it. Call before the transaction.

    `to` is the address, or the member who asks when nobody else must be able to fill the count. Where strangers can
    fill it, the mails that did leave must be as good as the one that is held back; that is only logged, since what the
    person reads must not reveal whether the address has an account.
    """
    within = await throttle().count(*_asked(purpose, to))
    if not within:
        logger.warning("mail held back, too many in an hour", purpose=purpose.value)
    return within


async def forgive_mails(purpose: Purpose, to: str) -> None:
    """Forget how many were asked for: one served, so the others no longer do."""
    await throttle().forgive(*_asked(purpose, to))


def _asked(purpose: Purpose, to: str) -> tuple[RateLimitItemPerHour, str]:
    return RateLimitItemPerHour(PER_HOUR), f"mail {purpose.value} {sha256(to.lower().encode()).hexdigest()}"


async def post_mail(tx: Transaction, template: str, address: str, *, locale: str, now: datetime, **values: str) -> None:
    """Post a mail made from `templates/mail/<template>`, in the caller's transaction; it is sent after the commit.

    `values` fill the template (a token, a name; a day or a moment in ISO 8601); it already has the site's address and
    name.
    """
    posted = await known_row(
        "INSERT INTO mail (address, template, locale, content, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        address,
        template,
        locale,
        seal(values),
        now,
    )
    await enqueue(tx, JobName.SEND_MAIL, posted["id"], key=f"mail:{posted['id']}", now=now)


@dataclass(frozen=True, slots=True)
class Letter:
    """One of many mails made from the same template."""

    address: str
    locale: str
    values: Mapping[str, str]


async def post_mails(template: str, letters: Sequence[Letter], now: datetime) -> None:
    """Post many mails at once, in the caller's transaction; workers send them as they poll the table, see
    `enqueue_all`."""
    posted = await insert_rows(
        "mail (address, template, locale, content, created_at)",
        [(one.address, template, one.locale, seal(dict(one.values)), now) for one in letters],
        "RETURNING id",
    )
    await enqueue_all(JobName.SEND_MAIL, {f"mail:{one['id']}": one["id"] for one in posted}, now=now)


async def who_may_be_mailed(purpose: Purpose, addresses: Sequence[str]) -> set[str]:
    """The addresses, of many, to which one more mail may go; counts them. Call before the transaction."""
    within: set[str] = set()
    for start in range(0, len(addresses), COUNTED_TOGETHER):
        some = addresses[start : start + COUNTED_TOGETHER]
        found = await gather(*(may_mail(purpose, one) for one in some))
        within.update(address for address, fits in zip(some, found, strict=True) if fits)
    return within


async def forget_stale(now: datetime) -> None:
    """Delete mails that could not be sent for days: their links have ended, and their news is old."""
    await rows("DELETE FROM mail WHERE created_at <= $1", now - STALE)


async def forget_mails(address: str) -> None:
    """Delete the waiting mails to an address, in the caller's transaction: its owner was erased."""
    await rows("DELETE FROM mail WHERE LOWER(address) = LOWER($1)", address)


async def rename_in_mails(was: str, name: str, *, to: str | None) -> None:
    """Greet somebody by their new name in the mails that wait for them, and give it in those that say who invites, in
    the caller's transaction. `to` is their address."""
    for one in await rows("SELECT id, address, content FROM mail"):
        try:
            said = unseal(one["content"])
        except LookupError:
            # Sealed under a key that is lost: it will never be sent.
            continue
        named = ("name", "inviter") if one["address"] == to else ("inviter",)
        renamed = said | {key: name for key in named if said.get(key) == was}
        if renamed != said:
            await rows("UPDATE mail SET content = $2 WHERE id = $1", one["id"], seal(renamed))


# What the worker needs


@dataclass(frozen=True, slots=True)
class Listed:
    """What mails say that their reader may refuse: of which `kind` they are, about which `topic`, so that mail programs
    put those about one thing together, and the token that ends them."""

    kind: str
    topic: str
    token: str


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail to make and send."""

    id: int
    address: str
    template: str
    locale: str
    values: Mapping[str, Any]
    created_at: datetime
    listed: Listed | None = None
    """None: it is about an account, and cannot be refused."""


def is_too_late(mail: WaitingMail, now: datetime) -> bool:
    """Whether the link in it has ended: it would only lead to a refusal."""
    return any(
        purpose == mail.template and now >= mail.created_at + length for purpose, length in links.LENGTHS.items()
    )


async def mail_to_send(claim: Claim) -> WaitingMail | None:
    """The mail that a job is about; None when it was already sent, or must no longer be.

    Raises:
        LookupError: it was sealed under a key that this site does not have any more.
    """
    found = await row(
        "SELECT id, address, template, locale, content, created_at FROM mail WHERE id = $1", claim.subject
    )
    if found is None or await _is_held_back(found["address"], found["template"]):
        return None
    return WaitingMail(
        id=found["id"],
        address=found["address"],
        template=found["template"],
        locale=found["locale"],
        values=unseal(found["content"]),
        created_at=found["created_at"],
    )


async def _is_held_back(address: str, template: str) -> bool:
    """Whether mail servers refuse this address (`members/bounces.py`), and the mail would not help."""
    if template in MENDING:
        return False
    return (
        await row("SELECT 1 AS found FROM member WHERE email_key = $1 AND bounced_at IS NOT NULL", address.lower())
        is not None
    )


def message_id(mail: WaitingMail, address: str, domain: str) -> str:
    """The Message-ID of a mail to that address, by which a second copy, and a report on it, are recognised."""
    stamp = f"{mail.created_at:%Y%m%d%H%M%S%f}"
    return f"<{mail.id}.{stamp}.{sign('message', mail.id, stamp, address.lower())}@{domain}>"


def signed_by(mark: str, number: str, stamp: str, address: str) -> bool:
    """Whether the parts of a Message-ID are those of a mail of ours to that address."""
    return is_signed(mark, "message", number, stamp, address.lower())


async def finish_mail(claim: Claim, now: datetime) -> None:
    """The mail was sent: delete its row together with the end of its job.

    Raises:
        LostLease: another worker took the job up meanwhile, and sends the mail a second time under the same Message-ID.
    """
    async with transaction() as tx:
        await jobs.finish(claim, now)
        await _drop(tx, claim, now)


async def give_mail_up(claim: Claim, error: str, trace_id: str, now: datetime) -> None:
    """The mail will never arrive: delete its row, let its job say why, and the link in it too, for whoever had it sent.
    `error` must not contain the address.

    Raises:
        LostLease: another worker took the job up meanwhile: nothing is written.
    """
    async with transaction() as tx:
        await jobs.give_up(claim, error, trace_id, now)
        await _tell_sender(claim, error)
        await _drop(tx, claim, now)


async def _tell_sender(claim: Claim, error: str) -> None:
    try:
        mail = await mail_to_send(claim)
    except LookupError:
        return  # sealed under a lost key: nobody can say which link it held, and the job has the reason
    if mail is not None and "token" in mail.values:
        await links.note_undelivered(mail.values["token"], error)


async def _drop(tx: Transaction, claim: Claim, now: datetime) -> None:
    dropped = await row("DELETE FROM mail WHERE id = $1 RETURNING template", claim.subject)
    if dropped is not None and dropped["template"] == FAREWELL:
        await ask_to_wipe(tx, now)
