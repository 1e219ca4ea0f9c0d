"""Threads: sequences of contributions."""

from tortoise import fields
from tortoise.models import Model


class Thread(Model):
    """A fil. `version` is raised by every write that its page shows, inside that write's transaction."""

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="threads", db_index=True, on_delete=fields.RESTRICT
    )
    theme_id: int
    title = fields.CharField(200)
    author: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="threads", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    author_id: int | None
    posts_count = fields.IntField(default=0)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    last_post_at = fields.DatetimeField()
    import_key = fields.CharField(64, null=True, unique=True, description="SHA-256 naming what it was imported from")

    class Meta:
        table = "thread"
