"""Four kinds of voting through the door: cast, change, confirm, withdraw; quotas; rules that freeze."""

import re
from collections.abc import Sequence

import anyio
import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.themes.themes import find_theme
from forum.domain.votes.votes import counts_of, voters_of
from forum.models.members import Member, Role
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from forum.permissions import COUNTING
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_member, make_proposal, make_theme, sign_in

LIST = "/themes/3/propositions"
# For each kind: a first ballot, another one, and something that is not a ballot.
BALLOTS = {
    Voting.OPINIONS: ("pour", "contre", ("0", "soutien", "pour ")),
    Voting.APPROVAL: ("pour", "pour", ("contre", "abstention", "1")),
    Voting.JUDGMENT: ("0", "6", ("7", "9", "-1", "pour")),
    Voting.RANKING: ("1", "20", ("0", "21", "01", "pour")),
}


async def voting(kind: Voting, *, proposals: int = 1, quota: int = 0, sealed: bool = True) -> list[Proposal]:
    """Proposals of theme 3, with that kind of voting."""
    theme = await make_theme(3, sealed=sealed)
    await Theme.filter(id=theme.id).update(voting=kind, quota=quota)
    return [await make_proposal(theme, f"Idée numéro {number + 1}") for number in range(proposals)]


async def vote(client: AsyncClient, said: str, reference: str = "T3-001", **fields: str) -> Response:
    return await client.post(f"/propositions/{reference}/vote", data={"avis": said, **fields})


async def ballots() -> list[tuple[str, int]]:
    found = await rows("SELECT opinion, proposal_version FROM ballot ORDER BY proposal_id, voter_id")
    return [(each["opinion"], each["proposal_version"]) for each in found]


@pytest.mark.parametrize("kind", Voting)
async def test_a_member_votes_changes_and_withdraws_in_each_kind(client: AsyncClient, kind: Voting) -> None:
    await voting(kind)
    await sign_in(client, await make_member())
    first, other, _ = BALLOTS[kind]
    for said in (first, other):
        assert (await vote(client, said)).status_code == 303
        assert await ballots() == [(said, 1)]
        page = (await client.get(LIST)).text
        assert "Retirer mon" in page
    assert (await client.post("/propositions/T3-001/vote", data={"avis": other, "acte": "retirer"})).status_code == 303
    assert await ballots() == []
    assert "Retirer mon" not in (await client.get(LIST)).text


@pytest.mark.parametrize("kind", Voting)
@pytest.mark.parametrize("as_json", [False, True])
async def test_a_ballot_of_another_kind_is_refused_and_changes_nothing(
    client: AsyncClient, kind: Voting, as_json: bool
) -> None:
    await voting(kind)
    await sign_in(client, await make_member())
    first, _, wrong = BALLOTS[kind]
    for said in (*wrong, ""):
        form = {"avis": said}
        answer = await (
            client.post("/propositions/T3-001/vote", json=form)
            if as_json
            else client.post("/propositions/T3-001/vote", data=form)
        )
        assert answer.status_code == 422, said
        assert "hoisi" in answer.text
    assert await count("ballot") == 0
    for array in ([first], [first, first], [], {"0": first}):
        answer = await client.post("/propositions/T3-001/vote", json={"avis": array})
        assert answer.status_code == 422, array
    assert await count("ballot_change") == 0
    number = int(first) if first.isdecimal() else first
    assert (await client.post("/propositions/T3-001/vote", json={"avis": number, "version": 1})).status_code == 303
    assert await ballots() == [(first, 1)]


async def test_a_booth_has_native_radios_named_for_those_who_hear_it(client: AsyncClient) -> None:
    await voting(Voting.JUDGMENT)
    await sign_in(client, await make_member())
    await vote(client, "2")
    page = (await client.get(LIST)).text
    assert page.count('type="radio" name="avis"') == 7
    assert page.index("Excellente") < page.index("Passable") < page.index("À rejeter")
    assert 'value="2" required checked' in page
    assert "Votre avis sur la proposition T3-001" in page
    assert "Excellent" in (await client.get(f"/en{LIST}")).text


