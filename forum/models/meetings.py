"""Working groups, their meetings, and the tags that tie words to a meeting."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class WorkingGroup(Model):
    """A groupe de travail. A theme belongs to one group, so that `[GT réunion 1]` in it can mean one meeting only."""

    id = fields.IntField(primary_key=True)
    slug = fields.CharField(60, unique=True)
    name = fields.CharField(120)

    class Meta:
        table = "working_group"


class Meeting(Model):
    """A meeting of a group, numbered from 1 to 999 within it."""

    id = fields.IntField(primary_key=True)
    working_group: fields.ForeignKeyRelation[WorkingGroup] = fields.ForeignKeyField(
        "forum.WorkingGroup", related_name="meetings", on_delete=fields.RESTRICT
    )
    working_group_id: int
    number = fields.SmallIntField()
    held_on = fields.DateField(null=True)
    place = fields.CharField(200, default="")
    attendance = fields.TextField(default="", db_default="", description="who was there, plain text, as entered")
    minutes = fields.TextField(default="", description="plain text, as pasted")
    created_at = fields.DatetimeField()

    class Meta:
        table = "meeting"
        unique_together = (("working_group", "number"),)


class TagState(Labelled):
    """A member's tag waits for a moderator of the group, a moderator's is immediate."""

    WAITING = "waiting", "à confirmer"
    CONFIRMED = "confirmed", "confirmée"
    REMOVED = "removed", "enlevée"


class MeetingTag(Model):
    """A post said to come from a meeting. A removed one is remembered: the same words do not bring it back."""

    id = fields.IntField(primary_key=True)
    post: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="meeting_tags", on_delete=fields.RESTRICT
    )
    post_id: int
    meeting: fields.ForeignKeyRelation[Meeting] = fields.ForeignKeyField(
        "forum.Meeting", related_name="tags", db_index=True, on_delete=fields.RESTRICT
    )
    meeting_id: int
    state = fields.CharEnumField(TagState, max_length=16)
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="meeting_tags", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "meeting_tag"
        unique_together = (("post", "meeting"),)


class UnknownTag(Model):
    """A tag naming a meeting that its group has not: a moderator chooses its fate. A removed one is remembered."""

    id = fields.IntField(primary_key=True)
    post: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="unknown_tags", on_delete=fields.RESTRICT
    )
    post_id: int
    number = fields.SmallIntField()
    state = fields.CharEnumField(TagState, max_length=16)
    created_at = fields.DatetimeField()

    class Meta:
        table = "unknown_tag"
        unique_together = (("post", "number"),)
