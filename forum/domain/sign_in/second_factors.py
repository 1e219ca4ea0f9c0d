"""The second factor: an application with codes based on time (TOTP, RFC 6238), and ten recovery codes to replace it.

The key to scan is stored nowhere until one of its codes was typed: before that the page carries it, sealed and for one
member. A code of the application is accepted once, even under concurrent requests: one statement compares and stores
its time step. Recovery codes are 120 random bits each, so a plain hash is enough (ASVS 5.0, 6.5.2), and each is deleted
when used.

Six digits can be guessed by somebody who already has the password: `code_tries` of them are checked per day and
account, which gives twenty tries one chance in fifteen thousand, and five wrong ones end the session that waits.
Recovery codes are always checked, so that nobody locks the owner out; a right one clears the wrong ones.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import pyotp
import structlog
from limits import RateLimitItemPerDay

from forum import permissions
from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.sign_in import credentials, proofs, sessions
from forum.domain.throttle import throttle
from forum.errors import Checks, Conflict, Invalid, NotFound, SignInRequired, TooMany
from forum.permissions import Viewer
from forum.sealing import seal, unseal
from forum.settings import settings

STEP: Final = 30
"""Seconds that a code of the application lasts."""
AROUND: Final = (-1, 0, 1)
"""Steps that are accepted before and after the present one: clocks differ, and people type slowly (RFC 6238, 5.2)."""
PAPER_CODES: Final = 10
PAPER_SIGNS: Final = 24
SIGNS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 characters, without 0 o 1 l: five bits each."""
DRAFT_LASTS: Final = timedelta(minutes=30)
WRONG_CODES: Final = 5
"""After this many wrong codes, the session that waits ends: the password has to be typed again."""
DAY: Final = 24 * 3600

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Factor:
    """The second factor of a member: since when, and how many recovery codes are left."""

    since: datetime
    codes_left: int


@dataclass(frozen=True, slots=True)
class OfferedKey:
    """A key to set up: `address` is what the application scans, `key` the same to type, in groups of four."""

    sealed: str
    secret: str
    address: str

    @property
    def key(self) -> str:
        return " ".join(self.secret[place : place + 4] for place in range(0, len(self.secret), 4))


@dataclass(frozen=True, slots=True)
class Renewed:
    """The result of a change: recovery codes, shown once, and the new token of this session."""

    codes: tuple[str, ...]
    token: str


async def factor_of(member: int) -> Factor | None:
    """The second factor of a member, None when they have none."""
    found = await row(
        """SELECT f.created_at, (SELECT COUNT(*) FROM recovery_code c WHERE c.member_id = f.member_id) AS codes_left
             FROM second_factor f WHERE f.member_id = $1""",
        member,
    )
    return None if found is None else Factor(found["created_at"], found["codes_left"])


async def required_factor_of(member: int) -> Factor:
    """The second factor of a member.

    Raises:
        NotFound: they have none.
    """
    found = await factor_of(member)
    if found is None:
        raise NotFound
    return found


def draft(viewer: Viewer, now: datetime, *, sealed: str = "") -> OfferedKey:
    """A key to scan: the one that a form sends back if it is this member's and still valid, otherwise a new one."""
    secret = _secret_of(viewer, sealed, now) or pyotp.random_base32()
    if not sealed or _secret_of(viewer, sealed, now) is None:
        sealed = seal({"member": viewer.id, "secret": secret, "until": (now + DRAFT_LASTS).isoformat()})
    address = pyotp.TOTP(secret).provisioning_uri(name=viewer.handle, issuer_name=settings().site.name)
    return OfferedKey(sealed, secret, address)


def _secret_of(viewer: Viewer, sealed: str, now: datetime) -> str | None:
    if not sealed:
        return None
    try:
        kept: Any = unseal(sealed)
    except LookupError:
        return None
    if not isinstance(kept, dict) or kept.get("member") != viewer.id:
        return None
    return str(kept["secret"]) if now < datetime.fromisoformat(kept["until"]) else None


