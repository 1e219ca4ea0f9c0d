"""Which names were taken out by something of their length, until 0.4? They are mended as the database is migrated.

Whoever counted code points learned the length of the name, from ellipses or from signs that nobody sees. Now the same
stands everywhere, and what counts in these texts moves with it. What people may have written themselves stays, "(…)"
for one: nobody can tell it from a name of three letters.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from forum.database import row, rows, transaction
from forum.domain.leftovers import ask_to_wipe
from forum.domain.privacy.redacted_words import PLAIN_WORDS, find_strangers, hold_all, take_out, warm_up
from forum.text.redaction import FillingCleaner

_LEFT: Final = PLAIN_WORDS | {
    "journal_entry": ("before", "after", "reason"),
    "post": ("source", "html", "plain"),
    "post_revision": ("source", "html", "plain"),
    "proposal": ("wording", "state_reason", "body", "body_html", "body_plain"),
    "synthesis": ("snapshot", "written"),
    "synthesis_block": ("source", "html", "plain"),
}
# How all that stood for names begins, for the database; the exact forms are in `text/redaction.py`.
_BEGINNINGS: Final = ("%(nom%", "%(retiré…%", "%(donnée personnelle retirée%", "%(…)\u2060%")


async def mend_fillings(now: datetime) -> bool:
    """Put in place of every name what takes its place today; whether there was one to mend."""
    cleaner = FillingCleaner()
    if not await _is_needed(cleaner):
        return False
    strangers = await find_strangers()
    await warm_up(cleaner, strangers)
    async with transaction() as tx:
        await hold_all()
        await take_out(tx, cleaner, strangers, now)
        await ask_to_wipe(tx, now)
    return True


async def _is_needed(cleaner: FillingCleaner) -> bool:
    """Whether such a thing stands somewhere; only where somebody was erased is it a name."""
    if await row("SELECT id FROM member WHERE erased_at IS NOT NULL LIMIT 1") is None:
        return False
    for table, column in _columns():
        likely = " OR ".join(f"{column} LIKE ${place}" for place in range(1, len(_BEGINNINGS) + 1))
        found = await rows(f"SELECT {column} AS words FROM {table} WHERE {likely}", *_BEGINNINGS)
        if any(cleaner.names(one["words"]) for one in found):
            return True
    return False


def _columns() -> Iterator[tuple[str, str]]:
    return ((table, column) for table, columns in _LEFT.items() for column in columns)
