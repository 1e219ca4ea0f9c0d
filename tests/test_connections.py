"""What a connection may send to our own server, without any proxy: how much, for how long, and how many at once.

Where a time is needed it is a short one that the test sets; nothing is shown by how long anything takes.
"""

import asyncio
import errno
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from forum import connections, server
from forum.connections import HEAD_BYTES, Connection, State
from tests.conftest import PATIENCE

ASKED = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POSTED = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
IN_PIECES = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


class App:
    """Answers the number of bytes that were sent, reading them or not."""

    reads = True
    asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        self.asked += 1
        size, more = 0, self.reads
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            more = message["more_body"]
        body = b"%d bytes" % size
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
async def port(app: App) -> AsyncIterator[int]:
    """The port of a server of our connections."""
    config = uvicorn.Config(app, http=Connection, ws="none", lifespan="off", log_config=None)
    config.load()
    state = State()
    state.headers = [(b"x-site", b"cahier")]
    made = partial(Connection, config=config, server_state=state, app_state={})
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()


class Browser:
    """One connection, as it sends and reads bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> tuple[int, bytes]:
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
            return int(head[9:12]), await self.reader.readexactly(int(length[15:]))

    async def send(self, *sent: bytes) -> None:
        """Write, until the other side listens no more."""
        try:
            for one in sent:
                self.writer.write(one)
                await self.writer.drain()
        except ConnectionError:
            pass

    async def ask(self, *sent: bytes) -> tuple[int, bytes]:
        await self.send(*sent)
        return await self.answer()

    async def is_closed(self) -> bool:
        """Wait for the end of the connection; False if something is read before."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read(1) == b""
            except ConnectionResetError:
                return True


Connect = Callable[[], Awaitable[Browser]]


@pytest.fixture
async def connect(port: int) -> AsyncIterator[Connect]:
    opened: list[Browser] = []

    async def one() -> Browser:
        opened.append(Browser(*await asyncio.open_connection("127.0.0.1", port)))
        return opened[-1]

    yield one
    for browser in opened:
        browser.writer.close()


def head_of(size: int) -> bytes:
    """A request whose line and headers have that many bytes."""
    start = b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: "
    return start + b"x" * (size - len(start) - 4) + b"\r\n\r\n"


# --- how much


async def test_a_head_has_64_kb_to_the_byte(connect: Connect) -> None:
    browser = await connect()
    assert await browser.ask(head_of(HEAD_BYTES)) == (200, b"0 bytes")
    assert await browser.ask(head_of(HEAD_BYTES)) == (200, b"0 bytes")
    status, words = await browser.ask(head_of(HEAD_BYTES + 1))
    assert status == 431
    assert "L’en-tête de cette demande est trop long." in words.decode()
    assert await browser.is_closed()


@pytest.mark.parametrize(
    ("begins", "goes_on", "status"),
    [
        (b"GET / HTTP/1.1\r\nX-Long: ", b"x" * 1024, 431),
        (b"GET / HTTP/1.1\r\n", b"X-Many: x\r\n" * 100, 431),
        (b"GET /?", b"x" * 1024, 414),
        (b"GET / HTTP/1.1\r\n" + b"x" * 1024, b"x" * 1024, 431),
        (b"", b"\r\n" * 512, 431),
    ],
    ids=["value", "headers", "address", "name", "blank lines"],
)
async def test_a_head_without_end_is_cut_and_others_are_served(
    connect: Connect, begins: bytes, goes_on: bytes, status: int
) -> None:
    endless, other = await connect(), await connect()
    sending = asyncio.create_task(endless.send(begins, *[goes_on] * 4096))
    assert (await endless.answer())[0] == status
    assert await endless.is_closed()
    await sending
    assert (await other.ask(ASKED))[0] == 200


@pytest.mark.parametrize("goes_on", [b"X-Trailer: x\r\n" * 100, b"x" * 1024], ids=["trailers", "one trailer"])
async def test_what_follows_a_body_in_pieces_has_an_end_too(connect: Connect, goes_on: bytes) -> None:
    browser = await connect()
    await browser.send(IN_PIECES, b"5\r\nhello\r\n0\r\n", *[goes_on] * 1024)
    assert await browser.is_closed()


async def test_what_is_said_of_a_piece_has_an_end_too(connect: Connect) -> None:
    browser = await connect()
    await browser.send(IN_PIECES, b"5;", *[b"x" * 1024] * 1024)
    assert await browser.is_closed()


