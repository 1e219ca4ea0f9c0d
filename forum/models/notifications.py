"""What a member is notified of: words that answer, quote or mention them; proposals, votes, threads that concern them;
what is decided about their words, and what waits for a decision of theirs."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Event(Labelled):
    """The first three are in order of precedence: one post notifies one person of one thing."""

    QUOTE = "quote", "citation"
    REPLY = "reply", "réponse"
    MENTION = "mention", "mention"
    AMENDED = "amended", "proposition modifiée"
    CERTIFIED = "certified", "correction certifiée"
    MERGED = "merged", "fusion"
    UNMERGED = "unmerged", "fusion annulée"
    SET_ASIDE = "set aside", "proposition écartée"
    TAKEN_BACK = "taken back", "proposition soumise de nouveau au vote"
    WITHDRAWN = "withdrawn", "proposition retirée"
    ANSWERED = "answered", "réponse de l’administration"
    DONE = "done", "engagement tenu"
    SCHEDULED = "scheduled", "calendrier changé"
    CLOSED = "closed", "votes clos"
    MODERATED = "moderated", "décision de modération"
    NOTICE_DECIDED = "notice decided", "suite donnée à un signalement"
    CASE_WAITS = "case waits", "signalement en attente"
    CONTESTED = "contested", "réclamation à lire"
    RECONSIDERED = "reconsidered", "réponse à une réclamation"
    THREAD_RENAMED = "thread renamed", "fil renommé"
    THREAD_LOCKED = "thread locked", "fil verrouillé"
    THREAD_UNLOCKED = "thread unlocked", "fil déverrouillé"
    POSTS_MOVED = "posts moved", "contributions déplacées"
    POSTS_BACK = "posts back", "contributions remises à leur place"
    THREAD_MOVED = "thread moved", "fil déplacé dans un autre thème"
    CORRECTED = "corrected", "nom ou organisation corrigés"


class Notification(Model):
    """One event for one person, once: about a post, a proposal, a theme, a thread, a decision of moderators, or
    about nothing but their own account.

    `key` says which event of a proposal, a theme, a thread or a decision it is, such as "answered:12:2": the same is
    told once.
    """

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="notifications", on_delete=fields.RESTRICT
    )
    member_id: int
    post: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    post_id: int | None
    proposal: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    proposal_id: int | None
    theme: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    theme_id: int | None
    case: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.ModerationCase", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    case_id: int | None
    decision: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.ModerationDecision", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    decision_id: int | None
    thread: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Thread", related_name="notifications", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    thread_id: int | None
    key = fields.CharField(80, null=True)
    event = fields.CharEnumField(Event, max_length=16)
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)
    mailed_at = fields.DatetimeField(
        null=True, description="when a mail about it was asked for, or it was settled that none will leave"
    )

    class Meta:
        table = "notification"
        unique_together = (("member", "post"), ("member", "key"))
