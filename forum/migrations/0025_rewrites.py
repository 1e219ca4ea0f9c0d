"""A form knows that the words that it edits were hidden, or lost a passage or a name, since it was opened."""

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


def _rewrites(model: str, description: str) -> _Column:
    field = fields.IntField(default=0, db_default=0, description=description)
    return _Column(model_name=model, name="rewrites", field=field)


class Migration(migrations.Migration):
    dependencies = [("forum", "0024_notifiers_complaints")]

    initial = False

    operations = [
        _rewrites("Post", "how many times its words changed otherwise than by an edit"),
        _rewrites("Proposal", "how many times its words changed otherwise than by an edit"),
        _rewrites("Thread", "how many times its title changed otherwise than by their act"),
    ]
