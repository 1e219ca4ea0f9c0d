"""From a thread copied as text to contributions: parse, report, then one call of the domain.

Used by `python -m forum import-thread FILE --theme N` and by the example consultation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from forum.domain.receptions.imported_threads import Imported, ImportedPost, compare_posts, import_posts
from forum.errors import Invalid, NotFound
from forum.importing.thread_text import ParsedPost, ParsedThread, decode, parse_thread, report
from forum.models.posts import PostKind
from forum.text.quotes import QuoteMark


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was understood, line by line, and what was written (nothing in a dry run)."""

    title: str
    lines: tuple[str, ...]
    posts: int
    instructions: int
    quotes: int
    leading_mentions: int
    tagged: int
    unknown_authors: int
    written: Imported | None


async def import_thread(raw: bytes, *, theme: int, now: datetime, dry_run: bool = False) -> ImportReport:
    """Read a copied thread and write it into a theme.

    Raises:
        ThreadFileError: the file cannot be read; names the line.
        Invalid: there is no such theme, or a contribution cannot be accepted.
        Conflict: a contribution that was imported before reads differently now; the dry run says so too.
    """
    parsed = parse_thread(decode(raw))
    posts = [_imported(p) for p in parsed.posts]
    try:
        if dry_run:
            return _report(parsed, None, await compare_posts(theme, parsed.title, posts))
        written = await import_posts(theme, parsed.title, posts, now)
    except NotFound as problem:
        raise Invalid("Le thème {number} n’existe pas.", field="theme", values={"number": theme}) from problem
    return _report(parsed, written, written.added)


def _imported(post: ParsedPost) -> ImportedPost:
    quote = post.quote
    quoted = (quote.quoted_index, quote.start, quote.end) if quote and quote.quoted_index is not None else None
    return ImportedPost(post.line, PostKind(post.kind), post.author, quoted, _source_of(post))


def _source_of(post: ParsedPost) -> Callable[[QuoteMark | None], str]:
    return lambda mark: post.with_quote(mark) if mark else post.source


def _last_line(added: int, *, is_written: bool) -> str:
    """What was done, or would be."""
    if not added:
        done = "Déjà importé : rien n’a changé."
    elif added == 1:
        done = "1 contribution importée." if is_written else "1 contribution à importer."
    else:
        done = f"{added} contributions " + ("importées." if is_written else "à importer.")
    return done if is_written else f"{done} Rien n’a été écrit (essai)."


def _report(parsed: ParsedThread, written: Imported | None, added: int) -> ImportReport:
    posts = parsed.posts
    return ImportReport(
        title=parsed.title,
        lines=(*report(parsed), _last_line(added, is_written=written is not None)),
        posts=len(posts),
        instructions=sum(PostKind(p.kind) is PostKind.INSTRUCTION for p in posts),
        quotes=sum(p.quote is not None and p.quote.quoted_index is not None for p in posts),
        leading_mentions=sum(p.leading_mention is not None for p in posts),
        tagged=sum(bool(p.meetings) for p in posts),
        unknown_authors=sum(p.author is None for p in posts),
        written=written,
    )
