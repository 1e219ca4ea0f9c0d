"""What is a member notified of? Of a contribution once: that they were quoted, answered or mentioned. Of a proposal, a
theme or a thread, each event once, when it concerns their words or their vote. Who is notified of a contribution is
decided in `audience_of` alone, for publication and for its preview. Written in the transaction of the event. On the
site only; mail is in `mail.py`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from forum.database import Row, places, rows, transaction
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import reference
from forum.domain.signatures import signed
from forum.errors import Invalid
from forum.models.notifications import Event
from forum.permissions import Viewer, demand, may_read_notifications
from forum.settings import settings

SHOWN = 50
# Members per statement: SQLite binds some thirty thousand values at most.
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Notice:
    """One event: the contribution, thread, proposal or theme that it is about, and whether the member has seen it.

    `post` with `author` and `thread_title`, or `thread` with `thread_title`, or `reference`, or `theme` (its number,
    with `theme_title`), or a `decision` or `case` of moderation, or nothing: then it is about the member's account.
    `excerpt` is the first words, or the wording.
    """

    id: int
    event: Event
    post: int | None
    author: str | None
    thread: int | None
    thread_title: str
    reference: str | None
    theme: int | None
    theme_title: str
    decision: int | None
    case: int | None
    excerpt: str
    created_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """Members whom a contribution concerns: those notified now and why, those notified before, those past the limit,
    and those who cannot sign in and so are not notified."""

    told: dict[int, Event]
    before: tuple[int, ...]
    beyond: tuple[int, ...]
    absent: tuple[int, ...]


async def audience_of(concerned: dict[int, Event], author: int, *, post: int | None = None) -> Audience:
    """Who is notified of a contribution: the first ones of `concerned` who can sign in, each once, never its own
    author. The limit is for all versions of a contribution: an edit (of `post`) notifies as many more as the limit
    leaves."""
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


_SIGNS_IN = """(password_hash IS NOT NULL
                OR EXISTS (SELECT 1 FROM identity i WHERE i.member_id = member.id))"""


async def _who_sign_in(members: Collection[int]) -> set[int]:
    """The members who can sign in, by a password or an identity at a provider: not people named by an imported text,
    nor voters of the example."""
    if not members:
        return set()
    every = tuple(members)
    found: set[int] = set()
    for some in (every[i : i + _AT_ONCE] for i in range(0, len(every), _AT_ONCE)):
        query = f"SELECT id FROM member WHERE id IN ({places(len(some))}) AND {_SIGNS_IN}"
        found |= {r["id"] for r in await rows(query, *some)}
    return found


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


async def tell_of_proposal(
    proposal: int, event: Event, members: Collection[int], now: datetime, *, key: object, actor: int | None
) -> None:
    """Notify members of what happens to a proposal, in the caller's transaction; never the person who does it. `key`
    distinguishes this event from others of the same kind (a version, the number of an answer)."""
    await _tell_members("proposal_id", proposal, event, set(members) - {actor}, f"{event}:{proposal}:{key}", now)


async def tell_of_theme(
    theme: int, event: Event, members: Collection[int], now: datetime, *, key: object, actor: int | None
) -> None:
    """Notify members that the votes of a theme were moved or closed, in the caller's transaction; never the person who
    did it."""
    await _tell_members("theme_id", theme, event, set(members) - {actor}, f"{event}:theme {theme}:{key}", now)


async def tell_of_thread(
    thread: int, event: Event, members: Collection[int], now: datetime, *, key: object, actor: int | None
) -> None:
    """Notify members of what moderators did with a thread that holds their words, in the caller's transaction; never
    the person who did it."""
    await _tell_members("thread_id", thread, event, set(members) - {actor}, f"{event}:thread {thread}:{key}", now)


async def tell_of_moderation(
    event: Event,
    members: Collection[int],
    now: datetime,
    *,
    key: str,
    actor: int | None,
    decision: int | None = None,
    case: int | None = None,
) -> None:
    """Notify members of a decision, or of a case that waits, in the caller's transaction; never the person who
    acts."""
    column, thing = ("decision_id", decision) if decision is not None else ("case_id", case)
    assert thing is not None, "it is about one of the two"
    await _tell_members(column, thing, event, set(members) - {actor}, f"{event}:{key}", now)


async def tell_of_correction(member: int, now: datetime) -> None:
    """Notify a member that their name or organisation was corrected, in the caller's transaction; their account says
    by which rule and why."""
    if await _who_sign_in((member,)):
        await rows(
            "INSERT INTO notification (member_id, event, key, created_at) VALUES ($1, $2, $3, $4)",
            *(member, Event.CORRECTED.value, f"{Event.CORRECTED}:{now.isoformat()}", now),
        )


async def _tell_members(
    column: str, thing: int, event: Event, members: Collection[int], key: str, now: datetime
) -> None:
    readers = sorted(await _who_sign_in(members))
    for some in (readers[i : i + _AT_ONCE] for i in range(0, len(readers), _AT_ONCE)):
        wanted = places(len(some), after=4)
        await rows(
            f"""
            INSERT INTO notification (member_id, {column}, event, key, created_at)
            SELECT m.id, CAST($1 AS INTEGER), $2, $3, $4 FROM member m WHERE m.id IN ({wanted})
                ON CONFLICT (member_id, key) DO NOTHING""",
            thing,
            event.value,
            key,
            now,
            *some,
        )


STANDS = """NOT (n.event IN ('quote', 'reply', 'mention') AND EXISTS (
                   SELECT 1 FROM post np WHERE np.id = n.post_id AND np.state <> 'shown'))"""
"""That a notification is not of words that are no longer shown: it waits for them to be shown again."""

_NEWEST_FIRST = SortOrder({"n.id": int}, newest_first=True)


async def list_notices(viewer: Viewer | None, turn: PageTurn = FIRST) -> Page[Notice]:
    """A page of the events for this member, newest first. Raises SignInRequired."""
    viewer = demand(may_read_notifications, viewer)
    found = await read_page(
        f"""SELECT n.id, n.post_id, n.thread_id, n.event, n.created_at, n.read_at, n.decision_id, n.case_id,
                  {signed("p.id", "m")} AS author, t.title,
                  COALESCE(substr(p.plain, 1, 200), q.wording, '') AS excerpt, q.number AS proposal_number,
                  h.number AS theme_number, h.title AS theme_title
             FROM notification n
             LEFT JOIN post p ON p.id = n.post_id LEFT JOIN thread t ON t.id = COALESCE(p.thread_id, n.thread_id)
             LEFT JOIN member m ON m.id = p.author_id
             LEFT JOIN proposal q ON q.id = n.proposal_id
             LEFT JOIN theme h ON h.id = COALESCE(n.theme_id, q.theme_id)
            WHERE n.member_id = $1 AND {STANDS}""",
        [viewer.id],
        _NEWEST_FIRST,
        turn,
        SHOWN,
    )
    return found.of(map(_notice, found.shown))


def _notice(found: Row) -> Notice:
    number = found["proposal_number"]
    return Notice(
        id=found["id"],
        event=Event(found["event"]),
        post=found["post_id"],
        author=found["author"],
        thread=found["thread_id"],
        thread_title=found["title"] or "",
        reference=None if number is None else reference(found["theme_number"], number),
        theme=found["theme_number"],
        theme_title=found["theme_title"] or "",
        decision=found["decision_id"],
        case=found["case_id"],
        excerpt=found["excerpt"],
        created_at=found["created_at"],
        is_new=found["read_at"] is None,
    )


async def mark_read(viewer: Viewer | None, shown: Collection[int], now: datetime) -> None:
    """Mark these notices, which a page showed, as seen: those of other pages, and later ones, stay new.

    Raises:
        SignInRequired: nobody is signed in.
        Invalid: more than a page shows.
    """
    viewer = demand(may_read_notifications, viewer)
    seen = sorted(set(shown))
    if len(seen) > SHOWN:
        raise Invalid("Au plus {most} notifications à la fois.", values={"most": SHOWN})
    wanted = places(len(seen), after=2) or "NULL"
    async with transaction():
        await rows(
            f"UPDATE notification SET read_at = $1 WHERE member_id = $2 AND read_at IS NULL AND id IN ({wanted})",
            now,
            viewer.id,
            *seen,
        )


async def forget_read(now: datetime) -> None:
    """Delete notices that were seen long ago."""
    await rows(
        "DELETE FROM notification WHERE read_at <= $1", now - timedelta(days=settings().retention.notification_days)
    )
