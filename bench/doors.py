"""What one place that misbehaves costs the others: `python -m bench.doors`, or in the table of `python -m bench`.

A hundred passwords guessed at once from one address; a header of 300 MB; a thousand connections that send nothing.
Meanwhile somebody else, from another address, signs in or asks for the home page.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from bench.load import request
from bench.processes import environment, first_answer, free_port, serving
from forum.database import close_database, open_database
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.schema import migrate
from forum.settings import settings

PASSWORD = "quatre mots pour entrer"
HANDLE = "Camille-Portes"
CROWD, MEMBER = "127.0.0.2", "127.0.0.3"
GUESSES, SILENT = 100, 1000
HEADER = 300 * 1024 * 1024
TRIES = 5


async def make_account() -> None:
    """The account of the somebody else; the database is open."""
    await members.create_member(
        Particulars(HANDLE.replace("-", " "), email="camille@portes.exemple", password=PASSWORD), now=datetime.now(UTC)
    )


async def worst_waits(port: int) -> dict[str, float]:
    """The longest of a few answers to somebody else, in seconds, by what is going on."""
    return {
        "connexion d’un membre, au calme": await _worst(port, _quiet, _sign_in),
        "connexion d’un membre pendant 100 essais d’ailleurs": await _worst(port, _guessing, _sign_in),
        "accueil pendant un en-tête de 300 Mo": await _worst(port, _endless_header, _home),
        "accueil devant 1 000 connexions muettes": await _worst(port, _silence, _home),
    }


async def _worst(
    port: int, trouble: Callable[[int], AsyncIterator[None]], ask: Callable[[int], Awaitable[None]]
) -> float:
    longest = 0.0
    async with asynccontextmanager(trouble)(port):
        for _ in range(TRIES):
            start = time.perf_counter()
            await ask(port)
            longest = max(longest, time.perf_counter() - start)
    return longest


async def _status(port: int, sent: bytes, place: str) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(place, 0))
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return int(head[9:12])


def _entering(port: int, handle: str, password: str) -> bytes:
    body = urlencode({"identifiant": handle, "mot_de_passe": password}).encode()
    return request("POST", "/connexion", port=port, body=body)


async def _expect(wanted: int, port: int, sent: bytes) -> None:
    status = await _status(port, sent, MEMBER)
    if status != wanted:
        raise RuntimeError(f"{status}, {wanted} expected")


async def _sign_in(port: int) -> None:
    await _expect(303, port, _entering(port, HANDLE, PASSWORD))


async def _home(port: int) -> None:
    await _expect(200, port, request("GET", "/", port=port))


async def _quiet(_: int) -> AsyncIterator[None]:
    yield


async def _guessing(port: int) -> AsyncIterator[None]:
    """A hundred guesses under way, each begun again when it is answered."""

    async def guess(number: int) -> None:
        while True:
            await _status(port, _entering(port, f"Compte-{number}", "pas le bon mot"), CROWD)
            await asyncio.sleep(1)

    guesses = [asyncio.create_task(guess(number)) for number in range(GUESSES)]
    await asyncio.sleep(0.5)
    yield
    for one in guesses:
        one.cancel()
    await asyncio.gather(*guesses, return_exceptions=True)


async def _endless_header(port: int) -> AsyncIterator[None]:
    async def send() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(CROWD, 0))
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ")
        piece = b"x" * (1024 * 1024)
        try:
            for _ in range(HEADER // len(piece)):
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    sending = asyncio.create_task(send())
    await asyncio.sleep(0.2)
    yield
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def _silence(port: int) -> AsyncIterator[None]:
    opened = [await asyncio.open_connection("127.0.0.1", port, local_addr=(CROWD, 0)) for _ in range(SILENT)]
    yield
    for _, writer in opened:
        writer.close()


async def _run(folder: Path) -> None:
    port = free_port()
    variables = environment(folder, port)
    os.environ.update(variables)
    settings.cache_clear()
    await migrate(settings())
    await open_database(settings())
    await make_account()
    await close_database()
    with serving(["-m", "forum", "serve"], variables, folder / "server.log"):
        first_answer(port, "/", time.perf_counter())
        for what, seconds in (await worst_waits(port)).items():
            print(f"{what}: {seconds:.2f} s")
    print(f"journal du serveur : {(folder / 'server.log').stat().st_size} octets")


if __name__ == "__main__":
    with TemporaryDirectory(prefix="cahier-doors-") as name:
        asyncio.run(_run(Path(name)))
