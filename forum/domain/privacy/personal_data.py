"""Everything that the site knows about one person, for that person (GDPR, articles 15 and 20), and how long it is kept.

The data are collected by `personal_facts.py`, made into a file by `workers/archives.py`, and erased by `erasure.py`.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forum.database import row, rows, transaction
from forum.domain import jobs, journal
from forum.domain.jobs import Claim, JobProgress, progress_of
from forum.domain.mail import post_mail
from forum.domain.privacy.personal_facts import Facts, collect
from forum.errors import Invalid, NotFound
from forum.jobs import JobName, enqueue
from forum.permissions import Viewer, demand, may_keep_own_account
from forum.sealing import unseal
from forum.settings import settings

ASKED_AGAIN: Final = timedelta(days=1)
"""An archive is costly to make, and mostly the same as yesterday's."""


@dataclass(frozen=True, slots=True)
class OwnArchive:
    """The archive that a person asked for, being made, ready or failed."""

    asked_at: datetime
    made_at: datetime | None
    expires_at: datetime | None
    size: int
    sha256: str
    progress: JobProgress | None

    @property
    def is_ready(self) -> bool:
        return self.made_at is not None

    @property
    def is_under_way(self) -> bool:
        return not self.is_ready and self.progress is not None and not self.progress.is_over

    def may_be_renewed(self, now: datetime) -> bool:
        return self.made_at is None or now - self.made_at >= ASKED_AGAIN

    @property
    def has_failed(self) -> bool:
        return not self.is_ready and not self.is_under_way


def job_key(member: int) -> str:
    return f"archive:{member}"


# Asking and downloading


async def own_archive(viewer: Viewer | None, now: datetime) -> OwnArchive | None:
    """The viewer's archive; None when they asked for none, or when it was deleted.

    Raises:
        SignInRequired: nobody is signed in.
    """
    viewer = demand(may_keep_own_account, viewer)
    found = await row(
        """SELECT asked_at, made_at, expires_at, sha256, LENGTH(content) AS size FROM archive
            WHERE member_id = $1 AND (expires_at IS NULL OR expires_at > $2)""",
        viewer.id,
        now,
    )
    if found is None:
        return None
    return OwnArchive(
        asked_at=found["asked_at"],
        made_at=found["made_at"],
        expires_at=found["expires_at"],
        size=found["size"] or 0,
        sha256=found["sha256"],
        progress=await progress_of(job_key(viewer.id)),
    )


async def ask_for_archive(viewer: Viewer | None, now: datetime) -> None:
    """Ask for an archive, which replaces the one before. Asked for again while it is being made, it is one.

    Raises:
        SignInRequired: nobody is signed in.
        Invalid: the one before was made less than a day ago.
    """
    viewer = demand(may_keep_own_account, viewer)
    async with transaction() as tx:
        before = await row("SELECT made_at FROM archive WHERE member_id = $1", viewer.id)
        made = before["made_at"] if before else None
        if made is not None and now - made < ASKED_AGAIN:
            raise Invalid("Votre archive a moins d’un jour : téléchargez-la, ou redemandez-en une demain.")
        await rows(
            """INSERT INTO archive (member_id, content, sha256, asked_at) VALUES ($1, NULL, '', $2)
               ON CONFLICT (member_id) DO UPDATE
                  SET content = NULL, sha256 = '', asked_at = excluded.asked_at, made_at = NULL, expires_at = NULL""",
            viewer.id,
            now,
        )
        await enqueue(tx, JobName.MAKE_ARCHIVE, viewer.id, key=job_key(viewer.id), now=now)


async def read_archive(viewer: Viewer | None, now: datetime) -> bytes:
    """The file, for its owner: its address holds no number, so that nobody can ask for somebody else's.

    Raises:
        SignInRequired: nobody is signed in.
        NotFound: it was never asked for, is not made yet, or was deleted.
    """
    viewer = demand(may_keep_own_account, viewer)
    found = await row(
        "SELECT content FROM archive WHERE member_id = $1 AND content IS NOT NULL AND expires_at > $2", viewer.id, now
    )
    if found is None:
        raise NotFound("Cette archive n’est plus là : elle s’efface au bout de quelques jours. Demandez-en une autre.")
    return bytes(found["content"])


# What the worker needs


async def begin_archive(claim: Claim) -> Facts | None:
    """Everything about the person whose archive a job makes; None when they no longer want it.

    Raises:
        LostLease: somebody else took the job meanwhile.
    """
    async with transaction():
        await jobs.advance(claim, 0, 2, "ZIP")
        asked = await row("SELECT asked_at, made_at FROM archive WHERE member_id = $1", claim.subject)
        if asked is None or asked["made_at"] is not None:
            return None
        return await collect(claim.subject, asked["asked_at"])


async def store_archive(claim: Claim, content: bytes | None, now: datetime) -> None:
    """Write the file and the end of the job together, and tell its owner by mail, once.

    Raises:
        LostLease: somebody else took the job meanwhile: nothing is written.
    """
    told = await row(
        """SELECT m.name, m.email, m.locale FROM member m JOIN archive a ON a.member_id = m.id
            WHERE m.id = $1 AND a.expires_at IS NULL""",
        claim.subject,
    )
    async with transaction() as tx:
        await jobs.finish(claim, now)
        if content is None:
            return
        written = await row(
            """UPDATE archive SET content = $2, sha256 = $3, made_at = $4, expires_at = COALESCE(expires_at, $5)
                WHERE member_id = $1 RETURNING id""",
            claim.subject,
            content,
            hashlib.sha256(content).hexdigest(),
            now,
            now + timedelta(days=settings().retention.archive_days),
        )
        if written is not None and told is not None and told["email"]:
            await post_mail(tx, "archive_ready", told["email"], locale=told["locale"], now=now, name=told["name"])


# How long


async def forget_archives(now: datetime) -> None:
    """Delete expired archives, and failed ones as long after they were asked for."""
    await rows(
        "DELETE FROM archive WHERE expires_at <= $1 OR (expires_at IS NULL AND asked_at <= $2)",
        now,
        now - timedelta(days=settings().retention.archive_days),
    )


async def forget_identifications(now: datetime) -> None:
    """Delete the identities of erased accounts, once a host need not keep them any more."""
    await rows("DELETE FROM identification WHERE purge_at <= $1", now)


async def open_identification(member: int, reason: str, now: datetime) -> Facts:
    """Who an erased account belonged to, for a server operator asked by a court; adds a line to the journal.

    Raises:
        NotFound: nothing is kept about this account (any more).
        Invalid: no reason is given.
        LookupError: it was sealed under a key that this site does not have any more.
    """
    said = journal.reason_of(reason, required="Dites qui demande cette identification, et à quel titre.")
    async with transaction():
        found = await row("SELECT sealed FROM identification WHERE member_id = $1 AND purge_at > $2", member, now)
        if found is None:
            raise NotFound("Aucune identification n’est gardée pour ce compte.")
        opened: Facts = unseal(found["sealed"])
        await journal.record(None, "open_identification", "member", member, group=None, reason=said, now=now)
    return opened
