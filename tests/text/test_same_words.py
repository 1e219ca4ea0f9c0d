"""Are words the same wherever a contribution is read? On its page, marked, in plain text, in a feed.

Documents and mails take the plain words; what they do to them is in their own tests.
"""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.text.characters import legible_text
from forum.text.feeds import FeedEntry, feed
from forum.text.highlights import Highlight, marked
from forum.text.reading import read
from tests.hostile import hostile_lines
from tests.text.test_reading import ANY_TEXT, LINES

SOMETIME = datetime(2026, 11, 30, tzinfo=UTC)
CONTENT = "{http://www.w3.org/2005/Atom}content"


class _Words(HTMLParser):
    """What HTML says, but for what it quotes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._quoted = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quoted += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        self._quoted -= tag == "blockquote"

    def handle_data(self, data: str) -> None:
        if not self._quoted:
            self.parts.append(data)


def letters(text: str) -> str:
    """Without digits: the number of an item is in its element."""
    return "".join(re.findall(r"[^\W\d_]", text))


def in_html(html: str) -> str:
    return letters("".join(_Words(html).parts))


def in_feed(plain: str) -> str:
    entry = FeedEntry("https://exemple.fr/1", plain, plain, plain, SOMETIME, SOMETIME)
    content = ElementTree.fromstring(feed("Un fil", "https://exemple.fr", "https://exemple.fr/f", [entry], "fr"))
    return in_html("".join(each.text or "" for each in content.iter(CONTENT)))


def check(source: str) -> None:
    reading = read(source)
    words = letters(reading.plain)
    assert in_html(reading.html) == words
    middle = len(reading.plain) // 2
    assert in_html(marked(reading.html, reading.plain, [Highlight(0, middle, "mots-1")])) == words
    assert in_feed(reading.plain) == letters(legible_text(reading.plain))


@settings(deadline=None, max_examples=300)
@given(ANY_TEXT | st.lists(st.sampled_from(LINES), max_size=8).map("\n".join))
def test_the_words_of_any_text_are_the_same_everywhere(source: str) -> None:
    check(source)


@pytest.mark.parametrize("line", hostile_lines())
def test_the_words_of_a_hostile_line_are_the_same_everywhere(line: str) -> None:
    check(line)
