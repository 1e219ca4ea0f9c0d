"""What do we accept and store of the text that somebody sent?

The author's words stay as they are: no normalisation, no typographer. Only what cannot be stored, seen or sent back is
refused or dropped. What the words mean is for `reading.py`.
"""

import re
import unicodedata

from forum.errors import Invalid
from forum.text.line_ends import with_line_ends

# C0 controls and DEL are not visible; PostgreSQL and XML refuse some of them. Tab and line feed are text.
_CONTROLS = re.compile(r"[\x01-\x08\x0b-\x1f\x7f]")
# Windows' letters, where a program took them for Latin-1: `c\x9cur` is "cœur". Five of these codes are no letter there.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Zs", "Zl", "Zp", "Cc"})


def clean_source(raw: str, *, limit: int) -> str:
    """The text to store, `limit` counted in code points after cleaning. Raises Invalid when empty or too long."""
    _refuse_unstorable(raw)
    return _within(_cleaned(raw).rstrip(), limit)


def clean_draft(raw: str, *, limit: int) -> str:
    """What somebody has typed so far, to store: nothing seen in it makes it empty. Raises Invalid when too long."""
    _refuse_unstorable(raw)
    text = _cleaned(raw)
    return _within(text, limit) if _is_seen(text) else ""


def clean_line(raw: str, *, limit: int) -> str:
    """The text of a one-line field (title, wording) to store: cleaned, each run of white space made one space. Raises
    Invalid when empty or too long."""
    _refuse_unstorable(raw)
    return _within(_BLANKS.sub(" ", _cleaned(raw)).strip(), limit)


def _cleaned(raw: str) -> str:
    return _CONTROLS.sub("", with_line_ends(raw).translate(_WINDOWS))


def _refuse_unstorable(raw: str) -> None:
    if "\x00" in raw:
        raise Invalid("Le texte contient un caractère nul : copiez-le à nouveau depuis son origine.")
    if _SURROGATES.search(raw):
        raise Invalid("Le texte contient un caractère incomplet : copiez-le à nouveau depuis son origine.")


def _within(text: str, limit: int) -> str:
    if not _is_seen(text):
        raise Invalid("Écrivez au moins un mot.")
    if len(text) > limit:
        raise Invalid(
            "Ce texte est trop long : {length} caractères, pour {limit} au plus.",
            values={"length": len(text), "limit": limit},
        )
    return text


def _is_seen(text: str) -> bool:
    return any(unicodedata.category(letter) not in _INVISIBLE for letter in text)
