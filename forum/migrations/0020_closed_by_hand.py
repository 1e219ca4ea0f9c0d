"""Votes that an agent closed are known as such: their result needs not wait for votes under way."""

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
        await rows("ALTER TABLE theme DROP COLUMN closed_by_hand")


class Migration(migrations.Migration):
    dependencies = [("forum", "0019_judged_and_hidden")]

    initial = False

    operations = [
        _Column(
            model_name="Theme",
            name="closed_by_hand",
            field=fields.BooleanField(
                default=False, description="the close waited for the votes under way", db_default=False
            ),
        ),
    ]