@pytest.mark.parametrize("size", [10, HEAD_BYTES, 10 * HEAD_BYTES + 1])
async def test_bodies_are_not_heads(connect: Connect, size: int) -> None:
    browser = await connect()
    for _ in range(3):
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size
        assert await browser.ask(head + b"x" * size) == (200, b"%d bytes" % size)
        pieces = [b"%x\r\n%s\r\n" % (size // 5, b"x" * (size // 5))] * 5
        assert await browser.ask(IN_PIECES, *pieces, b"0\r\n\r\n") == (200, b"%d bytes" % (size // 5 * 5))
    assert await browser.ask(ASKED * 3) == (200, b"0 bytes")
    assert await browser.answer() == await browser.answer() == (200, b"0 bytes")


async def test_what_is_not_http_is_refused_without_a_line_in_the_log(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    browser = await connect()
    status, words = await browser.ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert status == 400
    assert "n’est pas lisible" in words.decode()
    assert await browser.is_closed()
    assert caplog.records == []


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: +4\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
async def test_a_request_of_two_lengths_is_refused_and_nothing_behind_it_is_read(
    connect: Connect, app: App, lengths: bytes
) -> None:
    browser = await connect()
    head = b"POST / HTTP/1.1\r\nHost: a\r\n" + lengths + b"\r\n"
    assert (await browser.ask(head + b"0\r\n\r\n" + ASKED))[0] == 400
    assert await browser.is_closed()
    assert app.asked == 0


async def test_a_refusal_tells_browsers_what_every_answer_of_the_site_does(connect: Connect) -> None:
    browser = await connect()
    await browser.send(b"\x16\x03\x01\x02\x00")
    assert b"x-site: cahier\r\n" in await browser.reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize("kind", [b"websocket", b"h2c"])
async def test_another_protocol_is_answered_as_http_and_the_connection_ends(
    connect: Connect, caplog: pytest.LogCaptureFixture, kind: bytes
) -> None:
    browser = await connect()
    asked = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n" % kind
    assert await browser.ask(asked) == (200, b"0 bytes")
    await browser.send(ASKED)
    assert await browser.is_closed()
    assert caplog.records == []


# --- for how long


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for what in connections.SECONDS:
        monkeypatch.setitem(connections.SECONDS, what, 0.05)


@pytest.mark.usefixtures("short")
async def test_a_head_that_does_not_come_is_awaited_for_seconds(connect: Connect) -> None:
    begun, silent = await connect(), await connect()
    status, words = await begun.ask(b"GET / HTTP/1.1\r\nHost:")
    assert status == 408
    assert "à temps" in words.decode()
    assert await begun.is_closed()
    assert await silent.is_closed()


@pytest.mark.usefixtures("short")
async def test_a_body_that_does_not_come_is_awaited_for_minutes(connect: Connect) -> None:
    browser = await connect()
    await browser.send(POSTED + b"12345")
    assert await browser.is_closed()


@pytest.mark.usefixtures("short")
async def test_a_body_that_nobody_reads_ends_its_connection(connect: Connect, app: App) -> None:
    app.reads = False
    browser = await connect()
    assert await browser.ask(POSTED + b"12345") == (200, b"0 bytes")
    assert await browser.is_closed()


async def test_a_body_that_was_not_read_is_followed_by_the_next_request(connect: Connect, app: App) -> None:
    app.reads = False
    browser = await connect()
    assert await browser.ask(POSTED + b"12345") == (200, b"0 bytes")
    assert await browser.ask(b"67890" + ASKED) == (200, b"0 bytes")


async def test_an_answer_that_nobody_takes_ends_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "UNREAD", 1)
    with server.bind("127.0.0.1", 0) as bound, socket.socket() as browser:
        bound.listen()
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        browser.connect(bound.getsockname())
        ours, _ = bound.accept()
        with ours:
            ours.setblocking(False)
            async with asyncio.timeout(PATIENCE):
                assert await end_of(ours) == errno.ETIMEDOUT


async def end_of(connection: socket.socket) -> int | None:
    """Send without end; returns the number of the error that ends it."""
    while True:
        try:
            connection.send(b"x" * 65536)
        except BlockingIOError:
            await asyncio.sleep(0.1)
        except OSError as problem:
            return problem.errno


# --- when the server leaves


class Site:
    """A server of ours over `app`, told to stop as by a supervisor."""

    def __init__(self, app: App, drain: float) -> None:
        self.socket = server.bind("127.0.0.1", 0)
        config = uvicorn.Config(
            app, http=Connection, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=server.GRACE
        )
        self.left = asyncio.Event()
        self.begun = asyncio.Event()
        self._server = server.Server(config, announce=self.begun.set, leave=self.left.set, drain=drain)
        self._running = asyncio.create_task(self._server.serve([self.socket]))

    async def connect(self) -> Browser:
        await self.begun.wait()
        return Browser(*await asyncio.open_connection(*self.socket.getsockname()))

    async def stop(self) -> None:
        self._server.should_exit = True
        await self.left.wait()

    def hurry(self) -> None:
        """What a second signal does, which would end the tests too."""
        self._server._hurries = True

    async def end(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._running
        self.socket.close()


async def test_a_server_that_leaves_still_answers_and_says_that_it_closes(app: App) -> None:
    site = Site(app, PATIENCE)
    used = await site.connect()
    assert await used.ask(ASKED) == (200, b"0 bytes")
    await site.stop()
    for browser in (used, await site.connect()):
        await browser.send(ASKED)
        assert b"connection: close\r\n" in await browser.reader.readuntil(b"\r\n\r\n")
        assert await browser.reader.readexactly(7) == b"0 bytes"
        assert await browser.is_closed()
        browser.writer.close()
    site.hurry()
    await site.end()


async def test_a_server_that_leaves_waits_for_no_body_that_does_not_come(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "BODIES", 0.2)
    monkeypatch.setattr(server, "GRACE", PATIENCE)
    site = Site(app, 0)
    browser = await site.connect()
    await browser.send(POSTED + b"12345")
    while not app.asked:
        await asyncio.sleep(0.01)
    await site.stop()
    assert await browser.is_closed()
    browser.writer.close()
    await site.end()
    assert [line.message for line in caplog.records if line.levelname == "ERROR"] == []


# --- how many


async def test_a_connection_that_asks_nothing_gives_its_place(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SILENT_AT_MOST", 3)
    monkeypatch.setattr(connections, "SILENT_FOR", 0)
    asked = await connect()
    assert (await asked.ask(ASKED))[0] == 200
    silent = [await connect() for _ in range(5)]
    assert [await one.is_closed() for one in silent[:2]] == [True, True]
    for one in (asked, *silent[2:]):
        assert (await one.ask(ASKED))[0] == 200
    assert Connection.silent == {}


def test_what_the_start_made_is_walked_through_no_more() -> None:
    try:
        server.settle()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
