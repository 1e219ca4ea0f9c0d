"""What members follow, and how often they want mails about it and about what is addressed to them."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Follow(Model):
    """A theme, a thread, a proposal or a meeting, one of the four, that a member follows, and since when."""

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="follows", on_delete=fields.RESTRICT
    )
    member_id: int
    theme: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="follows", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    theme_id: int | None
    thread: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Thread", related_name="follows", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    thread_id: int | None
    proposal: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="follows", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    proposal_id: int | None
    meeting: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Meeting", related_name="follows", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    meeting_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "follow"
        unique_together = (("member", "theme"), ("member", "thread"), ("member", "proposal"), ("member", "meeting"))


class MailKind(Labelled):
    """The mails that a member may refuse. Those about their account are none of them."""

    ADDRESSED = "addressed", "ce qui vous est adressé"
    FOLLOWED = "followed", "ce que vous suivez"


class Pace(Labelled):
    """How often news are mailed."""

    AT_ONCE = "at once", "tout de suite"
    DAILY = "each day", "une fois par jour"
    WEEKLY = "each week", "une fois par semaine"
    NEVER = "no mail", "jamais"


class MailWish(Model):
    """How often a member wants mails of one kind. Without a row they have the pace that everybody begins with.

    Of what they follow, all news up to `since` were told, or will never be. Nothing is looked for before `due_at`.
    """

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="mail_wishes", on_delete=fields.RESTRICT
    )
    member_id: int
    kind = fields.CharEnumField(MailKind, max_length=16)
    pace = fields.CharEnumField(Pace, max_length=16)
    since = fields.DatetimeField()
    due_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "mail_wish"
        unique_together = (("member", "kind"),)
