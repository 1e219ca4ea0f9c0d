"""How does a feed reader learn of new contributions? Atom (RFC 4287), written by the XML library of Python, which
escapes.

An entry keeps its identifier wherever its words move to: the stable address of a contribution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from forum.text.characters import legible_text
from forum.text.directions import turns, without_turns

MEDIA_TYPE: Final = "application/atom+xml"
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """Something to read: `address` is its stable absolute address and its identifier, `author` may be empty, `words`
    are plain, in paragraphs parted by blank lines; moments have their time zone."""

    address: str
    title: str
    author: str
    words: str
    published_at: datetime
    updated_at: datetime


def feed(title: str, page: str, own: str, entries: Sequence[FeedEntry], language: str) -> str:
    """The text of a feed: `page` is the absolute address of what it follows, `own` its own, which identifies it."""
    root = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": language})
    _say(root, "id", own)
    _say(root, "title", title)
    _say(root, "updated", _moment(max((one.updated_at for one in entries), default=_NEVER)))
    SubElement(root, "link", {"rel": "self", "type": MEDIA_TYPE, "href": own})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": page})
    for one in entries:
        _add(SubElement(root, "entry"), one)
    # XML has no place for some characters that pages show: one of them would cost readers the whole feed.
    return legible_text(tostring(root, encoding="unicode", xml_declaration=False))


def _add(written: Element, entry: FeedEntry) -> None:
    _say(written, "id", entry.address)
    _say(written, "title", entry.title)
    _say(written, "published", _moment(entry.published_at))
    _say(written, "updated", _moment(entry.updated_at))
    SubElement(written, "link", {"rel": "alternate", "type": "text/html", "href": entry.address})
    # The standard asks for an author in each entry of a feed that has none itself.
    _say(SubElement(written, "author"), "name", entry.author)
    content = SubElement(written, "content", {"type": "html"})
    content.text = "".join(f"<p>{_lines(each)}</p>" for each in entry.words.split("\n\n") if each.strip())


def _say(parent: Element, name: str, words: str) -> None:
    SubElement(parent, name).text = words


def _lines(paragraph: str) -> str:
    return "<br>".join(map(_set_apart, paragraph.strip().split("\n")))


def _set_apart(line: str) -> str:
    """A line as HTML, which turns nothing but itself; readers of feeds keep no attribute of direction."""
    return f"<bdi>{escape(without_turns(line), quote=False)}</bdi>" if turns(line) else escape(line, quote=False)


def _moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds")
