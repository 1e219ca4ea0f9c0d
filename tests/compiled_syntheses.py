"""Syntheses of a theme with votes: asked for by an agent and compiled as by a worker, quickly where possible."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette
from structlog.testing import capture_logs

from forum.database import row
from forum.documents.formats import FORMATS, MissingRenderer
from forum.domain import jobs
from forum.domain.syntheses.documents import Made
from forum.models.members import Role
from forum.models.proposals import Proposal
from forum.models.themes import Theme
from forum.models.votes import Ballot
from forum.ranking.tallies import Opinion
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_member, make_proposal, make_theme, sign_in
from workers import rendering, running
from workers import syntheses as compiling
from workers.rendering import RenderingFailed
from workers.syntheses import WORK

FINAL, DRAFT = "closed", "open"

Quick = dict[str, Callable[[], bytes]]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Quick:
    """Formats that cost nothing, for tests that are not about the documents themselves; a test may replace one."""
    formats: Quick = {}

    async def rendered(snapshot: bytes) -> AsyncGenerator[Made, None]:
        for name in FORMATS:
            try:
                content = formats[name]() if name in formats else name.encode() + snapshot
            except MissingRenderer as problem:
                yield Made(name, "text/plain; charset=utf-8", error=str(problem))
            else:
                yield Made(name, "text/plain; charset=utf-8", content)

    monkeypatch.setattr(compiling, "rendered", rendered)
    return formats


@pytest.fixture(scope="module")
def rendered_once() -> Iterator[None]:
    """The documents of the same data are the same bytes: each is rendered once for the tests of a file."""
    render, kept = rendering.rendered, dict[bytes, list[Made]]()

    async def rendered(snapshot: bytes) -> AsyncGenerator[Made, None]:
        if snapshot not in kept:
            kept[snapshot] = [made async for made in render(snapshot)]
        for made in kept[snapshot]:
            yield made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "rendered", rendered)
        yield


@pytest.fixture
def worker_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(running, "clock", clock)
    return clock


@pytest.fixture
async def agent(client: AsyncClient, worker_clock: Clock) -> AsyncClient:
    await sign_in(client, await make_member("Agathe Agent", role=Role.AGENT))
    return client


@pytest.fixture
async def public(app: Starlette) -> AsyncIterator[AsyncClient]:
    async with visitor(app) as one:
        yield one


async def voted_theme(*, votes: str = FINAL, proposals: int = 2) -> Theme:
    """Theme 3 with proposals; the first has two votes for and one against, the second one abstention."""
    theme = await make_theme(3, contributions="closed", votes="closed" if votes == FINAL else "open")
    voters = [await make_member(f"Votant {letter}") for letter in "ABC"]
    made = [await make_proposal(theme, f"Proposition numéro {n}.") for n in range(1, proposals + 1)]
    opinions = [(0, Opinion.FOR), (1, Opinion.FOR), (2, Opinion.AGAINST)]
    for voter, opinion in opinions:
        await cast(made[0], voters[voter].id, opinion)
    if proposals > 1:
        await cast(made[1], voters[0].id, Opinion.ABSTAIN)
    return theme


async def cast(proposal: Proposal, voter: int, opinion: Opinion) -> None:
    await Ballot.create(proposal=proposal, voter_id=voter, opinion=opinion, proposal_version=1, cast_at=NOON)


async def ask(client: AsyncClient, theme: str = "3") -> Response:
    return await client.post("/syntheses/demander", data={"theme": theme})


async def work_off(clock: Clock) -> None:
    """Run the jobs that a worker finds in the table."""
    for job, _ in await jobs.waiting(clock()):
        await running.run(job, WORK)


async def compiled(client: AsyncClient, clock: Clock, theme: str = "3") -> str:
    """Ask for a synthesis and compile it; returns its address."""
    asked = await ask(client, theme)
    assert asked.status_code == 303
    await work_off(clock)
    return asked.headers["location"].split("?")[0]


async def snapshot_json() -> bytes:
    found = await row("SELECT snapshot FROM synthesis ORDER BY id DESC LIMIT 1")
    assert found is not None
    return str(found["snapshot"]).encode()


async def file_names(client: AsyncClient, address: str) -> list[str]:
    page = await client.get(address)
    return re.findall(rf'href="{address}/(synthese-[^"]+)"', page.text)


async def fail_every_try(clock: Clock, formats: Quick) -> None:
    def breaks() -> bytes:
        raise RenderingFailed("plus d’encre")

    formats["pdf"] = breaks
    with capture_logs() as lines:
        for _ in range(6):
            await work_off(clock)
            clock.pass_(minutes=2)
    trace = await row("SELECT trace_id FROM job")
    assert trace is not None
    assert lines[-1]["trace_id"] == trace["trace_id"]
