"""PostgreSQL's own programs, which write its backups and read them back: those of the server's version."""

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

from forum.database import credentials_of
from forum.domain.upkeep.copies import EMPTYING
from forum.errors import CannotStart
from forum.settings import Settings, postgres_secrets

# Where Debian keeps the programs of each version.
_DEBIAN = "/usr/lib/postgresql/{major}/bin"
# Tables, whoever owns them; a database may hold the schemas of other programs, which are not ours to save or empty.
_OURS = ("--schema", "public", "--no-owner", "--no-privileges")
_NAMES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "database": "PGDATABASE",
    "ssl": "PGSSLMODE",
}


async def dump(configured: Settings, version: str, snapshot: str, path: Path) -> None:
    """Write the state of that name to a new file."""
    words = ("-Fc", *_OURS, "--snapshot", snapshot, "--file", str(path))
    await _run(configured, await find("pg_dump", version), *words)


async def fill(configured: Settings, version: str, path: Path) -> None:
    """Put what `dump` wrote in the place of all that a database holds: everything or, if it fails, nothing."""
    script = path.with_suffix(".sql")
    await _run(configured, await find("pg_restore", version), *_OURS, "--file", str(script), str(path))
    emptying = [word for statement in EMPTYING for word in ("-c", statement)]
    psql = (await find("psql", version), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1")
    await _run(configured, *psql, *emptying, "-f", str(script))


async def find(name: str, version: str) -> str:
    """The program of the server's major version.

    Raises:
        CannotStart: it is not on this machine.
    """
    major = version.split(".")[0]
    for path in filter(None, [shutil.which(name, path=_DEBIAN.format(major=major)), shutil.which(name)]):
        if await _major(path) == major:
            return path
    raise CannotStart(
        f"{name} {major} manque sur cette machine : c’est la version du serveur PostgreSQL, une autre ne convient pas "
        f"(Debian : apt install postgresql-client-{major})"
    )


async def _major(path: str) -> str:
    process = await asyncio.create_subprocess_exec(path, "--version", stdout=subprocess.PIPE)
    said = (await process.communicate())[0].decode()
    read = re.search(r"(\d+)\.\d", said)
    return read[1] if read else ""


async def _run(configured: Settings, *words: str) -> None:
    """Run a program on the database, its password out of the sight of other users."""
    known = {_NAMES[name]: str(value) for name, value in credentials_of(configured).items() if value and name in _NAMES}
    process = await asyncio.create_subprocess_exec(
        *words,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"} | postgres_secrets() | known,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or [str(process.returncode)]
        told = next((line for line in lines if "ERROR" in line or "error:" in line), lines[0])
        raise CannotStart(f"{Path(words[0]).name} a échoué : {told}")
