"""Writing contributions: reply, quote, mention, edit.

A contribution is read by the text pipeline once, off the event loop, before its transaction; the transaction holds the
theme, checks what its schedule allows, then writes everything that changes: the post, its revision, quotes, mentions,
meeting tags, notifications, the thread's version. The theme's own pages show no contribution, so the theme's version
does not change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from anyio.to_thread import run_sync

from forum.database import known_row, on_postgres, places, row, rows, transaction
from forum.domain.discussion.meeting_tags import TagToCome, retag, tag, tags_to_come
from forum.domain.discussion.newcomers import must_wait, refuse_links
from forum.domain.discussion.pending_posts import Waiting, hold_back
from forum.domain.discussion.post_drafts import let_go
from forum.domain.discussion.posts import (
    PostPlace,
    QuotedWords,
    open_place,
    place_to_reply,
    post_to_edit,
    quoted_words,
    read_post,
)
from forum.domain.discussion.sent_forms import NO_FORM, AlreadySent, NotedForm, Sending, claim, digest_of, note_sent
from forum.domain.notifications import audience_of, tell
from forum.domain.search.index import refresh
from forum.domain.themes.themes import Hold, raise_versions
from forum.errors import Conflict, Invalid, NotFound
from forum.models.notifications import Event
from forum.models.posts import PostKind, PostState
from forum.models.search import SearchKind
from forum.permissions import Viewer, demand, may_act, may_contribute, may_edit_post, may_moderate
from forum.settings import settings
from forum.text.mentions import WrittenMention, handle_key, without_strangers
from forum.text.quotes import MARKER
from forum.text.reading import RENDERER_VERSION, Reading, read
from forum.text.source import clean_source

# The length of the column of a handle's key.
LONGEST_KEY = 120


@dataclass(frozen=True, slots=True)
class CheckedPost:
    """A contribution that has been read and accepted, but not written yet."""

    source: str
    reading: Reading
    quoted: tuple[QuotedWords, ...]


async def prepare(source: str) -> CheckedPost:
    """Read a contribution without writing it: what a preview shows, what a reply stores.

    Raises:
        Invalid: empty, too long, without words of its own, too many quotes, or a quote of words that do not exist.
    """
    reading = await read_source(source)
    if not reading.plain.strip():
        raise Invalid(
            "Ajoutez vos mots : une étiquette ou une citation seule ne se publie pas. Une ligne qui commence par « > » "
            "est une citation.",
            field="source",
        )
    strangers = {handle_key(each.mention.handle) for each in await _called(reading) if each.member is None}
    reading = replace(reading, html=without_strangers(reading.html, strangers))
    return CheckedPost(clean(source), reading, tuple(await quoted_words(reading.quotes)))


async def refuse_hidden_quotes(draft: CheckedPost, former: str = "") -> None:
    """Nothing of what it quotes may be hidden while it is written, except what it quoted already (`former`).

    Raises:
        Invalid: it quotes words that are not shown.
    """
    kept = {mark.group() for mark in MARKER.finditer(former)}
    wanted = [each.mark for each in draft.quoted if each.mark.marker() not in kept]
    await _hold_quoted(draft)
    # A separate statement: what moderators did while the contributions were waited for.
    for quoted in await quoted_words(wanted):
        if quoted.state is not PostState.SHOWN:
            raise Invalid(_HIDDEN_QUOTE[quoted.state], field="source")


_HIDDEN_QUOTE: Final = {
    PostState.HIDDEN: "Une contribution que vous citez a été masquée depuis. Retirez cette citation, puis publiez.",
    PostState.WITHDRAWN: "Une contribution que vous citez a été retirée depuis. Retirez cette citation, puis publiez.",
}


async def read_source(source: str) -> Reading:
    """A contribution as read, off the event loop.

    Raises:
        Invalid: empty, too long, or too many quotes.
    """
    reading = await run_sync(read, clean(source))
    most = settings().limits.quotes_per_post
    if len(reading.quotes) > most:
        raise Invalid("Une contribution peut porter {limit} citations au plus.", field="source", values={"limit": most})
    return reading


def clean(source: str) -> str:
    """The source to store. Raises Invalid: empty or too long."""
    return clean_source(source, limit=settings().limits.post_characters)


@dataclass(frozen=True, slots=True)
class AnswerTarget:
    """The contribution being answered, and its author, when known."""

    id: int
    author: int | None


@dataclass(frozen=True, slots=True)
class Written:
    """A contribution that was written: its id, its thread and its place there."""

    id: int
    thread: int
    number: int


@dataclass(frozen=True, slots=True)
class Publication:
    """The form that publishes, noted, and the draft that it showed."""

    claimed: NotedForm | None
    draft: int | None

    async def note(self, published: Written | Waiting) -> None:
        """Note what was published, at the end of the transaction."""
        waits = isinstance(published, Waiting)
        post, pending = (None, published.id) if waits else (published.id, None)
        await note_sent(self.claimed, post=post, pending=pending, draft=self.draft)


async def begin_to_publish(
    member: int, sending: Sending, place: str, title: str, source: str, now: datetime
) -> Publication:
    """Called inside the transaction that publishes, which holds the theme, before it writes anything.

    Raises:
        AlreadySent: this form has published these words.
        Conflict: its draft is published, or changed in another window.
    """
    claimed = await claim(member, sending, digest_of(place, title, source), now)
    return Publication(claimed, await let_go(member, sending, title, source))


async def published_by(sent: AlreadySent) -> Written | Waiting:
    """What a form that is sent again has published."""
    if sent.pending is not None:
        return Waiting(sent.pending)
    found = await known_row("SELECT id, thread_id, number FROM post WHERE id = $1", sent.post)
    return Written(found["id"], found["thread_id"], found["number"])


async def reply(
    viewer: Viewer | None,
    thread: int,
    source: str,
    now: datetime,
    *,
    reply_to: int | None = None,
    sending: Sending = NO_FORM,
) -> Written | Waiting:
    """Publish a contribution in a thread, or let it wait where moderators read it first; what the same form sends twice
    is published once.

    Raises:
        NotFound, SignInRequired, NotAllowed: no such thread; nobody signed in; contributions are closed.
        Invalid: the text cannot be accepted.
        Conflict: the draft that the form shows is published, or changed in another window.
    """
    viewer = demand(may_act, viewer, now)
    draft = await prepare(source)
    try:
        async with transaction():
            place = await open_place(thread, hold=Hold.SHARED, answered=reply_to)
            where = f"answer {thread} {reply_to or 0}"
            publication = await begin_to_publish(viewer.id, sending, where, "", draft.source, now)
            demand(may_contribute, viewer, place.theme.schedule, now, locked=place.locked)
            await refuse_links(viewer, place.theme.group, draft.reading.html, now)
            await refuse_hidden_quotes(draft)
            written = await _publish(viewer, place, draft, now, reply_to)
            await publication.note(written)
            return written
    except AlreadySent as sent:
        return await published_by(sent)


async def _publish(
    viewer: Viewer, place: PostPlace, draft: CheckedPost, now: datetime, reply_to: int | None
) -> Written | Waiting:
    answered = await _answered(reply_to, place.thread)
    if await must_wait(viewer, place.theme.group, now):
        return await hold_back(viewer, place.theme, draft.source, now, thread=place.thread, reply_to=reply_to)
    return await write_post(viewer.id, place, draft, now, written_at=now, answered=answered, moderates=viewer)


async def write_post(
    author: int | None,
    place: PostPlace,
    draft: CheckedPost,
    now: datetime,
    *,
    written_at: datetime | None,
    answered: AnswerTarget | None = None,
    kind: PostKind = PostKind.CONTRIBUTION,
    moderates: Viewer | None = None,
) -> Written:
    """Insert a contribution and everything it points to, inside the caller's transaction, which holds the theme.
    `moderates`: its meeting tags are confirmed at once, as a moderator's and an import's are."""
    await _hold_quoted(draft)
    number = await _take_number(place, now)
    inserted = await row(
        """INSERT INTO post (thread_id, number, kind, author_id, reply_to_id, source, html, plain, renderer, revision,
                             created_at, written_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11) RETURNING id""",
        place.thread,
        number,
        kind.value,
        author,
        answered.id if answered else None,
        draft.source,
        draft.reading.html,
        draft.reading.plain,
        RENDERER_VERSION,
        now,
        written_at,
    )
    if inserted is None:
        raise ValueError("the insertion of a post gave no id")
    post: int = inserted["id"]
    await _keep_revision(post, 1, draft, author, now)
    called = await _point(post, draft)
    confirmed = moderates is None or bool(may_moderate(moderates, place.theme.group, now))
    await tag(post, place.theme.group, draft.reading.meetings, author, now, confirmed=confirmed)
    if author is not None:
        await tell(post, author, _concerned(draft, answered, called), now)
    refresh(SearchKind.POST, post)
    return Written(post, place.thread, number)


async def _answered(reply_to: int | None, thread: int) -> AnswerTarget | None:
    """The contribution being answered. Raises Invalid: it is not in this thread."""
    if reply_to is None:
        return None
    found = await row("SELECT author_id FROM post WHERE id = $1 AND thread_id = $2", reply_to, thread)
    if found is None:
        raise Invalid("La contribution à laquelle vous répondez n’est pas dans ce fil.")
    return AnswerTarget(reply_to, found["author_id"])


@dataclass(frozen=True, slots=True)
class ToldPerson:
    """Somebody whom a contribution would notify once published, and why."""

    name: str
    event: Event


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing a draft would do: who would be notified, who was for an earlier version, who would be past the
    limit or cannot sign in (as typed), the handles of no member, which stay plain words, the meeting tags, and whether
    moderators would read it first."""

    draft: CheckedPost
    told: tuple[ToldPerson, ...]
    before: tuple[str, ...]
    beyond: tuple[str, ...]
    absent: tuple[str, ...]
    unknown: tuple[str, ...]
    tags: tuple[TagToCome, ...]
    waits: bool = False


