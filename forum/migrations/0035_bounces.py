"""Mails that did not reach a member, and addresses that mail servers refuse."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from forum.database import rows


class _Column(ops.AddField):
    """A column that leaves as it came: Tortoise would remake the whole table on SQLite, without its unique sets."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        await rows(f"ALTER TABLE member DROP COLUMN {self.name}")


class Migration(migrations.Migration):
    dependencies = [("forum", "0034_mails_of_news")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Bounce",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="bounces",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("mail", fields.IntField()),
                ("status", fields.CharField(max_length=12)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bounce",
                "app": "forum",
                "unique_together": (("member", "mail"),),
                "pk_attr": "id",
                "table_description": "A mail that did not reach a member: its number, and the status of the refusal, empty once that was mended.",
            },
            bases=["Model"],
        ),
        _Column(
            model_name="Member",
            name="bounced_at",
            field=fields.DatetimeField(null=True, description="since when mail servers refuse the address"),
        ),
    ]
