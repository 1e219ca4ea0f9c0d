"""A consultation of two thousand proposals, of each kind of vote: what the script computes is what documents say."""

import json
import random
from pathlib import Path
from time import perf_counter

import pytest
from httpx2 import AsyncClient

from forum.database import insert_rows, rows
from forum.models.proposals import Origin, Proposal
from forum.models.themes import Theme, Voting
from forum.verification.verifier import Verification
from tests.compiled_syntheses import Quick
from tests.conftest import NOON, Clock
from tests.factories import make_theme
from tests.syntheses.test_frozen_data import GROUPS, PLACES
from tests.verification.test_verifier import JSON, published, run
from tests.votes.test_results import make_voters

PROPOSALS, VOTERS = 2000, 150


def _said(voting: Voting, liking: float, chance: random.Random) -> str:
    if voting is Voting.APPROVAL:
        return "pour" if chance.random() < liking else ""
    if voting is Voting.OPINIONS:
        return "abstention" if chance.random() < 0.1 else "pour" if chance.random() < liking else "contre"
    if voting is Voting.JUDGMENT:
        return str(min(4, max(0, round(chance.gauss(4 * liking, 1)))))
    return str(chance.randrange(1, 21)) if chance.random() < liking / 8 else ""


async def make_many(voting: Voting) -> None:
    chance = random.Random(voting.value)
    theme = await make_theme(3, contributions="closed", votes="closed", quorum=5)
    mentions = "À rejeter\nPassable\nBonne\nTrès bonne\nExcellente" if voting is Voting.JUDGMENT else ""
    await Theme.filter(id=theme.id).update(voting=voting, mentions=mentions)
    people = [(voter.id, chance.choice(GROUPS), chance.choice(PLACES)) for voter in await make_voters(VOTERS)]
    await Proposal.bulk_create(
        Proposal(theme_id=theme.id, number=number, wording=f"Idée {number}", origin=Origin.MEMBER, created_at=NOON)
        for number in range(1, PROPOSALS + 1)
    )
    made = [each["id"] for each in await rows("SELECT id FROM proposal ORDER BY id")]
    values = []
    for proposal in made:
        liking, reach = chance.betavariate(2, 1.5), chance.random()
        for voter, profession, territory in people:
            said = _said(voting, liking, chance) if chance.random() < reach else ""
            if said:
                values.append((proposal, voter, said, 1, NOON, profession, territory))
    columns = "proposal_id, voter_id, opinion, proposal_version, cast_at, profession, territory"
    await insert_rows(f"ballot ({columns})", values)


@pytest.mark.faults
@pytest.mark.parametrize("voting", list(Voting))
async def test_two_thousand_proposals_are_recomputed_and_agree(
    agent: AsyncClient, clock: Clock, quick: Quick, tmp_path: Path, voting: Voting
) -> None:
    await make_many(voting)
    parts = await published(agent, clock, quick)
    started = perf_counter()
    code, said = run(parts, tmp_path)
    seconds = perf_counter() - started
    assert (code, said.splitlines()[0]) == (0, "Tout concorde.")
    ranked = [each for each in json.loads(parts[JSON])["proposals"] if each["rank"]]
    assert len(ranked) > PROPOSALS / 2
    assert len({each["rank"] for each in ranked}) > 50
    print(f"{voting.value}: {len(ranked)} ranked, {sorted(Verification(parts).ranks[3])}, {seconds:.1f} s")
