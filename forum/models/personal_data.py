"""What the law grants each person, an archive of their data, and what it requires hosts to keep of those who left."""

from tortoise import fields
from tortoise.models import Model

from forum.models.members import Member


class Archive(Model):
    """Everything about one person in one file, made by a job, theirs alone, gone at `expires_at`."""

    id = fields.IntField(primary_key=True)
    member: fields.OneToOneRelation[Member] = fields.OneToOneField(
        "forum.Member", related_name="archive", on_delete=fields.CASCADE
    )
    member_id: int
    content = fields.BinaryField(null=True)
    sha256 = fields.CharField(64, default="")
    asked_at = fields.DatetimeField()
    made_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "archive"


class Identification(Model):
    """Who an erased account belonged to, sealed, for as long as a host must be able to tell a court, then purged."""

    id = fields.IntField(primary_key=True)
    member_id = fields.IntField(unique=True)
    sealed = fields.TextField(description="name, handle, address, dates: JSON, sealed")
    created_at = fields.DatetimeField()
    purge_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "identification"
