"""What does a thread copied as text from a forum's page say? (The layout is that of NodeBB's printed topics.)

The first line is the title. Posts are bullets at two spaces; the rest of a post is indented by four, inner bullets
included; a last line "Log in to reply" ends the page. The text names only the authors whom a later post quotes: no
author is invented. Nothing is written here: the domain creates posts from what this module returns.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from forum.errors import Invalid
from forum.text.line_ends import with_line_ends
from forum.text.meetings import tag_label
from forum.text.quotes import QuoteMark
from forum.text.reading import read

# Stands at the head of a quoting post until its quoted post has an id.
PLACEHOLDER = "{{citation ?}}"

_BLANK = "[ \u00a0\u202f]"
_OUTER = re.compile(rf" {{2}}•{_BLANK}+(?=\S)")
_EMPTY_OUTER = re.compile(rf" {{2}}•{_BLANK}*")
_INNER = re.compile(rf"(?P<indent> *)[•◦▪]{_BLANK}+(?=\S)")
_END = re.compile(r"\s*(?:log in to reply|se connecter pour répondre|connectez-vous pour répondre)\s*", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    rf"@(?P<handle>\S+) (?:a dit|said)(?: (?:dans|in) (?P<title>.+?))?{_BLANK}?:\s*", re.IGNORECASE
)
# A line that ends here inside a post (Shift+Enter) continues it; where a layout follows, the line ends for good.
_BREAK_INSIDE = re.compile("[\v\u2028](?=[^ \v\u2028])")
_BLANK_LINES = re.compile(r"\n{3,}")
_FIRST_WORDS = 60

# To read a post before its quoted post has an id: only what surrounds the quote is used.
_ANY_MARKER = QuoteMark(1, 1, 0, 1).marker()

Kind = Literal["instruction", "contribution"]


class ThreadFileError(Invalid):
    """The file does not have the layout of a thread; `line` counts from 1."""

    def __init__(self, line: int, reason: str):
        super().__init__("Ligne {line} : {reason}", values={"line": line, "reason": reason})
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ParsedQuote:
    """Another post's words, repeated with its author's handle.

    `quoted_index` is the position of the one post whose whole words they are, `start` and `end` its range in that
    post's plain words. None and 0 when no post, or more than one, has these words: they stay a Markdown quote.
    """

    author_handle: str
    title: str
    quoted_index: int | None
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ParsedPost:
    """A post: the line where it begins, its Markdown, and what the text says about it."""

    line: int
    source: str
    author: str | None
    quote: ParsedQuote | None
    meetings: tuple[int, ...]
    leading_mention: str | None
    kind: Kind

    def with_quote(self, mark: QuoteMark) -> str:
        """The source with its placeholder replaced by the marker of the quote."""
        return self.source.replace(PLACEHOLDER, mark.marker(), 1)


@dataclass(frozen=True, slots=True)
class ParsedThread:
    """A thread: its title, and its posts in order."""

    title: str
    posts: tuple[ParsedPost, ...]


@dataclass(frozen=True, slots=True)
class _RawPost:
    """A post's lines as Markdown, not interpreted yet; `squashed` is for comparing without white space."""

    line: int
    source: str
    squashed: str


def decode(raw: bytes) -> str:
    """The text of an UTF-8 file, with or without a byte order mark. Raises ThreadFileError naming the line."""
    if b"\x00" in raw:
        raise ThreadFileError(_line_at(raw, raw.index(b"\x00")), "le fichier n’est pas du texte (octet nul).")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        offset = error.start + len(raw) - len(error.object)
        raise ThreadFileError(_line_at(raw, offset), "le fichier n’est pas en UTF-8.") from error


def parse_thread(text: str) -> ParsedThread:
    """Read a copied thread. Raises ThreadFileError naming the first line that does not fit the layout."""
    lines = with_line_ends(_BREAK_INSIDE.sub("\n    ", text)).split("\n")
    _refuse_binary(lines)
    title, after_title = _title(lines)
    raw_posts = _raw_posts(lines, after_title)
    posts: list[ParsedPost] = []
    for raw in raw_posts:
        posts.append(_understood(raw, raw_posts[: len(posts)], posts))
    return ParsedThread(title, tuple(_with_named_authors(posts)))


def report(parsed: ParsedThread) -> list[str]:
    """For the dry run: what each post was understood to be, one French line for each."""
    return [_report_line(post, parsed.posts) for post in parsed.posts]


def _refuse_binary(lines: Sequence[str]) -> None:
    for number, line in enumerate(lines, start=1):
        if re.search(r"[\x00-\x08\x0e-\x1f\x7f\ufffd\ud800-\udfff]", line):
            raise ThreadFileError(number, "un caractère de cette ligne n’est pas du texte.")


def _title(lines: Sequence[str]) -> tuple[str, int]:
    """The title, and the number of lines read."""
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        if line.startswith("  ") or line.lstrip().startswith("•") or _END.fullmatch(line):
            raise ThreadFileError(index + 1, "le titre manque : il est attendu seul, au début de la première ligne.")
        return line.strip(), index + 1
    raise ThreadFileError(1, "le fichier est vide.")


