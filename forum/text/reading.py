"""What does a post show, say, and refer to? The one pipeline from a source to all that we keep of it.

Tags are taken off the ends, Markdown is parsed once, then the same tokens give the HTML and the plain words,
so that both always agree. Run at write time, off the event loop; the result is stored with RENDERER_VERSION.
"""

import re
from dataclasses import dataclass

from forum.text.markdown import parse, render, unwrap
from forum.text.meetings import split_tags
from forum.text.mentions import WrittenMention, handle_key, marked_keys, without_strangers
from forum.text.plain import plain_words
from forum.text.quotes import QuoteMark
from forum.text.sanitise import sanitise

# Raise it when the same source would give different HTML or plain words: it tells which stored posts are older.
RENDERER_VERSION = 2

# clean_source() refuses these; texts from elsewhere must not break the reading either.
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A source as read. All ranges (quotes, extracts) count the code points of `plain`."""

    html: str
    plain: str
    mentions: tuple[WrittenMention, ...]
    meetings: tuple[int, ...]
    quotes: tuple[QuoteMark, ...]


_QUOTE = "<cahier-quote "


def read_anew(source: str, html: str, plain: str) -> str | None:
    """The HTML that a source gives today, where `html` and `plain` are what it gave once. None: its words or its quotes
    would be others, which quotes, extracts and published documents count in; what was stored stays then.

    Whose handle was nobody's when it was written stays a word.
    """
    reading = read(source)
    if reading.plain != plain or len(reading.quotes) != html.count(_QUOTE):
        return None
    strangers = {handle_key(each.handle) for each in reading.mentions} - marked_keys(html)
    return without_strangers(reading.html, strangers)


def read(source: str, *, wrapped: bool = False) -> Reading:
    """Read a source: pure, CPU only, never raises, bounded time (see `markdown.py`). The HTML is safe to show.

    `wrapped`: the source is a file, whose lines end where an editor wrapped them; what people type keeps its line ends.
    """
    own_words, meetings = split_tags(_UNREADABLE.sub("\ufffd", source))
    tokens, env = parse(own_words)
    if wrapped:
        unwrap(tokens)
    return Reading(
        html=sanitise(render(tokens, env)).strip(),
        plain=plain_words(tokens),
        mentions=env.get("mentions", ()),
        meetings=meetings,
        quotes=tuple(env.get("quotes", ())),
    )
