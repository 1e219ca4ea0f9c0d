"""What the administration answers to each proposal, and what it commits itself to do about it, by when."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Decision(Labelled):
    """The four official answers."""

    RETAINED = "retenue", "retenue"
    PARTLY = "partiellement", "partiellement retenue"
    REJECTED = "non retenue", "non retenue"
    UNDER_STUDY = "etude", "à l’étude"


class Answer(Model):
    """One official answer. A later one takes its place on the page, the earlier ones stay readable."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="answers", on_delete=fields.RESTRICT
    )
    proposal_id: int
    number = fields.SmallIntField(description="1, 2, 3… of its proposal")
    decision = fields.CharEnumField(Decision, max_length=16)
    reason = fields.TextField(description="plain text")
    service = fields.CharField(200, description="who answers for the administration")
    decided_on = fields.DateField()
    agent: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="decisions", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agent_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "answer"
        unique_together = (("proposal", "number"),)


class Obligation(Model):
    """Something that the administration said it will do, by a day. It is late until it is done."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="obligations", db_index=True, on_delete=fields.RESTRICT
    )
    proposal_id: int
    words = fields.CharField(500)
    due_on = fields.DateField()
    done_on = fields.DateField(null=True)
    done_words = fields.CharField(500, default="", description="what was done")
    agent: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="obligations", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agent_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "obligation"
