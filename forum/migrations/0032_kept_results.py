"""The results of a vote are reckoned once, and kept for all who read them."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0031_post_drafts")]

    initial = False

    operations = [
        ops.CreateModel(
            name="KeptResult",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "theme",
                    fields.ForeignKeyField(
                        "forum.Theme",
                        source_field="theme_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="kept_results",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "basis",
                    fields.CharField(
                        max_length=64, description="digest of what it was reckoned from, beside the ballots"
                    ),
                ),
                (
                    "facts",
                    fields.TextField(description="JSON: the order, the methods, how many people voted"),
                ),
                (
                    "pairs",
                    fields.TextField(description="JSON: for an order of preference, the matrix of pairs"),
                ),
            ],
            options={
                "table": "kept_result",
                "app": "forum",
                "unique_together": (("theme",),),
                "pk_attr": "id",
                "table_description": "What the votes of a theme gave, reckoned once for all who read it, see `votes/kept_results.py`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="KeptPlace",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "proposal",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="proposal_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="kept_places",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("facts", fields.TextField(description="JSON: its figures and its ranks")),
                ("cells", fields.TextField(description="JSON: what is published of the declared groups")),
            ],
            options={
                "table": "kept_place",
                "app": "forum",
                "unique_together": (("proposal",),),
                "pk_attr": "id",
                "table_description": "What the results say of one proposal.",
            },
            bases=["Model"],
        ),
    ]
