"""People, what they moderate, and where they are signed in."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Role(Labelled):
    """What a person is to the consultation, moderating is not a role but a relation to a working group."""

    MEMBER = "member", "membre"
    AGENT = "agent", "agent"
    ADMINISTRATOR = "administrator", "administrateur"


class Corrected(Labelled):
    """What administrators corrected of how somebody is shown."""

    NAME = "name", "nom"
    ORGANISATION = "organisation", "organisation"
    BOTH = "both", "nom et organisation"


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
    profession = fields.CharField(80, default="", db_default="", description="one of the list in settings, or nothing")
    territory = fields.CharField(80, default="", db_default="", description="one of the list in settings, or nothing")
    charter_version = fields.CharField(64, default="", db_default="", description="the charter that was accepted")
    charter_accepted_at = fields.DatetimeField(null=True)
    locale = fields.CharField(2, default="fr")
    confirmed_at = fields.DatetimeField(null=True)
    suspended_until = fields.DatetimeField(null=True)
    suspended_reason = fields.CharField(500, default="", db_default="")
    active_at = fields.DatetimeField(null=True, description="the last day on which they were signed in")
    warnings = fields.SmallIntField(
        default=0, db_default=0, description="how often they were told that the account sleeps"
    )
    warned_at = fields.DatetimeField(null=True)
    erased_at = fields.DatetimeField(null=True)
    bounced_at = fields.DatetimeField(null=True, description="since when mail servers refuse the address")
    example = fields.BooleanField(default=False, description="invented for the example consultation")
    created_at = fields.DatetimeField()

    class Meta:
        table = "member"


class Bounce(Model):
    """A mail that did not reach a member: its number, and the status of the refusal, empty once that was mended."""

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="bounces", on_delete=fields.CASCADE
    )
    member_id: int
    mail = fields.IntField()
    status = fields.CharField(12)
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "bounce"
        unique_together = (("member", "mail"),)


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
    awaits_code = fields.BooleanField(
        default=False, db_default=False, description="the password was right, the second factor is to come"
    )
    proved_at = fields.DatetimeField(null=True, description="when the person last proved who they are, here")
    device = fields.CharField(
        80, default="", db_default="", description="browser and system, as the person recognises them"
    )
    issuer = fields.CharField(
        255, default="", db_default="", description="the provider that was signed in with, if any"
    )
    id_token = fields.TextField(default="", db_default="", description="sealed, shown to the provider when signing out")

    class Meta:
        table = "session"
