"""What a member is told: somebody replied to them, quoted them or called them by name."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class Event(StrEnum):
    """In order of precedence: one post tells one person one thing."""

    QUOTE = "quote"
    REPLY = "reply"
    MENTION = "mention"


class Notification(Model):
    """One event for one person, once."""

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="notifications", on_delete=fields.RESTRICT
    )
    member_id: int
    post: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="notifications", db_index=True, on_delete=fields.RESTRICT
    )
    post_id: int
    event = fields.CharEnumField(Event, max_length=16)
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"
        unique_together = (("member", "post"),)
