"""Reading and opening threads.

The reading path is short on purpose. `thread_state` is one indexed row: which version the page has, what the schedule
allows; a door that has cached the page of that version needs nothing more. `read_thread` returns everything that the
page shows in a fixed number of queries, whatever the number of posts. Posts are written in `post_writing.py`.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from forum.database import Row, row, rows, transaction
from forum.domain.discussion.extracts import ShownExtract, extracts_of, highlighted
from forum.domain.discussion.newcomers import must_wait, refuse_links
from forum.domain.discussion.pending_posts import Waiting, hold_back
from forum.domain.discussion.post_writing import (
    CheckedPost,
    Preview,
    Written,
    begin_to_publish,
    prepare,
    preview_of,
    published_by,
    refuse_hidden_quotes,
    write_post,
)
from forum.domain.discussion.posts import PostPlace, QuotedWords
from forum.domain.discussion.sent_forms import NO_FORM, AlreadySent, Sending
from forum.domain.discussion.thread_notes import (
    DepartedPost,
    MoveNote,
    ThreadNote,
    departed_from,
    moves_of,
    notes_of,
)
from forum.domain.discussion.thread_pages import (
    TAGGED,
    PageSpan,
    line_span,
    meeting_span,
    page_start,
    tree_span,
    tree_start,
)
from forum.domain.references import LARGEST_ID, storable
from forum.domain.signatures import RECEIVED, RECEIVED_COLUMNS, RECEIVED_SHOWN, Received, received_from, signed
from forum.domain.themes.themes import THEME_COLUMNS, Hold, ThemeHead, find_theme, hold_theme, theme_from
from forum.domain.votes.votes import ProposalLine, lines_under_posts
from forum.domain.withheld import ASIDE_COLUMNS, NOT_SHOWN, Aside, aside_from, aside_of
from forum.errors import Checks, NotFound, Unavailable
from forum.models.meetings import TagState
from forum.models.members import Role
from forum.models.moderation import Moderated
from forum.models.posts import PostKind, PostState
from forum.permissions import Viewer, demand, may_contribute
from forum.settings import settings
from forum.text.quotes import QuoteMark, words
from forum.text.source import clean_line

# How many times a page is read again because somebody edited it meanwhile.
READINGS = 5
_QUOTE_ELEMENT = re.compile(r'<cahier-quote n="(\d+)"></cahier-quote>')


@dataclass(frozen=True, slots=True)
class ThreadState:
    """What decides which cached page answers: the version of the thread, its size and the schedule of its theme.
    `shown_count` of its contributions are shown, of which `received_count` were received elsewhere. `rewrites` counts
    the changes of its title that no moderator typed."""

    id: int
    version: int
    posts_count: int
    last_number: int
    shown_count: int
    received_count: int
    title: str
    locked: bool
    pinned: bool
    turns: int
    rewrites: int
    moved_into: int | None
    moved_title: str
    """The thread that all its contributions went to."""
    group_name: str
    theme: ThemeHead

    @property
    def mark(self) -> int:
        """What the form of an act holds: greater after each act, and once the title is masked, back or redacted."""
        return self.turns + self.rewrites


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a contribution; `example` says that this person is invented, `role` that they are more than a
    member, `moderates` that they moderate the theme."""

    id: int
    name: str
    handle: str
    organisation: str
    example: bool
    role: Role
    moderates: bool


