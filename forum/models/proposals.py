"""Proposals: what people ask for, and the exact words they come from."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class Origin(StrEnum):
    """Where a proposal comes from."""

    MEMBER = "member"
    POST = "post"
    EXTRACT = "extract"
    MEETING = "meeting"


class ProposalState(StrEnum):
    """Only an open proposal is voted on, a withdrawn one stays readable and is listed apart."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"


class Extract(Model):
    """A range of one revision of a post, chosen by a person: the link between words and what is made of them."""

    id = fields.IntField(primary_key=True)
    post: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="extracts", db_index=True, on_delete=fields.RESTRICT
    )
    post_id: int
    revision = fields.IntField()
    start = fields.IntField()
    stop = fields.IntField()
    sha256 = fields.CharField(64)
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="extracts", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "extract"


class Proposal(Model):
    """A short wording (and, if need be, a body) of a theme, with the reference `T3-007`."""

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="proposals", on_delete=fields.RESTRICT
    )
    theme_id: int
    number = fields.IntField()
    wording = fields.CharField(300)
    body = fields.TextField(default="", description="Markdown")
    body_html = fields.TextField(default="")
    body_plain = fields.TextField(default="")
    version = fields.IntField(default=1)
    state = fields.CharEnumField(ProposalState, max_length=16, default=ProposalState.OPEN)
    origin = fields.CharEnumField(Origin, max_length=16)
    extract: fields.ForeignKeyNullableRelation[Extract] = fields.ForeignKeyField(
        "forum.Extract", related_name="proposals", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    extract_id: int | None
    meeting: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Meeting", related_name="proposals", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    meeting_id: int | None
    author: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="proposals", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    author_id: int | None
    promoter: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="promoted", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    promoter_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "proposal"
        unique_together = (("theme", "number"),)


class ProposalVersion(Model):
    """A wording that was voted on, kept for ever."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="versions", on_delete=fields.RESTRICT
    )
    proposal_id: int
    number = fields.IntField()
    wording = fields.CharField(300)
    body = fields.TextField(default="")
    editor: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="proposal_versions", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    editor_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "proposal_version"
        unique_together = (("proposal", "number"),)


class ProposalQuestion(Model):
    """A guiding question that a proposal answers."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="answered", on_delete=fields.RESTRICT
    )
    proposal_id: int
    question: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.GuidingQuestion", related_name="proposals", db_index=True, on_delete=fields.RESTRICT
    )
    question_id: int

    class Meta:
        table = "proposal_question"
        unique_together = (("proposal", "question"),)
