"""Where is a backup or a restoration while it is not finished? In a hidden folder that nobody takes for the result.

Whoever is killed leaves it behind; the next one in that place takes it away. A lock tells the folder of a process that
works from that of one that is dead.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_PREFIX: Final = ".cahier-"
_LOCK: Final = "lock"


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A new hidden folder in that one, on the same disk, so that what is finished can be moved out of it at once."""
    for left in folder.glob(f"{_PREFIX}*"):
        _take_away_if_dead(left)
    with TemporaryDirectory(dir=folder, prefix=_PREFIX) as place:
        lock = _locked(Path(place))
        try:
            yield Path(place)
        finally:
            os.close(lock)


def _locked(place: Path) -> int:
    """Hold the lock of a folder; the system lets go of it whatever ends the process.

    Raises:
        BlockingIOError: a process that lives has it.
    """
    opened = os.open(place / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(opened)
        raise
    return opened


def _take_away_if_dead(left: Path) -> None:
    try:
        lock = _locked(left)
    except BlockingIOError:
        return
    try:
        shutil.rmtree(left)
    finally:
        os.close(lock)
