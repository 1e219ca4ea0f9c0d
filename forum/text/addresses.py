"""Which mailbox does an e-mail address name, and can it be one at all?

One mailbox has one spelling here, whichever door it comes through: what a sheet, a mail program or a keyboard puts
around or inside an address without anybody seeing it goes, and an address that no mail server could be handed is
refused before it is kept. The worker that sends asks the same function for what a mail server knows.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

import idna

from forum.errors import Invalid
from forum.text.characters import seen

# RFC 5321: the longest address that can be delivered, and the longest part before its @, in octets.
LONGEST_ADDRESS: Final = 254
_LONGEST_USER: Final = 64
# Quotes, brackets, what closes a sentence or a cell, and the "=" of a sheet that would keep a text a text.
_AROUND: Final = " \t\r\n\"'`«»“”„‘’‹›<>()[]{}=,;:."
_IN_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>[^<>]*")
_ASCII_SIGNS: Final = frozenset("!#$%&'*+/=?^_`{|}~-")  # RFC 5322, atext
# RFC 6761: the ends of domains that reach nobody else. In-house networks do use ".local".
_NOWHERE: Final = frozenset({"invalid", "localhost"})
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def clean_address(raw: str) -> str:
    """The one spelling of an address that a mail server can be handed; its domain in lower case and in the letters of
    its language.

    Only a confirmation shows that somebody reads it.

    Raises:
        Invalid: it does not look like an address, or there can be no such domain.
    """
    user, at, domain = _bare(raw).rpartition("@")
    if not at or not _is_user(user):
        raise Invalid("Indiquez une adresse électronique, par exemple prenom.nom@exemple.fr.")
    known = ascii_domain(domain)
    if known.rpartition(".")[2] in _NOWHERE:
        raise _no_such_domain()
    address = f"{user}@{idna.decode(known)}"
    # Some capitals become two letters in lower case, and addresses are unique in lower case.
    if max(len(f"{user}@{known}".encode()), len(address), len(address.lower())) > LONGEST_ADDRESS:
        raise Invalid("Cette adresse électronique est trop longue. Vérifiez-la.")
    return address


def address_key(typed: str) -> str:
    """What a mailbox is found by, from what somebody typed; something that is no address finds nobody."""
    try:
        return clean_address(typed).lower()
    except Invalid:
        return _bare(typed).lower()[:LONGEST_ADDRESS]


def ascii_domain(domain: str) -> str:
    """A domain as mail servers know it (RFC 5891).

    Raises:
        Invalid: there can be no such domain.
    """
    try:
        known = idna.encode(domain, uts46=True, std3_rules=True).decode()
    except ValueError:  # idna's own error is one
        known = ""
    # The last label is never a number (RFC 3696, 2): an address of a machine is none of a person.
    if "." not in known or known.rpartition(".")[2].isdigit():
        raise _no_such_domain()
    return known


def _no_such_domain() -> Invalid:
    return Invalid("Le domaine de cette adresse électronique n’existe pas : vérifiez ce qui suit l’arobase.")


def _bare(raw: str) -> str:
    """The address alone: without what nobody sees, what encloses it, and what a link or a sheet writes before it."""
    text = unicodedata.normalize("NFC", seen(raw).translate(_WIDE))
    while True:
        before = text
        if found := _IN_BRACKETS.fullmatch(text):
            text = found[1]
        text = text.strip(_AROUND)
        if text[:7].lower() == "mailto:":
            text = unquote(text[7:].partition("?")[0])
        if text == before:
            return text


def _is_user(user: str) -> bool:
    """Whether this may stand before the @: runs of letters, digits and signs between single dots."""
    return 0 < len(user.encode(errors="replace")) <= _LONGEST_USER and all(
        run and all(map(_may_stand_in_user, run)) for run in user.split(".")
    )


def _may_stand_in_user(letter: str) -> bool:
    if letter.isascii():
        return letter.isalnum() or letter in _ASCII_SIGNS
    # A letter that is only another form of others, such as a ligature, is in nobody's mailbox.
    return unicodedata.category(letter)[0] in "LMN" and unicodedata.normalize("NFKC", letter) == letter
