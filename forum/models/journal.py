"""The journal: who did what to what, when, from what to what, and why. Rows are added, never changed."""

from tortoise import fields
from tortoise.models import Model


class JournalEntry(Model):
    """One act of moderation, of an agent or of an administrator."""

    id = fields.IntField(primary_key=True)
    at = fields.DatetimeField(db_index=True)
    actor: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="journal", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    actor_id: int | None
    act = fields.CharField(60)
    thing = fields.CharField(40, description="kind of thing: 'post', 'theme'…")
    thing_id = fields.IntField()
    working_group: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.WorkingGroup", related_name="journal", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    working_group_id: int | None
    before = fields.TextField(default="")
    after = fields.TextField(default="")
    reason = fields.CharField(500, default="")

    class Meta:
        table = "journal_entry"
