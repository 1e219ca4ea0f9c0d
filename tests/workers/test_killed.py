"""Real processes, really killed: the job is taken up again and gives one set of documents.

With SQLite the worker is the one inside the web process, killed with it and started again. With PostgreSQL it is a
process of its own, and another one takes its place. Short leases keep the test short; `test_jobs` holds the default
ones to less than a minute.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from forum.database import Row, known_row, row, rows
from forum.domain.syntheses.documents import ORDER
from forum.domain.syntheses.requests import request_from_shell
from forum.models.proposals import Origin
from forum.models.themes import Theme
from forum.settings import ROOT, Settings, settings
from tests.conftest import PATIENCE
from tests.factories import make_group
from tests.figures import Say

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PROPOSALS = 400
"""Enough proposals for the compilation to last a few seconds, so that it can be interrupted."""

LEASE, HEARTBEAT, POLL = 6, 1, 1
SYNTHESES = 5
"""Each is killed four times: the fifth try is the last that a job has."""


TEST_REDIS = os.environ.get("FORUM_TEST_REDIS", "redis://127.0.0.1:6379/15")
IN_CI = os.environ.get("CI") == "true"


@pytest.fixture
def redis_url(database: Settings) -> Iterator[str]:
    """The Redis of the run, when it is on PostgreSQL; with SQLite, none."""
    if not database.database.url.startswith("postgres"):
        yield ""
        return
    redis = Redis.from_url(TEST_REDIS)
    try:
        redis.ping()
    except RedisConnectionError:
        if IN_CI:
            raise
        pytest.skip(f"NOT SHOWN HERE: no Redis at {TEST_REDIS}")
    yield TEST_REDIS
    redis.close()


@pytest.fixture
def port() -> int:
    """The port of the site of one test, before and after its restart: its keys in Redis are named after it."""
    return free_port()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def worker(database: Settings, port: int, redis_url: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """One process that runs jobs: the web process without Redis, the worker's own with it. Killed at the end if still
    running."""
    environment = os.environ | {
        "FORUM_DATABASE__URL": database.database.url,
        "FORUM_SITE__DATA_DIR": str(database.site.data_path),
        "FORUM_SITE__BASE_URL": f"http://127.0.0.1:{port}",
        "FORUM_SERVER__PORT": str(port),
        "FORUM_REDIS__URL": redis_url,
        "FORUM_JOBS__LEASE_SECONDS": str(LEASE),
        "FORUM_JOBS__HEARTBEAT_SECONDS": str(HEARTBEAT),
        "FORUM_JOBS__POLL_SECONDS": str(POLL),
        # A site that is told to stop goes on for a while, its jobs too.
        "FORUM_SERVER__DRAIN_SECONDS": "0",
    }
    command = "work" if redis_url else "serve"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "forum", command], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


async def make_consultation(number: int = 3) -> None:
    """A theme whose votes are closed, with many proposals."""
    now = datetime.now(UTC)
    theme = await Theme.create(
        number=number,
        title="Formation et acteurs",
        working_group=await make_group(f"gt-{number}"),
        contributions_open_at=now - timedelta(days=30),
        contributions_close_at=now - timedelta(days=10),
        votes_open_at=now - timedelta(days=20),
        votes_close_at=now - timedelta(days=1),
        last_proposal_number=PROPOSALS,
    )
    for place in range(1, PROPOSALS + 1):
        await rows(
            """INSERT INTO proposal (theme_id, number, wording, body, body_html, body_plain, version, state, origin,
                                     created_at)
               VALUES ($1, $2, $3, '', '', '', 1, 'open', $4, $5) RETURNING id""",
            theme.id,
            place,
            f"Proposition {place} : former, recruter, accueillir et accompagner dans chaque bibliothèque.",
            Origin.MEMBER.value,
            now,
        )


@pytest.fixture
async def job(database: Settings) -> int:
    """A synthesis that was asked for, and the id of its job; no worker has seen it yet."""
    await make_consultation()
    await request_from_shell(3, datetime.now(UTC))
    found = await row("SELECT id FROM job")
    assert found is not None
    return int(found["id"])


async def look(job: int) -> Row:
    found = await row("SELECT state, done_steps, fence, tries, error, lease_until FROM job WHERE id = $1", job)
    assert found is not None
    return found


async def until(what: str, true: Callable[[], Awaitable[bool]], log: Path, *, pause: float = 0.02) -> float:
    """Wait for something to be true; the seconds that it took."""
    start = time.monotonic()
    while not await true():
        assert time.monotonic() - start < PATIENCE, f"still waiting: {what}\n{log.read_text()}"
        await asyncio.sleep(pause)
    return time.monotonic() - start


async def in_its_midst(
    job: int, process: "subprocess.Popen[bytes]", log: Path, *, tries: int = 1, steps: int = 1
) -> None:
    """Wait until that try has made some formats and not the others, and suspend the process there."""

    async def begun() -> bool:
        found = await look(job)
        return bool(found["tries"] == tries and found["done_steps"] >= steps)

    await until("a first format", begun, log, pause=0.002)
    process.send_signal(signal.SIGSTOP)
    assert (await look(job))["state"] == "running", "compiled before it could be interrupted: raise PROPOSALS"


async def seen_by_everybody() -> tuple[int, int]:
    """Documents that exist, and those among them without their whole content."""
    documents = await rows("SELECT content, size FROM document")
    return len(documents), sum(d["content"] is None or len(d["content"]) != d["size"] for d in documents)


async def test_a_worker_killed_in_mid_compilation_is_replaced_and_one_set_of_documents_comes_out(
    database: Settings, port: int, redis_url: str, job: int, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    log.touch()
    with ExitStack() as processes:
        first = processes.enter_context(worker(database, port, redis_url, log))
        await in_its_midst(job, first, log)
        first.kill()
        first.wait(PATIENCE)
        assert await seen_by_everybody() == (0, 0)
        processes.enter_context(worker(database, port, redis_url, log))

        async def is_over() -> bool:
            count, partial = await seen_by_everybody()
            assert count in (0, len(ORDER))
            assert partial == 0
            return (await look(job))["state"] in ("done", "failed")

        await until("the job taken up again", is_over, log)
    after = await look(job)
    assert (after["state"], after["fence"], after["tries"]) == ("done", 2, 2), log.read_text()
    assert await seen_by_everybody() == (len(ORDER), 0)
    assert [r["state"] for r in await rows("SELECT state FROM synthesis")] == ["ready"]


@pytest.mark.faults
async def test_twenty_kills_in_mid_compilation_leave_one_whole_set_of_documents_for_each_synthesis(
    database: Settings, port: int, redis_url: str, tmp_path: Path, say_figures: Say
) -> None:
    """As often as a job may be tried, with the try that ends it; after one, two or more formats."""
    log = tmp_path / "worker.log"
    log.touch()
    made, kills, seconds = 0, 0, list[float]()
    for number in range(1, SYNTHESES + 1):
        await make_consultation(number)
        await request_from_shell(number, datetime.now(UTC))
        job = int((await known_row("SELECT MAX(id) AS id FROM job"))["id"])
        for tries in range(1, settings().jobs.tries):
            with worker(database, port, redis_url, log) as process:
                await in_its_midst(job, process, log, tries=tries, steps=1 + kills % (len(ORDER) - 1))
                process.kill()
                process.wait(PATIENCE)
            kills += 1
            assert await seen_by_everybody() == (made, 0)
        with worker(database, port, redis_url, log):

            async def is_over(job: int = job) -> bool:
                return (await look(job))["state"] in ("done", "failed")

            seconds.append(await until("the last try", is_over, log))
        made += len(ORDER)
        after = await look(job)
        assert (after["state"], after["tries"]) == ("done", settings().jobs.tries), log.read_text()
        assert await seen_by_everybody() == (made, 0)
    assert [each["state"] for each in await rows("SELECT state FROM synthesis")] == ["ready"] * SYNTHESES
    per_synthesis = await rows("SELECT synthesis_id, format, COUNT(*) AS n FROM document GROUP BY 1, 2")
    assert {each["n"] for each in per_synthesis} == {1}
    assert kills == 20
    say_figures(
        f"{kills} kills, {SYNTHESES} syntheses, {made} documents; "
        f"done at most {max(seconds):.0f} s after its last kill, the compilation included"
    )


async def test_a_worker_told_to_stop_gives_its_job_back_at_once(
    database: Settings, port: int, redis_url: str, job: int, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    log.touch()
    with worker(database, port, redis_url, log) as process:
        await in_its_midst(job, process, log)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        process.wait(PATIENCE)
    after = await look(job)
    assert (after["state"], after["tries"], after["lease_until"]) == ("queued", 0, None), log.read_text()
    assert await seen_by_everybody() == (0, 0)


@pytest.mark.postgres_only
async def test_a_worker_whose_redis_is_away_works_all_the_same(
    database: Settings, port: int, job: int, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    log.touch()
    with worker(database, port, f"redis://127.0.0.1:{free_port()}/0", log) as process:

        async def is_done() -> bool:
            assert process.poll() is None, log.read_text()
            return bool((await look(job))["state"] == "done")

        await until("the job that nobody could ring for", is_done, log)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert await seen_by_everybody() == (len(ORDER), 0)
    assert log.read_text().count("redis does not answer") == 1, log.read_text()
