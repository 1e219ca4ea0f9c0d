"""What was published of the groups of a theme is kept when its votes are opened again, for a later close to compare."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0007_undelivered")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PublishedRelease",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "theme",
                    fields.ForeignKeyField(
                        "forum.Theme",
                        source_field="theme_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="published_releases",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "closed_at",
                    fields.DatetimeField(
                        description="the close that it was the release of", auto_now=False, auto_now_add=False
                    ),
                ),
                ("cells", fields.TextField(description="JSON: the published cells by attribute and reference")),
            ],
            options={
                "table": "published_release",
                "app": "forum",
                "unique_together": (("theme", "closed_at"),),
                "pk_attr": "id",
                "table_description": "What was published of the groups of a theme when its votes were opened again, see `votes/releases.py`.",
            },
            bases=["Model"],
        )
    ]
