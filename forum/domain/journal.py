"""The journal: who did what to what, when, from what to what, and why. Every act of moderation, of an agent or of an
administrator is recorded inside the transaction that does it, so that every act has its line and every line its act.
Entries are numbered and chained one after another, whatever the number of processes: adding one locks the head until
the commit. That lock is the last one of every transaction, since entries are written after everything else: a
transaction that has it waits for nothing more. The journal is read in `journal_lines.py`; whether it was tampered with
is checked in `journal_chain.py`."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from forum.database import Row, current_transaction, insert_rows, is_sqlite, on_postgres, places, row, rows
from forum.domain.journal_chain import ENTRY, REDACT, digest_of, link
from forum.errors import Checks, Invalid
from forum.permissions import Viewer
from forum.text.source import clean_line

# A reason that can be read at a glance; the column holds no more.
LONGEST_REASON = 500


async def record(
    actor: Viewer | None,
    act: str,
    thing: str,
    thing_id: int,
    *,
    group: int | None,
    before: str = "",
    after: str = "",
    reason: str = "",
    now: datetime,
) -> None:
    """Add one line, inside the caller's transaction; `thing` is a kind ("theme"), `group` the working group that may
    read it. `actor` is None for what the program does by itself or at the command line. `before` and `after` hold no
    name, handle or address of a person: people are given by number.

    Raises:
        TransactionManagementError: outside a transaction.
    """
    current_transaction().write_last(
        _write,
        {
            "at": now,
            "actor_id": None if actor is None else actor.id,
            "act": act,
            "thing": thing,
            "thing_id": thing_id,
            "working_group_id": group,
            "before": before,
            "after": after,
            "reason": reason,
        },
    )


async def _write(entries: list[dict[str, Any]]) -> None:
    """Chain the entries of one transaction after the last one."""
    await _hold_actors({entry["actor_id"] for entry in entries} - {None})
    head = await row(f"SELECT entries, chain FROM journal_head{'' if is_sqlite() else ' FOR UPDATE'}")
    assert head is not None, "the migration made it, a trigger keeps it"
    # A separate statement: it must see what was written while waiting for the head.
    last = await row("SELECT COALESCE(MAX(id), 0) AS id FROM journal_entry")
    assert last is not None
    chain: str = head["chain"]
    for number, entry in enumerate(entries, last["id"] + 1):
        salt = secrets.token_hex(16)
        words = digest_of(salt, entry["before"], entry["after"], entry["reason"])
        entry.update(id=number, salt=salt, words_digest=words)
        entry["chain"] = chain = link(chain, entry, words)
    await insert_rows(f"journal_entry ({', '.join(entries[0])})", [tuple(entry.values()) for entry in entries])
    await rows("UPDATE journal_head SET entries = entries + $1, chain = $2", len(entries), chain)


async def _hold_actors(members: set[int]) -> None:
    """Lock the actors' rows, which the entries refer to, before the head: an erasure holds them while it waits for the
    head."""
    if members:
        wanted = places(len(members))
        await on_postgres(f"SELECT id FROM member WHERE id IN ({wanted}) ORDER BY id FOR KEY SHARE", *sorted(members))


async def redact(left_of: Callable[[Row], tuple[str, str, str]], now: datetime) -> None:
    """Take something out of the words of every entry, in the transaction of an erasure. `left_of` takes each entry and
    returns what must be left of `before`, `after` and `reason`. The entry keeps its place in the chain; its salt is
    deleted, so that nobody can guess what was there; a new line says that words were taken out."""
    last = 0
    while some := await rows(
        """
        SELECT id, act, thing, thing_id, before, after, reason FROM journal_entry
         WHERE id > $1 AND (before <> '' OR after <> '' OR reason <> '') ORDER BY id LIMIT 1000""",
        last,
    ):
        last = some[-1]["id"]
        for entry in some:
            left = left_of(entry)
            if left != (entry["before"], entry["after"], entry["reason"]):
                await _leave(entry["id"], left, now)


async def _leave(entry: int, left: tuple[str, str, str], now: datetime) -> None:
    await rows(
        "UPDATE journal_entry SET before = $2, after = $3, reason = $4, salt = '', redacted_at = $5 WHERE id = $1",
        entry,
        *left,
        now,
    )
    await record(None, REDACT, ENTRY, entry, group=None, after=digest_of("", *left), now=now)


def reason_of(raw: str, *, required: str = "") -> str:
    """The reason as typed, on one line; empty when there is none.

    Raises:
        Invalid: it is too long, or missing where `required` says why one is needed.
    """
    if raw.strip():
        checks = Checks()
        with checks.field("motif"):
            raw = clean_line(raw, limit=LONGEST_REASON)
        checks.done()
        return raw
    if required:
        raise Invalid(required, field="motif")
    return ""
