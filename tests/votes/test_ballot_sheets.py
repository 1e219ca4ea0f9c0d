"""Published ballots: what the totals say and no more, under tokens that their voters alone recognise."""

import re
from collections import Counter
from datetime import timedelta
from itertools import combinations

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain.privacy.erasure import erase
from forum.domain.syntheses.frozen_data import with_ballots
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.domain.votes.ballot_sheets import sheets
from forum.models.members import Member
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot, BallotKey, ExcludedVote
from tests.compiled_syntheses import Quick, compiled
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_member, make_proposal, make_theme, sign_in
from tests.syntheses.test_frozen_data import make_votes

Line = tuple[str, str, str]


async def published() -> tuple[str, list[Line]]:
    """Freeze theme 3; its sheet's SHA-256 and lines."""
    theme = await Theme.get(number=3)
    snapshot = await with_ballots(await freeze(theme.id, NOON, await read_introductions()))
    digest = snapshot.themes[0].ballots
    content = (await sheets([digest]))["votes-T3.csv"].decode()
    return digest, [(one[0], one[1], one[2]) for one in (line.split(";") for line in content.splitlines()[1:])]


def without_tokens(lines: list[Line]) -> Counter[tuple[str, str]]:
    return Counter((about, vote) for about, _, vote in lines)


async def test_a_sheet_without_its_tokens_is_made_of_totals(app: Starlette) -> None:
    """So it tells nothing that they do not: who knows them writes a sheet like it with tokens of their own."""
    await make_votes(Voting.OPINIONS)
    _, lines = await published()
    counted = await rows(
        """SELECT p.number, b.opinion, COUNT(*) AS many FROM ballot b JOIN proposal p ON p.id = b.proposal_id
            GROUP BY 1, 2"""
    )
    assert without_tokens(lines) == {(f"T3-{r['number']:03}", r["opinion"]): r["many"] for r in counted}
    assert lines == sorted(lines)
    tokens = [token for _, token, _ in lines]
    assert len(set(tokens)) == len(tokens)
    assert all(re.fullmatch("[0-9a-f]{20}", token) for token in tokens)


async def test_the_place_of_a_line_tells_nothing_of_its_voter(app: Starlette) -> None:
    """Lines of one person do not stand at like places on two proposals, as they would in the order of arrival."""
    await make_votes(Voting.JUDGMENT, voters=60, proposals=9)
    _, lines = await published()
    keys = {r["member_id"]: r["secret"] for r in await rows("SELECT member_id, secret FROM ballot_key")}
    assert len(set(keys.values())) == 60
    first = "T3-001"
    per_proposal = {about: [token for name, token, _ in lines if name == about] for about, _, _ in lines}
    for one, other in combinations(per_proposal, 2):
        assert not set(per_proposal[one]) & set(per_proposal[other])
        assert not {token[:10] for token in per_proposal[one]} & {token[:10] for token in per_proposal[other]}
    # Forgetting whose they are, the order of voters by token is another on each proposal.
    places = await _places_of_voters(per_proposal)
    apart = [
        sum(abs(places[first][voter] - places[name][voter]) for voter in places[first]) / 60
        for name in places
        if name != first
    ]
    assert all(10 < mean < 30 for mean in apart), "two orders drawn at random are a third of their length apart"


async def _places_of_voters(per_proposal: dict[str, list[str]]) -> dict[str, dict[int, int]]:
    from forum.domain.votes.ballot_sheets import _token  # noqa: PLC0415  # as their pages make them

    sheet = await row("SELECT salt FROM ballot_sheet")
    assert sheet is not None
    keys = await rows("SELECT member_id, secret FROM ballot_key")
    return {
        about: {
            each["member_id"]: tokens.index(_token(bytes.fromhex(each["secret"]), sheet["salt"], about))
            for each in keys
        }
        for about, tokens in per_proposal.items()
    }


async def test_one_close_has_one_sheet_and_another_close_other_tokens(app: Starlette) -> None:
    await make_votes(Voting.APPROVAL)
    digest, lines = await published()
    assert (await published()) == (digest, lines)
    await Theme.filter(number=3).update(votes_close_at=NOON - timedelta(minutes=90))
    again, later = await published()
    assert again != digest
    assert without_tokens(later) == without_tokens(lines)
    assert not {token for _, token, _ in lines} & {token for _, token, _ in later}


async def test_totals_that_changed_have_another_sheet(app: Starlette) -> None:
    """Should a close be set back to its first hour after others have voted, nobody reads who they are."""
    await make_votes(Voting.OPINIONS)
    _, lines = await published()
    late = await make_member("Tard Venu")
    proposal = await row("SELECT id FROM proposal WHERE number = 1")
    assert proposal is not None
    await Ballot.create(proposal_id=proposal["id"], voter=late, opinion="pour", proposal_version=1, cast_at=NOON)
    _, later = await published()
    assert len(later) == len(lines) + 1
    assert not {token for _, token, _ in lines} & {token for _, token, _ in later}


