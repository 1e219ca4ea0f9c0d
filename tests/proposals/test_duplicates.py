"""Proposals that may ask for the same: shown to a person who proposes, without blocking; to moderators, in pairs."""

import random
import re
import time

from httpx2 import AsyncClient

from forum.domain.proposals import duplicates
from forum.domain.themes.themes import find_theme
from forum.models.members import Member
from forum.models.proposals import Origin, Proposal, ProposalState
from forum.models.themes import Theme
from forum.text.pairs import alike, marked
from forum.text.similarity import fingerprint
from tests.factories import count, make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in

NEAR = "Embaucher des médiateurs numériques"


async def some_proposals() -> Member:
    """T3-001 and T3-002 are similar, T3-003 is not, T3-004 is withdrawn; returns the moderator."""
    group = await make_group("gt-3")
    theme = await make_theme(3, group=group)
    author = await make_member("Une Autrice")
    for wording in (NEAR, "Recruter et embaucher des médiateurs numériques", "Ouvrir le samedi"):
        await make_proposal(theme, wording, author=author)
    await make_proposal(theme, NEAR, state=ProposalState.WITHDRAWN)
    return await make_member("Nadia Berthier", moderates=[group])


def references(page: str) -> list[str]:
    return re.findall(r'<a href="/propositions/(T3-\d+)">T3', page)


async def test_a_member_sees_similar_proposals_and_goes_on(client: AsyncClient) -> None:
    await some_proposals()
    await sign_in(client, await make_member())
    typed = {"formulation": "embaucher un médiateur numérique", "expose_des_motifs": "Mes motifs", "questions": "2"}
    page = await client.post("/themes/3/proposer", data={**typed, "acte": "proches"})
    assert page.status_code == 200
    assert sorted(references(page.text)) == ["T3-001", "T3-002"]
    assert "embaucher, médiateur, numérique" in page.text
    assert "Mes motifs" in page.text
    assert re.search(r'value="2" checked', page.text)
    assert await count("proposal") == 4
    assert (await client.post("/themes/3/proposer", data=typed)).status_code == 303
    page = await client.get("/propositions/T3-005")
    assert sorted(references(page.text.partition("Propositions proches de la vôtre")[2])) == ["T3-001", "T3-002"]
    await sign_in(client, await make_member("Un Lecteur"))
    assert "Propositions proches" not in (await client.get("/propositions/T3-005")).text


async def test_what_a_meeting_proposed_has_no_unknown_author(client: AsyncClient) -> None:
    moderator = await some_proposals()
    await Proposal.filter(number=2).update(author_id=None, origin=Origin.MEETING)
    await sign_in(client, moderator)
    for address in ("proches?mots=embaucher+un+médiateur", "doublons"):
        page = (await client.get(f"/themes/3/{address}")).text
        assert "Groupe de travail" in page, address
        assert "Auteur non connu" not in page, address
    page = (await client.get("/propositions/T3-002/fusionner?destination=T3-001")).text
    assert "Groupe de travail" in page
    await client.post("/propositions/T3-002/fusionner", data={"destination": "T3-001", "motif": "La même"})
    page = (await client.get("/propositions/T3-001")).text
    assert "Groupe de travail" in page.partition("Propositions fusionnées dans celle-ci")[2]


async def test_similar_proposals_are_shown_when_proposing_from_a_contribution(client: AsyncClient) -> None:
    await some_proposals()
    member = await make_member()
    post = await make_post(
        await make_thread(await Theme.get(number=3)), "Il faut embaucher des médiateurs.", author=member
    )
    await sign_in(client, member)
    typed = {"formulation": "embaucher des médiateurs", "mots": "embaucher des médiateurs", "acte": "proches"}
    page = await client.post(f"/contributions/{post.id}/proposer", data=typed)
    assert page.status_code == 200
    assert "T3-001" in references(page.text)
    assert await count("proposal") == 4


