"""What the administration answers to each proposal, and what it commits itself to do about it, by when."""

from tortoise import fields
from tortoise.models import Model

from forum.models.proposals import IN_FORCE, ProposalState
from forum.text.labels import Labelled


class Decision(Labelled):
    """The four official answers."""

    RETAINED = "retenue", "retenue"
    PARTLY = "partiellement", "partiellement retenue"
    REJECTED = "non retenue", "non retenue"
    UNDER_STUDY = "etude", "à l’étude"

    @property
    def heading(self) -> Labelled:
        """Its word over several proposals."""
        return DecisionHeading[self.name]


class DecisionHeading(Labelled):
    """Each official answer, as the title of the proposals that received it."""

    RETAINED = "retenues", "retenues"
    PARTLY = "partiellement retenues", "partiellement retenues"
    REJECTED = "non retenues", "non retenues"
    UNDER_STUDY = "à l’étude", "à l’étude"


class Fate(Labelled):
    """What has become of a proposal, in the one word that every page, sheet and document says: the administration's
    answer in its own terms where there is one, otherwise the state."""

    DRAFT = "draft", "brouillon"
    OPEN = "open", "en vigueur"
    MERGED = "merged", "fusionnée"
    WITHDRAWN = "withdrawn", "retirée"
    SET_ASIDE = "set aside", "écartée"
    HIDDEN = "hidden", "masquée"
    RETAINED = "retained", Decision.RETAINED.label
    PARTLY = "partly retained", Decision.PARTLY.label
    REJECTED = "rejected", Decision.REJECTED.label
    UNDER_STUDY = "under study", Decision.UNDER_STUDY.label
    DONE = "done", "retenue, mise en œuvre"
    PARTLY_DONE = "partly done", "partiellement retenue, mise en œuvre"
    # Of data frozen before they held the answer itself.
    KEPT = "kept", "retenue, en tout ou en partie"
    CARRIED_OUT = "carried out", "mise en œuvre"


# Only what is retained is carried out.
_DONE = {Decision.RETAINED: Fate.DONE, Decision.PARTLY: Fate.PARTLY_DONE}


def fate_of(state: ProposalState, decision: Decision | None) -> Fate:
    """What has become of a proposal in that state, whose latest answer is that decision."""
    if state is ProposalState.DONE and decision in (None, *_DONE):
        return Fate.CARRIED_OUT if decision is None else _DONE[decision]
    if state in IN_FORCE and decision is not None:
        return Fate[decision.name]
    return Fate.KEPT if state is ProposalState.RETAINED else Fate[state.name]


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
