"""A thread goes to another theme: what it left and where it came are kept, so that both say so."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import rows


class _Column(ops.AddField):
    """A column that leaves as it came: Tortoise would remake the whole table on SQLite, without its unique sets."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        table = old_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.db_table
        await rows(f"ALTER TABLE {table} DROP COLUMN {self.name}_id")


async def find_new_columns(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """A column that is added gets no index by itself."""
    await rows("CREATE INDEX thread_turn_from ON thread_turn (from_theme_id)")
    await rows("CREATE INDEX thread_turn_to ON thread_turn (to_theme_id)")


async def lose_new_columns(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Before the columns go, which SQLite refuses while they are indexed."""
    await rows("DROP INDEX thread_turn_from")
    await rows("DROP INDEX thread_turn_to")


class Migration(migrations.Migration):
    dependencies = [("forum", "0016_unknown_tags")]

    initial = False

    operations = [
        _Column(
            model_name="ThreadTurn",
            name="from_theme",
            field=fields.ForeignKeyField(
                "forum.Theme",
                source_field="from_theme_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="threads_gone",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="ThreadTurn",
            name="to_theme",
            field=fields.ForeignKeyField(
                "forum.Theme",
                source_field="to_theme_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="threads_come",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunPython(find_new_columns, lose_new_columns),
    ]
