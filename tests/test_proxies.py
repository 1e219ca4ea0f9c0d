"""nginx and Caddy before the site, as `deploy/proxy/` gives them: who asks, how much passes, who refuses the rest."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx2 import Client, Request, TransportError

from forum.settings import ROOT
from tests.conftest import PATIENCE
from tests.test_start import a_free_port, wait_for_answer
from tests.test_start import environment as environment
from tests.test_start import machine as machine

pytestmark = pytest.mark.slow

NAME = "consultation.exemple.fr"
PROXY = ROOT / "deploy/proxy"


def nginx(folder: Path, port: int, site: str) -> list[str]:
    text = (PROXY / "nginx.conf").read_text("utf-8")
    text = text.replace(f"/etc/letsencrypt/live/{NAME}", str(folder)).replace("127.0.0.1:8000", site)
    plain = a_free_port()
    for before, after in (("443", port), ("80", plain)):
        text = text.replace(f"listen {before}", f"listen 127.0.0.1:{after}")
        text = "".join(line for line in text.splitlines(keepends=True) if f"listen [::]:{before}" not in line)
    (folder / "cahier.conf").write_text(text, "utf-8")
    paths = "".join(f"{one}_temp_path {folder / one};" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log stderr; daemon off; worker_processes 1; user root;"
        f"events {{}} http {{ {paths} include {folder}/cahier.conf; }}",
        "utf-8",
    )
    return ["nginx", "-e", "stderr", "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, site: str) -> list[str]:
    text = (PROXY / "Caddyfile").read_text("utf-8")
    text = text.replace("{\n", "{\n\tadmin off\n\tauto_https disable_redirects\n", 1)
    text = text.replace(f"{NAME} {{", f"https://{NAME}:{port} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem")
    (folder / "Caddyfile").write_text(text.replace("127.0.0.1:8000", site), "utf-8")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture(params=[nginx, caddy], ids=lambda one: one.__name__)
def proxied(request: pytest.FixtureRequest, machine: dict[str, str], tmp_path: Path) -> Iterator[tuple[Client, Path]]:
    """A browser before a proxy before the site, and the log of the site."""
    name = request.param.__name__
    if shutil.which(name) is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{name} is not installed")
    made = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={NAME} -keyout privkey.pem -out fullchain.pem"
    subprocess.run(["openssl", *made.split()], cwd=tmp_path, check=True, capture_output=True)
    site, port = machine["FORUM_SITE__BASE_URL"], a_free_port()
    known = {
        "FORUM_SITE__BASE_URL": f"https://{NAME}",
        "FORUM_SERVER__TRUSTED_PROXIES": "127.0.0.1",
        "FORUM_LOGS__ADDRESSES": "whole",
    }
    with running([sys.executable, "-m", "forum", "serve"], machine | known, tmp_path / "site.log") as process:
        wait_for_answer(site, process)
        words: list[str] = request.param(tmp_path, port, site.removeprefix("http://"))
        with running(words, os.environ | {"HOME": str(tmp_path)}, tmp_path / "proxy.log"), browser(port) as client:
            yield client, tmp_path / "site.log"


@contextmanager
def running(words: list[str], known: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[str]"]:
    with log.open("w") as said:
        process = subprocess.Popen(words, cwd=ROOT, stdout=said, stderr=said, env=known, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def browser(port: int) -> Iterator[Client]:
    """A browser that finds the name of the site on this machine, and trusts it."""

    def named(request: Request) -> None:
        request.extensions["sni_hostname"] = NAME

    headers = {"Host": NAME, "Sec-Fetch-Site": "same-origin"}
    with Client(
        base_url=f"https://127.0.0.1:{port}",
        verify=False,  # a certificate that this test made
        headers=headers,
        timeout=PATIENCE,
        event_hooks={"request": [named]},
    ) as client:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if client.get("/sante/vivant").status_code == 200:
                    break
            except TransportError:
                time.sleep(0.05)
        yield client


def answer_to(client: Client, octets: int) -> tuple[int, bool]:
    """The status that so long a form is answered with, and whether the site itself said it. Only the head is read: the
    answer comes before all was sent, and a proxy may leave its words there."""
    with client.stream("POST", "/connexion", content=b"x" * octets) as answer:
        return answer.status_code, "x-request-id" in answer.headers


def test_the_site_knows_who_asks_and_refuses_by_itself_what_is_too_much(
    proxied: tuple[Client, Path], request: pytest.FixtureRequest
) -> None:
    client, log = proxied
    page = client.get("/aide", headers={"X-Forwarded-For": "203.0.113.7", "X-Padding": "x" * 20_000})
    assert page.status_code == 200
    too_long = client.get("/aide", headers={"X-One": "x" * 40_000, "X-Other": "x" * 40_000})
    assert (too_long.status_code, "L’en-tête de cette demande est trop long." in too_long.text) == (431, True)
    assert answer_to(client, 2_500_000) == (413, True)
    # What no form and no file of the site is long enough for, nginx does not even pass on. Caddy measures what it has
    # passed on: it refuses, or the site does meanwhile, or the two cross and it says that it has no answer.
    refused = answer_to(client, 4_000_000)
    by_caddy = {(413, True), (502, False)} if "caddy" in request.node.name else set()
    assert refused in {(413, False)} | by_caddy
    # Neither do those who want figures come to the site.
    figures = client.get("/metriques")
    assert (figures.status_code, "x-request-id" in figures.headers) == (404, False)
    said = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.startswith("{")]
    assert {line["address"] for line in said if line.get("route") == "help"} == {"127.0.0.1"}
