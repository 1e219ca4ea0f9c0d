"""A link says why the mail that held it never arrived."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from forum.database import rows


class _Column(ops.AddField):
    """A column that leaves as it came: Tortoise would remake the whole table on SQLite, without its unique sets."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        await rows(f"ALTER TABLE link DROP COLUMN {self.name}")


class Migration(migrations.Migration):
    dependencies = [("forum", "0006_booleans")]

    initial = False

    operations = [
        _Column(
            model_name="Link",
            name="undelivered",
            field=fields.CharField(
                null=True, description="why the mail that held it will never arrive", max_length=500
            ),
        )
    ]
