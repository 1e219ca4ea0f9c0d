"""Was the journal tampered with? Each entry holds the SHA-256 of the one before and of itself, so that nothing in the
middle can be changed, added or taken out unseen; the head holds where the chain ends.

Whoever owns the database may still write the whole chain anew, or cut its end together with the head: against that, the
last hash is kept elsewhere, and asked for (`Kept`). What people typed enters by a salted digest, so that an erasure may
take a name out and forget the salt; it then says so in an entry of its own, which holds the digest of what it left.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from forum.database import Row, is_sqlite, on_postgres, row, rows, transaction

REDACT: Final = "redact"
"""The act by which an erasure says from which entry it took words, and what is left of them."""
ENTRY: Final = "journal_entry"

# Enough for few statements, few enough to be nothing in memory.
AT_ONCE = 1000


def digest_of(salt: str, before: str, after: str, reason: str) -> str:
    """The digest of the words of an entry: without its salt nobody can try out what they were."""
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
    """The same JSON for the same value, for ever: sorted keys, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _instant(value: object) -> str:
    """A moment in UTC, to the microsecond; what is none any more stays what it is, and breaks the chain."""
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return read.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Kept:
    """What was noted elsewhere of the journal: the hash of its last entry, and how many there were if that is known."""

    chain: str
    entries: int | None = None


@dataclass(slots=True)
class Verified:
    """How far the chain holds; `fault` says, in a sentence, where and how it does not, and is empty when it does."""

    entries: int = 0
    chain: str = ""
    redacted: int = 0
    fault: str = ""
    last: int = 0
    kept_was_met: bool = False
    _left: dict[int, str] = field(default_factory=dict)
    _said: dict[int, str] = field(default_factory=dict)


async def verify(kept: Kept | None = None) -> Verified:
    """Read the whole journal in its order, and stop at the first entry that does not follow from the one before."""
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
    # In SQLite anything may stand in a column once somebody wrote into the table: it is read as the text that it is.
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


def _step(found: Verified, entry: Row, kept: Kept | None) -> None:
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


def _fault_of_kept(found: Verified, kept: Kept | None) -> str:
    if kept is None or found.kept_was_met:
        return ""
    if kept.entries is not None and kept.entries > found.entries:
        return f"la fin du journal a été retirée : il comptait {kept.entries} lignes, {found.entries} sont là"
    return "le journal ne contient plus l’empreinte gardée : sa fin a été retirée, ou il a été récrit"
