"""Ballots are published with the results, one a line, under tokens that only their voters recognise."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0025_rewrites")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BallotKey",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.OneToOneField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="ballot_key",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("secret", fields.CharField(description="random, hexadecimal", max_length=64)),
            ],
            options={
                "table": "ballot_key",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "What the tokens of one person's published ballots are made with.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BallotSheet",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "theme",
                    fields.ForeignKeyField(
                        "forum.Theme",
                        source_field="theme_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="ballot_sheets",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "closed_at",
                    fields.DatetimeField(
                        description="the close whose ballots these are", auto_now=False, auto_now_add=False
                    ),
                ),
                ("counts", fields.TextField(description="JSON: how many lines say what, by reference")),
                ("salt", fields.CharField(description="random, so that no token is in two sheets", max_length=64)),
                ("content", fields.TextField(description="CSV")),
                ("sha256", fields.CharField(unique=True, max_length=64)),
            ],
            options={
                "table": "ballot_sheet",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "The ballots of a theme as they are published, one a line, under tokens, see `votes/ballot_sheets.py`.",
            },
            bases=["Model"],
        ),
    ]
