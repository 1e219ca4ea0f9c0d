"""The results of a vote are reckoned once and kept: what is kept is what would be reckoned, and is read only as long as
it is so."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import row, rows, transaction
from forum.domain import jobs
from forum.domain.jobs import Claim, LostLease
from forum.domain.proposals.proposals import list_proposals
from forum.domain.themes.themes import find_theme
from forum.domain.votes import kept_results
from forum.domain.votes.kept_results import (
    ask_for_results,
    cells_of,
    find_results,
    keep_results,
    places_of,
    results_of,
)
from forum.domain.votes.results import Results
from forum.errors import NotFound
from forum.jobs import JobName, enqueue
from forum.models.members import Role
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot, ExcludedVote
from forum.permissions import COUNTING
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_member, make_proposal, sign_in
from tests.statements import heard
from tests.votes.test_results import GROUPS, PAGE, SHEET, make_vote, make_voters
from workers import running
from workers.results import WORK, ask

CHOICES = {
    Voting.OPINIONS: ("pour", "contre", "abstention"),
    Voting.APPROVAL: ("pour",),
    Voting.JUDGMENT: ("0", "1", "2", "3", "4"),
    Voting.RANKING: ("1", "2", "3"),
}
FOLLOW_UP = "/themes/3/suites"
LEASE = timedelta(seconds=20)


async def make_results(voting: Voting, *, many: int = 12, quorum: int = 2) -> Theme:
    """A closed vote with ties, groups, somebody excluded, a proposal that changed, one that was hidden, one that nobody
    voted on."""
    chance = random.Random(7)
    theme = await make_vote(voting, quorum=quorum)
    voters = await make_voters(14, profession="Bibliothécaire")
    voters += await make_voters(12, profession="Élu ou élue", first=20)
    made = [await make_proposal(theme, f"Idée numéro {number}") for number in range(many)]
    for each in made[:-1]:
        await Ballot.bulk_create(
            Ballot(
                proposal=each,
                voter=voter,
                opinion=chance.choice(CHOICES[voting]),
                proposal_version=1,
                cast_at=NOON,
                profession=voter.profession,
            )
            for voter in voters
            if chance.random() < 0.9
        )
    for voter in voters[:6]:
        await ExcludedVote.create(theme=theme, member=voter, reason="Compte frauduleux", excluded_at=NOON)
    await Proposal.filter(id=made[1].id).update(version=2, substance=2)
    await Proposal.filter(id=made[2].id).update(state=ProposalState.HIDDEN, judged=True)
    return theme


async def keep(clock: Clock) -> None:
    """What the worker does."""
    await ask_for_results(clock.now)
    for job, _ in await jobs.waiting(clock.now):
        claim = await jobs.take(job, clock.now, lease=LEASE)
        assert claim is not None
        await keep_results(claim, clock.now)


async def reckoned() -> Results:
    results = (await list_proposals(await find_theme(3), NOON)).results
    assert isinstance(results, Results)
    return results


async def all_read(app: Starlette, client: AsyncClient, addresses: Sequence[str]) -> list[bytes]:
    app.state.kept = type(app.state.kept)()
    answers = [await client.get(address) for address in addresses]
    assert {answer.status_code for answer in answers} <= {200, 404}
    return [answer.content for answer in answers]


@pytest.mark.parametrize("voting", Voting)
async def test_what_is_kept_is_what_is_reckoned(
    app: Starlette, client: AsyncClient, clock: Clock, voting: Voting
) -> None:
    """To the last field, and on every page to the byte; then no page counts a ballot."""
    await make_results(voting)
    addresses = (PAGE, f"/en{PAGE}", GROUPS, SHEET, FOLLOW_UP, "/propositions/T3-001")
    before, first = await reckoned(), await all_read(app, client, addresses)
    await keep(clock)
    assert await count("kept_place") == 12
    assert await reckoned() == before
    with heard() as statements:
        assert await all_read(app, client, addresses[:-1]) == first[:-1]
    assert [each for each in statements if "FROM ballot" in each] == []
    assert await all_read(app, client, addresses) == first
    kept = await find_results(await find_theme(3), NOON)
    assert kept.whole is None
    assert (kept.standing.ranked, kept.evidence.pairs) == ((), None)


async def test_nothing_is_kept_before_all_votes_are_counted(app: Starlette, client: AsyncClient, clock: Clock) -> None:
    await make_results(Voting.OPINIONS)
    close = clock.now
    await Theme.filter(number=3).update(votes_close_at=close, closed_by_hand=False)
    theme = await find_theme(3)
    for moment in (close - COUNTING, close, close + COUNTING - timedelta(seconds=1)):
        clock.now = moment
        await keep(clock)
        # Nor by a job that somebody put there.
        async with transaction() as tx:
            job = await enqueue(tx, JobName.KEEP_RESULTS, theme.id, key="k", now=moment)
        claim = await jobs.take(job, moment, lease=LEASE)
        assert claim is not None
        await keep_results(claim, moment)
        assert (await count("kept_result"), await count("kept_place")) == (0, 0)
        with pytest.raises(NotFound):
            await find_results(theme, moment)
    clock.now = close + COUNTING
    await keep(clock)
    assert (await count("kept_result"), await count("kept_place")) == (1, 12)


async def test_a_theme_that_is_gone_asks_for_nothing(client: AsyncClient, clock: Clock) -> None:
    async with transaction() as tx:
        job = await enqueue(tx, JobName.KEEP_RESULTS, 99, key="k", now=NOON)
    claim = await jobs.take(job, NOON, lease=LEASE)
    assert claim is not None
    await keep_results(claim, NOON)
    assert await count("kept_result") == 0


async def test_votes_that_are_opened_again_leave_nothing_kept(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    await make_results(Voting.OPINIONS)
    await keep(clock)
    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    theme = await find_theme(3)
    form = {
        "ouverture_des_votes": "2026-11-01T10:00",
        "cloture_des_votes": "2027-01-01T10:00",
        "ouverture_des_contributions": "2026-11-01T10:00",
        "cloture_des_contributions": "2026-11-20T10:00",
        "scelle": "1",
        "motif": "Une erreur.",
    }
    assert theme.schedule.votes_are_counted(NOON)
    answer = await client.post("/themes/3/calendrier", data=form)
    assert answer.status_code == 303, answer.text
    assert (await count("kept_result"), await count("kept_place")) == (0, 0)
    assert await count("published_release") == 1
    await keep(clock)
    assert await count("kept_result") == 0
    async with visitor(app) as nobody:
        assert (await nobody.get(SHEET)).status_code == 404


async def test_what_no_longer_holds_is_not_read(app: Starlette, client: AsyncClient, clock: Clock) -> None:
    """One that is shown again after the close is among the results from then on; the job keeps these anew."""
    await make_results(Voting.OPINIONS)
    made = await Proposal.filter(theme__number=3).order_by("number")
    await Proposal.filter(id=made[0].id).update(state=ProposalState.HIDDEN)
    await keep(clock)
    assert await count("kept_place") == 11
    await Proposal.filter(id=made[0].id).update(state=ProposalState.OPEN)
    assert (await find_results(await find_theme(3), NOON)).whole is not None
    before = await reckoned()
    await keep(clock)
    assert await count("kept_place") == 12
    assert (await find_results(await find_theme(3), NOON)).whole is None
    assert await reckoned() == before
    await keep(clock)  # nothing is asked for
    assert [each["state"] for each in await rows("SELECT state FROM job")] == ["done"]


async def test_what_is_kept_anew_meanwhile_is_reckoned_and_never_mixed(client: AsyncClient, clock: Clock) -> None:
    """Somebody who found the results reads their places when these are not there any more."""
    theme = await make_results(Voting.OPINIONS)
    before = await reckoned()
    await keep(clock)
    kept = await find_results(await find_theme(3), NOON)
    names = [each.reference for each in before.standing.ranked][:3]
    async with transaction():
        await kept_results.forget_results(await find_theme(3))
    places = await places_of(kept, [*names, "T3-999"], NOON)
    assert [places[name] for name in names] == list(before.standing.ranked[:3])
    cells = await cells_of(kept, names, NOON)
    assert [each.cells[names[0]] for each in cells] == [each.cells[names[0]] for each in before.evidence.partitions]
    assert await results_of(kept, NOON) == before
    assert theme.number == 3


async def test_results_that_moved_while_they_were_reckoned_are_not_kept(
    client: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = await make_results(Voting.OPINIONS)
    reckon = kept_results._reckon

    async def slowly(asked: object, now: object) -> Results:
        found = await reckon(asked, now)  # type: ignore[arg-type]  # passed on
        await Proposal.filter(theme_id=theme.id, number=1).update(state=ProposalState.HIDDEN)
        return found

    monkeypatch.setattr(kept_results, "_reckon", slowly)
    await keep(clock)
    assert await count("kept_result") == 0
    monkeypatch.undo()
    await keep(clock)
    assert await count("kept_place") == 11


async def test_a_lost_lease_writes_nothing(client: AsyncClient, clock: Clock) -> None:
    await make_results(Voting.OPINIONS)
    await ask_for_results(clock.now)
    ((job, _),) = await jobs.waiting(clock.now)
    claim = await jobs.take(job, clock.now, lease=LEASE)
    assert claim is not None
    with pytest.raises(LostLease):
        await keep_results(Claim(claim.job, claim.name, claim.subject, claim.fence - 1, 1), clock.now)
    assert await count("kept_result") == 0
    # While it waits, runs or has failed, it is asked for once.
    for state in ("running", "queued", "failed"):
        await rows("UPDATE job SET state = $1", state)
        await ask_for_results(clock.now)
        found = await row("SELECT COUNT(*) AS jobs, MAX(state) AS state FROM job")
        assert found is not None
        assert (found["jobs"], found["state"]) == (1, state)


async def test_the_worker_keeps_what_is_public(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "clock", lambda: NOON)
    await make_results(Voting.JUDGMENT)
    await ask()
    ((job, _),) = await jobs.waiting(NOON)
    await running.run(job, WORK)
    assert await count("kept_result") == 1


async def test_all_who_wait_for_results_wait_for_one_reckoning(
    app: Starlette, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_results(Voting.OPINIONS)
    reckon, begun = kept_results._reckon, []

    async def watched(theme: object, now: object) -> Results:
        begun.append(theme)
        await asyncio.sleep(0.05)
        return await reckon(theme, now)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(kept_results, "_reckon", watched)
    async with visitor(app) as other, visitor(app) as third:
        gone = asyncio.create_task(third.get(GROUPS))
        answers = asyncio.gather(client.get(PAGE), other.get(PAGE), other.get(GROUPS), client.get(SHEET))
        await asyncio.sleep(0.02)
        gone.cancel()  # somebody goes away
        assert [answer.status_code for answer in await answers] == [200, 200, 200, 200]
    assert len(begun) == 1


async def test_more_proposals_than_a_statement_names_are_read_at_once(
    client: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_results(Voting.OPINIONS)
    before = await reckoned()
    await keep(clock)
    monkeypatch.setattr(kept_results, "MOST_NAMED", 3)
    assert await reckoned() == before
    kept = await find_results(await find_theme(3), NOON)
    names = [each.reference for each in before.standing.ranked][:5]
    assert list(await places_of(kept, names, NOON)) != []
    assert {*(await places_of(kept, names, NOON))} == {*names}