async def set_up(
    viewer: Viewer, token: str, *, sealed: str, code: str, password: str, current: str = "", now: datetime
) -> Renewed:
    """Make a key the second factor, replacing the one before; other sessions end.

    `code` is of the new key, `current` a code of the former application or a recovery code, `password` as in `proofs`.

    Raises:
        InvalidForm: the code, the password or the current code is not right, or the key is too old.
        Conflict: another window was quicker.
        TooMany: too many tries.
    """
    had_one = await factor_of(viewer.id) is not None
    secret = _secret_of(viewer, sealed, now)
    step = _step_of(secret, code, now) if secret else None
    checks = Checks()
    with checks.field("code"):
        if secret is None:
            raise Invalid("Cette clé n’est plus valable : enregistrez celle-ci dans votre application.")
        if step is None:
            raise Invalid("Ce n’est pas le code de cette clé. Vérifiez l’heure de votre appareil.")
    with checks.field(proofs.FIELD):
        await proofs.require_proof(viewer, token, password, now=now)
    checks.done()
    if had_one:
        await require_code(viewer.id, current, now=now, field="code_actuel")
    owner = await credentials.owner_to_tell(viewer.id)
    codes = draw_codes()
    async with transaction() as tx:
        await _keep(viewer.id, seal(secret), step, replacing=had_one, now=now)
        await _keep_codes(viewer.id, codes)
        renewed = await credentials.close_others(viewer, token, now=now)
        await credentials.tell(tx, owner, "factor_changed", now=now, what="replaced" if had_one else "added")
    return Renewed(codes, renewed)


async def _keep(member: int, sealed: str, step: int | None, *, replacing: bool, now: datetime) -> None:
    if replacing:
        kept = await row(
            "UPDATE second_factor SET secret = $2, last_step = $3, created_at = $4 WHERE member_id = $1 RETURNING id",
            member,
            sealed,
            step,
            now,
        )
    else:
        kept = await row(
            """INSERT INTO second_factor (member_id, secret, last_step, created_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (member_id) DO NOTHING RETURNING id""",
            member,
            sealed,
            step,
            now,
        )
    if kept is None:
        raise Conflict("La double authentification a changé dans une autre fenêtre. Rechargez cette page.")


async def renew_codes(viewer: Viewer, token: str, *, code: str, password: str, now: datetime) -> tuple[str, ...]:
    """Generate ten new recovery codes; the former ones stop working.

    Raises:
        NotFound: they have no second factor.
        Invalid: the password or the code is not right.
        TooMany: too many tries.
    """
    await _require_both(viewer, token, code=code, password=password, now=now)
    owner = await credentials.owner_to_tell(viewer.id)
    codes = draw_codes()
    async with transaction() as tx:
        await _keep_codes(viewer.id, codes)
        await credentials.tell(tx, owner, "factor_changed", now=now, what="codes")
    return codes


async def turn_off(viewer: Viewer, token: str, *, code: str, password: str, now: datetime) -> str:
    """Turn the second factor off; other sessions end. Returns the new token of this one.

    Raises:
        NotAllowed: their role requires it.
        NotFound, Invalid, TooMany: like `renew_codes`.
    """
    permissions.demand(permissions.may_turn_factor_off, viewer, required=settings().sign_in.second_factor_for_staff)
    await _require_both(viewer, token, code=code, password=password, now=now)
    owner = await credentials.owner_to_tell(viewer.id)
    async with transaction() as tx:
        await _forget(viewer.id)
        renewed = await credentials.close_others(viewer, token, now=now)
        await credentials.tell(tx, owner, "factor_changed", now=now, what="removed")
    return renewed


async def remove(actor: Viewer | None, member: int, *, reason: str = "", now: datetime) -> None:
    """Remove the second factor of a member who lost all their codes; their sessions end, and they are told.

    `actor` is an administrator, None at the command line. The caller has checked who the member is.

    Raises:
        NotAllowed, SignInRequired: `actor` is no administrator.
        NotFound: there is no such member, or they have no second factor.
    """
    if actor is not None:
        permissions.demand(permissions.may_administer, actor, now)
    owner = await credentials.owner_to_tell(member)
    async with transaction() as tx:
        if not await _forget(member):
            raise NotFound
        await sessions.close_all(member)
        await journal.record(
            actor, "remove_second_factor", "member", member, group=None, reason=journal.reason_of(reason), now=now
        )
        await credentials.tell(tx, owner, "factor_changed", now=now, what="removed")


