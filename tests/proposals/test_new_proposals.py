"""Proposals made through the forms, in a member’s own words or from a contribution, and withdrawn."""

import asyncio

import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.domain.proposals.new_proposals import LONGEST_WORDING, first_wording
from forum.models.members import Member
from forum.models.posts import Post, PostKind
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.text.quotes import digest
from tests.conftest import Clock
from tests.factories import (
    CONFIRMED,
    count,
    make_group,
    make_member,
    make_post,
    make_proposal,
    make_theme,
    make_thread,
    sign_in,
)

WORDS = "Il faut embaucher des médiateurs. Il faut aussi former les équipes.\n\nEt travailler avec la CAF."


async def a_post(source: str = WORDS, *, author: Member | None = None) -> tuple[Theme, Thread, Post]:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    return theme, thread, await make_post(thread, source, author=author)


async def a_moderator() -> Member:
    return await make_member("Nadia Berthier", moderates=[await make_group("gt-3")])


async def test_a_member_proposes_and_answers_a_question(client: AsyncClient) -> None:
    theme = await make_theme(3)
    member = await make_member()
    await sign_in(client, member)
    assert 'value="2" checked' in (await client.get("/themes/3/proposer?question=2")).text
    typed = {"formulation": "  Former\n les équipes  ", "expose_des_motifs": "Parce **que**.", "questions": ["1", "2"]}
    answer = await client.post("/themes/3/proposer", data=typed)
    assert answer.headers["location"].startswith("/propositions/T3-001")
    text = (await client.get("/propositions/T3-001")).text
    assert "<h1>Former les équipes</h1>" in text
    assert "<strong>que</strong>" in text
    assert "Quelles formations\u202f?" in text
    made = await Proposal.get()
    assert (made.author_id, made.origin, made.version) == (member.id, "member", 1)
    assert (await Theme.get(id=theme.id)).version > theme.version
    assert await count("proposal_version") == 1


async def test_a_proposal_sent_twice_is_made_once(client: AsyncClient, clock: Clock) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    words = {"formulation": "Former les équipes", "expose_des_motifs": "Parce que."}
    answers = await asyncio.gather(*(client.post("/themes/3/proposer", data=words) for _ in range(5)))
    assert {answer.headers["location"] for answer in answers} == {answers[0].headers["location"]}
    assert await count("proposal") == 1
    for other in ({"expose_des_motifs": "Pour une autre raison."}, {"questions": "2"}):
        await client.post("/themes/3/proposer", data=words | other)
        await client.post("/themes/3/proposer", data=words | other)
    assert await count("proposal") == 3
    clock.pass_(minutes=6)
    await client.post("/themes/3/proposer", data=words)
    assert await count("proposal") == 4


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"formulation": ""}, "Écrivez au moins un mot."),
        ({"formulation": "x" * 301}, "301 caractères, pour 300 au plus"),
        ({"formulation": "Bien", "expose_des_motifs": "x" * 20_001}, "20001 caractères"),
        ({"formulation": "Bien", "questions": "9"}, "n’existe pas dans ce thème"),
        ({"formulation": "Bien", "questions": "un"}, "Ce choix n’existe pas."),
        ({"formulation": "Bien", "expose_des_motifs": "{{citation 1@1 0-4}}"}, "ne contient pas de citation"),
    ],
)
async def test_a_refused_proposal_keeps_what_was_typed(
    client: AsyncClient, typed: dict[str, str], sentence: str
) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    answer = await client.post("/themes/3/proposer", data={"expose_des_motifs": "Mes motifs à garder.", **typed})
    assert answer.status_code == 422
    assert sentence in answer.text.replace("\u202f", "")
    assert typed.get("expose_des_motifs", "Mes motifs à garder.") in answer.text
    assert (await count("proposal"), (await Theme.get()).last_proposal_number) == (0, 0)


