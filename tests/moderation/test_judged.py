"""A proposal that is hidden once the results are published: its words go, every published figure and rank stays."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import transaction
from forum.domain.chapters.outlines import outline_of
from forum.domain.moderation.hiding import hide, hold_thing, unhide
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.domain.syntheses.snapshots import Snapshot
from forum.models.members import Role
from forum.models.moderation import Ground, Moderated
from forum.models.proposals import Proposal
from forum.models.themes import Theme, Voting
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_member, sign_in
from tests.moderation.steps import decide, mails, words
from tests.votes.test_releases import reopen
from tests.votes.test_results import GROUPS, PAGE, SHEET, cast, make_vote, make_voters, table

SECRET = "Zyzomys, le mot que personne ne doit lire"
HIDDEN = "(proposition masquée)"
SAID: Mapping[Voting, Mapping[str, Sequence[str]]] = {
    # The last four voted on the second proposal alone: without it they would not be voters any more.
    Voting.OPINIONS: {
        "Former": (["pour"] * 9 + ["contre"] * 5 + ["abstention"] * 4) + [""] * 4,
        SECRET: ["pour", "contre"] * 11,
        "Ouvrir": ["contre"] * 4 + ["pour"] * 7,
    },
    Voting.APPROVAL: {
        "Former": ["pour"] * 12 + [""] * 10,
        SECRET: [""] * 6 + ["pour"] * 16,
        "Ouvrir": ["pour"] * 5 + [""] * 5 + ["pour"] * 8,
    },
    Voting.JUDGMENT: {
        "Former": ["4", "3", "1"] * 6,
        SECRET: ["2", "4"] * 11,
        "Ouvrir": ["0", "1"] * 9,
    },
    Voting.RANKING: {
        "Former": ["1", "2"] * 9,
        SECRET: ["2", "1"] * 11,
        "Ouvrir": ["3"] * 18,
    },
}


async def judged(voting: Voting) -> tuple[Theme, Proposal]:
    """A closed vote of three proposals by two groups, and the second of these, whose words will be hidden."""
    theme = await make_vote(voting)
    voters = await make_voters(11, profession="Bibliothécaire")
    voters += await make_voters(11, profession="Formateur ou formatrice", first=11)
    return theme, (await cast(theme, voters, SAID[voting]))[SECRET]


async def switch(proposal: Proposal, *, shown: bool) -> None:
    async with transaction():
        held = await hold_thing(Moderated.PROPOSAL, proposal.id, NOON)
        await (unhide(held) if shown else hide(held, Ground.CHARTER, NOON))


async def figures(client: AsyncClient) -> tuple[object, ...]:
    """What is published: each line of the sheet but its words, how many voted, the page of groups."""
    lines = [{**line, "formulation": "", "état": ""} for line in table(await client.get(SHEET))]
    page = words((await client.get(PAGE)).text)
    groups = words((await client.get(GROUPS)).text).replace(SECRET, HIDDEN)
    voters = re.search(r"Votants (\d+)", page)
    assert voters
    why = re.findall(r"T3-00\d\. .*?(?:\.|votants du thème\.)", page)
    return lines, voters[1], groups.partition("Résultats par groupe")[2].partition("État de la page")[0], why


async def snapshot(theme: Theme) -> Snapshot:
    async with transaction():
        return await freeze(theme.id, NOON, await read_introductions())


@pytest.mark.parametrize("voting", Voting)
async def test_no_published_figure_changes_and_the_page_says_so(client: AsyncClient, voting: Voting) -> None:
    theme, proposal = await judged(voting)
    before, frozen = await figures(client), await snapshot(theme)
    assert SECRET in (await client.get(PAGE)).text
    await switch(proposal, shown=False)
    page = words((await client.get(PAGE)).text)
    assert SECRET not in page
    assert "1 proposition est masquée par l’équipe de modération depuis la publication des résultats" in page
    assert HIDDEN in page
    assert await figures(client) == before
    assert "3 propositions à la clôture des votes." in words((await client.get("/themes/3")).text)
    lines = table(await client.get(SHEET))
    assert [(each["formulation"], each["état"]) for each in lines if each["référence"] == "T3-002"] == [
        (HIDDEN, "masquée")
    ]
    hidden = await snapshot(theme)
    assert SECRET not in str(outline_of(hidden))
    assert figures_but_words(hidden) == figures_but_words(frozen)
    await switch(proposal, shown=True)
    assert await figures(client) == before
    assert await snapshot(theme) == frozen


def figures_but_words(frozen: Snapshot) -> object:
    """A snapshot with the same word for each wording."""
    return [(each.reference, each.tally, each.said, each.pending, each.cells) for each in frozen.proposals], [
        (each.groups, each.picks, each.compared, each.preferred) for each in frozen.themes
    ]


async def test_hidden_during_the_vote_it_is_not_among_the_results(client: AsyncClient, clock: Clock) -> None:
    theme, proposal = await judged(Voting.OPINIONS)
    await Theme.filter(id=theme.id).update(votes_close_at=NOON + timedelta(hours=1))
    await switch(proposal, shown=False)
    clock.pass_(hours=2)
    page = words((await client.get(PAGE)).text)
    assert "depuis la publication des résultats" not in page
    assert "Propositions masquées par l’équipe de modération" in page
    assert [each["référence"] for each in table(await client.get(SHEET))] == ["T3-001", "T3-003"]


async def test_votes_that_open_again_leave_it_out_and_their_close_has_its_figures(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    _, proposal = await judged(Voting.OPINIONS)
    before = table(await client.get(SHEET))
    await switch(proposal, shown=False)
    await reopen(app, clock)
    booths = words((await client.get(PAGE)).text)
    assert "Propositions masquées par l’équipe de modération" in booths
    async with visitor(app) as voter:
        await sign_in(voter, await make_member("Une Voix"))
        assert (await voter.post("/propositions/T3-002/vote", data={"avis": "pour"})).status_code == 403
    clock.pass_(hours=2)
    after = table(await client.get(SHEET))
    assert [(each["référence"], each["rang"], each["pour"], each["contre"]) for each in after] == [
        (each["référence"], each["rang"], each["pour"], each["contre"]) for each in before
    ]
    assert SECRET not in str(after)


async def test_its_author_reads_that_the_result_stays(app: Starlette, client: AsyncClient) -> None:
    _, proposal = await judged(Voting.OPINIONS)
    author = await make_member("Ada Auteure", email="ada@exemple.fr")
    await Proposal.filter(id=proposal.id).update(author_id=author.id)
    await sign_in(client, await make_member("Alix Admin", role=Role.ADMINISTRATOR))
    case = (await client.post("/propositions/T3-002/dossier")).headers["location"].rpartition("/")[2]
    assert (await decide(client, int(case))).status_code == 303
    (mail,) = await mails("moderated")
    async with visitor(app) as browser:
        await sign_in(browser, author)
        page = words((await browser.get(f"/moderation/decisions/{mail['decision']}")).text)
        assert "son rang et ses chiffres restent, sans ses mots." in page
        assert "elle n’est plus soumise au vote" not in page
