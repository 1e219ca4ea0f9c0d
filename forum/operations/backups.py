"""How is a site saved while it runs, so that it comes back? The proof of a backup is its restoration, each time."""

import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from forum import __version__
from forum.database import (
    REFUSALS,
    applied_migrations,
    close_database,
    connect,
    credentials_of,
    is_sqlite,
    known_migrations,
    open_database,
    tables,
    unreached,
    where,
)
from forum.domain.journal_chain import verify
from forum.domain.upkeep import copies, holdings
from forum.domain.upkeep.saved import Saved, note_saved
from forum.domain.upkeep.seals import try_key
from forum.errors import CannotStart, plain_reason
from forum.operations import postgres
from forum.operations.archives import BASES, Manifest, pack, saved_in, unpack
from forum.operations.newest import bring_up_to_date
from forum.operations.unfinished import workplace
from forum.sealing import KEY_FILE
from forum.settings import Settings


async def back_up(configured: Settings, file: Path, now: datetime) -> tuple[Manifest, tuple[str, ...]]:
    """Write a backup of the running site to a new file; it has its name once it was restored in a place of trial, where
    that of an earlier version is brought up to date too, to know that it can be. Returns what it holds, and what is
    wrong with the database itself.

    Raises:
        CannotStart: the file is there already, the database cannot be read or is newer, or what was written does not
        come back.
    """
    _refuse_to_overwrite(file)
    try:
        with workplace(file.parent) as place:
            part, saved = place / file.name, place / "saved"
            _copy_pages(configured, saved)
            manifest = await _copy_database(configured, saved, now)
            pack(part, saved, manifest)
            shutil.rmtree(saved)
            concerns = await _try_restoring(configured, part, place / "trial", now)
            os.replace(part, file)
            copies.sync_folder(file.parent)
    except OSError as problem:
        raise CannotStart(f"{file} : la sauvegarde ne peut pas être écrite ({plain_reason(problem)})") from problem
    return manifest, (*concerns, *await note(configured, saved_in(file, manifest)))


async def note(configured: Settings, saved: Saved) -> tuple[str, ...]:
    """Let the site know of its backup, which is whole all the same when that cannot be written, and this is told."""
    await connect(configured)
    try:
        await note_saved(saved)
    except REFUSALS as problem:
        reason = plain_reason(problem)
        return (f"Attention : la base n’a pas pu noter cette sauvegarde ({reason}) ; status ne la compte pas.",)
    finally:
        await close_database()
    return ()


def dated(folder: Path, now: datetime) -> Path:
    """A new file in a folder of backups, which bears its moment."""
    return folder / f"cahier-{now:%Y%m%dT%H%M%SZ}.tar.gz"


DATED: Final = re.compile(r"cahier-(\d{8}T\d{6}Z)\.tar\.gz")
"""Those of `dated`; the group is their moment."""


def keep_latest(folder: Path, count: int, named: re.Pattern[str] = DATED) -> tuple[Path, ...]:
    """Delete the oldest of the backups of a folder that are named so, and nothing else in it; returns which."""
    found = [(match[1], one) for one in folder.iterdir() if (match := named.fullmatch(one.name))]
    gone = tuple(one for _, one in sorted(found)[:-count])
    for one in gone:
        one.unlink()
    return gone


def _refuse_to_overwrite(file: Path) -> None:
    if file.exists():
        raise CannotStart(f"{file} existe déjà : donnez un autre nom")


def _copy_pages(configured: Settings, folder: Path) -> None:
    site = configured.site
    sources = [(site.themes_path, "themes"), *((site.legal_path / one, f"legal/{one}") for one in ("fr", "en"))]
    for source, name in sources:
        (folder / name).mkdir(parents=True)
        for page in sorted(source.glob("*.md")):
            shutil.copyfile(page, folder / name / page.name)


async def _copy_database(configured: Settings, folder: Path, now: datetime) -> Manifest:
    """The database of one moment, in a file of the folder, with what it holds."""
    await open_database(configured, older=True)
    try:
        version = await copies.server_version()
        if is_sqlite():
            copy = folder / BASES["sqlite"]
            await copies.copy_into(copy)
            await close_database()
            await connect(configured.with_database(f"sqlite:///{copy}"))
            return await describe(configured, "sqlite", version, now)
        async with copies.snapshot() as name:
            await postgres.dump(configured, version, name, folder / BASES["postgres"])
            return await describe(configured, "postgres", version, now)
    except REFUSALS as problem:
        raise unreached(configured, problem) from problem
    finally:
        await close_database()


async def describe(configured: Settings, kind: str, version: str, now: datetime) -> Manifest:
    """What the open database holds; one of an earlier version may lack what is counted here."""
    there = await tables()
    applied = await applied_migrations(there)
    entries, chain = await holdings.journal_end() if "journal_head" in there else (0, "")
    return Manifest(
        program=__version__,
        site=configured.site.base_url,
        made_at=now,
        database="sqlite" if kind == "sqlite" else "postgres",
        server=version,
        migrations=tuple(sorted(applied)),
        tables=await holdings.holdings(),
        documents=await holdings.documents(),
        journal_entries=entries,
        journal_chain=chain,
        sealed=(await try_key()).rows if applied == known_migrations() else None,
    )


