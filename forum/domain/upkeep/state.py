"""How is the site? Versions, work that waits or failed, mails, room on the disk: for operators, at the command line, on
the page of administrators and in metrics. Nothing in it says who anybody is."""

import platform
from dataclasses import dataclass

from forum import __version__
from forum.database import is_sqlite, known_row


@dataclass(frozen=True, slots=True)
class RunningVersions:
    """What runs, and what the database holds."""

    program: str
    python: str
    database: str
    schema: str
    """The latest migration that was applied."""


async def versions() -> RunningVersions:
    sqlite = is_sqlite()
    version = "sqlite_version()" if sqlite else "current_setting('server_version')"
    served = await known_row(f"SELECT {version} AS version")
    applied = await known_row("SELECT MAX(name) AS latest FROM tortoise_migrations WHERE app = 'forum'")
    database = f"{'SQLite' if sqlite else 'PostgreSQL'} {served['version'].split()[0]}"
    return RunningVersions(__version__, platform.python_version(), database, applied["latest"])