async def enter(token: str, typed: str, *, now: datetime) -> str:
    """Enter the code of a session that waits for it; returns the new token of the session that begins.

    Raises:
        SignInRequired: no session waits for a code here (any more): the password has to be typed again.
        Invalid: the code is not right.
        TooMany: too many codes for one day.
    """
    member = await sessions.awaiting(token, now=now)
    if member is None:
        raise SignInRequired("Le temps pour donner le code est passé. Connectez-vous de nouveau.")
    if await throttle().tally(f"waiting {sessions.hashed(token)}", DAY) > WRONG_CODES:
        await sessions.close_session(token)
        raise SignInRequired("Trop de codes faux. Connectez-vous de nouveau.")
    await require_code(member, typed, now=now)
    admitted = await sessions.admit(token, now=now)
    if admitted is None:
        raise SignInRequired("Le temps pour donner le code est passé. Connectez-vous de nouveau.")
    return admitted


async def require_code(member: int, typed: str, *, now: datetime, field: str = "code") -> None:
    """Check and use up a code of the member's application, or a recovery code.

    Raises:
        Invalid: it is neither, or was used.
        TooMany: too many codes of an application for one day.
    """
    written = "".join(sign for sign in typed.lower() if sign.isalnum())
    if len(written) == PAPER_SIGNS:
        right = await _use_paper_code(member, written)
    else:
        right = await _use_application_code(member, written, now)
    if not right:
        logger.warning("wrong code", member=member)
        raise Invalid("Ce code n’est pas le bon, ou a déjà servi.", field=field)
    await throttle().forgive(*_codes_of_the_day(member))


async def _use_paper_code(member: int, code: str) -> bool:
    used = await row(
        "DELETE FROM recovery_code WHERE member_id = $1 AND code_hash = $2 RETURNING id", member, _hashed(code)
    )
    return used is not None


async def _use_application_code(member: int, code: str, now: datetime) -> bool:
    if not await throttle().count(*_codes_of_the_day(member)):
        raise TooMany(
            "Trop de codes faux depuis un jour. Entrez avec un code de secours, ou réessayez demain.", retry_after=DAY
        )
    found = await row("SELECT secret FROM second_factor WHERE member_id = $1", member)
    step = _step_of(_unsealed(found["secret"]), code, now) if found else None
    if step is None:
        return False
    # Compare and store in one statement: of two requests with the same code, one succeeds.
    noted = await row(
        "UPDATE second_factor SET last_step = $2 WHERE member_id = $1 AND last_step < $2 RETURNING id", member, step
    )
    return noted is not None


def _unsealed(kept: str) -> str:
    try:
        return str(unseal(kept))
    except LookupError as problem:
        logger.error("second factor sealed under a key that security.key does not hold")
        raise Invalid(
            "Le site ne peut plus lire la clé de votre application. Entrez avec un code de secours.", field="code"
        ) from problem


def _codes_of_the_day(member: int) -> tuple[RateLimitItemPerDay, str]:
    return RateLimitItemPerDay(settings().limits.code_tries), f"codes {member}"


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step of this code; compared in constant time."""
    written, present = "".join(code.split()), int(now.timestamp()) // STEP
    counter = pyotp.HOTP(secret)
    steps = [present + away for away in AROUND if secrets.compare_digest(counter.at(present + away), _ascii(written))]
    return max(steps, default=None)


def _ascii(written: str) -> str:
    return written if written.isascii() else ""


async def _require_both(viewer: Viewer, token: str, *, code: str, password: str, now: datetime) -> None:
    """Require the password, then a code: a wrong password does not use up a code."""
    await required_factor_of(viewer.id)
    await proofs.require_proof(viewer, token, password, now=now)
    await require_code(viewer.id, code, now=now)


def draw_codes() -> tuple[str, ...]:
    return tuple(_in_groups("".join(secrets.choice(SIGNS) for _ in range(PAPER_SIGNS))) for _ in range(PAPER_CODES))


def _in_groups(code: str) -> str:
    return "-".join(code[place : place + 6] for place in range(0, PAPER_SIGNS, 6))


async def _keep_codes(member: int, codes: tuple[str, ...]) -> None:
    await rows("DELETE FROM recovery_code WHERE member_id = $1", member)
    for code in codes:
        await rows(
            "INSERT INTO recovery_code (member_id, code_hash) VALUES ($1, $2)", member, _hashed(code.replace("-", ""))
        )


def _hashed(code: str) -> str:
    """The hash of a recovery code: 120 random bits need no slow hash, and comparing hashes in the database reveals
    nothing."""
    return sha256(code.encode()).hexdigest()


async def _forget(member: int) -> bool:
    await rows("DELETE FROM recovery_code WHERE member_id = $1", member)
    return await row("DELETE FROM second_factor WHERE member_id = $1 RETURNING id", member) is not None
