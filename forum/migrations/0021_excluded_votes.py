"""Administrators exclude the votes of somebody from a theme, with the reason that this person reads."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0020_closed_by_hand")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ExcludedVote",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "theme",
                    fields.ForeignKeyField(
                        "forum.Theme",
                        source_field="theme_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="excluded_votes",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="excluded_votes",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reason", fields.CharField(default="", max_length=500)),
                ("excluded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "excluded_vote",
                "app": "forum",
                "unique_together": (("theme", "member"),),
                "pk_attr": "id",
                "table_description": "The votes of one person in one theme, which count nowhere, for a reason that this person reads.",
            },
            bases=["Model"],
        ),
    ]
