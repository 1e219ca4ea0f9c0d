"""Who is signed in, since when, until when. Signing in takes a handle or an address, a password, then a code.

A session is an opaque random token; the table keeps its hash, so reading the table gives no access. Unknown accounts,
accounts without password, waiting sign-ups and wrong passwords get the same answer after the same work; `guesses.py`
slows tries down. A member with a second factor is not signed in until its code is right: the session waits for it a few
minutes, then gets a new token (`second_factors.py` checks codes).
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from forum.database import Row, row, rows, transaction
from forum.domain.notifications import STANDS
from forum.domain.sign_in import guesses, passwords
from forum.domain.throttle import place
from forum.errors import Invalid, NotFound
from forum.models.members import Role
from forum.permissions import Viewer, asks_for_factor
from forum.settings import settings
from forum.storage import StorageFault
from forum.text.addresses import address_key
from forum.text.characters import seen
from forum.text.mentions import handle_key

# Idle time is measured in hours: writing at each page would be useless.
SEEN_EVERY: Final = timedelta(minutes=5)
# Inactivity is measured in months (`active_at`).
ACTIVE_EVERY: Final = timedelta(days=1)
# Between the password and the code of the second factor: time to find the telephone.
CODE_WITHIN: Final = timedelta(minutes=10)

log = structlog.get_logger()

# This is on the hot path of every page of a member: one query.
VIEWER_QUERY = f"""
    SELECT s.id AS session, s.seen_at, s.expires_at, m.id, m.name, m.handle, m.role, m.locale, m.confirmed_at,
           m.suspended_until, m.suspended_reason, m.example, m.active_at, mo.working_group_id AS moderated,
           EXISTS (SELECT 1 FROM second_factor f WHERE f.member_id = m.id)::bool AS has_factor,
           (SELECT COUNT(*) FROM notification n WHERE n.member_id = m.id AND n.read_at IS NULL AND {STANDS}) AS unread
      FROM session s
      JOIN member m ON m.id = s.member_id
      LEFT JOIN moderator mo ON mo.member_id = m.id
     WHERE s.token_hash = $1 AND NOT s.awaits_code"""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """What a password or a provider opened: a session, or one that waits for a code and is not signed in yet."""

    token: str
    awaits_code: bool


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One sign-in, as its owner sees it in the list."""

    id: int
    device: str
    created_at: datetime
    seen_at: datetime
    is_this_one: bool


def hashed(token: str) -> str:
    """The hash that the table keeps of a token, which is 256 random bits: a plain SHA-256 is enough."""
    return sha256(token.encode()).hexdigest()


async def viewer_of(token: str, *, now: datetime) -> Viewer | None:
    """The person behind a cookie, with their rights as they are now; None when the session is over or unknown."""
    found = await rows(VIEWER_QUERY, hashed(token))
    if not found:
        return None
    first = found[0]
    seen, ends = first["seen_at"], first["expires_at"]
    if now >= ends or now - seen >= _idle():
        return None
    if now - seen >= SEEN_EVERY:
        with suppress(StorageFault):  # which is told; reading goes on
            await _note_visit(first, now)
    return _viewer(found)


async def _note_visit(found: Row, now: datetime) -> None:
    await rows("UPDATE session SET seen_at = $1 WHERE id = $2", now, found["session"])
    active = found["active_at"]
    if active is None or now - active >= ACTIVE_EVERY:
        await _note_activity(found["id"], now)


async def _note_activity(member: int, now: datetime) -> None:
    await rows("UPDATE member SET active_at = $1 WHERE id = $2", now, member)


def _viewer(found: Sequence[Row]) -> Viewer:
    first = found[0]
    role, groups = Role(first["role"]), frozenset(one["moderated"] for one in found if one["moderated"] is not None)
    exempt = first["has_factor"] or first["example"] or not settings().sign_in.second_factor_for_staff
    return Viewer(
        id=first["id"],
        name=first["name"],
        handle=first["handle"],
        role=role,
        groups=groups,
        confirmed=first["confirmed_at"] is not None,
        suspended_until=first["suspended_until"],
        suspended_reason=first["suspended_reason"],
        lacks_factor=not exempt and asks_for_factor(role, groups),
        locale=first["locale"],
        unread=first["unread"],
    )


async def sign_in(
    identifier: str, password: str, *, address: str, now: datetime, device: str = "", replacing: str = ""
) -> OpenedSession:
    """Open a session; the one that the browser had before (`replacing`) ends.

    Raises:
        Invalid: the account or the password is not right; never says which. Or the password is longer than any.
        TooMany: other tries at this account are under way, or this address has tried very often.
    """
    here, account = place(address), _account_key(identifier)
    typed = passwords.clean_password(password, field="mot_de_passe")
    is_known = await guesses.is_known(account, here)
    if not is_known:
        await guesses.count_address(here)
    asker = f"{account} at {here}" if is_known else here
    async with guesses.one_try(account, here):
        found = await _account(account)
        right = await passwords.verify(typed, found["password_hash"] if found else None, asker=asker, is_known=is_known)
    if found is None or not right:
        log.warning("sign-in failed", member=found["id"] if found else None)
        raise Invalid(
            "Le nom, l’adresse ou le mot de passe n’est pas le bon, ou l’adresse n’est pas encore confirmée.",
            field="identifiant",
        )
    await guesses.forgive(account, here)
    await close_session(replacing)
    return await let_in(found["id"], device=device, now=now)


