"""The cache of pages: rendered once for everybody who may see the same, until the version of what they show is raised.

The key says which page it is (thread, page, language) and for whom (what they may do); the version says as of when
(version of the thread, phase of the schedule). A write raises the version, and every process sees at once that its
cached page is old. What belongs to one reader only is put in the page's slots at each request and never cached. The
least recently used pages are dropped when all together are too big; one that takes too much alone is not kept. Bytes
are counted as they are in memory, and again as a page grows by what its readers share.
"""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from hashlib import sha256
from sys import getsizeof
from typing import Generic, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from forum.web.plumbing.page import Ready, has_already, own_slot

Page = TypeVar("Page", bound="Weighed")

MOST_BYTES = 32_000_000
"""For all pages together."""
LARGEST_PART = 10
"""One page takes a tenth of that at most: it would push out all that others read."""


class Weighed(Protocol):
    """Something that is kept, with its present size in bytes."""

    @property
    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class KeptBytes:
    """A file, ready to be sent."""

    content: bytes

    @property
    def size(self) -> int:
        return getsizeof(self.content)


@dataclass(slots=True)
class KeptPage:
    """A page open at its slots; `packed` is its whole form for visitors, made when first needed."""

    ready: Ready
    etag: str = ""
    packed: bytes = b""
    _fragments: dict[Hashable, str] = field(default_factory=dict)
    _shared: int = 0

    @property
    def size(self) -> int:
        """Bytes in memory: those of its pieces, of its form for visitors, and of its fragments."""
        return self.ready.size + getsizeof(self.packed) + self._shared

    def once(self, key: Hashable, make: Callable[[], str]) -> str:
        """A fragment that many readers share: it depends only on its key."""
        found = self._fragments.get(key)
        if found is None:
            found = self._fragments[key] = make()
            self._shared += getsizeof(found)
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
        return self.keep(key, found[2], version)

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

    def keep(self, key: Hashable, page: Page, version: Hashable) -> Page:
        """Store a page, replacing any under that key, unless it takes too much; returns the page."""
        if (former := self._pages.pop(key, None)) is not None:
            self._bytes -= former[1]
        size = page.size
        if size > self._most // LARGEST_PART:
            return page
        self._pages[key] = (version, size, page)
        self._bytes += size
        while self._bytes > self._most:
            self._bytes -= self._pages.popitem(last=False)[1][1]
        return page


_HTML = "text/html; charset=utf-8"


def to_visitors(request: Request, page: KeptPage, fill: Callable[[str], str] | None = None) -> Response:
    """Answer a visitor with bytes that are identical for all visitors, or 304 when they have them. `fill` gives, the
    first time, what a visitor sees in the page's own slots; the frame's slots need none."""
    if not page.packed:
        plain = page.ready.filled(fill or (lambda name: own_slot(request, name))).encode()
        page.packed = gzip.compress(plain, 9, mtime=0)
        page.etag = f'"{sha256(plain).hexdigest()[:20]}"'
    headers = {"Vary": "Accept-Encoding, Cookie", "ETag": page.etag, "Cache-Control": "private, no-cache"}
    if has_already(request, page.etag):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(page.packed, headers=headers, media_type=_HTML)
    # Hardly anybody asks for it unpacked: it is not kept twice.
    return Response(gzip.decompress(page.packed), headers=headers, media_type=_HTML)
