"""How people prove who they are, besides a password: codes of an application, recovery codes, other providers."""

from tortoise import fields
from tortoise.models import Model

from forum.models.members import Member


class SecondFactor(Model):
    """The secret that a person's application shares with us (RFC 6238), the row is made once a code confirmed it."""

    id = fields.IntField(primary_key=True)
    member: fields.OneToOneRelation[Member] = fields.OneToOneField(
        "forum.Member", related_name="second_factor", on_delete=fields.CASCADE
    )
    member_id: int
    secret = fields.TextField(description="sealed")
    last_step = fields.BigIntField(default=0, description="the time step of the last code: none is taken twice")
    created_at = fields.DatetimeField()

    class Meta:
        table = "second_factor"


class RecoveryCode(Model):
    """A code on paper that replaces the application once, the row goes when the code is used."""

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="recovery_codes", db_index=True, on_delete=fields.CASCADE
    )
    member_id: int
    code_hash = fields.CharField(64)

    class Meta:
        table = "recovery_code"


class Identity(Model):
    """A person at an OpenID Connect provider: (issuer, subject) and nothing else names them for ever."""

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="identities", db_index=True, on_delete=fields.CASCADE
    )
    member_id: int
    issuer = fields.CharField(255)
    subject = fields.CharField(255)
    created_at = fields.DatetimeField()

    class Meta:
        table = "identity"
        unique_together = (("issuer", "subject"),)


class ProviderVisit(Model):
    """Somebody who left for a provider and is awaited: what must come back with them, once, soon.

    Once they are back and unknown, `claims` holds who they are there until they say which account is theirs.
    """

    id = fields.IntField(primary_key=True)
    state_hash = fields.CharField(64, unique=True)
    browser_hash = fields.CharField(64, description="of the cookie of the browser that left")
    member: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="visits", null=True, db_index=True, on_delete=fields.CASCADE
    )
    member_id: int | None
    sealed = fields.TextField(description="nonce, code verifier, way back, then claims: sealed")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "provider_visit"
