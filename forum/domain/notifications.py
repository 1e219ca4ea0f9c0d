"""What a member is told, once per contribution: they were quoted, answered or called by name.

Who is told is decided in `audience_of` alone, for the contribution that is published and for its preview. Told inside
the transaction that writes the contribution. By page only; mail is another matter.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from forum.database import known_moment, places, rows, transaction
from forum.domain.references import storable
from forum.models.notifications import Event
from forum.permissions import Viewer, may_read_notifications
from forum.settings import settings

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """One event: who wrote what, where, and whether the member has seen this list since."""

    id: int
    post: int
    event: Event
    author: str | None
    thread_title: str
    excerpt: str
    created_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """Members whom a contribution concerns: those told now and why, those told of it before, those past the limit, and
    those who cannot sign in, whom nothing can be told."""

    told: dict[int, Event]
    before: tuple[int, ...]
    beyond: tuple[int, ...]
    absent: tuple[int, ...]


async def audience_of(concerned: dict[int, Event], author: int, *, post: int | None = None) -> Audience:
    """Who is told of a contribution: the first ones of `concerned` who can read it, never its own author, each once.

    The limit is that of a contribution with all its versions: an edit (of `post`) tells those who remain within it.
    """
    readers = await _who_sign_in(concerned)
    others = {member: event for member, event in concerned.items() if member != author and member in readers}
    known: set[int] = set()
    if others and post is not None:
        known = {r["member_id"] for r in await rows("SELECT member_id FROM notification WHERE post_id = $1", post)}
    new = [member for member in others if member not in known]
    room = max(0, settings().limits.notified_per_post - len(known))
    return Audience(
        told={member: others[member] for member in new[:room]},
        before=tuple(member for member in others if member in known),
        beyond=tuple(new[room:]),
        absent=tuple(member for member in concerned if member not in readers),
    )


async def _who_sign_in(members: Collection[int]) -> set[int]:
    """Those with a password, the one way in: not the people whom an imported text names, nor voters of the example."""
    if not members:
        return set()
    query = f"SELECT id FROM member WHERE id IN ({places(len(members))}) AND password_hash IS NOT NULL"
    return {r["id"] for r in await rows(query, *members)}


async def tell(post: int, author: int, concerned: dict[int, Event], now: datetime) -> None:
    """Record the events of a contribution that was written or edited, in the caller's transaction."""
    audience = await audience_of(concerned, author, post=post)
    for member, event in audience.told.items():
        await rows(
            """INSERT INTO notification (member_id, post_id, event, created_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (member_id, post_id) DO NOTHING""",
            member,
            post,
            event.value,
            now,
        )


async def list_notices(viewer: Viewer | None) -> list[Notice]:
    """The newest events for this member, newest first. Raises SignInRequired."""
    may_read_notifications(viewer).require()
    assert viewer is not None
    found = await rows(
        """SELECT n.id, n.post_id, n.event, n.created_at, n.read_at, m.name AS author, t.title,
                  substr(p.plain, 1, 200) AS excerpt
             FROM notification n JOIN post p ON p.id = n.post_id JOIN thread t ON t.id = p.thread_id
             LEFT JOIN member m ON m.id = p.author_id
            WHERE n.member_id = $1 ORDER BY n.id DESC LIMIT $2""",
        viewer.id,
        SHOWN,
    )
    return [
        Notice(
            id=r["id"],
            post=r["post_id"],
            event=Event(r["event"]),
            author=r["author"],
            thread_title=r["title"],
            excerpt=r["excerpt"],
            created_at=known_moment(r["created_at"]),
            is_new=r["read_at"] is None,
        )
        for r in found
    ]


async def mark_read(viewer: Viewer | None, newest: int, now: datetime) -> None:
    """The member has seen the list down from that notice: what came since they looked stays new.

    Raises:
        SignInRequired: nobody is signed in.
    """
    may_read_notifications(viewer).require()
    assert viewer is not None
    async with transaction():
        await rows(
            "UPDATE notification SET read_at = $1 WHERE member_id = $2 AND id <= $3 AND read_at IS NULL",
            now,
            viewer.id,
            storable(newest),
        )


async def forget_read(now: datetime) -> None:
    """What was seen long ago."""
    await rows(
        "DELETE FROM notification WHERE read_at <= $1", now - timedelta(days=settings().retention.notification_days)
    )
