"""What a member is told: of words that answer, quote or call them; of proposals and votes that concern them."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class Event(StrEnum):
    """The first three in order of precedence: one post tells one person one thing."""

    QUOTE = "quote"
    REPLY = "reply"
    MENTION = "mention"
    AMENDED = "amended"
    CERTIFIED = "certified"
    MERGED = "merged"
    UNMERGED = "unmerged"
    SET_ASIDE = "set aside"
    TAKEN_BACK = "taken back"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"
    DONE = "done"
    SCHEDULED = "scheduled"
    CLOSED = "closed"


class Notification(Model):
    """One event for one person, once: about a post, a proposal or a theme.

    `key` says which event of a proposal or theme it is, such as "answered:12:2": the same is told once.
    """

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="notifications", on_delete=fields.RESTRICT
    )
    member_id: int
    post: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    post_id: int | None
    proposal: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    proposal_id: int | None
    theme: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    theme_id: int | None
    key = fields.CharField(80, null=True)
    event = fields.CharEnumField(Event, max_length=16)
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"
        unique_together = (("member", "post"), ("member", "key"))
