"""Each revision says which version of the pipeline read it, and texts are read anew by a later one."""

from tortoise import fields, migrations
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
        await rows(f"ALTER TABLE {table} DROP COLUMN {self.name}")


async def say_what_is_known(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Of the last revision the contribution knew it; of earlier ones nobody did: the first version, at least."""
    await rows(
        """UPDATE post_revision SET renderer = (SELECT p.renderer FROM post p WHERE p.id = post_revision.post_id)
            WHERE number = (SELECT p.revision FROM post p WHERE p.id = post_revision.post_id)"""
    )


async def forget_it(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """The column goes with what it says."""


class Migration(migrations.Migration):
    dependencies = [("forum", "0027_synthesis_blocks")]

    initial = False

    operations = [
        _Column(
            model_name="PostRevision",
            name="renderer",
            field=fields.SmallIntField(
                default=1, db_default=1, description="version of the pipeline that made html and plain"
            ),
        ),
        ops.RunPython(code=say_what_is_known, reverse_code=forget_it),
        ops.CreateModel(
            name="TextPass",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("version", fields.SmallIntField(unique=True)),
                ("last_revision", fields.IntField(default=0)),
                ("read", fields.IntField(default=0)),
                ("changed", fields.IntField(default=0)),
                ("kept", fields.IntField(default=0)),
                ("begun_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "text_pass", "app": "forum", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
