"""Reading contributions: one of them, at a revision, the words behind quotes.

Writing them is in `post_writing.py`, reading a whole thread in `threads.py`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice, pairwise

from anyio.to_thread import run_sync

from forum.database import Row, places, row, rows
from forum.domain.references import storable
from forum.domain.signatures import signed
from forum.domain.themes.themes import THEME_COLUMNS, Hold, ThemeHead, holding, theme_from
from forum.domain.withheld import ASIDE_COLUMNS, Aside, aside_from, aside_of
from forum.errors import Conflict, Invalid, NotFound
from forum.models.moderation import Moderated
from forum.models.posts import PostKind, PostState
from forum.permissions import Viewer, demand, may_contribute, may_edit_post, may_reuse
from forum.settings import settings
from forum.text import quotes
from forum.text.differences import Difference, differences
from forum.text.quotes import MARKER, QuoteMark
from forum.text.reading import read


@dataclass(frozen=True, slots=True)
class PostPlace:
    """Where a contribution is, or will be: its thread, and the theme whose schedule applies."""

    thread: int
    thread_title: str
    theme: ThemeHead
    locked: bool = False
    moved_into: int | None = None


@dataclass(frozen=True, slots=True)
class QuotedWords:
    """Words of another contribution as a quote shows them; `author` is None when unknown. Of a contribution that is not
    shown there are neither."""

    mark: QuoteMark
    author: str | None
    words: str
    author_id: int | None = None
    state: PostState = PostState.SHOWN
    sha256: str = ""
    """The digest of the quoted words, shown or not, when the quote was read to be written."""


@dataclass(frozen=True, slots=True)
class OnePost:
    """A contribution with what its own pages need: quoted, edited, read at a revision. `rewrites` counts what took
    words out of it otherwise than by an edit."""

    id: int
    number: int
    kind: PostKind
    state: PostState
    author_id: int | None
    author: str | None
    source: str
    html: str
    plain: str
    revision: int
    written_at: datetime | None
    place: PostPlace
    aside: Aside | None = None
    rewrites: int = 0

    @property
    def version(self) -> int:
        """What the form of an edit holds: greater after each edit, and once moderators or an erasure took words out."""
        return self.revision + self.rewrites


@dataclass(frozen=True, slots=True)
class Revision:
    """The words of a contribution at one revision, with those that it quotes."""

    number: int
    source: str
    html: str
    plain: str
    created_at: datetime
    quoted: tuple[QuotedWords, ...]


@dataclass(frozen=True, slots=True)
class RevisionChange:
    """A revision, and what it changed of the one before: in the words of the author, empty for the first; whether it
    quotes others (`requotes`)."""

    revision: Revision
    words: tuple[Difference, ...] = ()
    requotes: bool = False

    @property
    def rewords(self) -> bool:
        """Whether a word, or a sign, is another; otherwise the quotes are, or only what words look like."""
        return any(piece.kind != "same" for piece in self.words)


_ELSEWHERE = "Ces mots viennent de changer de thème. Rechargez la page, puis recommencez."


async def _held(theme_of: str, thing: int, hold: Hold | None) -> int | None:
    """The theme that was held, found by the id $1; None: none was asked for, or there is no such thing."""
    if hold is None:
        return None
    found = await row(f"SELECT t.id FROM theme t WHERE t.id = ({theme_of}){holding(hold)}", storable(thing))
    return found["id"] if found else None


def _refuse_other(held: int | None, place: PostPlace) -> None:
    """Raises:
    Conflict: the words went to another theme while this transaction waited for theirs.
    """
    if held not in (None, place.theme.id):
        raise Conflict(_ELSEWHERE)


async def read_place(thread: int, *, hold: Hold | None = None) -> PostPlace:
    """Where a contribution would go; `hold` locks its theme for the caller's transaction.

    Raises:
        NotFound: there is no such thread.
        Conflict: moderators moved it to another theme while this waited for its theme.
    """
    # A separate statement: the next one must see what moderators did while this one waited.
    held = await _held("SELECT f.theme_id FROM thread f WHERE f.id = $1", thread, hold)
    found = await row(
        f"""SELECT f.id, f.title, f.locked, f.moved_into_id, {THEME_COLUMNS}
              FROM thread f JOIN theme t ON t.id = f.theme_id WHERE f.id = $1""",
        storable(thread),
    )
    if found is None:
        raise NotFound
    place = _place(found)
    _refuse_other(held, place)
    return place


async def open_place(thread: int, *, hold: Hold | None = None, answered: int | None = None) -> PostPlace:
    """Where a reply to that thread goes: into the one that its contributions went to, or that the contribution being
    answered went to. `hold` locks its theme for the caller's transaction.

    Raises:
        NotFound: there is no such thread.
        Conflict: moderators moved them to another theme while this waited for the theme.
    """
    place = await read_place(await _leads_to(thread, answered), hold=hold)
    if hold is None:
        return place
    # Moderators may have moved contributions while this waited for the theme.
    where = await _leads_to(thread, answered)
    if where == place.thread:
        return place
    moved = await read_place(where)
    _refuse_other(place.theme.id, moved)
    return moved


async def _leads_to(thread: int, answered: int | None) -> int:
    """The thread where a reply goes now."""
    if answered is not None and (moved := await row(_ANSWERED_ELSEWHERE, storable(answered), storable(thread))):
        return int(moved["thread_id"])
    while (found := await row("SELECT moved_into_id FROM thread WHERE id = $1", storable(thread))) is not None:
        if found["moved_into_id"] is None:
            break
        thread = found["moved_into_id"]
    return thread


# The thread where a contribution of the thread $2 is now.
_ANSWERED_ELSEWHERE = """
    SELECT p.thread_id FROM post p JOIN moved_post v ON v.post_id = p.id JOIN thread_turn u ON u.id = v.turn_id
     WHERE p.id = $1 AND p.thread_id <> $2 AND (u.thread_id = $2 OR u.other_id = $2) LIMIT 1"""


async def place_to_reply(
    viewer: Viewer | None, thread: int, now: datetime, *, answered: int | None = None
) -> PostPlace:
    """The thread that this person may write in: what the form of a reply shows.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    place = await open_place(thread, answered=answered)
    demand(may_contribute, viewer, place.theme.schedule, now, locked=place.locked)
    return place