async def preview_reply(
    viewer: Viewer | None, thread: int, source: str, now: datetime, *, reply_to: int | None = None
) -> Preview:
    """What `reply` would publish. Raises as it does."""
    place = await place_to_reply(viewer, thread, now, answered=reply_to)
    viewer = demand(may_contribute, viewer, place.theme.schedule, now, locked=place.locked)
    return await preview_of(
        await prepare(source), viewer, place.theme.group, now, answered=await _answered(reply_to, place.thread)
    )


async def preview_edit(viewer: Viewer | None, post: int, source: str, now: datetime) -> Preview:
    """What `edit` would publish. Raises as it does; whether the contribution changed meanwhile is checked by `edit`."""
    current = await post_to_edit(viewer, post, now)
    theme = current.place.theme
    viewer = demand(may_edit_post, viewer, current.author_id, theme.schedule, now, state=current.state)
    return await preview_of(await prepare(source), viewer, theme.group, now, post=current.id, former=current.source)


async def preview_of(
    draft: CheckedPost,
    viewer: Viewer,
    group: int,
    now: datetime,
    *,
    answered: AnswerTarget | None = None,
    post: int | None = None,
    former: str = "",
) -> Preview:
    """What publishing a draft in a theme of this group would do, by the rules that hold when it is published; `post` is
    the contribution that it replaces, of that source (`former`)."""
    await refuse_links(viewer, group, draft.reading.html, now)
    await refuse_hidden_quotes(draft, former)
    called = await _called(draft.reading)
    audience = await audience_of(_concerned(draft, answered, called), viewer.id, post=post)
    moderates = bool(may_moderate(viewer, group, now))
    names = await _names([*audience.told, *audience.before, *audience.beyond, *audience.absent])
    # Listing handles must not reveal whose they are: people who are not notified are shown as they were typed.
    typed = names | {each.member: f"@{each.mention.handle}" for each in called if each.member is not None}
    return Preview(
        draft=draft,
        told=tuple(ToldPerson(names[member], event) for member, event in audience.told.items()),
        before=tuple(names[member] for member in audience.before),
        beyond=tuple(typed[member] for member in audience.beyond),
        absent=tuple(typed[member] for member in audience.absent),
        unknown=tuple(each.mention.handle for each in called if each.member is None),
        tags=await tags_to_come(group, draft.reading.meetings, confirmed=moderates, post=post),
        waits=post is None and await must_wait(viewer, group, now),
    )


