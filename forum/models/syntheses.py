"""Syntheses and their documents. A document is stored whole or not at all."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class SynthesisState(StrEnum):
    """From the request to the public page."""

    REQUESTED = "requested"
    COMPILING = "compiling"
    READY = "ready"
    FAILED = "failed"
    PUBLISHED = "published"


class Synthesis(Model):
    """A synthesis of one theme, or of the whole consultation when it has none.

    `snapshot` is the frozen data, in its canonical JSON form, from which every document is made;
    `draft` says that votes were open and that it holds no tally. Drafts are numbered apart: their `scope` is
    'theme:3 draft' or 'all draft'. A published one never changes, but for an erasure, `redacted_at`.
    """

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="syntheses", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    theme_id: int | None
    version = fields.IntField(description="1, 2, 3… within its scope")
    scope = fields.CharField(16, description="'theme:3' or 'all': with version, unique, even where theme is null")
    state = fields.CharEnumField(SynthesisState, max_length=16, default=SynthesisState.REQUESTED)
    draft = fields.BooleanField()
    snapshot = fields.TextField()
    snapshot_sha256 = fields.CharField(64)
    requester: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="syntheses", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    requester_id: int | None
    requested_at = fields.DatetimeField()
    published_at = fields.DatetimeField(null=True)
    redacted_at = fields.DatetimeField(null=True, description="when an erasure last took a name out of its words")

    class Meta:
        table = "synthesis"
        unique_together = (("scope", "version"),)


class Document(Model):
    """One format of a synthesis: its bytes and their SHA-256, or the sentence that says why it could not be made."""

    id = fields.IntField(primary_key=True)
    synthesis: fields.ForeignKeyRelation[Synthesis] = fields.ForeignKeyField(
        "forum.Synthesis", related_name="documents", on_delete=fields.CASCADE
    )
    synthesis_id: int
    format = fields.CharField(8)
    media_type = fields.CharField(100)
    content = fields.BinaryField(null=True)
    sha256 = fields.CharField(64, default="")
    size = fields.IntField(default=0)
    error = fields.CharField(500, default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "document"
        unique_together = (("synthesis", "format"),)
