"""The unit files of `deploy/`: what they start exists, and systemd finds no fault in them."""

import os
import shutil
import socket
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from forum.settings import ROOT
from tests.test_start import environment as environment
from tests.test_start import machine as machine
from tests.test_start import served, stop

UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
MISSING = "systemd-analyze is not installed"


def read(path: Path) -> ConfigParser:
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path, "utf-8")
    return unit


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_what_the_procfile_starts_and_may_write_to_its_data_alone(path: Path) -> None:
    service = read(path)["Service"]
    started = service["ExecStart"].removeprefix("/opt/cahier/.venv/bin/")
    assert f": {started}\n" in (ROOT / "Procfile").read_text("utf-8")
    assert service["User"] == "cahier"
    assert service["ProtectSystem"] == "strict"
    assert service["Environment"] == f"FORUM_SITE__DATA_DIR=/var/lib/{service['StateDirectory']}"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_finds_no_fault(path: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    if shutil.which("systemd-analyze") is None:
        pytest.skip(MISSING)
    copy = tmp_path / path.name
    copy.write_text(path.read_text("utf-8").replace("/opt/cahier/.venv/bin/python", "/usr/bin/env"), "utf-8")
    said = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert [line for line in said.stderr.splitlines() if path.name in line] == []


@pytest.mark.slow
def test_a_process_of_systemd_says_when_it_answers_lives_and_stops(machine: dict[str, str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        with served(machine | {"NOTIFY_SOCKET": str(tmp_path / "notify")}) as process:
            assert [supervisor.recv(64), supervisor.recv(64)] == [b"READY=1", b"WATCHDOG=1"]
            stop(process)
        supervisor.setblocking(False)
        told: list[bytes] = []
        while not told or told[-1] != b"STOPPING=1":
            told.append(supervisor.recv(64))
        assert set(told) <= {b"WATCHDOG=1", b"STOPPING=1"}
