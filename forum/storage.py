"""What is wrong with the place where things are kept? Full, read-only, damaged or failing, in words.

Drivers and the system each have their own names for it. What they raise becomes one `StorageFault` where it is met
first: its sentence is for people, a line of the log says the place to the operator, once with a count, and `counts` is
what metrics tell. Nothing that was acknowledged is touched by it: what could not be kept was refused.
"""

import errno
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

import structlog

from forum.errors import Unavailable

log = structlog.get_logger()


class Trouble(StrEnum):
    """Its values are those of the log and of metrics."""

    FULL = "full"
    READ_ONLY = "read_only"
    DAMAGED = "damaged"
    FAILING = "failing"
    NO_TEMPORARY = "no_temporary_folder"


# For people.
SENTENCES: Final = {
    Trouble.FULL: "Le site n’a plus de place : rien ne peut être enregistré pour l’instant. Réessayez plus tard.",
    Trouble.READ_ONLY: "Le site ne peut rien enregistrer pour l’instant. Réessayez plus tard.",
    Trouble.DAMAGED: "Ce que le site a enregistré est abîmé à cet endroit, et ne peut être ni lu ni changé.",
    Trouble.FAILING: "Le disque du site ne répond plus comme il faut. Réessayez plus tard.",
    Trouble.NO_TEMPORARY: "Le site n’a pas de place pour ses fichiers temporaires. Réessayez plus tard.",
}
# For operators.
TOLD: Final = {
    Trouble.FULL: "{place} : plus de place, rien ne s’y écrit ; libérez-en, le site écrira de nouveau de lui-même",
    Trouble.READ_ONLY: "{place} : en lecture seule ; rendez-le inscriptible, le site écrira de nouveau de lui-même",
    Trouble.DAMAGED: "{place} : endommagé ; arrêtez le site, gardez de côté ce qui reste, restaurez une sauvegarde",
    Trouble.FAILING: "{place} : le disque répond par une erreur ; voyez le journal du système (dmesg)",
    Trouble.NO_TEMPORARY: "aucun dossier temporaire ne peut être écrit ; donnez-en un par TMPDIR",
}

_BY_ERRNO: Final = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EFBIG: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
    errno.EIO: Trouble.FAILING,
}
_BY_SQLSTATE: Final = {
    "53100": Trouble.FULL,
    "25006": Trouble.READ_ONLY,
    "XX001": Trouble.DAMAGED,
    "XX002": Trouble.DAMAGED,
    "58030": Trouble.FAILING,
}
_BY_SQLITE: Final = {
    "SQLITE_FULL": Trouble.FULL,
    "SQLITE_READONLY": Trouble.READ_ONLY,
    "SQLITE_CORRUPT": Trouble.DAMAGED,
    "SQLITE_NOTADB": Trouble.DAMAGED,
    "SQLITE_IOERR_CORRUPTFS": Trouble.DAMAGED,
}
_SQLITE_SAYS_NOTHING: Final = ("SQLITE_IOERR", "SQLITE_CANTOPEN")
"""SQLite names so a full quota and a folder where it cannot put its own files beside the database."""

BLOCK: Final = 64 * 1024
"""Bytes that are written to find out whether a folder takes any: what SQLite begins its files with."""

counts: Final[Counter[Trouble]] = Counter()
"""How often each was met in this process."""


class StorageFault(Unavailable):
    """Something could not be kept, or read again, for a reason of the disk."""

    def __init__(self, trouble: Trouble, place: str) -> None:
        super().__init__(SENTENCES[trouble])
        self.trouble = trouble
        self.told = TOLD[trouble].format(place=place)
        """The sentence of the operator."""


def noted(problem: BaseException, place: str, folder: Path | None = None) -> StorageFault | None:
    """The fault behind a problem, told in the log and counted; None when it is another one. `folder` is where the files
    are, if they are on this machine."""
    if isinstance(problem, StorageFault):
        return problem
    trouble = trouble_of(problem, folder)
    if trouble is None:
        return None
    counts[trouble] += 1
    fault = StorageFault(trouble, place)
    log.error("storage fault", fault=trouble.value, said=fault.told, problem=" ".join(str(problem).split())[:200])
    return fault


def noted_on_the_way(problem: BaseException) -> StorageFault | None:
    """The fault behind what a file that was written or read beside the database raises."""
    return noted(problem, str(getattr(problem, "filename", None) or temporary_folder() or ""))


def trouble_of(problem: BaseException, folder: Path | None = None) -> Trouble | None:
    """What an error of SQLite, PostgreSQL or the system means; None: nothing about storage."""
    for one in _causes(problem):
        if isinstance(one, StorageFault):
            return one.trouble
        found = _by_name(one, folder)
        if found is not None:
            return found
    return None


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """The problem, and what its libraries wrapped in it."""
    yield problem
    for one in (problem.__cause__, *problem.args):
        if isinstance(one, BaseException):
            yield from _causes(one)


def _by_name(problem: BaseException, folder: Path | None) -> Trouble | None:
    if isinstance(problem, OSError):
        if isinstance(problem, FileNotFoundError) and str(problem.strerror).startswith("No usable temporary"):
            return Trouble.NO_TEMPORARY
        if isinstance(problem, PermissionError) and folder:
            return trouble_in(folder)
        return _BY_ERRNO.get(problem.errno or 0)
    if state := getattr(problem, "sqlstate", None):
        return _BY_SQLSTATE.get(state)
    name: str = getattr(problem, "sqlite_errorname", "")
    known = next((trouble for prefix, trouble in _BY_SQLITE.items() if name.startswith(prefix)), None)
    if known is None and name.startswith(_SQLITE_SAYS_NOTHING):
        known = trouble_in(folder) if folder else None
        return known or (Trouble.FAILING if name.startswith("SQLITE_IOERR") else None)
    return known


def trouble_in(folder: Path) -> Trouble | None:
    """Why a folder takes no file, found out by writing one that never has a name; None: it does."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(BLOCK))
            file.flush()
            os.fsync(file.fileno())
    except PermissionError:
        return Trouble.READ_ONLY
    except OSError as problem:
        return _BY_ERRNO.get(problem.errno or 0, Trouble.FAILING)
    return None


def temporary_folder() -> Path | None:
    """Where this process puts its temporary files; None: nowhere."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        return None
