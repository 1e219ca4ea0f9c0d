"""What does a mail say, and how is it put together? From a template and its values to a message, text and HTML.

`templates/mail/<name>.txt` holds the words in blocks (subject, words, links, after, why); `_letter.txt` and
`_letter.html` set the same words in two ways. Values are typed by people: they stay out of every header, lose their
control characters, and are escaped in the HTML. Links begin with `site.base_url`, never with the host of a request.
"""

import re
import textwrap
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, Policy
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from forum.domain.mail import Listed, WaitingMail, message_id
from forum.errors import Invalid
from forum.language import filters, translators
from forum.settings import ROOT, Settings, settings
from forum.text import typography
from forum.text.addresses import ascii_domain, clean_address
from forum.text.directions import isolate

WIDTH: Final = 72
"""Characters of a line of text; a link is longer and stays whole."""


class _Whole(UnstructuredHeader):
    """A header that is one long address: folded, it would be written in a code that mail programs do not read there."""

    def fold(self, *, policy: "Policy[Any]") -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined] # of the class that it is mixed with


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)  # type: ignore[arg-type] # mixed with a BaseHeader
_ASCII, _UTF8 = (policy.clone(header_factory=_HEADERS) for policy in (SMTP, SMTPUTF8))

_BLANKS = re.compile(r"[ \t\n]+")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
# Marks that reverse the direction of what follows: reversed by a name, a sentence would say something else.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class LetterLink:
    """A link of a mail: its address and its words."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """What a mail tells of one thing: a title, paragraphs, and the way there."""

    title: str
    lines: list[str]
    way: LetterLink


class UnwritableAddress(ValueError):
    """No header can hold this address as a single recipient. The error does not repeat it: logs would keep it."""


def message_of(mail: WaitingMail) -> EmailMessage:
    """The mail, ready to be sent. The same row gives the same Message-ID, by which a second copy is recognised.

    Raises:
        UnwritableAddress: the address cannot stand in a header.
    """
    known = settings()
    reader = _address(mail.address)
    message = EmailMessage(policy=_ASCII if reader.addr_spec.isascii() else _UTF8)
    subject, text, html = _written(mail, known)
    message["Subject"] = subject
    message["From"] = Address(known.site.name, addr_spec=known.mail.sender)
    message["To"] = reader
    if known.mail.reply_to:
        message["Reply-To"] = known.mail.reply_to
    message["Date"] = mail.created_at
    message["Message-ID"] = message_id(mail, reader.addr_spec, known.mail.sender.rpartition("@")[2])
    # RFC 3834: no out-of-office replies; the second header is the one that Exchange obeys.
    message["Auto-Submitted"] = "auto-generated"
    if mail.listed is not None:
        _list(message, mail, mail.listed, known)
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = mail.locale
    return message


def _list(message: EmailMessage, mail: WaitingMail, listed: Listed, known: Settings) -> None:
    """Let mail programs sort these mails, put those about one thing together, and offer to end them: with one click,
    which is a POST (RFC 8058)."""
    host = known.site.host.partition(":")[0]
    message["List-Id"] = f"<{listed.kind}.{host}>"
    message["In-Reply-To"] = message["References"] = f"<{listed.topic}.{listed.kind}@{host}>"
    message["List-Unsubscribe"] = f"<{_link_to(mail.locale, known.site.base_url)('/courriels/arreter', listed.token)}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _address(written: str) -> Address:
    """An address as mail servers know it: its domain in ASCII (RFC 5891)."""
    try:
        user, _, domain = clean_address(written).rpartition("@")
        return Address(username=user, domain=ascii_domain(domain))
    except (Invalid, ValueError):
        raise UnwritableAddress from None


def _written(mail: WaitingMail, known: Settings) -> tuple[str, str, str]:
    """The subject, text and HTML of a mail."""
    environment = _environment(mail.locale, known.site.base_url)
    shared = {
        "site": known.site.name,
        "organiser": known.consultation.organiser,
        "title": known.consultation.title,
    }
    words = environment.get_template(f"mail/{mail.template}.txt")
    context = shared | {name: harmless(value) for name, value in mail.values.items()}
    letter = shared | {
        "subject": " ".join(_paragraphs(words, "subject", context)),
        "words": _paragraphs(words, "words", context),
        "links": _links(words, context),
        "after": _paragraphs(words, "after", context),
        "why": " ".join(_paragraphs(words, "why", context)),
        "groups": [_group(words, context | {"group": each}) for each in context.get("groups", ()) if mail.listed],
        "choices": _links(words, context, "choices"),
    }
    text = environment.get_template("mail/_letter.txt").render(letter)
    return str(letter["subject"]), _wrapped(text), environment.get_template("mail/_letter.html").render(letter)


def harmless(value: Any) -> Any:
    """Every text in a value, made harmless."""
    if isinstance(value, str):
        return _harmless(value)
    if isinstance(value, tuple):
        return tuple(map(harmless, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: harmless(getattr(value, each.name)) for each in fields(value)})
    return value


def _harmless(value: str) -> str:
    """One line, without control characters and marks of direction, and set apart where its letters run to the left."""
    seen = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in value)
    said: str = isolate(_BLANKS.sub(" ", _TURNS.sub("", seen)).strip())
    return said


def _block(words: Template, name: str, context: dict[str, Any]) -> str:
    if name not in words.blocks:
        return ""
    return "".join(words.blocks[name](words.new_context(context))).strip()


def _paragraphs(words: Template, name: str, context: dict[str, Any]) -> list[str]:
    said = _block(words, name, context)
    return [_BLANKS.sub(" ", one).strip(" \n") for one in _PARAGRAPH_END.split(said)] if said else []


def _group(words: Template, context: dict[str, Any]) -> LetterGroup:
    """What is told of one thing."""
    title = " ".join(_paragraphs(words, "place", context))
    return LetterGroup(title, _paragraphs(words, "lines", context), _links(words, context, "way")[0])


def _links(words: Template, context: dict[str, Any], block: str = "links") -> list[LetterLink]:
    """One on each line: its words, a bar, its address."""
    lines = _block(words, block, context).splitlines()
    return [LetterLink(label, address) for label, _, address in (line.strip().partition(" | ") for line in lines)]


def _wrapped(text: str) -> str:
    lines = (
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) if len(line) > WIDTH else line
        for line in text.strip().split("\n")
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


@cache
def _environment(locale: str, base_url: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        lstrip_blocks=True,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    install = environment.install_gettext_callables  # type: ignore[attr-defined] # added by the extension
    install(*translators(locale), newstyle=True)
    environment.globals.update(link=_link_to(locale, base_url), locale=locale, colon=typography.colon(locale))
    environment.filters.update(filters(locale), as_day=date.fromisoformat, as_moment=datetime.fromisoformat)
    return environment


def _link_to(locale: str, base_url: str) -> Callable[..., str]:
    """The address of a path in the language of the mail, with the token of a link."""
    prefix = base_url + ("/en" if locale == "en" else "")

    def link(path: str, token: str = "") -> str:
        return prefix + path + (f"?{urlencode({'jeton': token})}" if token else "")

    return link