async def _try_restoring(configured: Settings, part: Path, folder: Path, now: datetime) -> tuple[str, ...]:
    """Restore in a place of trial, which is taken away: a folder, or a database beside the site's."""
    manifest = unpack(part, folder)
    base = folder / BASES[manifest.database]
    if manifest.database == "sqlite":
        return (await check(configured.with_database(f"sqlite:///{base}"), manifest, now)).concerns
    return await _try_on_server(configured, base, manifest, now)


async def _try_on_server(configured: Settings, base: Path, manifest: Manifest, now: datetime) -> tuple[str, ...]:
    name = f"{credentials_of(configured)['database'][:40]}_restauration_d_essai"
    await connect(configured)
    try:
        await _drop_left(name)
        await copies.create_database(name)
    except REFUSALS as problem:
        raise CannotStart(
            f"la restauration d’essai demande une base de plus sur {where(configured)}, ce qui est refusé "
            f"({plain_reason(problem)}) ; donnez ce droit : ALTER ROLE … CREATEDB"
        ) from problem
    finally:
        await close_database()
    try:
        trial = configured.with_database(urlsplit(configured.database.url)._replace(path=f"/{name}").geturl())
        await postgres.fill(trial, manifest.server, base)
        return (await check(trial, manifest, now)).concerns
    finally:
        await connect(configured)
        await copies.drop_database(name, used=True)
        await close_database()


async def _drop_left(name: str) -> None:
    """A backup that was killed leaves its database of trial; that of one under way is used by it."""
    try:
        await copies.drop_database(name, used=False)
    except REFUSALS as problem:
        raise CannotStart(
            f"la base d’essai {name}, qu’une autre sauvegarde a faite, ne peut pas être retirée "
            f"({plain_reason(problem)}) ; attendez que celle-ci finisse"
        ) from problem


@dataclass(frozen=True, slots=True)
class Checked:
    """What it took to bring a restored database up to date; and what was wrong with it already when it was saved, which
    must not keep anybody from saving it."""

    mended: tuple[str, ...]
    concerns: tuple[str, ...]


async def check(restored: Settings, manifest: Manifest, now: datetime) -> Checked:
    """Compare a restored database with the manifest, row by row, and bring one of an earlier version up to date.

    Raises:
        CannotStart: something is not as it was saved, or cannot be migrated.
    """
    await connect(restored)
    try:
        fault = await holdings.damage() or holdings.difference(manifest.tables, await holdings.holdings())
    except REFUSALS as problem:
        raise unreached(restored, problem) from problem
    finally:
        await close_database()
    if fault:
        raise CannotStart(f"la sauvegarde, une fois restaurée, n’est pas ce qui a été sauvegardé : {fault}")
    mended = await bring_up_to_date(restored, now) if known_migrations() - set(manifest.migrations) else ()
    await open_database(restored)
    try:
        return Checked(mended, tuple([each async for each in _concerns()]))
    except REFUSALS as problem:
        raise unreached(restored, problem) from problem
    finally:
        await close_database()


async def _concerns() -> AsyncIterator[str]:
    for table, number in await holdings.orphans():
        yield f"Attention : la ligne {number} de la table {table} se rapporte à une ligne qui n’existe plus."
    for number in await holdings.altered_documents():
        yield f"Attention : le document {number} n’a plus l’empreinte notée quand il a été fait."
    if fault := (await verify()).fault:
        yield f"Attention : journal altéré, {fault}."


_TOLD = {
    "member": "comptes",
    "post": "contributions",
    "proposal": "propositions",
    "ballot": "bulletins",
    "meeting": "réunions",
}


def contents(manifest: Manifest) -> Iterator[str]:
    """What a backup holds, for whoever runs the site."""
    counts = [f"{manifest.tables[table].rows} {what}" for table, what in _TOLD.items() if table in manifest.tables]
    yield f"Elle contient : {', '.join(counts)}, {manifest.documents} documents."
    yield f"Journal : {manifest.journal_entries} lignes, dernière empreinte {manifest.journal_chain or 'aucune'}"


def kept_elsewhere(configured: Settings, manifest: Manifest) -> Iterator[str]:
    """The secrets that a backup does not hold, and what is lost without them."""
    key = "FORUM_SECURITY__KEY" if configured.security.key else str(configured.site.data_path / KEY_FILE)
    yield "Aucun réglage n’y est, donc aucun secret. Gardez ailleurs, et jamais avec elle :"
    sealed = "les" if manifest.sealed is None else manifest.sealed
    yield f"- la clé, {key} : sans elle, {sealed} valeurs scellées (doubles authentifications…) sont perdues"
    yield "- les autres variables FORUM_…, dont les mots de passe de la base, des courriels et de ProConnect"
    yield "- la dernière empreinte du journal, qui prouvera qu’il n’a pas été récrit (verify-journal --expect)"
