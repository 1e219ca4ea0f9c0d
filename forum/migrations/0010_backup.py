"""The latest backup is noted, so that its age is seen where the state of the site is."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0009_ballot_form")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Backup",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "made_at",
                    fields.DatetimeField(description="the moment of what it holds", auto_now=False, auto_now_add=False),
                ),
                ("size", fields.BigIntField(description="bytes of its file")),
            ],
            options={
                "table": "backup",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "The latest backup that was restored in a place of trial and found whole: one row, or none before the first.",
            },
            bases=["Model"],
        )
    ]
