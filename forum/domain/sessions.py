"""Who is signed in, since when, until when. Signing in takes a handle or an address, and a password.

A session is an opaque random token; the table keeps its hash, so reading the table lets nobody in. Unknown accounts,
accounts without password and wrong passwords get the same answer after the same work.

Throttling counts tries per address and account together, forgiven by the right password, and per address, in moving
windows: guessing is slowed, yet nobody can lock somebody else out by guessing wrong from elsewhere, and one's own
window passes.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from limits import RateLimitItem, RateLimitItemPerMinute

from forum.database import Row, moment, row, rows, transaction
from forum.domain import passwords
from forum.domain.throttle import place, throttle
from forum.errors import Invalid, TooMany
from forum.models.members import Role
from forum.permissions import Viewer
from forum.settings import settings
from forum.text.mentions import handle_key

# Idle time is measured in hours: a write at each page would buy nothing.
SEEN_EVERY = timedelta(minutes=5)
# A library or a ministry shares one address: it may try this many times more than one person.
PEOPLE_PER_ADDRESS = 10

VIEWER_QUERY = """
    SELECT s.id AS session, s.seen_at, s.expires_at, m.id, m.name, m.handle, m.role, m.locale, m.confirmed_at,
           m.suspended_until, mo.working_group_id AS moderated,
           (SELECT COUNT(*) FROM notification n WHERE n.member_id = m.id AND n.read_at IS NULL) AS unread
      FROM session s
      JOIN member m ON m.id = s.member_id
      LEFT JOIN moderator mo ON mo.member_id = m.id
     WHERE s.token_hash = $1"""


def hashed(token: str) -> str:
    """What the table keeps of a token. It is 256 random bits: one plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


async def viewer_of(token: str, *, now: datetime) -> Viewer | None:
    """The person behind a cookie, with their rights as they are now; None when the session is over or unknown."""
    found = await rows(VIEWER_QUERY, hashed(token))
    if not found:
        return None
    first = found[0]
    seen, ends = moment(first["seen_at"]), moment(first["expires_at"])
    if seen is None or ends is None or now >= ends or now - seen >= timedelta(hours=settings().sessions.idle_hours):
        return None
    if now - seen >= SEEN_EVERY:
        await rows("UPDATE session SET seen_at = $1 WHERE id = $2", now, first["session"])
    return _viewer(found)


def _viewer(found: Sequence[Row]) -> Viewer:
    first = found[0]
    return Viewer(
        id=first["id"],
        name=first["name"],
        handle=first["handle"],
        role=Role(first["role"]),
        groups=frozenset(one["moderated"] for one in found if one["moderated"] is not None),
        confirmed=first["confirmed_at"] is not None,
        suspended_until=moment(first["suspended_until"]),
        locale=first["locale"],
        unread=first["unread"],
    )


async def sign_in(identifier: str, password: str, *, address: str, now: datetime, replacing: str = "") -> str:
    """The token of a new session; the session that the browser had until now (`replacing`) ends.

    Raises:
        Invalid: the account or the password is not right; never says which.
        TooMany: too many wrong passwords lately.
    """
    wanted = handle_key(identifier.strip().removeprefix("@"))
    person, everybody = _counters(wanted, address)
    # Counted before the password is read: guesses sent all at once are no fewer guesses.
    await _count_try(*everybody)
    await _count_try(*person)
    found = await _account(identifier, wanted)
    if not await passwords.verify(password, found["password_hash"] if found else None) or found is None:
        raise Invalid("Le nom, l’adresse ou le mot de passe n’est pas le bon.", field="identifiant")
    await throttle().forgive(*person)
    await close_session(replacing)
    return await open_session(found["id"], now=now)


async def open_session(member: int, *, now: datetime) -> str:
    """A new session of a member, and its token, which exists nowhere else. Sessions that ended leave the table."""
    token = secrets.token_urlsafe(32)
    kept = settings().sessions
    async with transaction():
        await rows("DELETE FROM session WHERE expires_at <= $1 AND member_id = $2", now, member)
        await rows(
            "INSERT INTO session (token_hash, member_id, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)",
            hashed(token),
            member,
            now,
            now + timedelta(hours=kept.absolute_hours),
        )
    return token


async def close_session(token: str) -> None:
    """End a session; nothing happens when there is none."""
    if token:
        await rows("DELETE FROM session WHERE token_hash = $1", hashed(token))


async def _account(identifier: str, handle: str) -> Row | None:
    if "@" in identifier.strip()[1:]:
        return await row("SELECT id, password_hash FROM member WHERE email_key = $1", identifier.strip().lower()[:254])
    return await row("SELECT id, password_hash FROM member WHERE handle_key = $1", handle[:120])


def _counters(account: str, address: str) -> tuple[tuple[RateLimitItem, str], ...]:
    limits = settings().limits
    per_person = RateLimitItemPerMinute(limits.sign_in_tries, limits.sign_in_minutes)
    per_address = RateLimitItemPerMinute(limits.sign_in_tries * PEOPLE_PER_ADDRESS, limits.sign_in_minutes)
    here = place(address)
    return ((per_person, f"person {here} {account[:120]}"), (per_address, f"address {here}"))


async def _count_try(limit: RateLimitItem, key: str) -> None:
    if not await throttle().count(limit, key):
        minutes = settings().limits.sign_in_minutes
        raise TooMany(
            "Trop d’essais de connexion. Réessayez dans {minutes} minutes au plus.",
            values={"minutes": minutes},
            retry_after=minutes * 60,
        )
