"""Votes that wait share a commit: each is told once it is durable, a refused one disturbs nobody, none waits long."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from httpx2 import AsyncClient, Response
from tortoise.exceptions import OperationalError

from forum import commits
from forum.commits import AT_ONCE, commit_together
from forum.database import rows, transaction
from forum.domain.members import members
from forum.domain.themes.themes import find_theme
from forum.domain.votes import votes
from forum.errors import Conflict, TooBusy
from forum.settings import Settings
from forum.sqlite import ImmediateTransaction
from forum.storage import StorageFault, Trouble
from tests.conftest import NOON
from tests.factories import count, make_member, make_proposal, make_theme, sign_in

pytestmark = pytest.mark.anyio


class Held:
    """The lock of the database, held by another write until the block is left."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._held = asyncio.Event()

    async def __aenter__(self) -> None:
        self._holding = asyncio.create_task(self._hold())
        await self._held.wait()

    async def _hold(self) -> None:
        async with transaction():
            self._held.set()
            await self._free.wait()

    async def __aexit__(self, *_: object) -> None:
        self._free.set()
        await self._holding


@pytest.fixture
def commits_made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many groups there were at each commit from here on."""
    made: list[int] = []
    commit = ImmediateTransaction.commit

    async def counted(self: ImmediateTransaction) -> None:
        made.append(self.run_now("SELECT COUNT(*) FROM working_group", ())[0][0])
        await commit(self)

    monkeypatch.setattr(ImmediateTransaction, "commit", counted)
    return made


def adding(slug: str, *, refuse: Exception | None = None) -> Callable[[], Awaitable[str]]:
    async def add() -> str:
        await rows("INSERT INTO working_group (slug, name) VALUES ($1, $1)", slug)
        if refuse is not None:
            raise refuse
        return slug

    return add


async def waiting(*works: Callable[[], Awaitable[str]]) -> list["asyncio.Task[str]"]:
    """Writes that have begun to wait."""
    tasks = [asyncio.ensure_future(commit_together(one)) for one in works]
    await asyncio.sleep(0)
    return tasks


async def slugs() -> set[str]:
    return {one["slug"] for one in await rows("SELECT slug FROM working_group")}


@pytest.mark.sqlite_only
async def test_writes_that_wait_share_one_commit_and_are_told_after_it(
    database: Settings, commits_made: list[int]
) -> None:
    many = AT_ONCE + 10
    async with Held():
        tasks = await waiting(*(adding(f"gt-{number}") for number in range(many)))
        await asyncio.sleep(0.05)
        assert not any(one.done() for one in tasks)
        assert await slugs() == set()
    assert await asyncio.gather(*tasks) == [f"gt-{number}" for number in range(many)]
    assert len(await slugs()) == many
    # The other write's own, then theirs.
    assert commits_made == [0, AT_ONCE, many]


async def test_a_refused_write_leaves_nothing_and_disturbs_none_of_the_others(database: Settings) -> None:
    works = [adding("gt-1"), adding("gt-2", refuse=Conflict("Trop tard.")), adding("gt-3")]
    found = await asyncio.gather(*(commit_together(one) for one in works), return_exceptions=True)
    assert [str(one) for one in found] == ["gt-1", "Trop tard.", "gt-3"]
    assert isinstance(found[1], Conflict)
    assert await slugs() == {"gt-1", "gt-3"}


@pytest.mark.sqlite_only
async def test_nobody_is_told_of_a_write_that_could_not_be_committed(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: ImmediateTransaction) -> None:
        raise OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(ImmediateTransaction, "commit", fail)
        works = (adding("gt-1"), adding("gt-2"))
        found = await asyncio.gather(*map(commit_together, works), return_exceptions=True)
    assert [type(one) for one in found] == [OperationalError] * 2
    assert await slugs() == set()
    assert await commit_together(adding("gt-4")) == "gt-4"
    assert await slugs() == {"gt-4"}


@pytest.mark.sqlite_only
async def test_what_ends_the_whole_transaction_refuses_everybody_in_it(database: Settings) -> None:
    full = StorageFault(Trouble.FULL, "ici")
    async with Held():
        tasks = await waiting(adding("gt-1"), adding("gt-2", refuse=full), adding("gt-3"))
    found = await asyncio.gather(*tasks, return_exceptions=True)
    # The third came after the end: it has a transaction of its own.
    assert found == [full, full, "gt-3"]
    assert await slugs() == {"gt-3"}


async def test_inside_a_transaction_it_is_part_of_that_one(database: Settings) -> None:
    async def fail() -> None:
        async with transaction():
            await commit_together(adding("gt-1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await slugs() == set()


@pytest.mark.sqlite_only
async def test_a_write_that_waited_too_long_is_refused_and_never_written(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "LONGEST_WAIT", 0.01)
    async with Held():
        tasks = await waiting(adding("gt-1"), adding("gt-2"))
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in found] == [TooBusy] * 2
    monkeypatch.undo()
    assert await commit_together(adding("gt-3")) == "gt-3"
    assert await slugs() == {"gt-3"}


@pytest.mark.sqlite_only
async def test_who_left_is_not_written_and_the_others_are(database: Settings) -> None:
    async with Held():
        first, second, third = await waiting(adding("gt-1"), adding("gt-2"), adding("gt-3"))
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
    assert [await first, await third] == ["gt-1", "gt-3"]
    assert await slugs() == {"gt-1", "gt-3"}


@pytest.mark.sqlite_only
async def test_public_votes_of_one_commit_make_pages_stale_once(database: Settings) -> None:
    theme = await make_theme(3, sealed=False)
    for number in range(3):
        await make_proposal(theme, f"Proposition {number}")
    voters = [await members.load_viewer((await make_member(f"Personne {name}")).id) for name in "abcd"]
    before = (await find_theme(3)).version
    async with Held():
        votes_cast = [
            asyncio.ensure_future(votes.vote(voter, f"T3-00{number}", "pour", NOON))
            for voter in voters
            for number in (1, 2, 3)
        ]
        await asyncio.sleep(0.05)
    lines = await asyncio.gather(*votes_cast)
    assert (await count("ballot"), (await find_theme(3)).version) == (12, before + 1)
    # Each answer counts the votes that were written before it.
    counted = [line.tally.for_ for line in lines if line.reference == "T3-001" and line.tally]
    assert counted == [1, 2, 3, 4]


async def vote_late(client: AsyncClient, monkeypatch: pytest.MonkeyPatch, **headers: str) -> Response:
    """The answer to somebody's vote that is refused because it waited too long."""
    await make_proposal(await make_theme(3))
    await sign_in(client, await make_member())
    form = {"avis": "contre", "version": "1"}
    with monkeypatch.context() as patch:
        patch.setattr(votes, "LONGEST_WRITE", -1.0)
        answer = await client.post("/propositions/T3-001/vote", data=form, headers=headers)
    assert (answer.status_code, await count("ballot"), await count("ballot_change")) == (503, 0, 0)
    assert int(answer.headers["retry-after"]) > 0
    return answer


