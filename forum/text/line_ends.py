"""Where does a line end? Every sign that parts lines becomes U+000A, so that none is deleted between two words.

Word writes Shift+Enter as a vertical tab and a page break as a form feed; mainframes write U+0085, some web pages and
PDF readers U+2028 and U+2029. The separators of C0 (U+001C to U+001F) part words too: they become blanks.
"""

import re
from typing import Final

_PARAGRAPH_END: Final = "\u2029"
_LINE_ENDS: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028]")
_BROKEN_LINE: Final = re.compile(r"^(?P<indent>[ \t]*)[^\n]*\v[^\n]*", re.MULTILINE)
_SEPARATORS: Final = re.compile("[\x1c-\x1f]")


def with_hanging_breaks(text: str) -> str:
    """The text where what follows a vertical tab hangs under the line that it continues."""
    return _BROKEN_LINE.sub(lambda line: line[0].replace("\v", f"\n{line['indent']}  "), text)


def with_line_ends(text: str) -> str:
    """The text whose lines end with U+000A alone, and its paragraphs with two."""
    return _SEPARATORS.sub(" ", _LINE_ENDS.sub("\n", text.replace(_PARAGRAPH_END, "\n\n")))
