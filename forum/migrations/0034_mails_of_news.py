"""How often members want mails about what concerns them, and which notifications these have told."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from forum.database import rows
from forum.models.following import MailKind, Pace


class _Column(ops.AddField):
    """A column that leaves as it came: Tortoise would remake the whole table on SQLite, without its unique sets."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        await rows(f"ALTER TABLE notification DROP COLUMN {self.name}")


class Migration(migrations.Migration):
    dependencies = [("forum", "0033_follows")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MailWish",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mail_wishes",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="ADDRESSED: addressed\nFOLLOWED: followed", enum_type=MailKind, max_length=16
                    ),
                ),
                (
                    "pace",
                    fields.CharEnumField(
                        description="AT_ONCE: at once\nDAILY: each day\nWEEKLY: each week\nNEVER: no mail",
                        enum_type=Pace,
                        max_length=16,
                    ),
                ),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mail_wish",
                "app": "forum",
                "unique_together": (("member", "kind"),),
                "pk_attr": "id",
                "table_description": "How often a member wants mails of one kind. Without a row they have the pace that everybody begins with.",
            },
            bases=["Model"],
        ),
        _Column(
            model_name="Notification",
            name="mailed_at",
            field=fields.DatetimeField(
                null=True, description="when a mail about it was asked for, or it was settled that none will leave"
            ),
        ),
        # What was there before is read on the site.
        ops.RunSQL("UPDATE notification SET mailed_at = created_at", "SELECT 1"),
        ops.RunSQL(
            "CREATE INDEX notification_unmailed ON notification (member_id) WHERE mailed_at IS NULL",
            "DROP INDEX notification_unmailed",
        ),
    ]
