"""What is in the file of a backup? A tar.gz with the manifest first, then the database, the legal pages, the themes.

The manifest says what must be found again: the SHA-256 of each file, the rows of each table and their fingerprint, the
end of the journal, the migrations. Nothing of the settings is in it, so no key and no password.
"""

import os
import re
import tarfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from forum.domain.upkeep.holdings import Holding
from forum.domain.upkeep.saved import Saved
from forum.errors import CannotStart

BASES: Mapping[str, str] = {"sqlite": "base.sqlite3", "postgres": "base.pgdump"}
"""The database in the file, by its kind."""

_MANIFEST = "manifest.json"
_EXPECTED = re.compile(r"base\.(sqlite3|pgdump)|(legal/(fr|en)|themes)/[^/\0]+\.md")


class Manifest(BaseModel):
    """What a backup holds, as it was counted when it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    program: str
    site: str
    made_at: datetime
    database: Literal["sqlite", "postgres"]
    server: str
    migrations: tuple[str, ...]
    tables: dict[str, Holding]
    documents: int
    journal_entries: int
    journal_chain: str
    sealed: int | None
    files: dict[str, str] = {}


def pack(path: Path, folder: Path, manifest: Manifest) -> None:
    """Write the files below a folder and the manifest to a new file, which only its owner reads, and flush it."""
    names = sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())
    told = manifest.model_copy(update={"files": {name: _hash(folder / name) for name in names}})
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            said = told.model_dump_json(indent=1).encode()
            head = tarfile.TarInfo(_MANIFEST)
            head.size, head.mtime = len(said), int(manifest.made_at.timestamp())
            archive.addfile(head, BytesIO(said))
            for name in names:
                archive.add(folder / name, name, recursive=False)
        file.flush()
        os.fsync(file.fileno())


def unpack(path: Path, folder: Path) -> Manifest:
    """Write what a backup holds below a folder.

    Raises:
        CannotStart: it is not the whole file of a backup, or a file in it is not what it was.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            first = archive.next()
            head = archive.extractfile(first) if first is not None and first.name == _MANIFEST else None
            if head is None:
                raise _broken(path, "le manifeste n’y est pas")
            manifest = Manifest.model_validate_json(head.read())
            met = {member.name for member in _members(archive, path, folder, manifest)}
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValidationError) as problem:
        raise _broken(path, " ".join(str(problem).split())[:120]) from problem
    if missing := manifest.files.keys() - met:
        raise _broken(path, f"{min(missing)} manque")
    return manifest


def _members(archive: tarfile.TarFile, path: Path, folder: Path, manifest: Manifest) -> list[tarfile.TarInfo]:
    found = []
    while (member := archive.next()) is not None:
        content = archive.extractfile(member) if member.isreg() and _EXPECTED.fullmatch(member.name) else None
        if content is None or member.name not in manifest.files:
            raise _broken(path, f"{member.name} n’y a pas sa place")
        target = folder / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if _write(content, target) != manifest.files[member.name]:
            raise _broken(path, f"{member.name} n’est plus ce qui a été sauvegardé")
        found.append(member)
    return found


def _write(content: IO[bytes], target: Path) -> str:
    hashed = sha256()
    with target.open("wb") as file:
        while some := content.read(1 << 20):
            hashed.update(some)
            file.write(some)
    return hashed.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def saved_in(path: Path, manifest: Manifest) -> Saved:
    """What the site must know of a whole backup."""
    return Saved(manifest.made_at, path.stat().st_size)


def _broken(path: Path, reason: str) -> CannotStart:
    return CannotStart(f"{path} n’est pas une sauvegarde entière de Cahier : {reason}")
