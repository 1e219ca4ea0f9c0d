"""How long does a compilation of all formats take, from the shell? `python -m bench.compilation MANY`.

Prints the seconds; the database is that of the environment, migrated and empty. The renderers are imported before the
clock starts.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.consultation import make_closed_theme
from forum.database import close_database, open_database
from forum.documents.formats import FORMATS
from forum.schema import migrate
from forum.settings import settings
from workers.syntheses import compile_here


async def measure(many: int) -> float:
    await migrate(settings())
    await open_database(settings())
    await make_closed_theme(many)
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        made = await compile_here(1, list(FORMATS), Path(folder), datetime.now(UTC), lambda *step: None)
        seconds = time.perf_counter() - start
    await close_database()
    if made.problems or made.draft:
        raise RuntimeError(f"not every format was made: {made.problems}")
    return seconds


if __name__ == "__main__":
    print(asyncio.run(measure(int(sys.argv[1]))))
