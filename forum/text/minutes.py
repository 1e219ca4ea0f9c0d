"""Which lines of a meeting's pasted minutes could become proposals?

Each statement becomes a row of the preview that a moderator keeps or not: a line, with those that a program wrapped or
that hang under it. Headings, dates, names of people, numbers of pages and the formal lines found in all minutes
(attendance, the agenda, the opening) come unticked, and so does what has no bullet where other lines have one. Nothing
is decided here, and no word is changed: only the bullet, the meeting tags at a line's ends and the comma or semicolon
that led to the next line are taken off, and the two halves of a word that was cut at the end of a line joined.
"""

import re
from dataclasses import dataclass

from forum.text.folding import fold
from forum.text.statements import Statement, statements

# A line in capitals longer than this is somebody shouting a proposal, not a heading.
_LONGEST_CAPITAL_HEADING = 60
# Folded. Only plurals: "Présente…" may begin a proposal.
_FORMAL = re.compile(
    r"(?:(?:etaient |sont |membres )?(?:present(?:e?s|\(e\)s|[·.]e[·.]?s)|absent(?:e?s|\(e\)s|[·.]e[·.]?s)"
    r"|excuse(?:e?s|\(e\)s|[·.]e[·.]?s))|ordre du jour"
    r"|compte[- ]rendu d(?:e (?:la |notre )?(?:reunion|seance)|u [0-9]+)|(?:la )?seance (?:est )?(?:ouverte|levee))\b"
)
# Folded, whole lines: "30/06/2027", "sept. 2027", "d'ici fin juin", "2e trimestre 2027", "avant le 1er mars a 14 h".
_MONTH = (
    r"(?:janv(?:ier)?|fevr?(?:ier)?|mars|avr(?:il)?|mai|juin|juil(?:let)?|aout|sept(?:embre)?|oct(?:obre)?"
    r"|nov(?:embre)?|dec(?:embre)?)\.?"
)
_DATE = re.compile(
    r"(?:(?:avant|d'ici|pour|fin|debut|mi|l[ea]|au?|rentree|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche)[ -]?)*"
    rf"(?:[0-9]{{1,2}}[/.-][0-9]{{1,2}}(?:[/.-][0-9]{{2,4}})?|(?:[0-9]{{1,2}}(?:er)? )?{_MONTH}(?: [0-9]{{4}})?"
    r"|(?:[1-4](?:er|e|eme)? )?(?:tri|se)mestre [0-9]{4}|[ts][1-4] [0-9]{4}|[0-9]{4})"
    r"(?:,? (?:a )?[0-9]{1,2} ?[h:] ?(?:[0-9]{2})?)?"
)
_PERSON = r"[A-ZÀ-Þ][\w’'-]*+\.?(?: (?:de |du |des |d[’']|la |le )*+[A-ZÀ-Þ][\w’'-]*+){%s}+"
_TITLE = r"(?:MM?\.|M(?:mes?|lles?|e)|Drs?|Prs?)\.? "
_PEOPLE = re.compile(
    rf"{_TITLE}{_PERSON % '0,3'}(?:(?:,| et) (?:{_TITLE})?+{_PERSON % '0,3'})*+|{_PERSON % '1,2'}(?:,? \([^)]*\))?"
)
# A title, the head of a column.
_ONE_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class MinutesRow:
    """A statement of the minutes: the number of its first line, from 1, its words, and whether the preview proposes to
    keep it."""

    line: int
    text: str
    kept: bool


def rows_of(source: str) -> tuple[MinutesRow, ...]:
    """One row for each statement, in order."""
    found = statements(source)
    has_bullets = any(one.has_bullet for one in found)
    return tuple(MinutesRow(one.line, *_judged(one, among_bullets=has_bullets)) for one in found)


def _judged(one: Statement, *, among_bullets: bool) -> tuple[str, bool]:
    """The words of the row, and whether it is ticked."""
    words = "".join(one.parts)
    kept = not (
        one.is_no_statement
        or (not one.has_bullet and (among_bullets or _ONE_WORD.fullmatch(words)))
        or (words.isupper() and len(words) <= _LONGEST_CAPITAL_HEADING)
        or words.endswith(":")
        or _FORMAL.match(fold(words))
        or _DATE.fullmatch(fold(words))
        or _PEOPLE.fullmatch(words)
    )
    return words.rstrip(" \u00a0\u202f;,") if any(map(str.isalnum, words)) else words, kept
