"""What the database keeps but must not reveal to whoever reads it: second factors, links in unsent mails, identities.

Sealed with Fernet (AES-128-CBC and HMAC-SHA-256) under the key of the settings, which is never in the database. In
development an empty setting means a key in the data folder, made once.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from forum.errors import CannotStart, plain_reason
from forum.settings import settings

KEY_FILE = "cahier.key"


def make_key() -> str:
    """A new key, in the form that the setting takes."""
    return Fernet.generate_key().decode()


def seal(value: Any) -> str:
    """Seal any JSON value as text that only this site can open."""
    return _fernet(_keys()).encrypt(json.dumps(value).encode()).decode()


def unseal(sealed: str) -> Any:
    """The value that was sealed.

    Raises:
        LookupError: it was sealed under a key that this site does not have (any more).
    """
    try:
        return json.loads(_fernet(_keys()).decrypt(sealed.encode()))
    except InvalidToken as problem:
        raise LookupError("sealed under an unknown key") from problem


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
