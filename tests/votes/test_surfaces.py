"""What masked groups say is on no surface: pages, sheets, feeds, JSON, data and documents are the same to the byte when
their members exchange their ballots.

Nineteen people vote: two groups are shown, six people of four others are not. Exchanging what they said changes no
total and no published cell, so nothing at all may change. `test_secrecy.py` shows that published figures tell nothing.
"""

import random

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.chapters.outlines import outline_of
from forum.domain.proposals.proposals import list_proposals
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.domain.syntheses.snapshots import to_json
from forum.domain.themes.themes import find_theme
from forum.models.members import Member
from forum.models.proposals import Proposal
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from tests.conftest import NOON
from tests.factories import make_proposal, make_theme
from tests.votes.test_results import make_voters
from tests.votes.test_sealed import addresses

SHOWN = {"Bibliothécaire": 7, "Formateur ou formatrice": 6}
MASKED = {"Élu ou élue": 1, "Autre": 3, "Agent de l’État": 1, "": 1}
CHOICES = {
    Voting.OPINIONS: ("pour", "contre", "abstention"),
    Voting.APPROVAL: ("pour", "pour"),
    Voting.JUDGMENT: ("0", "2", "1"),
}
ELSEWHERE = (
    *("meeting", "thread", "post", "synthesis", "member", "invitation", "batch", "identity", "session", "extract"),
    *("draft", "obligation", "version", "revision", "case", "decision", "turn", "pending", "notice", "answer", "block"),
    "title",
)
"""Parameters of addresses that lead to nothing here."""


async def make_closed(voting: Voting) -> list[Member]:
    """A closed vote on six proposals; returns the people of masked groups, whose ballots `exchange` moves."""
    chance = random.Random(11)
    theme = await make_theme(3, contributions="closed", votes="closed")
    mentions = "Faible\nMoyenne\nForte" if voting is Voting.JUDGMENT else ""
    await Theme.filter(id=theme.id).update(voting=voting, mentions=mentions)
    drawn = [group for group, many in (SHOWN | MASKED).items() for _ in range(many)]
    voters = await make_voters(len(drawn))
    for number in range(6):
        proposal = await make_proposal(theme, f"Idée {number}")
        for place, (voter, group) in enumerate(zip(voters, drawn, strict=True)):
            opinion = chance.choice(CHOICES[voting]) if place < 13 else CHOICES[voting][(place + number) % 2]
            if voting is not Voting.APPROVAL or (place + number) % 3 or not number:
                await Ballot.create(
                    proposal=proposal, voter=voter, opinion=opinion, proposal_version=1, cast_at=NOON, profession=group
                )
    return voters[sum(SHOWN.values()) :]


async def exchange(people: list[Member]) -> None:
    """Each of these people says on each proposal what the next one said, in the group that they have."""
    groups = {each["voter_id"]: each["profession"] for each in await rows("SELECT voter_id, profession FROM ballot")}
    for proposal in await Proposal.all():
        found = {b.voter_id: b for b in await Ballot.filter(proposal=proposal, voter_id__in=[p.id for p in people])}
        said = [found[person.id].opinion if person.id in found else None for person in people]
        for person, opinion in zip(people, [*said[1:], said[0]], strict=True):
            await Ballot.filter(proposal=proposal, voter=person).delete()
            if opinion:
                await Ballot.create(
                    proposal=proposal,
                    voter=person,
                    opinion=opinion,
                    proposal_version=1,
                    cast_at=NOON,
                    profession=groups.get(person.id, ""),
                )


async def everything(app: Starlette, client: AsyncClient, wanted: list[str]) -> dict[str, object]:
    """What a visitor reads at each address, the frozen data of a synthesis, and its outline, of which all documents are
    made."""
    app.state.kept = type(app.state.kept)()
    told: dict[str, object] = {}
    for address in wanted:
        answer = await client.get(address)
        assert answer.status_code < 500, address
        number = answer.headers["x-request-id"].encode()
        told[address] = (answer.status_code, answer.content.replace(number, b""))
    introductions = await read_introductions()
    snapshot = await freeze((await find_theme(3)).id, NOON, introductions)
    return told | {"data": to_json(snapshot), "documents": outline_of(snapshot)}


@pytest.mark.parametrize("voting", CHOICES)
async def test_no_surface_tells_what_masked_groups_say(app: Starlette, client: AsyncClient, voting: Voting) -> None:
    people = await make_closed(voting)
    await rows("UPDATE theme SET votes_close_at = $1", NOON.replace(day=20))
    known: dict[str, list[object]] = {name: [1] for name in ELSEWHERE}
    known |= {"number": [3], "reference": ["T3-001", "T3-002"], "filename": ["synthese.html"]}
    wanted = list(addresses(known))
    assert "/themes/3/resultats/groupes" in wanted
    before = await everything(app, client, wanted)
    assert before["/themes/3/resultats/groupes"][0] == 200  # type: ignore[index]  # a pair
    results = (await list_proposals(await find_theme(3), NOON)).results
    assert results is not None
    assert "consensus-professions" in results.standing.methods
    for _ in range(3):
        await exchange(people)
        after = await everything(app, client, wanted)
        assert [name for name, told in before.items() if after[name] != told] == []


async def test_a_file_of_data_names_groups_whoever_voted(app: Starlette) -> None:
    """Groups without a voter stand in the data, as the settings list them; cells are those of groups that are shown."""
    await make_closed(Voting.OPINIONS)
    snapshot = await freeze((await find_theme(3)).id, NOON, await read_introductions())
    (groups,) = snapshot.themes[0].groups
    assert {"Élu ou élue", "Bénévole de bibliothèque"} < set(groups.names)
    assert {cell.group for each in snapshot.proposals for cell in each.cells} <= {*SHOWN, None}
