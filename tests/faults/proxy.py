"""A small TCP proxy in front of a service, which stops it, slows it down or freezes it while a test runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

AT_ONCE: Final = 65536


class Proxy:
    """Passes bytes both ways. `delay` holds each piece back for so many seconds; `freeze()` holds all of them back
    until `thaw()`, over connections that stay open and new ones that are accepted; `stop()` cuts and refuses
    connections until `start()`. `at` is the address of this machine where it listens."""

    def __init__(self, host: str, port: int, *, at: str = "127.0.0.1") -> None:
        self._at = at
        self.delay = 0.0
        self.port = 0
        self.accepted = 0
        """Connections so far."""
        self._service = host, port
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Accept connections, on the port of the first time."""
        self._server = await asyncio.start_server(self._accept, self._at, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nothing listens any more, and whoever was connected is cut off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def freeze(self) -> None:
        self._flows.clear()

    def thaw(self) -> None:
        self._flows.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        await self._flows.wait()
        there, back = await asyncio.open_connection(*self._service)
        self._open.add(back)
        both = [asyncio.create_task(self._pass(reader, back)), asyncio.create_task(self._pass(there, writer))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for end in (writer, back):
                self._open.discard(end)
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(AT_ONCE):
            await asyncio.sleep(self.delay)
            await self._flows.wait()
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def before(address: str, *, at: str = "127.0.0.1") -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy in front of the service at `address`, and the address that leads through it."""
    parts = urlsplit(address)
    proxy = Proxy(str(parts.hostname), int(parts.port or 0), at=at)
    await proxy.start()
    who, sign, _ = parts.netloc.rpartition("@")
    try:
        yield proxy, parts._replace(netloc=f"{who}{sign}{at}:{proxy.port}").geturl()
    finally:
        proxy.thaw()
        await proxy.stop()
