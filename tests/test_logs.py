"""What the log tells: a line for each request without its words, a repeated fault once, nothing twice."""

import asyncio
import errno
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum import __version__, logs
from forum.app import build
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.sign_in import second_factors
from forum.domain.upkeep import health
from forum.errors import Invalid
from forum.logs import Faults, _Stream, open_logs
from forum.settings import Settings, settings
from forum.web.plumbing.watch import network
from tests.conftest import NOON, Clock, visitor
from tests.factories import give_factor, make_member, sign_in
from workers import process

pytestmark = pytest.mark.anyio

SEARCH = "/propositions/mon-secret?nom=Zoe&jeton=abcdef"


class Log:
    """What this process has logged, as whoever reads stderr sees it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[dict[str, Any]]:
        logs.write_waiting()
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == name]


@pytest.fixture
def log() -> Iterator[Log]:
    """The log of production, opened over a stream of the test."""
    told, known = Log(), structlog.get_config()
    root, hook = logging.getLogger(), sys.excepthook
    handlers, root.handlers, opened = root.handlers, [], logs._opened[:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", told.stream)
        open_logs()
    structlog.configure(cache_logger_on_first_use=False)
    yield told
    root.handlers, sys.excepthook, logs._opened[:] = handlers, hook, opened
    structlog.configure(**known)


async def test_a_request_is_one_line_without_its_words(client: AsyncClient, log: Log) -> None:
    found, lost = await client.get("/aide?nom=Zoe"), await client.get("/nulle-part/mon-secret")
    refused = await client.get(SEARCH)
    assert [(line["event"], line["route"], line["method"], line["status"], line["request"]) for line in log.lines] == [
        ("request", "help", "GET", 200, found.headers["x-request-id"]),
        ("request", None, "GET", 404, lost.headers["x-request-id"]),
        ("request", "proposal", "GET", 404, refused.headers["x-request-id"]),
    ]
    assert all(line["ms"] >= 0 and line["level"] == "info" for line in log.lines)
    structlog.get_logger().info("later")
    moments = [datetime.fromisoformat(line["timestamp"]) for line in log.lines]
    assert moments == sorted(moments)
    assert all(moment.utcoffset() == timedelta(0) for moment in moments)
    told = log.stream.getvalue()
    assert not [word for word in ("Zoe", "secret", "jeton", "127.0.0.1", "address") if word in told]


async def test_lines_of_requests_wait_a_moment_and_keep_their_place(client: AsyncClient, log: Log) -> None:
    await client.get("/aide")
    assert log.stream.getvalue() == ""
    structlog.get_logger().warning("something else")
    await client.get("/charte")
    assert log.stream.getvalue().count("\n") == 2
    while log.stream.getvalue().count("\n") < 3:
        await asyncio.sleep(0)
    assert [line.get("route") for line in log.lines] == ["help", None, "charter"]


@pytest.mark.parametrize(("wanted", "told"), [("network", "203.0.113.0/24"), ("whole", "203.0.113.77")])
async def test_the_address_of_a_reader_is_told_only_as_the_settings_say(
    database: Settings, clock: Clock, log: Log, monkeypatch: pytest.MonkeyPatch, wanted: str, told: str
) -> None:
    monkeypatch.setenv("FORUM_LOGS__ADDRESSES", wanted)
    settings.cache_clear()
    async with visitor(build(settings(), clock=clock)) as reader:
        reader._transport.client = ("203.0.113.77", 4000)  # type: ignore[attr-defined] # the one of ASGI
        await reader.get("/aide")
    assert [line["address"] for line in log.lines] == [told]


def test_a_network_is_no_single_address() -> None:
    assert network("2001:db8:1:2:3::4") == "2001:db8:1::/48"
    assert network("pas une adresse") == "unknown"


async def test_without_access_lines_refusals_and_failures_are_told_all_the_same(
    database: Settings, clock: Clock, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_LOGS__ACCESS", "false")
    settings.cache_clear()
    async with visitor(build(settings(), clock=clock)) as reader:
        await sign_in(reader, await make_member())
        await reader.get("/aide")
        await reader.get("/administration")
    assert [(line["route"], line["status"]) for line in log.lines] == [("administration", 403)]


async def test_a_refusal_of_rights_says_who_and_why(client: AsyncClient, log: Log) -> None:
    member = await make_member("Camille Martin")
    await sign_in(client, member)
    answer = await client.get("/administration")
    (line,) = log.lines
    assert line["member"] == member.id
    assert (line["level"], line["status"]) == ("warning", 403)
    assert line["refusal"] == "Seuls les administrateurs gèrent les comptes."
    assert "Camille" not in log.stream.getvalue()
    assert answer.headers["x-request-id"] in answer.text


async def test_a_form_from_elsewhere_and_a_limit_are_refusals_that_are_told(
    client: AsyncClient, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.post("/deconnexion", headers={"Sec-Fetch-Site": "cross-site"})
    monkeypatch.setenv("FORUM_LIMITS__SIGN_IN_TRIES_PER_ADDRESS", "50")
    settings.cache_clear()
    for turn in range(51):
        await client.post("/connexion", data={"identifiant": f"personne{turn}", "mot_de_passe": "x" * 12})
    told = [line for line in log.events("request") if line["level"] == "warning"]
    assert [(line["route"], line["status"]) for line in told] == [(None, 403), ("sign_in_with_password", 429)]
    assert told[0]["refusal"].startswith("Cette action a été demandée depuis un autre site")
    assert told[1]["refusal"] == "Trop d’essais de connexion. Réessayez dans {minutes} minutes au plus."


async def test_failing_to_sign_in_is_told_without_what_was_typed(client: AsyncClient, log: Log) -> None:
    particulars = Particulars("Camille Martin", email="c@exemple.fr", password="une phrase tout à fait sûre")
    member = await members.create_member(particulars, now=NOON)
    typed = [(member.handle, "pas la bonne"), ("inconnue@exemple.fr", "mot tapé ici"), (member.handle, None)]
    for account, password in typed:
        data = {"identifiant": account, "mot_de_passe": password or "une phrase tout à fait sûre"}
        await client.post("/connexion", data=data)
    assert [line["member"] for line in log.events("sign-in failed")] == [member.id, None]
    assert [line["member"] for line in log.events("signed in")] == [member.id]
    assert {line["request"] for line in log.lines} == {line["request"] for line in log.events("request")}
    assert not [
        word for word in ("bonne", "inconnue", "tapé", "phrase", member.handle) if word in log.stream.getvalue()
    ]


async def test_a_wrong_code_is_told_by_the_number_of_its_member(database: Settings, log: Log) -> None:
    member = await make_member()
    await give_factor(member)
    with pytest.raises(Invalid):
        await second_factors.require_code(member.id, "000000", now=NOON)
    assert [line["member"] for line in log.events("wrong code")] == [member.id]


async def test_a_fault_that_goes_on_is_one_traceback_and_a_count(
    client: AsyncClient, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage of half a minute was 456 tracebacks."""

    async def broken() -> None:
        raise ConnectionRefusedError("la base est partie")

    monkeypatch.setattr(health, "touch_database", broken)
    answers = [await client.get("/sante/pret") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {503}
    (failure,) = log.events("the database does not answer")
    assert "la base est partie" in failure["exception"]
    assert failure["request"] == answers[0].headers["x-request-id"]
    assert log.stream.getvalue().count("Traceback") == 1
    # Each failed request keeps its own line, so that the number on its page is found.
    assert [line["request"] for line in log.events("request")] == [one.headers["x-request-id"] for one in answers]


def test_a_disk_that_takes_no_log_breaks_nothing_and_is_said_later() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            if is_full:
                raise OSError(errno.ENOSPC, "No space left on device")

    is_full, under = True, Full()
    stream = _Stream(under)
    stream.write("one\n")
    stream.write("two\n")
    is_full = False
    stream.write("three\n")
    stream.write("four\n")
    *_, told, three, four = under.getvalue().splitlines()
    assert json.loads(told)["times"] == 2
    assert (three, four) == ("three", "four")


def raised(problem: Exception) -> Exception:
    try:
        raise problem
    except Exception as told:
        return told


def test_what_was_counted_is_said_each_minute_and_a_rare_fault_is_told_whole_again() -> None:
    now = 0.0
    faults = Faults(clock=lambda: now)
    assert faults.is_new("failure", raised(OSError("1")))
    assert not faults.is_new("failure", raised(OSError("2")))
    assert not faults.is_new("failure", raised(OSError("3")))
    assert faults.is_new("other event", raised(OSError("4")))
    assert list(faults.counted()) == []
    now = 60.0
    (line,) = faults.counted()
    assert (line["event"], line["times"], line["problem"]) == ("failure", 2, "OSError")
    assert not faults.is_new("failure", raised(OSError("5")))
    assert [line["times"] for line in faults.counted(all_of_them=True)] == [1]
    now = 120.0
    assert list(faults.counted()) == []
    assert faults.is_new("failure", raised(OSError("6")))


def test_one_exception_is_told_once_whoever_hands_it_on(log: Log) -> None:
    problem = raised(ZeroDivisionError("une fois"))
    structlog.get_logger().error("failure", exc_info=problem)
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=problem)
    assert [line["event"] for line in log.lines] == ["failure"]


