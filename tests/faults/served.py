"""A process of the site that is stopped, killed and started again on its port, over the database of the environment."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from forum.settings import ROOT
from tests.conftest import PATIENCE
from tests.test_start import a_free_port, wait_for_answer


class ServedSite:
    """`others` are settings beside those of the environment, by their names there."""

    def __init__(self, data: Path, others: Mapping[str, str] | None = None) -> None:
        self.port = a_free_port()
        self.said = data.parent / f"{self.port}.log"
        self.address = f"http://127.0.0.1:{self.port}"
        self._processes: list[subprocess.Popen[str]] = []
        self._environment = os.environ | {
            "FORUM_SITE__DATA_DIR": str(data),
            "FORUM_SITE__BASE_URL": self.address,
            "FORUM_SERVER__PORT": str(self.port),
            "FORUM_SERVER__DRAIN_SECONDS": "1",
            "FORUM_LIMITS__WRITES_PER_MINUTE": "100000",
            "FORUM_LIMITS__SIGN_IN_TRIES": "100000",
            "FORUM_LIMITS__SIGN_IN_TRIES_PER_ADDRESS": "100000",
            **(others or {}),
        }

    async def start(self) -> None:
        await asyncio.to_thread(wait_for_answer, self.address, self._begin("serve"))

    def start_worker(self) -> None:
        """The worker's own process, for a site with Redis."""
        self._begin("work")

    def _begin(self, command: str) -> subprocess.Popen[str]:
        # A file: a pipe that nobody reads is full after some hundred requests, and the process waits for it.
        with self.said.open("a") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "forum", command],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=said,
                text=True,
            )
        self._processes.append(process)
        return process

    async def stop(self) -> None:
        """Stop it as a supervisor does."""
        while self._processes:
            process = self._processes.pop()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, timeout=PATIENCE) == 0

    def kill(self) -> None:
        while self._processes:
            process = self._processes.pop()
            process.kill()
            process.wait()
