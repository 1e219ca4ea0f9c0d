"""What are the words of a post, as a reader sees them?

Ranges of quotes and extracts count the code points of this text; searches, digests and documents use it too. Lists are
lines that begin with a bullet or their number; code is kept. Quotes of either kind are somebody else's words, and are
left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

_OPENS_GROUP = frozenset({"bullet_list_open", "ordered_list_open", "table_open"})
_CLOSES_GROUP = frozenset({"bullet_list_close", "ordered_list_close", "table_close"})


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
    numbers: list[int | None] = field(default_factory=list)  # of each open list, its next number; None for bullets
    row: list[str] | None = None
    bullet: str = ""
    group: int = 0
    written_group: int = -1
    opened: int = 0

    def take(self, token: Token) -> None:
        """Read one block token."""
        if token.type in _OPENS_GROUP:
            self._open_group(token)
        elif token.type in _CLOSES_GROUP:
            self.numbers.pop()
            self.group = self.group if self.numbers else 0
        elif token.type == "list_item_open":
            self._open_item()
        elif token.type == "tr_open":
            self.row = []
        elif token.type == "tr_close":
            self._write("\t".join(self.row or []))
            self.row = None
        elif token.type == "inline":
            self._take_words(_inline_words(token))
        elif token.type in ("fence", "code_block"):
            self._take_words(token.content.rstrip("\n"))

    def _open_group(self, token: Token) -> None:
        if not self.numbers:
            self.opened += 1
            self.group = self.opened
        self.numbers.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)

    def _open_item(self) -> None:
        number = self.numbers[-1]
        self.bullet = "• " if number is None else f"{number}. "
        self.numbers[-1] = None if number is None else number + 1

    def _take_words(self, words: str) -> None:
        if self.row is None:
            self._write(words)
        else:
            self.row.append(words)

    def _write(self, words: str) -> None:
        if not words.strip():
            return
        if self.parts:
            self.parts.append("\n" if self.group and self.group == self.written_group else "\n\n")
        self.parts.append(self.bullet + words)
        self.bullet = ""
        self.written_group = self.group


def _inline_words(token: Token) -> str:
    """A paragraph's words: marks of emphasis and addresses behind links are not words."""
    breaks = ("softbreak", "hardbreak")
    return "".join("\n" if child.type in breaks else child.content for child in token.children or ())
