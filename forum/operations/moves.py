"""How does a site leave SQLite for PostgreSQL? With everything as it was, or not at all; the file stays as it is."""

from datetime import datetime
from pathlib import Path

from forum.database import (
    REFUSALS,
    close_database,
    connect,
    credentials_of,
    open_database,
    tables,
    unreached,
    where,
)
from forum.domain.upkeep import copies, moving
from forum.errors import CannotStart
from forum.operations.archives import Manifest
from forum.operations.backups import check, describe
from forum.schema import migrate
from forum.settings import Settings


async def move(configured: Settings, url: str, now: datetime) -> tuple[Manifest, tuple[str, ...]]:
    """Copy the SQLite database to an empty one of PostgreSQL, and compare both. Returns what it holds, and what was
    wrong with it already.

    Raises:
        CannotStart: the site is on PostgreSQL already or runs, the new database is not empty, or a row would not be as
        it was.
    """
    path = credentials_of(configured).get("file_path")
    if path is None:
        raise CannotStart(
            f"le site est déjà sur {where(configured)} : retirez FORUM_DATABASE__URL pour partir de SQLite"
        )
    if not url.startswith(("postgres://", "postgresql://")):
        raise CannotStart("donnez l’adresse d’une base PostgreSQL vide : postgres://utilisateur@serveur:5432/base")
    target = configured.with_database(url)
    await open_database(configured)
    try:
        manifest = await describe(configured, "sqlite", await copies.server_version(), now)
    finally:
        await close_database()
    with copies.alone_with(Path(path)) as source:
        if source is None:
            raise CannotStart(f"{path} est endommagé : restaurez une sauvegarde d’abord")
        await _prepare(target)
        await open_database(target)
        try:
            await moving.fill_from(source, manifest.tables)
        except REFUSALS as problem:
            raise unreached(target, problem) from problem
        finally:
            await close_database()
    return manifest, (await check(target, manifest, now)).concerns


async def _prepare(target: Settings) -> None:
    """Give an empty database its tables; those that a cut-off move left empty are taken as they are."""
    await connect(target)
    try:
        if await tables():
            await moving.refuse_filled(where(target))
    except REFUSALS as problem:
        raise unreached(target, problem) from problem
    finally:
        await close_database()
    await migrate(target)