async def let_in(
    member: int, *, now: datetime, device: str = "", issuer: str = "", id_token: str = ""
) -> OpenedSession:
    """Open a session for somebody who just proved who they are; it awaits a code when they have a second factor.

    `issuer` and `id_token` (sealed) are those of the provider that they came through, if any.
    """
    awaits = await row("SELECT id FROM second_factor WHERE member_id = $1", member) is not None
    token = await open_session(
        member, now=now, device=device, proved_at=now, issuer=issuer, id_token=id_token, awaits_code=awaits
    )
    log.info("signed in, but for a code" if awaits else "signed in", member=member)
    return OpenedSession(token, awaits)


async def open_session(
    member: int,
    *,
    now: datetime,
    device: str = "",
    proved_at: datetime | None = None,
    issuer: str = "",
    id_token: str = "",
    awaits_code: bool = False,
) -> str:
    """Open a session; returns its token, which exists nowhere else. The member's ended sessions are deleted."""
    token = secrets.token_urlsafe(32)
    async with transaction():
        await rows(
            "DELETE FROM session WHERE member_id = $1 AND (expires_at <= $2 OR seen_at <= $3)",
            member,
            now,
            now - _idle(),
        )
        await rows(
            """INSERT INTO session (token_hash, member_id, created_at, seen_at, expires_at, proved_at, device, issuer,
                                    id_token, awaits_code)
               VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)""",
            hashed(token),
            member,
            now,
            now + (CODE_WITHIN if awaits_code else _longest()),
            proved_at,
            device,
            issuer,
            id_token,
            awaits_code,
        )
        if not awaits_code:
            await _note_activity(member, now)
    return token


async def awaiting(token: str, *, now: datetime) -> int | None:
    """The member whose code this session waits for; None when it waits for none."""
    found = await row(
        "SELECT member_id FROM session WHERE token_hash = $1 AND awaits_code AND expires_at > $2", hashed(token), now
    )
    return None if found is None else int(found["member_id"])


async def admit(token: str, *, now: datetime) -> str | None:
    """The code was right: begin the session, under a new token; None when it no longer waited.

    A token that an attacker may have put into this browser before is now useless (session fixation).
    """
    renewed = secrets.token_urlsafe(32)
    found = await row(
        """UPDATE session SET token_hash = $2, awaits_code = $5, seen_at = $3, proved_at = $3, expires_at = $4
            WHERE token_hash = $1 AND awaits_code AND expires_at > $3 RETURNING member_id""",
        hashed(token),
        hashed(renewed),
        now,
        now + _longest(),
        False,
    )
    if found is None:
        return None
    await _note_activity(found["member_id"], now)
    log.info("signed in", member=found["member_id"])
    return renewed


async def renew(token: str, *, now: datetime) -> str:
    """Give a session a new token when its owner's credentials changed; they just proved who they are.

    Raises:
        NotFound: there is no such session (any more).
    """
    renewed = secrets.token_urlsafe(32)
    changed = await row(
        "UPDATE session SET token_hash = $2, proved_at = $3 WHERE token_hash = $1 RETURNING id",
        hashed(token),
        hashed(renewed),
        now,
    )
    if changed is None:
        raise NotFound
    return renewed


async def close_session(token: str) -> None:
    """End a session; nothing happens when there is none."""
    if token:
        await rows("DELETE FROM session WHERE token_hash = $1", hashed(token))


async def close_all(member: int, *, keep: str = "") -> None:
    """End every session of a member, except that of the token `keep`; in the caller's transaction when there is one."""
    await rows("DELETE FROM session WHERE member_id = $1 AND token_hash <> $2", member, hashed(keep))


async def close_one(viewer: Viewer, session: int) -> None:
    """End one session of one's own.

    Raises:
        NotFound: it is over already, or somebody else's.
    """
    if await row("DELETE FROM session WHERE id = $1 AND member_id = $2 RETURNING id", session, viewer.id) is None:
        raise NotFound


async def sessions_of(viewer: Viewer, token: str, *, now: datetime) -> list[OpenSession]:
    """Where a member is signed in: the session of this token first, then the one seen last."""
    found = await rows(
        """SELECT id, token_hash, device, created_at, seen_at FROM session
            WHERE member_id = $1 AND NOT awaits_code AND expires_at > $2 AND seen_at > $3
            ORDER BY seen_at DESC, id DESC""",
        viewer.id,
        now,
        now - _idle(),
    )
    this = hashed(token)
    listed = [
        OpenSession(
            id=one["id"],
            device=one["device"],
            created_at=one["created_at"],
            seen_at=one["seen_at"],
            is_this_one=one["token_hash"] == this,
        )
        for one in found
    ]
    return sorted(listed, key=lambda one: not one.is_this_one)


async def forget_ended(now: datetime) -> None:
    """Delete everybody's ended sessions."""
    await rows("DELETE FROM session WHERE expires_at <= $1 OR seen_at <= $2", now, now - _idle())


def _idle() -> timedelta:
    return timedelta(hours=settings().sessions.idle_hours)


def _longest() -> timedelta:
    return timedelta(hours=settings().sessions.absolute_hours)


def _account_key(identifier: str) -> str:
    """The key of an account from what was typed: an address in lower case, or a folded handle."""
    typed = seen(identifier)
    return address_key(typed) if "@" in typed[1:] else handle_key(typed.removeprefix("@"))[:120]


async def _account(key: str) -> Row | None:
    column = "email_key" if "@" in key else "handle_key"
    return await row(f"SELECT id, password_hash FROM member WHERE {column} = $1", key)