async def test_the_consultations_own_mentions_are_shown_as_they_are(client: AsyncClient) -> None:
    await voting(Voting.JUDGMENT)
    await Theme.all().update(mentions="Non\nBof\nOui <b>")
    await sign_in(client, await make_member())
    for address in (LIST, f"/en{LIST}"):
        page = (await client.get(address)).text
        assert "Bof" in page
        assert "Oui &lt;b&gt;" in page
    assert (await vote(client, "3")).status_code == 422


async def test_an_order_is_shown_so_far_with_equal_places(client: AsyncClient) -> None:
    await voting(Voting.RANKING, proposals=4)
    await sign_in(client, await make_member())
    for reference, place in (("T3-002", "2"), ("T3-004", "1"), ("T3-001", "2")):
        await vote(client, place, reference)
    order = (await client.get(LIST)).text.split("data-own-order")[1].split("</section>")[0]
    assert [order.index(f"#{reference}") for reference in ("T3-004", "T3-001", "T3-002")] == sorted(
        order.index(f"#{reference}") for reference in ("T3-004", "T3-001", "T3-002")
    )
    assert order.count('value="2"') == 2
    await vote(client, "retirer", "T3-004")
    assert "#T3-004" not in (await client.get(LIST)).text.split("data-own-order")[1].split("</section>")[0]


async def test_without_scripts_a_vote_leads_to_the_next_proposal_that_waits(client: AsyncClient) -> None:
    await voting(Voting.OPINIONS, proposals=3)
    await sign_in(client, await make_member())
    left = {"T3-001", "T3-002", "T3-003"}
    here = "T3-001"
    for _ in range(3):
        left.discard(here)
        answer = await vote(client, "pour", here, enchainer="1")
        page, _, onwards = answer.headers["location"].partition("#")
        assert page == LIST
        assert onwards in (left or {here})
        here = onwards
    assert "Vous avez tout jugé." in (await client.get(LIST)).text


async def test_with_scripts_the_answer_shows_the_voters_progress(client: AsyncClient) -> None:
    await voting(Voting.APPROVAL, proposals=2, quota=5)
    await sign_in(client, await make_member())
    answer = await client.post(
        "/propositions/T3-001/vote", data={"avis": "pour", "enchainer": "1"}, headers={"X-Fragment": "vote"}
    )
    assert "<b>1</b> soutien sur <b>5</b>" in answer.text
    assert answer.text.count("data-progress") == 1


# What changed since


async def amend(proposal: Proposal) -> None:
    await Proposal.filter(id=proposal.id).update(version=2, substance=2, wording="Tout autre chose")
    await rows("UPDATE theme SET version = version + 1")


async def test_a_vote_on_an_older_substance_waits_and_is_not_counted(client: AsyncClient, clock: Clock) -> None:
    (proposal,) = await voting(Voting.OPINIONS)
    await sign_in(client, await make_member())
    await vote(client, "pour")
    await amend(proposal)
    page = (await client.get(LIST)).text
    assert "Cette proposition a changé depuis votre vote." in page
    assert "Confirmer mon vote" in page
    assert "/propositions/T3-001/versions" in page
    assert "1 à confirmer" in page
    close = (await Theme.get(number=3)).votes_close_at
    assert close is not None
    theme = await find_theme(3)
    close += COUNTING
    counts = await counts_of(theme, close)
    assert counts is not None
    assert (counts[proposal.id].votants, counts[proposal.id].pending) == (0, 1)
    assert await voters_of((theme,), close) == 0
    assert (await vote(client, "pour")).status_code == 303
    assert await ballots() == [("pour", 2)]
    assert "a changé depuis" not in (await client.get(LIST)).text
    counts = await counts_of(theme, close)
    assert counts is not None
    assert (counts[proposal.id].votants, counts[proposal.id].pending) == (1, 0)


async def test_pending_votes_are_counted_separately_once_the_count_is_public(client: AsyncClient) -> None:
    (proposal,) = await voting(Voting.OPINIONS, sealed=False)
    await sign_in(client, await make_member())
    await vote(client, "pour")
    await amend(proposal)
    client.cookies.clear()
    page = (await client.get("/propositions/T3-001")).text
    assert "1 vote ne compte pas" in page
    assert "Pour <b>0</b>" in page


