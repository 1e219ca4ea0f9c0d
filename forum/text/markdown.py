"""Which Markdown do we speak?

CommonMark with tables and ~~deletion~~, single newlines as line breaks, bare addresses as links, headings
below the page's own. Not: raw HTML, images (they become links), link definitions (`[mot]: suite` would make
words vanish), typographic replacement, code by indentation, headings by a line drawn under them (a signature is one),
and the signs that people type as signs (`literals.py`). Also the bounds: 20 000 hostile characters must never cost more
than a second.
"""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, paragraph
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from forum.text.links import add_rel, images_become_links, linkify_web_address, linkify_www, safe_href, say_titles
from forum.text.literals import (
    backtick_between_letters,
    end_of_quote_or_table,
    items,
    keep_numbers,
    keep_words_beside_fences,
    path_of_windows,
    sign_between_words,
    somebody_elses_words,
)
from forum.text.mentions import mark_mentions
from forum.text.quotes import quote_rule

# Beyond this depth markdown-it drops the rest of a text. People nest three lists (a list and its item are two levels):
# we stop nesting at five, long before a word can be lost, and before deep elements make the sanitiser slow.
MAX_NESTING = 20
_DEEPEST_CONTAINER = 10

# 20 000 characters in more lines than this are not a contribution: each line could be an element of its own, and
# elements are what costs. Such a text keeps its words and line breaks, without lists, quotes, tables or headings.
MOST_LINES = 2000
_BLOCK_RULES = ["table", "fence", "blockquote", "hr", "list", "heading"]

# Every line may be a row and every row is filled up to the widest: this product bounds the cells before parsing.
# 2 500 is a table of 10 columns and 250 rows.
MOST_CELLS = 2500

_INTERRUPTS: RuleOptionsType = {"alt": ["paragraph", "blockquote", "list"]}
_INTERRUPTS_AS_QUOTES: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
_INTERRUPTS_AS_LISTS: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote"]}


def parse(source: str) -> tuple[list[Token], dict[str, Any]]:
    """Block and inline tokens, with what the rules found on the way: `env["mentions"]`, `env["quotes"]`."""
    env: dict[str, Any] = {}
    return _parser_for(source).parse(source, env), env


def unwrap(tokens: Sequence[Token]) -> None:
    """A file's lines end where an editor wrapped them: inside a paragraph such an end is a blank, not a break."""
    for token in tokens:
        for child in token.children or ():
            if child.type == "softbreak":
                child.type, child.content = "text", " "


def blocks(source: str) -> list[Token]:
    """Block tokens only, with the lines that they cover: for callers that ask where a line is, not what it says."""
    parser = _parser_for(source)
    tokens: list[Token] = []
    parser.block.parse(source.replace("\x00", "\ufffd"), parser, {}, tokens)
    return tokens


def render(tokens: Sequence[Token], env: dict[str, Any]) -> str:
    """HTML as markdown-it writes it: not yet sanitised."""
    return str(_WITH_TABLES.renderer.render(tokens, _WITH_TABLES.options, env))


def _parser_for(source: str) -> MarkdownIt:
    lines = source.split("\n")
    if len(lines) > MOST_LINES:
        return _WITHOUT_BLOCKS
    widest = max(line.count("|") for line in lines) + 1
    return _WITH_TABLES if widest * len(lines) <= MOST_CELLS else _WITHOUT_TABLES


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "maxNesting": MAX_NESTING, "breaks": True})
    parser.disable(["reference", "code", "lheading"])
    parser.validateLink = lambda url: safe_href(url) is not None  # type: ignore[method-assign]  # the documented way
    parser.block.ruler.before("table", "cahier_quote", quote_rule, _INTERRUPTS)
    parser.block.ruler.before("cahier_quote", "nested_too_deep", _nested_too_deep)
    parser.block.ruler.at("blockquote", somebody_elses_words, _INTERRUPTS_AS_QUOTES)
    parser.block.ruler.at("list", items, _INTERRUPTS_AS_LISTS)
    parser.block.ruler.before("paragraph", "end_of_quote_or_table", end_of_quote_or_table, {"alt": ["blockquote"]})
    parser.inline.ruler.after("text", "linkify_web_address", linkify_web_address)
    parser.inline.ruler.before("escape", "path_of_windows", path_of_windows)
    parser.inline.ruler.before("backticks", "backtick_between_letters", backtick_between_letters)
    parser.inline.ruler.after("backticks", "sign_between_words", sign_between_words)
    parser.core.ruler.after("inline", "say_titles", say_titles)
    parser.core.ruler.after("say_titles", "images_become_links", images_become_links)
    parser.core.ruler.after("images_become_links", "linkify_www", linkify_www)
    parser.core.ruler.after("linkify_www", "mark_mentions", mark_mentions)
    parser.core.ruler.push("add_rel", add_rel)
    parser.core.ruler.push("keep_numbers", keep_numbers)
    parser.core.ruler.push("keep_words_beside_fences", keep_words_beside_fences)
    parser.core.ruler.push("lower_headings", _lower_headings)
    parser.add_render_rule("mention", _render_mention)
    parser.add_render_rule("cahier_quote", _render_quote)
    return parser


def _nested_too_deep(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    """Block rule: so deep inside lists and quotes everything is a paragraph, and no word is lost."""
    return state.level >= _DEEPEST_CONTAINER and paragraph(state, line, end, silent)


def _lower_headings(state: StateCore) -> None:
    """Core rule: a page's title and its posts take h1 and h2; a post's own headings come below, and never skip a level,
    whatever marks their author chose: those who move from heading to heading would look for the missing one."""
    above: list[str] = []
    for token in state.tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(2 + len(above), 6)}"


def _render_mention(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    # A handle holds letters, marks, digits, - _ . ' ’ only: nothing to escape.
    return f'<span class="mention">{tokens[index].content}</span>'


def _render_quote(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return f'<cahier-quote n="{tokens[index].meta["n"]}"></cahier-quote>\n'


_WITH_TABLES = _make_parser()
_WITHOUT_TABLES = _make_parser().disable("table")
_WITHOUT_BLOCKS = _make_parser().disable(_BLOCK_RULES)
