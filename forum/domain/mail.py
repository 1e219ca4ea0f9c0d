"""Mails that leave: a row and its job in the transaction that wants them; the worker sends, then the row goes.

What a mail says is sealed while it waits, because it may hold a link that lets its reader in.
"""

from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import structlog
from limits import RateLimitItemPerHour

from forum.database import Transaction, insert_rows, row
from forum.domain.throttle import throttle
from forum.jobs import JobName, enqueue, enqueue_all
from forum.sealing import seal

PER_HOUR: Final = 3
"""Mails to one address in an hour: more would be somebody else's way to annoy its owner."""

COUNTED_TOGETHER: Final = 50
"""Counts under way at once: each is a question to Redis, when there is one."""

logger = structlog.get_logger()


async def may_mail(address: str) -> bool:
    """Whether one more mail may go to this address in this hour; counted at once. Ask before the transaction.

    A refusal is in the log only: what the person reads must not tell whether the address has an account.
    """
    within = await throttle().count(
        RateLimitItemPerHour(PER_HOUR), f"mail {sha256(address.lower().encode()).hexdigest()}"
    )
    if not within:
        logger.warning("mail held back, too many to one address in an hour")
    return within


async def post_mail(tx: Transaction, template: str, address: str, *, locale: str, now: datetime, **values: str) -> None:
    """A mail made of `templates/mail/<template>`, in the caller's transaction; it leaves after the commit.

    `values` fill the template (a token, a name); the site's address and name are known to it.
    """
    posted = await row(
        "INSERT INTO mail (address, template, locale, content, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        address,
        template,
        locale,
        seal(values),
        now,
    )
    if posted is None:
        raise RuntimeError("an insert gave no row")
    await enqueue(tx, JobName.SEND_MAIL, posted["id"], key=f"mail:{posted['id']}", now=now)


@dataclass(frozen=True, slots=True)
class Letter:
    """One of many mails made of the same template."""

    address: str
    locale: str
    values: Mapping[str, str]


async def post_mails(template: str, letters: Sequence[Letter], now: datetime) -> None:
    """Many mails at once, in the caller's transaction; workers send them as they read the table, see `enqueue_all`."""
    posted = await insert_rows(
        "mail (address, template, locale, content, created_at)",
        [(one.address, template, one.locale, seal(dict(one.values)), now) for one in letters],
        "RETURNING id",
    )
    await enqueue_all(JobName.SEND_MAIL, {f"mail:{one['id']}": one["id"] for one in posted}, now=now)


async def who_may_be_mailed(addresses: Sequence[str]) -> set[str]:
    """Of many addresses those to which one more mail may go, counted at once. Ask before the transaction."""
    within: set[str] = set()
    for start in range(0, len(addresses), COUNTED_TOGETHER):
        some = addresses[start : start + COUNTED_TOGETHER]
        found = await gather(*map(may_mail, some))
        within.update(address for address, fits in zip(some, found, strict=True) if fits)
    return within