async def test_a_vote_that_was_never_confirmed_is_said_not_to_count(client: AsyncClient, clock: Clock) -> None:
    (proposal,) = await voting(Voting.OPINIONS)
    await sign_in(client, await make_member())
    await vote(client, "pour")
    await amend(proposal)
    lost = "Ce vote ne compte pas"
    assert lost not in (await client.get("/propositions/T3-001")).text
    close = (await Theme.get(number=3)).votes_close_at
    assert close is not None
    clock.now = close + COUNTING
    await sign_in(client, await Member.get(name="Camille Martin"), now=clock.now)
    for address in ("/propositions/T3-001", LIST):
        assert lost in (await client.get(address)).text, address


async def test_a_voter_who_read_the_older_words_is_told_to_read_again(client: AsyncClient) -> None:
    (proposal,) = await voting(Voting.OPINIONS)
    await sign_in(client, await make_member())
    await amend(proposal)
    refused = await vote(client, "pour", version="1")
    assert refused.status_code == 409
    assert "a changé pendant que vous la lisiez" in refused.text
    assert await count("ballot") == 0
    assert (await vote(client, "pour", version="2")).status_code == 303


async def test_a_ballot_that_came_with_a_merge_becomes_the_voters_own_by_the_same_vote(client: AsyncClient) -> None:
    kept, source = await voting(Voting.OPINIONS, proposals=2)
    member = await make_member()
    await Ballot.create(
        proposal=kept, voter=member, opinion="pour", proposal_version=1, cast_at=NOON, carried_from=source
    )
    await sign_in(client, member)
    assert (await vote(client, "pour")).status_code == 303
    assert [each["carried_from_id"] for each in await rows("SELECT carried_from_id FROM ballot")] == [None]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (ProposalState.WITHDRAWN, "est retirée"),
        (ProposalState.SET_ASIDE, "est écartée"),
        (ProposalState.RETAINED, "n’est plus soumise au vote"),
    ],
)
async def test_what_left_the_vote_meanwhile_says_so(client: AsyncClient, state: ProposalState, sentence: str) -> None:
    (proposal,) = await voting(Voting.OPINIONS)
    await Proposal.filter(id=proposal.id).update(state=state)
    await sign_in(client, await make_member())
    refused = await vote(client, "pour")
    assert refused.status_code == 403
    assert sentence in refused.text


# Quotas


@pytest.mark.parametrize(
    ("kind", "said"), [(Voting.APPROVAL, "pour"), (Voting.OPINIONS, "pour"), (Voting.RANKING, "1")]
)
async def test_a_quota_says_how_many_and_which_to_take_back(client: AsyncClient, kind: Voting, said: str) -> None:
    await voting(kind, proposals=3, quota=2)
    await sign_in(client, await make_member())
    for reference in ("T3-001", "T3-003"):
        assert (await vote(client, said, reference)).status_code == 303
    refused = await vote(client, said, "T3-002")
    assert refused.status_code == 409
    assert re.search(r"maximum\s: 2", refused.text)
    assert "Ce n’est pas possible en l’état" in refused.text
    assert "entre-temps" not in refused.text  # nobody else did anything
    assert "T3-001, T3-003" in refused.text
    assert await count("ballot") == 2
    # An existing support may be sent again, and a withdrawn one makes room.
    assert (await vote(client, said, "T3-001")).status_code == 303
    await vote(client, "retirer", "T3-003")
    assert (await vote(client, said, "T3-002")).status_code == 303


async def test_a_quota_leaves_contre_and_abstention_alone(client: AsyncClient) -> None:
    await voting(Voting.OPINIONS, proposals=4, quota=1)
    await sign_in(client, await make_member())
    for reference, said in (("T3-001", "pour"), ("T3-002", "contre"), ("T3-003", "abstention")):
        assert (await vote(client, said, reference)).status_code == 303
    assert (await vote(client, "pour", "T3-002")).status_code == 409


async def test_what_left_the_vote_takes_no_room(client: AsyncClient) -> None:
    first, _ = await voting(Voting.APPROVAL, proposals=2, quota=1)
    await sign_in(client, await make_member())
    await vote(client, "pour")
    await Proposal.filter(id=first.id).update(state=ProposalState.WITHDRAWN)
    assert (await vote(client, "pour", "T3-002")).status_code == 303


