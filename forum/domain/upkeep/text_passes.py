"""Which texts did an earlier version of the pipeline read, and may they look as the present one shows them?

A revision keeps its plain words for ever: quotes, extracts and published documents count in them. So a pass over all
revisions, once for each version, in small parts that begin again where they ended, changes only what a text looks like:
where the words or the quotes would be others, what was stored stays, and is counted. Words that are hidden or withdrawn
stay as they are. Proposals and introductions are read when they are written; nothing counts in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

import structlog
from anyio.to_thread import run_sync

from forum.database import Row, known_row, row, rows, transaction
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.themes.themes import Hold, hold_theme, raise_versions
from forum.jobs import JobName, enqueue
from forum.text.reading import RENDERER_VERSION, read_anew

READ_AT_ONCE: Final = 200
"""Revisions of one part: a second or two of work, none of it on the event loop."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TextsRead:
    """The pass of the present version: revisions read, those that look otherwise since, and those that keep what an
    earlier version made."""

    version: int
    read: int
    changed: int
    kept: int
    begun_at: datetime
    finished_at: datetime | None


async def last_pass() -> TextsRead | None:
    """The latest pass; None when there never was one."""
    found = await row(
        "SELECT version, read, changed, kept, begun_at, finished_at FROM text_pass ORDER BY version DESC LIMIT 1"
    )
    return TextsRead(**dict(found)) if found else None


async def ask_for_pass(now: datetime) -> None:
    """Ask for the pass of the present version, once."""
    if await row("SELECT id FROM text_pass WHERE version = $1", RENDERER_VERSION) is not None:
        return
    async with transaction() as tx:
        begun = await row(
            "INSERT INTO text_pass (version, last_revision, read, changed, kept, begun_at) VALUES ($1, 0, 0, 0, 0, $2)"
            " ON CONFLICT (version) DO NOTHING RETURNING id",
            RENDERER_VERSION,
            now,
        )
        if begun is not None:
            await enqueue(tx, JobName.READ_TEXTS_ANEW, begun["id"], key=f"read_texts_anew:{RENDERER_VERSION}", now=now)


@dataclass(frozen=True, slots=True)
class _Anew:
    """A revision, and its HTML as it would be today; None: its words would be others."""

    revision: Row
    html: str | None

    @property
    def differs(self) -> bool:
        return self.html not in (None, self.revision["html"])


async def read_part(claim: Claim, now: datetime) -> bool:
    """Read the next revisions that an earlier version read; whether there may be more.

    Raises:
        LostLease: another worker took the job meanwhile; what was read stays read.
    """
    noted = await known_row("SELECT id, last_revision FROM text_pass WHERE id = $1", claim.subject)
    found = await rows(_OLDER, noted["last_revision"], RENDERER_VERSION, READ_AT_ONCE)
    if not found:
        async with transaction():
            await jobs.finish(claim, now)
            await rows("UPDATE text_pass SET finished_at = $2 WHERE id = $1", noted["id"], now)
        return False
    read = await run_sync(_read_all, found)
    last = max(each["id"] for each in found)
    async with transaction():
        # The lease guards all that follows.
        await jobs.advance(claim, last, await _last_revision(), "texts")
        for theme, some in groupby(read, key=lambda one: int(one.revision["theme"])):
            await hold_theme(theme, Hold.ALONE, now)
            await _keep(list(some))
        await rows(
            """UPDATE text_pass SET last_revision = $2, read = read + $3, changed = changed + $4, kept = kept + $5
                WHERE id = $1""",
            noted["id"],
            last,
            len(read),
            sum(one.differs for one in read),
            sum(one.html is None for one in read),
        )
    for one in read:
        if one.differs or one.html is None:
            what = "a text is shown otherwise" if one.differs else "a text keeps what an earlier version made"
            log.info(what, post=one.revision["post_id"], revision=one.revision["number"])
    return True


# By theme, in the order in which they are held.
_OLDER: Final = """
    SELECT o.* FROM (
        SELECT r.id, r.post_id, r.number, r.source, r.html, r.plain, p.thread_id, t.id AS theme_id, t.number AS theme
          FROM post_revision r JOIN post p ON p.id = r.post_id
          JOIN thread f ON f.id = p.thread_id JOIN theme t ON t.id = f.theme_id
         WHERE r.id > $1 AND r.renderer < $2
           AND NOT EXISTS (SELECT 1 FROM withheld k WHERE k.table_name = 'post_revision' AND k.row_id = r.id)
         ORDER BY r.id LIMIT $3) AS o
     ORDER BY o.theme_id, o.thread_id, o.id"""


def _read_all(found: Sequence[Row]) -> list[_Anew]:
    return [_Anew(each, read_anew(each["source"], each["html"], each["plain"])) for each in found]


async def _last_revision() -> int:
    return int((await known_row("SELECT MAX(id) AS last FROM post_revision"))["last"])


async def _keep(read: Sequence[_Anew]) -> None:
    """Store what was read of a theme that is held: of a revision whose words were hidden or redacted meanwhile, and of
    its contribution, nothing."""
    stale: set[int] = set()
    for one in read:
        if one.html is None:
            continue
        each = one.revision
        still = await row(
            """UPDATE post_revision SET html = $2, renderer = $3
                WHERE id = $1 AND html = $4 AND plain = $5 AND source = $6 RETURNING id""",
            each["id"],
            one.html,
            RENDERER_VERSION,
            each["html"],
            each["plain"],
            each["source"],
        )
        if still is None:
            continue
        present = await row(
            "UPDATE post SET html = $3, renderer = $4 WHERE id = $1 AND revision = $2 RETURNING thread_id",
            each["post_id"],
            each["number"],
            one.html,
            RENDERER_VERSION,
        )
        if one.differs and present is not None:
            stale.add(present["thread_id"])
    for thread in sorted(stale):
        await raise_versions(thread=thread)