def _place(found: Row) -> PostPlace:
    return PostPlace(found["id"], found["title"], theme_from(found), found["locked"], found["moved_into_id"])


async def read_post(post: int, *, hold: Hold | None = None) -> OnePost:
    """A contribution in its present state; `hold` locks its theme for the caller's transaction.

    Raises:
        NotFound: there is no such contribution.
        Conflict: moderators moved it to another theme while this waited for its theme.
    """
    # A separate statement: the next one must see edits made while waiting for the theme.
    held = await _held("SELECT f.theme_id FROM post p JOIN thread f ON f.id = p.thread_id WHERE p.id = $1", post, hold)
    found = await row(
        f"""SELECT p.id AS post_id, p.number AS post_number, p.kind, p.state, p.author_id,
                   {signed("p.id", "m")} AS author, p.source, p.html, p.plain, p.revision, p.rewrites,
                   p.written_at, f.id, f.title, f.locked, f.moved_into_id, {ASIDE_COLUMNS}, {THEME_COLUMNS}
              FROM post p JOIN thread f ON f.id = p.thread_id JOIN theme t ON t.id = f.theme_id
              LEFT JOIN member m ON m.id = p.author_id {aside_of(Moderated.POST, "p")} WHERE p.id = $1""",
        storable(post),
    )
    if found is None:
        raise NotFound
    place = _place(found)
    _refuse_other(held, place)
    return OnePost(
        id=found["post_id"],
        number=found["post_number"],
        kind=PostKind(found["kind"]),
        state=PostState(found["state"]),
        author_id=found["author_id"],
        author=found["author"],
        source=found["source"],
        html=found["html"],
        plain=found["plain"],
        revision=found["revision"],
        written_at=found["written_at"],
        place=place,
        aside=aside_from(found),
        rewrites=found["rewrites"],
    )


async def post_to_edit(viewer: Viewer | None, post: int, now: datetime) -> OnePost:
    """The contribution that this person may edit: what the form shows.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await read_post(post)
    demand(may_edit_post, viewer, found.author_id, found.place.theme.schedule, now, state=found.state)
    return found


async def post_to_quote(viewer: Viewer | None, post: int, now: datetime) -> OnePost:
    """The contribution that this person may quote in a reply.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await read_post(post)
    demand(may_contribute, viewer, found.place.theme.schedule, now, locked=found.place.locked)
    may_reuse(found.state).require()
    return found


async def read_history(post: int) -> list[RevisionChange]:
    """Every revision with what it changed, the newest first. Two long texts take a tenth of a second to compare: they
    are in a thread."""
    found = await _with_quotes(
        await rows(
            """SELECT number, source, html, plain, created_at FROM post_revision WHERE post_id = $1 ORDER BY number""",
            post,
        )
    )
    changed = await run_sync(lambda: [_change(before, after) for before, after in pairwise(found)])
    return [*reversed(changed), *(RevisionChange(first) for first in found[:1])]


