"""Which passwords are accepted, and how are they stored and verified?

Argon2id takes a fifth of a second and 64 MiB by design, so it runs in threads, two at a time: other requests are served
meanwhile and memory stays bounded. `turns.py` says who is next. Length counts, composition does not (NIST SP 800-63B,
ASVS 5.0 6.2).
"""

import re
import secrets
import unicodedata
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from forum.domain.sign_in.turns import Turns
from forum.errors import Invalid
from forum.settings import settings
from forum.text.folding import fold

# Nobody types a longer password, and hashing it would be a way to overload the server.
LONGEST = 1024
AT_ONCE = 2
# The asker of what no request asks for: commands, the example.
OUR_OWN = "commands"
# Characters that people use in place of a letter.
_FOR_LETTERS = str.maketrans("013457@$€", "oieastase")
COMMON = Path(__file__).with_name("common_passwords.txt")

hasher = PasswordHash((Argon2Hasher(),))
_threads = CapacityLimiter(AT_ONCE)
_turns = Turns(AT_ONCE)


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text("utf-8").split())


@cache
def _decoy() -> str:
    """A hash that no password matches: verifying against it takes the time of a real account."""
    return hasher.hash(secrets.token_urlsafe(32))


def clean_password(password: str, *, field: str | None = None) -> str:
    """The password as it is hashed, whatever the keyboard: composed (NFC), with every kind of space made plain.

    That is the profile OpaqueString of RFC 8265. Nothing else is changed, cut or refused: case, punctuation and spaces
    at both ends count, as typed or as pasted.

    Raises:
        Invalid: longer than any password; raised before hashing.
    """
    if len(password) > LONGEST or "\0" in password:
        raise Invalid("Un mot de passe compte au plus {longest} caractères.", field=field, values={"longest": LONGEST})
    return "".join(" " if unicodedata.category(one) == "Zs" else one for one in unicodedata.normalize("NFC", password))


def check_password(password: str, *, about: tuple[str, ...] = ()) -> str:
    """The password, cleaned, when it is acceptable; `about` are the person's name, handle and address.

    Raises:
        Invalid: too short, too long, well known, or made of the person's own names or the site's.
    """
    password = clean_password(password)
    least = settings().passwords.minimum_length
    if len(password) < least:
        raise Invalid("Un mot de passe compte au moins {least} caractères.", values={"least": least})
    site = settings().site
    if _is_common(password) or _is_about(password, (*about, site.name, urlsplit(site.base_url).hostname or "")):
        raise Invalid("Ce mot de passe est trop facile à deviner. Une phrase de quatre mots convient bien.")
    return password


def _is_common(password: str) -> bool:
    """Whether it is in the list, or made of two of its words, whatever digits and punctuation are around, between or in
    place of letters ("p@ssw0rd"); or one short piece repeated.

    So a few hundred words cover all the variants that people make of them (ASVS 5.0, 6.2.4).
    """
    folded = re.sub(r"\s", "", fold(password))
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+\Z", "", folded)
    letters = re.sub(r"[\W\d_]", "", bare.translate(_FOR_LETTERS))
    halves = ((letters[:place], letters[place:]) for place in range(4, len(letters) - 3))
    return (
        not _common().isdisjoint({folded, bare, letters})
        or any(one in _common() and other in _common() for one, other in halves)
        or re.fullmatch(r"(.{1,4})\1*.{0,3}", folded) is not None
    )


def _is_about(password: str, about: tuple[str, ...]) -> bool:
    folded = re.sub(r"[\W_]", "", fold(password))
    names = (re.sub(r"[\W_]", "", fold(name.split("@")[0])) for name in about)
    return any(len(name) >= 4 and name in folded and len(folded) - len(name) < 6 for name in names)


def generate() -> str:
    """A random password that can be read aloud: five groups of four letters and digits, 90 bits and more."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs, without 0 o 1 l
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))


async def hash_password(password: str, *, asker: str) -> str:
    """The hash to store. It takes a fifth of a second, so never call it inside a transaction. `asker` is the place or
    the account whose turn this is.

    Raises:
        Invalid: longer than any password.
        Unavailable: too many wait already.
    """
    typed = clean_password(password)
    async with _turns.turn(asker):
        return await to_thread.run_sync(hasher.hash, typed, limiter=_threads)


async def verify(password: str, kept: str | None, *, asker: str, is_known: bool = False) -> bool:
    """Whether the password matches; the same work is done when there is no hash (`kept` is None). `asker`: like
    `hash_password`; it `is_known` when it is a member at a place of theirs.

    Raises:
        Invalid: longer than any password.
        Unavailable: too many wait already.
    """
    typed = clean_password(password)
    async with _turns.turn(asker, is_known=is_known):
        return await to_thread.run_sync(matches, typed, kept, limiter=_threads)


def matches(password: str, kept: str | None) -> bool:
    decoy = _decoy()
    return hasher.verify(password, kept or decoy) and kept is not None
