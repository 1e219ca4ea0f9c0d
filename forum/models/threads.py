"""Threads: sequences of contributions, what moderators did with them, and what they moved from one to another."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Thread(Model):
    """A fil. `version` is raised by every write that its page shows, inside that write's transaction.

    Contributions that were moved away leave their number free for ever: `last_number` is the last one that was given,
    `posts_count` how many contributions are here. `turns` counts what moderators did, and says whether somebody else
    was quicker.
    """

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="threads", db_index=True, on_delete=fields.RESTRICT
    )
    theme_id: int
    title = fields.CharField(200)
    author: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="threads", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    author_id: int | None
    posts_count = fields.IntField(default=0)
    last_number = fields.IntField(default=0, db_default=0, description="last number given to a contribution")
    version = fields.IntField(default=1)
    locked = fields.BooleanField(default=False, db_default=False, description="nobody answers any more")
    pinned = fields.BooleanField(default=False, db_default=False, description="first in the list of its theme")
    turns = fields.IntField(default=0, db_default=0, description="how many times moderators acted on it")
    created_at = fields.DatetimeField()
    last_post_at = fields.DatetimeField()
    import_key = fields.CharField(64, null=True, unique=True, description="SHA-256 naming what it was imported from")

    class Meta:
        table = "thread"


class ThreadAct(Labelled):
    """What a moderator does with a thread."""

    RENAMED = "renamed", "fil renommé"
    LOCKED = "locked", "fil verrouillé"
    UNLOCKED = "unlocked", "fil déverrouillé"
    PINNED = "pinned", "fil épinglé"
    UNPINNED = "unpinned", "fil désépinglé"


class ThreadTurn(Model):
    """One act of a moderator on a thread: who, when, why. `before` is the former title of one that was renamed."""

    id = fields.IntField(primary_key=True)
    thread: fields.ForeignKeyRelation[Thread] = fields.ForeignKeyField(
        "forum.Thread", related_name="acts", db_index=True, on_delete=fields.RESTRICT
    )
    thread_id: int
    act = fields.CharEnumField(ThreadAct, max_length=16)
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="thread_turns", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    before = fields.CharField(200, default="")
    reason = fields.CharField(500, default="")
    at = fields.DatetimeField()

    class Meta:
        table = "thread_turn"
