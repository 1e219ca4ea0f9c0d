"""First contributions of new members wait in a table of their own until moderators have read them."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from forum.models.posts import PendingState


class Migration(migrations.Migration):
    dependencies = [("forum", "0021_excluded_votes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PendingPost",
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
                        related_name="pending_posts",
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
                        related_name="pending_posts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("title", fields.CharField(default="", max_length=200)),
                ("source", fields.TextField(unique=False, description="Markdown, as written so far")),
                (
                    "reply_to",
                    fields.ForeignKeyField(
                        "forum.Post",
                        source_field="reply_to_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="pending_replies",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "author",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="author_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="pending_posts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=PendingState.WAITING,
                        description="WAITING: waiting\nACCEPTED: accepted\nREFUSED: refused\nGIVEN_UP: given up",
                        enum_type=PendingState,
                        max_length=16,
                    ),
                ),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("edited_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "post",
                    fields.OneToOneField(
                        "forum.Post",
                        source_field="post_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="pending",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "pending_post",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A first contribution of a new member, for a thread or for a new one of that title. It is no contribution yet:",
            },
            bases=["Model"],
        ),
    ]
