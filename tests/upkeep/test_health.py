"""/sante/vivant and /sante/pret: part by part, at whatever host, and as metrics, `status` and the page say it."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum import __version__
from forum.app import build, say_leaving
from forum.commands.upkeep import _status
from forum.database import rows, transaction
from forum.domain.upkeep import health
from forum.domain.upkeep.health import SENTENCES, Condition, HealthPart, look
from forum.domain.upkeep.signs import Who, give_sign, signs
from forum.domain.upkeep.state import state
from forum.jobs import JobName, enqueue
from forum.models.members import Role
from forum.settings import Settings, settings
from forum.storage import SENTENCES as FAULTS
from forum.storage import Trouble
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_member, make_theme, sign_in
from tests.faults.disks import damaged, file, full, read_only, unwritable
from tests.statements import heard
from workers import retention, running
from workers.workshop import SIGN_EVERY, Workshop

pytestmark = pytest.mark.anyio

Disk = Callable[[], AbstractAsyncContextManager[None]]
PLENTY = shutil._ntuple_diskusage(100_000_000_000, 1, 99_999_999_999)


@pytest.fixture(autouse=True)
def plenty_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the disk of this machine."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: PLENTY)


@pytest.fixture
async def alive(database: Settings) -> None:
    """A worker has just given a sign of life."""
    await give_sign(Who.WORKER, NOON)


async def ready(client: AsyncClient, status: int = 200) -> dict[str, Any]:
    answer = await client.get("/sante/pret")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/health+json")
    assert ("retry-after" in answer.headers) is (status == 503)
    told: dict[str, Any] = answer.json()
    return told


def lacking(told: dict[str, Any]) -> dict[str, str]:
    """The parts that are not in order, and why."""
    return {part: found[0]["output"] for part, found in told["checks"].items() if found[0]["status"] != "pass"}


@pytest.mark.usefixtures("alive")
async def test_a_site_in_order_passes_and_its_write_is_kept(client: AsyncClient) -> None:
    told = await ready(client)
    assert told["status"] == "pass"
    assert "output" not in told
    wanted = {"database", "writing", "disk", "temporary_files", "worker", "queue"}
    assert told["checks"].keys() - {"redis"} == wanted
    assert (await signs())[Who.SITE] == NOON


@pytest.mark.usefixtures("alive")
async def test_writing_is_tried_at_most_every_half_minute_however_often_one_asks(
    client: AsyncClient, clock: Clock
) -> None:
    tries = []
    for seconds in (0, 0, 29, 1, 0):
        clock.pass_(seconds=seconds)
        with heard() as statements:
            for _ in range(3):
                await ready(client)
        tries.append(sum(one.startswith("INSERT") for one in statements))
    assert tries == [1, 0, 0, 1, 0]


@pytest.mark.usefixtures("alive")
async def test_a_clock_that_was_set_back_does_not_hide_a_database_that_takes_no_write(
    client: AsyncClient, clock: Clock
) -> None:
    await ready(client)
    clock.pass_(hours=-1)
    await give_sign(Who.WORKER, clock())
    async with read_only():
        assert lacking(await ready(client)) == {"writing": FAULTS[Trouble.READ_ONLY]}


@pytest.mark.usefixtures("alive")
@pytest.mark.parametrize(
    ("disk", "said"),
    [(partial(full, "sign_of_life", room=0), FAULTS[Trouble.FULL]), (read_only, FAULTS[Trouble.READ_ONLY])],
)
async def test_a_disk_that_takes_nothing_is_degraded_and_said(client: AsyncClient, disk: Disk, said: str) -> None:
    async with disk():
        assert lacking(await ready(client)) == {"writing": said}
    assert lacking(await ready(client)) == {}


@pytest.mark.usefixtures("alive")
async def test_a_lock_that_somebody_keeps_is_degraded_not_waited_for(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supervisor that asks meanwhile adds no write to those that wait."""
    asked = []
    let_go = asyncio.Event()

    async def slow(who: Who, now: object) -> None:
        asked.append(who)
        await let_go.wait()

    impatient = settings().database.model_copy(update={"statement_seconds": 0.01})
    monkeypatch.setattr(health, "give_sign", slow)
    monkeypatch.setattr(health, "settings", lambda: settings().model_copy(update={"database": impatient}))
    for _ in range(3):
        assert lacking(await ready(client)) == {"writing": SENTENCES["slow"]}
    assert asked == [Who.SITE]
    let_go.set()
    assert lacking(await ready(client)) == {}


