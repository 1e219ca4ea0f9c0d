"""How far each member has read each thread."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0022_pending_posts")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ThreadRead",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="thread_reads",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "thread",
                    fields.ForeignKeyField(
                        "forum.Thread",
                        source_field="thread_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="reads",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField()),
                ("read_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "thread_read",
                "app": "forum",
                "unique_together": (("member", "thread"),),
                "pk_attr": "id",
                "table_description": "How far a member has read a thread: every contribution up to that number. It only ever grows.",
            },
            bases=["Model"],
        ),
    ]
