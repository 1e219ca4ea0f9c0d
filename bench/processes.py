"""Servers in processes of their own, each on one core, and what they use."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path

from forum.settings import ROOT

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[-1], CORES[0]
SLOWEST_START = 30.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(folder: Path, port: int) -> dict[str, str]:
    """SQLite in a folder of its own, as durable as in production; with limits high enough for a heavy load from few
    members."""
    return os.environ | {
        "FORUM_DATABASE__URL": f"sqlite:///{folder / 'cahier.sqlite3'}",
        "FORUM_SITE__DATA_DIR": str(folder),
        "FORUM_SITE__BASE_URL": f"http://127.0.0.1:{port}",
        "FORUM_SERVER__PORT": str(port),
        "FORUM_REDIS__URL": "",
        "FORUM_LIMITS__WRITES_PER_MINUTE": "100000000",
    }


@contextmanager
def serving(
    arguments: list[str], variables: Mapping[str, str], log: Path, cores: Set[int] = frozenset({SERVER_CORE})
) -> Iterator["subprocess.Popen[bytes]"]:
    """A server on its core, or on others; stopped at the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=dict(variables),
            stdout=out,
            stderr=out,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def first_answer(port: int, path: str, started: float) -> float:
    """Seconds from the start of the process to its first answer."""
    sent = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    while time.perf_counter() - started < SLOWEST_START:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=SLOWEST_START) as connection:
                connection.sendall(sent)
                if connection.recv(12).startswith(b"HTTP/1.1 200"):
                    return time.perf_counter() - started
        except ConnectionRefusedError:
            time.sleep(0.005)
    raise TimeoutError(f"no answer on {path} within {SLOWEST_START} s")


def memory(process: int) -> float:
    """Megabytes in use now."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("no VmRSS")


def busy(process: int) -> float:
    """Seconds of processor used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
