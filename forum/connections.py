"""What may a connection send, and for how long, before it is cut? Whatever the proxy does, and whether there is one.

uvicorn with httptools has no limit for the head of a request, its line and its headers, and joins a long one to itself
at each packet: one header without end kept everybody waiting for minutes. It also waits for ever for a head that does
not come. Here a head has 64 kB and ten seconds, and so has what follows a body that came in pieces. The size of bodies
is checked by who reads them (`web/plumbing/forms.py`); here they have an end in time.

When the server leaves, each answer closes its connection and says so: closed between two answers, it might cross the
next request, which would be lost.

Connections of which nobody has seen a request yet are numbered: beyond a few hundred, the oldest gives its place.
"""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

HEAD_BYTES: Final = 64 * 1024
"""Browsers and proxies send a tenth of it."""
SECONDS: dict[str, float] = {"head": 10, "body": 150, "rest": 2}
"""For a head; for a body, longer than any form has; for the rest of a body that nobody reads any more."""
LINGER: float = 2
"""Seconds for which a refused connection is still listened to: cut at once, its sender would not read the answer."""
SILENT_AT_MOST: Final = 500
SILENT_FOR = 1.0
"""Seconds without a request after which a connection may have to give its place."""

WORDS: Final = {
    400: ("Cette demande n’est pas lisible.", "This request cannot be read."),
    408: ("Cette demande n’est pas arrivée à temps.", "This request did not arrive in time."),
    414: ("Cette adresse est trop longue.", "This address is too long."),
    431: ("L’en-tête de cette demande est trop long.", "The header of this request is too long."),
}


class State(ServerState):
    """What the connections of a server share."""

    leaves = False
    headers: Sequence[tuple[bytes, bytes]] = ()
    """What every answer says to browsers: those of the site bring them, the refusals here get them from the server."""


class Connection(HttpToolsProtocol):
    """A connection that is cut when it sends too much or too slowly; the rest is uvicorn's."""

    silent: ClassVar[dict["Connection", float]] = {}
    """Those that have not sent a whole head yet, the oldest first, and since when."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.url = b""
        self._unread = 0
        self._told = self._refused = False
        self._in_body = False
        self._awaited: str | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._await("head")
        self._give_place()

    def _give_place(self) -> None:
        now = self.loop.time()
        self.silent[self] = now
        if len(self.silent) > SILENT_AT_MOST:
            oldest, since = next(iter(self.silent.items()))
            if now - since >= SILENT_FOR:
                del self.silent[oldest]
                oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.silent.pop(self, None)
        self._await(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        start, room = 0, HEAD_BYTES - self._unread
        while len(data) - start > room:
            # No more at once than a head may still have, so that a longer one is never joined.
            if not self._feed(data[start : start + room]):
                return
            start, room = start + room, HEAD_BYTES - self._unread
        if self._feed(data[start:] if start else data):
            self._await_next()

    def _feed(self, piece: bytes) -> bool:
        """Whether the connection goes on."""
        self._told = False
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            # We speak nothing else: the request is answered like any other, and the last one.
            self.cycle.keep_alive = False
            return False
        except httptools.HttpParserError:
            self._refuse(400)
            return False
        if self._told:
            self._unread = 0
        else:
            self._unread += len(piece)
            if self._unread >= HEAD_BYTES:
                self._refuse(414 if len(self.url) > HEAD_BYTES // 2 else 431)
                return False
        return not self.transport.is_closing()

    # What the parser tells of: each of these shows that what came before is read.

    def on_headers_complete(self) -> None:
        self._told = self._in_body = True
        self.silent.pop(self, None)
        super().on_headers_complete()
        if isinstance(self.server_state, State) and self.server_state.leaves:
            self.close_after_answer()

    def close_after_answer(self) -> None:
        """Close after the answer that is due, unless it has begun without saying so: then after the next one."""
        if self._is_answering() and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def cut_body(self) -> None:
        """Wait no longer for the rest of a body: who reads it learns that its sender has gone."""
        if self._in_body:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        self._told = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._told = True
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body:
            self._await_next()

    # Time

    def _await_next(self) -> None:
        answering = self._is_answering()
        if self._in_body:
            what: str | None = "body" if answering else "rest"
        else:
            what = None if answering and not self._unread else "head"
        if what is not self._awaited:
            self._await(what)

    def _await(self, what: str | None) -> None:
        """From now on this much time for it."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._awaited = what
        self._deadline = None if what is None else self.loop.call_later(SECONDS[what], self._end)

    def _end(self) -> None:
        awaited, self._awaited, self._deadline = self._awaited, None, None
        if awaited == "head" and self._is_answering():
            # The next request on its way is not read while this one is answered.
            self._await("head")
        elif awaited == "head" and self._unread:
            self._refuse(408)
        else:
            self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, status: int) -> None:
        """Say why in plain words, then close; what is still on its way is not read."""
        self._refused = True
        self._await(None)
        if self._is_answering():
            self.transport.abort()
            return
        words = "".join(f"{line}\n" for line in WORDS[status]).encode()
        head: list[tuple[bytes, bytes]] = [
            *self.server_state.default_headers,
            *(self.server_state.headers if isinstance(self.server_state, State) else ()),
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(words)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%s: %s\r\n" % pair for pair in head)
        self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + words)
        self.transport.write_eof()
        self._deadline = self.loop.call_later(LINGER, self.transport.abort)


def leave(state: State) -> None:
    """From now on each answer closes its connection."""
    state.leaves = True
    for one in _connections(state):
        one.close_after_answer()


def cut_bodies(state: State) -> None:
    """Wait no longer for the rest of any body."""
    for one in _connections(state):
        one.cut_body()


def _connections(state: State) -> list[Connection]:
    return [one for one in state.connections if isinstance(one, Connection)]