def _change(before: Revision, after: Revision) -> RevisionChange:
    def marks(one: Revision) -> list[QuoteMark]:
        return [quote.mark for quote in one.quoted]

    return RevisionChange(after, differences(before.plain, after.plain), marks(before) != marks(after))


async def read_revision(post: int, number: int) -> Revision:
    """The words of a contribution at one revision. Raises NotFound: it never had that revision."""
    found = await row(
        "SELECT number, source, html, plain, created_at FROM post_revision WHERE post_id = $1 AND number = $2",
        storable(post),
        storable(number),
    )
    if found is None:
        raise NotFound
    return (await _with_quotes([found]))[0]


async def _with_quotes(found: Sequence[Row]) -> list[Revision]:
    """Revisions with the words that they quote, read from the sources again: the table of quotes has only those of the
    last revision."""
    marks = await run_sync(_marks_of, [r["source"] for r in found])
    quoted = iter(await quoted_words(chain.from_iterable(marks)))
    return [
        Revision(
            number=r["number"],
            source=r["source"],
            html=r["html"],
            plain=r["plain"],
            created_at=r["created_at"],
            quoted=tuple(islice(quoted, len(own))),
        )
        for r, own in zip(found, marks, strict=True)
    ]


async def quoted_in(source: str) -> list[QuotedWords]:
    """The words that a contribution quotes, read from its source."""
    (marks,) = await run_sync(_marks_of, [source])
    return await quoted_words(marks)


def _marks_of(sources: Sequence[str]) -> list[tuple[QuoteMark, ...]]:
    return [read(source).quotes if MARKER.search(source) else () for source in sources]


def mark_words(quoted: OnePost, wanted: str | None, *, near: int = 0) -> QuoteMark:
    """The quote mark of a whole contribution, or of the words that somebody selected or copied from it.

    Raises:
        Invalid: these words are not in the contribution.
    """
    if wanted is None:
        whole = quoted.plain.strip()
        if not whole:
            raise Invalid("Cette contribution ne contient que des citations : citez plutôt la contribution d’origine.")
        start = quoted.plain.index(whole)
        return QuoteMark(quoted.id, quoted.revision, start, start + len(whole))
    place = quotes.locate(quoted.plain, wanted[: settings().limits.post_characters], near=near)
    if place is None:
        raise Invalid("Ces mots ne se trouvent pas tels quels dans la contribution.", field="mots")
    return QuoteMark(quoted.id, quoted.revision, *place)


async def quoted_words(marks: Iterable[QuoteMark]) -> list[QuotedWords]:
    """The words behind quote marks, in their order, in one query.

    Raises:
        Invalid: a mark leads to no contribution, revision or range.
    """
    wanted = list(marks)
    sources = await _sources_of(wanted)
    return [_quoted(mark, sources.get((mark.post, mark.revision))) for mark in wanted]


async def known_quotes(marks: Iterable[QuoteMark]) -> list[QuotedWords]:
    """The words behind quote marks, leaving out marks that lead nowhere: what a form can show of its own marks."""
    wanted = list(marks)
    sources = await _sources_of(wanted)
    known = []
    for mark in wanted:
        try:
            known.append(_quoted(mark, sources.get((mark.post, mark.revision))))
        except Invalid:
            continue  # sending the form reports it
    return known


async def _sources_of(marks: list[QuoteMark]) -> dict[tuple[int, int], Row]:
    """The quoted revisions with their authors, by contribution and revision."""
    if not marks:
        return {}
    wanted = sorted({m.post for m in marks})
    found = await rows(
        f"""SELECT r.post_id, r.number, r.plain, p.state, p.author_id, {signed("p.id", "m")} AS author,
                   k.words AS kept
              FROM post_revision r JOIN post p ON p.id = r.post_id LEFT JOIN member m ON m.id = p.author_id
              LEFT JOIN withheld k ON k.table_name = 'post_revision' AND k.row_id = r.id
             WHERE r.post_id IN ({places(len(wanted))})""",
        *wanted,
    )
    return {(r["post_id"], r["number"]): r for r in found}


def _quoted(mark: QuoteMark, source: Row | None) -> QuotedWords:
    if source is None:
        raise Invalid("Une citation ne correspond à aucune contribution : retirez-la ou citez à nouveau.")
    plain = json.loads(source["kept"])["plain"] if source["kept"] else source["plain"]
    words = quotes.words(plain, mark.start, mark.end)
    state = PostState(source["state"])
    if state is not PostState.SHOWN:
        return QuotedWords(mark, None, "", state=state, sha256=quotes.digest(words))
    return QuotedWords(mark, source["author"], words, source["author_id"], sha256=quotes.digest(words))
