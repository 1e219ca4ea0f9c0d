"""Who is addressed by "@Aurelien-MOREAU"?

Found on the words of a paragraph only: never in code, links, e-mail addresses or quotes. Whether such a member exists,
and whether they are notified, is decided in the domain.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from html import unescape

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from forum.text.folding import skeleton
from forum.text.links import text_token

# The longest display name, plus a number that tells namesakes apart.
LONGEST_HANDLE = 66

# Beyond this many mentions, the others stay plain words: nobody calls on so many people in one contribution.
MOST_MENTIONS = 50

# As `markdown.py` renders one; an author cannot write it, since HTML in a source is words.
_MENTION = re.compile(r'<span class="mention">(@([^<]*))</span>')
_INSIDE = "-_.'’"
# After one of these an @ belongs to an address ("jean@exemple.fr", "a/@b"), not to a person spoken to.
_NOT_BEFORE = "_.-+/@=&:\\"


@dataclass(frozen=True, slots=True)
class WrittenMention:
    """A handle as written, without its @; `leading` when the author's own words begin with it (an answer)."""

    handle: str
    leading: bool


def handle_key(handle: str) -> str:
    """The key under which a handle is unique: case, accents, apostrophes and look-alike letters do not count."""
    return skeleton(handle)


def without_strangers(html: str, strangers: Collection[str]) -> str:
    """The HTML of a contribution in which mentions of these keys, which belong to no member, are plain words."""
    if not strangers:
        return html
    return _MENTION.sub(lambda found: found[1] if handle_key(unescape(found[2])) in strangers else found[0], html)


def marked_keys(html: str) -> frozenset[str]:
    """The keys of the mentions that the HTML of a contribution shows as such."""
    return frozenset(handle_key(unescape(found[2])) for found in _MENTION.finditer(html))


def mark_mentions(state: StateCore) -> None:
    """Core rule: cut mentions out of text tokens, and list each person once in `env["mentions"]`."""
    found: dict[str, WrittenMention] = {}
    marked = 0
    depth = 0
    begun = False
    for block in state.tokens:
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(block.type, 0)
        if depth or not (block.children or block.content.strip()):
            continue
        if block.type == "inline" and "@" in block.content and marked < MOST_MENTIONS:
            block.children = _cut_children(block.children or [], found, MOST_MENTIONS - marked, begun=begun)
            marked += sum(token.type == "mention" for token in block.children)
        begun = begun or bool(block.content.strip())
    state.env["mentions"] = tuple(found.values())


def _cut_children(children: list[Token], found: dict[str, WrittenMention], most: int, *, begun: bool) -> list[Token]:
    kept: list[Token] = []
    in_link = 0
    before = ""
    for token in children:
        in_link += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "text" and not in_link and most > 0:
            cut = _cut(token.content, before, found, most, begun=begun)
            most -= len(cut) // 2
            kept.extend(cut)
        else:
            kept.append(token)
        before = token.content[-1:] or ("\n" if token.type in ("softbreak", "hardbreak") else before)
        begun = begun or bool(token.content.strip())
    return kept


def _cut(text: str, before: str, found: dict[str, WrittenMention], most: int, *, begun: bool) -> list[Token]:
    """The text with each mention a token of its own: text, mention, text…"""
    tokens: list[Token] = []
    done = 0
    at = text.find("@")
    while at >= 0 and len(tokens) < 2 * most:
        end = _handle_end(text, at + 1)
        previous = text[at - 1] if at else before
        # "@nom@serveur.fr" is an address of another network.
        if end and not _glues(previous) and not text.startswith("@", end):
            handle = text[at + 1 : end]
            leading = not begun and not text[:at].strip()
            found.setdefault(handle_key(handle), WrittenMention(handle, leading))
            tokens += [text_token(text[done:at]), Token("mention", "span", 0, content="@" + handle)]
            done = end
        at = text.find("@", end or at + 1)
    return [*tokens, text_token(text[done:])]


def _glues(previous: str) -> bool:
    return bool(previous) and (previous.isalnum() or previous in _NOT_BEFORE or _is_mark(previous))


def _handle_end(text: str, start: int) -> int:
    """The index after the handle that begins at `start`; 0 when there is none. Punctuation at its end is left out."""
    end = start
    while end < len(text) and end - start <= LONGEST_HANDLE and _may_stand_in_handle(text[end]):
        end += 1
    if end - start > LONGEST_HANDLE:
        return 0
    while end > start and text[end - 1] in _INSIDE:
        end -= 1
    return end if end > start and text[start].isalnum() else 0


def _may_stand_in_handle(letter: str) -> bool:
    return letter.isalnum() or letter in _INSIDE or _is_mark(letter)


def _is_mark(letter: str) -> bool:
    return not letter.isascii() and unicodedata.category(letter).startswith("M")
