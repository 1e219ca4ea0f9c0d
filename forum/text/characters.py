"""Which characters does nobody see, and which may a document hold? Only those that every format can write.

XML 1.0 has no place for control characters, lone surrogates and non-characters, in any spelling; one of them
in a post would cost the ODT and the DOCX. They carry no meaning for a reader and go before any renderer sees
the outline, so that all formats hold the same words. Everything else is left alone: no normalisation, no
typography.
"""

import dataclasses
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from forum.text.line_ends import with_line_ends

_ILLEGIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)

# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties, which unicodedata lacks: soft hyphen, joiners, marks
# of direction, fillers, selectors. Written for a class of a regular expression.
IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN: Final = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{IGNORABLE}]")

T = TypeVar("T")


def seen(text: str) -> str:
    """What is compared of something that somebody typed to be found or let in: what nobody sees does not count."""
    return _UNSEEN.sub("", text).strip()


def legible_text(words: str) -> str:
    """The words without what no format can write; lines end with a newline alone."""
    return _ILLEGIBLE.sub("", with_line_ends(words))


def legible(thing: T) -> T:
    """A copy of an outline, or of any part of it, whose texts are all legible."""
    return with_texts(thing, legible_text)


def with_texts(thing: T, change: Callable[[str], str]) -> T:
    """A copy of frozen data, or of any part of them, each of whose texts was changed."""
    return cast(T, _copy(thing, change))


def _copy(thing: Any, change: Callable[[str], str]) -> Any:
    if type(thing) is str:  # enumerations are strings too, and are ours
        return change(thing)
    if isinstance(thing, tuple):
        return tuple(_copy(part, change) for part in thing)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return type(thing)(**{f.name: _copy(getattr(thing, f.name), change) for f in dataclasses.fields(thing)})
    return thing
