"""The start, as the person at the machine sees it: what it prints, how it ends."""

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from httpx2 import Client, ConnectError, ReadError
from typer.testing import CliRunner

from forum import __version__
from forum.__main__ import commands
from forum.commands import running
from forum.database import MIGRATIONS
from forum.domain.upkeep.health import SENTENCES
from forum.schema import SCHEMAS
from forum.sealing import make_key
from forum.settings import ROOT, settings
from forum.web.plumbing.middleware import POLICY
from tests.conftest import PATIENCE

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return on_a_fresh_machine(tmp_path)


def on_a_fresh_machine(folder: Path) -> dict[str, str]:
    """The environment of a fresh machine: SQLite in an empty folder, no Redis, a free port."""
    port = a_free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORUM_")}
    return kept | {
        "FORUM_SITE__DATA_DIR": str(folder / "data"),
        "FORUM_SITE__BASE_URL": f"http://127.0.0.1:{port}",
        "FORUM_SERVER__PORT": str(port),
        "FORUM_SERVER__DRAIN_SECONDS": "0",
    }


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def machine(environment: dict[str, str]) -> dict[str, str]:
    """A fresh machine already migrated."""
    fill(environment)
    return environment


def fill(environment: dict[str, str]) -> None:
    """Give the machine its tables, without the cost of a process."""
    data = Path(environment["FORUM_SITE__DATA_DIR"])
    data.mkdir()
    with closing(sqlite3.connect(data / "cahier.sqlite3")) as database:
        database.executescript((SCHEMAS / "sqlite.sql").read_text("utf-8"))


