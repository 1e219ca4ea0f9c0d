"""Two processes behind a proxy are restarted one after the other, while people read and write: nobody notices."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from httpx2 import TransportError

from forum.domain.members.members import create_member
from forum.domain.members.particulars import Particulars
from forum.settings import ROOT, Settings
from tests.conftest import NOON, PATIENCE
from tests.faults.balancer import Balancer, balanced
from tests.figures import Say
from tests.test_start import a_free_port, wait_for_answer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

READERS, WRITERS = 3, 1
PASSWORD = "quatre mots pour entrer"
ENTRY = {"identifiant": "Camille-Martin", "mot_de_passe": PASSWORD}


class Site:
    """One process of the site, that can be started again on its port."""

    def __init__(self, data: Path) -> None:
        self.port = a_free_port()
        self.said = data.parent / f"{self.port}.log"
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {
            "FORUM_SITE__DATA_DIR": str(data),
            "FORUM_SITE__BASE_URL": self.address,
            "FORUM_SERVER__PORT": str(self.port),
            "FORUM_SERVER__DRAIN_SECONDS": "1",
            "FORUM_LIMITS__WRITES_PER_MINUTE": "100000",
            "FORUM_LIMITS__SIGN_IN_TRIES_PER_ADDRESS": "100000",
        }

    async def start(self) -> None:
        # A file: a pipe that nobody reads is full after some hundred requests, and the process waits for it.
        with self.said.open("a") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "forum", "serve"],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=said,
                text=True,
            )
        await asyncio.to_thread(wait_for_answer, self.address, self._process)

    async def stop(self) -> None:
        """Stop it as a supervisor does."""
        self._process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(self._process.wait, timeout=PATIENCE) == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


async def use(balancer: Balancer, method: str, path: str, stop: asyncio.Event, said: Counter[str]) -> None:
    """Ask again and again, and count what comes back."""
    while not stop.is_set():
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
    sites = [Site(tmp_path / "data"), Site(tmp_path / "data")]
    said: Counter[str] = Counter()
    try:
        for site in sites:
            await site.start()
        stop = asyncio.Event()
        async with balanced([site.address for site in sites]) as balancer:
            users = [use(balancer, "GET", "/aide", stop, said) for _ in range(READERS)]
            users += [use(balancer, "POST", "/connexion", stop, said) for _ in range(WRITERS)]
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
