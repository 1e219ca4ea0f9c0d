"""Visits to the provider of identities: which browser left for it, and what must come back?

A visit works once, for ten minutes, in the browser that began it: its state is in the address of the provider, its
other half in a cookie, and the table keeps only their hashes. A person who comes back unknown is remembered, with their
details from the provider, until they say which account is theirs: at most half an hour, long enough to fill in a form.
"""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from limits import RateLimitItemPerMinute

from forum.database import Row, row, rows, transaction
from forum.domain.sign_in import providers
from forum.domain.sign_in.providers import ProvenPerson
from forum.domain.throttle import place, throttle
from forum.errors import NotAllowed, TooMany
from forum.permissions import Viewer
from forum.sealing import seal, unseal

AWAY: Final = timedelta(minutes=10)
CHOOSING: Final = timedelta(minutes=30)
# Visits that may begin from one address in this many minutes: enough for a library, where people share one.
DEPARTURES: Final = 100
DEPARTURE_MINUTES: Final = 15

STRANGE = (
    "Cette connexion n’est pas partie de ce navigateur, a déjà servi ou a trop attendu. "
    "Recommencez depuis la page de connexion."
)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send somebody, and the cookie that they must come back with."""

    address: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What was stored when somebody left; `member` when they left to link their account."""

    nonce: str
    verifier: str
    suite: str
    locale: str
    member: int | None


@dataclass(frozen=True, slots=True)
class WaitingVisit:
    """Somebody identified by the provider but unknown here; they come from the page `suite`."""

    person: ProvenPerson
    suite: str


async def leave(*, viewer: Viewer | None, suite: str, locale: str, address: str, now: datetime) -> Departure:
    """Begin a visit to the provider, from `address`; `viewer` when it is to link their account.

    Raises:
        TooMany: too many visits began from this address lately.
        Unavailable: the provider cannot be reached.
    """
    limit = RateLimitItemPerMinute(DEPARTURES, DEPARTURE_MINUTES)
    if not await throttle().count(limit, f"provider {place(address)}"):
        raise TooMany("Trop d’essais de connexion. Réessayez dans quelques minutes.", retry_after=60)
    state, nonce, verifier, cookie = (secrets.token_urlsafe(32) for _ in range(4))
    way = await providers.way_in(state=state, nonce=nonce, verifier=verifier, now=now)
    agreed = {"nonce": nonce, "verifier": verifier, "suite": suite, "locale": locale}
    async with transaction():
        await forget_ended(now)
        await _keep(state, cookie, viewer.id if viewer else None, agreed, now, now + AWAY)
    return Departure(way, cookie)


async def come_back(state: str, cookie: str, *, now: datetime) -> Visit:
    """The visit of somebody who comes back; this uses it up, whatever the result.

    Raises:
        NotAllowed: unknown state, used or ended visit, or a visit of another browser.
    """
    found = await row(
        """DELETE FROM provider_visit WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3
           RETURNING sealed, member_id""",
        _hashed(state),
        _hashed(cookie),
        now,
    )
    agreed = _opened(found)
    if found is None or agreed is None or "nonce" not in agreed:
        raise NotAllowed(STRANGE)
    return Visit(**agreed, member=found["member_id"])


async def keep_waiting(person: ProvenPerson, *, suite: str, now: datetime) -> str:
    """Remember somebody unknown until they say which account is theirs; returns the cookie of that choice."""
    cookie = secrets.token_urlsafe(32)
    kept = {"person": asdict(person), "suite": suite}
    await _keep(secrets.token_urlsafe(32), cookie, None, kept, now, now + CHOOSING)
    return cookie


async def waiting(cookie: str, *, now: datetime) -> WaitingVisit:
    """The person who waits in this browser.

    Raises:
        NotAllowed: there is none, or they waited too long.
    """
    found = await row(
        "SELECT sealed FROM provider_visit WHERE browser_hash = $1 AND expires_at > $2", _hashed(cookie), now
    )
    kept = _opened(found)
    if kept is None or "person" not in kept:
        raise NotAllowed(STRANGE)
    return WaitingVisit(ProvenPerson(**kept["person"]), kept["suite"])


async def end_waiting(cookie: str) -> None:
    """End the wait of somebody who chose their account, in the caller's transaction."""
    await rows("DELETE FROM provider_visit WHERE browser_hash = $1", _hashed(cookie))


async def forget_ended(now: datetime) -> None:
    """Delete visits from which nobody came back in time."""
    await rows("DELETE FROM provider_visit WHERE expires_at <= $1", now)


async def _keep(
    state: str, cookie: str, member: int | None, kept: dict[str, Any], now: datetime, until: datetime
) -> None:
    await rows(
        """INSERT INTO provider_visit (state_hash, browser_hash, member_id, sealed, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        _hashed(state),
        _hashed(cookie),
        member,
        seal(kept),
        now,
        until,
    )


def _opened(found: Row | None) -> dict[str, Any] | None:
    """The stored details; empty when they are gone, or sealed under a key that was replaced meanwhile."""
    try:
        return None if found is None else dict(unseal(found["sealed"]))
    except LookupError:
        return None


def _hashed(value: str) -> str:
    """The hash of a token: 256 random bits need no slow hash."""
    return sha256(value.encode()).hexdigest()