async def test_what_does_not_count_has_no_line(app: Starlette) -> None:
    theme = await make_theme(3, contributions="closed", votes="closed")
    proposal, changed = await make_proposal(theme, "Idée"), await make_proposal(theme, "Autre")
    hidden = await make_proposal(theme, "Masquée", state=ProposalState.HIDDEN)
    await Proposal.filter(id=changed.id).update(substance=2, version=2)
    voters = [await make_member(f"Votant {letter}") for letter in "ABC"]
    for voter in voters:
        await Ballot.create(proposal=proposal, voter=voter, opinion="pour", proposal_version=1, cast_at=NOON)
        await Ballot.create(proposal=changed, voter=voter, opinion="contre", proposal_version=1, cast_at=NOON)
        await Ballot.create(proposal=hidden, voter=voter, opinion="contre", proposal_version=1, cast_at=NOON)
    await ExcludedVote.create(theme=theme, member=voters[0], reason="Faux compte.", excluded_at=NOON)
    _, lines = await published()
    assert without_tokens(lines) == {("T3-001", "pour"): 2}


async def test_a_theme_without_a_ballot_has_no_sheet(app: Starlette) -> None:
    theme = await make_theme(3, contributions="closed", votes="closed")
    await make_proposal(theme, "Idée")
    snapshot = await with_ballots(await freeze(theme.id, NOON, await read_introductions()))
    assert snapshot.themes[0].ballots == ""
    assert await sheets([""]) == {}


# One's own


async def own(app: Starlette, person: Member) -> dict[str, tuple[str, str]]:
    """What somebody's page says: by reference, a token and a vote."""
    async with visitor(app) as client:
        await sign_in(client, person)
        page = await client.get("/syntheses/1/mes-votes")
    assert page.status_code == 200
    found = re.findall(
        r">(T3-\d+)</a>\s*</th>\s*<td>\s*<code>(\w+)</code>\s*</td>\s*<td>\s*([^<]*?)\s*</td>", page.text
    )
    return {about: (token, vote) for about, token, vote in found}


async def test_each_person_finds_their_own_ballots_and_nobody_elses(
    app: Starlette, agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await make_votes(Voting.OPINIONS, voters=12)
    address = await compiled(agent, clock)
    assert "mes-votes" in (await agent.get(address)).text
    assert (await agent.post(f"{address}/publier", data={"confirmation": "1"})).status_code == 303
    _, lines = await published()
    people = await Member.filter(name__startswith="Votant").order_by("id")
    seen: set[str] = set()
    for person in people[:4]:
        mine = await own(app, person)
        cast = await rows(
            "SELECT p.number, b.opinion FROM ballot b JOIN proposal p ON p.id = b.proposal_id WHERE b.voter_id = $1",
            person.id,
        )
        assert {about: vote for about, (_, vote) in mine.items()} == {
            f"T3-{r['number']:03}": r["opinion"] for r in cast
        }
        assert {(about, token, vote) for about, (token, vote) in mine.items()} <= set(lines)
        tokens = {token for token, _ in mine.values()}
        assert not tokens & seen
        seen |= tokens
    nobody = await make_member("Sans Vote")
    assert await own(app, nobody) == {}
    async with visitor(app) as client:
        assert (await client.get("/syntheses/1/mes-votes")).status_code == 404
        assert "mes-votes" not in (await client.get("/syntheses/1")).text


async def test_ones_ballots_of_a_draft_or_of_nothing_are_not_found(
    app: Starlette, agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await make_votes(Voting.OPINIONS, voters=6)
    await compiled(agent, clock)
    async with visitor(app) as client:
        await sign_in(client, await Member.filter(name__startswith="Votant").first())  # type: ignore[arg-type]  # there are
        assert (await client.get("/syntheses/1/mes-votes")).status_code == 404
        assert (await client.get("/syntheses/99/mes-votes")).status_code == 404


async def test_a_vote_that_may_have_changed_since_is_not_told(
    app: Starlette, agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await make_votes(Voting.OPINIONS, voters=6)
    address = await compiled(agent, clock)
    assert (await agent.post(f"{address}/publier", data={"confirmation": "1"})).status_code == 303
    person = await Member.filter(name__startswith="Votant").first()
    assert person is not None
    before = await own(app, person)
    await Theme.filter(number=3).update(votes_close_at=NOON - timedelta(minutes=90))
    last = await row("SELECT id FROM proposal WHERE number = 9")
    assert last is not None
    await Ballot.create(proposal_id=last["id"], voter=person, opinion="pour", proposal_version=1, cast_at=NOON)
    after = await own(app, person)
    assert {about: token for about, (token, _) in after.items()} == {
        about: token for about, (token, _) in before.items()
    }
    assert {vote for _, vote in after.values()} == {"peut avoir changé depuis"}


async def test_an_erased_person_leaves_their_lines_and_nothing_that_finds_them(app: Starlette) -> None:
    """Nor does a later synthesis show, by tokens that are no longer there, which lines were theirs."""
    await make_votes(Voting.OPINIONS)
    digest, lines = await published()
    person = await Member.filter(name__startswith="Votant").first()
    assert person is not None
    await erase(person.id, actor=None, now=NOON)
    assert not await BallotKey.filter(member_id=person.id).exists()
    assert await published() == (digest, lines)
    # Another close after it: their ballots still count, under tokens that nobody can make.
    await Theme.filter(number=3).update(votes_close_at=NOON - timedelta(minutes=90))
    _, later = await published()
    assert without_tokens(later) == without_tokens(lines)
    assert not await BallotKey.filter(member_id=person.id).exists()
