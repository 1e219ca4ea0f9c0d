"""Workers, and the site by a write of its own, note that they live: everybody reads how long ago that was."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0013_threads")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SignOfLife",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "who",
                    fields.CharField(description="the workers, or the site by a write", max_length=16, unique=True),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sign_of_life",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "The latest sign of life of each.",
            },
            bases=["Model"],
        )
    ]
