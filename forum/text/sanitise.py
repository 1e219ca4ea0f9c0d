"""The second lock: whatever the renderer did, only these elements and attributes leave the house.

The only file that imports bleach (6.4 is its last release, so that it can be replaced here). The first lock is the
renderer itself, with raw HTML off, and the allow-list of `links.py`, which is consulted here again.
"""

import threading

from bleach.sanitizer import Cleaner

from forum.text.links import EXTERNAL_REL, safe_href

TAGS = frozenset(
    {"p", "br", "hr", "em", "strong", "s", "code", "pre", "ul", "ol", "li", "blockquote", "h3", "h4", "h5", "h6"}
    | {"a", "span", "table", "thead", "tbody", "tr", "th", "td", "cahier-quote"}
)


def _is_allowed(tag: str, name: str, value: str) -> bool:
    """Is this attribute, with this value, one that the renderer writes on purpose?"""
    match tag, name:
        case "a", "href":
            return safe_href(value) is not None
        case "a", "rel":
            return value == EXTERNAL_REL
        case "span", "class":
            return value == "mention"
        case ("ol", "start") | ("li", "value") | ("cahier-quote", "n"):
            return value.isascii() and value.isdigit()
        case _:
            return False


class _PerThread(threading.local):
    """A Cleaner keeps its parse between calls and costs half a call to make: one is kept for each thread."""

    def __init__(self) -> None:
        # Schemes are judged by safe_href, which is stricter than bleach; these are what it may let through.
        self.cleaner = Cleaner(tags=TAGS, attributes=_is_allowed, protocols={"http", "https", "mailto"})


_kept = _PerThread()


def sanitise(html: str) -> str:
    """HTML reduced to the allow-list; what is outside it is shown as text rather than dropped."""
    return str(_kept.cleaner.clean(html))