def _raw_posts(lines: Sequence[str], start: int) -> list[_RawPost]:
    begun: list[tuple[int, list[str]]] = []
    for index in range(start, len(lines)):
        line = lines[index].rstrip()
        if outer := _OUTER.match(line):
            begun.append((index + 1, [line[outer.end() :]]))
        elif _END.fullmatch(line):
            _refuse_words_after_the_end(lines, index + 1)
            break
        elif line and (not begun or not line.startswith("    ")):
            raise ThreadFileError(index + 1, _misplaced(line))
        elif begun:
            begun[-1][1].append(line[4:])
    if not begun:
        raise ThreadFileError(len(lines), "aucune contribution : une contribution commence par deux espaces et « • ».")
    sources = ((line, _markdown(body)) for line, body in begun)
    return [_RawPost(line, source, _squashed(source)) for line, source in sources]


def _misplaced(line: str) -> str:
    if _EMPTY_OUTER.fullmatch(line):
        return "cette contribution est vide."
    return (
        "ce texte n’appartient à aucune contribution (deux espaces et « • » l’ouvrent, quatre espaces la continuent)."
    )


def _refuse_words_after_the_end(lines: Sequence[str], start: int) -> None:
    for index in range(start, len(lines)):
        if lines[index].strip():
            raise ThreadFileError(index + 1, "ce texte suit la fin du fil.")


def _markdown(body: Sequence[str]) -> str:
    """Inner bullets become list items; line breaks stay. A blank line goes before a line that leaves a list, as on the
    page."""
    written: list[str] = []
    in_list = False
    for line in body:
        inner = _INNER.match(line)
        leaves_list = in_list and bool(line) and not inner and not line.startswith(" ")
        in_list = bool(inner) or (in_list and not leaves_list)
        if leaves_list or not line:
            written.append("")
        if line:
            written.append(f"{inner['indent']}* {line[inner.end() :]}" if inner else line)
    return _BLANK_LINES.sub("\n\n", "\n".join(written)).strip("\n")


def _understood(raw: _RawPost, before: Sequence[_RawPost], understood: Sequence[ParsedPost]) -> ParsedPost:
    source, quote = _with_quote_apart(raw.source, before, understood)
    reading = read(source.replace(PLACEHOLDER, _ANY_MARKER, 1) if quote else source)
    return ParsedPost(
        line=raw.line,
        source=source,
        author=None,
        quote=quote,
        meetings=reading.meetings,
        leading_mention=next((mention.handle for mention in reading.mentions if mention.leading), None),
        kind="contribution" if before else "instruction",
    )


def _with_quote_apart(
    source: str, before: Sequence[_RawPost], understood: Sequence[ParsedPost]
) -> tuple[str, ParsedQuote | None]:
    """The source with its quote replaced by the placeholder, or by a Markdown quote when no post has these words."""
    attribution, _, rest = source.partition("\n")
    named = _ATTRIBUTION.fullmatch(attribution)
    if not named:
        return source, None
    paragraphs = rest.strip("\n").split("\n\n")
    quote = ParsedQuote(named["handle"], named["title"] or "", None, 0, 0, paragraphs[0])
    for count in range(len(paragraphs), 0, -1):
        repeated = "\n\n".join(paragraphs[:count])
        squashed = _squashed(repeated)
        same = [index for index, post in enumerate(before) if post.squashed == squashed]
        length = len(_plain(understood[same[0]])) if len(same) == 1 else 0
        if length:
            found = replace(quote, quoted_index=same[0], end=length, text=repeated)
            return "\n\n".join([PLACEHOLDER, *paragraphs[count:]]), found
    # Nothing tells where unknown quoted words end: the first paragraph is taken for them, and the report says so.
    quoted = f"{attribution}\n\n{paragraphs[0]}".strip().split("\n")
    return "\n\n".join(["\n".join(f"> {line}".rstrip() for line in quoted), *paragraphs[1:]]), quote


def _squashed(source: str) -> str:
    return " ".join(source.split())


def _plain(post: ParsedPost) -> str:
    """The plain words of a post that was already parsed."""
    return read(post.source.replace(PLACEHOLDER, _ANY_MARKER, 1) if post.quote else post.source).plain


def _with_named_authors(posts: Sequence[ParsedPost]) -> Iterator[ParsedPost]:
    """A post that others quote gets the author that they name; none when they disagree."""
    for index, post in enumerate(posts):
        names = {
            quoting.quote.author_handle for quoting in posts if quoting.quote and quoting.quote.quoted_index == index
        }
        yield replace(post, author=names.pop() if len(names) == 1 else None)


def _report_line(post: ParsedPost, posts: Sequence[ParsedPost]) -> str:
    words = " ".join(_plain(post).split())
    shown = words if len(words) <= _FIRST_WORDS else words[:_FIRST_WORDS].rstrip() + "…"
    facts = [f"ligne {post.line}", post.kind, f"« {shown} »", *(tag_label(number) for number in post.meetings)]
    if post.quote:
        facts.append(_quote_line(post.quote, posts))
    if post.leading_mention:
        facts.append(f"répond à @{post.leading_mention}")
    return " · ".join([*facts, f"auteur : {post.author}" if post.author else "auteur non connu"])


def _quote_line(quote: ParsedQuote, posts: Sequence[ParsedPost]) -> str:
    if quote.quoted_index is None:
        return (
            f"citation de @{quote.author_handle} non retrouvée : son premier paragraphe reste une citation, à vérifier"
        )
    return f"cite la ligne {posts[quote.quoted_index].line} (@{quote.author_handle})"


def _line_at(raw: bytes, offset: int) -> int:
    return raw.count(b"\n", 0, offset) + 1
