"""The follow-up of a theme: figures that add up, answers by decision, obligations by urgency, what has no answer."""

import re

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme
from tests.conftest import Clock, visitor
from tests.factories import make_member, make_proposal, make_theme, sign_in
from tests.proposals.test_answers import REPLY, closed_theme, make_agent, plain, vote
from tests.proposals.test_proposals import statements

SUITES = "/themes/3/suites"


async def ranked_theme(count: int = 6) -> tuple[Theme, list[Proposal]]:
    """A theme whose votes are closed; the last proposal is the first by rank. One more was withdrawn."""
    theme = await closed_theme()
    voters = [await make_member(f"Votant {number}") for number in range(count)]
    proposals = [await make_proposal(theme, f"Idée {number}") for number in range(1, count + 1)]
    for place, proposal in enumerate(proposals):
        await vote(proposal, *voters[: place + 1])
    await make_proposal(theme, "Retirée", state=ProposalState.WITHDRAWN)
    return theme, proposals


async def reply(client: AsyncClient, number: int, decision: str, **more: str) -> None:
    answer = await client.post(f"/propositions/T3-00{number}/repondre", data={**REPLY, "decision": decision, **more})
    assert answer.status_code == 303


def figures(text: str) -> dict[str, int]:
    found = re.findall(r"<dt>\s*(.*?)\s*</dt>\s*<dd>(\d+)</dd>", text)
    return {name: int(number) for name, number in found}


async def test_there_is_nothing_to_follow_before_the_close(client: AsyncClient) -> None:
    theme = await make_theme(3)
    await make_proposal(theme)
    page = (await client.get(SUITES)).text
    assert "Rien pour l’instant." in page
    assert "T3-001" not in page
    assert SUITES not in (await client.get("/themes/3")).text
    assert (await client.get("/themes/4/suites")).status_code == 404


async def test_the_figures_add_up_to_the_proposals_in_force(app: Starlette, client: AsyncClient) -> None:
    await ranked_theme()
    await sign_in(client, await make_agent())
    async with visitor(app) as other:
        assert SUITES in (await other.get("/themes/3")).text
        assert SUITES in (await other.get("/themes/3/propositions")).text
        before = (await other.get(SUITES)).text
        assert "L’administration a répondu à 0 des 6 propositions." in plain(before)
        assert figures(before) == {
            "Retenues": 0, "Partiellement retenues": 0, "Non retenues": 0, "À l’étude": 0, "Sans réponse": 6
        }  # fmt: skip
        for number, decision in ((1, "retenue"), (4, "partiellement"), (5, "retenue"), (3, "non retenue")):
            await reply(client, number, decision)
        after = (await other.get(SUITES)).text
    assert figures(after) == {
        "Retenues": 2, "Partiellement retenues": 1, "Non retenues": 1, "À l’étude": 0, "Sans réponse": 2
    }  # fmt: skip
    assert "L’administration a répondu à 4 des 6 propositions." in plain(after)
    assert "T3-007" not in after
    retained = after[after.index(">Retenues</h2>") : after.index(">Partiellement retenues</h2>")]
    assert re.findall(r">(T3-\d+)<", retained) == ["T3-005", "T3-001"]
    assert "rang 2" in plain(retained)
    without = after[after.index('id="sans-reponse"') :]
    assert re.findall(r">(T3-\d+)<", without) == ["T3-006", "T3-002"]
    assert "Répondre" not in after


async def test_an_agent_is_led_to_the_next_one_without_answer(client: AsyncClient) -> None:
    await ranked_theme()
    await sign_in(client, await make_agent())
    assert "Répondre à T3-006" in (await client.get(SUITES)).text
    await reply(client, 6, "etude")
    page = (await client.get(SUITES)).text
    assert "Répondre à T3-005" in page
    assert page.count('href="/propositions/T3-005/repondre"') == 2
    for number in range(1, 6):
        await reply(client, number, "etude")
    done = (await client.get(SUITES)).text
    assert "/repondre" not in done
    assert "L’administration a répondu à 6 des 6 propositions." in plain(done)


