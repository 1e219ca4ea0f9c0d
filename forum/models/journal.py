"""The journal: who did what to what, when, from what to what, and why. Rows are added, never changed.

Each row is chained to the one before it by a hash, so that changing or removing a row is detected. What people typed in
it (`before`, `after`, `reason`) enters the chain by a salted digest: an erasure may take a name out of it, and says so,
without breaking the chain.
"""

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
    salt = fields.CharField(32, default="", db_default="", description="of the digest of the words")
    words_digest = fields.CharField(
        64, default="", db_default="", description="salted SHA-256 of before, after and reason"
    )
    redacted_at = fields.DatetimeField(null=True, description="when an erasure took a name out of the words")
    chain = fields.CharField(64, default="", db_default="", description="SHA-256 of the row before and of this one")

    class Meta:
        table = "journal_entry"


class JournalHead(Model):
    """Where the chain ends: one row, locked by whoever adds an entry, so that entries follow one another."""

    id = fields.IntField(primary_key=True)
    entries = fields.IntField(default=0)
    chain = fields.CharField(64, default="", db_default="")

    class Meta:
        table = "journal_head"
