"""Inactive accounts: their owners are warned twice, then they are erased as if the owner had asked.

The duration is a setting, two years by default, as the CNIL recommends for accounts. Signing in, or opening any page
while signed in, restarts it. Staff and moderators are never erased automatically: an administrator decides about their
rights.
"""

import calendar
from datetime import datetime, timedelta
from typing import Final

import structlog

from forum.database import Row, row, rows, transaction
from forum.domain.mail import post_mail
from forum.domain.privacy.erasure import erase
from forum.errors import NotFound
from forum.settings import settings
from forum.text.typography import PARIS

WARNED_BEFORE: Final = (timedelta(days=60), timedelta(days=15))
"""How long before the erasure the first and the second message are sent."""

log = structlog.get_logger()

# A person inactive since $1, neither invented nor named by an import.
_ASLEEP: Final = """
      FROM member m
     WHERE erased_at IS NULL AND email IS NOT NULL AND NOT example
       AND COALESCE(active_at, confirmed_at, created_at) <= $1"""
_IS_STAFF: Final = "(role <> 'member' OR EXISTS (SELECT 1 FROM moderator g WHERE g.member_id = m.id))"
_TOLD: Final = f"""
    SELECT id, name, email, locale, active_at, confirmed_at, created_at {_ASLEEP}
       AND NOT {_IS_STAFF} AND warnings = $2 AND (warned_at IS NULL OR warned_at <= $3) ORDER BY id"""


async def warn_and_erase(now: datetime) -> None:
    """One day's work: active people lose their warnings, inactive ones are warned, those warned twice are erased.

    Nobody is erased less than fifteen days after the second message, even when this did not run for months.
    """
    months = settings().retention.inactive_months
    await _forgive()
    if not months:
        return
    limit = months_before(now, months)
    first, second = WARNED_BEFORE
    for found in await rows(_TOLD, limit, 2, now - second):
        await _erase(found, now)
    for found in await rows(_TOLD, limit + second, 1, now - (first - second)):
        await _warn(found, 2, now + second, now)
    for found in await rows(_TOLD, limit + first, 0, now):
        await _warn(found, 1, now + first, now)
    kept = await rows(f"SELECT id {_ASLEEP} AND {_IS_STAFF} ORDER BY id", limit)
    if kept:
        log.info("inactive accounts kept: staff and moderators", members=[one["id"] for one in kept])


def months_before(now: datetime, months: int) -> datetime:
    """The day this many months earlier, or the last day of that month if it is shorter."""
    month = now.year * 12 + now.month - 1 - months
    year, month = month // 12, month % 12 + 1
    return now.replace(year=year, month=month, day=min(now.day, calendar.monthrange(year, month)[1]))


async def _forgive() -> None:
    await rows("UPDATE member SET warnings = 0, warned_at = NULL WHERE warnings > 0 AND active_at > warned_at")


async def _warn(found: Row, warnings: int, end: datetime, now: datetime) -> None:
    """Send and record one message together: a worker killed between two members warns nobody twice."""
    async with transaction() as tx:
        told = await row(
            "UPDATE member SET warnings = $2, warned_at = $3 WHERE id = $1 AND warnings = $4 RETURNING id",
            found["id"],
            warnings,
            now,
            warnings - 1,
        )
        if told is None:
            return
        day = end.astimezone(PARIS).date().isoformat()
        await post_mail(tx, "inactive", found["email"], locale=found["locale"], now=now, name=found["name"], date=day)


async def _erase(found: Row, now: datetime) -> None:
    asleep_since = found["active_at"] or found["confirmed_at"] or found["created_at"]
    try:
        await erase(found["id"], actor=None, now=now, unless_active_after=asleep_since)
    except NotFound:
        log.info("inactive account kept: it was used again", member=found["id"])
