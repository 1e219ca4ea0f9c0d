"""A tag that names a meeting which its group does not have waits in a table of its own, and makes no meeting."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from forum.models.meetings import TagState


class Migration(migrations.Migration):
    dependencies = [("forum", "0015_moved_posts")]

    initial = False

    operations = [
        ops.CreateModel(
            name="UnknownTag",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "post",
                    fields.ForeignKeyField(
                        "forum.Post",
                        source_field="post_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="unknown_tags",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.SmallIntField()),
                (
                    "state",
                    fields.CharEnumField(
                        description="WAITING: waiting\nCONFIRMED: confirmed\nREMOVED: removed",
                        enum_type=TagState,
                        max_length=16,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "unknown_tag",
                "app": "forum",
                "unique_together": (("post", "number"),),
                "pk_attr": "id",
                "table_description": "A tag naming a meeting that its group has not: a moderator chooses its fate. A removed one is remembered.",
            },
            bases=["Model"],
        ),
    ]
