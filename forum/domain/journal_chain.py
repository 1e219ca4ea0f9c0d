"""Was the journal tampered with? Each entry holds the SHA-256 of the one before and of itself, so that nothing in the
middle can be changed, added or removed without detection; the head holds where the chain ends. The owner of the
database could still rewrite the whole chain, or cut its end and change the head: against that, the last hash is kept
elsewhere and given back to be compared (`Kept`). What people typed enters the chain by a salted digest, so that an
erasure may take a name out and delete the salt; the erasure then adds an entry with the digest of what it left."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from forum.database import Row, is_sqlite, on_postgres, row, rows, transaction

REDACT: Final = "redact"
"""The act by which an erasure records from which entry it took words, and what is left of them."""
ENTRY: Final = "journal_entry"

# Rows read by one statement: few statements, and little memory.
AT_ONCE = 1000


def digest_of(salt: str, before: str, after: str, reason: str) -> str:
    """The digest of the words of an entry: without its salt nobody can guess them."""
    return sha256((salt + _canonical({"after": after, "before": before, "reason": reason})).encode()).hexdigest()


def link(previous: str, entry: Row, words: str) -> str:
    """The hash of an entry that follows the one of hash `previous`; `words` is its digest."""
    said = {
        "act": entry["act"],
        "actor": entry["actor_id"],
        "at": _instant(entry["at"]),
        "group": entry["working_group_id"],
        "id": entry["id"],
        "thing": entry["thing"],
        "thing_id": entry["thing_id"],
        "words": words,
    }
    return sha256((previous + _canonical(said)).encode()).hexdigest()


def _canonical(value: dict[str, object]) -> str:
    """Canonical JSON, always identical for one value: sorted keys, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _instant(value: object) -> str:
    """A moment in UTC, to the microsecond; anything else, as after tampering, is left as it is and breaks the chain."""
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return read.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class NotedChain:
    """What was kept elsewhere about the journal: the hash of its last entry and, if known, the number of entries."""

    chain: str
    entries: int | None = None


@dataclass(slots=True)
class Verified:
    """How far the chain is intact; `fault` says, in a sentence, where and how it breaks, and is empty when it does
    not."""

    entries: int = 0
    chain: str = ""
    redacted: int = 0
    fault: str = ""
    last: int = 0
    kept_was_met: bool = False
    _left: dict[int, str] = field(default_factory=dict)
    _said: dict[int, str] = field(default_factory=dict)


async def verify(kept: NotedChain | None = None) -> Verified:
    """Read the whole journal in order, and stop at the first entry that does not follow from the one before."""
    found = Verified()
    async with transaction():
        await on_postgres("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        async for entry in _entries():
            found.fault = _fault_of(found, entry)
            if found.fault:
                return found
            _step(found, entry, kept)
        head = await row("SELECT entries, chain FROM journal_head")
    found.fault = _fault_of_end(found, head) or _fault_of_redactions(found) or _fault_of_kept(found, kept)
    return found


async def _entries() -> AsyncIterator[Row]:
    # In SQLite a column may hold anything once somebody tampered with the table: it is read as text.
    at = "CAST(at AS TEXT) AS at" if is_sqlite() else "at"
    last: int | None = None
    while some := await rows(
        f"""
        SELECT id, {at}, actor_id, act, thing, thing_id, working_group_id, before, after, reason, salt, words_digest,
               redacted_at IS NOT NULL AS redacted, chain
          FROM journal_entry {"" if last is None else "WHERE id > $2"} ORDER BY id LIMIT $1""",
        AT_ONCE,
        *(() if last is None else (last,)),
    ):
        for entry in some:
            yield entry
        last = some[-1]["id"]


def _fault_of(found: Verified, entry: Row) -> str:
    number = entry["id"]
    if link(found.chain, entry, entry["words_digest"]) != entry["chain"]:
        if found.entries and number != found.last + 1:
            return f"une ligne manque entre la ligne {found.last} et la ligne {number}, ou celle-ci a été changée"
        if not found.entries and number != 1:
            return f"une ligne manque avant la ligne {number}, ou celle-ci a été changée"
        return f"la ligne {number} a été changée ou ajoutée"
    words = digest_of(entry["salt"], entry["before"], entry["after"], entry["reason"])
    if not entry["redacted"] and words != entry["words_digest"]:
        return f"les textes de la ligne {number} ont été changés"
    return ""


def _step(found: Verified, entry: Row, kept: NotedChain | None) -> None:
    found.entries += 1
    found.chain = entry["chain"]
    found.last = entry["id"]
    if entry["redacted"]:
        found.redacted += 1
        found._left[entry["id"]] = digest_of("", entry["before"], entry["after"], entry["reason"])
    if entry["act"] == REDACT and entry["thing"] == ENTRY:
        found._said[entry["thing_id"]] = entry["after"]
    if kept is not None and entry["chain"] == kept.chain:
        found.kept_was_met = kept.entries in (None, found.entries)


def _fault_of_end(found: Verified, head: Row | None) -> str:
    if head is None:
        return "la fin de la chaîne n’est plus notée (table journal_head)"
    if (head["entries"], head["chain"]) != (found.entries, found.chain):
        return (
            f"la fin du journal a été retirée ou ajoutée : {head['entries']} lignes ont été écrites, "
            f"{found.entries} sont là"
        )
    return ""


def _fault_of_redactions(found: Verified) -> str:
    for number in sorted(found._left.keys() | found._said.keys()):
        if found._left.get(number) != found._said.get(number):
            return f"les textes de la ligne {number} ont été changés autrement que par un effacement"
    return ""


def _fault_of_kept(found: Verified, kept: NotedChain | None) -> str:
    if kept is None or found.kept_was_met:
        return ""
    if kept.entries is not None and kept.entries > found.entries:
        return f"la fin du journal a été retirée : il comptait {kept.entries} lignes, {found.entries} sont là"
    return "le journal ne contient plus l’empreinte gardée : sa fin a été retirée, ou il a été récrit"
