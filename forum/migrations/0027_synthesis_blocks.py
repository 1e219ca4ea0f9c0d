"""People write in a synthesis, block by block; one that a newer version replaced says so in its state."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import rows
from forum.models.syntheses import BlockKind


class _Column(ops.AddField):
    """A column that leaves as it came: Tortoise would remake the whole table on SQLite, without its unique sets."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        table = old_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.db_table
        await rows(f"ALTER TABLE {table} DROP COLUMN {self.name}")


async def say_what_is_replaced(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """The newest published synthesis of each scope stays; those before it are replaced."""
    await rows(
        """UPDATE synthesis SET state = 'replaced' WHERE state = 'published' AND EXISTS (
             SELECT 1 FROM synthesis newer WHERE newer.scope = synthesis.scope AND newer.state = 'published'
                                             AND newer.version > synthesis.version)"""
    )


async def say_what_is_published(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """The former words for the states: those in review were ready."""
    await rows("UPDATE synthesis SET state = 'published' WHERE state = 'replaced'")
    await rows("UPDATE synthesis SET state = 'ready' WHERE state = 'in review'")


class Migration(migrations.Migration):
    dependencies = [("forum", "0026_ballot_sheets")]

    initial = False

    operations = [
        _Column(
            model_name="Synthesis",
            name="written",
            field=fields.TextField(
                default="", db_default="", description="its blocks as its documents hold them, frozen", unique=False
            ),
        ),
        ops.RunPython(say_what_is_replaced, say_what_is_published),
        ops.CreateModel(
            name="SynthesisBlock",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "synthesis",
                    fields.ForeignKeyField(
                        "forum.Synthesis",
                        source_field="synthesis_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="blocks",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharEnumField(enum_type=BlockKind, max_length=24)),
                (
                    "subject",
                    fields.CharField(
                        default="",
                        db_default="",
                        description="of a comment: the reference of its proposal",
                        max_length=32,
                    ),
                ),
                ("number", fields.IntField(description="1, 2, 3… within its block")),
                (
                    "source",
                    fields.TextField(description="Markdown, empty when its words were taken away", unique=False),
                ),
                (
                    "html",
                    fields.TextField(
                        description="safe, with empty quote elements filled when a page is joined", unique=False
                    ),
                ),
                ("plain", fields.TextField(unique=False)),
                (
                    "rewrites",
                    fields.IntField(
                        default=0,
                        db_default=0,
                        description="how many times its words changed otherwise than by a version",
                    ),
                ),
                (
                    "author",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="author_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="synthesis_blocks",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("written_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "synthesis_block",
                "app": "forum",
                "unique_together": (("synthesis", "kind", "subject", "number"),),
                "pk_attr": "id",
                "table_description": "A version of a block of a synthesis. The newest one of its `kind` and `subject` is the block.",
            },
            bases=["Model"],
        ),
    ]
