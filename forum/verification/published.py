"""What stands beside the data of a synthesis: the script that verifies them, their description, and all hashes."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
BESIDE: Final[Mapping[str, bytes]] = {name: (_HERE / name).read_bytes() for name in ("verifier.py", "LISEZMOI.md")}
"""By file name; the same for every synthesis."""


def manifest(parts: Mapping[str, bytes]) -> bytes:
    """The SHA-256 of each file, a line each, as `sha256sum --check` reads it."""
    return "".join(f"{hashlib.sha256(parts[name]).hexdigest()}  {name}\n" for name in sorted(parts)).encode()