async def _names(members: Sequence[int]) -> dict[int, str]:
    if not members:
        return {}
    found = await rows(f"SELECT id, name FROM member WHERE id IN ({places(len(members))})", *members)
    return {r["id"]: r["name"] for r in found}


async def _hold_quoted(draft: CheckedPost) -> None:
    """Let nobody hide what is quoted before the quote is there for them to find (`moderation/hiding.py`). Before the
    thread, which they lock after."""
    if quoted := sorted({each.mark.post for each in draft.quoted}):
        await on_postgres(f"SELECT id FROM post WHERE id IN ({places(len(quoted))}) ORDER BY id FOR KEY SHARE", *quoted)


async def _take_number(place: PostPlace, now: datetime) -> int:
    """The next place in the thread, whose row stays locked until the commit; its cached pages become stale."""
    taken = await row(
        """UPDATE thread SET posts_count = posts_count + 1, last_number = last_number + 1, version = version + 1,
                             last_post_at = $1
            WHERE id = $2 RETURNING last_number""",
        now,
        place.thread,
    )
    if taken is None:
        raise NotFound
    return int(taken["last_number"])


async def _keep_revision(post: int, number: int, draft: CheckedPost, editor: int | None, now: datetime) -> None:
    await rows(
        """INSERT INTO post_revision (post_id, number, source, html, plain, renderer, editor_id, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        post,
        number,
        draft.source,
        draft.reading.html,
        draft.reading.plain,
        RENDERER_VERSION,
        editor,
        now,
    )


@dataclass(frozen=True, slots=True)
class _Called:
    """A handle in a contribution, and the member who has it, if any."""

    mention: WrittenMention
    key: str
    member: int | None


async def _point(post: int, draft: CheckedPost) -> list[_Called]:
    """Record the quotes and mentions of a contribution; returns the mentions."""
    for position, quoted in enumerate(draft.quoted):
        mark = quoted.mark
        await rows(
            """INSERT INTO quote (post_id, position, quoted_id, revision, start, stop, sha256)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            post,
            position,
            mark.post,
            mark.revision,
            mark.start,
            mark.end,
            quoted.sha256,
        )
    called = await _called(draft.reading)
    for each in called:
        await rows(
            "INSERT INTO mention (post_id, handle, handle_key, is_leading, member_id) VALUES ($1, $2, $3, $4, $5)",
            post,
            each.mention.handle[:60],
            each.key,
            each.mention.leading,
            each.member,
        )
    return called


