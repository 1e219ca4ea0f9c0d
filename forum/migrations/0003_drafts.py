"""Working drafts and final syntheses are numbered apart, so that the first one published is version 1.

A draft's scope now ends in " draft": UNIQUE (scope, version) holds each of the two series together, and no table is
remade. What is published keeps its number and its bytes for ever. Everything else is numbered again from the same
frozen data, in the new layout (without the posts read, which nobody counts), and its documents, which bear the former
number, are made again by the worker.
"""

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from forum.database import rows


async def number_apart(apps: Any, editor: Any) -> None:
    """In the order of their numbers, so that none meets one that is still to move."""
    last: Counter[str] = Counter()
    for one in await rows("SELECT id, scope, version, draft, state FROM synthesis ORDER BY scope, version"):
        scope = f"{one['scope']} draft" if one["draft"] else one["scope"]
        published = one["state"] == "published"
        last[scope] = one["version"] if published else last[scope] + 1
        if not published:
            await _renumber(one["id"], scope, last[scope])
            if one["state"] == "ready":
                await _compile_again(one["id"])


async def _renumber(synthesis: int, scope: str, number: int) -> None:
    # One at a time: the frozen data of a whole consultation are megabytes.
    (found,) = await rows("SELECT snapshot FROM synthesis WHERE id = $1", synthesis)
    snapshot = _in_the_new_layout(found["snapshot"], number)
    await rows(
        "UPDATE synthesis SET scope = $2, version = $3, snapshot = $4, snapshot_sha256 = $5 WHERE id = $1 RETURNING id",
        synthesis,
        scope,
        number,
        snapshot,
        hashlib.sha256(snapshot.encode()).hexdigest(),
    )


def _in_the_new_layout(snapshot: str, number: int) -> str:
    facts = json.loads(snapshot)
    facts |= {"format": 2, "version": number}
    facts.get("participation", {}).pop("posts_read", None)
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


async def _compile_again(synthesis: int) -> None:
    await rows("DELETE FROM document WHERE synthesis_id = $1 RETURNING id", synthesis)
    await rows("UPDATE synthesis SET state = 'requested' WHERE id = $1 RETURNING id", synthesis)
    await rows(
        """INSERT INTO job (name, key, subject, state, tries, fence, run_after, done_steps, total_steps, step, error,
                            trace_id, created_at)
           VALUES ('compile_synthesis', $1, $2, 'queued', 0, 0, $3, 0, 0, '', '', '', $3)
           ON CONFLICT (key) DO UPDATE
              SET state = 'queued', tries = 0, run_after = excluded.run_after, done_steps = 0, step = '', error = '',
                  trace_id = '', finished_at = NULL
           RETURNING id""",
        f"synthesis:{synthesis}",
        synthesis,
        datetime.now(UTC),
    )


class Migration(migrations.Migration):
    dependencies = [("forum", "0002_unread")]

    operations = [ops.RunPython(number_apart)]
