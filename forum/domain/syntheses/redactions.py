"""When does a published synthesis change after all? When somebody named in it asks to be erased.

Its frozen data loses the name, keeps every range and every figure, and gets its new SHA-256; its documents, which hold
the name, are deleted at once, and a job makes them again from the new data. The page says so, with the day. Nothing
else changes a published synthesis (`syntheses.py`).
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from forum.database import rows
from forum.domain.syntheses.snapshots import renewed
from forum.models.syntheses import SynthesisState
from forum.text.redaction import Redactor


async def redact(redactor: Redactor, now: datetime) -> list[int]:
    """Take a person out of every synthesis, in the caller's transaction; returns those whose documents must be
    remade."""
    touched: list[int] = []
    for one in await rows("SELECT id, snapshot, state FROM synthesis ORDER BY id"):
        facts = json.loads(one["snapshot"])
        if not _names(facts, redactor):
            continue
        snapshot = _written(_cleaned(renewed(facts), redactor))
        state = one["state"] if one["state"] == SynthesisState.PUBLISHED.value else SynthesisState.REQUESTED.value
        await rows(
            "UPDATE synthesis SET snapshot = $2, snapshot_sha256 = $3, state = $4, redacted_at = $5 WHERE id = $1",
            one["id"],
            snapshot,
            hashlib.sha256(snapshot.encode()).hexdigest(),
            state,
            now,
        )
        await rows("DELETE FROM document WHERE synthesis_id = $1", one["id"])
        touched.append(one["id"])
    return touched


def _names(facts: Any, redactor: Redactor) -> bool:
    if isinstance(facts, str):
        return redactor.names(facts)
    parts = facts.values() if isinstance(facts, dict) else facts if isinstance(facts, list) else ()
    return any(_names(part, redactor) for part in parts)


def _cleaned(facts: Any, redactor: Redactor) -> Any:
    if isinstance(facts, str):
        return redactor.clean(facts)
    if isinstance(facts, dict):
        return {name: _cleaned(part, redactor) for name, part in facts.items()}
    return [_cleaned(part, redactor) for part in facts] if isinstance(facts, list) else facts


def _written(facts: dict[str, Any]) -> str:
    """In the canonical form, see `snapshots.to_json`."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
