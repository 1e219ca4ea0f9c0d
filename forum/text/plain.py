"""What are the words of a post, as a reader sees them?

Ranges of quotes and extracts count the code points of this text; searches, digests and documents use it too. What
carries sense is kept: an item begins with its bullet or its number, a bar parts the cells of a row, struck words stand
between `~~`, code stays. Quotes of either kind are somebody else's words, and are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

_OPENS_GROUP = frozenset({"bullet_list_open", "ordered_list_open", "table_open"})
_CLOSES_GROUP = frozenset({"bullet_list_close", "ordered_list_close", "table_close"})
_BULLET = "• "
CELL = " | "
STRIKE = "~~"
_SAID = {"softbreak": "\n", "hardbreak": "\n", "s_open": STRIKE, "s_close": STRIKE}


def plain_words(tokens: Sequence[Token]) -> str:
    """The author's words; blocks are a blank line apart, items of one list and rows of one table a line break."""
    walk = _PlainWalk()
    depth = 0
    for token in tokens:
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if not depth:
            walk.take(token)
    return "".join(walk.parts)


@dataclass(slots=True)
class _PlainWalk:
    """What is written so far, and where we are among lists and tables."""

    parts: list[str] = field(default_factory=list)
    bullets: list[str] = field(default_factory=list)  # of the items that are open and have no word yet
    row: list[str] | None = None
    depth: int = 0
    group: int = 0
    written_group: int = -1
    opened: int = 0

    def take(self, token: Token) -> None:
        """Read one block token."""
        if token.type in _OPENS_GROUP:
            self._open_group()
        elif token.type in _CLOSES_GROUP:
            self.depth -= 1
            self.group = self.group if self.depth else 0
        elif token.type == "list_item_open":
            self.bullets.append(f"{int(token.info)}. " if token.info else _BULLET)
        elif token.type == "list_item_close":
            self._close_item()
        elif token.type == "tr_open":
            self.row = []
        elif token.type == "tr_close":
            self._close_row()
        elif token.type == "inline":
            self._take_words(_inline_words(token))
        elif token.type in ("fence", "code_block"):
            self._take_words(token.content.rstrip("\n"))

    def _open_group(self) -> None:
        if not self.depth:
            self.opened += 1
            self.group = self.opened
        self.depth += 1

    def _close_item(self) -> None:
        """An item without words says its number all the same: "2027." is a list to Markdown."""
        if self.bullets and self.bullets[-1] != _BULLET:
            self._write_line("".join(self.bullets).rstrip())
        else:
            del self.bullets[-1:]

    def _close_row(self) -> None:
        cells, self.row = self.row or [], None
        if any(map(str.strip, cells)):
            self._write(CELL.join(cells).strip(" "))

    def _take_words(self, words: str) -> None:
        if self.row is None:
            self._write(words)
        else:
            self.row.append(words)

    def _write(self, words: str) -> None:
        if words.strip():
            self._write_line("".join(self.bullets) + words)

    def _write_line(self, line: str) -> None:
        if self.parts:
            self.parts.append("\n" if self.group and self.group == self.written_group else "\n\n")
        self.parts.append(line)
        self.bullets.clear()
        self.written_group = self.group


def _inline_words(token: Token) -> str:
    """A paragraph's words: marks of emphasis and addresses behind links are not words, what strikes them out is."""
    return "".join(_SAID.get(child.type, child.content) for child in token.children or ())
