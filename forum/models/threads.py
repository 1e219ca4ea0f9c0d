"""Threads: sequences of contributions, what moderators did with them, and what they moved from one to another."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Thread(Model):
    """A fil. `version` is raised by every write that its page shows, inside that write's transaction.

    Contributions that were moved away leave their number free for ever: `last_number` is the last one that was given,
    `posts_count` how many contributions are here. A thread whose contributions all went to another leads there for ever
    (`moved_into`). `turns` counts what moderators did, and says whether somebody else
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
    rewrites = fields.IntField(
        default=0, db_default=0, description="how many times its title changed otherwise than by their act"
    )
    created_at = fields.DatetimeField()
    last_post_at = fields.DatetimeField()
    moved_into: fields.ForeignKeyNullableRelation["Thread"] = fields.ForeignKeyField(
        "forum.Thread", related_name="moved_here", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    moved_into_id: int | None
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
    MOVED = "moved", "contributions déplacées"
    THEME = "theme", "fil déplacé dans un autre thème"


class ThreadTurn(Model):
    """One act of a moderator on a thread: who, when, why. `before` is the former title of one that was renamed,
    `other` the thread that contributions were moved to, until that was undone. A thread that goes to another theme
    leaves one for the other: `from_theme`, `to_theme`."""

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
    other: fields.ForeignKeyNullableRelation[Thread] = fields.ForeignKeyField(
        "forum.Thread", related_name="acts_elsewhere", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    other_id: int | None
    from_theme: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="threads_gone", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    from_theme_id: int | None
    to_theme: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="threads_come", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    to_theme_id: int | None
    before = fields.CharField(200, default="")
    reason = fields.CharField(500, default="")
    at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "thread_turn"


class ThreadRead(Model):
    """How far a member has read a thread: every contribution up to that number. It only ever grows."""

    id = fields.IntField(primary_key=True)
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="thread_reads", on_delete=fields.RESTRICT
    )
    member_id: int
    thread: fields.ForeignKeyRelation[Thread] = fields.ForeignKeyField(
        "forum.Thread", related_name="reads", db_index=True, on_delete=fields.RESTRICT
    )
    thread_id: int
    number = fields.IntField()
    read_at = fields.DatetimeField()

    class Meta:
        table = "thread_read"
        unique_together = (("member", "thread"),)


class MovedPost(Model):
    """A contribution that was moved, with its number in the thread that it left and in the one that it came to: what
    undoing gives back, and what old addresses lead by, for ever."""

    id = fields.IntField(primary_key=True)
    turn: fields.ForeignKeyRelation[ThreadTurn] = fields.ForeignKeyField(
        "forum.ThreadTurn", related_name="posts", on_delete=fields.RESTRICT
    )
    turn_id: int
    post: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="moves", db_index=True, on_delete=fields.RESTRICT
    )
    post_id: int
    number_before = fields.IntField()
    number_after = fields.IntField()

    class Meta:
        table = "moved_post"
        unique_together = (("turn", "post"),)