async def test_everybody_may_ask_for_similar_proposals_as_a_page_or_as_a_fragment(client: AsyncClient) -> None:
    await some_proposals()
    address = "/themes/3/proches?mots=embaucher+des+médiateurs"
    page = await client.get(address)
    assert "<h1>Propositions proches</h1>" in page.text
    piece = await client.get(address, headers={"X-Fragment": "proches"})
    assert "<html" not in piece.text
    assert sorted(references(piece.text)) == sorted(references(page.text)) == ["T3-001", "T3-002"]
    for nothing in ("", "?mots=", "?mots=des+le+la", "?mots=%00", "?mots=" + "x" * 1900):
        assert references((await client.get(f"/themes/3/proches{nothing}")).text) == []
    assert (await client.get("/themes/4/proches?mots=x")).status_code == 404


async def test_five_at_most_and_one_answer_for_each_text(database: object) -> None:
    theme = await make_theme(3)
    for number in range(7):
        await make_proposal(theme, f"{NEAR} {number}")
    found = await duplicates.nearest(await find_theme(3), [NEAR, "", "Tout autre chose"])
    assert [[each.reference for each in one] for one in found] == [[f"T3-00{n}" for n in range(1, 6)], [], []]
    assert found[0][0].common == ("Embaucher", "médiateurs", "numériques")


async def test_a_moderator_tells_two_apart_and_compares_them_again(client: AsyncClient) -> None:
    await sign_in(client, await some_proposals())
    assert "/themes/3/doublons" in (await client.get("/themes/3")).text
    page = (await client.get("/themes/3/doublons")).text
    assert references(page) == ["T3-001", "T3-002"]
    assert "<mark>médiateurs</mark>" in page
    assert "/propositions/T3-002/fusionner?destination=T3-001" in page
    pair = {"proposition": "T3-002", "autre": "T3-001"}
    for _ in range(2):
        answer = await client.post("/themes/3/doublons", data={**pair, "acte": "distinguer"})
        assert answer.headers["location"] == "/themes/3/doublons?fait=propositions-differentes"
    page = (await client.get("/themes/3/doublons")).text
    assert "/fusionner" not in page
    assert "Jugées différentes" in page
    assert await count("distinction") == await count("journal_entry") == 1
    await client.post("/themes/3/doublons", data={**pair, "acte": "comparer"})
    page = (await client.get("/themes/3/doublons")).text
    assert "Jugées différentes" not in page
    assert "/propositions/T3-002/fusionner?destination=T3-001" in page


async def test_what_is_no_pair_is_refused(client: AsyncClient) -> None:
    await sign_in(client, await some_proposals())
    await make_proposal(await make_theme(4), NEAR)
    for une, autre in (("T3-001", "T3-001"), ("T3-001", "T3-099"), ("T3-001", "T4-001"), ("", "x")):
        answer = await client.post(
            "/themes/3/doublons", data={"proposition": une, "autre": autre, "acte": "distinguer"}
        )
        assert answer.status_code == 422
        assert "deux propositions de ce thème" in answer.text
    assert await count("distinction") == 0


def test_pairs_come_most_similar_first_and_each_once() -> None:
    texts = [NEAR, "Ouvrir le samedi", "Embaucher des médiateurs numériques en CDI", NEAR, "Ouvrir la bibliothèque"]
    assert alike([fingerprint(text) for text in texts], most=3) == [(0, 3), (0, 2), (2, 3)]
    assert alike([], most=3) == []


def test_common_words_are_marked_in_place() -> None:
    assert marked("Former les médiateurs, vite !", fingerprint("un médiateur")) == (
        ("Former les ", False),
        ("médiateurs", True),
        (", vite !", False),
    )
    assert marked("", fingerprint("un médiateur")) == ()


def test_ten_thousand_wordings_are_compared_in_bounded_time() -> None:
    """Whether all their words come from a few hundred, or from only eight."""
    drawn = random.Random(4)  # not a secret
    for known, length in ((600, 12), (8, 4)):
        words = [f"{drawn.choice('bcdfg')}a{number}rer" for number in range(known)]
        prints = [fingerprint(" ".join(drawn.sample(words, length))) for _ in range(10_000)]
        began = time.process_time()
        assert len(alike(prints, most=50)) <= 50
        assert time.process_time() - began < 20
