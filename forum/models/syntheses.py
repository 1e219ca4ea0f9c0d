"""Syntheses and their documents. A document is stored whole or not at all."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class SynthesisState(StrEnum):
    """From the request to the public page; the steps between them are in `domain/syntheses/states.py`."""

    REQUESTED = "requested"
    COMPILING = "compiling"
    READY = "ready"
    FAILED = "failed"
    REVIEW = "in review"
    PUBLISHED = "published"
    REPLACED = "replaced"

    @property
    def is_public(self) -> bool:
        """Whether everybody reads it, and nothing changes it any more."""
        return self in (SynthesisState.PUBLISHED, SynthesisState.REPLACED)


class BlockKind(Labelled):
    """What a block of a synthesis that people write is for, in the order of the document."""

    ESSENTIALS = "texte-essentiel", "l’essentiel"
    INTRODUCTION = "texte-introduction", "introduction"
    CONVERGENCES = "texte-convergences", "convergences"
    DIVERGENCES = "texte-divergences", "divergences"
    MINORITY = "texte-minoritaires", "avis minoritaires"
    COMMENT = "texte-commentaire", "commentaire d’une proposition"
    CONCLUSION = "texte-conclusion", "conclusion"
    RESERVE = "texte-reserve", "réserve"


class Reserve(Labelled):
    """What the checklist of a synthesis warns of, and words go past."""

    ESSENTIALS = "essentiel-manquant", "l’essentiel n’est pas écrit"
    INTRODUCTION = "introduction-manquante", "l’introduction n’est pas écrite"
    UNREAD = "contributions-a-lire", "contributions qui restent à lire"
    TAGS = "etiquettes-en-attente", "étiquettes de réunion en attente"
    QUESTIONS = "questions-sans-proposition", "questions sans proposition"
    ANSWERS = "propositions-sans-reponse", "propositions sans réponse de l’administration"


class Synthesis(Model):
    """A synthesis of one theme, or of the whole consultation when it has none.

    `snapshot` is the frozen data, in its canonical JSON form, from which every document is made;
    `written` is what people wrote in it, as it stood when its documents were last composed.
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
    written = fields.TextField(default="", db_default="", description="its blocks as its documents hold them, frozen")
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


class SynthesisBlock(Model):
    """A version of a block of a synthesis. The newest one of its `kind` and `subject` is the block."""

    id = fields.IntField(primary_key=True)
    synthesis: fields.ForeignKeyRelation[Synthesis] = fields.ForeignKeyField(
        "forum.Synthesis", related_name="blocks", on_delete=fields.CASCADE
    )
    synthesis_id: int
    kind = fields.CharEnumField(BlockKind, max_length=24)
    subject = fields.CharField(32, default="", db_default="", description="of a comment: the reference of its proposal")
    number = fields.IntField(description="1, 2, 3… within its block")
    source = fields.TextField(description="Markdown, empty when its words were taken away")
    html = fields.TextField(description="safe, with empty quote elements filled when a page is joined")
    plain = fields.TextField()
    rewrites = fields.IntField(
        default=0, db_default=0, description="how many times its words changed otherwise than by a version"
    )
    author: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="synthesis_blocks", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    author_id: int | None
    written_at = fields.DatetimeField()

    class Meta:
        table = "synthesis_block"
        unique_together = (("synthesis", "kind", "subject", "number"),)


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


class Signature(Model):
    """A detached CMS signature of the hashes of a synthesis, made outside and verified when it was deposited."""

    id = fields.IntField(primary_key=True)
    synthesis: fields.OneToOneRelation[Synthesis] = fields.OneToOneField(
        "forum.Synthesis", related_name="signature", on_delete=fields.CASCADE
    )
    synthesis_id: int
    content = fields.BinaryField()
    sha256 = fields.CharField(64)
    signed = fields.CharField(64, description="SHA-256 of the hashes that it is about")
    signer = fields.CharField(300)
    issuer = fields.CharField(300)
    fingerprint = fields.CharField(64, description="SHA-256 of the certificate")
    deposited_at = fields.DatetimeField()

    class Meta:
        table = "signature"
