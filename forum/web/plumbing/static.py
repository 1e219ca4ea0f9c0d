"""Styles, scripts, fonts: read once at the start, served from memory under an address that changes with their content.

The style sheets become one file (tokens, elements, layout, then the blocks by name) and the scripts another, each in
its own braces so that their constants stay private; those that help to write are a file for members. There is no
build: what is in `static/` is what is served.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from forum.settings import ROOT

FOLDER = ROOT / "static"
SHEETS = ("tokens.css", "elements.css", "layout.css")
# An address contains the hash of its content, so a browser never needs to ask again.
FOR_EVER = "public, max-age=31536000, immutable"
TEXTS = frozenset({"text/css", "text/javascript", "image/svg+xml; charset=utf-8", "text/plain"})


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    content: bytes
    packed: bytes | None
    media_type: str
    address: str


class Assets:
    """Everything under `static/`, by its name in templates: `static("site.css")`, `static("favicon.svg")`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".css", ".js")]
        self._assets = {name: _asset(name, path.read_bytes()) for path in files if (name := _name(folder, path))}
        self._add("site.css", self._with_hashed_fonts(_styles(folder)))
        self._add("site.js", _scripts(folder / "js"))
        # Who only reads does not wait for what helps to write.
        self._add("writing.js", _scripts(folder / "js" / "writing"))
        self._by_address = {asset.address: asset for asset in self._assets.values()}

    def address(self, name: str) -> str:
        """The address of a file. Raises KeyError when there is none, so that no page asks for a missing file."""
        return self._assets[name].address

    def at(self, address: str) -> Asset | None:
        return self._by_address.get(address)

    def _add(self, name: str, text: str) -> None:
        self._assets[name] = _asset(name, text.encode())

    def _with_hashed_fonts(self, css: str) -> str:
        return re.sub(r'url\("\.\./([^"]+)"\)', lambda found: f'url("{self.address(found[1])}")', css)


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _asset(name: str, content: bytes) -> Asset:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    media_type = {"application/javascript": "text/javascript"}.get(media_type, media_type)
    media_type = {".woff2": "font/woff2", ".svg": "image/svg+xml; charset=utf-8"}.get(Path(name).suffix, media_type)
    packed = gzip.compress(content, 9, mtime=0) if media_type in TEXTS else None
    return Asset(content, packed, media_type, f"/static/{hashlib.sha256(content).hexdigest()[:12]}/{name}")


def _styles(folder: Path) -> str:
    sheets = [folder / "css" / name for name in SHEETS] + sorted((folder / "css" / "blocks").glob("*.css"))
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets)


def _scripts(folder: Path) -> str:
    return "\n".join(f"{{\n{script.read_text('utf-8')}}}" for script in sorted(folder.glob("*.js")))


async def show(request: Request) -> Response:
    """A file at its hashed address; an address with an older hash is gone."""
    assets: Assets = request.app.state.pages.assets
    asset = assets.at(f"/static/{request.path_params['path']}")
    if asset is None:
        raise HTTPException(404)
    headers = {"Cache-Control": FOR_EVER}
    content = asset.content
    if asset.packed is not None:
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"], content = "gzip", asset.packed
    return Response(content, media_type=asset.media_type, headers=headers)