async def answers(app: Starlette, member: Member, references: Sequence[str], said: str) -> list[int]:
    statuses: list[int] = []

    async def cast(client: AsyncClient, reference: str) -> None:
        statuses.append((await vote(client, said, reference)).status_code)

    async with visitor(app) as client:
        await sign_in(client, member)
        async with anyio.create_task_group() as votes:
            for reference in references:
                votes.start_soon(cast, client, reference)
    return statuses


@pytest.mark.parametrize("sealed", [True, False])
async def test_twenty_votes_at_once_stay_within_the_quota(app: Starlette, sealed: bool) -> None:
    await voting(Voting.APPROVAL, proposals=20, quota=5, sealed=sealed)
    member = await make_member()
    statuses = await answers(app, member, [f"T3-{number:03}" for number in range(1, 21)], "pour")
    assert sorted(statuses) == [303] * 5 + [409] * 15
    assert await count("ballot") == 5


# The rules of a theme


FORM = {
    "ouverture_des_contributions": "2026-11-13T13:00",
    "cloture_des_contributions": "2026-12-03T13:00",
    "ouverture_des_votes": "2026-11-24T13:00",
    "cloture_des_votes": "2026-12-13T13:00",
    "scelle": "1",
}
RULES = {"mode_de_vote": "jugement", "mentions": "Non\r\nPeut-être\r\n\r\nOui", "quota": ""}


async def test_an_agent_chooses_how_people_vote_before_they_do(client: AsyncClient) -> None:
    await make_theme(3, votes="later")
    await sign_in(client, await make_member(role=Role.AGENT))
    assert 'value="pour-contre" required checked' in (await client.get("/themes/3/calendrier")).text
    assert (await client.post("/themes/3/calendrier", data=FORM | RULES)).status_code == 303
    theme = await find_theme(3)
    assert (theme.voting, theme.mentions, theme.quota) == (Voting.JUDGMENT, ("Non", "Peut-être", "Oui"), 0)
    page = (await client.get("/themes/3/calendrier")).text
    assert 'value="jugement" required checked' in page
    assert "Non\nPeut-être\nOui" in page
    journal = await rows("SELECT before, after FROM journal_entry")
    assert '"voting": "pour-contre"' in journal[0]["before"]
    assert '"mentions": "Non, Peut-être, Oui"' in journal[0]["after"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mode_de_vote": "autre"}, "mode_de_vote"),
        ({"mentions": "Une\nDeux"}, "mentions"),
        ({"mode_de_vote": "soutien", "quota": "2000"}, "quota"),
        ({"mode_de_vote": "soutien", "quota": "cinq"}, "quota"),
    ],
)
async def test_rules_are_refused_beside_their_field_and_kept(
    client: AsyncClient, change: dict[str, str], field: str
) -> None:
    await make_theme(3, votes="later")
    await sign_in(client, await make_member(role=Role.AGENT))
    answer = await client.post("/themes/3/calendrier", data=FORM | RULES | change)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert (await find_theme(3)).voting is Voting.OPINIONS


@pytest.mark.parametrize("has_ballots", [True, False])
async def test_the_rules_freeze_when_the_votes_open_or_somebody_voted(client: AsyncClient, has_ballots: bool) -> None:
    """Moving the window into the future after people voted does not unfreeze the rules."""
    theme = await make_theme(3, votes="later" if has_ballots else "open")
    if has_ballots:
        proposal = await make_proposal(theme)
        await Ballot.create(
            proposal=proposal, voter=await make_member(), opinion="pour", proposal_version=1, cast_at=NOON
        )
    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    # Same windows: only the rules change.
    opens, closes = (
        ("2026-11-24T13:00", "2026-12-13T13:00") if has_ballots else ("2026-11-13T13:00", "2026-12-03T13:00")
    )
    same = FORM | {"ouverture_des_votes": opens, "cloture_des_votes": closes}
    for rules in (RULES, {"mode_de_vote": "pour-contre", "quota": "3"}, {"mode_de_vote": "classement"}):
        answer = await client.post("/themes/3/calendrier", data=same | rules)
        assert answer.status_code == 422
        assert "se sont prononcés sous cette règle" in answer.text
    after = await find_theme(3)
    assert (after.voting, after.quota) == (Voting.OPINIONS, 0)
    # Without the rules, as the page then sends it, the form changes only the schedule.
    assert (await client.post("/themes/3/calendrier", data=same)).status_code == 303
