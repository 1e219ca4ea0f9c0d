"""When does a published synthesis change after all? When somebody named in it asks to be erased, or when moderators
take a passage with personal data out of its words: the law lets nobody go on publishing these.

Its frozen data loses the name or the passage, keeps every figure, and gets its new SHA-256; its ranges move with their
words. Its documents, which hold it, are deleted at once, and a job makes them again from the new data. The page says
so, with the day. Nothing else changes a published synthesis (`syntheses.py`).
"""

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from forum.database import rows
from forum.domain.syntheses.snapshots import renewed
from forum.models.syntheses import SynthesisState
from forum.text.redaction import Cleaner


async def redact(cleaner: Cleaner, now: datetime) -> list[int]:
    """Take what is sought out of every synthesis, in the caller's transaction; returns those whose documents must be
    remade."""
    touched: list[int] = []
    for one in await rows("SELECT id, snapshot, written, state FROM synthesis ORDER BY id"):
        facts, said = json.loads(one["snapshot"]), json.loads(one["written"] or "{}")
        if (_cleaned(facts, cleaner), _cleaned(said, cleaner)) == (facts, said):
            continue
        snapshot = _written(_cleaned(renewed(facts), cleaner))
        state = one["state"] if SynthesisState(one["state"]).is_public else SynthesisState.REQUESTED.value
        await rows(
            """UPDATE synthesis SET snapshot = $2, snapshot_sha256 = $3, written = $4, state = $5, redacted_at = $6
                WHERE id = $1""",
            one["id"],
            snapshot,
            hashlib.sha256(snapshot.encode()).hexdigest(),
            _written(_cleaned(said, cleaner)) if said else "",
            state,
            now,
        )
        await rows("DELETE FROM document WHERE synthesis_id = $1", one["id"])
        touched.append(one["id"])
    return touched


def _cleaned(facts: Any, cleaner: Cleaner, about: tuple[str, object] = ("synthesis", None)) -> Any:
    """Facts without what is sought; `about` names what they are said of, as `Cleaner.of` knows it."""
    if isinstance(facts, str):
        return cleaner.of(*about).clean(facts)
    if isinstance(facts, dict):
        about = _subject(facts) or about
        cleaned = {name: _cleaned(part, cleaner, about) for name, part in facts.items()}
        return cleaned | _moved(facts, cleaner) if facts.keys() >= _RANGE else cleaned
    return [_cleaned(part, cleaner, about) for part in facts] if isinstance(facts, list) else facts


def _subject(facts: dict[str, Any]) -> tuple[str, object] | None:
    """The contribution, the proposal or the thread whose words these are."""
    named = (("post", "post", "words"), ("reference", "reference", "wording"), ("thread", "id", "title"))
    return next(((kind, facts[key]) for kind, key, words in named if {key, words} <= facts.keys()), None)


# What a `Source` holds: a range of a contribution, and its words.
_RANGE: Final = {"post", "revision", "start", "end", "words"}


def _moved(source: dict[str, Any], cleaner: Cleaner) -> dict[str, Any]:
    change = cleaner.changes.get((source["post"], source["revision"]))
    if change is None:
        return {}
    start, end = change.moved(source["start"], source["end"])
    return {"start": start, "end": end, "words": change.text[start:end]}


def _written(facts: dict[str, Any]) -> str:
    """In the canonical form, see `snapshots.to_json`; what people wrote has the same one."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
