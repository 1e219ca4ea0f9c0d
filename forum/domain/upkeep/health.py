"""How well is the site? One answer, for supervisors, metrics, operators and the page of administrators.

Without its database it is down. Without anything else it is degraded: it says what it lacks, and serves what it can, so
no supervisor must take it away. Whether the database takes writes is known by one that is really kept, at most every
`health.write_seconds` for all processes together: a supervisor that asks each second must not keep the lock.
"""

import asyncio
import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from forum.breaker import breaker_of
from forum.database import credentials_of, is_unreachable, row
from forum.domain import jobs
from forum.domain.upkeep.signs import Who, give_sign, signs
from forum.settings import settings
from forum.storage import StorageFault, temporary_folder
from forum.text.labels import Labelled

SENTENCES: Final = {
    "away": "La base de données ne répond pas.",
    "slow": "La base de données ne prend pas d’écriture à temps.",
    "room": "Le disque est presque plein.",
    "temporary_room": "Le disque des fichiers temporaires est presque plein.",
    "no_temporary": "Aucun dossier temporaire ne peut être écrit.",
    "silent": "L’ouvrier ne donne pas signe de vie : aucune tâche ne commence.",
    "late": "Des tâches attendent depuis trop longtemps.",
    "redis": "Redis ne répond pas : les tâches commencent un peu plus tard, chaque processus compte seul les essais.",
}

MEGABYTE: Final = 1_000_000

log = structlog.get_logger()


class Condition(Labelled):
    """From the best to the worst; the values are those of health+json."""

    PASS = "pass", "en ordre"
    WARN = "warn", "dégradé"
    FAIL = "fail", "hors service"

    @property
    def rank(self) -> int:
        return list(Condition).index(self)


class HealthPart(Labelled):
    """What the health of the site is made of."""

    DATABASE = "database", "base de données"
    WRITING = "writing", "écriture"
    DISK = "disk", "disque"
    TEMPORARY = "temporary_files", "fichiers temporaires"
    WORKER = "worker", "ouvrier"
    QUEUE = "queue", "tâches"
    REDIS = "redis", "Redis"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is; what it lacks, in a sentence; and its figure: bytes that are free, seconds of silence."""

    part: HealthPart
    condition: Condition = Condition.PASS
    said: str = ""
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """All parts that could be looked at."""

    findings: tuple[Finding, ...]

    @property
    def condition(self) -> Condition:
        """That of the worst."""
        return max((one.condition for one in self.findings), key=lambda each: each.rank)

    @property
    def lacks(self) -> tuple[Finding, ...]:
        """The parts that are not in order."""
        return tuple(one for one in self.findings if one.condition is not Condition.PASS)


async def look(now: datetime) -> Health:
    """How the site is. What a database that is away would tell is left out."""
    database = await _database()
    disks = (_disk(), _temporary())
    if database.condition is Condition.FAIL:
        return Health((database, *disks, *await _redis()))
    try:
        given = await signs()
        queue = await _queue(now)
    except Exception as problem:
        return Health((_away(problem), *disks, *await _redis()))
    writing = await _writing(given.get(Who.SITE), now)
    return Health((database, writing, *disks, _worker(given.get(Who.WORKER), now), queue, *await _redis()))


async def touch_database() -> None:
    """Run a query, which raises the database's own error when it cannot be reached."""
    await row("SELECT COUNT(*) AS themes FROM theme")


async def _database() -> Finding:
    try:
        await touch_database()
    except Exception as problem:
        return _away(problem)
    return Finding(HealthPart.DATABASE)


def _away(problem: Exception) -> Finding:
    return Finding(HealthPart.DATABASE, Condition.FAIL, _words(problem))


def _words(problem: Exception) -> str:
    """Why a statement failed, which is told in the log; a fault of ours stays one."""
    if not is_unreachable(problem):
        raise problem
    if isinstance(problem, StorageFault):
        return problem.message
    log.error("the database does not answer", exc_info=problem)
    return SENTENCES["away"]


_trying: "asyncio.Task[None] | None" = None
"""The write that is tried, by one for all who ask meanwhile."""


async def _writing(latest: datetime | None, now: datetime) -> Finding:
    global _trying
    known = settings()
    if latest is not None and abs(now - latest) < timedelta(seconds=known.health.write_seconds):
        return Finding(HealthPart.WRITING)
    if _trying is None:
        _trying = asyncio.create_task(give_sign(Who.SITE, now), name="does the database take a write")
        _trying.add_done_callback(_tried)
    trying = _trying
    await asyncio.wait({trying}, timeout=known.database.statement_seconds)
    if not trying.done():
        return Finding(HealthPart.WRITING, Condition.WARN, SENTENCES["slow"])
    problem = trying.exception()
    if isinstance(problem, Exception):
        return Finding(HealthPart.WRITING, Condition.WARN, _words(problem))
    return Finding(HealthPart.WRITING)


def _tried(task: "asyncio.Task[None]") -> None:
    global _trying
    _trying = None
    if not task.cancelled():
        task.exception()  # heard: who waited for it has said it


def _disk() -> Finding:
    """The disks of the database, if it is a file, and of the data folder: the one with less room."""
    known = settings()
    path = credentials_of(known).get("file_path")
    folders = [known.site.data_path, *([Path(path).parent] if path else [])]
    return _room(HealthPart.DISK, min(map(_free, folders)), SENTENCES["room"])


def _temporary() -> Finding:
    folder = temporary_folder()
    if folder is None or not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return Finding(HealthPart.TEMPORARY, Condition.WARN, SENTENCES["no_temporary"])
    return _room(HealthPart.TEMPORARY, _free(folder), SENTENCES["temporary_room"])


def _room(part: HealthPart, free: int, words: str) -> Finding:
    if free < settings().health.free_megabytes * MEGABYTE:
        return Finding(part, Condition.WARN, words, free)
    return Finding(part, figure=free)


def _free(folder: Path) -> int:
    """Bytes; of a folder that is not made yet, those where it will be."""
    return shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists())).free


def _worker(latest: datetime | None, now: datetime) -> Finding:
    silence = abs((now - latest).total_seconds()) if latest else None
    if silence is None or silence > settings().health.worker_seconds:
        return Finding(HealthPart.WORKER, Condition.WARN, SENTENCES["silent"], silence)
    return Finding(HealthPart.WORKER, figure=silence)


async def _queue(now: datetime) -> Finding:
    since = await jobs.oldest_wait(now)
    waited = (now - since).total_seconds() if since else 0.0
    if waited > settings().health.queue_seconds:
        return Finding(HealthPart.QUEUE, Condition.WARN, SENTENCES["late"], waited)
    return Finding(HealthPart.QUEUE, figure=waited)


async def _redis() -> tuple[Finding, ...]:
    """None when the settings name no Redis."""
    redis = breaker_of(settings())
    if redis is None:
        return ()
    return (
        Finding(HealthPart.REDIS)
        if await redis.answers()
        else Finding(HealthPart.REDIS, Condition.WARN, SENTENCES["redis"]),
    )