async def _called(reading: Reading) -> list[_Called]:
    """The members mentioned in a contribution, in the order of its words."""
    # One letter may become eighteen in a key; a handle is compared up to the length of the column.
    mentions: dict[str, WrittenMention] = {}
    for mention in reading.mentions:
        mentions.setdefault(handle_key(mention.handle)[:LONGEST_KEY], mention)
    if not mentions:
        return []
    found = await rows(f"SELECT id, handle_key FROM member WHERE handle_key IN ({places(len(mentions))})", *mentions)
    members = {r["handle_key"]: r["id"] for r in found}
    return [_Called(mention, key, members.get(key)) for key, mention in mentions.items()]


def _concerned(draft: CheckedPost, answered: AnswerTarget | None, called: Sequence[_Called]) -> dict[int, Event]:
    """The people whom a contribution concerns, each once, for the strongest reason: quoted, answered, mentioned."""
    concerned = {quoted.author_id: Event.QUOTE for quoted in draft.quoted if quoted.author_id is not None}
    if answered is not None and answered.author is not None:
        concerned.setdefault(answered.author, Event.REPLY)
    for each in called:
        if each.member is not None:
            concerned.setdefault(each.member, Event.MENTION)
    return concerned


async def edit(
    viewer: Viewer | None, post: int, source: str, version: int, now: datetime, *, sending: Sending = NO_FORM
) -> Written:
    """Replace one's own words; the former ones stay as a revision. `version` is the one that was on the form; what the
    same form sends twice is written once.

    Raises:
        NotFound, SignInRequired, NotAllowed: no such contribution; not one's own; contributions are closed.
        Conflict: it was edited meanwhile, in another window for instance, or lost a passage.
        Invalid: the text cannot be accepted.
    """
    viewer = demand(may_act, viewer, now)
    draft = await prepare(source)
    try:
        return await _edit(viewer, post, draft, version, now, sending)
    except AlreadySent as sent:
        written = await published_by(sent)
        assert isinstance(written, Written), "an edit never waits"
        return written


async def _edit(
    viewer: Viewer, post: int, draft: CheckedPost, version: int, now: datetime, sending: Sending
) -> Written:
    async with transaction():
        current = await read_post(post, hold=Hold.SHARED)
        place = current.place
        publication = await begin_to_publish(viewer.id, sending, f"edit {post}", "", draft.source, now)
        demand(may_edit_post, viewer, current.author_id, place.theme.schedule, now, state=current.state)
        await refuse_links(viewer, place.theme.group, draft.reading.html, now)
        await refuse_hidden_quotes(draft, current.source)
        await raise_versions(thread=place.thread)
        await _replace(post, draft, viewer.id, version, now)
        await rows("DELETE FROM quote WHERE post_id = $1", post)
        await rows("DELETE FROM mention WHERE post_id = $1", post)
        called = await _point(post, draft)
        confirmed = bool(may_moderate(viewer, place.theme.group, now))
        await retag(post, place.theme.group, draft.reading.meetings, viewer.id, now, confirmed=confirmed)
        await tell(post, viewer.id, _concerned(draft, None, called), now)
        refresh(SearchKind.POST, post)
        written = Written(post, place.thread, current.number)
        await publication.note(written)
    return written


async def _replace(post: int, draft: CheckedPost, editor: int, version: int, now: datetime) -> None:
    written = await row(
        """UPDATE post SET source = $1, html = $2, plain = $3, renderer = $4, edited_at = $5, revision = revision + 1
            WHERE id = $6 AND revision + rewrites = $7 RETURNING revision""",
        draft.source,
        draft.reading.html,
        draft.reading.plain,
        RENDERER_VERSION,
        now,
        post,
        version,
    )
    if written is None:
        raise Conflict("Cette contribution a été modifiée entre-temps. Votre texte est gardé ci-dessous.")
    await _keep_revision(post, written["revision"], draft, editor, now)
