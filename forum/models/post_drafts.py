"""What somebody prepares before it is published, and the forms that they have sent."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class DraftKind(Labelled):
    """What a draft would be once published; its `thing` is the thread, the contribution or the theme."""

    IN_THREAD = "in thread", "contribution à un fil"
    ANSWER = "answer to post", "réponse à une contribution"
    EDIT = "edit of post", "modification d’une contribution"
    OPENING = "new thread", "nouveau fil"


class PostDraft(Model):
    """The words that a member prepares for one place, which nobody else ever sees.

    `form_key` is that of the form that saved it last, `base` the version of the contribution that it edits.
    """

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="post_drafts", on_delete=fields.RESTRICT
    )
    member_id: int
    kind = fields.CharEnumField(DraftKind, max_length=16)
    thing = fields.IntField()
    title = fields.TextField(description="of a new thread, as typed")
    source = fields.TextField(description="Markdown, as typed, with the marks of quotes")
    base = fields.IntField(default=0)
    version = fields.IntField(default=1)
    rewrites = fields.IntField(
        default=0, db_default=0, description="how many times its words changed otherwise than by their author"
    )
    form_key = fields.CharField(43, default="")
    saved_at = fields.DatetimeField()

    class Meta:
        table = "post_draft"
        unique_together = (("member", "kind", "thing"),)


class SentForm(Model):
    """A form that published something: sent again, it leads there. `draft` is the number of the draft that it showed.

    `digest` is that of the words, so that other words sent by the same form are told apart.
    """

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="sent_forms", on_delete=fields.RESTRICT
    )
    member_id: int
    key = fields.CharField(43)
    digest = fields.CharField(64)
    draft = fields.IntField(null=True)
    post: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="sent_forms", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    post_id: int | None
    pending: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.PendingPost", related_name="sent_forms", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    pending_id: int | None
    sent_at = fields.DatetimeField()

    class Meta:
        table = "sent_form"
        unique_together = (("member", "key"),)
