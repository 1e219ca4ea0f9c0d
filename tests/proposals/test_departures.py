"""Proposals leave the vote and come back: withdrawn by their author, set aside by moderators, each with its reason."""

import asyncio

import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.models.members import Member, Role
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme
from forum.models.votes import Ballot
from forum.ranking.tallies import Opinion
from tests.conftest import NOON, Clock
from tests.factories import CONFIRMED, count, make_group, make_member, make_proposal, make_theme, sign_in
from tests.world import changed, fingerprint

REASON = "Elle ne relève pas du thème."
ASIDE, BACK, WITHDRAW = (f"/propositions/T3-001/{act}" for act in ("ecarter", "reprendre", "retirer"))


async def a_judged_proposal(**windows: object) -> tuple[Theme, Member, Member, Proposal]:
    """A theme, an author, a voter, and the author's proposal that the voter is for."""
    theme = await make_theme(3, **windows)  # type: ignore[arg-type] # states of windows
    author, voter = await make_member("Une Autrice"), await make_member("Un Votant")
    proposal = await make_proposal(theme, "Ouvrir le samedi", author=author)
    await Ballot.create(proposal=proposal, voter=voter, opinion=Opinion.FOR, proposal_version=1, cast_at=NOON)
    return theme, author, voter, proposal


async def a_moderator(name: str = "Nadia Berthier") -> Member:
    return await make_member(name, moderates=[await make_group("gt-3")])


async def told(member: Member) -> list[str]:
    """The events that a member was notified of, the oldest first."""
    found = await rows("SELECT event FROM notification WHERE member_id = $1 ORDER BY id", member.id)
    return [each["event"] for each in found]


async def journal() -> list[tuple[str, str]]:
    return [(each["act"], each["reason"]) for each in await rows("SELECT act, reason FROM journal_entry ORDER BY id")]


async def test_a_moderator_sets_aside_and_puts_back_to_the_vote_with_reasons(client: AsyncClient, clock: Clock) -> None:
    theme, author, voter, proposal = await a_judged_proposal()
    moderator = await a_moderator()
    await sign_in(client, moderator)
    assert ASIDE in (await client.get("/propositions/T3-001")).text
    version = (await Theme.get(id=theme.id)).version
    assert (await client.post(ASIDE, data={"motif": REASON})).status_code == 303
    assert (await Theme.get(id=theme.id)).version > version
    page = (await client.get("/propositions/T3-001")).text
    assert "Cette proposition est écartée." in page
    assert page.count(REASON) == 2  # its state, and its history
    assert moderator.name not in page.partition("<main")[2]
    listed = (await client.get("/themes/3/propositions")).text
    assert 'class="proposal noted"' not in listed
    assert listed.index("Propositions écartées") < listed.index("T3-001") < listed.index(REASON)
    assert 'href="/themes/3/propositions"' in (await client.get("/themes/3")).text
    await sign_in(client, voter)
    assert (await client.post("/propositions/T3-001/vote", data={"avis": "contre"})).status_code == 403
    assert [each.opinion for each in await Ballot.all()] == ["pour"]
    clock.pass_(hours=1)
    await sign_in(client, moderator)
    assert (await client.post(BACK, data={"motif": "Le comité l’accepte."})).status_code == 303
    made = await Proposal.get(id=proposal.id)
    assert (made.state, made.state_reason) == ("open", "")
    assert 'class="proposal noted" id="T3-001"' in (await client.get("/themes/3/propositions")).text
    assert [each.opinion for each in await Ballot.all()] == ["pour"]
    assert await told(author) == await told(voter) == ["set aside", "taken back"]
    assert await told(moderator) == []
    assert await journal() == [("set_aside_proposal", REASON), ("take_back_proposal", "Le comité l’accepte.")]
    history = (await client.get("/propositions/T3-001")).text
    assert history.index("Écartée par l’animation du groupe.") < history.index("De nouveau soumise au vote")


@pytest.mark.parametrize("path", [ASIDE, BACK])
@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_setting_aside_needs_a_reason(client: AsyncClient, path: str, reason: str) -> None:
    _, _, _, proposal = await a_judged_proposal()
    await sign_in(client, await a_moderator())
    if path == BACK:
        await client.post(ASIDE, data={"motif": REASON})
    before = await fingerprint()
    answer = await client.post(path, data={"motif": reason})
    assert answer.status_code == 422
    assert 'id="motif-error"' in answer.text
    assert reason in answer.text
    assert changed(before, await fingerprint()) == set()
    assert (await Proposal.get(id=proposal.id)).state == ("set aside" if path == BACK else "open")


@pytest.mark.parametrize(
    ("who", "status"), [("visitor", 403), ("author", 403), ("other group", 403), ("agent", 403), ("administrator", 303)]
)
async def test_only_moderators_of_the_group_set_aside(client: AsyncClient, who: str, status: int) -> None:
    _, author, _, _ = await a_judged_proposal()
    people = {
        "author": author,
        "other group": await make_member("Un Voisin", moderates=[await make_group("gt-9")]),
        "agent": await make_member("Une Agente", role=Role.AGENT),
        "administrator": await make_member("Une Administratrice", role=Role.ADMINISTRATOR),
    }
    if who in people:
        await sign_in(client, people[who])
    before = await fingerprint()
    answer = await client.post(ASIDE, data={"motif": REASON})
    assert answer.status_code == status
    assert bool(changed(before, await fingerprint())) is (status == 303)
    assert (ASIDE in (await client.get("/propositions/T3-001")).text) is False


