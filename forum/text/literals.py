"""Where would Markdown take a sign that its author meant as a sign?

Most people who write here know no Markdown: `tou*te*s`, `7*7`, `l`accès`, `> 20 %`, `3.` and `5.` are words of theirs.
The rules below stand before markdown-it's own and leave such signs in the text, or keep what these would drop. What is
certainly a mark (`*mot*`, `> mot`, `1. mot`) is left to markdown-it.
"""

import re
import unicodedata
from functools import lru_cache

from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_block.table import escapedSplit
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

_MEASURE = r"[0-9][0-9\s.,]*(?:[%‰€]|(?:k€|M€|euros?|ans?|mois|jours?|heures?|h|km|m|m²|kg|habitants?)\b)"
_MORE_THAN = re.compile(rf">(?:=|[0-9]|[ \t]*{_MEASURE})")
# A plus is never a bullet here; a minus before a share or a sum may be one, or a minus: both are read in "- 20 %".
_PLUS_OR_MINUS = re.compile(r"\+|-[ \t]+[0-9][0-9\s.,]*[%‰€]")
_DRIVE = re.compile(r"(?<!\w)[A-Z]:\Z")
_SERVER = re.compile(r"\\\\\w")
_TO_A_BLANK = re.compile(r"\S+")
_LANGUAGE = re.compile(r"[a-z0-9+#.-]{0,20}")


def sign_between_words(state: StateInline, silent: bool) -> bool:
    """Inline rule: `*`, `_` and `~` with no blank on either side, inside a word or alone in brackets, are signs."""
    sign = state.src[state.pos]
    if sign not in "*_~":
        return False
    end = state.pos + 1
    while end < state.posMax and state.src[end] == sign:
        end += 1
    before = state.src[state.pos - 1] if state.pos else " "
    if not _is_a_sign(before, state.src[end] if end < state.posMax else " "):
        return False
    if not silent:
        state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def path_of_windows(state: StateInline, silent: bool) -> bool:
    r"""Inline rule: the backslashes of `C:\_commun` and of `\\serveur\_archives` part folders, they escape nothing."""
    at = state.pos
    if state.src[at] != "\\":
        return False
    drive = _DRIVE.search(state.src[max(0, at - 3) : at])
    server = _SERVER.match(state.src, at) if not at or state.src[at - 1] in ' \t\n(«"' else None
    if not (drive or server):
        return False
    path = _TO_A_BLANK.match(state.src, at, state.posMax)
    assert path is not None
    end = path.end()
    if not silent:
        state.pending += state.src[at:end]
    state.pos = end
    return True


def backtick_between_letters(state: StateInline, silent: bool) -> bool:
    """Inline rule: many type ` for an apostrophe."""
    at = state.pos
    if state.src[at] != "`" or not 0 < at < state.posMax - 1:
        return False
    if not (state.src[at - 1].isalnum() and state.src[at + 1].isalnum()):
        return False
    if not silent:
        state.pending += "`"
    state.pos += 1
    return True


def somebody_elses_words(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    """Block rule: a line that opens with `>` quotes, unless a number makes it "more than"; when the next line goes on
    with `>`, it quotes all the same."""
    following = line + 1
    quotes = following < end and state.src.startswith(">", _start(state, following))
    if _says_more_than(state, line) and not (quotes and not _says_more_than(state, following)):
        return False
    return blockquote(state, line, end, silent)


def items(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    """Block rule: a list, unless what would be its first bullet may be a plus or a minus."""
    if _PLUS_OR_MINUS.match(state.src, _start(state, line), state.eMarks[line]):
        return False
    return list_block(state, line, end, silent)


def end_of_quote_or_table(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    """Block rule, asked of each line that follows a quotation without `>`, or a row: whose words are these?

    CommonMark goes on with the quotation, and makes a row of any line; it drops the cells that the head does not have.
    An answer typed under a quotation is its author's, and a table ends where its cells do.
    """
    if not silent:
        return False
    if state.parentType == "blockquote":
        return True
    if state.parentType != "table":
        return False
    cells = _count_of_cells(state, line)
    return not cells or cells > _columns(state, line)


def keep_numbers(state: StateCore) -> None:
    """Core rule: each item keeps the number that its author gave it, where HTML would count on from the one before."""
    expected: list[int | None] = []
    for token in state.tokens:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            expected.append(None if token.type == "bullet_list_open" else int(token.attrs.get("start", 1)))
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            expected.pop()
        elif token.type == "list_item_open" and token.info:
            number = int(token.info)
            if number != expected[-1]:
                token.attrs["value"] = number
            expected[-1] = number + 1


def keep_words_beside_fences(state: StateCore) -> None:
    """Core rule: what follows three backticks is the name of a language, or words of the author."""
    for token in state.tokens:
        if token.type == "fence" and not _LANGUAGE.fullmatch(token.info.strip()):
            token.content = f"{token.info.strip()}\n{token.content}"


def _start(state: StateBlock, line: int) -> int:
    return state.bMarks[line] + state.tShift[line]


def _says_more_than(state: StateBlock, line: int) -> bool:
    return _MORE_THAN.match(state.src, _start(state, line), state.eMarks[line]) is not None


def _columns(state: StateBlock, row: int) -> int:
    """How many cells the head has of the table that this row would belong to: asked of each row, counted at the first,
    two lines below the head."""
    last, columns = state.env.get("row", (-1, 0))
    if last != row - 1:
        columns = _count_of_cells(state, row - 2)
    state.env["row"] = row, columns
    return int(columns)


def _count_of_cells(state: StateBlock, line: int) -> int:
    """As markdown-it counts them: a bar at either end of the line makes no cell. 0 without any bar."""
    words = state.src[_start(state, line) : state.eMarks[line]].strip()
    if "|" not in words:
        return 0
    cells = escapedSplit(words)
    return len(cells) - (not cells[0]) - (len(cells) > 1 and not cells[-1])


@lru_cache(maxsize=4096)
def _is_a_sign(before: str, after: str) -> bool:
    """Whether what stands between these two characters marks nothing."""
    if before.isspace() or after.isspace():
        return False
    left, right = _side(before), _side(after)
    return (
        (left in "wc" and right in "wo") or (left == "o" and right == "c") or (left == right == "p" and before == after)
    )


def _side(letter: str) -> str:
    """Of a word, opening or closing something, or another sign of punctuation. An apostrophe closes nothing."""
    category = unicodedata.category(letter)
    if category in ("Ps", "Pi"):
        return "o"
    if category in ("Pe", "Pf"):
        return "p" if letter == "\u2019" else "c"
    return "p" if category.startswith("P") or letter in "~`^$+<=>|" else "w"
