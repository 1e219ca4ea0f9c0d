"""What is known of contributions that were received elsewhere, by letter for instance, and entered by moderators."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from forum.models.posts import ReceptionOrigin


class Migration(migrations.Migration):
    dependencies = [("forum", "0017_threads_between_themes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Reception",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "post",
                    fields.OneToOneField(
                        "forum.Post",
                        source_field="post_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reception",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "origin",
                    fields.CharEnumField(
                        description="LETTER: letter\nMAIL: mail\nWORKSHOP: workshop\nTELEPHONE: telephone\nOTHER: other",
                        enum_type=ReceptionOrigin,
                        max_length=16,
                    ),
                ),
                ("channel", fields.CharField(default="", max_length=60)),
                ("received_on", fields.DateField()),
                ("name", fields.CharField(max_length=120)),
                ("organisation", fields.CharField(default="", max_length=200)),
            ],
            options={
                "table": "reception",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "What is known of a contribution that was received elsewhere and entered by a moderator, whom the journal names.",
            },
            bases=["Model"],
        ),
    ]
