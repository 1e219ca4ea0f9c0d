"""Which addresses may a member's text lead to?

markdown-it refuses a few schemes and bleach knows no `//evil.example`: this allow-list is ours, and both use it.
Whatever is not certainly harmless stays the text that its author typed. Nothing here ever fetches an address.
"""

import re
from html import unescape
from urllib.parse import urlsplit

from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

EXTERNAL_REL = "nofollow ugc noopener"

# Longer addresses are never typed by people and are cut by proxies and mail programs.
LONGEST = 2000

# Browsers drop tabs and newlines inside addresses and read "\" as "/"; bidirectional marks show another address.
_TRICKS = re.compile(r"[\x00-\x20\x7f-\xa0\\\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_HOST = re.compile(
    r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*\.?(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?"
)
_MAIL = re.compile(r"mailto:[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)

# A bare address stops at blanks, at quotation marks, and at the brackets that Markdown may need.
_BARE_TAIL = re.compile(r"[^\s<>\"«»“”`\[\]{}|\\^*\u200b]+")
_BARE_HOST = re.compile(r"[\w.-]+(?::[0-9]{1,5})?")
_BARE_WWW = re.compile(r"(?<![\w@/.:-])www\.(?=\w)", re.IGNORECASE)
_TO_TEXT = RendererHTML()

_AFTER_ADDRESS = ".,;:!?'’…~_-"


# A link in the HTML that `sanitise.py` lets pass.
_WRITTEN = re.compile(r'<a [^>]*?href="(https?://[^"]*|mailto:[^"]*)"', re.IGNORECASE)


def count_links(html: str, *, here: str) -> int:
    """How many links of sanitised HTML lead out of this site, whose address is `here`."""
    found = (unescape(each[1]) for each in _WRITTEN.finditer(html))
    return sum(each != here and not each.startswith(f"{here}/") for each in found)


def safe_href(url: str) -> str | None:
    """The address itself when a page may lead there, None otherwise: http, https, mailto, #part, /path on this site."""
    if len(url) > LONGEST or _TRICKS.search(url):
        return None
    if url.startswith("#") or (url.startswith("/") and not url.startswith("//")) or _MAIL.fullmatch(url):
        return url
    return url if _WEB.match(url) and _has_plain_host(url) else None


def is_external(href: str) -> bool:
    """Does the address leave this site? Absolute addresses always count as leaving."""
    return _WEB.match(href) is not None


def _has_plain_host(url: str) -> bool:
    """No user and password ("https://ministere.gouv.fr@evil.example"), no escapes in the host, a port that exists."""
    try:
        parts = urlsplit(url)
        return _HOST.fullmatch(parts.netloc) is not None and (parts.port is None or parts.port > 0)
    except ValueError:  # urlsplit says so of malformed IPv6 hosts and ports: not an address, hence not a link
        return False


def linkify_web_address(state: StateInline, silent: bool) -> bool:
    """Inline rule: `https://…` typed bare becomes a link, before emphasis can cut it at an underscore.

    Our own rather than linkify-it's: that one makes links of "fin.la suite" (a typo, not a site), rewrites the words it
    shows, and needs two seconds for 20 000 characters of "http://[".
    """
    if state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _scheme_at_end(state.pending)
    if not scheme:
        return False
    start = state.pos - len(scheme)
    end = _end_of_address(state.src, state.pos + 3)
    host = _BARE_HOST.match(state.src, state.pos + 3, end)
    if end > state.posMax or not host or (host.end() < end and state.src[host.end()] not in "/?#"):
        return False
    words = state.src[start:end]
    href = state.md.normalizeLink(words)
    if safe_href(href) is None:
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme)]
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = words
        state.push("link_close", "a", -1)
    state.pos = end
    return True


def linkify_www(state: StateCore) -> None:
    """Core rule: `www.exemple.fr` typed bare becomes a link; other host names stay words."""
    for block in state.tokens:
        if block.type == "inline" and block.children and "www." in block.content.lower():
            block.children = _with_www_links(state, block.children)


def images_become_links(state: StateCore) -> None:
    """Core rule: an image leads to its address, its description being the text. We show no third party's pictures."""
    for block in state.tokens:
        if block.type == "inline" and block.children and "![" in block.content:
            block.children = _without_images(state, block.children)


def say_titles(state: StateCore) -> None:
    """Core rule: what stands in quotation marks after an address is words too, which no page would show."""
    for block in state.tokens:
        if block.type == "inline" and block.children and "](" in block.content:
            block.children = _with_titles(block.children)


def add_rel(state: StateCore) -> None:
    """Core rule: links that leave the site say so to search engines and give the other page no handle on ours."""
    for block in state.tokens:
        for token in block.children or ():
            if token.type == "link_open" and is_external(str(token.attrs.get("href", ""))):
                token.attrs["rel"] = EXTERNAL_REL


def _scheme_at_end(pending: str) -> str:
    for scheme in ("https", "http"):
        before = pending[: -len(scheme)]
        if pending[-len(scheme) :].lower() == scheme and not (before and (before[-1].isalnum() or before[-1] in "+-.")):
            return pending[-len(scheme) :]
    return ""


def _end_of_address(text: str, start: int) -> int:
    """Where the bare address that began before `start` ends, without the punctuation of the sentence around it."""
    found = _BARE_TAIL.match(text, start, min(len(text), start + LONGEST))
    end = found.end() if found else start
    unopened = text.count(")", start, end) - text.count("(", start, end)
    while end > start:
        if text[end - 1] == ")" and unopened > 0:
            unopened -= 1
        elif text[end - 1] == "(":
            unopened += 1
        elif text[end - 1] not in _AFTER_ADDRESS:
            break
        end -= 1
    return end


def _with_www_links(state: StateCore, children: list[Token]) -> list[Token]:
    kept: list[Token] = []
    in_link = 0
    for token in children:
        in_link += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "text" and not in_link:
            kept.extend(_cut_at_www(state, token.content))
        else:
            kept.append(token)
    return kept


def _cut_at_www(state: StateCore, text: str) -> list[Token]:
    tokens: list[Token] = []
    done = 0
    for found in _BARE_WWW.finditer(text):
        end = _end_of_address(text, found.end())
        href = state.md.normalizeLink("http://" + text[found.start() : end])
        if found.start() < done or safe_href(href) is None:
            continue
        tokens += [text_token(text[done : found.start()]), *link_tokens(href, text[found.start() : end])]
        done = end
    return [*tokens, text_token(text[done:])]


def _without_images(state: StateCore, children: list[Token]) -> list[Token]:
    kept: list[Token] = []
    in_link = 0
    for token in children:
        in_link += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type != "image":
            kept.append(token)
            continue
        href = str(token.attrs.get("src", ""))
        words = _TO_TEXT.renderInlineAsText(token.children, state.md.options, state.env).strip()
        kept.extend([text_token(words)] if in_link else link_tokens(href, words or href))
    return kept


def _with_titles(children: list[Token]) -> list[Token]:
    kept: list[Token] = []
    titles: list[str] = []
    for token in children:
        kept.append(token)
        title = str(token.attrs.pop("title", ""))
        if token.type == "link_open":
            titles.append(title)
        elif token.type == "link_close":
            title = titles.pop()
        if title and token.type != "link_open":
            kept.append(text_token(f" « {title} »"))
    return kept


def text_token(words: str) -> Token:
    """A run of plain words."""
    return Token("text", "", 0, content=words)


def link_tokens(href: str, words: str) -> list[Token]:
    """The three tokens of a link."""
    return [Token("link_open", "a", 1, attrs={"href": href}), text_token(words), Token("link_close", "a", -1)]