async def test_without_its_database_it_is_down(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(health, "touch_database", away)
    told = await ready(client, 503)
    assert told["checks"]["database"] == [{"status": "fail", "output": SENTENCES["away"]}]
    assert "worker" not in told["checks"]


async def test_a_database_of_which_a_part_is_lost_is_down_for_that_reason(client: AsyncClient) -> None:
    await make_theme(3)
    async with damaged("theme"):
        told = await ready(client, 503)
    assert told["checks"]["database"] == [{"status": "fail", "output": FAULTS[Trouble.DAMAGED]}]


async def test_it_is_down_before_it_stops(app: Starlette, client: AsyncClient) -> None:
    assert (await ready(client))["status"] != "fail"
    say_leaving(app)
    assert await ready(client, 503) == {"status": "fail", "output": "Ce processus s’arrête."}


@pytest.mark.usefixtures("alive")
async def test_room_that_runs_out_is_said_by_its_threshold(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, told in ((500_000_000, {}), (499_999_999, {"disk": SENTENCES["room"]})):
        usage = PLENTY._replace(free=free)
        monkeypatch.setattr(
            shutil, "disk_usage", lambda path, usage=usage: PLENTY if str(path) == tempfile.gettempdir() else usage
        )
        assert lacking(await ready(client)) == told


@pytest.mark.usefixtures("alive")
async def test_temporary_files_without_a_place_are_said(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert lacking(await ready(client)) == {}
    with unwritable(tmp_path):
        assert lacking(await ready(client)) == {"temporary_files": SENTENCES["no_temporary"]}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert lacking(await ready(client)) == {"temporary_files": SENTENCES["no_temporary"]}


async def test_a_worker_that_is_silent_is_said_and_one_that_lives_signs(
    client: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lacking(await ready(client)) == {"worker": SENTENCES["silent"]}

    async def nothing() -> None:
        """No purge of the day."""

    monkeypatch.setattr(retention, "ask", nothing)
    monkeypatch.setattr(running, "clock", clock)
    elapsed = 0.0
    workshop = Workshop(elapsed=lambda: elapsed)
    await workshop._look()
    assert lacking(await ready(client)) == {}
    clock.pass_(seconds=60)
    assert lacking(await ready(client)) == {}
    clock.pass_(seconds=1)
    assert lacking(await ready(client)) == {"worker": SENTENCES["silent"]}
    elapsed = SIGN_EVERY - 1
    await workshop._look()
    assert lacking(await ready(client)) == {"worker": SENTENCES["silent"]}
    elapsed = SIGN_EVERY
    await workshop._look()
    assert lacking(await ready(client)) == {}


async def test_a_job_that_should_have_begun_long_ago_is_said(client: AsyncClient, clock: Clock) -> None:
    async with transaction() as tx:
        await enqueue(tx, JobName.COMPILE_SYNTHESIS, 7, key="synthesis:7", now=NOON)
    for seconds, told in ((300, {}), (1, {"queue": SENTENCES["late"]})):
        clock.pass_(seconds=seconds)
        await give_sign(Who.WORKER, clock())
        assert lacking(await ready(client)) == told
    await rows("UPDATE job SET state = 'running', lease_until = run_after")
    assert lacking(await ready(client)) == {}


async def test_any_host_is_answered_and_nothing_tells_of_the_site(app: Starlette, client: AsyncClient) -> None:
    known = settings()
    inside = (known.site.name, __version__, "127.0.0.1", str(known.site.data_path), file().name, "Python", "SQL")
    for path in ("/sante/vivant", "/sante/pret"):
        for host in ("10.0.0.7:8001", "autre.exemple.fr", ""):
            answer = await client.get(path, headers={"Host": host})
            assert answer.status_code == 200
            told = answer.text + repr(sorted(answer.headers.items()))
            assert [word for word in inside if word in told] == []
        # The page of another refusal does name it.
        assert (await client.post(path, headers={"Host": "autre.exemple.fr"})).status_code == 400
    assert (await client.get("/", headers={"Host": "autre.exemple.fr"})).status_code == 400


async def test_metrics_status_and_the_page_say_what_supervisors_read(
    client: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_METRICS__LOOPBACK", "true")
    settings.cache_clear()
    await make_theme(3)
    await sign_in(client, await make_member("Ada", role=Role.ADMINISTRATOR))
    told = await ready(client)
    found = await look(NOON)
    assert found.condition is Condition.WARN
    assert lacking(told) == {one.part.value: one.said for one in found.lacks} == {"worker": SENTENCES["silent"]}
    said = list(_status(await state(NOON)))
    assert said[:2] == ["État : dégradé", f"  ouvrier : {SENTENCES['silent']}"]
    page = (await client.get("/administration/etat")).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Dégradé" in page
    assert SENTENCES["silent"] in page
    async with visitor(build(settings(), clock=clock)) as scraper:
        figures = dict(re.findall(r"^(cahier_\S+) (\S+)$", (await scraper.get("/metriques")).text, re.MULTILINE))
        assert figures['cahier_health{part="worker"}'] == "1.0"
        assert figures["cahier_worker_silent_seconds"] == "+Inf"
        assert figures['cahier_health{part="database"}'] == "0.0"
        assert figures['cahier_free_bytes{part="disk"}'] == "9.9999999999e+10"
        assert 'cahier_storage_faults_total{fault="full"}' in figures
        async with damaged("theme"):
            # The figures of the process are given all the same.
            down = await scraper.get("/metriques")
    assert down.status_code == 200
    assert 'cahier_health{part="database"} 2.0' in down.text


async def test_the_sign_of_a_worker_is_that_of_any(database: Settings) -> None:
    await give_sign(Who.WORKER, NOON)
    await give_sign(Who.WORKER, NOON + timedelta(seconds=5))
    assert await signs() == {Who.WORKER: NOON + timedelta(seconds=5)}
    assert [one.part for one in (await look(NOON)).lacks] == []
    assert HealthPart.WORKER in [one.part for one in (await look(NOON)).findings]
