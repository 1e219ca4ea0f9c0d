"""What members follow, and what is new there by its date."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0032_kept_results")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Follow",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="follows",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "theme",
                    fields.ForeignKeyField(
                        "forum.Theme",
                        source_field="theme_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="follows",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "thread",
                    fields.ForeignKeyField(
                        "forum.Thread",
                        source_field="thread_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="follows",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "proposal",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="proposal_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="follows",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "meeting",
                    fields.ForeignKeyField(
                        "forum.Meeting",
                        source_field="meeting_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="follows",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "follow",
                "app": "forum",
                "unique_together": (
                    ("member", "theme"),
                    ("member", "thread"),
                    ("member", "proposal"),
                    ("member", "meeting"),
                ),
                "pk_attr": "id",
                "table_description": "A theme, a thread, a proposal or a meeting, one of the four, that a member follows, and since when.",
            },
            bases=["Model"],
        ),
        ops.RunSQL("CREATE INDEX post_created ON post (created_at)", "DROP INDEX post_created"),
        ops.RunSQL("CREATE INDEX proposal_turn_at ON proposal_turn (at)", "DROP INDEX proposal_turn_at"),
    ]