async def test_once_the_votes_are_closed_nothing_leaves_or_comes_back(client: AsyncClient) -> None:
    theme, author, _, _ = await a_judged_proposal(votes="closed")
    await make_proposal(theme, "Écartée avant", state=ProposalState.SET_ASIDE)
    before = await fingerprint()
    for member, path in (
        (await a_moderator(), ASIDE),
        (await a_moderator("Une Seconde"), "/propositions/T3-002/reprendre"),
        (author, WITHDRAW),
    ):
        await sign_in(client, member)
        before = await fingerprint()
        answer = await client.post(path, data={"motif": REASON, **CONFIRMED})
        assert answer.status_code == 403
        assert "Les votes de ce thème sont clos" in answer.text
        assert changed(before, await fingerprint()) == set()


ILLEGAL = [
    (state, act)
    for act, legal in (("ecarter", {"open"}), ("reprendre", {"set aside"}), ("retirer", {"open", "withdrawn"}))
    for state in ProposalState
    if state.value not in legal and state is not ProposalState.DRAFT
]


@pytest.mark.parametrize(("state", "act"), ILLEGAL)
async def test_a_step_that_the_state_does_not_allow_is_refused(
    client: AsyncClient, state: ProposalState, act: str
) -> None:
    """Whatever the page showed when the button was pressed: 409, and nothing is written."""
    moderator = await a_moderator()
    await make_proposal(await make_theme(3), author=moderator, state=state)
    await sign_in(client, moderator)
    before = await fingerprint()
    path = f"/propositions/T3-001/{act}"
    answer = await client.post(path, data={"motif": REASON, **CONFIRMED})
    assert answer.status_code == 409
    assert "a changé entre-temps" in answer.text
    assert changed(before, await fingerprint()) == set()
    assert "<button" not in (await client.get(path)).text.partition("<main")[2].partition("</main")[0]


async def test_two_moderators_at_once_set_aside_once(client: AsyncClient) -> None:
    await a_judged_proposal()
    await sign_in(client, await a_moderator())
    answers = await asyncio.gather(*(client.post(ASIDE, data={"motif": REASON}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    assert await count("proposal_turn") == await count("journal_entry") == 1


async def test_an_author_withdraws_in_favour_of_another_and_both_pages_say_so(client: AsyncClient) -> None:
    theme, author, voter, _ = await a_judged_proposal()
    await make_proposal(await Theme.get(id=theme.id), "Ouvrir le samedi et le dimanche")
    await sign_in(client, author)
    assert "Ouvrir le samedi et le dimanche" in (await client.get(WITHDRAW)).text
    form = {"au_profit_de": "T3-002", "motif": "Elle dit mieux la même chose.", **CONFIRMED}
    assert (await client.post(WITHDRAW, data=form)).status_code == 303
    page = (await client.get("/propositions/T3-001")).text
    assert "Cette proposition est retirée." in page
    assert page.count('href="/propositions/T3-002"') == 2
    assert "Elle dit mieux la même chose." in page
    other = (await client.get("/propositions/T3-002")).text
    assert "Retirées à son profit" in other
    assert 'href="/propositions/T3-001"' in other
    apart = (await client.get("/themes/3/propositions")).text.partition("Propositions retirées")[2]
    assert "Au profit de" in apart
    assert 'href="/propositions/T3-002"' in apart
    assert await told(voter) == ["withdrawn"]
    assert await told(author) == []
    before = await fingerprint()
    assert (await client.post(WITHDRAW, data=CONFIRMED)).status_code == 303  # a second time changes nothing
    assert changed(before, await fingerprint()) <= {"theme"}


@pytest.mark.parametrize("other", ["T3-001", "T3-002", "T4-001", "T3-999", "pas une référence", "T3--01"])
async def test_a_proposal_is_withdrawn_in_favour_of_one_in_force_in_the_same_theme(
    client: AsyncClient, other: str
) -> None:
    """Never in favour of itself, of a withdrawn one (which would allow a circle), of one of another theme, of a draft,
    of none."""
    theme, author, _, _ = await a_judged_proposal()
    theme = await Theme.get(id=theme.id)
    await make_proposal(theme, "Retirée", state=ProposalState.WITHDRAWN)
    await make_proposal(await make_theme(4, group=await make_group("gt-3")), "D’ailleurs")
    await sign_in(client, author)
    await client.post("/themes/3/proposer", data={"formulation": "Un brouillon", "acte": "brouillon"})
    before = await fingerprint()
    answer = await client.post(WITHDRAW, data={"au_profit_de": other, "motif": "Mes mots", **CONFIRMED})
    assert answer.status_code == 422
    assert 'id="au_profit_de-error"' in answer.text
    assert "Mes mots" in answer.text
    assert changed(before, await fingerprint()) == set()


async def test_withdrawing_is_confirmed_first(client: AsyncClient) -> None:
    _, author, _, proposal = await a_judged_proposal()
    await sign_in(client, author)
    answer = await client.post(WITHDRAW, data={"motif": "Mes mots"})
    assert answer.status_code == 422
    assert "Mes mots" in answer.text
    assert (await Proposal.get(id=proposal.id)).state == "open"


async def test_a_proposal_from_minutes_belongs_to_the_person_who_entered_them(client: AsyncClient) -> None:
    theme, moderator = await make_theme(3), await a_moderator()
    proposal = await make_proposal(theme, "Du compte rendu")
    await rows("UPDATE proposal SET origin = 'meeting', promoter_id = $2 WHERE id = $1", proposal.id, moderator.id)
    await sign_in(client, await make_member("Quelqu’un d’autre"))
    assert (await client.post(WITHDRAW, data=CONFIRMED)).status_code == 403
    await sign_in(client, moderator)
    assert (await client.post(WITHDRAW, data=CONFIRMED)).status_code == 303
    assert (await Proposal.get(id=proposal.id)).state == "withdrawn"
