"""Links sent by mail: each is good once, for one purpose and one thing, until its end; the table keeps a hash. The page
that a link leads to only looks (`subject_of`), its form uses the link (`use_link`): programs that follow links in
mails, to check or preview them, do not use them up. One that only shows something is good until its end."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from forum.database import ROWS_AT_ONCE, Row, insert_rows, places, row, rows
from forum.errors import Invalid
from forum.models.joining import Purpose
from forum.text.characters import seen

HOUR: Final = timedelta(hours=1)
LENGTHS: Final = {
    Purpose.SIGN_UP: 48 * HOUR,
    Purpose.CONFIRM: 48 * HOUR,
    Purpose.OLD_ADDRESS: 48 * HOUR,
    Purpose.NEW_ADDRESS: 48 * HOUR,
    Purpose.RESET: HOUR,
    Purpose.INVITATION: 14 * 24 * HOUR,
    Purpose.NOTICE: 48 * HOUR,
    Purpose.NOTICE_OUTCOME: 183 * 24 * HOUR,
}

USED: Final = "Ce lien a déjà servi, ou n’est plus valable. Demandez-en un autre."


async def make_link(purpose: Purpose, subject: int, now: datetime) -> str:
    """A token for a link, inside the caller's transaction; it exists only in the mail."""
    token = secrets.token_urlsafe(32)
    await rows(
        "INSERT INTO link (token_hash, purpose, subject, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        _hashed(token),
        purpose.value,
        subject,
        now,
        now + LENGTHS[purpose],
    )
    return token


async def make_links(purpose: Purpose, subjects: Sequence[int], now: datetime) -> list[str]:
    """A token for each of many subjects, in their order."""
    tokens = [secrets.token_urlsafe(32) for _ in subjects]
    await insert_rows(
        "link (token_hash, purpose, subject, created_at, expires_at)",
        [
            (_hashed(token), purpose.value, subject, now, now + LENGTHS[purpose])
            for token, subject in zip(tokens, subjects, strict=True)
        ],
    )
    return tokens


async def subject_of(token: str, purpose: Purpose, now: datetime) -> int:
    """What a link is about, without using it.

    Raises:
        Invalid: it was used, has ended, is for something else, or never existed.
    """
    found = await row(
        "SELECT subject FROM link WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3",
        _hashed(token),
        purpose.value,
        now,
    )
    return _subject(found)


async def use_link(token: str, purpose: Purpose, now: datetime) -> int:
    """Use a link, in the caller's transaction; returns what it is about.

    Raises:
        Invalid: like `subject_of`; the caller's transaction then changes nothing.
    """
    found = await row(
        "DELETE FROM link WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING subject",
        _hashed(token),
        purpose.value,
        now,
    )
    return _subject(found)


async def note_undelivered(token: str, reason: str) -> None:
    """Keep why the mail that holds this link will never arrive, in the caller's transaction: whoever had it sent reads
    it beside what they sent."""
    await rows("UPDATE link SET undelivered = $2 WHERE token_hash = $1", _hashed(token), reason[:500])


async def why_undelivered(purpose: Purpose, subject: int) -> str:
    """Why the mail about this subject will never arrive; empty while it may."""
    found = await row(
        "SELECT undelivered FROM link WHERE purpose = $1 AND subject = $2 ORDER BY id DESC", purpose.value, subject
    )
    return (found["undelivered"] or "") if found else ""


async def forget_undelivered(purpose: Purpose, subjects: Sequence[int]) -> None:
    """Delete the links about these subjects whose mail never arrived: another one is sent."""
    for start in range(0, len(subjects), ROWS_AT_ONCE):
        some = subjects[start : start + ROWS_AT_ONCE]
        lost = f"purpose = $1 AND undelivered IS NOT NULL AND subject IN ({places(len(some), after=1)})"
        await rows(f"DELETE FROM link WHERE {lost}", purpose.value, *some)


async def forget_links(purpose: Purpose, subject: int) -> None:
    """Delete every link about this subject, which ended in another way."""
    await rows("DELETE FROM link WHERE purpose = $1 AND subject = $2", purpose.value, subject)


async def forget_ended(now: datetime) -> None:
    """Delete links that nobody used in time."""
    await rows("DELETE FROM link WHERE expires_at <= $1", now)


def _subject(found: Row | None) -> int:
    if found is None:
        raise Invalid(USED)
    return int(found["subject"])


def _hashed(token: str) -> str:
    """The hash of a token: 256 random bits need no slow hash. What a mail program adds unseen to a link does not
    count."""
    return sha256(seen(token).encode(errors="replace")).hexdigest()
