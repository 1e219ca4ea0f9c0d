"""How is the site? Versions, work that waits or failed, mails, room on the disk, the last backup: for operators, at the
command line, on the page of administrators and in metrics. Nothing in it says who anybody is.

A mail that was given up has no row any more, so that its address is kept nowhere: its job says why. What waits can be
sent at once (`send_waiting_mails`).
"""

import platform
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from forum import __version__
from forum.database import Row, is_sqlite, known_row, rows
from forum.domain.members.bounces import count_bounced
from forum.domain.upkeep.health import Health, look
from forum.domain.upkeep.saved import Saved, last_saved
from forum.domain.upkeep.text_passes import TextsRead, last_pass
from forum.jobs import JobName
from forum.permissions import Viewer, demand, may_operate
from forum.settings import settings

SHOWN: Final = 20
"""Failed jobs shown, the latest first: the page must stay short when a mail server refuses everything."""


@dataclass(frozen=True, slots=True)
class RunningVersions:
    """What runs, and what the database holds."""

    program: str
    python: str
    database: str
    schema: str
    """The latest migration that was applied."""


@dataclass(frozen=True, slots=True)
class Troubled:
    """Jobs that failed, or wait for another try after a failure: how many alike, why, and since when."""

    job: JobName
    reason: str
    count: int
    latest: datetime
    """When the last of them was given up; when the next of them is tried again."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Jobs of one kind, mails or all the others, that are not over."""

    waiting: int
    running: int
    late_since: datetime | None
    """Since when the longest wait lasts, of those whose time has come; None when none waits."""
    failed: int
    put_off: tuple[Troubled, ...]
    given_up: tuple[Troubled, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of the disk of the data folder, and of the database, wherever it is."""

    free: int
    total: int
    database: int


@dataclass(frozen=True, slots=True)
class SiteState:
    """All of it, at one moment."""

    health: Health
    versions: RunningVersions
    jobs: Queue
    mails: Queue
    bounced: int
    """Addresses that mail servers refuse."""
    room: Room
    saved: Saved | None
    """The latest backup, if there ever was one."""
    texts: TextsRead | None = None
    """How the texts were read anew since the program reads them otherwise."""


async def versions() -> RunningVersions:
    sqlite = is_sqlite()
    version = "sqlite_version()" if sqlite else "current_setting('server_version')"
    served = await known_row(f"SELECT {version} AS version")
    applied = await known_row("SELECT MAX(name) AS latest FROM tortoise_migrations WHERE app = 'forum'")
    database = f"{'SQLite' if sqlite else 'PostgreSQL'} {served['version'].split()[0]}"
    return RunningVersions(__version__, platform.python_version(), database, applied["latest"])


async def state_of_site(viewer: Viewer, now: datetime) -> SiteState:
    """The state, for an administrator.

    Raises:
        NotAllowed, SignInRequired: the viewer is no administrator.
    """
    demand(may_operate, viewer, now)
    return await state(now)


async def state(now: datetime) -> SiteState:
    """The state, for whoever is at the machine."""
    return SiteState(
        health=await look(now),
        versions=await versions(),
        jobs=await queue_of_jobs(now),
        mails=await queue_of_mails(now),
        bounced=await count_bounced(),
        room=await _room(),
        saved=await last_saved(),
        texts=await last_pass(),
    )


async def queue_of_jobs(now: datetime) -> Queue:
    return await _queue("name <> $1", now)


async def queue_of_mails(now: datetime) -> Queue:
    return await _queue("name = $1", now)


async def _queue(which: str, now: datetime) -> Queue:
    mail = JobName.SEND_MAIL.value
    counted = await known_row(
        f"""SELECT COUNT(CASE WHEN state = 'queued' THEN 1 END) AS waiting,
                   COUNT(CASE WHEN state = 'running' THEN 1 END) AS running,
                   COUNT(CASE WHEN state = 'failed' THEN 1 END) AS failed,
                   MIN(CASE WHEN state = 'queued' AND run_after <= $2 THEN run_after END)::timestamptz AS late_since
              FROM job WHERE {which}""",
        mail,
        now,
    )
    return Queue(
        waiting=counted["waiting"],
        running=counted["running"],
        late_since=counted["late_since"],
        failed=counted["failed"],
        put_off=await _troubled(f"{which} AND state = 'queued' AND error <> ''", "MIN(run_after)", mail),
        given_up=await _troubled(f"{which} AND state = 'failed'", "MAX(finished_at)", mail),
    )


async def _troubled(which: str, latest: str, mail: str) -> tuple[Troubled, ...]:
    found = await rows(
        f"""SELECT name, error, COUNT(*) AS alike, {latest}::timestamptz AS latest
              FROM job WHERE {which} GROUP BY name, error ORDER BY 4 DESC, name, error LIMIT {SHOWN}""",
        mail,
    )
    return tuple(map(_trouble, found))


def _trouble(found: Row) -> Troubled:
    return Troubled(JobName(found["name"]), found["error"], found["alike"], found["latest"])


async def _room() -> Room:
    if is_sqlite():
        size = "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"
    else:
        size = "SELECT pg_database_size(current_database()) AS bytes"
    folder = next(one for one in (settings().site.data_path, *settings().site.data_path.parents) if one.exists())
    disk = shutil.disk_usage(Path(folder))
    return Room(disk.free, disk.total, (await known_row(size))["bytes"])


async def ask_for_mails(viewer: Viewer, now: datetime) -> int:
    """Send what waits now, for an administrator; returns how many mails that is.

    Raises:
        NotAllowed, SignInRequired: the viewer is no administrator.
    """
    demand(may_operate, viewer, now)
    return await send_waiting_mails(now)


async def send_waiting_mails(now: datetime) -> int:
    """Let every mail that waits for another try be tried at once, since the mail server is back; returns how many."""
    found = await rows(
        "UPDATE job SET run_after = $2 WHERE name = $1 AND state = 'queued' AND run_after > $2 RETURNING id",
        JobName.SEND_MAIL.value,
        now,
    )
    return len(found)
