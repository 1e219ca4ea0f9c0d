"""Votes that were closed and opened again: two releases, subtracted from each other, tell nobody's vote."""

import re
from datetime import timedelta

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.models.members import Member, Role
from forum.models.proposals import Proposal
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from tests.conftest import Clock, visitor
from tests.factories import count, make_member, sign_in
from tests.votes.test_results import GROUPS, cast, make_vote, make_voters, words

NONE: list[str] = []


async def reopen(app: Starlette, clock: Clock) -> None:
    """Open the votes of theme 3 again for an hour."""
    async with visitor(app) as agent:
        await sign_in(agent, await make_member(f"Agent {clock.now}", role=Role.AGENT))
        closes = clock.now + timedelta(hours=1)
        form = {
            "ouverture_des_contributions": "",
            "cloture_des_contributions": "",
            "ouverture_des_votes": "2026-11-01T09:00",
            "cloture_des_votes": f"{closes + timedelta(hours=1):%Y-%m-%dT%H:%M}",  # on the clock of Paris
            "scelle": "1",
            "mode_de_vote": (await Theme.get(number=3)).voting.value,
            "motif": "Une panne a tenu des votants dehors.",
        }
        answer = await agent.post("/themes/3/calendrier", data=form)
        assert answer.status_code == 303, answer.text


async def say(app: Starlette, voter: Member, opinion: str) -> None:
    async with visitor(app) as booth:
        await sign_in(booth, voter)
        assert (await booth.post("/propositions/T3-001/vote", data={"avis": opinion})).status_code == 303


async def groups_shown(client: AsyncClient) -> list[str]:
    """The groups that have a figure on the page of groups."""
    answer = await client.get(GROUPS)
    return NONE if answer.status_code == 404 else re.findall(r"<dt>([^<]*)</dt>", answer.text)[:-1]


async def make_closed(*, second: int = 8) -> Theme:
    """A closed vote of three groups: 9, `second` and 7 people, divided enough to be shown."""
    theme = await make_vote()
    many = await make_voters(9, profession="Bibliothécaire")
    others = await make_voters(second, profession="Formateur ou formatrice", first=9)
    third = await make_voters(7, profession="Autre", first=9 + second)
    said = (
        ["pour", "contre", "abstention"] * 3
        + (["pour", "contre"] * second)[:second]
        + ["contre", "pour"] * 3
        + ["pour"]
    )
    await cast(theme, [*many, *others, *third], {"Former": said})
    return theme


