"""How people join: sign-ups that wait for confirmation, invitations, links sent by mail, the mails."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from forum.models.members import Member


class Purpose(StrEnum):
    """What a link sent by mail is for, one is never taken for another."""

    SIGN_UP = "sign_up"
    INVITATION = "invitation"
    RESET = "reset"
    CONFIRM = "confirm"
    OLD_ADDRESS = "old_address"
    NEW_ADDRESS = "new_address"
    NOTICE = "notice"
    NOTICE_OUTCOME = "notice_outcome"


class SignUp(Model):
    """Somebody who asked for an account and has not shown yet that the address is theirs: no member so far.

    Kept apart so that an address or a name tells nobody whether it has an account, and forgotten after two days.
    """

    id = fields.IntField(primary_key=True)
    name = fields.CharField(60)
    email = fields.CharField(254)
    password_hash = fields.CharField(255)
    organisation = fields.CharField(120, default="")
    profession = fields.CharField(80, default="")
    territory = fields.CharField(80, default="")
    charter_version = fields.CharField(64)
    locale = fields.CharField(2, default="fr")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "sign_up"


class InvitationBatch(Model):
    """A file of addresses that an administrator had read, kept to be looked at and sent, for a week at most."""

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="invitation_batches", db_index=True, on_delete=fields.CASCADE
    )
    member_id: int
    lines = fields.TextField(description="what each line asks and what is wrong with it, JSON, sealed")
    created_at = fields.DatetimeField(db_index=True)
    sent_at = fields.DatetimeField(null=True)
    sent = fields.IntField(default=0, description="how many invitations left")

    class Meta:
        table = "invitation_batch"


class Invitation(Model):
    """An address that may join with what an administrator said of it. One per address: asked twice, sent once.

    Once accepted it forgets the address and the rest: what is left is who invited whom, and when.
    """

    id = fields.IntField(primary_key=True)
    email = fields.CharField(254, null=True)
    email_key = fields.CharField(254, null=True, unique=True)
    name = fields.CharField(60, default="")
    organisation = fields.CharField(120, default="")
    profession = fields.CharField(80, default="")
    territory = fields.CharField(80, default="")
    locale = fields.CharField(2, default="fr")
    inviter: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="invitations", null=True, db_index=True, on_delete=fields.SET_NULL
    )
    inviter_id: int | None
    member: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="accepted", null=True, db_index=True, on_delete=fields.SET_NULL
    )
    member_id: int | None
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation"


class AddressChange(Model):
    """A new address that a member asked for, it is theirs once both boxes, old and new, have said so."""

    id = fields.IntField(primary_key=True)
    member: fields.OneToOneRelation[Member] = fields.OneToOneField(
        "forum.Member", related_name="address_change", on_delete=fields.CASCADE
    )
    member_id: int
    email = fields.CharField(254)
    old_confirmed_at = fields.DatetimeField(null=True)
    new_confirmed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "address_change"


class Link(Model):
    """A link sent by mail: good once, for one purpose, until its end. Stored hashed, the row goes with its use."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(64, unique=True)
    purpose = fields.CharEnumField(Purpose, max_length=16)
    subject = fields.IntField(description="id of the sign-up, invitation, address change or member")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    undelivered = fields.CharField(500, null=True, description="why the mail that held it will never arrive")

    class Meta:
        table = "link"


class Mail(Model):
    """A mail that is still to leave. What it says is sealed, since it holds a link, the row goes when it is sent."""

    id = fields.IntField(primary_key=True)
    address = fields.CharField(254)
    template = fields.CharField(40)
    locale = fields.CharField(2)
    content = fields.TextField(description="what the template is filled with, JSON, sealed")
    created_at = fields.DatetimeField()

    class Meta:
        table = "mail"
