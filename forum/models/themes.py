"""The consultation's chapters and the questions that open them."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Voting(Labelled):
    """What a ballot of the theme says: a support, one of three opinions, a grade, or a place in an order."""

    APPROVAL = "soutien", "soutien"
    OPINIONS = "pour-contre", "pour, contre ou abstention"
    JUDGMENT = "jugement", "jugement majoritaire"
    RANKING = "classement", "classement"


class Theme(Model):
    """A theme. Its file in `themes/` owns title, introduction and questions, this row owns the schedule."""

    id = fields.IntField(primary_key=True)
    number = fields.SmallIntField(unique=True)
    title = fields.CharField(200)
    introduction = fields.TextField(default="", description="Markdown, as in the file")
    introduction_html = fields.TextField(default="")
    working_group: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.WorkingGroup", related_name="themes", db_index=True, on_delete=fields.RESTRICT
    )
    working_group_id: int
    contributions_open_at = fields.DatetimeField(null=True)
    contributions_close_at = fields.DatetimeField(null=True)
    votes_open_at = fields.DatetimeField(null=True)
    votes_close_at = fields.DatetimeField(null=True)
    sealed = fields.BooleanField(default=True, description="no tally is shown before the close")
    closed_by_hand = fields.BooleanField(
        default=False, db_default=False, description="the close waited for the votes under way"
    )
    voting = fields.CharEnumField(
        Voting, max_length=16, default=Voting.OPINIONS, db_default="pour-contre", description="frozen once votes open"
    )
    mentions = fields.TextField(
        default="", db_default="", description="of a judgment, 3 to 7, a line each from the worst to the best"
    )
    quota = fields.IntField(
        default=0, db_default=0, description="proposals that one person may support or rank, 0: all"
    )
    quorum = fields.IntField(default=0, description="votants under which a proposal is not ranked")
    last_proposal_number = fields.IntField(default=0, description="references are never reused")
    version = fields.IntField(default=1, description="raised by every write that a page of the theme shows")

    class Meta:
        table = "theme"


class GuidingQuestion(Model):
    """A question directrice, at its place in its theme."""

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Theme] = fields.ForeignKeyField(
        "forum.Theme", related_name="questions", on_delete=fields.RESTRICT
    )
    theme_id: int
    position = fields.SmallIntField()
    text = fields.CharField(500)

    class Meta:
        table = "guiding_question"
        unique_together = (("theme", "position"),)
