"""Moderation: what people notify, the cases that moderators decide, their decisions, and the complaints about these."""

from tortoise import fields
from tortoise.models import Model

from forum.models.members import Member
from forum.models.moderation import Ground, Moderated
from forum.text.labels import Labelled


class DecisionAct(Labelled):
    """What moderators decided to do with words."""

    HIDE = "hide", "masquer"
    UNHIDE = "unhide", "afficher de nouveau"
    REDACT = "redact", "masquer un passage"
    NO_ACTION = "no action", "ne pas intervenir"
    ACCEPT = "accept", "accepter"
    REFUSE = "turn down", "refuser"


class ComplaintOutcome(Labelled):
    """What the person who read a complaint made of the decision."""

    UPHELD = "upheld", "décision maintenue"
    REVERSED = "reversed", "décision annulée"


class ModerationCase(Model):
    """One thing to decide about, and everything that was notified of it until it is decided.

    `open_key` names the thing while the case is open: there is one open case per thing, and it is NULL afterwards.
    """

    id = fields.IntField(primary_key=True)
    thing = fields.CharEnumField(Moderated, max_length=16)
    thing_id = fields.IntField()
    open_key = fields.CharField(40, null=True, unique=True)
    working_group: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.WorkingGroup", related_name="cases", db_index=True, on_delete=fields.RESTRICT
    )
    working_group_id: int
    opened_at = fields.DatetimeField()
    claimed_by: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="claimed_cases", null=True, db_index=True, on_delete=fields.SET_NULL
    )
    claimed_by_id: int | None
    claimed_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "moderation_case"
        indexes = (("thing", "thing_id"),)


class ModerationNotice(Model):
    """What somebody notified: a member, or a visitor whose address is sealed.

    It has a case once it is confirmed: at once for a member, with the link of a mail for a visitor. Who notified is
    shown to the moderators of the group only. When nothing was done, they may contest that decision (`complained_of`)
    once, and somebody else than who took it answers.
    """

    id = fields.IntField(primary_key=True)
    thing = fields.CharEnumField(Moderated, max_length=16)
    thing_id = fields.IntField()
    revision = fields.IntField(description="of the contribution, or version of the proposal, that was read")
    ground = fields.CharEnumField(Ground, max_length=16)
    words = fields.TextField()
    case: fields.ForeignKeyNullableRelation[ModerationCase] = fields.ForeignKeyField(
        "forum.ModerationCase", related_name="notices", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    case_id: int | None
    member: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="moderation_notices", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    address = fields.TextField(default="", description="of a visitor, sealed, forgotten some time after the decision")
    locale = fields.CharField(2, default="fr")
    created_at = fields.DatetimeField(db_index=True)
    confirmed_at = fields.DatetimeField(null=True)
    complaint = fields.TextField(
        default="", db_default="", description="why whoever notified contests that nothing was done"
    )
    complained_at = fields.DatetimeField(null=True)
    complained_of: fields.ForeignKeyNullableRelation["ModerationDecision"] = fields.ForeignKeyField(
        "forum.ModerationDecision",
        related_name="notifiers_complaints",
        null=True,
        db_index=True,
        on_delete=fields.RESTRICT,
    )
    complained_of_id: int | None
    answered_by: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="notifiers_answered", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    answered_by_id: int | None
    answered_at = fields.DatetimeField(null=True)
    outcome = fields.CharEnumField(ComplaintOutcome, max_length=16, null=True)
    answer = fields.TextField(default="", db_default="")

    class Meta:
        table = "moderation_notice"


class ModerationDecision(Model):
    """What was decided about a case, by whom and why, `affected` is the person whose words it is about.

    `statement` is what that person reads, kept as it was sent.
    """

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[ModerationCase] = fields.ForeignKeyField(
        "forum.ModerationCase", related_name="decisions", db_index=True, on_delete=fields.RESTRICT
    )
    case_id: int
    act = fields.CharEnumField(DecisionAct, max_length=16)
    ground = fields.CharEnumField(Ground, max_length=16, null=True)
    facts = fields.CharField(500)
    decided_by: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="moderation_decisions", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    decided_by_id: int | None
    decided_at = fields.DatetimeField(db_index=True)
    affected: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="decisions_read", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    affected_id: int | None
    statement = fields.TextField(default="")
    contest_until = fields.DatetimeField(null=True)

    class Meta:
        table = "moderation_decision"


class ModerationComplaint(Model):
    """The words with which somebody contests a decision, once, and what another person than its author answered."""

    id = fields.IntField(primary_key=True)
    decision: fields.OneToOneRelation[ModerationDecision] = fields.OneToOneField(
        "forum.ModerationDecision", related_name="complaint", on_delete=fields.RESTRICT
    )
    decision_id: int
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="moderation_complaints", db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int
    words = fields.TextField()
    created_at = fields.DatetimeField(db_index=True)
    answered_by: fields.ForeignKeyNullableRelation[Member] = fields.ForeignKeyField(
        "forum.Member", related_name="complaints_answered", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    answered_by_id: int | None
    answered_at = fields.DatetimeField(null=True)
    outcome = fields.CharEnumField(ComplaintOutcome, max_length=16, null=True)
    answer = fields.TextField(default="")

    class Meta:
        table = "moderation_complaint"