def test_lines_of_libraries_and_warnings_are_json_too(log: Log) -> None:
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=raised(OSError("perdue")))
    sys.excepthook(ValueError, raised(ValueError("fin")), None)
    assert [line["event"] for line in log.lines] == [
        "Task exception was never retrieved",
        "the program ends by a fault",
    ]
    assert all("Traceback" in line["exception"] and "level" in line for line in log.lines)


async def test_a_worker_says_what_it_is_when_it_begins_and_when_it_ends(
    configured: Settings, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_: object) -> None: ...

    monkeypatch.setattr(process, "breaker_of", lambda _: object())
    monkeypatch.setattr(process, "open_bell", nothing)
    monkeypatch.setattr(process, "at_work", nothing)
    await process.work(configured)
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(one)
    begun, ended = log.lines
    assert (begun["event"], begun["program"]) == ("the worker begins", __version__)
    assert begun["schema"]
    assert ended["event"] == "the worker has stopped"


async def test_a_refusal_for_programs_bears_its_number(app: Starlette, client: AsyncClient) -> None:
    answer = await client.put("/aide", headers={"Accept": "application/json"})
    assert answer.json()["request"] == answer.headers["x-request-id"]


async def test_what_is_not_there_answers_without_a_number(client: AsyncClient) -> None:
    """What may not be known answers like what does not exist, to the letter; its header has the number."""
    for accepted in ("text/html", "application/json"):
        first, second = [await client.get("/propositions/rien", headers={"Accept": accepted}) for _ in range(2)]
        assert first.headers["x-request-id"] != second.headers["x-request-id"]
        assert first.text == second.text


def test_a_pipe_that_nobody_reads_any_more_is_left() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", buffering=1) as gone:
        for _ in range(2):
            _Stream(gone).write("une ligne\n")
        assert os.readlink(f"/proc/self/fd/{write}") == os.devnull
