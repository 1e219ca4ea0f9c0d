"""Two processes behind a proxy are restarted one after the other, while people read and write: nobody notices."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from httpx2 import TransportError

from forum.domain.members.members import create_member
from forum.domain.members.particulars import Particulars
from forum.settings import Settings
from tests.conftest import NOON
from tests.faults.balancer import Balancer, balanced
from tests.faults.served import ServedSite
from tests.figures import Say

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

READERS, WRITERS = 3, 1
PASSWORD = "quatre mots pour entrer"
ENTRY = {"identifiant": "Camille-Martin", "mot_de_passe": PASSWORD}


async def use(
    balancer: Balancer, method: str, path: str, stop: asyncio.Event, said: Counter[str], pause: float
) -> None:
    """Ask again and again after so many seconds, and count what comes back."""
    while not stop.is_set():
        await asyncio.sleep(pause)
        try:
            answer = await balancer.ask(method, path, **({"data": ENTRY} if method == "POST" else {}))
            said[f"{method} {answer.status_code}"] += 1
        except TransportError as problem:
            said[f"{method} {type(problem).__name__}"] += 1


@pytest.mark.parametrize("restarts", [1, pytest.param(10, marks=pytest.mark.faults)])
async def test_nobody_notices_restarts(database: Settings, tmp_path: Path, restarts: int, say_figures: Say) -> None:
    """The proxy asks who is ready. One that does not may lose a connection that nobody had accepted when the socket was
    closed: no process can tell that it was there."""
    await create_member(Particulars("Camille Martin", email="c@exemple.fr", password=PASSWORD), now=NOON)
    sites = [ServedSite(tmp_path / "data") for _ in range(2)]
    said: Counter[str] = Counter()
    try:
        for site in sites:
            await site.start()
        stop = asyncio.Event()
        async with balanced([site.address for site in sites]) as balancer:
            # One restart is seen by anybody; what ten look for is rare, and takes as many requests as can be.
            pause = 0.05 if restarts == 1 else 0
            users = [use(balancer, "GET", "/aide", stop, said, pause) for _ in range(READERS)]
            users += [use(balancer, "POST", "/connexion", stop, said, pause) for _ in range(WRITERS)]
            tasks = [asyncio.create_task(one) for one in users]
            for _ in range(restarts):
                for site in sites:
                    await site.stop()
                    await site.start()
            stop.set()
            await asyncio.gather(*tasks)
    finally:
        for site in sites:
            site.kill()
    say_figures(f"{restarts * len(sites)} restarts, {said.total()} requests: {dict(said)}")
    assert said.keys() == {"GET 200", "POST 303"}
    lines = [json.loads(line) for site in sites for line in site.said.read_text("utf-8").splitlines()]
    assert [line for line in lines if line["level"] != "info"] == []
