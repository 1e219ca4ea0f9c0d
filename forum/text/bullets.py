"""What opens an item of a list, as programs and people write it: "•", "o" and a tab, "1/", "2-", "3 –", "a.", "➢"…

Word copies its bullets as letters of its fonts of signs: U+F0B7 to U+F0D8 from Symbol and Wingdings, or "o", "§", "Ø"
and a tab where only the code of the sign is left. "M. Diallo", "2 – 3 agents" and "-5 %" open nothing.
"""

import re
from typing import Final

_OF_FONTS: Final = "\uf020-\uf0ff"
_STROKES: Final = "-–—"
_SIGNS: Final = f"•●○◦∙⁃‣▪▫■□◾◽▶►▸▹▷➢➤➔➜→⇒⇨✓✔✗✘☐☑☒★☆◆◇♦❖✦❑❒{_OF_FONTS}"
_LETTER: Final = r"[^\W\d_]"
_BULLET: Final = re.compile(
    rf"""\s*(?:
      (?: [{_STROKES}{_SIGNS}*·]
        | [0-9]{{1,3}} \s? (?:°\)|[.)°/])
        | -{{1,2}}> | =>                                    # "->", "=>": arrows as they are typed
        | \( (?:[0-9]{{1,3}}|[a-z]) \)
        | [A-Za-z] [)/] | [ivx]{{2,4}} [.)]
        | \[ [ xX]? \]
      ) \s+
    | [0-9]{{1,3}} \s? [{_STROKES}] \s+ (?![0-9])          # "3 – Aider", not "3 – 5 postes"
    | [0-9]{{1,2}} (?:\.[0-9]{{1,2}})+ \.? \s+ (?=[A-ZÀ-Þ«])    # "1.2 Former", not "1.5 million"
    | [a-z] \. \s+ (?={_LETTER})
    | (?:§|\+) \s+ (?={_LETTER})
    | [{_STROKES}{_SIGNS}] (?={_LETTER})                   # "-Former", "•Former"
    | o [ \u00a0]{{2,}} | (?:[^\s]|[0-9]{{2,3}}) \t \s*         # the code of a sign, or a number, and its tab
    )""",
    re.VERBOSE,
)
# "- 1. Former": a list of a program, whose author typed numbers too.
_MOST_BULLETS = 3


def after_bullets(line: str) -> int:
    """Where the words of an item begin; 0 when no bullet opens the line."""
    at = 0
    for _ in range(_MOST_BULLETS):
        found = _BULLET.match(line, at)
        if not found or found.end() == len(line):
            break
        at = found.end()
    return at
