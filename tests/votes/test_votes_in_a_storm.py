"""Concurrent votes, in several processes, while connections are cut and one is killed; thousands in `make faults`.

Real processes over one database, as in production: SQLite, or PostgreSQL with Redis. Afterwards there must be one
ballot for each person and proposal, every acknowledged vote, and tallies, ballots and replayed history that agree.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forum.database import rows
from forum.domain.sign_in import sessions
from forum.domain.themes.themes import find_theme
from forum.domain.votes.votes import tallies_of
from forum.models.members import Member
from forum.models.proposals import Proposal
from forum.models.themes import Theme
from forum.settings import ROOT, Settings
from tests.conftest import PATIENCE
from tests.factories import make_group, make_member, make_proposal
from tests.workers.test_killed import TEST_REDIS, free_port

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PROCESSES = 3
AT_ONCE = 100
PROPOSALS, EACH = 25, 50
"""Changes of mind of each voter, of votes on so many proposals."""
CUT = 0.05
SAID = ("pour", "abstention", "contre", "retirer")


class Cut(Exception):
    """There was no answer: the connection was cut, by us or by the end of the process."""


@dataclass
class Connection:
    """A minimal HTTP/1.1 client over one keep-alive connection. `port` may be served by another process later."""

    port: int
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def vote(self, reference: str, said: str, token: str, *, cut: bool = False) -> int:
        """The status of the answer. Raises Cut when there is none."""
        body = f"avis={said}"
        request = (
            f"POST /propositions/{reference}/vote HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Sec-Fetch-Site: same-origin\r\nCookie: session={token}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        try:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            assert self.reader is not None
            self.writer.write(request.encode())
            await self.writer.drain()
            if cut:
                self.close()
                raise Cut
            return await self._answer(self.reader)
        except (OSError, asyncio.IncompleteReadError) as problem:
            self.close()
            raise Cut from problem

    async def _answer(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        await reader.readexactly(length)
        return int(head.split(" ", 2)[1])

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer.transport.abort()
        self.reader = self.writer = None


@dataclass
class Sites:
    """The processes, each on its port, over the database of the test."""

    environment: dict[str, str]
    log: Path
    stack: ExitStack
    ports: list[int] = field(default_factory=list)
    running: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    async def start(self, port: int) -> None:
        self.running[port] = self.stack.enter_context(self._process(port))
        await self._until_it_answers(port)

    def end(self) -> None:
        """All end as they should: what was sent and never answered is written, or never will be."""
        for process in self.running.values():
            process.terminate()
            process.wait(PATIENCE)

    @contextmanager
    def _process(self, port: int) -> Iterator["subprocess.Popen[bytes]"]:
        environment = self.environment | {
            "FORUM_SERVER__PORT": str(port),
            "FORUM_SITE__BASE_URL": f"http://127.0.0.1:{port}",
        }
        with self.log.open("ab") as out:
            command = [sys.executable, "-m", "forum", "serve"]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait(PATIENCE)

    async def _until_it_answers(self, port: int) -> None:
        start = time.monotonic()
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert time.monotonic() - start < PATIENCE, self.log.read_text()
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@pytest.fixture
async def sites(database: Settings, tmp_path: Path) -> AsyncIterator[Sites]:
    """Several processes that serve the same site."""
    redis = TEST_REDIS if database.database.url.startswith("postgres") else ""
    environment = os.environ | {
        "FORUM_DATABASE__URL": database.database.url,
        "FORUM_SITE__DATA_DIR": str(database.site.data_path),
        "FORUM_REDIS__URL": redis,
        # One person votes here more often than anybody could by hand.
        "FORUM_LIMITS__WRITES_PER_MINUTE": "1000000",
    }
    with ExitStack() as stack:
        made = Sites(environment, tmp_path / "web.log", stack, [free_port() for _ in range(PROCESSES)])
        await asyncio.gather(*(made.start(port) for port in made.ports))
        yield made


async def make_vote(proposals: int, *, sealed: bool = True) -> list[Proposal]:
    """Make a theme whose vote is open now."""
    now = datetime.now(UTC)
    theme = await Theme.create(
        number=3,
        title="Formation et acteurs",
        working_group=await make_group(),
        votes_open_at=now - timedelta(days=1),
        votes_close_at=now + timedelta(days=1),
        sealed=sealed,
    )
    return [await make_proposal(theme, f"Proposition {number}.") for number in range(1, proposals + 1)]


async def enter(member: Member) -> str:
    return await sessions.open_session(member.id, now=datetime.now(UTC))


async def ballots_and_history() -> tuple[dict[tuple[int, int], str], dict[tuple[int, int], str]]:
    """What each person thinks of each proposal, by the ballots and by the history of their changes."""
    found = await rows("SELECT proposal_id, voter_id, opinion FROM ballot")
    ballots = {(one["proposal_id"], one["voter_id"]): one["opinion"] for one in found}
    assert len(ballots) == len(found), "two ballots of one person on one proposal"
    replayed: dict[tuple[int, int], str] = {}
    for one in await rows("SELECT proposal_id, voter_id, opinion FROM ballot_change ORDER BY id"):
        replayed.pop((one["proposal_id"], one["voter_id"]), None)
        if one["opinion"] is not None:
            replayed[one["proposal_id"], one["voter_id"]] = one["opinion"]
    return ballots, replayed


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("rounds", [10, pytest.param(200, marks=pytest.mark.faults)])
async def test_a_hundred_votes_at_once_again_and_again_leave_one_ballot(
    sites: Sites, rounds: int, sealed: bool
) -> None:
    await make_vote(1, sealed=sealed)
    token = await enter(await make_member())
    connections = [Connection(sites.ports[n % PROCESSES]) for n in range(AT_ONCE)]
    drawn = random.Random(1)
    for _ in range(rounds):
        said = [drawn.choice(SAID[:3]) for _ in connections]
        answers = await asyncio.gather(
            *(one.vote("T3-001", opinion, token) for one, opinion in zip(connections, said, strict=True))
        )
        assert set(answers) == {303}, answers
        found = await rows("SELECT opinion FROM ballot")
        assert len(found) == 1
        assert found[0]["opinion"] in said
    for one in connections:
        one.close()
    ballots, replayed = await ballots_and_history()
    assert ballots == replayed


@dataclass
class Voter:
    """One voter of many: what was last acknowledged for each proposal, and what was sent without an answer.

    A vote that was cut off may arrive late, after another process acknowledged a later one.
    """

    member: int
    token: str
    acknowledged: dict[int, str] = field(default_factory=dict)
    uncertain: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    async def change_at_random(self, times: int, proposals: list[Proposal], ports: list[int], seed: int) -> None:
        drawn = random.Random(seed)
        connection = Connection(drawn.choice(ports))
        for _ in range(times):
            proposal, said = drawn.choice(proposals), drawn.choice(SAID)
            try:
                cut = drawn.random() < CUT
                status = await connection.vote(f"T3-{proposal.number:03}", said, self.token, cut=cut)
            except Cut:
                self.uncertain[proposal.id].add(said)
                connection = Connection(drawn.choice(ports))
                await asyncio.sleep(0.01)
            else:
                assert status == 303, status
                self.acknowledged[proposal.id] = said
        connection.close()

    def may_stand(self, proposal: int) -> set[str]:
        """What the ballot may say at the end, "retirer" for none."""
        return {self.acknowledged.get(proposal, "retirer"), *self.uncertain[proposal]}


@pytest.mark.parametrize("people", [20, pytest.param(200, marks=pytest.mark.faults)])
async def test_changes_with_cuts_and_a_killed_process_leave_tallies_ballots_and_history_equal(
    sites: Sites, people: int
) -> None:
    proposals = await make_vote(PROPOSALS)
    voters = []
    for number in range(people):
        member = await make_member(f"Votant Numéro{number}")
        voters.append(Voter(member.id, await enter(member)))

    async def kill_one_midway() -> None:
        every = await rows("SELECT COUNT(*) AS n FROM ballot_change")
        while every[0]["n"] < people * EACH // 3:
            await asyncio.sleep(0.02)
            every = await rows("SELECT COUNT(*) AS n FROM ballot_change")
        port = sites.ports[0]
        sites.running[port].kill()
        sites.running[port].wait(PATIENCE)
        await sites.start(port)

    await asyncio.gather(
        kill_one_midway(),
        *(voter.change_at_random(EACH, proposals, sites.ports, seed) for seed, voter in enumerate(voters)),
    )
    assert sum(bool(said) for voter in voters for said in voter.uncertain.values()) > 0, "nothing was cut"
    sites.end()
    ballots, replayed = await ballots_and_history()
    assert ballots == replayed
    for voter in voters:
        for proposal in proposals:
            assert ballots.get((proposal.id, voter.member), "retirer") in voter.may_stand(proposal.id)
    await _tallies_are(ballots)


async def _tallies_are(ballots: dict[tuple[int, int], str]) -> None:
    """Check that the domain's tallies, once public, equal the ballots counted one by one."""
    closed = datetime.now(UTC) + timedelta(days=2)
    tallies = await tallies_of(await find_theme(3), closed)
    assert tallies is not None
    counted: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SAID[:3], 0))
    for (proposal, _), opinion in ballots.items():
        counted[proposal][opinion] += 1
    assert {
        proposal: {"pour": tally.for_, "abstention": tally.abstain, "contre": tally.against}
        for proposal, tally in tallies.items()
    } == counted
