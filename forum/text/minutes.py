"""Which lines of a meeting's pasted minutes could become proposals?

Each line becomes a row of the preview that a moderator keeps or not; headings and the formal lines found in all minutes
(attendance, the agenda, the opening) come unticked, and so does what has no bullet where other lines have one. Nothing
is decided here, and no word is changed: only the bullet, the meeting tags at a line's ends and the comma or semicolon
that led to the next line are taken off.
"""

import re
from dataclasses import dataclass, replace

from forum.text.folding import fold
from forum.text.line_ends import with_line_ends
from forum.text.meetings import TAG

_BULLET = re.compile(r"\s*(?:[-•*–—◦▪‣·]|[0-9]{1,3}\s?[.)°]|[A-Za-z]\))\s+")
_MARKDOWN_HEADING = re.compile(r"\s*#{1,6}\s+")
# A line in capitals longer than this is somebody shouting a proposal, not a heading.
_LONGEST_CAPITAL_HEADING = 60
# Folded. Only plurals: "Présente…" may begin a proposal.
_FORMAL = re.compile(
    r"(?:(?:etaient |sont |membres )?(?:present(?:e?s|\(e\)s|[·.]e[·.]?s)|absent(?:e?s|\(e\)s|[·.]e[·.]?s)"
    r"|excuse(?:e?s|\(e\)s|[·.]e[·.]?s))|ordre du jour"
    r"|compte[- ]rendu de (?:la |notre )?(?:reunion|seance)|(?:la )?seance (?:est )?(?:ouverte|levee))\b"
)


@dataclass(frozen=True, slots=True)
class MinutesRow:
    """A line of the minutes: its number from 1, its words, and whether the preview proposes to keep it."""

    line: int
    text: str
    kept: bool


def rows_of(source: str) -> tuple[MinutesRow, ...]:
    """One row for each line that is not empty, in order."""
    lines = with_line_ends(source).split("\n")
    found = [_row(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    has_bullets = any(is_bulleted for _, is_bulleted in found)
    return tuple(replace(row, kept=row.kept and (is_bulleted or not has_bullets)) for row, is_bulleted in found)


def _row(number: int, line: str) -> tuple[MinutesRow, bool]:
    """The line judged by itself, and whether a bullet opens it."""
    untagged = _without_tags(line)
    heading = _MARKDOWN_HEADING.match(untagged)
    bullet = None if heading else _BULLET.match(untagged)
    mark = heading or bullet
    words = _without_tags(untagged[mark.end() :] if mark else untagged)
    if not any(letter.isalnum() for letter in words):
        return MinutesRow(number, words or line.strip(), kept=False), False
    kept = not (heading or _reads_as_heading(words) or _FORMAL.match(fold(words)))
    return MinutesRow(number, words.rstrip(" \u00a0\u202f;,"), kept), bullet is not None


def _reads_as_heading(words: str) -> bool:
    return words.endswith(":") or (words.isupper() and len(words) <= _LONGEST_CAPITAL_HEADING)


def _without_tags(line: str) -> str:
    words = line.strip()
    while found := TAG.match(words):
        words = words[found.end() :].lstrip()
    while words.endswith("]") and (found := TAG.fullmatch(words, max(0, words.rfind("[")))):
        words = words[: found.start()].rstrip()
    return words