@dataclass(frozen=True, slots=True)
class AnsweredPost:
    """The contribution being answered, without its author when it is not shown. It may have been moved to another
    thread (`elsewhere`)."""

    id: int
    number: int
    author: str | None
    state: PostState
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A meeting tag of a contribution; a waiting one is shown only to the group's moderators. `meeting` is None while
    the group has no meeting of that number."""

    meeting: int | None
    number: int
    waiting: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a contribution: its own HTML, or a quote."""

    html: str = ""
    quote: QuotedWords | None = None


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A contribution as its thread shows it; `opening` is its first words, for the table of posts. Of one that is
    `aside` only its place, its date and what it answers are there."""

    id: int
    number: int
    kind: PostKind
    author: Author | None
    pieces: tuple[Piece, ...]
    written_at: datetime | None
    edited_at: datetime | None
    revision: int
    answers: AnsweredPost | None
    opening: str
    tags: tuple[Tag, ...]
    proposals: tuple[ProposalLine, ...]
    extracts: tuple[ShownExtract, ...]
    author_id: int | None = None
    """Who wrote it, for what only they may do; its page names nobody when it is not shown."""
    aside: Aside | None = None
    received: Received | None = None
    """Where it comes from, when it was not written on the site; it has no `author` then."""
    replies: int = 0
    """How many contributions of its thread answer it and are shown; `first_reply` is the first of them."""
    first_reply: int | None = None
    depth: int = 0
    """In the tree, 1 for a contribution that answers none of its thread."""

    @property
    def noted(self) -> tuple[ShownExtract, ...]:
        """The extracts to list under the post, in addition to the proposals that are shown there."""
        shown = {line.reference for line in self.proposals}
        return tuple(each for each in self.extracts if each.begun not in shown)


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """One page of a thread: at most `limits.posts_per_page` contributions that are shown, in their order or, `tree`,
    each before those that answer it. It begins after the number `after` (`thread_pages.py`).

    `meeting` is the number of the meeting that these come from, `count` how many do; None: the whole thread.
    """

    state: ThreadState
    after: int
    posts: tuple[ShownPost, ...]
    meetings: tuple[int, ...] = ()
    """Numbers of the meetings that contributions of the thread publicly come from."""
    meeting: int | None = None
    count: int = 0
    tree: bool = False
    notes: tuple[ThreadNote, ...] = ()
    """What moderators did with the thread."""
    moves: Mapping[int, tuple[MoveNote, ...]] = field(default_factory=dict)
    """What they moved, by the contribution that it is told before; 0: after the last one."""
    departed: tuple[DepartedPost, ...] = ()
    previous: int | None = None
    next: int | None = None
    """The keys of the pages beside it, where there are any."""

    @property
    def numbers(self) -> tuple[int, int]:
        """The smallest and the largest number on the page; of an empty one 0."""
        shown = [post.number for post in self.posts] or [0]
        return min(shown), max(shown)

    @property
    def here(self) -> frozenset[int]:
        """The contributions that the page shows."""
        return frozenset(post.id for post in self.posts)


_STATE = f"""
    SELECT f.id, f.version, f.posts_count, f.last_number, f.posts_count - {NOT_SHOWN.format("f")} AS shown_count,
           {RECEIVED_SHOWN.format("f.id")} AS received_count, f.title, f.locked, f.pinned, f.turns,
           f.rewrites, g.name AS group_name, f.moved_into_id,
           COALESCE(i.title, '') AS moved_title, {THEME_COLUMNS}
      FROM thread f JOIN theme t ON t.id = f.theme_id JOIN working_group g ON g.id = t.working_group_id
      LEFT JOIN thread i ON i.id = f.moved_into_id
     WHERE f.id = $1"""


async def thread_state(thread: int) -> ThreadState:
    """The state of a thread. Raises NotFound: no such thread."""
    found = await row(_STATE, storable(thread))
    if found is None:
        raise NotFound
    return ThreadState(
        id=found["id"],
        version=found["version"],
        posts_count=found["posts_count"],
        last_number=found["last_number"],
        shown_count=found["shown_count"],
        received_count=found["received_count"],
        title=found["title"],
        locked=found["locked"],
        pinned=found["pinned"],
        turns=found["turns"],
        rewrites=found["rewrites"],
        moved_into=found["moved_into_id"],
        moved_title=found["moved_title"],
        group_name=found["group_name"],
        theme=theme_from(found),
    )


async def find_post(post: int, *, tree: bool = False) -> tuple[int, int]:
    """The thread of a contribution and the key of the page that holds it, in line or in the tree. Raises NotFound."""
    found = await row("SELECT thread_id, number FROM post WHERE id = $1", storable(post))
    if found is None:
        raise NotFound
    thread, number = found["thread_id"], found["number"]
    if not tree:
        return thread, page_start(number)
    return thread, await tree_start(thread, number, settings().limits.posts_per_page)


async def read_thread(
    state: ThreadState,
    after: int,
    now: datetime,
    *,
    meeting: int | None = None,
    tree: bool = False,
    size: int | None = None,
) -> ThreadPage:
    """The page of a thread after that number as a visitor sees it, in a fixed number of queries.

    `meeting`: only the contributions that come from the meeting of that number; `tree`: each before those that answer
    it; `size`: how many at most, by default `limits.posts_per_page`.
    """
    span = await _span(state, min(after, LARGEST_ID - 1), meeting, size or settings().limits.posts_per_page, tree)
    found, quoted = await _posts_with_quotes(state.id, span)
    if tree:
        order = {number: place for place, number in enumerate(span.depths)}
        found = sorted(found, key=lambda each: order[each["number"]])
    tags = await _tags(state.id, span)
    posts = [r["id"] for r in found]
    proposals = await lines_under_posts(posts, now)
    extracts = await extracts_of(posts)
    # A thread that no moderator touched asks nothing more.
    past = await _past_of(state.id, found, span) if state.turns and not meeting else {}
    return ThreadPage(
        state=state,
        after=after,
        posts=tuple(
            replace(
                _shown(r, quoted[r["id"]], tags[r["id"]], proposals.get(r["id"], ()), extracts.get(r["id"], ())),
                depth=span.depths.get(r["number"], 0),
            )
            for r in found
        ),
        meetings=await _meetings_of(state.id),
        meeting=meeting,
        count=await _count_of(state.id, meeting) if meeting else state.posts_count,
        tree=tree,
        previous=span.previous,
        next=span.next,
        **past,
    )


async def _span(state: ThreadState, after: int, meeting: int | None, size: int, tree: bool) -> PageSpan:
    if meeting:
        return await meeting_span(state.id, after, meeting, size)
    if tree:
        return await tree_span(state.id, after, size)
    return await line_span(state.id, after, last_number=state.last_number, shown_count=state.shown_count, size=size)


async def _past_of(thread: int, shown: Sequence[Row], span: PageSpan) -> dict[str, Any]:
    """What a page tells of the moderators: their acts, what they moved, where that is."""
    moves: defaultdict[int, list[MoveNote]] = defaultdict(list)
    for note in await moves_of(thread, span.first, span.last):
        place = note.numbers[0][0]
        moves[next((each["id"] for each in shown if each["number"] >= place), 0)].append(note)
    return {
        "notes": await notes_of(thread),
        "moves": {post: tuple(notes) for post, notes in moves.items()},
        "departed": await departed_from(thread, span.first, span.last),
    }


async def _meetings_of(thread: int) -> tuple[int, ...]:
    found = await rows(f"SELECT DISTINCT m.number {TAGGED} ORDER BY m.number", thread)
    return tuple(each["number"] for each in found)


async def _count_of(thread: int, meeting: int) -> int:
    found = await row(f"SELECT COUNT(*) AS posts {TAGGED} AND m.number = $2", thread, meeting)
    return int(found["posts"]) if found else 0


async def _posts_with_quotes(thread: int, span: PageSpan) -> tuple[Sequence[Row], defaultdict[int, list[QuotedWords]]]:
    """Posts and the words that they quote, at one instant: both are read again if an edit came between.

    Raises:
        Unavailable: they never agreed, which takes somebody who edits all the time.
    """
    for _ in range(READINGS):
        found = await rows(_POSTS.format(span.where), thread, *span.values)
        revisions = {r["id"]: r["revision"] for r in found}
        quoted: defaultdict[int, list[QuotedWords]] = defaultdict(list)
        for r in await rows(_QUOTES.format(span.where), thread, *span.values):
            if revisions.get(r["post_id"]) != r["post_revision"]:
                break
            mark = QuoteMark(r["quoted_id"], r["revision"], r["start"], r["stop"])
            quoted[r["post_id"]].append(_quoted(mark, r))
        else:
            if all(len(_QUOTE_ELEMENT.findall(r["html"])) == len(quoted[r["id"]]) for r in found):
                return found, quoted
    raise Unavailable("Cette page change trop vite. Réessayez dans un instant.")


def _quoted(mark: QuoteMark, found: Row) -> QuotedWords:
    state = PostState(found["state"])
    if state is not PostState.SHOWN:
        return QuotedWords(mark, None, "", state=state)
    return QuotedWords(mark, found["name"], words(found["plain"], mark.start, mark.end))


# The sign keeps both databases from walking the whole thread in the order of its numbers.
_ANSWERS = "w.reply_to_id = p.id AND +w.thread_id = p.thread_id AND w.state = 'shown'"
_POSTS = f"""
    SELECT p.id, p.number, p.kind, p.html, substr(p.plain, 1, 80) AS opening, p.written_at,
           CASE WHEN EXISTS (SELECT 1 FROM extract e WHERE e.post_id = p.id) THEN p.plain ELSE '' END AS marked,
           p.edited_at, p.revision, p.author_id, m.name, m.handle,
           m.organisation, m.example, m.role, {RECEIVED_COLUMNS},
           EXISTS (SELECT 1 FROM moderator o JOIN thread h ON h.id = p.thread_id JOIN theme t ON t.id = h.theme_id
                    WHERE o.member_id = m.id AND o.working_group_id = t.working_group_id)::bool AS moderates,
           a.id AS answered_id, a.number AS answered_number, a.state AS answered_state,
           (SELECT COUNT(*) FROM post w WHERE {_ANSWERS}) AS replies,
           (SELECT w.id FROM post w WHERE {_ANSWERS} ORDER BY w.number LIMIT 1) AS first_reply,
           {signed("a.id", "am")} AS answered_author, (a.thread_id <> p.thread_id)::bool AS answered_elsewhere,
           {ASIDE_COLUMNS}
      FROM post p LEFT JOIN member m ON m.id = p.author_id {aside_of(Moderated.POST, "p")}
      {RECEIVED}
      LEFT JOIN post a ON a.id = p.reply_to_id LEFT JOIN member am ON am.id = a.author_id
     WHERE p.thread_id = $1 AND {{}} ORDER BY p.number"""

_QUOTES = f"""
    SELECT q.post_id, p.revision AS post_revision, q.position, q.quoted_id, q.revision, q.start, q.stop, r.plain,
           {signed("o.id", "m")} AS name, o.state
      FROM quote q JOIN post p ON p.id = q.post_id AND p.state = 'shown'
      JOIN post_revision r ON r.post_id = q.quoted_id AND r.number = q.revision
      JOIN post o ON o.id = q.quoted_id LEFT JOIN member m ON m.id = o.author_id
     WHERE p.thread_id = $1 AND {{}}
     ORDER BY q.post_id, q.position"""

_TAGS = f"""
    SELECT mt.post_id, mt.meeting_id, me.number AS number, mt.state
      FROM meeting_tag mt JOIN post p ON p.id = mt.post_id JOIN meeting me ON me.id = mt.meeting_id
     WHERE p.thread_id = $1 AND {{}} AND mt.state <> '{TagState.REMOVED.value}'
     UNION ALL
    SELECT u.post_id, NULL, u.number, u.state FROM unknown_tag u JOIN post p ON p.id = u.post_id
     WHERE p.thread_id = $1 AND {{}} AND u.state <> '{TagState.REMOVED.value}'
     ORDER BY number"""


def _shown(
    found: Row,
    quoted: Sequence[QuotedWords],
    tags: Sequence[Tag],
    proposals: tuple[ProposalLine, ...],
    extracts: tuple[ShownExtract, ...],
) -> ShownPost:
    if (aside := aside_from(found)) is not None:
        return _in_its_place(found, aside)
    return ShownPost(
        id=found["id"],
        number=found["number"],
        kind=PostKind(found["kind"]),
        author=_author(found),
        received=received_from(found),
        pieces=pieces_of(highlighted(found["html"], found["marked"], extracts), quoted),
        written_at=found["written_at"],
        edited_at=found["edited_at"],
        revision=found["revision"],
        answers=_answered(found),
        opening=" ".join(found["opening"].split()),
        tags=tuple(tags),
        proposals=proposals,
        extracts=extracts,
        author_id=found["author_id"],
        replies=found["replies"],
        first_reply=found["first_reply"],
    )


def _in_its_place(found: Row, aside: Aside) -> ShownPost:
    """A contribution that is not shown: its place stays, for those that answer it."""
    return ShownPost(
        id=found["id"],
        number=found["number"],
        kind=PostKind(found["kind"]),
        author=None,
        pieces=(),
        written_at=found["written_at"],
        edited_at=None,
        revision=found["revision"],
        answers=_answered(found),
        opening="",
        tags=(),
        proposals=(),
        extracts=(),
        author_id=found["author_id"],
        aside=aside,
        replies=found["replies"],
        first_reply=found["first_reply"],
    )


def _answered(found: Row) -> AnsweredPost | None:
    if found["answered_id"] is None:
        return None
    state = PostState(found["answered_state"])
    author = found["answered_author"] if state is PostState.SHOWN else None
    return AnsweredPost(
        found["answered_id"], found["answered_number"], author, state, elsewhere=found["answered_elsewhere"]
    )


def _author(found: Row) -> Author | None:
    if found["author_id"] is None:
        return None
    return Author(
        id=found["author_id"],
        name=found["name"],
        handle=found["handle"],
        organisation=found["organisation"] or "",
        example=found["example"],
        role=Role(found["role"]),
        moderates=found["moderates"],
    )


def pieces_of(html: str, quoted: Sequence[QuotedWords]) -> tuple[Piece, ...]:
    """Stored HTML cut at its quote elements, each with the words that it shows."""
    parts = _QUOTE_ELEMENT.split(html)
    pieces = []
    for i, part in enumerate(parts):
        if i % 2:
            pieces.append(Piece(quote=quoted[int(part)]))
        elif part.strip():
            pieces.append(Piece(html=part.strip()))
    return tuple(pieces)


async def _tags(thread: int, span: PageSpan) -> defaultdict[int, list[Tag]]:
    tags: defaultdict[int, list[Tag]] = defaultdict(list)
    for r in await rows(_TAGS.format(span.where, span.where), thread, *span.values):
        tags[r["post_id"]].append(Tag(r["meeting_id"], r["number"], r["state"] == TagState.WAITING.value))
    return tags


async def open_thread(
    viewer: Viewer | None, theme_number: int, title: str, source: str, now: datetime, *, sending: Sending = NO_FORM
) -> int | Waiting:
    """Open a thread with its first contribution; returns the id of the thread, or where both wait until moderators have
    read them. What the same form sends twice is opened once.

    Raises:
        NotFound, SignInRequired, NotAllowed: no such theme; nobody signed in; contributions are closed.
        InvalidForm: the title or the text cannot be accepted.
        Conflict: the draft that the form shows is published, or changed in another window.
    """
    theme = await find_theme(theme_number)
    demand(may_contribute, viewer, theme.schedule, now)
    title, draft = await _check(title, source)
    try:
        async with transaction():
            theme = await hold_theme(theme_number, Hold.ALONE, now)
            viewer = demand(may_contribute, viewer, theme.schedule, now)
            publication = await begin_to_publish(viewer.id, sending, f"open {theme.id}", title, draft.source, now)
            await refuse_links(viewer, theme.group, draft.reading.html, now)
            await refuse_hidden_quotes(draft)
            opened = await _open(viewer, theme, title, draft, now)
            await publication.note(opened)
    except AlreadySent as sent:
        opened = await published_by(sent)
    return opened if isinstance(opened, Waiting) else opened.thread


async def _open(viewer: Viewer, theme: ThemeHead, title: str, draft: CheckedPost, now: datetime) -> Written | Waiting:
    if await must_wait(viewer, theme.group, now):
        return await hold_back(viewer, theme, draft.source, now, title=title)
    place = PostPlace(await insert_thread(theme.id, title, viewer.id, now), title, theme)
    return await write_post(viewer.id, place, draft, now, written_at=now, moderates=viewer)


async def preview_thread(
    viewer: Viewer | None, theme_number: int, title: str, source: str, now: datetime
) -> tuple[str, Preview]:
    """The title that a thread would have, and what its first contribution would do. Raises as `open_thread` does."""
    theme = await find_theme(theme_number)
    viewer = demand(may_contribute, viewer, theme.schedule, now)
    title, draft = await _check(title, source)
    return title, await preview_of(draft, viewer, theme.group, now)


async def _check(title: str, source: str) -> tuple[str, CheckedPost]:
    checks = Checks()
    draft: CheckedPost | None = None
    with checks.field("titre"):
        title = clean_line(title, limit=200)
    with checks.field("source"):
        draft = await prepare(source)
    checks.done()
    if draft is None:
        raise NotFound
    return title, draft


async def insert_thread(theme: int, title: str, author: int | None, now: datetime, *, import_key: str = "") -> int:
    """Insert a thread without any contribution yet, inside the caller's transaction; returns its id."""
    found = await row(
        """INSERT INTO thread (theme_id, title, author_id, posts_count, version, created_at, last_post_at, import_key)
           VALUES ($1, $2, $3, 0, 1, $4, $4, $5) RETURNING id""",
        theme,
        title,
        author,
        now,
        import_key or None,
    )
    if found is None:
        raise ValueError("the insertion of a thread gave no id")
    return int(found["id"])
