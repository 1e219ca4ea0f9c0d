"""People, what they moderate, and where they are signed in."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class Role(StrEnum):
    """What a person is to the consultation, moderating is not a role but a relation to a working group."""

    MEMBER = "member"
    AGENT = "agent"
    ADMINISTRATOR = "administrator"


class Member(Model):
    """A person. One without a password cannot sign in: somebody whom an imported text names, or an example voter."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(60)
    handle = fields.CharField(60, description="what follows the @ of a mention")
    handle_key = fields.CharField(
        120, unique=True, description="the handle folded: NFC, NFD, case and look-alikes are one"
    )
    email = fields.CharField(254, null=True)
    email_key = fields.CharField(254, null=True, unique=True, description="the address in lower case")
    password_hash = fields.CharField(255, null=True)
    role = fields.CharEnumField(Role, max_length=16, default=Role.MEMBER)
    organisation = fields.CharField(120, default="")
    locale = fields.CharField(2, default="fr")
    confirmed_at = fields.DatetimeField(null=True)
    suspended_until = fields.DatetimeField(null=True)
    example = fields.BooleanField(default=False, description="invented for the example consultation")
    created_at = fields.DatetimeField()

    class Meta:
        table = "member"


class Moderator(Model):
    """A member who moderates a working group, hence its themes."""

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="moderates", on_delete=fields.CASCADE
    )
    member_id: int
    working_group: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.WorkingGroup", related_name="moderators", on_delete=fields.CASCADE, db_index=True
    )
    working_group_id: int

    class Meta:
        table = "moderator"
        unique_together = (("member", "working_group"),)


class Session(Model):
    """One sign-in on one device. The cookie's value is stored hashed: reading this table lets nobody in."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(64, unique=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="sessions", on_delete=fields.CASCADE, db_index=True
    )
    member_id: int
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(description="absolute limit, whatever the activity")

    class Meta:
        table = "session"
