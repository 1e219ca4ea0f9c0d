"""A proposal that is hidden after the close of its vote keeps its place among the published results."""

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
        table = old_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.db_table
        await rows(f"ALTER TABLE {table} DROP COLUMN {self.name}")


class Migration(migrations.Migration):
    dependencies = [("forum", "0018_receptions")]

    initial = False

    operations = [
        _Column(
            model_name="Proposal",
            name="judged",
            field=fields.BooleanField(
                default=False,
                description="hidden after the close of its vote: its published figures stay, without its words",
                db_default=False,
            ),
        ),
    ]
