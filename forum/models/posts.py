"""Contributions, their revisions, and what they point to."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class PostKind(StrEnum):
    """An instruction is the organiser's: never votable, never a proposal."""

    INSTRUCTION = "instruction"
    CONTRIBUTION = "contribution"


class PostState(Labelled):
    """Whether the words of a contribution are shown; those that are not are in `Withheld`."""

    SHOWN = "shown", "affichée"
    HIDDEN = "hidden", "masquée"
    WITHDRAWN = "withdrawn", "retirée par son auteur"


class Post(Model):
    """A contribution as it stands now, `number` is its place in its thread, from 1, never reused.

    No author means that the text it came from names none, no `written_at`, that it gives no date.
    """

    id = fields.IntField(primary_key=True)
    thread: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Thread", related_name="posts", on_delete=fields.RESTRICT
    )
    thread_id: int
    number = fields.IntField()
    kind = fields.CharEnumField(PostKind, max_length=16, default=PostKind.CONTRIBUTION)
    author: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="posts", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    author_id: int | None
    reply_to: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="replies", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    reply_to_id: int | None
    state = fields.CharEnumField(PostState, max_length=16, default=PostState.SHOWN, db_default="shown")
    source = fields.TextField(description="Markdown, exactly as written")
    html = fields.TextField(description="safe, with empty quote elements filled when a page is joined")
    plain = fields.TextField(description="the words as read, ranges of quotes and extracts count its code points")
    renderer = fields.SmallIntField(description="version of the pipeline that made html and plain")
    revision = fields.IntField(default=1)
    rewrites = fields.IntField(
        default=0, db_default=0, description="how many times its words changed otherwise than by an edit"
    )
    created_at = fields.DatetimeField()
    written_at = fields.DatetimeField(null=True)
    edited_at = fields.DatetimeField(null=True)

    class Meta:
        table = "post"
        unique_together = (("thread", "number"),)


class ReceptionOrigin(Labelled):
    """The way by which a contribution arrived that was not written on the site."""

    LETTER = "letter", "courrier"
    MAIL = "mail", "courriel"
    WORKSHOP = "workshop", "atelier"
    TELEPHONE = "telephone", "téléphone"
    OTHER = "other", "autre voie"


class Reception(Model):
    """What is known of a contribution that was received elsewhere and entered by a moderator, whom the journal names.

    No member is its author: `name` is what its author wishes to be called. `channel` says in words what OTHER is.
    """

    id = fields.IntField(primary_key=True)
    post: fields.OneToOneRelation[Post] = fields.OneToOneField(
        "forum.Post", related_name="reception", on_delete=fields.RESTRICT
    )
    post_id: int
    origin = fields.CharEnumField(ReceptionOrigin, max_length=16)
    channel = fields.CharField(60, default="")
    received_on = fields.DateField()
    name = fields.CharField(120)
    organisation = fields.CharField(200, default="")

    class Meta:
        table = "reception"


class PostRevision(Model):
    """The words at one revision, kept for ever: quotes, extracts and documents lead to them."""

    id = fields.IntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "forum.Post", related_name="revisions", on_delete=fields.RESTRICT
    )
    post_id: int
    number = fields.IntField()
    source = fields.TextField()
    html = fields.TextField()
    plain = fields.TextField()
    renderer = fields.SmallIntField(
        default=1, db_default=1, description="version of the pipeline that made html and plain"
    )
    editor: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="revisions", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    editor_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "post_revision"
        unique_together = (("post", "number"),)


class TextPass(Model):
    """Revisions read anew by a version of the pipeline, in the order of their numbers up to `last_revision`: how many
    it read, how many look otherwise since, and how many keep what an earlier version made, because their words would be
    others."""

    id = fields.IntField(primary_key=True)
    version = fields.SmallIntField(unique=True)
    last_revision = fields.IntField(default=0)
    read = fields.IntField(default=0)
    changed = fields.IntField(default=0)
    kept = fields.IntField(default=0)
    begun_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "text_pass"


class PendingState(Labelled):
    """What has become of a contribution that moderators read before anybody."""

    WAITING = "waiting", "en attente de relecture"
    ACCEPTED = "accepted", "acceptée"
    REFUSED = "refused", "refusée"
    GIVEN_UP = "given up", "retirée par son auteur"


class PendingPost(Model):
    """A first contribution of a new member, for a thread or for a new one of that title. It is no contribution yet:
    nothing that is read finds it.

    Once it is accepted it is the contribution `post`, and its words are there alone.
    """

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="pending_posts", db_index=True, on_delete=fields.RESTRICT
    )
    theme_id: int
    thread: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Thread", related_name="pending_posts", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    thread_id: int | None
    title = fields.CharField(200, default="")
    source = fields.TextField(description="Markdown, as written so far")
    reply_to: fields.ForeignKeyNullableRelation[Post] = fields.ForeignKeyField(
        "forum.Post", related_name="pending_replies", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    reply_to_id: int | None
    author: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="pending_posts", db_index=True, on_delete=fields.RESTRICT
    )
    author_id: int
    state = fields.CharEnumField(PendingState, max_length=16, default=PendingState.WAITING)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    edited_at = fields.DatetimeField(null=True)
    post: fields.OneToOneNullableRelation[Post] = fields.OneToOneField(
        "forum.Post", related_name="pending", null=True, on_delete=fields.RESTRICT
    )
    post_id: int | None

    class Meta:
        table = "pending_post"


class Quote(Model):
    """Words of another post repeated inside a post: a range of one revision, with the hash of those words."""

    id = fields.IntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "forum.Post", related_name="quotes", on_delete=fields.RESTRICT
    )
    post_id: int
    position = fields.SmallIntField(description="which quote element of the post's html it fills, from 0")
    quoted: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "forum.Post", related_name="quoted_in", db_index=True, on_delete=fields.RESTRICT
    )
    quoted_id: int
    revision = fields.IntField()
    start = fields.IntField()
    stop = fields.IntField()
    sha256 = fields.CharField(64)

    class Meta:
        table = "quote"
        unique_together = (("post", "position"),)


class Mention(Model):
    """Somebody called by @handle in a post, no member when nobody here bears that handle."""

    id = fields.IntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "forum.Post", related_name="mentions", on_delete=fields.RESTRICT
    )
    post_id: int
    handle = fields.CharField(60)
    handle_key = fields.CharField(120)
    is_leading = fields.BooleanField(default=False)
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="mentioned_in", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None

    class Meta:
        table = "mention"
        unique_together = (("post", "handle_key"),)


class Outcome(Labelled):
    """The result of a moderator's reading of a post."""

    TREATED = "treated", "traitée"
    NO_FOLLOW_UP = "no follow-up", "sans suite"


class Treatment(Model):
    """A moderator has read a post, at that revision: what was worth keeping is kept, or there is a reason why not."""

    id = fields.IntField(primary_key=True)
    post: fields.OneToOneRelation[Post] = fields.OneToOneField(
        "forum.Post", related_name="treatment", on_delete=fields.RESTRICT
    )
    post_id: int
    outcome = fields.CharEnumField(Outcome, max_length=16)
    revision = fields.IntField()
    reason = fields.CharField(500, default="")
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="treatments", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    treated_at = fields.DatetimeField()

    class Meta:
        table = "treatment"
