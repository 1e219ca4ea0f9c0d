"""How do the paragraphs of an office file become lines? What ODT and DOCX share.

Headings come behind "#", the items of lists behind "-" or the number that is shown, as people type them. A line that
its author broke by hand (Shift+Enter, a page break) hangs under its first words, so that it is still one statement.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from forum.text.bullets import after_bullets
from forum.text.numbering import BULLET

HEADING, ITEM, TEXT = "## ", f"{BULLET} ", ""
_BLANKS: Final = re.compile(r"[ \t\r\n]+")
# Where a program may cut a word, but did not.
_SOFT_HYPHEN: Final = "\u00ad"
# A head of a column says its subject in a few words.
_LONGEST_HEAD: Final = 30


def marked(shown: str, *, is_heading: bool) -> str:
    """The mark of a paragraph before which a number, BULLET or nothing is shown."""
    if is_heading:
        return f"{HEADING}{shown} " if shown not in ("", BULLET) else HEADING
    return f"{shown} " if shown else TEXT


def are_heads(cells: Sequence[str]) -> bool:
    """Whether the first row of a table of several names its columns."""
    lengths = [len(cell.strip()) for cell in cells]
    return len(lengths) > 1 and 0 < min(lengths) <= max(lengths) <= _LONGEST_HEAD


@dataclass(slots=True)
class _Paragraph:
    parts: list[str] = field(default_factory=list)
    mark: str = TEXT


@dataclass(slots=True)
class OfficeLines:
    """The lines of the paragraphs that were closed; those that are open (a text box is inside one)."""

    lines: list[str] = field(default_factory=list)
    _open: list[_Paragraph] = field(default_factory=list)
    _going_on: dict[int, _Paragraph] = field(default_factory=dict)

    def open(self) -> str:
        """Begin a paragraph, or take up the one whose end was removed: returns the mark that it has, if any."""
        self._open.append(self._going_on.pop(len(self._open), _Paragraph()))
        return self._open[-1].mark

    @property
    def is_blank(self) -> bool:
        """Whether the open paragraph says nothing."""
        return not "".join(self._open[-1].parts).strip()

    def write(self, letters: str | None) -> None:
        """Take letters between tags, whose line breaks and indentation are one blank."""
        self.say(_BLANKS.sub(" ", letters or "").replace(_SOFT_HYPHEN, ""))

    def say(self, words: str) -> None:
        """Take words as they are, a line break as U+000A."""
        if self._open:
            self._open[-1].parts.append(words)

    def close(self, mark: str, *, goes_on: bool = False) -> None:
        """End a paragraph. Where its own end was removed, it goes on in the next one, and its mark is of both."""
        self.end(len(self._open))
        paragraph = self._open.pop()
        paragraph.mark = paragraph.mark or (TEXT if goes_on and self._said(paragraph) == [] else mark)
        if goes_on:
            self._going_on[len(self._open)] = paragraph
        else:
            self._print(paragraph)

    def drop(self) -> None:
        """End a paragraph that is not the author's words."""
        self.end(len(self._open))
        self._open.pop()

    def end(self, depth: int = 0) -> None:
        """End what should have gone on in a text, or in a box inside of so many paragraphs, which ends."""
        for inside in sorted(self._going_on):
            if inside >= depth:
                self._print(self._going_on.pop(inside))

    def _said(self, paragraph: _Paragraph) -> list[str]:
        lines = (line.strip() for line in "".join(paragraph.parts).split("\n"))
        return [line for line in lines if line]

    def _print(self, paragraph: _Paragraph) -> None:
        said, mark = self._said(paragraph), paragraph.mark
        if said:
            first, *others = [" ".join(said)] if mark.startswith(HEADING) else said
            is_typed_so = not mark or mark.startswith(HEADING) or after_bullets(mark + first)
            # "Article 3" is shown before an item, and opens none as people type them.
            first = mark + first if is_typed_so else ITEM + mark + first
            self.lines += [first, *(f"  {line}" for line in others)]