async def test_late_obligations_come_first_and_kept_ones_last(client: AsyncClient, clock: Clock) -> None:
    await ranked_theme(4)
    agent = await make_agent()
    await sign_in(client, agent)
    await reply(client, 1, "retenue", **{"engagement-1": "Plus tard", "echeance-1": "2027-06-01"})
    await reply(client, 2, "retenue", **{"engagement-1": "En retard", "echeance-1": "2026-11-25"})
    await reply(client, 3, "retenue", **{"engagement-1": "Déjà tenu", "echeance-1": "2026-11-24"})
    await reply(client, 4, "etude", **{"engagement-1": "Bientôt", "echeance-1": "2026-12-06"})
    assert "Aucun engagement n’est en retard." in (await client.get(SUITES)).text
    done = {"tenu_le": "2026-11-23", "realisation": "Fait."}
    assert (await client.post("/propositions/T3-003/engagements/3/tenu", data=done)).status_code == 303
    clock.pass_(days=7)
    page = plain((await client.get(SUITES)).text)
    assert "1 engagement est en retard." in page
    words = ["En retard En retard de 5 jours", "Bientôt", "Plus tard", "Déjà tenu Tenu le 23 novembre 2026."]
    places = [page.rindex(each) for each in words]
    assert places == sorted(places)
    assert "1 engagement, dont 1 en retard" in page


async def test_the_page_makes_the_same_number_of_queries_whatever_its_length(client: AsyncClient) -> None:
    theme, _ = await ranked_theme()
    await sign_in(client, await make_agent())
    counted = []
    for number, more in ((1, 0), (2, 10)):
        await reply(client, number, "retenue", **{"engagement-1": "Le faire", "echeance-1": "2027-06-01"})
        for _ in range(more):
            await make_proposal(theme)
        text, asked = await statements(client, SUITES)
        assert f">T3-00{number}<" in text
        counted.append(len(asked))
    # Ten of them for the results, which no job has kept.
    assert counted[0] == counted[1] <= 17


async def test_a_theme_without_proposal_or_without_vote(client: AsyncClient) -> None:
    theme = await closed_theme(votes="unset")
    assert "Ce thème n’a aucune proposition à laquelle répondre." in (await client.get(SUITES)).text
    await make_proposal(theme)
    page = plain((await client.get(SUITES)).text)
    assert "L’administration a répondu à 0 proposition sur 1." in page
    assert "rang" not in page


async def test_votes_that_open_again_hide_ranks_and_keep_answers(client: AsyncClient) -> None:
    theme, proposals = await ranked_theme()
    await sign_in(client, await make_agent())
    await reply(client, 1, "etude")
    theme.votes_close_at = None
    await theme.save(update_fields=["votes_close_at"])
    client.cookies.clear()
    page = (await client.get(SUITES)).text
    assert figures(page)["À l’étude"] == 1
    assert "rang " not in plain(page)
    order = re.findall(r">(T3-\d+)<", page[page.index('id="sans-reponse"') :])
    assert sorted(order) == [f"T3-{each.number:03}" for each in proposals[1:]]
    booth = re.findall(r'id="(T3-\d+)"', (await client.get("/themes/3/propositions")).text)
    assert order == [each for each in booth if each in order]


async def test_the_next_one_to_answer_is_the_best_ranked_only_where_there_are_ranks(client: AsyncClient) -> None:
    hint = "C’est la proposition la mieux classée qui n’a pas encore de réponse."
    theme = await closed_theme()
    proposal = await make_proposal(theme)
    await sign_in(client, await make_agent())
    assert hint not in (await client.get(SUITES)).text
    await vote(proposal, await make_member("Une votante"))
    await Theme.filter(id=theme.id).update(version=99)
    assert hint in (await client.get(SUITES)).text
