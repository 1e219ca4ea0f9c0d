"""What the database keeps but must not reveal to whoever reads it: second factors, links in unsent mails, identities.

Sealed with AES-256-GCM under a key that is derived (HKDF) from that of the settings, which is never in the database. In
development an empty setting means a key in the data folder, made once. What 0.3.0 sealed (Fernet: AES-128-CBC and
HMAC-SHA-256) is opened for as long as it is kept.
"""

import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from forum.errors import CannotStart, plain_reason
from forum.settings import settings

KEY_FILE = "cahier.key"
FORM: Final = "gcm1."
"""Begins what is sealed in this form: another one can follow, and this one still be opened."""
SIGNED: Final = "signed1."
"""From what the key is derived that signs: another one than what seals."""
_NONCE: Final = 12


def make_key() -> str:
    """A new key, in the form that the setting takes."""
    return Fernet.generate_key().decode()


def seal(value: Any) -> str:
    """Seal any JSON value as text that only this site can open."""
    nonce = os.urandom(_NONCE)
    return (
        FORM + urlsafe_b64encode(nonce + _locks(_keys())[0].encrypt(nonce, json.dumps(value).encode(), None)).decode()
    )


def unseal(sealed: str) -> Any:
    """The value that was sealed.

    Raises:
        LookupError: it was sealed under a key that this site does not have (any more), or changed since.
    """
    try:
        opened = _open(sealed) if sealed.startswith(FORM) else _fernet(_keys()).decrypt(sealed.encode())
    except (InvalidToken, ValueError) as problem:
        raise LookupError("sealed under an unknown key") from problem
    return json.loads(opened)


def _open(sealed: str) -> bytes:
    content = urlsafe_b64decode(sealed.removeprefix(FORM))
    for lock in _locks(_keys()):
        try:
            return lock.decrypt(content[:_NONCE], content[_NONCE:], None)
        except InvalidTag:
            continue
    raise InvalidToken


def sign(*said: object) -> str:
    """The mark that only this site can put on these words, which it does not hide."""
    return _mark(_signing_keys(_keys())[0], said)


def is_signed(mark: str, *said: object) -> bool:
    """Whether it is the mark of these words, under a key that this site has."""
    return any(compare_digest(mark.encode(), _mark(key, said).encode()) for key in _signing_keys(_keys()))


def _mark(key: bytes, said: tuple[object, ...]) -> str:
    """128 bits of a HMAC, in hexadecimal."""
    return hmac.new(key, json.dumps([str(each) for each in said]).encode(), "sha256").hexdigest()[:32]


@cache
def _signing_keys(keys: str) -> list[bytes]:
    return [HKDF(SHA256(), 32, None, SIGNED.encode()).derive(urlsafe_b64decode(key)) for key in keys.split(",")]


@cache
def _locks(keys: str) -> list[AESGCM]:
    """One for each key. What it locks with is derived, since the old form uses the key's own bytes."""
    return [AESGCM(HKDF(SHA256(), 32, None, FORM.encode()).derive(urlsafe_b64decode(key))) for key in keys.split(",")]


@cache
def _fernet(keys: str) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys.split(",")])


def _keys() -> str:
    return settings().security.key or _own_key(settings().site.data_path / KEY_FILE)


@cache
def _own_key(path: Path) -> str:
    """The key of the data folder. If two processes make it at once, both use the first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make_key())
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
        return path.read_text().strip()
    except OSError as problem:
        raise CannotStart(f"security.key : {path} ne peut pas être écrit ({plain_reason(problem)})") from problem
