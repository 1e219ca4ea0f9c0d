"""How is a zip made reproducible? Entries in one order, one date for all, one level of compression.

Office formats are zips: without this, their bytes would tell when and where they were made. The `mimetype` of an ODT
comes first and uncompressed, as OpenDocument asks.
"""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Final

_FIRST: Final = ("mimetype", "[Content_Types].xml")
_READABLE: Final = 0o644 << 16


def stable_zip(parts: Mapping[str, bytes], taken_at: str) -> bytes:
    """A zip of `parts` by name, all dated `taken_at` (UTC ISO)."""
    moment = datetime.fromisoformat(taken_at)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in sorted(parts, key=lambda name: (name not in _FIRST, name)):
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.external_attr = _READABLE
            entry.create_system = 3  # Unix, wherever it is made
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts[name], compresslevel=6)
    return written.getvalue()


def parts_of(archive: bytes) -> dict[str, bytes]:
    """The files of a zip by name, folders left out."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}
