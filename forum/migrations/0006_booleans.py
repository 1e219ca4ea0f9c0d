"""SQLite declares its booleans as such, so that they come back as such. PostgreSQL always did.

Only the word changes that stands in the schema, by the way that SQLite documents where no stored byte changes ("Making
Other Kinds Of Table Schema Changes", the second procedure): remaking seven tables would lose what stands on them.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import is_sqlite, rows

_BOOLEANS = (
    ("ballot_change", "by_merge"),
    ("member", "example"),
    ("mention", "is_leading"),
    ("proposal_version", "substantive"),
    ("session", "awaits_code"),
    ("synthesis", "draft"),
    ("theme", "sealed"),
)


async def _declare(before: str, after: str) -> None:
    if not is_sqlite():
        return
    version = (await rows("PRAGMA schema_version"))[0]["schema_version"]
    await rows("PRAGMA writable_schema = ON")
    for table, column in _BOOLEANS:
        await rows(
            "UPDATE sqlite_schema SET sql = REPLACE(sql, $1, $2) WHERE type = 'table' AND name = $3",
            f'"{column}" {before} ',
            f'"{column}" {after} ',
            table,
        )
    await rows(f"PRAGMA schema_version = {version + 1}")
    await rows("PRAGMA writable_schema = OFF")


async def declare_booleans(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """A database that was made since declares them already."""
    await _declare("INT", "BOOL")


async def undeclare_booleans(apps: StateApps, editor: BaseSchemaEditor) -> None:
    await _declare("BOOL", "INT")


class Migration(migrations.Migration):
    dependencies = [("forum", "0005_proposals")]

    initial = False

    operations = [ops.RunPython(declare_booleans, undeclare_booleans)]
