"""The process that writes is killed, again and again, in the midst of writes: what it acknowledged is there, once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path

import pytest
from httpx2 import AsyncClient, TransportError

from forum.database import close_database, is_sqlite, open_database, rows
from forum.domain.journal_chain import verify
from forum.domain.sign_in.sessions import open_session
from forum.models.themes import Theme
from forum.settings import Settings
from tests.conftest import PATIENCE
from tests.factories import make_group, make_member, make_proposal, make_thread
from tests.faults.served import ServedSite
from tests.figures import Say

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

WRITERS, PROPOSALS = 4, 7
BETWEEN_KILLS = 12
"""Writes, at least."""


@dataclass
class Writer:
    """Writes and votes for ever; without an answer, says the same thing again, as people do."""

    name: str
    browser: AsyncClient
    thread: int
    references: list[str]
    posts: list[str] = field(default_factory=list)
    ballots: dict[str, str] = field(default_factory=dict)
    acknowledged: int = 0
    repeated: int = 0

    async def write_until(self, stop: asyncio.Event) -> None:
        opinions, references = cycle(("pour", "contre", "abstention", "contre")), cycle(self.references)
        for number in count(1):
            words, reference, opinion = f"{self.name}, {number}", next(references), next(opinions)
            await self._send(f"/fils/{self.thread}/repondre", {"source": words, "acte": "publier"})
            self.posts.append(words)
            await self._send(f"/propositions/{reference}/vote", {"avis": opinion})
            self.ballots[reference] = opinion
            if stop.is_set():
                return

    def told(self) -> list[tuple[str, ...]]:
        """What must be there: every contribution, and the last opinion of each vote."""
        return [(self.name, words) for words in self.posts] + [(self.name, *one) for one in self.ballots.items()]

    async def _send(self, path: str, typed: dict[str, str]) -> None:
        for again in count():
            try:
                answer = await self.browser.post(path, data=typed)
            except TransportError:
                await asyncio.sleep(0.05)
            else:
                assert answer.status_code == 303, (answer.status_code, answer.text)
                self.acknowledged += 1
                self.repeated += again > 0
                return


async def make_writers(site: ServedSite) -> list[Writer]:
    """People signed in at a theme that is open to words and votes."""
    now = datetime.now(UTC)
    day = timedelta(days=1)
    theme = await Theme.create(
        number=3,
        title="Formation et acteurs",
        working_group=await make_group(),
        contributions_open_at=now - day,
        contributions_close_at=now + day,
        votes_open_at=now - day,
        votes_close_at=now + day,
    )
    thread = (await make_thread(theme)).id
    for number in range(PROPOSALS):
        await make_proposal(theme, f"Proposition {number}")
    references = [f"T3-{number:03}" for number in range(1, PROPOSALS + 1)]
    writers = []
    for number in range(WRITERS):
        member = await make_member(f"Personne {number}")
        browser = AsyncClient(
            base_url=site.address,
            headers={"Sec-Fetch-Site": "same-origin"},
            cookies={"session": await open_session(member.id, now=now)},
            timeout=PATIENCE,
        )
        writers.append(Writer(member.name, browser, thread, references))
    return writers


async def kill_while_they_write(site: ServedSite, writers: list[Writer], kills: int) -> None:
    stop = asyncio.Event()
    await site.start()
    writing = [asyncio.create_task(one.write_until(stop)) for one in writers]
    try:
        for turn in range(kills):
            before = sum(one.acknowledged for one in writers)
            while sum(one.acknowledged for one in writers) < before + BETWEEN_KILLS + turn % 5:
                assert not any(one.done() for one in writing), await asyncio.gather(*writing)
                await asyncio.sleep(0.001)
            site.kill()
            await site.start()
        stop.set()
        await asyncio.gather(*writing)
    finally:
        site.kill()
        for one in writers:
            await one.browser.aclose()


@pytest.mark.parametrize("kills", [1, pytest.param(40, marks=pytest.mark.faults)])
async def test_what_was_acknowledged_before_a_kill_is_there_once(
    database: Settings, tmp_path: Path, kills: int, say_figures: Say
) -> None:
    site = ServedSite(tmp_path / "data")
    writers = await make_writers(site)
    # Nobody else has the file open: what the killed process left beside it is read by the next one alone.
    await close_database()
    await kill_while_they_write(site, writers, kills)
    await open_database(database)
    found = Counter([*await words_there(), *await ballots_there()])
    wanted = Counter([one for writer in writers for one in writer.told()])
    assert found == wanted
    assert (await verify()).fault == ""
    if is_sqlite():
        assert [tuple(one) for one in await rows("PRAGMA integrity_check")] == [("ok",)]
    said, repeated = sum(one.acknowledged for one in writers), sum(one.repeated for one in writers)
    assert repeated > 0
    say_figures(
        f"{kills} kills; {said} writes acknowledged, {repeated} of them sent again after a kill; "
        f"{(wanted - found).total()} missing, {(found - wanted).total()} twice"
    )


async def words_there() -> list[tuple[str, ...]]:
    found = await rows("SELECT m.name, p.plain FROM post p JOIN member m ON m.id = p.author_id")
    return [(one["name"], one["plain"]) for one in found]


async def ballots_there() -> list[tuple[str, ...]]:
    found = await rows(
        """SELECT m.name, p.number, b.opinion FROM ballot b
             JOIN member m ON m.id = b.voter_id JOIN proposal p ON p.id = b.proposal_id"""
    )
    return [(one["name"], f"T3-{one['number']:03}", one["opinion"]) for one in found]