async def test_a_group_that_few_people_joined_between_two_closes_is_masked_in_the_second(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    await make_closed()
    assert await groups_shown(client) == ["Bibliothécaire", "Formateur ou formatrice"]
    late = (await make_voters(1, profession="Bibliothécaire", first=40))[0]
    await reopen(app, clock)
    assert await count("published_release") == 1
    await say(app, late, "pour")
    clock.pass_(hours=2)
    assert await groups_shown(client) == ["Formateur ou formatrice"]


async def test_without_another_vote_the_second_release_says_the_same(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    await make_closed()
    first = (await client.get(GROUPS)).text.partition("<h1")[2].partition("</main")[0]
    await reopen(app, clock)
    clock.pass_(hours=2)
    assert (await client.get(GROUPS)).text.partition("<h1")[2].partition("</main")[0] == first


async def test_a_group_that_was_masked_is_not_shown_by_the_second_release(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    """With one person more it is no longer the smallest: shown now, it would be subtracted from what hid it."""
    await make_closed(second=7)  # "Autre", of seven too, was masked first
    assert await groups_shown(client) == ["Bibliothécaire", "Formateur ou formatrice"]
    (late,) = await make_voters(1, profession="Autre", first=40)
    await reopen(app, clock)
    await say(app, late, "contre")
    clock.pass_(hours=2)
    assert await groups_shown(client) == ["Bibliothécaire", "Formateur ou formatrice"]


async def test_duels_that_few_people_changed_are_not_published_again(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    """The difference of two matrices of pairs is the order of who voted in between."""
    theme = await make_vote(Voting.RANKING)
    await cast(theme, await make_voters(20), {"Un": "1" * 12 + "3" * 8, "Deux": "2" * 20, "Trois": "3" * 12 + "1" * 8})
    assert "Duel gagné" in await words(client)
    await reopen(app, clock)
    (late,) = await make_voters(1, first=40)
    await say(app, late, "1")
    clock.pass_(hours=2)
    text = await words(client)
    assert "21 personnes l’ont classée." in text
    assert "voté depuis une première clôture" in text
    assert "Duel" not in text


async def act(app: Starlette, address: str, by: Member | None = None, **form: str) -> None:
    """Send a form, as an administrator or somebody else."""
    async with visitor(app) as browser:
        await sign_in(browser, by or await make_member(f"Administrateur {address}", role=Role.ADMINISTRATOR))
        answer = await browser.post(address, data=form | {"motif": "Elles demandent la même chose."})
        assert answer.status_code == 303, answer.text


async def make_two_closed() -> Theme:
    """A closed vote on two proposals; of the librarians 11 voted on the second alone, 6 on the first, one on both."""
    theme = await make_vote()
    voters = await make_voters(18, profession="Bibliothécaire")
    voters += await make_voters(9, profession="Formateur ou formatrice", first=18)
    voters += await make_voters(9, profession="Autre", first=27)
    said = ["pour", "contre"] * 18
    await cast(theme, voters, {"Former": [""] * 11 + said[11:], "Équiper": said[:12] + [""] * 6 + said[18:]})
    return theme


async def test_a_merge_between_two_closes_tells_nobody_who_voted_on_both(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    """The first release gives both proposals, the second their union: one subtraction more, and what both had in
    common is left, which may be one person."""
    await make_two_closed()
    assert await groups_shown(client) != NONE
    await reopen(app, clock)
    await act(app, "/propositions/T3-002/fusionner", destination="T3-001")
    clock.pass_(hours=2)
    assert await groups_shown(client) == NONE
    await reopen(app, clock)
    await act(app, "/propositions/T3-002/defusionner")
    clock.pass_(hours=2)
    assert await groups_shown(client) == NONE, "what was masked in one release stays so"


async def test_a_separation_between_two_closes_tells_nobody_who_voted_on_both(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    theme = await make_two_closed()
    await Theme.filter(id=theme.id).update(votes_close_at=clock.now + timedelta(hours=1))
    await act(app, "/propositions/T3-002/fusionner", destination="T3-001")
    clock.pass_(hours=2)
    assert await groups_shown(client) == ["Bibliothécaire", "Formateur ou formatrice"]
    await reopen(app, clock)
    await act(app, "/propositions/T3-002/defusionner")
    clock.pass_(hours=2)
    assert await groups_shown(client) == NONE


async def test_duels_that_a_certified_correction_changed_are_not_published_again(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    """Twenty confirmed the new words before the first close. The correction makes the ballot of the last one count
    again: the difference of the two matrices of pairs is what they prefer."""
    theme = await make_vote(Voting.RANKING)
    voters = await make_voters(21)
    await cast(theme, voters, {"Un": "1" * 12 + "3" * 9, "Deux": "2" * 21, "Trois": "3" * 12 + "1" * 9})
    await Theme.filter(id=theme.id).update(votes_close_at=clock.now + timedelta(hours=1))
    await Proposal.filter(number=1).update(author=voters[0])
    await act(app, "/propositions/T3-001/modifier", voters[0], formulation="Une", expose_des_motifs="", version="1")
    confirmed = (await Ballot.filter(proposal__number=1).order_by("id"))[:20]
    await Ballot.filter(id__in=[each.id for each in confirmed]).update(proposal_version=2)
    clock.pass_(hours=2)
    assert "Duel gagné" in await words(client)
    await reopen(app, clock)
    await act(app, "/propositions/T3-001/versions/2/correction", acte="certifier")
    clock.pass_(hours=2)
    text = await words(client)
    assert text.count("21 personnes l’ont classée.") == 3, "the ballot that waited counts again"
    assert "une proposition a changé depuis" in text
    assert "Duel" not in text
