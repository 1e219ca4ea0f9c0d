"""The files of `deploy/`: what they start exists, systemd finds no fault, a container may do no more than it needs."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from forum.__main__ import commands
from forum.settings import ROOT, Settings
from tests.conftest import PATIENCE
from tests.test_documentation import described
from tests.test_start import environment as environment
from tests.test_start import machine as machine
from tests.test_start import served, stop

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
PROCFILE = (ROOT / "Procfile").read_text("utf-8")
MISSING = "systemd-analyze is not installed"
# The interpreter of whoever develops may be below a home folder.
READER = "--inh-caps=+dac_read_search --ambient-caps=+dac_read_search"


def read(path: Path) -> ConfigParser:
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path, "utf-8")
    return unit


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_and_may_write_to_its_data_alone(path: Path) -> None:
    service = read(path)["Service"]
    started = service["ExecStart"].removeprefix("/opt/cahier/.venv/bin/")
    assert f": {started}\n" in PROCFILE or started.startswith("python -m forum backup /var/lib/cahier-backups --keep ")
    assert service["User"] == "cahier"
    assert service["ProtectSystem"] == "strict"
    assert service["Environment"] == f"FORUM_SITE__DATA_DIR=/var/lib/{service['StateDirectory'].split()[0]}"
    assert "ReadWritePaths" not in service


def test_units_are_hardened_alike() -> None:
    (one,) = {path.read_text("utf-8").split("NoNewPrivileges")[1].split("[Install]")[0].strip() for path in UNITS}
    assert "SystemCallFilter=@system-service" in one


@pytest.mark.parametrize("path", [*UNITS, *TIMERS], ids=lambda path: path.name)
def test_systemd_finds_no_fault(path: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    if shutil.which("systemd-analyze") is None:
        pytest.skip(MISSING)
    for one in (*UNITS, *TIMERS):
        text = one.read_text("utf-8").replace("/opt/cahier/.venv/bin/python", "/usr/bin/env")
        (tmp_path / one.name).write_text(text, "utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / path.name], capture_output=True, text=True, check=False
    )
    assert [line for line in said.stderr.splitlines() if path.name in line or "cahier" in line] == []


@pytest.mark.slow
def test_a_process_of_systemd_says_when_it_answers_lives_and_stops(machine: dict[str, str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        with served(machine | {"NOTIFY_SOCKET": str(tmp_path / "notify")}) as process:
            assert {supervisor.recv(64), supervisor.recv(64)} == {b"READY=1", b"WATCHDOG=1"}
            stop(process)
        assert rest_of(supervisor) <= {b"WATCHDOG=1", b"STOPPING=1"}


@pytest.mark.slow
def test_a_worker_of_systemd_does_so_too(machine: dict[str, str], tmp_path: Path) -> None:
    """Without its Redis, too."""
    here = machine | {"FORUM_REDIS__URL": "redis://127.0.0.1:1/0", "NOTIFY_SOCKET": str(tmp_path / "notify")}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(here["NOTIFY_SOCKET"])
        supervisor.settimeout(PATIENCE)
        process = subprocess.Popen(
            [sys.executable, "-m", "forum", "work"], cwd=ROOT, env=here, stderr=subprocess.PIPE, text=True
        )
        try:
            assert [supervisor.recv(64), supervisor.recv(64)] == [b"READY=1", b"WATCHDOG=1"]
            stop(process)
        finally:
            process.kill()
        assert rest_of(supervisor) <= {b"WATCHDOG=1", b"STOPPING=1"}


def rest_of(supervisor: socket.socket) -> set[bytes]:
    """What a process that has ended told, up to its last word."""
    supervisor.setblocking(False)
    told: list[bytes] = []
    while not told or told[-1] != b"STOPPING=1":
        told.append(supervisor.recv(64))
    return set(told)


@pytest.mark.slow
def test_the_command_of_operators_reads_the_settings_as_systemd_does(tmp_path: Path) -> None:
    """As another user, whose the settings are not."""
    (tmp_path / "environment").write_text(
        '# a comment\nFORUM_SERVER__PORT="x y"\nFORUM_SITE__BASE_URL=ftp://a$b\n\n', "utf-8"
    )
    script = (
        (DEPLOY / "cahier").read_text("utf-8").replace("/opt/cahier", str(ROOT)).replace("/var/lib/cahier", "/nowhere")
    )
    script = script.replace("--reuid=cahier --regid=cahier", f"--reuid=nobody --regid=nogroup {READER}")
    (tmp_path / "cahier").write_text(script, "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORUM_")}
    said = subprocess.run(
        ["sh", tmp_path / "cahier", "check"],
        env=kept | {"CAHIER_ENVIRONMENT": str(tmp_path / "environment")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert said.returncode == 1
    assert sorted(line.split(" : ")[0] for line in said.stdout.splitlines()) == [
        "FORUM_SERVER__PORT",
        "FORUM_SITE__BASE_URL",
    ]


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "container/Containerfile").read_text("utf-8")
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line]


def test_a_container_asks_the_network_for_packages_by_their_hashes_and_the_client_of_its_database_alone() -> None:
    run = " && ".join(words for word, words in instructions() if word == "RUN")
    assert not re.search(r"curl|wget|apk|git ", run)
    assert [one for one in run.split(" && ") if "apt-get" in one] == [
        "apt-get update",
        "apt-get install --yes --no-install-recommends postgresql-client-${POSTGRES}",
    ]
    told = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text("utf-8"))
    (version,) = [words.removeprefix("POSTGRES=") for word, words in instructions() if words.startswith("POSTGRES=")]
    assert f"postgres:{version}-" in told["services"]["database"]["image"]
    assert told["services"]["release"]["command"] == "python -m forum upgrade"
    fetched = [one for one in run.split(" && ") if "pip" in one]
    assert len(fetched) == 1
    assert "--require-hashes -r requirements.txt" in fetched[0]
    assert not [words for word, words in instructions() if word == "ADD"]


def test_a_container_holds_what_the_site_needs_and_runs_as_nobody_known() -> None:
    said = instructions()
    copied = [words.split()[0] for word, words in said if word == "COPY" and not words.startswith("--from")]
    let_in = {line[1:] for line in (ROOT / ".containerignore").read_text("utf-8").splitlines() if line[0] == "!"}
    assert set(copied) == let_in
    assert all((ROOT / one).exists() for one in copied)
    (user,) = [words for word, words in said if word == "USER"]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    words = [word for word, _ in said]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word in ("COPY", "RUN"))
    started = " ".join(json.loads(dict(said)["CMD"]))
    assert f"web: {started}\n" in PROCFILE
    assert "/sante/vivant" in dict(said)["HEALTHCHECK"]


def test_containers_may_do_no_more_than_they_need() -> None:
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text("utf-8"))
    ours = {name: one for name, one in told["services"].items() if one["image"] == "cahier"}
    assert set(ours) == {"release", "web", "web-too", "worker"}
    for one in (*ours.values(), told["services"]["redis"], told["services"]["proxy"]):
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
    assert all(one["read_only"] and one["tmpfs"] == ["/tmp"] for one in ours.values())
    assert {name for name, one in told["services"].items() if "outside" in one["networks"]} == {"worker", "proxy"}
    assert [name for name, one in told["networks"].items() if not one.get("internal")] == ["outside"]
    known = {f"FORUM_{section}__{name}".upper() for section, names in described(Settings).items() for name in names}
    assert {name for one in ours.values() for name in one["environment"]} - {"PGPASSFILE"} <= known
    started = {one["command"].split()[3] for one in ours.values() if "command" in one}
    assert started <= {command.name for command in commands.registered_commands}
