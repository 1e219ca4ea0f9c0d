"""Contributions are moved from one thread to another; what moved is kept, so that old addresses lead there."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.relational import ForeignKeyFieldInstance
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
        column = f"{self.name}_id" if isinstance(self.field, ForeignKeyFieldInstance) else self.name
        await rows(f"ALTER TABLE {table} DROP COLUMN {column}")


async def find_new_columns(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """A column that is added gets no index by itself."""
    await rows("CREATE INDEX thread_moved_into ON thread (moved_into_id)")
    await rows("CREATE INDEX thread_turn_other ON thread_turn (other_id)")


async def lose_new_columns(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Before the columns go, which SQLite refuses while they are indexed."""
    await rows("DROP INDEX thread_moved_into")
    await rows("DROP INDEX thread_turn_other")


class Migration(migrations.Migration):
    dependencies = [("forum", "0014_sign_of_life")]

    initial = False

    operations = [
        _Column(
            model_name="Thread",
            name="moved_into",
            field=fields.ForeignKeyField(
                "forum.Thread",
                source_field="moved_into_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="moved_here",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="ThreadTurn",
            name="other",
            field=fields.ForeignKeyField(
                "forum.Thread",
                source_field="other_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="acts_elsewhere",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="ThreadTurn",
            name="undone_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.CreateModel(
            name="MovedPost",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "turn",
                    fields.ForeignKeyField(
                        "forum.ThreadTurn",
                        source_field="turn_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="posts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "post",
                    fields.ForeignKeyField(
                        "forum.Post",
                        source_field="post_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="moves",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number_before", fields.IntField()),
                ("number_after", fields.IntField()),
            ],
            options={
                "table": "moved_post",
                "app": "forum",
                "unique_together": (("turn", "post"),),
                "pk_attr": "id",
                "table_description": "A contribution that was moved, with its number in the thread that it left and in the one that it came to.",
            },
            bases=["Model"],
        ),
        ops.RunPython(find_new_columns, lose_new_columns),
    ]
