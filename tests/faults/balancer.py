"""A reverse proxy as far as a restart is concerned: which process does it ask, over which connection, and again when?

It keeps connections open between requests, asks each process again and again whether it is ready, and asks another
one only when a connection was refused, which is all that a proxy may repeat: anything else may have been written.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from httpx2 import AsyncClient, ConnectError, Response, TransportError

REFUSED_FOR: Final = 0.5
"""Seconds for which a process that refused a connection is not asked (nginx: fail_timeout)."""
HEADERS: Final = {"Sec-Fetch-Site": "same-origin"}


class Balancer:
    def __init__(self, addresses: Sequence[str]) -> None:
        self._clients = [AsyncClient(base_url=one, headers=HEADERS, timeout=60) for one in addresses]
        self._refused_until = [0.0] * len(addresses)
        self._is_ready = [True] * len(addresses)
        self._turn = count()

    async def ask(self, method: str, path: str, **sent: dict[str, str]) -> Response:
        """The answer of a process that accepts a connection.

        Raises:
            TransportError: a connection broke, or none could be made.
        """
        refusal: TransportError | None = None
        for index in self._order():
            try:
                return await self._clients[index].request(method, path, **sent)  # type: ignore[arg-type]
            except ConnectError as problem:
                refusal = problem
                self._refused_until[index] = asyncio.get_running_loop().time() + REFUSED_FOR
        assert refusal is not None
        raise refusal

    def _order(self) -> list[int]:
        """Those that are ready, in turn, then the others."""
        start, size, now = next(self._turn), len(self._clients), asyncio.get_running_loop().time()
        turn = [(start + one) % size for one in range(size)]
        return sorted(turn, key=lambda one: not self._is_ready[one] or now < self._refused_until[one])

    async def watch(self, every: float) -> None:
        """Ask each process whether it is ready, for ever."""
        while True:
            for index, client in enumerate(self._clients):
                try:
                    self._is_ready[index] = (await client.get("/sante/pret")).status_code == 200
                except TransportError:
                    self._is_ready[index] = False
            await asyncio.sleep(every)

    async def close(self) -> None:
        for one in self._clients:
            await one.aclose()


@asynccontextmanager
async def balanced(addresses: Sequence[str]) -> AsyncIterator[Balancer]:
    balancer = Balancer(addresses)
    watching = asyncio.create_task(balancer.watch(0.05))
    try:
        yield balancer
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await balancer.close()
