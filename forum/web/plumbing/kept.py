"""The cache of pages: rendered once for everybody who may see the same, until the version of what they show is raised.

The key says which page it is (thread, page, language) and for whom (what they may do); the version says as of when
(version of the thread, phase of the schedule). A write raises the version, and every process sees at once that its
cached page is old. What belongs to one reader only is put in the page's slots at each request and never cached. The
least recently used pages are dropped when all together are too big.
"""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from forum.web.plumbing.page import Ready, has_already, own_slot

Page = TypeVar("Page")

# Bytes for all pages together, and per character of a page: it is kept twice (open and whole), compressed, and in
# fragments.
MOST_BYTES = 32_000_000
BYTES_A_CHARACTER = 6


@dataclass(slots=True)
class KeptPage:
    """A page open at its slots; `packed` and `plain` are its whole form for visitors, made when first needed."""

    ready: Ready
    etag: str = ""
    plain: bytes = b""
    packed: bytes = b""
    _fragments: dict[Hashable, str] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], str]) -> str:
        """A fragment that many readers share: it depends only on its key."""
        found = self._fragments.get(key)
        if found is None:
            found = self._fragments[key] = make()
        return found


class KeptPages(Generic[Page]):
    """Pages by key, each at a version, within `most` bytes."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._pages: OrderedDict[Hashable, tuple[Hashable, int, Page]] = OrderedDict()
        self._making: dict[Hashable, asyncio.Future[Page]] = {}
        self._most = most
        self._bytes = 0

    def get(self, key: Hashable, version: Hashable) -> Page | None:
        """The page, if it is exactly of that version."""
        found = self._pages.get(key)
        if found is None or found[0] != version:
            return None
        self._pages.move_to_end(key)
        return found[2]

    async def once(self, key: Hashable, version: Hashable, make: Callable[[], Awaitable[Page]]) -> Page:
        """The page of that version, made once for all who ask for it meanwhile: one who goes away stops nobody."""
        found = self.get(key, version)
        if found is not None:
            return found
        making = self._making.get((key, version))
        if making is None:
            making = self._making[key, version] = asyncio.ensure_future(make())
            making.add_done_callback(lambda _: self._making.pop((key, version)))
        return await asyncio.shield(making)

    def keep(self, key: Hashable, page: Page, version: Hashable, *, characters: int) -> Page:
        """Store a page, replacing any under that key; returns the page."""
        if (former := self._pages.pop(key, None)) is not None:
            self._bytes -= former[1]
        size = characters * BYTES_A_CHARACTER
        self._pages[key] = (version, size, page)
        self._bytes += size
        while self._bytes > self._most and len(self._pages) > 1:
            self._bytes -= self._pages.popitem(last=False)[1][1]
        return page


_HTML = "text/html; charset=utf-8"


def to_visitors(request: Request, page: KeptPage, fill: Callable[[str], str] | None = None) -> Response:
    """Answer a visitor with bytes that are identical for all visitors, or 304 when they have them. `fill` gives, the
    first time, what a visitor sees in the page's own slots; the frame's slots need none."""
    if not page.plain:
        page.plain = page.ready.filled(fill or (lambda name: own_slot(request, name))).encode()
        page.packed = gzip.compress(page.plain, 9, mtime=0)
        page.etag = f'"{sha256(page.plain).hexdigest()[:20]}"'
    headers = {"Vary": "Accept-Encoding, Cookie", "ETag": page.etag, "Cache-Control": "private, no-cache"}
    if has_already(request, page.etag):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(page.packed, headers=headers, media_type=_HTML)
    return Response(page.plain, headers=headers, media_type=_HTML)
