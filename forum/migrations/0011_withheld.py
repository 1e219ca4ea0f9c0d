"""What is hidden or withdrawn leaves the tables that everybody reads: its words wait in a table of their own."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import rows
from forum.models.moderation import Ground, Moderated
from forum.models.posts import PostState
from forum.models.proposals import ProposalState


class _Said(ops.AlterField):
    """What the program says of a column, which itself stays as it is."""

    async def database_forward(self, *asked: object, **named: object) -> None:
        return

    async def database_backward(self, *asked: object, **named: object) -> None:
        return


class _Column(ops.AddField):
    """A column that leaves as it came: Tortoise would remake the whole table on SQLite, without its unique sets."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        await rows(f"ALTER TABLE post DROP COLUMN {self.name}")


async def find_what_is_not_shown(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Counts leave these out; they are few. Tortoise knows no partial index."""
    await rows("CREATE INDEX post_not_shown ON post (thread_id) WHERE state <> 'shown'")


async def lose_what_is_not_shown(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Before the column goes."""
    await rows("DROP INDEX post_not_shown")


class Migration(migrations.Migration):
    dependencies = [("forum", "0010_backup")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Withheld",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "thing",
                    fields.CharEnumField(
                        description="POST: post\nPROPOSAL: proposal", enum_type=Moderated, max_length=16
                    ),
                ),
                ("thing_id", fields.IntField()),
                ("table_name", fields.CharField(max_length=40)),
                ("row_id", fields.IntField()),
                ("words", fields.TextField(description="JSON: the columns of the row as they were", unique=False)),
                (
                    "ground",
                    fields.CharEnumField(null=True, description="why it is hidden", enum_type=Ground, max_length=16),
                ),
                ("hidden_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("withdrawn_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "withheld",
                "app": "forum",
                "unique_together": (("table_name", "row_id"),),
                "indexes": [Index(fields=["thing", "thing_id"])],
                "pk_attr": "id",
                "table_description": "The words of one row, kept here while a placeholder stands in their place.",
            },
            bases=["Model"],
        ),
        _Column(
            model_name="Post",
            name="state",
            field=fields.CharEnumField(
                default=PostState.SHOWN,
                description="SHOWN: shown\nHIDDEN: hidden\nWITHDRAWN: withdrawn",
                db_default="shown",
                enum_type=PostState,
                max_length=16,
            ),
        ),
        _Said(
            model_name="Proposal",
            name="state",
            field=fields.CharEnumField(
                default=ProposalState.OPEN,
                description="DRAFT: draft\nOPEN: open\nMERGED: merged\nWITHDRAWN: withdrawn\nSET_ASIDE: set aside\n"
                "RETAINED: retained\nDONE: done\nHIDDEN: hidden",
                enum_type=ProposalState,
                max_length=16,
            ),
        ),
        ops.RunPython(find_what_is_not_shown, lose_what_is_not_shown),
    ]
