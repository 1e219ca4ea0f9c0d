"""Threads are renamed, locked and pinned by moderators, and their contributions have numbers that may leave a hole."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import rows
from forum.models.threads import ThreadAct


class _Column(ops.AddField):
    """A column that leaves as it came: Tortoise would remake the whole table on SQLite, without its unique sets."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        table = old_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.db_table
        column = f"{self.name}_id" if isinstance(self.field, ForeignKeyFieldInstance) else self.name
        await rows(f"ALTER TABLE {table} DROP COLUMN {column}")


async def number_what_is_there(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Until now no number was ever left free."""
    await rows("UPDATE thread SET last_number = posts_count")
    await rows("CREATE INDEX notification_thread ON notification (thread_id)")


async def leave_the_index(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Before its column goes, which SQLite refuses while it is indexed."""
    await rows("DELETE FROM notification WHERE thread_id IS NOT NULL")
    await rows("DROP INDEX notification_thread")


class Migration(migrations.Migration):
    dependencies = [("forum", "0012_cases")]

    initial = False

    operations = [
        _Column(
            model_name="Thread",
            name="last_number",
            field=fields.IntField(default=0, description="last number given to a contribution", db_default=0),
        ),
        _Column(
            model_name="Thread",
            name="locked",
            field=fields.BooleanField(default=False, description="nobody answers any more", db_default=False),
        ),
        _Column(
            model_name="Thread",
            name="pinned",
            field=fields.BooleanField(default=False, description="first in the list of its theme", db_default=False),
        ),
        _Column(
            model_name="Thread",
            name="turns",
            field=fields.IntField(default=0, description="how many times moderators acted on it", db_default=0),
        ),
        ops.CreateModel(
            name="ThreadTurn",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "thread",
                    fields.ForeignKeyField(
                        "forum.Thread",
                        source_field="thread_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="acts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "act",
                    fields.CharEnumField(
                        description="RENAMED: renamed\nLOCKED: locked\nUNLOCKED: unlocked\nPINNED: pinned\nUNPINNED: unpinned",
                        enum_type=ThreadAct,
                        max_length=16,
                    ),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="thread_turns",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("before", fields.CharField(default="", max_length=200)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "thread_turn",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "One act of a moderator on a thread: who, when, why. `before` is the former title of one that was renamed.",
            },
            bases=["Model"],
        ),
        _Column(
            model_name="Notification",
            name="thread",
            field=fields.ForeignKeyField(
                "forum.Thread",
                source_field="thread_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="notifications",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunPython(number_what_is_there, leave_the_index),
    ]
