"""Which way is a text read? Somebody's words beside ours are set apart, so that they turn nothing but themselves.

A name in Hebrew or Arabic letters pulls the sign, the date or the next name to its other side, and a mark of direction
in a title turns the rest of the line round (Unicode Standard Annex 9). Only what can turn a line is set apart: pages,
mails and documents in French stay as they are to the byte.
"""

import re
from typing import Any, Final

_BEGINS: Final = "\u2068"  # first strong isolate
_ENDS: Final = "\u2069"  # pop directional isolate
# Embeddings and overrides, which nobody types on purpose.
_OVERRIDES = re.compile("[\u202a-\u202e]")
_ISOLATES = re.compile("[\u2066-\u2069]")
# Letters of scripts that run to the left, and marks of direction.
_TURNS = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def turns(text: str) -> bool:
    """Whether a text could change the order of what stands beside it."""
    return not text.isascii() and _TURNS.search(text) is not None


def isolate(words: Any) -> Any:
    """Somebody's words, to be set in a line of ours: between an isolate and its end if they could turn it. What is no
    text, or HTML already, stays as it is."""
    if type(words) is not str or not turns(words):
        return words
    return _BEGINS + without_turns(words) + _ENDS


def isolate_lines(words: str) -> str:
    """`isolate` for a text of several lines: the end of a line ends all that was begun in it."""
    return "\n".join(map(isolate, words.split("\n"))) if turns(words) else words


def without_turns(words: str) -> str:
    """The words without what would turn more than themselves: overrides, and isolates that are not both opened and
    closed within."""
    words = _OVERRIDES.sub("", words)
    opened: list[int] = []
    unpaired: set[int] = set()
    for found in _ISOLATES.finditer(words):
        if found.group() != _ENDS:
            opened.append(found.start())
        elif opened:
            opened.pop()
        else:
            unpaired.add(found.start())
    unpaired.update(opened)
    return "".join(letter for place, letter in enumerate(words) if place not in unpaired) if unpaired else words