async def test_a_vote_that_waited_too_long_can_be_sent_again_from_the_page_that_says_so(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await vote_late(client, monkeypatch)
    assert "le vôtre n’est pas enregistré" in answer.text
    assert "est gardé sur cette page" in answer.text
    for field in ('name="avis" value="contre"', 'name="version" value="1"', 'action="/propositions/T3-001/vote"'):
        assert field in answer.text
    assert "Envoyer à nouveau" in answer.text
    assert "Votre session a pris fin" not in answer.text
    again = await client.post("/propositions/T3-001/vote", data={"avis": "contre", "version": "1"})
    assert (again.status_code, await count("ballot")) == (303, 1)


async def test_a_script_reads_the_same_of_a_vote_that_waited_too_long(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await vote_late(client, monkeypatch, Accept="application/problem+json")
    assert answer.json()["detail"].startswith("Trop d’envois arrivent en ce moment")


async def test_a_vote_after_the_close_says_what_was_chosen_and_that_it_is_not_recorded(
    client: AsyncClient,
) -> None:
    await make_proposal(await make_theme(3, votes="closed"))
    await sign_in(client, await make_member())
    answer = await client.post("/propositions/T3-001/vote", data={"avis": "contre"})
    assert answer.status_code == 403
    assert "Les votes sur ce thème sont clos." in answer.text
    assert "contre" in answer.text.split("Votre choix était")[1].split("</p>")[0]
    assert "Envoyer à nouveau" not in answer.text