async def test_hostile_words_stay_words(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    evil = '<script>alert(1)</script>" onclick="x'
    await client.post(
        "/themes/3/proposer", data={"formulation": evil, "expose_des_motifs": f"{evil} [x](javascript:alert(1))"}
    )
    for address in ("/propositions/T3-001", "/themes/3/propositions"):
        text = (await client.get(address)).text
        assert "<script>alert" not in text
        assert 'href="javascript' not in text
        assert "&lt;script&gt;" in text


async def test_a_moderator_makes_several_proposals_of_one_post(client: AsyncClient) -> None:
    author = await make_member("Malik Diallo")
    _, thread, post = await a_post(author=author)
    moderator = await a_moderator()
    await sign_in(client, moderator)
    version = thread.version
    page = (await client.get(f"/contributions/{post.id}/proposer?mots=Il faut aussi former&pres=34")).text
    assert ">\nIl faut aussi former</textarea>" in page
    for mots in ("Il faut embaucher des médiateurs.", "Et travailler avec la CAF.", ""):
        typed = {"mots": mots, "formulation": f"Proposition {mots[:10]}", "questions": "1"}
        assert (await client.post(f"/contributions/{post.id}/proposer", data=typed)).status_code == 303
    made = await rows(
        "SELECT p.origin, p.author_id, p.promoter_id, e.revision, e.start, e.stop, e.sha256 FROM proposal p "
        "JOIN extract e ON e.id = p.extract_id ORDER BY p.number"
    )
    assert [each["origin"] for each in made] == ["extract", "extract", "post"]
    assert {(each["author_id"], each["promoter_id"], each["revision"]) for each in made} == {
        (author.id, moderator.id, 1)
    }
    assert [post.plain[each["start"] : each["stop"]] for each in made] == [
        "Il faut embaucher des médiateurs.",
        "Et travailler avec la CAF.",
        post.plain,
    ]
    assert all(each["sha256"] == digest(post.plain[each["start"] : each["stop"]]) for each in made)
    assert (await Thread.get(id=thread.id)).version == version + 3
    assert await count("journal_entry") == 3
    page = (await client.get("/propositions/T3-002")).text
    assert f"/contributions/{post.id}/revisions/1?de={made[1]['start']}&amp;a={made[1]['stop']}" in page
    assert "Malik Diallo" in page


async def test_the_words_of_a_proposal_survive_an_edit(client: AsyncClient) -> None:
    author = await make_member()
    _, _, post = await a_post(author=author)
    await sign_in(client, author)
    await client.post(
        f"/contributions/{post.id}/proposer", data={"mots": "embaucher des médiateurs", "formulation": "Oui"}
    )
    edited = await client.post(
        f"/contributions/{post.id}/modifier", data={"source": "Tout autre chose.", "version": "1"}
    )
    assert edited.status_code == 303
    assert "embaucher des médiateurs</p>" in " ".join((await client.get("/propositions/T3-001")).text.split()).replace(
        " </p>", "</p>"
    )


async def test_the_same_words_are_proposed_once(client: AsyncClient) -> None:
    _, _, post = await a_post()
    await sign_in(client, await a_moderator())
    typed = {"mots": "Il faut aussi former", "formulation": "Former"}
    assert (await client.post(f"/contributions/{post.id}/proposer", data=typed)).status_code == 303
    twice = await client.post(f"/contributions/{post.id}/proposer", data=typed)
    assert twice.headers["location"].startswith("/propositions/T3-001"), "a second press"
    again = await client.post(
        f"/contributions/{post.id}/proposer", data=typed | {"formulation": "Former tout le monde"}
    )
    assert again.status_code == 422
    assert "Ces mots sont déjà la proposition T3-001." in again.text
    assert '<a href="/propositions/T3-001">Lire la proposition T3-001</a>' in again.text
    assert (await count("proposal"), await count("extract"), (await Theme.get()).last_proposal_number) == (1, 1, 1)


async def test_words_that_are_not_in_the_post_are_refused_and_kept(client: AsyncClient) -> None:
    _, _, post = await a_post()
    await sign_in(client, await a_moderator())
    typed = {"mots": "Ces mots inventés", "formulation": "Une proposition"}
    answer = await client.post(f"/contributions/{post.id}/proposer", data=typed)
    assert answer.status_code == 422
    assert "ne se trouvent pas tels quels" in answer.text
    assert "Ces mots inventés" in answer.text
    assert "Une proposition" in answer.text
    asked = await client.get(f"/contributions/{post.id}/proposer?mots=Ces mots inventés&pres=-1")
    assert asked.status_code == 422
    assert await count("extract") == 0


async def test_an_instruction_never_becomes_a_proposal(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    post = await make_post(thread, kind=PostKind.INSTRUCTION)
    await sign_in(client, await a_moderator())
    assert (await client.get(f"/contributions/{post.id}/proposer")).status_code == 403
    answer = await client.post(f"/contributions/{post.id}/proposer", data={"formulation": "Non"})
    assert answer.status_code == 403
    assert await count("proposal") == 0


@pytest.mark.parametrize(
    ("words", "wording"),
    [
        ("• Une\nidée", "Une idée"),
        ("a" * 300, "a" * 300),
        ("a" * 301, "a" * 299 + "…"),
        ("mot " * 100, ("mot " * 74).rstrip() + "…"),
    ],
)
def test_a_first_wording_is_one_line_cut_at_a_word(words: str, wording: str) -> None:
    assert first_wording(words) == wording
    assert len(wording) <= LONGEST_WORDING


async def test_a_reference_is_never_used_again(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    for expected in ("T3-001", "T3-002"):
        answer = await client.post("/themes/3/proposer", data={"formulation": "Une idée"})
        assert expected in answer.headers["location"]
        await client.post(f"/propositions/{expected}/retirer", data=CONFIRMED)
    assert [each.number for each in await Proposal.all().order_by("number")] == [1, 2]


async def test_withdrawing_a_proposal_asks_for_a_confirmation(client: AsyncClient) -> None:
    member = await make_member()
    await make_proposal(await make_theme(3), author=member)
    await sign_in(client, member)
    answer = await client.post("/propositions/T3-001/retirer")
    assert answer.status_code == 422
    assert "Cochez la case pour confirmer." in answer.text
    assert (await Proposal.get()).state is ProposalState.OPEN


async def test_a_proposal_that_was_voted_on_can_no_longer_be_withdrawn(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="closed")
    author = await make_member()
    await make_proposal(theme, author=author)
    await sign_in(client, author)
    answer = await client.post("/propositions/T3-001/retirer", data=CONFIRMED)
    assert answer.status_code == 403
    assert "une proposition jugée ne se retire plus" in answer.text
    assert (await Proposal.get()).state is ProposalState.OPEN
    assert "Retirer ma proposition" not in (await client.get("/propositions/T3-001")).text


async def test_only_its_author_withdraws_a_proposal_while_contributions_are_open(
    client: AsyncClient, clock: Clock
) -> None:
    theme = await make_theme(3)
    author = await make_member("Autrice Une")
    await make_proposal(theme, author=author)
    await sign_in(client, await make_member())
    assert (await client.post("/propositions/T3-001/retirer", data=CONFIRMED)).status_code == 403
    assert theme.contributions_close_at is not None
    clock.now = theme.contributions_close_at
    await sign_in(client, author, now=clock.now)
    assert (await client.post("/propositions/T3-001/retirer", data=CONFIRMED)).status_code == 403
    assert (await Proposal.get()).state is ProposalState.OPEN
