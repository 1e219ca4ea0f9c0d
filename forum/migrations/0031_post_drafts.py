"""What members prepare is kept before it is published, and a form that was sent publishes once."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from forum.models.post_drafts import DraftKind


class Migration(migrations.Migration):
    dependencies = [("forum", "0030_signature")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PostDraft",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="post_drafts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="IN_THREAD: in thread\nANSWER: answer to post\nEDIT: edit of post\nOPENING: new thread",
                        enum_type=DraftKind,
                        max_length=16,
                    ),
                ),
                ("thing", fields.IntField()),
                ("title", fields.TextField(unique=False, description="of a new thread, as typed")),
                ("source", fields.TextField(unique=False, description="Markdown, as typed, with the marks of quotes")),
                ("base", fields.IntField(default=0)),
                ("version", fields.IntField(default=1)),
                (
                    "rewrites",
                    fields.IntField(
                        default=0,
                        db_default=0,
                        description="how many times its words changed otherwise than by their author",
                    ),
                ),
                ("form_key", fields.CharField(default="", max_length=43)),
                ("saved_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "post_draft",
                "app": "forum",
                "unique_together": (("member", "kind", "thing"),),
                "pk_attr": "id",
                "table_description": "The words that a member prepares for one place, which nobody else ever sees.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SentForm",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sent_forms",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.CharField(max_length=43)),
                ("digest", fields.CharField(max_length=64)),
                ("draft", fields.IntField(null=True)),
                (
                    "post",
                    fields.ForeignKeyField(
                        "forum.Post",
                        source_field="post_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="sent_forms",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "pending",
                    fields.ForeignKeyField(
                        "forum.PendingPost",
                        source_field="pending_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="sent_forms",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sent_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sent_form",
                "app": "forum",
                "unique_together": (("member", "key"),),
                "pk_attr": "id",
                "table_description": "A form that published something: sent again, it leads there. `draft` is the number of the draft that it showed.",
            },
            bases=["Model"],
        ),
    ]
