"""Whoever notified contests, once, that nothing was done about it."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import rows
from forum.models.cases import ComplaintOutcome


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
    await rows("CREATE INDEX moderation_notice_contested ON moderation_notice (complained_of_id)")
    await rows("CREATE INDEX moderation_notice_answered ON moderation_notice (answered_by_id)")


async def lose_new_columns(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Before the columns go, which SQLite refuses while they are indexed."""
    await rows("DROP INDEX moderation_notice_contested")
    await rows("DROP INDEX moderation_notice_answered")


class Migration(migrations.Migration):
    dependencies = [("forum", "0023_thread_reads")]

    initial = False

    operations = [
        _Column(
            model_name="ModerationNotice",
            name="complaint",
            field=fields.TextField(
                default="", description="why whoever notified contests that nothing was done", db_default=""
            ),
        ),
        _Column(
            model_name="ModerationNotice",
            name="complained_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        _Column(
            model_name="ModerationNotice",
            name="complained_of",
            field=fields.ForeignKeyField(
                "forum.ModerationDecision",
                source_field="complained_of_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="notifiers_complaints",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="ModerationNotice",
            name="answered_by",
            field=fields.ForeignKeyField(
                "forum.Member",
                source_field="answered_by_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="notifiers_answered",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="ModerationNotice",
            name="answered_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        _Column(
            model_name="ModerationNotice",
            name="outcome",
            field=fields.CharEnumField(
                null=True,
                description="UPHELD: upheld\nREVERSED: reversed",
                enum_type=ComplaintOutcome,
                max_length=16,
            ),
        ),
        _Column(
            model_name="ModerationNotice",
            name="answer",
            field=fields.TextField(default="", db_default=""),
        ),
        ops.RunPython(find_new_columns, lose_new_columns),
    ]
