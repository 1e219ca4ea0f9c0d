"""What was deleted must be in no byte of SQLite's files either: when is the database written anew?

SQLite frees a row and keeps its bytes: in free pages, in gaps of pages that it rearranged, in its log of writes (-wal).
After an erasure, after the last mail to somebody who was erased, and after the purges of the day, a job writes the file
anew (`sqlite.py`). PostgreSQL's files are its administrator's: autovacuum reuses them in its own time.
"""

from datetime import datetime
from typing import Final

from forum.database import Transaction, is_sqlite
from forum.domain import jobs
from forum.jobs import JobName, enqueue

KEY: Final = "wipe_leftovers"


async def ask_to_wipe(tx: Transaction, now: datetime) -> None:
    """Ask for the job, in the transaction that deletes; one that is under way might have passed already, and begins
    again."""
    if is_sqlite():
        await jobs.begin_again(KEY, now)
        await enqueue(tx, JobName.WIPE_LEFTOVERS, 0, key=KEY, now=now)
