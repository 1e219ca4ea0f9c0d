"""« Que sont devenues mes contributions ? »: the exact fate of each thing that a member wrote, and of nobody else's."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.models.members import Member
from forum.models.posts import Outcome, Post, PostKind, Treatment
from forum.models.proposals import Nature, Proposal, ProposalState
from forum.models.themes import Theme, Voting
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.proposals.test_answers import REPLY, closed_theme, extract_of, make_agent, plain, vote
from tests.turning import turn

PAGE = "/compte/contributions"


async def treat(post: Post, outcome: Outcome, reason: str = "") -> None:
    await Treatment.create(post=post, outcome=outcome, revision=1, reason=reason, treated_at=NOON - timedelta(days=2))


async def read(client: AsyncClient, member: Member) -> str:
    """What the member reads about what became of their words."""
    await sign_in(client, member)
    answer = await client.get(PAGE)
    assert answer.status_code == 200
    return plain(answer.text[answer.text.index("<h1") :])


async def test_a_visitor_signs_in_first(client: AsyncClient) -> None:
    answer = await client.get(PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/connexion?suite=")


async def test_a_member_who_wrote_nothing_is_told_what_the_page_will_show(client: AsyncClient) -> None:
    await sign_in(client, await make_member())
    page = (await client.get(PAGE)).text
    assert "Vous n’avez encore rien écrit." in page
    assert f'href="{PAGE}" aria-current="page"' in page
    assert f'href="{PAGE}"' in (await client.get("/notifications")).text


async def test_each_reading_has_its_own_words(client: AsyncClient) -> None:
    member = await make_member()
    thread = await make_thread(await make_theme(3), "Le fil des médiateurs")
    cases = {
        "Pas encore lue": "L’animation du groupe ne l’a pas encore traitée.",
        "Lue": "L’animation du groupe l’a lue et traitée le 21 novembre 2026.",
        "Sans suite": "l’a lue le 21 novembre 2026 et n’y donne pas de suite. Raison : Hors sujet.",
        "Modifiée": "Vous l’avez modifiée depuis cette lecture.",
        "Entamée": "L’animation du groupe n’a pas fini de la traiter.",
    }
    posts = {words: await make_post(thread, words, author=member) for words in cases}
    await make_post(thread, "Consigne", author=member, kind=PostKind.INSTRUCTION)
    await treat(posts["Lue"], Outcome.TREATED)
    await treat(posts["Sans suite"], Outcome.NO_FOLLOW_UP, "Hors sujet.")
    await treat(posts["Modifiée"], Outcome.TREATED)
    await rows("UPDATE post SET revision = 2 WHERE id = $1", posts["Modifiée"].id)
    await extract_of(posts["Entamée"])
    page = await read(client, member)
    assert "C’est un message de l’organisation" in page
    parts = {
        part.partition("médiateurs ")[2].split(" L’animation")[0]: part for part in page.split("Votre contrib")[1:]
    }
    for words, sentence in cases.items():
        assert sentence in parts[words], words
    assert page.index("Consigne") < page.index("Entamée") < page.index("Pas encore lue")


async def test_what_is_drawn_from_a_contribution_is_said_with_what_it_speaks_for(client: AsyncClient) -> None:
    theme = await make_theme(3)
    member = await make_member()
    proposal = await make_proposal(theme, "Former les agents", author=await make_member("Autre"))
    post = await make_post(await make_thread(theme), "Il manque du temps. Formons les agents.", author=member)
    await extract_of(post, words="Il manque du temps.")
    problem = await extract_of(post, proposal=proposal, words="Formons les agents.")
    problem.nature = Nature.ARGUMENT_FOR
    await problem.save(update_fields=["nature"])
    page = await read(client, member)
    assert "2 passages en ont été tirés :" in page
    assert "Il manque du temps. : solution, pas encore rattaché à une proposition." in page
    assert "Formons les agents. : argument pour, pour la proposition T3-001." in page
    assert "T3-001 Former les agents" in page
    assert "Elle est soumise au vote en ce moment." in page


async def judged(theme: Theme, author: Member) -> tuple[Proposal, Sequence[Member]]:
    """A proposal of the author that is the second of two, and its voters."""
    voters = [await make_member(f"Votant {letter}") for letter in "abc"]
    first, own = await make_proposal(theme, "La première"), await make_proposal(theme, "La leur", author=author)
    await vote(first, *voters)
    await vote(own, *voters[:2])
    return own, voters


async def test_nothing_of_a_sealed_vote_is_shown_before_its_close(client: AsyncClient, clock: Clock) -> None:
    member = await make_member()
    await judged(await make_theme(3), member)
    page = await read(client, member)
    assert "Votre proposition du 23 novembre 2026" in page
    assert "Elle est soumise au vote en ce moment." in page
    assert not re.search(r"rang|\d pour|L’administration", page)
    await rows("UPDATE theme SET votes_close_at = $1", NOON + timedelta(hours=1))
    clock.pass_(hours=2)
    page = await read(client, member)
    assert "Au terme du vote, T3-002 est au rang 2 sur 2 : 2 pour, 0 abstention, 0 contre." in page
    assert "L’administration n’a pas encore répondu à cette proposition." in page


@pytest.mark.parametrize(("voters", "words"), [(1, "1 soutien"), (3, "3 soutiens")])
async def test_supports_are_told_as_supports(client: AsyncClient, voters: int, words: str) -> None:
    """Who does not support neither abstains nor is against."""
    theme = await closed_theme()
    await Theme.filter(id=theme.id).update(voting=Voting.APPROVAL)
    member = await make_member()
    proposal = await make_proposal(theme, author=member)
    await vote(proposal, *[await make_member(f"Votant {number}") for number in range(voters)])
    page = await read(client, member)
    assert f"Au terme du vote, T3-001 est au rang 1 sur 1 : {words}." in page
    assert "abstention" not in page


async def test_the_answer_and_its_obligations_are_shown_with_the_proposal(client: AsyncClient) -> None:
    member = await make_member()
    await judged(await closed_theme(), member)
    await sign_in(client, await make_agent())
    form = {**REPLY, "decision": "partiellement", "engagement-1": "Former", "echeance-1": "2026-12-01"}
    assert (await client.post("/propositions/T3-002/repondre", data=form)).status_code == 303
    page = await read(client, member)
    answer = "L’administration répond : Partiellement retenue (Service du livre et de la lecture, le 20 novembre 2026)."
    assert answer in page
    assert "Elle s’est engagée : Former Échéance le 1er décembre 2026." in page
    assert "n’a pas encore répondu" not in page


async def test_a_merged_proposal_leads_to_the_result_and_the_answer_of_the_other(client: AsyncClient) -> None:
    theme = await closed_theme()
    own, _ = await judged(theme, await make_member("Une Autre"))
    member = await make_member()
    merged = await make_proposal(theme, "La même", author=member, state=ProposalState.MERGED)
    await rows("UPDATE proposal SET merged_into_id = $1 WHERE id = $2", own.id, merged.id)
    await sign_in(client, await make_agent())
    await client.post("/propositions/T3-002/repondre", data=REPLY)
    page = await read(client, member)
    assert (
        "T3-003 La même Elle est fusionnée dans une autre proposition, qui porte désormais la demande : T3-002" in page
    )
    assert "Au terme du vote, T3-002 est au rang 2 sur 2" in page
    assert "L’administration répond : Retenue" in page


async def test_what_left_the_vote_is_shown_with_its_reason(client: AsyncClient) -> None:
    theme = await closed_theme()
    member = await make_member()
    aside = await make_proposal(theme, "Écartée", author=member, state=ProposalState.SET_ASIDE)
    gone = await make_proposal(theme, "Retirée", author=member, state=ProposalState.WITHDRAWN)
    better = await make_proposal(theme, "La meilleure")
    await rows("UPDATE proposal SET state_reason = 'Hors du thème.' WHERE id = $1", aside.id)
    await rows("UPDATE proposal SET in_favour_of_id = $1 WHERE id = $2", better.id, gone.id)
    page = await read(client, member)
    assert "L’animation du groupe l’a écartée. Raison : Hors du thème." in page
    assert "Elle est retirée. Une autre lui est préférée : T3-003 La meilleure" in page
    assert "Au terme du vote" not in page


async def test_a_proposal_under_the_quorum_is_marked_as_such(client: AsyncClient) -> None:
    member = await make_member()
    theme = await make_theme(3, contributions="closed", votes="closed", quorum=5)
    await judged(theme, member)
    assert "Trop peu de personnes ont voté sur T3-002 pour la classer : 2 pour" in await read(client, member)


async def test_a_proposal_made_of_a_members_words_is_listed_under_them_and_only_there(client: AsyncClient) -> None:
    theme = await make_theme(3)
    member = await make_member()
    post = await make_post(await make_thread(theme), "Formons les agents.", author=member)
    made = await make_proposal(theme, "Former les agents", author=member)
    extract = await extract_of(post)
    await rows("UPDATE proposal SET extract_id = $1 WHERE id = $2", extract.id, made.id)
    page = await read(client, member)
    assert page.count("T3-001 Former les agents") == 1
    assert "Formons les agents. : solution, pour la proposition T3-001." in page
    assert "Votre proposition du" not in page


async def test_members_read_only_their_own_and_no_drafts(app: Starlette, client: AsyncClient) -> None:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    one, other = await make_member("Une Personne"), await make_member("Deux Personnes")
    await make_post(thread, "Les mots de la première.", author=one)
    post = await make_post(thread, "Les mots de la seconde.", author=other)
    await treat(post, Outcome.NO_FOLLOW_UP, "Une raison pour elle seule.")
    await make_proposal(theme, "La proposition de la seconde", author=other)
    draft = await make_proposal(theme, "Un brouillon", author=one, state=ProposalState.DRAFT)
    await rows("UPDATE proposal SET number = -1 WHERE id = $1", draft.id)
    async with visitor(app) as browser:
        page = await read(browser, one)
    assert "Les mots de la première." in page
    for words in ("la seconde", "pour elle seule", "Un brouillon"):
        assert words not in page
    assert "Une raison pour elle seule." in await read(client, other)


async def test_the_pages_follow_one_another_without_loss(client: AsyncClient) -> None:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    member = await make_member()
    for number in range(25):
        await make_post(thread, f"Contribution numéro {number}.", author=member)
        if number % 5 == 0:
            await make_proposal(theme, f"Proposition numéro {number}.", author=member)
    await sign_in(client, member)
    first, second = await turn(
        client, PAGE, lambda page: re.findall(r"(?:Contribution|Proposition) numéro \d+\.", page)
    )
    assert (len(first), len(second)) == (20, 10)
    assert len({*first, *second}) == 30
    other = await make_post(thread, "D’une autre.", author=await make_member("Une Autre"))
    for wrong in (f"contribution-{other.id}", "x", "20261123T120000~0", f"20261123T120000~{10**9}9~1"):
        page = (await client.get(f"{PAGE}?apres={wrong}")).text
        assert first[0] in page, wrong
        assert "D’une autre." not in page
