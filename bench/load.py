"""The load: as many requests as one core can send over keep-alive connections, and a count of the answers."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import cast

CONNECTIONS = 24


@dataclass(slots=True)
class Answers:
    """What came back in one round."""

    count: int = 0
    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


def request(method: str, path: str, *, port: int, token: str = "", body: bytes = b"", accept: str = "gzip") -> bytes:
    """A request as a browser on our own pages sends it."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Accept-Encoding: {accept}",
        "Sec-Fetch-Site: same-origin",
    ]
    if token:
        lines.append(f"Cookie: session={token}")
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Browser(asyncio.Protocol):
    """One connection: sends the next request when the last answer is complete."""

    def __init__(self, requests: Iterator[bytes], answers: Answers, until: float) -> None:
        self.requests, self.answers, self.until = requests, answers, until
        self.buffer = bytearray()
        self.wanted = 0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class, which inherits from neither
        self._send()

    def _send(self) -> None:
        self.buffer.clear()
        self.wanted = 0
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.wanted:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.wanted = end + 4 + _length(bytes(self.buffer[:end]))
        if len(self.buffer) < self.wanted:
            return
        status = int(self.buffer[9:12])
        self.answers.count += 1
        self.answers.statuses[status] = self.answers.statuses.get(status, 0) + 1
        if time.perf_counter() < self.until:
            self._send()
        else:
            self.transport.close()

    def connection_lost(self, problem: Exception | None) -> None:
        if problem is None and time.perf_counter() < self.until:
            problem = ConnectionError("the server closed the connection")
        if problem is None:
            self.closed.set_result(None)
        else:
            self.closed.set_exception(problem)


def _given(browser: Browser) -> Browser:
    return browser


def _length(head: bytes) -> int:
    """Content-Length, 0 when there is none (303)."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def press(port: int, requests: Callable[[int], Iterator[bytes]], seconds: float) -> Answers:
    """Load the server for some seconds; `requests` gives each connection what it sends, by the connection's number."""
    answers = Answers()
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    browsers = []
    for number in range(CONNECTIONS):
        browser = Browser(requests(number), answers, start + seconds)
        await loop.create_connection(partial(_given, browser), "127.0.0.1", port)
        browsers.append(browser.closed)
    await asyncio.gather(*browsers)
    answers.seconds = time.perf_counter() - start
    return answers


class Connection(asyncio.Protocol):
    """A kept connection over which one request is sent at a time, whenever it is due; opened by the first one. It keeps
    nothing of an answer but its status: the generator shares the machine with what it measures."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._transport: asyncio.Transport | None = None
        self._status: asyncio.Future[int] | None = None
        self._head = b""
        self._left = 0

    async def ask(self, sent: bytes) -> int:
        """The status of the answer, which is read whole."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, "127.0.0.1", self.port)
        self._status = loop.create_future()
        cast(asyncio.Transport, self._transport).write(sent)
        return await self._status

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, which inherits from neither

    def data_received(self, data: bytes) -> None:
        if not self._left:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._left = _length(self._head[:end])
            data = self._head[end + 4 :]
        self._left -= len(data)
        if not self._left and self._status is not None:
            status, self._head = int(self._head[9:12]), b""
            self._status.set_result(status)

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport, self._head, self._left = None, b"", 0
        if self._status is not None and not self._status.done():
            self._status.set_exception(problem or ConnectionError("the server closed the connection"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def fetch(port: int, sent: bytes) -> tuple[int, bytes, bytes]:
    """One answer: status, head, body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(_length(head))
    writer.close()
    return int(head[9:12]), head, body
