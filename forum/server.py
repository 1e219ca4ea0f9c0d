"""Serving: one process of uvicorn around the application, started and stopped with it.

The lifespan is entered here rather than by uvicorn, so that a failed start prints one sentence and not a traceback.
Several processes are several of these behind a proxy: nothing is shared but the database and Redis.
"""

import asyncio
import errno
import gc
import resource
import signal
import socket
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from types import FrameType
from typing import Any

import structlog
import uvicorn

from forum.app import build, say_leaving
from forum.connections import Connection, State, cut_bodies, leave
from forum.domain.upkeep.state import versions
from forum.errors import CannotStart, plain_reason
from forum.settings import Settings
from forum.supervisor import show_life, tell_supervisor
from forum.web.plumbing.middleware import security_headers

# Seconds that open requests have to end once nothing is accepted any more; of those, what a body still has to arrive.
GRACE = 10
BODIES = 5
# Seconds between refusing connections and closing those that nobody uses: a proxy that was refused one leaves them.
REFUSING = 1
# Seconds that a connection stays open for the next request: longer than proxies keep theirs (60 in nginx), since a
# request that crosses our closing is lost.
KEEP_ALIVE = 75
FILES = 65536
# Seconds after which a client that takes nothing more of its answer is cut; until then both are kept for it.
UNREAD = 60

log = structlog.get_logger()


class Server(uvicorn.Server):
    """A server that announces itself once it can answer, since anything printed earlier might turn out false, and that
    loses no request when it stops.

    It first lets proxies learn that it leaves (`drain` seconds): it says so to who asks whether it is ready, and
    answers everybody else as before, each over a connection that closes. Then it refuses connections, and only later
    closes those that are open. SIGINT, somebody at a keyboard, or a second signal does without the waiting.
    """

    def __init__(
        self, config: uvicorn.Config, *, announce: Callable[[], None], leave: Callable[[], None], drain: float
    ) -> None:
        super().__init__(config)
        self.state = self.server_state = State()
        self._announce = announce
        self._leave = leave
        self._drain = drain
        self._hurries = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        tell_supervisor("READY=1")
        self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit or sig == signal.SIGINT:
            self._hurries = True
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tell_supervisor("STOPPING=1")
        self._leave()
        leave(self.state)
        if self._drain:
            await self._wait(self._drain)
            for one in (*self.servers, *(sockets or ())):
                one.close()
            await self._wait(REFUSING)
        cutting = asyncio.get_running_loop().call_later(BODIES, cut_bodies, self.state)
        await super().shutdown(sockets)
        cutting.cancel()

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not self._hurries and loop.time() < end:  # noqa: ASYNC110 # a signal handler wakes no loop
            await asyncio.sleep(min(0.1, seconds))


async def serve(settings: Settings, announce: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then close the worker and the database properly; `announce` once it can answer.

    Raises:
        CannotStart: the port is taken, or the database cannot be reached or holds what must not be served.
    """
    with bind(settings.server.host, settings.server.port) as bound:
        await _serve_on(bound, settings, announce)


def configuration(app: Callable[..., Any], settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the application. Only the proxies of the settings say on whose behalf they ask."""
    proxies = settings.server.trusted_proxies.replace("none", "")
    return uvicorn.Config(
        app,
        host=settings.server.host,
        port=settings.server.port,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


async def _serve_on(bound: socket.socket, settings: Settings, announce: Callable[[], None]) -> None:
    app = build(settings)
    _take_files()
    config = configuration(app, settings)
    async with app.router.lifespan_context(app):
        # uvicorn raises the signal again after stopping, which would end the process before the worker is closed.
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        running = asdict(await versions())
        settle()

        def answering() -> None:
            log.info("the site answers", **running)
            announce()

        drain = settings.server.drain_seconds
        server = Server(config, announce=answering, leave=partial(say_leaving, app), drain=drain)
        server.state.headers = security_headers(settings)
        living = asyncio.create_task(show_life(), name="signs of life")
        await server.serve([bound])
        living.cancel()
    log.info("the site has stopped", program=running["program"])


def settle() -> None:
    """Take what the start made, which stays as long as the process, out of what the garbage collector walks through
    again and again while requests are answered."""
    gc.collect()
    gc.freeze()


def _take_files() -> None:
    """Each connection is an open file: of the usual 1,024, those that are slow would soon leave none to others."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def bind(host: str, port: int) -> socket.socket:
    """The socket of the site, not listening yet. uvicorn would end the process by itself, in English.

    Raises:
        CannotStart: the port is taken, or this machine has no such address.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as problem:
        raise CannotStart(f"server.host : {host} n’est pas une adresse de cette machine") from problem
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it (tcp(7)).
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD * 1000)
    try:
        bound.bind(address)
    except OSError as problem:
        bound.close()
        if problem.errno == errno.EADDRINUSE:
            raise CannotStart(f"server.port : un autre programme écoute déjà sur le port {port}") from problem
        raise CannotStart(
            f"server.host : impossible d’écouter sur {host}:{port} ({plain_reason(problem)})"
        ) from problem
    return bound
