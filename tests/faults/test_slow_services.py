"""How long do people wait while Redis is stopped, slow or frozen, or while PostgreSQL is frozen for half a minute?

The site and its worker are processes with the deadlines of `settings.toml`, behind a proxy. What a busy machine adds is
measured in the same run, while all is well, and taken off what is allowed.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from httpx2 import AsyncClient, Response

from forum.database import row, rows
from forum.domain.members.members import create_member
from forum.domain.members.particulars import Particulars
from forum.domain.sign_in.sessions import open_session
from forum.models.members import Role
from forum.settings import Settings
from tests.conftest import NOON, PATIENCE
from tests.factories import make_member
from tests.faults.proxy import Proxy, before
from tests.faults.served import ServedSite
from tests.faults.test_kills import make_writers
from tests.faults.test_redis_away import freeze, stop
from tests.figures import Say

pytestmark = [pytest.mark.anyio, pytest.mark.postgres_only, pytest.mark.faults]

AS_IN_PRODUCTION = {
    "FORUM_REDIS__ANSWER_SECONDS": "0.25",
    "FORUM_DATABASE__CONNECTION_SECONDS": "1.5",
    "FORUM_DATABASE__STATEMENT_SECONDS": "2.5",
    "FORUM_SIGN_IN__SECOND_FACTOR_FOR_STAFF": "false",
}
PASSWORD = "quatre mots pour entrer"
TIMES = 30
"""Requests of each kind, in each state of the service."""
P95, BEGINS = 0.5, 30.0
"""Seconds allowed: for 95 of 100 requests of a kind, and until a job begins."""
FROZEN_FOR, REFUSED_WITHIN = 30.0, 5.0

Ask = Callable[[], Awaitable[Response]]


class Used:
    """A site in use: every kind of request, by people who are signed in."""

    def __init__(self, member: AsyncClient, agent: AsyncClient, thread: int, visitor: AsyncClient) -> None:
        self.agent = agent
        self._number = 0
        self.kinds: dict[str, Ask] = {
            "accueil": partial(visitor.get, "/"),
            "fil": partial(member.get, f"/fils/{thread}"),
            "propositions": partial(member.get, "/themes/3/propositions"),
            "vote": partial(member.post, "/propositions/T3-001/vote", data={"avis": "pour"}),
            "contribution": lambda: member.post(f"/fils/{thread}/repondre", data=self._words()),
            "santé": partial(visitor.get, "/sante/pret"),
            "connexion": partial(
                visitor.post, "/connexion", data={"identifiant": "Camille-Martin", "mot_de_passe": PASSWORD}
            ),
        }

    def _words(self) -> dict[str, str]:
        self._number += 1
        return {"source": f"Contribution {self._number}", "acte": "publier"}

    async def p95(self) -> dict[str, float]:
        place = TIMES * 95 // 100
        return {kind: sorted([await timed(ask) for _ in range(TIMES)])[place] for kind, ask in self.kinds.items()}

    async def seconds_until_a_job_begins(self) -> float:
        start = monotonic()
        assert (await self.agent.post("/syntheses/demander", data={"theme": "3"})).status_code == 303
        while await waiting_jobs():
            await asyncio.sleep(0.05)
        return monotonic() - start


async def waiting_jobs() -> int:
    found = await row("SELECT COUNT(*) AS many FROM job WHERE state = 'queued'")
    assert found is not None
    return int(found["many"])


async def timed(ask: Ask) -> float:
    start = monotonic()
    answer = await ask()
    assert answer.status_code in (200, 303), (answer.status_code, answer.text)
    return monotonic() - start


@asynccontextmanager
async def used(tmp_path: Path, through: dict[str, str]) -> AsyncIterator[Used]:
    """A site and its worker that reach their services by these addresses."""
    site = ServedSite(tmp_path / "data", AS_IN_PRODUCTION | through)
    (writer, *others) = await make_writers(site)
    agent = await make_member("Hugo Lemaire", role=Role.AGENT)
    await create_member(Particulars("Camille Martin", email="c@exemple.fr", password=PASSWORD), now=NOON)
    same_origin = {"Sec-Fetch-Site": "same-origin"}
    visitor, staff = (AsyncClient(base_url=site.address, headers=same_origin, timeout=PATIENCE) for _ in range(2))
    staff.cookies["session"] = await open_session(agent.id, now=datetime.now(UTC))
    try:
        await site.start()
        site.start_worker()
        yield Used(writer.browser, staff, writer.thread, visitor)
    finally:
        site.kill()
        for one in (visitor, staff, writer.browser, *(each.browser for each in others)):
            await one.aclose()


async def slow_down(proxy: Proxy) -> None:
    proxy.delay = 2


def in_words(seconds: dict[str, float]) -> str:
    return ", ".join(f"{kind} {1000 * each:.0f} ms" for kind, each in seconds.items())


@pytest.mark.parametrize("fault", [stop, slow_down, freeze])
async def test_nobody_waits_for_redis(
    database: Settings, tmp_path: Path, fault: Callable[[Proxy], Awaitable[None]], say_figures: Say
) -> None:
    redis = os.environ["FORUM_REDIS__URL"]
    async with before(redis) as (proxy, url), used(tmp_path, {"FORUM_REDIS__URL": url}) as site:
        well, begun_well = await site.p95(), await site.seconds_until_a_job_begins()
        await fault(proxy)
        ill, begun_ill = await site.p95(), await site.seconds_until_a_job_begins()
    say_figures(f"95 of 100, Redis well: {in_words(well)}; a job begins after {begun_well:.1f} s")
    say_figures(f"95 of 100, {fault.__name__}: {in_words(ill)}; a job begins after {begun_ill:.1f} s")
    assert {kind: ill[kind] - well[kind] for kind in well if ill[kind] - well[kind] > P95} == {}
    assert begun_ill - begun_well < BEGINS


async def test_a_frozen_postgres_is_refused_in_time_and_found_again(
    database: Settings, tmp_path: Path, say_figures: Say
) -> None:
    """A job that was under way when the database froze ends afterwards, once."""
    refused: dict[str, list[float]] = defaultdict(list)
    async with before(database.database.url) as (proxy, url), used(tmp_path, {"FORUM_DATABASE__URL": url}) as site:
        slowest = max([await timed(ask) for ask in site.kinds.values()])
        await site.seconds_until_a_job_begins()
        proxy.freeze()
        end = monotonic() + FROZEN_FOR
        await asyncio.gather(*(refuse(kind, ask, end, refused) for kind, ask in site.kinds.items()))
        proxy.thaw()
        thawed = monotonic()
        while (await site.kinds["propositions"]()).status_code != 200:
            await asyncio.sleep(0.05)
        back = monotonic() - thawed
        async with asyncio.timeout(PATIENCE):
            while await row("SELECT id FROM job WHERE state NOT IN ('done', 'failed')"):
                await asyncio.sleep(0.1)
        done = monotonic() - thawed
    longest = {kind: max(each) for kind, each in refused.items()}
    many = sum(map(len, refused.values()))
    say_figures(f"frozen {FROZEN_FOR:.0f} s: {many} requests refused, at the latest {in_words(longest)}")
    say_figures(f"thawed: a page after {back:.1f} s, the compilation that was under way done after {done:.1f} s")
    assert {kind: each for kind, each in longest.items() if each - slowest > REFUSED_WITHIN} == {}
    assert [one["state"] for one in await rows("SELECT state FROM synthesis")] == ["ready"]
    assert len(await rows("SELECT id FROM document")) == 8


async def refuse(kind: str, ask: Ask, end: float, refused: dict[str, list[float]]) -> None:
    """Ask again and again while the database is frozen."""
    while monotonic() < end:
        start = monotonic()
        answer = await ask()
        if monotonic() < end:
            assert answer.status_code == 503, (kind, answer.status_code, answer.text)
            assert int(answer.headers["retry-after"]) > 0
            refused[kind].append(monotonic() - start)
        await asyncio.sleep(0.2)
