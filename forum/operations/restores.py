"""How does a site come back from its backup? Whole, in the place of what was there, or not at all."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forum.database import (
    REFUSALS,
    close_database,
    connect,
    credentials_of,
    known_migrations,
    open_database,
    tables,
    unreached,
    where,
)
from forum.domain.upkeep import copies
from forum.domain.upkeep.holdings import waiting_mails
from forum.domain.upkeep.saved import note_saved
from forum.domain.upkeep.seals import try_key
from forum.errors import CannotStart, plain_reason
from forum.operations import postgres
from forum.operations.archives import BASES, Manifest, saved_in, unpack
from forum.operations.backups import Checked, check, contents
from forum.operations.unfinished import workplace
from forum.settings import Settings
from forum.text.typography import moment

RESTORED = "restored"
"""Where pages and themes of a backup wait, in the data folder, when those in place are others."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, from which migrations, and what is to be done now."""

    manifest: Manifest
    migrated: bool
    checked: Checked
    pages: tuple[str, ...]
    sealed: tuple[str, ...]
    mails: int

    def lines(self) -> Iterator[str]:
        """What happened, for whoever runs the site."""
        made = self.manifest
        at = moment(made.made_at, "fr")
        yield f"Restauré : la sauvegarde de {made.site} du {at}, faite par Cahier {made.program}."
        yield from contents(made)
        if self.migrated:
            yield f"Base migrée de {made.migrations[-1]} à {max(known_migrations())}."
        yield from self.checked.mended
        yield from self.checked.concerns
        yield from self.pages
        yield from self.sealed
        if self.mails:
            yield f"Courriels qui attendaient : {self.mails}. Ils partiront au démarrage, peut-être une seconde fois."
        yield "Refaites les effacements de comptes demandés depuis cette sauvegarde : ces comptes sont revenus."


async def restore(configured: Settings, file: Path, now: datetime, *, replace: bool) -> Restored:
    """Put a backup in the place of the database, and beside it the pages and themes that are not those in place.

    Raises:
        CannotStart: it is not a whole backup, or of a newer program or another kind of database; the site runs; a
        database is there already and `replace` is false.
    """
    path = _path(configured)
    folder = path.parent if path else configured.site.data_path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with workplace(folder) as unpacked:
            manifest = unpack(file, unpacked)
            _refuse_others(manifest, "sqlite" if path else "postgres")
            base = unpacked / BASES[manifest.database]
            if path:
                checked = await _restore_file(configured, path, base, manifest, now, replace=replace)
            else:
                checked = await _restore_on_server(configured, base, manifest, now, replace=replace)
            pages = tuple(_put_pages(configured, unpacked))
    except OSError as problem:
        raise CannotStart(f"{file} : la restauration n’a pas pu se faire ({plain_reason(problem)})") from problem
    await open_database(configured)
    try:
        await note_saved(saved_in(file, manifest))
        sealed = (await try_key()).lines()
        mails = await waiting_mails()
    finally:
        await close_database()
    return Restored(manifest, set(manifest.migrations) != known_migrations(), checked, pages, sealed, mails)


def _path(configured: Settings) -> Path | None:
    """SQLite's file; None for PostgreSQL."""
    found = credentials_of(configured).get("file_path")
    return Path(found) if found else None


def _refuse_others(manifest: Manifest, kind: str) -> None:
    newer = set(manifest.migrations) - known_migrations()
    if newer:
        raise CannotStart(
            f"cette sauvegarde vient de Cahier {manifest.program}, dont le schéma est plus récent ({max(newer)}) ; "
            "restaurez-la avec cette version"
        )
    if manifest.database != kind:
        raise CannotStart(
            "cette sauvegarde est celle d’une base PostgreSQL : donnez-en une par FORUM_DATABASE__URL=postgres://…"
            if kind == "sqlite"
            else "cette sauvegarde est celle d’une base SQLite : restaurez-la sans FORUM_DATABASE__URL, puis lancez "
            "python -m forum move-to postgres://…"
        )


def _refuse_to_replace(place: str) -> CannotStart:
    return CannotStart(
        f"{place} existe déjà : ajoutez --replace pour que la sauvegarde la remplace, sans retour possible"
    )


async def _restore_file(
    configured: Settings, path: Path, base: Path, manifest: Manifest, now: datetime, *, replace: bool
) -> Checked:
    """Everything is checked and migrated on the file that will take the place, before it does."""
    _refuse_in_use(path, replace=replace)
    checked = await check(configured.with_database(f"sqlite:///{base}"), manifest, now)
    copies.replace_file(base, path)
    return checked


async def _restore_on_server(
    configured: Settings, base: Path, manifest: Manifest, now: datetime, *, replace: bool
) -> Checked:
    await connect(configured)
    try:
        version = await copies.server_version()
        await copies.refuse_other_clients(where(configured))
        if not replace and await tables():
            raise _refuse_to_replace(where(configured))
    except REFUSALS as problem:
        raise unreached(configured, problem) from problem
    finally:
        await close_database()
    await postgres.fill(configured, version, base)
    return await check(configured, manifest, now)


def _refuse_in_use(path: Path, *, replace: bool) -> None:
    if path.exists():
        if not replace:
            raise _refuse_to_replace(str(path))
        with copies.alone_with(path):
            pass


def _put_pages(configured: Settings, unpacked: Path) -> Iterator[str]:
    """Pages and themes are the deployer's, who may have corrected them since: nothing in place is overwritten."""
    for source, target, what, use in (
        (unpacked / "legal", configured.site.legal_path, "Pages légales", "FORUM_SITE__LEGAL_DIR={0}"),
        (unpacked / "themes", configured.site.themes_path, "Thèmes", "FORUM_SITE__THEMES_DIR={0}"),
    ):
        if all(_is_same(each, target / each.relative_to(source)) for each in source.rglob("*.md")):
            yield f"{what} : rien à faire, ce qui est en place est ce qui a été sauvegardé."
            continue
        kept = configured.site.data_path / RESTORED / source.name
        _keep_beside(source, kept)
        back = use.format(kept)
        yield f"{what} : ce qui est en place diffère de la sauvegarde, gardée à côté ; pour y revenir : {back}"


def _keep_beside(source: Path, kept: Path) -> None:
    """A whole copy of a folder, or none, in the place of an earlier one."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with workplace(kept.parent) as place:
        shutil.copytree(source, place / kept.name)
        shutil.rmtree(kept, ignore_errors=True)
        os.replace(place / kept.name, kept)


def _is_same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()
