"""The data whose SHA-256 documents print: a file that can be downloaded, that tells nobody's vote, and gives every rank
again."""

import csv
import hashlib
import io
import json
import random
from typing import Any

import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.snapshots import from_json
from forum.domain.votes.standings import Lens
from forum.models.members import Member
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from forum.verification.verifier import Verification
from tests.compiled_syntheses import Quick, compiled
from tests.conftest import NOON, Clock
from tests.factories import make_member, make_proposal, make_theme

GROUPS = ("Bibliothécaire", "Autre", "Formateur ou formatrice", "Élu ou élue")
PLACES = ("Bretagne", "Corse", "Occitanie")
SAID = {
    Voting.OPINIONS: ("pour", "pour", "contre", "abstention"),
    Voting.APPROVAL: ("pour", "pour", ""),
    Voting.JUDGMENT: ("0", "1", "2", "3", "4"),
    Voting.RANKING: ("1", "2", "3", ""),
}
FIELDS = {"reference", "version", "wording", "theme", "origin", "body", "source", "meeting", "questions", "state"} | {
    "state_reason", "other", "tally", "said", "cells", "pending", "decision", "with_excluded",
}  # fmt: skip


async def make_votes(voting: Voting, *, voters: int = 40, proposals: int = 9) -> None:
    """Closed votes, drawn at random; somebody is alone in their profession, and one proposal has no ballot."""
    chance = random.Random(voting.value)
    theme = await make_theme(3, contributions="closed", votes="closed", quorum=3)
    mentions = "À rejeter\nPassable\nBonne\nTrès bonne\nExcellente" if voting is Voting.JUDGMENT else ""
    await Theme.filter(id=theme.id).update(voting=voting, mentions=mentions)
    people = [await make_member(f"Votant Numéro{number}") for number in range(voters)]
    groups = {voter.id: (chance.choice(GROUPS[:3]), chance.choice(PLACES)) for voter in people}
    groups[people[0].id] = (GROUPS[3], PLACES[0])
    made = [await make_proposal(theme, f"Idée {number}") for number in range(proposals)]
    await Ballot.bulk_create(
        Ballot(
            proposal_id=proposal.id,
            voter_id=voter.id,
            opinion=opinion,
            proposal_version=1,
            cast_at=NOON,
            profession=groups[voter.id][0],
            territory=groups[voter.id][1],
        )
        for proposal in made[:-1]
        for voter in people
        if (opinion := chance.choice(SAID[voting]))
    )


async def downloaded(agent: AsyncClient, clock: Clock) -> bytes:
    """Ask for the synthesis of theme 3, compile and publish it; returns its frozen data, as a visitor gets it."""
    address = await compiled(agent, clock)
    assert (await agent.post(f"{address}/publier", data={"confirmation": "1"})).status_code == 303
    agent.cookies.clear()
    answer = await agent.get("/syntheses/1/donnees-figees")
    assert answer.status_code == 200, answer.text
    assert "synthese-T3-v1-2026-11-23.figees.json" in answer.headers["content-disposition"]
    return answer.content


@pytest.mark.parametrize("voting", list(Voting))
async def test_every_rank_is_recomputed_from_the_downloaded_file_alone(
    agent: AsyncClient, clock: Clock, quick: Quick, voting: Voting
) -> None:
    await make_votes(voting)
    found = Verification({"synthese.figees.json": await downloaded(agent, clock)}).ranks[3]
    ours = {Lens(method).label: ranks for method, ranks in found.items()}
    sheet = await agent.get("/themes/3/resultats.csv")
    lines = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(lines) == 9
    methods = [name.removeprefix("rang : ") for name in lines[0] if name.startswith("rang : ")]
    theirs: dict[str, dict[str, int]] = {method: {} for method in methods}
    declared: dict[str, int] = {}
    for line in lines:
        if line["rang"]:
            declared[line["référence"]] = int(line["rang"])
        for method in methods:
            if line[f"rang : {method}"]:
                theirs[method][line["référence"]] = int(line[f"rang : {method}"])
    assert {method: ours[method] for method in methods} == theirs
    (primary,) = ours.keys() - theirs.keys()
    assert ours[primary] == declared
    assert len(declared) == 8


async def test_the_file_is_the_one_whose_hash_the_documents_print(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await make_votes(Voting.OPINIONS)
    content = await downloaded(agent, clock)
    digest = hashlib.sha256(content).hexdigest()
    outline = outline_of(from_json(content))
    assert outline.snapshot_sha256 == outline.data.sha256 == digest
    assert digest in [fact.value for fact in outline.cover.facts]
    page = (await agent.get("/syntheses/1")).text
    assert digest in page
    assert 'href="/syntheses/1/donnees-figees"' in page


async def test_the_file_holds_what_may_be_published_and_nothing_else(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await make_votes(Voting.OPINIONS)
    content = await downloaded(agent, clock)
    facts = json.loads(content)
    assert {name for each in facts["proposals"] for name in each} == FIELDS
    cells = [cell for each in facts["proposals"] for cell in each["cells"]]
    assert cells
    assert all(cell["votants"] >= 5 for cell in cells)
    assert GROUPS[3] not in {cell["group"] for cell in cells}
    for each in facts["proposals"]:
        for cell in each["cells"]:
            if cell["precision"] == "exactement":
                assert 2 <= cell["pour"] <= cell["votants"] - 2
    assert not _any_of(facts, {voter.name for voter in await Member.all()})
    # The groups are named whoever voted: the data of a synthesis are the same without the lone member's group.
    assert GROUPS[3] in facts["themes"][0]["groups"][0]["names"]


def _any_of(facts: Any, names: set[str]) -> bool:
    if isinstance(facts, str):
        return any(name in facts for name in names)
    return (
        any(_any_of(one, names) for one in (facts.values() if isinstance(facts, dict) else facts))
        if isinstance(facts, dict | list)
        else False
    )


async def make_it_old() -> None:
    """Turn the synthesis into one that a former version of the program made."""
    await rows(
        """UPDATE synthesis SET snapshot = REPLACE(snapshot, '"format":8,', '"format":4,'),
                               snapshot_sha256 = 'that of the former data'"""
    )


async def test_a_synthesis_of_an_older_format_is_not_published_any_more(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await make_votes(Voting.OPINIONS)
    address = await compiled(agent, clock)
    await make_it_old()
    assert f"{address}/publier" not in (await agent.get(address)).text
    refused = await agent.post(f"{address}/publier", data={"confirmation": "1"})
    assert refused.status_code == 409
    assert "Redemandez-la" in refused.text
    again = await compiled(agent, clock)
    assert again != address
    assert (await agent.post(f"{again}/publier", data={"confirmation": "1"})).status_code == 303


async def test_data_of_an_older_format_are_not_served(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    """Their ranks by consensus counted groups that are masked."""
    await make_votes(Voting.OPINIONS)
    await downloaded(agent, clock)
    await make_it_old()
    assert (await agent.get("/syntheses/1/donnees-figees")).status_code == 404
    assert "donnees-figees" not in (await agent.get("/syntheses/1")).text
