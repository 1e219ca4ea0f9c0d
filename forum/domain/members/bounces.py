"""Which addresses do mails not reach? Those that mail servers have refused for good, or twice in a week for now.

A report counts when the mail that it sends back is one of ours to that address: its Message-ID is signed, so nobody
silences somebody else with a report of their own making. Until its owner has mended it, no mail leaves to a marked
address but those that they need for that (`mail.py`); the pages of their account say so.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from forum.database import known_row, places, row, rows, transaction
from forum.domain.mail import signed_by
from forum.text.bounces import BounceReport

WEEK: Final = timedelta(days=7)
KEPT: Final = timedelta(days=30)
"""How long bounces are kept, so that a report that is read twice counts once."""
ENOUGH: Final = 2
"""Mails refused for now within a week that mark an address."""
_OURS: Final = re.compile(r"<([0-9]{1,10})\.([0-9]{20})\.([0-9a-f]{32})@[^<>@\s]+>", re.ASCII)


class BounceFate(StrEnum):
    """What became of a report."""

    MARKED = "marked"
    NOTED = "noted"
    LEFT = "left"


async def note_bounce(report: BounceReport, now: datetime) -> BounceFate:
    """Note that a mail did not reach somebody, and mark their address if that is enough; read twice, it counts once."""
    found = _OURS.fullmatch(report.message_id)
    address = next((one for one in report.addresses if found and signed_by(found[3], found[1], found[2], one)), None)
    if found is None or address is None:
        return BounceFate.LEFT
    async with transaction():
        member = await _owner(address)
        if member is None or not await _note(member, int(found[1]), report.status, now):
            return BounceFate.LEFT
        if report.status.startswith("4") and await _count(member, now) < ENOUGH:
            return BounceFate.NOTED
        await rows("UPDATE member SET bounced_at = $2 WHERE id = $1 AND bounced_at IS NULL", member, now)
        return BounceFate.MARKED


async def _owner(address: str) -> int | None:
    keys = _spellings(address)
    found = await row(f"SELECT id FROM member WHERE email_key IN ({places(len(keys))})", *keys)
    return int(found["id"]) if found else None


def _spellings(address: str) -> Sequence[str]:
    """As it is in a header, its domain in ASCII, and as people write it."""
    user, _, domain = address.rpartition("@")
    try:
        return address, f"{user}@{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return (address,)


async def _note(member: int, mail: int, status: str, now: datetime) -> bool:
    """Whether it was not known: of one mail, that it was refused for good counts after that it was for now."""
    noted = await row(
        """INSERT INTO bounce (member_id, mail, status, at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (member_id, mail) DO UPDATE SET status = excluded.status, at = excluded.at
            WHERE bounce.status LIKE '4%' AND excluded.status LIKE '5%' RETURNING id""",
        *(member, mail, status, now),
    )
    return noted is not None


async def _count(member: int, now: datetime) -> int:
    found = await known_row(
        "SELECT COUNT(*) AS n FROM bounce WHERE member_id = $1 AND status LIKE '4%' AND at > $2", member, now - WEEK
    )
    return int(found["n"])


async def forgive_bounces(member: int) -> None:
    """The address works, or is another one: what was refused counts no more, in the caller's transaction."""
    await rows("UPDATE member SET bounced_at = NULL WHERE id = $1", member)
    await rows("UPDATE bounce SET status = '' WHERE member_id = $1", member)


async def count_bounced() -> int:
    """How many addresses are marked."""
    return int((await known_row("SELECT COUNT(*) AS n FROM member WHERE bounced_at IS NOT NULL"))["n"])


async def forget_bounces(now: datetime) -> None:
    """Delete what was noted long ago; marks stay until they are mended."""
    await rows("DELETE FROM bounce WHERE at <= $1", now - KEPT)
