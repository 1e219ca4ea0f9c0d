"""The libraries that the site runs on: which they are, and whether a weakness of one is noticed."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from forum.settings import ROOT
from tests.audit import audit

pytestmark = [pytest.mark.one_database, pytest.mark.slow]

LOCKED = re.findall(r"^([\w-]+)==([\w.]+)( ;)?", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)


@contextmanager
def service(weak: str | None, *, status: int = 200) -> Iterator[tuple[str, set[str]]]:
    """The address of a service of weaknesses that knows one of one library, and the libraries it was asked about."""
    names = set()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            names.add(asked["package"]["name"])
            flaw: dict[str, Any] = {
                "id": "PYSEC-2026-1",
                "summary": "It lets anybody in.",
                "affected": [
                    {
                        "package": {"name": weak, "ecosystem": "PyPI"},
                        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
                    }
                ],
            }
            words = json.dumps({"vulns": [flaw]} if asked["package"]["name"] == weak else {}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        def log_message(self, *_: object) -> None:
            """Say nothing among the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query", names
        server.shutdown()


def test_a_weakness_of_a_library_fails_and_names_the_version_that_mends_it() -> None:
    with service("starlette") as (address, _):
        status, lines = audit(["--osv-url", address])
    assert status == 1
    assert [line.partition(" ")[0] for line in lines[1:]] == ["starlette"]
    assert lines[1].endswith(": PYSEC-2026-1, mended in 99.0")


def test_every_library_is_asked_about() -> None:
    """Of those for other systems or versions of Python, the ones that are installed here."""
    with service(None) as (address, asked):
        status, lines = audit(["--osv-url", address])
    assert (status, lines) == (0, [f"No known weakness in the {len(asked)} libraries of requirements.txt."])
    everywhere = {name for name, _, somewhere in LOCKED if not somewhere}
    assert everywhere <= asked <= {name for name, *_ in LOCKED}


@pytest.mark.parametrize("answer", [None, 503])
def test_without_an_answer_nothing_is_claimed(answer: int | None) -> None:
    with service(None, status=answer or 200) as (address, _):
        status, lines = audit(["--osv-url", address if answer else "http://127.0.0.1:1/v1/query"])
    assert status == 0
    assert "NOT AUDITED" in "".join(lines)
    assert "No known weakness" not in "".join(lines)


def test_the_inventory_holds_every_library_with_its_hashes(tmp_path: Path) -> None:
    """`make sbom`, twice: CycloneDX that is valid, and the same to the byte."""
    words = (ROOT / "Makefile").read_text("utf-8").split("-m cyclonedx_py ")[1].split("--output-file")[0]
    command = (sys.executable, "-W", "ignore::UserWarning", "-m", "cyclonedx_py", *words.replace("\\\n", " ").split())
    made = []
    for check in ("--validate", "--no-validate"):
        file = tmp_path / f"{check}.json"
        subprocess.run([*command, check, "--output-file", str(file)], cwd=ROOT, check=True)
        made.append(file.read_bytes())
    inventory = json.loads(made[0])
    assert made[0] == made[1]
    assert inventory["metadata"]["component"]["name"] == "cahier"
    assert [(one["name"], one["version"]) for one in inventory["components"]] == [one[:2] for one in LOCKED]
    assert all(one["externalReferences"][0]["hashes"] for one in inventory["components"])
