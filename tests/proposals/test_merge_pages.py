"""Merging through the form: what it says, where the old address leads, and that nothing reveals a count."""

import re

from httpx2 import AsyncClient

from forum.models.members import Member
from tests.conftest import NOON, Clock
from tests.factories import make_group, make_member, make_proposal, make_theme, sign_in

REASON = {"motif": "La même demande."}


async def two_proposals(client: AsyncClient) -> Member:
    """T3-001 and T3-002 ask for the same, T3-003 for something else; the moderator is signed in."""
    group = await make_group("gt-3")
    theme = await make_theme(3, group=group)
    for wording in ("Embaucher des médiateurs numériques", "Recruter et embaucher des médiateurs", "Ouvrir le samedi"):
        await make_proposal(theme, wording, author=await make_member(f"Auteur {wording}"))
    moderator = await make_member("Nadia Berthier", moderates=[group])
    await sign_in(client, moderator)
    return moderator


async def merge(client: AsyncClient) -> None:
    answer = await client.post("/propositions/T3-002/fusionner", data={"destination": "T3-001", **REASON})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/propositions/T3-001?fait=propositions-fusionnees",
    )


async def test_the_form_offers_similar_proposals_then_says_what_will_happen(client: AsyncClient) -> None:
    await two_proposals(client)
    page = (await client.get("/propositions/T3-002/fusionner")).text
    assert "/propositions/T3-002/fusionner?destination=T3-001" in page
    assert "mots communs" in page
    assert "destination=T3-003" not in page
    page = (await client.get("/propositions/T3-002/fusionner?destination=t3-001")).text
    assert "<h1>Fusionner T3-002 dans T3-001</h1>" in whole_references(page)
    assert "/propositions/T3-001/fusionner?destination=T3-002" in page
    await merge(client)


async def test_a_refused_form_keeps_what_was_typed(client: AsyncClient) -> None:
    await two_proposals(client)
    page = await client.get("/propositions/T3-002/fusionner?destination=T3-099")
    assert page.status_code == 422
    assert 'value="T3-099"' in page.text
    assert "Il n’y a pas de proposition T3-099." in page.text
    page = await client.post("/propositions/T3-002/fusionner", data={"destination": "T3-001", "motif": " "})
    assert page.status_code == 422
    assert "Dites pourquoi" in page.text
    assert 'name="destination" value="T3-001"' in page.text
    page = await client.post("/propositions/T3-002/fusionner", data={"destination": "T3-002", "motif": "Gardée"})
    assert page.status_code == 422
    assert "Une proposition ne se fusionne pas avec elle-même." in page.text


async def test_the_old_address_leads_to_the_destination_which_says_so(client: AsyncClient) -> None:
    await two_proposals(client)
    await merge(client)
    for accept in ("text/html", "application/json"):
        answer = await client.get("/propositions/T3-002", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["location"]) == (303, "/propositions/T3-001?de=T3-002")
    page = (await client.get("/propositions/T3-001?de=T3-002")).text
    assert "T3-002 a été fusionnée dans T3-001" in page
    assert "Propositions fusionnées dans celle-ci" in page
    assert "La même demande." in page
    for other in ("T3-003", "T3-001", "<b>"):
        assert "a été fusionnée" not in (await client.get(f"/propositions/T3-001?de={other}")).text
    answer = await client.get("/en/propositions/T3-002")
    assert answer.headers["location"] == "/en/propositions/T3-001?de=T3-002"


async def test_its_own_words_stay_readable(client: AsyncClient) -> None:
    await two_proposals(client)
    await merge(client)
    page = (await client.get("/propositions/T3-002/origine")).text
    assert "Recruter et embaucher des médiateurs" in page
    assert "Cette proposition a été fusionnée dans T3-001." in page
    assert "data-vote" not in page
    answer = await client.get("/propositions/T3-003/origine")
    assert (answer.status_code, answer.headers["location"]) == (303, "/propositions/T3-003")