def command(environment: dict[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """A command and what it said, run in this process, which has its imports: on its own it takes seconds for them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        # Tests listen to the log that is open already.
        patch.setattr(running, "open_logs", lambda: None)
        settings.cache_clear()
        try:
            said = CliRunner().invoke(commands, arguments, input=typed, catch_exceptions=False)
        finally:
            settings.cache_clear()
    return subprocess.CompletedProcess(arguments, said.exit_code, said.stdout, said.stderr)


def command_by_itself(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, as a person starts it."""
    return subprocess.run(
        [sys.executable, "-m", "forum", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def served(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The site, once it answers; killed at the end if it is still running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "forum", "serve", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for_answer(environment["FORUM_SITE__BASE_URL"], process)
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_answer(address: str, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            with Client() as client:
                client.get(f"{address}/sante/pret").raise_for_status()
        except (ConnectError, ReadError):
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"no answer; status {process.poll()}")


def stop(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Stop the process; returns what it printed until it ended by itself."""
    process.send_signal(signal.SIGTERM)
    printed = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return printed


def test_the_first_run_prints_the_address_and_an_account_of_each_role(environment: dict[str, str]) -> None:
    address = environment["FORUM_SITE__BASE_URL"]
    with served(environment, "--example") as process:
        with Client(base_url=address, headers={"Sec-Fetch-Site": "same-origin"}) as client:
            assert "Données d’exemple" in client.get("/aide").text
            refusal = client.get("/aide", headers={"X-Long": "x" * 70_000})
        assert (refusal.status_code, refusal.headers["content-security-policy"]) == (431, POLICY)
        printed, errors = stop(process)
    assert address in printed
    assert f"Courriels écrits, non envoyés : {environment['FORUM_SITE__DATA_DIR']}/mail\n" in printed
    said = [json.loads(line) for line in errors.splitlines()]
    assert (said[0]["event"], said[0]["program"]) == ("the site answers", __version__)
    assert said[0]["database"].startswith("SQLite 3.")
    assert said[0]["schema"] in {file.stem for file in MIGRATIONS.glob("[0-9]*.py")}
    assert said[-1]["event"] == "the site has stopped"
    assert {line["event"] for line in said[1:-1]} == {"request"}
    kept = Path(environment["FORUM_SITE__DATA_DIR"]) / "comptes-exemple.json"
    accounts = json.loads(kept.read_text("utf-8"))
    assert {account["title"] for account in accounts} == {"membre", "modératrice", "agent", "administratrice"}
    assert all(account["password"] in printed and account["email"] in printed for account in accounts)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with (
        served(environment, "--example") as process,
        Client(base_url=address, headers={"Sec-Fetch-Site": "same-origin"}) as client,
    ):
        for account in accounts:
            typed = {"identifiant": account["email"], "mot_de_passe": account["password"]}
            assert client.post("/connexion", data=typed).status_code == 303
        again, _ = stop(process)
    assert again == printed


def test_production_refuses_the_example(machine: dict[str, str]) -> None:
    assert command(machine, "load-themes").returncode == 0
    assert command(machine, "load-example").returncode == 0
    production = machine | {
        "FORUM_SITE__ENVIRONMENT": "production",
        "FORUM_SERVER__TRUSTED_PROXIES": "none",
        "FORUM_SITE__BASE_URL": "https://cahier.exemple.fr",
        "FORUM_SECURITY__KEY": make_key(),
        "FORUM_MAIL__URL": "smtps://courrier.exemple.fr",
        "FORUM_MAIL__SENDER": "cahier@exemple.fr",
    }
    for arguments in (["serve"], ["serve", "--example"], ["load-example"]):
        refused = command(production, *arguments)
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert "production" in refused.stderr


@pytest.mark.parametrize(
    ("changed", "arguments", "word"),
    [
        ({"FORUM_DATABASE__URL": "postgres://postgres@127.0.0.1:1/rien"}, ["serve"], "127.0.0.1:1/rien"),
        ({"FORUM_DATABASE__URL": "postgres://postgres@127.0.0.1:1/rien"}, ["migrate"], "127.0.0.1:1/rien"),
        ({"FORUM_SITE__DATA_DIR": "/proc/nulle/part"}, ["migrate"], "/proc/nulle/part"),
        ({"FORUM_SERVER__PORT": "x"}, ["serve"], "server.port attend un nombre entier"),
        ({"FORUM_SITE__BASE_URL": "http://x/y"}, ["serve"], "site.base_url n’a pas la forme attendue"),
        ({}, ["serve"], "python -m forum migrate"),
    ],
)
def test_what_stops_a_start_is_said_in_one_line(
    environment: dict[str, str], changed: dict[str, str], arguments: list[str], word: str
) -> None:
    refused = command(environment | changed, *arguments)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert word in refused.stderr
    assert "Errno" not in refused.stderr


def test_a_port_that_is_taken_is_said_in_one_sentence(machine: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(machine["FORUM_SERVER__PORT"])))
        other.listen()
        refused = command(machine, "serve")
    assert (refused.returncode, refused.stdout) == (1, "")
    port = machine["FORUM_SERVER__PORT"]
    assert refused.stderr == f"server.port : un autre programme écoute déjà sur le port {port}\n"


def test_an_unknown_working_group_is_refused_with_the_known_ones(machine: dict[str, str]) -> None:
    assert command(machine, "load-themes").returncode == 0
    person = ["create-user", "--name", "Agnès Lambert", "--email", "agnes@exemple.fr", "--generate"]
    refused = command(machine, *person, "--moderates", "gt-slug")
    assert refused.returncode == 1
    assert refused.stderr == (
        "Aucun groupe de travail ne porte le nom court gt-slug. "
        "Noms courts connus : formation-et-acteurs, publics, role-et-missions.\n"
    )


def test_a_site_whose_redis_is_away_starts_and_says_what_it_lacks(machine: dict[str, str]) -> None:
    with served(machine | {"FORUM_REDIS__URL": "redis://127.0.0.1:1/0"}) as process:
        with Client(base_url=machine["FORUM_SITE__BASE_URL"]) as client:
            ready = client.get("/sante/pret")
        _, errors = stop(process)
    assert ready.status_code == 200
    assert ready.json()["checks"]["redis"] == [{"status": "warn", "output": SENTENCES["redis"]}]
    said = [json.loads(line)["event"] for line in errors.splitlines()]
    assert said.count("redis does not answer, the site does without it") == 1
    assert set(said[1:]) == {"the site answers", "request", "the site has stopped"}


def test_a_site_whose_output_nobody_reads_any_more_goes_on(machine: dict[str, str]) -> None:
    """Whoever looked at its beginning (`serve 2>&1 | head`) is gone before it answers."""
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [sys.executable, "-m", "forum", "serve"], cwd=ROOT, env=machine, stdout=write, stderr=write, text=True
    )
    os.close(write)
    try:
        wait_for_answer(machine["FORUM_SITE__BASE_URL"], process)
        with Client(base_url=machine["FORUM_SITE__BASE_URL"]) as client:
            assert [client.get("/aide").status_code for _ in range(3)] == [200, 200, 200]
        stop(process)
    finally:
        process.kill()


def test_an_account_is_made_from_the_command_line(machine: dict[str, str]) -> None:
    assert command(machine, "load-themes").returncode == 0
    person = ["create-user", "--name", "Agnès Lambert", "--email", "agnes@exemple.fr", "--role", "agent", "--generate"]
    made = command(machine, *person)
    assert made.returncode == 0, made.stderr
    assert "Agnès-Lambert" in made.stdout
    password = made.stdout.split("Mot de passe : ")[1].strip()
    with served(machine), Client(base_url=machine["FORUM_SITE__BASE_URL"]) as client:
        typed = {"identifiant": "agnes@exemple.fr", "mot_de_passe": password}
        assert client.post("/connexion", data=typed).status_code == 303
        assert "Agnès Lambert" in client.get("/aide").text
    again = command(machine, *person)
    assert again.returncode == 1
    assert again.stderr == "Un compte existe déjà avec cette adresse.\n"
