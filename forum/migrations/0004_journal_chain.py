"""The rows of the journal are chained, and from now on added only: the database itself refuses to change or remove them.

The format of the chain is written out here, as it was when this migration was; `journal_chain.py` is what it is today.
"""

import json
import secrets
from hashlib import sha256

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import Row, insert_rows, is_sqlite, rows

# What an erasure may never touch: all but the words, their salt, and the moment at which they were taken out.
_KEPT = ("id", "at", "actor_id", "act", "thing", "thing_id", "working_group_id", "words_digest", "chain")
_AT_ONCE = 1000


def _row(name: str) -> str:
    return "(" + ", ".join(f"{name}.{column}" for column in _KEPT) + ")"


_SAID = "the journal is only added to"

_SQLITE = (
    f"""CREATE TRIGGER journal_entry_kept BEFORE UPDATE ON journal_entry
          WHEN {_row("NEW")} IS NOT {_row("OLD")} OR NEW.redacted_at IS NULL
          BEGIN SELECT RAISE(ABORT, '{_SAID}'); END""",
    f"""CREATE TRIGGER journal_entry_stays BEFORE DELETE ON journal_entry
          BEGIN SELECT RAISE(ABORT, '{_SAID}'); END""",
    f"""CREATE TRIGGER journal_head_advances BEFORE UPDATE ON journal_head WHEN NEW.entries <= OLD.entries
          BEGIN SELECT RAISE(ABORT, '{_SAID}'); END""",
    f"""CREATE TRIGGER journal_head_stays BEFORE DELETE ON journal_head
          BEGIN SELECT RAISE(ABORT, '{_SAID}'); END""",
)
_POSTGRES = (
    f"""CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql
          AS $$ BEGIN RAISE EXCEPTION '{_SAID}'; END $$""",
    f"""CREATE TRIGGER journal_entry_kept BEFORE UPDATE ON journal_entry FOR EACH ROW
          WHEN ({_row("NEW")} IS DISTINCT FROM {_row("OLD")} OR NEW.redacted_at IS NULL)
          EXECUTE FUNCTION journal_refuses()""",
    """CREATE TRIGGER journal_entry_stays BEFORE DELETE ON journal_entry FOR EACH ROW
          EXECUTE FUNCTION journal_refuses()""",
    """CREATE TRIGGER journal_entry_whole BEFORE TRUNCATE ON journal_entry FOR EACH STATEMENT
          EXECUTE FUNCTION journal_refuses()""",
    """CREATE TRIGGER journal_head_advances BEFORE UPDATE ON journal_head FOR EACH ROW
          WHEN (NEW.entries <= OLD.entries) EXECUTE FUNCTION journal_refuses()""",
    """CREATE TRIGGER journal_head_stays BEFORE DELETE ON journal_head FOR EACH ROW
          EXECUTE FUNCTION journal_refuses()""",
    """CREATE TRIGGER journal_head_whole BEFORE TRUNCATE ON journal_head FOR EACH STATEMENT
          EXECUTE FUNCTION journal_refuses()""",
)


async def chain_rows(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Chain the rows that are there, note where the chain ends, then let nothing be changed."""
    entries, chain, last = 0, "", 0
    while some := await rows("SELECT * FROM journal_entry WHERE id > $1 ORDER BY id LIMIT $2", last, _AT_ONCE):
        for entry in some:
            chain = await _chained(chain, entry)
        entries, last = entries + len(some), some[-1]["id"]
    await insert_rows("journal_head (id, entries, chain)", [(1, entries, chain)])
    for statement in _SQLITE if is_sqlite() else _POSTGRES:
        await rows(statement)


async def _chained(previous: str, entry: Row) -> str:
    salt = secrets.token_hex(16)
    words = _hash(salt, {name: entry[name] for name in ("before", "after", "reason")})
    said = {
        "act": entry["act"],
        "actor": entry["actor_id"],
        "at": entry["at"].isoformat(timespec="microseconds"),
        "group": entry["working_group_id"],
        "id": entry["id"],
        "thing": entry["thing"],
        "thing_id": entry["thing_id"],
        "words": words,
    }
    chain = _hash(previous, said)
    await rows(
        "UPDATE journal_entry SET salt = $2, words_digest = $3, chain = $4 WHERE id = $1",
        entry["id"],
        salt,
        words,
        chain,
    )
    return chain


def _hash(before: str, value: dict[str, object]) -> str:
    return sha256((before + json.dumps(value, sort_keys=True, separators=(",", ":"))).encode()).hexdigest()


async def unchain_rows(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Let go of the rows; their hashes stay, and are made anew when the chain is."""
    for name in ("journal_entry_kept", "journal_entry_stays", "journal_head_advances", "journal_head_stays"):
        table = name.rpartition("_")[0]
        await rows(f"DROP TRIGGER {name}{'' if is_sqlite() else f' ON {table}'}")
    if not is_sqlite():
        await rows("DROP TRIGGER journal_entry_whole ON journal_entry")
        await rows("DROP TRIGGER journal_head_whole ON journal_head")
        await rows("DROP FUNCTION journal_refuses()")
    await rows("DELETE FROM journal_head")


class Migration(migrations.Migration):
    dependencies = [("forum", "0003_people")]

    initial = False

    operations = [ops.RunPython(chain_rows, unchain_rows)]
