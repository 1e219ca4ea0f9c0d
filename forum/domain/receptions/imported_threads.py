"""Importing a thread that was written elsewhere: the same file a second time adds only what is new.

The authors that the text names become members who cannot sign in; the others stay unknown: none is invented. Files are
read in `importing/`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.meeting_tags import ensure_meeting
from forum.domain.discussion.post_writing import CheckedPost, clean, read_source, write_post
from forum.domain.discussion.posts import PostPlace, quoted_words
from forum.domain.discussion.threads import insert_thread
from forum.domain.themes.themes import Hold, find_theme, hold_theme
from forum.errors import Conflict
from forum.models.posts import PostKind
from forum.text.folding import fold
from forum.text.mentions import handle_key
from forum.text.quotes import QuoteMark
from forum.text.reading import Reading


@dataclass(frozen=True, slots=True)
class ImportedPost:
    """A contribution from elsewhere. `quoted` is (place in the thread from 0, start, stop) of the words that it quotes;
    `source` returns the Markdown once the mark of that quote is known."""

    line: int
    kind: PostKind
    author_handle: str | None
    quoted: tuple[int, int, int] | None
    source: Callable[[QuoteMark | None], str]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: the thread, how many contributions it added, how many existed already."""

    thread: int
    added: int
    known: int


async def import_posts(theme_number: int, title: str, posts: Sequence[ImportedPost], now: datetime) -> Imported:
    """Write a thread, or what is new of it, in one transaction, which begins once everything has been read.

    Raises:
        NotFound: no such theme.
        Conflict: a contribution that was imported before reads differently now; the sentence names its line.
        Invalid: a contribution cannot be accepted.
    """
    key = _key(theme_number, title, posts)
    readings = [await read_source(post.source(_to_come(post))) for post in posts]
    group = (await find_theme(theme_number)).group
    async with transaction():
        # What is imported was said at meetings that took place: those that its tags name are created.
        for number in sorted({number for reading in readings for number in reading.meetings}):
            await ensure_meeting(group, number, now)
        # Held alone: otherwise the same file, imported twice at once, would make two threads.
        theme = await hold_theme(theme_number, Hold.ALONE, now)
        thread = await _thread(theme.id, title, key, now)
        place = PostPlace(thread, title, theme)
        existing = await _existing(thread)
        ids = [r["id"] for r in existing[: len(posts)]]
        for i, (post, reading) in enumerate(zip(posts, readings, strict=True)):
            mark = QuoteMark(ids[post.quoted[0]], 1, *post.quoted[1:]) if post.quoted else None
            if i < len(existing):
                _same(existing[i]["source"], post, mark)
                continue
            author = await _named(post.author_handle, now)
            draft = await _draft(post, mark, reading)
            written = await write_post(author, place, draft, now, written_at=None, kind=post.kind)
            ids.append(written.id)
        known = min(len(existing), len(posts))
        if known < len(posts):
            await journal.record(
                None, "import_thread", "thread", thread, group=theme.group, after=str(len(posts) - known), now=now
            )
    return Imported(thread, len(posts) - known, known)


async def compare_posts(theme_number: int, title: str, posts: Sequence[ImportedPost]) -> int:
    """How many contributions `import_posts` would add; nothing is written.

    Raises:
        NotFound, Conflict: like `import_posts`.
    """
    await find_theme(theme_number)
    found = await row("SELECT id FROM thread WHERE import_key = $1", _key(theme_number, title, posts))
    if found is None:
        return len(posts)
    existing = await _existing(found["id"])
    for post, before in zip(posts, existing, strict=False):
        quoted = post.quoted
        _same(before["source"], post, QuoteMark(existing[quoted[0]]["id"], 1, *quoted[1:]) if quoted else None)
    return max(0, len(posts) - len(existing))


def _key(theme_number: int, title: str, posts: Sequence[ImportedPost]) -> str:
    """What identifies an imported thread: its theme, its title and its first words."""
    return sha256(f"{theme_number}\n{fold(title)}\n{fold(posts[0].source(None))}".encode()).hexdigest()


async def _existing(thread: int) -> Sequence[Row]:
    """What was already imported of a thread, in order, in its imported state. Raises Conflict: some of it was moved to
    another thread since, so nothing tells what is missing."""
    moved = "SELECT id FROM thread_turn WHERE (thread_id = $1 OR other_id = $1) AND other_id > 0 AND undone_at IS NULL"
    if await row(moved, thread):
        raise Conflict("Des contributions de ce fil importé ont été déplacées : il ne peut plus être complété.")
    return await rows(
        """SELECT p.id, r.source FROM post p JOIN post_revision r ON r.post_id = p.id AND r.number = 1
            WHERE p.thread_id = $1 ORDER BY p.number""",
        thread,
    )


# No contribution has this id: it stands for one that this import has not written yet.
_UNWRITTEN = 0


def _to_come(post: ImportedPost) -> QuoteMark | None:
    """The mark of a quote before the quoted contribution has its id; words and HTML of a source do not depend on it."""
    return QuoteMark(_UNWRITTEN, 1, *post.quoted[1:]) if post.quoted else None


async def _draft(post: ImportedPost, mark: QuoteMark | None, reading: Reading) -> CheckedPost:
    """The prepared draft, with the mark of the quoted contribution, which is written by now."""
    marks = tuple(mark if mark and each == _to_come(post) else each for each in reading.quotes)
    return CheckedPost(clean(post.source(mark)), replace(reading, quotes=marks), tuple(await quoted_words(marks)))


async def _thread(theme: int, title: str, key: str, now: datetime) -> int:
    found = await row("SELECT id FROM thread WHERE import_key = $1", key)
    return int(found["id"]) if found else await insert_thread(theme, title, None, now, import_key=key)


def _same(source: str, post: ImportedPost, mark: QuoteMark | None) -> None:
    if source != post.source(mark).rstrip():
        raise Conflict(
            "Ligne {line} : cette contribution diffère de celle qui a déjà été importée.", values={"line": post.line}
        )


async def _named(handle: str | None, now: datetime) -> int | None:
    """The member whom the text names, created without a password if there is none of that name."""
    if handle is None:
        return None
    # The column updated must not be a key: changing a key would lock out rows that point to that member.
    found = await row(
        """INSERT INTO member (name, handle, handle_key, role, organisation, locale, confirmed_at, example, created_at)
           VALUES ($1, $1, $2, 'member', '', 'fr', $3, $4, $3)
           ON CONFLICT (handle_key) DO UPDATE SET name = member.name RETURNING id""",
        handle[:60],
        handle_key(handle)[:120],
        now,
        False,
    )
    return int(found["id"]) if found else None