async def test_once_unmerged_the_proposal_is_at_its_address_again(client: AsyncClient) -> None:
    await two_proposals(client)
    await merge(client)
    page = (await client.get("/propositions/T3-002/defusionner")).text
    assert "<h1>Défusionner T3-002 de T3-001</h1>" in whole_references(page)
    refused = await client.post("/propositions/T3-002/defusionner", data={"motif": ""})
    assert refused.status_code == 422
    answer = await client.post("/propositions/T3-002/defusionner", data=REASON)
    assert answer.headers["location"] == "/propositions/T3-002?fait=proposition-defusionnee"
    assert (await client.get("/propositions/T3-002")).status_code == 200
    assert "Propositions fusionnées dans celle-ci" not in (await client.get("/propositions/T3-001")).text
    assert (await client.post("/propositions/T3-002/defusionner", data=REASON)).status_code == 409
    assert (await client.get("/propositions/T3-002/defusionner")).status_code == 409


async def test_the_second_of_two_moderators_is_told_that_it_is_done(client: AsyncClient) -> None:
    await two_proposals(client)
    await merge(client)
    late = {"destination": "T3-003", **REASON}
    assert (await client.post("/propositions/T3-002/fusionner", data=late)).status_code == 409


async def test_a_voter_sees_where_their_vote_comes_from_until_they_vote_again(client: AsyncClient) -> None:
    moderator, voter = await two_proposals(client), await make_member("Une Votante")
    await sign_in(client, voter)
    await client.post("/propositions/T3-002/vote", data={"avis": "pour"})
    await sign_in(client, moderator)
    await merge(client)
    await sign_in(client, voter)
    assert "Votre vote vient de T3-002" in (await client.get("/propositions/T3-001")).text
    assert (await client.post("/propositions/T3-002/vote", data={"avis": "contre"})).status_code == 403
    await client.post("/propositions/T3-001/vote", data={"avis": "pour"})
    page = (await client.get("/propositions/T3-001")).text
    assert "Votre vote vient de" not in page
    assert 'value="pour" required checked' in page


def whole_references(page: str) -> str:
    """The page without the characters that keep a reference on one line."""
    return re.sub(r'<span class="reference">([^<]*)</span>', r"\1", page)


def without_history(page: str) -> str:
    """A page without the history, which shows an earlier merge and its undoing."""
    return re.sub(r'<h2 id="histoire">.*?</ol>', "", page, flags=re.DOTALL)


async def test_no_page_reveals_a_count_while_the_votes_are_sealed(client: AsyncClient) -> None:
    """The pages of two proposals are the same, to the letter, with and without votes."""
    moderator = await two_proposals(client)
    pages = (
        "/propositions/T3-002/fusionner",
        "/propositions/T3-002/fusionner?destination=T3-001",
        "/themes/3/doublons",
        "/themes/3/proches?mots=Embaucher+des+médiateurs",
    )
    after = ("/propositions/T3-001", "/propositions/T3-002/origine", "/propositions/T3-002/defusionner", "/themes/3")

    async def seen(*addresses: str) -> list[str]:
        await sign_in(client, moderator)
        return [without_history((await client.get(address)).text) for address in addresses]

    before = await seen(*pages)
    await merge(client)
    merged = await seen(*after)
    await client.post("/propositions/T3-002/defusionner", data=REASON)
    for name in ("Un Votant", "Deux Votants", "Trois Votants"):
        await sign_in(client, await make_member(name))
        assert (await client.post("/propositions/T3-002/vote", data={"avis": "pour"})).status_code == 303
    assert await seen(*pages) == before
    await merge(client)
    assert await seen(*after) == merged


async def test_after_the_close_nothing_is_offered_any_more(client: AsyncClient, clock: Clock) -> None:
    await two_proposals(client)
    await merge(client)
    clock.pass_(days=30)
    for address in ("/propositions/T3-002/defusionner", "/propositions/T3-001/fusionner", "/themes/3/doublons"):
        answer = await client.get(address)
        assert answer.status_code in (303, 403), address
    assert clock.now > NOON
    page = (await client.get("/propositions/T3-001")).text
    assert not re.search(r"fusionner\b", page)
    # Nor is anybody sent to vote where votes are over.
    merged = (await client.get("/propositions/T3-002/origine")).text
    assert "Ses votes comptent pour cette autre proposition." in merged
    assert not re.search(r"[Oo]n vote|l’on vote", merged)
