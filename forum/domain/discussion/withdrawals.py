"""How does somebody take back what they wrote, and show it again?

The place stays, with the answers; the words go from every page, mail and document to come (`withheld.py`), at any time,
even once contributions are closed. Their author reads them still, and shows them again while contributions are open.
"""

from dataclasses import dataclass
from datetime import datetime

from forum.database import on_postgres, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.posts import OnePost, quoted_in, read_post
from forum.domain.discussion.threads import Piece, pieces_of
from forum.domain.search.index import refresh_thing
from forum.domain.themes.themes import Hold, ThemeHead, raise_versions
from forum.domain.withheld import bring_back, keep_aside, kept_words
from forum.models.moderation import Moderated
from forum.permissions import Verdict, Viewer, demand, may_put_post_back, may_withdraw_post


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What the form of a withdrawal shows its author: their words, wherever they are. `takes_title`: the title of the
    thread goes with them."""

    post: OnePost
    pieces: tuple[Piece, ...]
    takes_title: bool
    may_put_back: Verdict


async def post_to_withdraw(viewer: Viewer | None, post: int, now: datetime) -> OwnWords:
    """One's own contribution, shown or not.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await read_post(post)
    demand(may_withdraw_post, viewer, found.author_id, now)
    kept = await kept_words(Moderated.POST, found.id)
    source, html = kept.get("source", found.source), kept.get("html", found.html)
    quoted = await quoted_in(source)
    schedule = found.place.theme.schedule
    return OwnWords(
        post=found,
        pieces=pieces_of(html, quoted),
        takes_title=await _takes_title(found),
        may_put_back=may_put_post_back(viewer, found.author_id, schedule, now),
    )


async def withdraw_post(viewer: Viewer | None, post: int, now: datetime) -> OnePost:
    """Take one's own words back. Idempotent.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    async with transaction():
        held = await read_post(post, hold=Hold.ALONE)
        viewer = demand(may_withdraw_post, viewer, held.author_id, now)
        if not _is_withdrawn(held):
            await make_stale(held.place.theme, post=held.id)
            await keep_aside(Moderated.POST, held.id, now, title=await _takes_title(held))
            await refresh_thing(Moderated.POST, held.id)
            await _record(viewer, "withdraw_post", held, now)
    return held


async def put_post_back(viewer: Viewer | None, post: int, now: datetime) -> OnePost:
    """Show one's own words again, as they were; those that moderators hid stay hidden. Idempotent.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also once contributions are closed.
    """
    async with transaction():
        held = await read_post(post, hold=Hold.ALONE)
        viewer = demand(may_put_post_back, viewer, held.author_id, held.place.theme.schedule, now)
        if _is_withdrawn(held):
            await make_stale(held.place.theme, post=held.id)
            await bring_back(Moderated.POST, held.id, hidden=False)
            await refresh_thing(Moderated.POST, held.id)
            await _record(viewer, "put_post_back", held, now)
    return held


def _is_withdrawn(post: OnePost) -> bool:
    return post.aside is not None and post.aside.withdrawn_at is not None


async def _takes_title(post: OnePost) -> bool:
    """Whether its author gave the thread its title, and nobody else wrote in it."""
    found = await row(
        """SELECT 1 AS one FROM thread f
            WHERE f.id = $1 AND f.author_id = $2 AND NOT EXISTS (
                  SELECT 1 FROM post p WHERE p.thread_id = f.id AND (p.author_id IS NULL OR p.author_id <> $2))""",
        post.place.thread,
        post.author_id,
    )
    return post.number == 1 and found is not None


async def _record(viewer: Viewer, act: str, post: OnePost, now: datetime) -> None:
    await journal.record(viewer, act, "post", post.id, group=post.place.theme.group, now=now)


async def make_stale(theme: ThemeHead, *, post: int | None = None) -> None:
    """Make every cached page that shows words of a thing of that theme stale, inside the caller's transaction, which
    holds the theme alone: those of the theme; of a `post`, also threads that quote it, and those that name its thread
    since contributions were moved between them."""
    quoting = ""
    if post is not None:
        # Waits for contributions under way that quote it (`post_writing.py`): their threads must be among these.
        await on_postgres("SELECT id FROM post WHERE id = $1 FOR UPDATE", post)
        quoting = """OR id IN (SELECT p.thread_id FROM quote q JOIN post p ON p.id = q.post_id WHERE q.quoted_id = $2)
                     OR id IN (SELECT u.other_id FROM thread_turn u JOIN post p ON p.thread_id = u.thread_id
                                WHERE p.id = $2)
                     OR id IN (SELECT u.thread_id FROM thread_turn u JOIN post p ON p.thread_id = u.other_id
                                WHERE p.id = $2)"""
    await raise_versions(theme=theme.id)
    stale = f"FROM thread WHERE theme_id = $1 {quoting}"
    values = (theme.id,) if post is None else (theme.id, post)
    # In one order, so that two that hide at once do not wait for each other.
    await on_postgres(f"SELECT id {stale} ORDER BY id FOR NO KEY UPDATE", *values)
    await rows(f"UPDATE thread SET version = version + 1 WHERE id IN (SELECT id {stale})", *values)
