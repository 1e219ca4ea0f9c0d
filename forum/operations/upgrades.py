"""How does a site pass to this version of the program? Saved first, then migrated; and if that fails, as it was."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from forum import __version__
from forum.database import (
    REFUSALS,
    applied_migrations,
    close_database,
    credentials_of,
    known_migrations,
    open_database,
    tables,
    unreached,
    where,
)
from forum.domain.upkeep import copies
from forum.errors import CannotStart, plain_reason
from forum.operations.archives import Manifest, saved_in
from forum.operations.backups import back_up, keep_latest, note
from forum.operations.newest import bring_up_to_date
from forum.settings import Settings

BACKUPS = "backups"
"""Where the backup of an upgrade goes by itself, in the data folder."""
KEPT: Final = 5
"""How many of those stay there: the way back from the latest upgrades."""
_NAMED = re.compile(r"avant-.+-(\d{8}T\d{6}Z)\.tar\.gz")


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was saved, and what the newest version needed."""

    saved: tuple[Path, Manifest] | None
    migrated: bool
    lines: tuple[str, ...]


async def upgrade(configured: Settings, file: Path | None, now: datetime) -> Upgraded:
    """Bring the database of a stopped site to this version, once it is saved in a new file; None refuses that.

    Raises:
        CannotStart: there is no database, a newer program made it, or somebody uses it; or it could not be saved, and
        nothing was changed.
    """
    older = await _look(configured)
    saved: tuple[Path, Manifest] | None = None
    lines: tuple[str, ...] = ()
    if file is not None:
        manifest, lines = await back_up(configured, file, now)
        saved = (file, manifest)
    mended = await bring_up_to_date(configured, now)
    if saved and older:
        # Tables of an earlier version may have no place for that note.
        await note(configured, saved_in(*saved))
    return Upgraded(saved, older, (*lines, *mended))


async def _look(configured: Settings) -> bool:
    """Whether the database is of an earlier version. Raises CannotStart when it cannot be upgraded."""
    await open_database(configured, older=True)
    try:
        older = bool(known_migrations() - await applied_migrations(await tables()))
        path = credentials_of(configured).get("file_path")
        if path is None:
            await copies.refuse_other_clients(where(configured))
    except REFUSALS as problem:
        raise unreached(configured, problem) from problem
    finally:
        await close_database()
    if path is not None:
        with copies.alone_with(Path(path)):
            pass
    return older


def place_for_backup(configured: Settings, now: datetime) -> Path:
    """A new file in the data folder, which says before what it was made.

    Raises:
        CannotStart: the folder cannot be made.
    """
    folder = configured.site.data_path / BACKUPS
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise CannotStart(f"{folder} : la sauvegarde ne peut pas être écrite ({plain_reason(problem)})") from problem
    return folder / f"avant-{__version__}-{now:%Y%m%dT%H%M%SZ}.tar.gz"


def keep_latest_backups(configured: Settings) -> tuple[Path, ...]:
    """Delete what upgrades saved by themselves in the data folder, except the latest `KEPT`; returns which. For after
    an upgrade that went well."""
    folder = configured.site.data_path / BACKUPS
    return keep_latest(folder, KEPT, _NAMED) if folder.is_dir() else ()
