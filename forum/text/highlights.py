"""Where do words of a post stand in the HTML that shows it? For extracts, marked in place; the stored HTML stays.

Both texts were made of the same tokens, so the letters come in the same order: we walk the HTML beside the plain words,
past blanks, the signs that only the plain words hold (bullets, bars between cells, what strikes words out) and the
quotes that only the HTML holds. A mark never crosses the edge of an element: words that do are marked on each side of
it. Posts written before 0.4 keep the words of their time, which had fewer signs: extracts count in them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape

from forum.text.plain import CELL, STRIKE

_PIECE = re.compile(r"""<(?:[^>"']|"[^"]*"|'[^']*')*>|&(?:[a-zA-Z0-9]+|\#[0-9]+|\#x[0-9a-fA-F]+);|[^<]""", re.DOTALL)
_TAG = re.compile(r"</?([a-z0-9-]+)")
_NUMBER = re.compile(r'(?:start|value)="([0-9]+)"')


@dataclass(frozen=True, slots=True)
class Highlight:
    """Code points `start` to `stop` (half-open) of the plain words; `note` is the id of what is said of them."""

    start: int
    stop: int
    note: str


def marked(html: str, plain: str, highlights: Sequence[Highlight]) -> str:
    """The HTML with `<mark>` around the words; where two overlap, the one that begins last, or is shorter, shows.

    The HTML unchanged when it does not show these plain words. Linear in the text and in what the highlights cover.
    """
    notes: list[str] = [""] * len(plain)
    for each in sorted(highlights, key=lambda one: (one.start, -one.stop)):
        start, stop = max(each.start, 0), min(each.stop, len(plain))
        if start < stop:
            notes[start:stop] = [each.note] * (stop - start)
    if not any(notes):
        return html
    for walk in (_HighlightWalk(plain), _OlderWalk(plain)):
        pieces = list(walk.pieces(html))
        if walk.agrees:
            return "".join(_written(pieces, notes))
    return html


def _written(pieces: Sequence[tuple[str, int | None]], notes: Sequence[str]) -> Iterator[str]:
    """The pieces with marks; blanks between two words of one mark are inside it, those at its ends outside."""
    current, blanks = "", ""
    for piece, place in pieces:
        if place is None and piece.isspace():
            blanks += piece
            continue
        note = notes[place] if place is not None else ""
        if note != current:
            yield ("</mark>" if current else "") + blanks
            yield f'<mark class="extract" aria-details="{note}">' if note else ""
        else:
            yield blanks
        current, blanks = note, ""
        yield piece
    yield ("</mark>" if current else "") + blanks


@dataclass(slots=True)
class _HighlightWalk:
    """How far the plain words are read, and where we stand among lists and quotes (see `plain.py`)."""

    plain: str
    at: int = 0
    depth: int = 0
    agrees: bool = True
    numbers: list[int | None] = field(default_factory=list)
    awaited: list[str] = field(default_factory=list)  # signs of the plain words that stand before the next letter
    row: int = -1  # in a row, how many signs were awaited before its first cell; -1 when a word of it was read
    cells: int = 0

    def pieces(self, html: str) -> Iterator[tuple[str, int | None]]:
        """Each tag, blank and letter of the HTML, and the place of a letter among the plain words if it is of them."""
        for found in _PIECE.finditer(html):
            piece = found.group()
            if piece.startswith("<"):
                self._pass_tag(piece)
                yield piece, None
            elif self.depth or unescape(piece).isspace():
                yield piece, None
            else:
                yield piece, self._place_of(unescape(piece))

    def _pass_tag(self, tag: str) -> None:
        named = _TAG.match(tag)
        name, closes = named[1] if named else "", tag.startswith("</")
        if name == "blockquote":
            self.depth += -1 if closes else 1
        elif self.depth:
            return
        elif name in ("ul", "ol"):
            self._pass_list(tag, name, closes)
        elif name == "li" and self.numbers:
            self._pass_item(tag, closes)
        else:
            self._pass_signs(name, closes)

    def _pass_list(self, tag: str, name: str, closes: bool) -> None:
        if closes:
            del self.numbers[-1:]
            return
        start = _NUMBER.search(tag)
        self.numbers.append(None if name == "ul" else int(start[1]) if start else 1)

    def _pass_item(self, tag: str, closes: bool) -> None:
        if closes:
            self._close_item()
            return
        number = self.numbers[-1]
        if number is not None:
            chosen = _NUMBER.search(tag)
            number = int(chosen[1]) if chosen else number
            self.numbers[-1] = number + 1
        self._await_bullet("•" if number is None else f"{number}.")

    def _await_bullet(self, bullet: str) -> None:
        self.awaited.append(bullet)

    def _close_item(self) -> None:
        if self.awaited and self.awaited[-1] != "•":
            self._pass_awaited()
        else:
            del self.awaited[-1:]

    def _pass_signs(self, name: str, closes: bool) -> None:
        """The bars of a row, when it has words, and the strokes around struck words."""
        if name == "s":
            self.awaited.append(STRIKE)
            self._pass_awaited()
        elif name == "tr" and closes:
            if self.row < 0:
                self._pass_awaited()
            else:
                del self.awaited[self.row :]
        elif name == "tr":
            self.row, self.cells = len(self.awaited), 0
        elif name in ("td", "th") and not closes:
            self.awaited += [CELL.strip()] if self.cells else []
            self.cells += 1

    def _place_of(self, letters: str) -> int:
        """The place of a letter, which is the next one that is no blank; an entity may stand for two."""
        self._pass_awaited()
        self._pass_blanks()
        self.agrees = self.agrees and self.plain.startswith(letters, self.at)
        place = min(self.at, max(len(self.plain) - 1, 0))
        self.at += len(letters)
        return place

    def _pass_awaited(self) -> None:
        for sign in self.awaited:
            self._pass_blanks()
            self.agrees = self.agrees and self.plain.startswith(sign, self.at)
            self.at += len(sign)
        self.awaited.clear()
        self.row = -1

    def _pass_blanks(self) -> None:
        while self.at < len(self.plain) and self.plain[self.at].isspace():
            self.at += 1


class _OlderWalk(_HighlightWalk):
    """As the plain words were before 0.4: no sign but the bullet that was last opened."""

    def _await_bullet(self, bullet: str) -> None:
        self.awaited = [bullet]

    def _close_item(self) -> None:
        """An item without a word left its bullet to the next one, which has its own."""

    def _pass_signs(self, name: str, closes: bool) -> None:
        """Nothing stood for them."""
