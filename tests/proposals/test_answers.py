"""The administration answers: who, when, which proposals; what the page then shows, who is notified, the state."""

import re
from asyncio import gather
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.models.members import Member, Role
from forum.models.posts import Post
from forum.models.proposals import Extract, Proposal, ProposalState
from forum.models.themes import Theme
from forum.models.votes import Ballot
from forum.ranking.tallies import Opinion
from tests.conftest import NOON, visitor
from tests.factories import (
    Window,
    count,
    make_group,
    make_member,
    make_post,
    make_proposal,
    make_theme,
    make_thread,
    sign_in,
)

ANSWER = "/propositions/T3-001/repondre"
REPLY = {
    "vu": "0",
    "decision": "retenue",
    "motif": "Elle répond à un besoin réel.\n\nNous la finançons dès l’an prochain.",
    "service": "Service du livre et de la lecture",
    "decide_le": "2026-11-20",
}


async def closed_theme(*, contributions: Window = "closed", votes: Window = "closed") -> Theme:
    return await make_theme(3, contributions=contributions, votes=votes)


async def make_agent(name: str = "Agnès Agent") -> Member:
    return await make_member(name, role=Role.AGENT)


async def vote(proposal: Proposal, *voters: Member) -> None:
    for voter in voters:
        await Ballot.create(proposal=proposal, voter=voter, opinion=Opinion.FOR, proposal_version=1, cast_at=NOON)


async def extract_of(post: Post, *, proposal: Proposal | None = None, words: str = "") -> Extract:
    """The first words of a contribution, or these ones of it."""
    start = post.plain.index(words)
    stop = start + len(words or post.plain)
    return await Extract.create(
        post=post, revision=1, start=start, stop=stop, sha256="0" * 64, proposal=proposal, created_at=NOON
    )


async def told(event: str) -> list[int]:
    found = await rows("SELECT member_id FROM notification WHERE event = $1 ORDER BY member_id", event)
    return [each["member_id"] for each in found]


def plain(text: str) -> str:
    """The text of a page, without tags or runs of white space."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub(r"<[^>]+>", "", text))


async def test_an_agent_answers_and_everybody_reads_it(app: Starlette, client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    await sign_in(client, await make_agent())
    form = await client.get(ANSWER)
    assert form.status_code == 200
    assert 'value="2026-11-23"' in form.text  # noon of the tests, in Paris
    answer = await client.post(ANSWER, data=REPLY)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/propositions/T3-001?fait=reponse-publiee#reponse"
    async with visitor(app) as other:
        page = (await other.get("/propositions/T3-001")).text
    assert '<p class="decision" id="reponse-1">\n        Retenue' in page
    assert "<p>Elle répond à un besoin réel.</p>" in page
    assert "<p>Nous la finançons dès l’an prochain.</p>" in page
    assert "Service du livre et de la lecture, le 20 novembre 2026" in plain(page)
    assert "L’administration a répondu." in page
    assert "Remplacer la réponse" not in page


@pytest.mark.parametrize(
    ("decision", "word", "state"),
    [
        ("retenue", "Retenue", "retained"),
        ("partiellement", "Partiellement retenue", "retained"),
        ("non retenue", "Non retenue", "open"),
        ("etude", "À l’étude", "open"),
    ],
)
async def test_each_decision_has_its_word_and_its_state(
    client: AsyncClient, decision: str, word: str, state: str
) -> None:
    proposal = await make_proposal(await closed_theme())
    await sign_in(client, await make_agent())
    assert (await client.post(ANSWER, data={**REPLY, "decision": decision})).status_code == 303
    page = (await client.get("/propositions/T3-001")).text
    found = re.search(r'<p class="decision" id="reponse-1">\s*(.*?)\s*</p>', page)
    assert found
    assert found[1] == word
    await proposal.refresh_from_db()
    assert proposal.state == state


async def test_a_new_answer_takes_the_place_of_the_former_which_stays_readable(client: AsyncClient) -> None:
    proposal = await make_proposal(await closed_theme())
    await sign_in(client, await make_agent())
    await client.post(ANSWER, data=REPLY)
    second = {**REPLY, "vu": "1", "decision": "non retenue", "motif": "Le budget n’a pas été voté."}
    assert (await client.post(ANSWER, data=second)).status_code == 303
    page = plain((await client.get("/propositions/T3-001")).text)
    assert page.index("Le budget n’a pas été voté.") < page.index("Réponses antérieures")
    assert page.index("Réponses antérieures") < page.index("Elle répond à un besoin réel.")
    # The history leads to each answer, whichever counts.
    whole = (await client.get("/propositions/T3-001")).text
    history = whole[whole.index('id="histoire"') :]
    assert re.findall(r'href="#(reponse-\d)"', history) == ["reponse-1", "reponse-2"]
    for number, words in ((1, "Elle répond à un besoin réel."), (2, "Le budget n’a pas été voté.")):
        assert words in whole[whole.index(f'id="reponse-{number}"') :][:900]
    await proposal.refresh_from_db()
    assert proposal.state is ProposalState.OPEN
    journal = await rows("SELECT before, after, reason FROM journal_entry WHERE act = 'answer_proposal' ORDER BY id")
    assert [(each["before"], each["after"]) for each in journal] == [("", "retenue"), ("retenue", "non retenue")]
    assert journal[1]["reason"] == "Le budget n’a pas été voté."


async def test_what_is_done_stays_done_when_it_is_retained_once_more(client: AsyncClient) -> None:
    await make_proposal(await closed_theme(), state=ProposalState.DONE)
    await sign_in(client, await make_agent())
    for seen, decision, state in (("0", "retenue", "done"), ("1", "etude", "open"), ("2", "partiellement", "retained")):
        await client.post(ANSWER, data={**REPLY, "vu": seen, "decision": decision})
        assert [each["state"] for each in await rows("SELECT state FROM proposal")] == [state]


async def test_only_agents_answer(client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    await sign_in(client, await make_member("Modeste", moderates=[await make_group("gt-3")]))
    for answer in (await client.get(ANSWER), await client.post(ANSWER, data=REPLY)):
        assert answer.status_code == 403
        assert "Seuls les agents de l’administration répondent aux propositions." in answer.text
    assert "Elle répond à un besoin réel." in answer.text  # the form shows again what was typed
    assert await count("answer") == 0
    await sign_in(client, await make_member("Adèle", role=Role.ADMINISTRATOR))
    assert (await client.post(ANSWER, data=REPLY)).status_code == 303


@pytest.mark.parametrize(
    ("contributions", "votes", "sentence"),
    [
        ("closed", "open", "L’administration répond une fois les votes clos."),
        ("open", "later", "L’administration répond une fois les votes clos."),
        ("open", "unset", "L’administration répond une fois les contributions closes."),
        ("closed", "unset", ""),
        ("open", "closed", ""),
    ],
)
async def test_the_administration_answers_once_contributions_and_votes_are_over(
    client: AsyncClient, contributions: Window, votes: Window, sentence: str
) -> None:
    await make_proposal(await closed_theme(contributions=contributions, votes=votes))
    await sign_in(client, await make_agent())
    answer = await client.post(ANSWER, data=REPLY)
    assert answer.status_code == (403 if sentence else 303)
    assert sentence in answer.text
    assert await count("answer") == (0 if sentence else 1)
    page = (await client.get("/propositions/T3-001")).text
    assert ('id="reponse"' in page) is not bool(sentence)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (
            ProposalState.MERGED,
            "Cette proposition est fusionnée : c’est à l’autre que l’administration répond.",
        ),
        (ProposalState.WITHDRAWN, "Cette proposition est retirée : elle n’appelle plus de réponse."),
        (ProposalState.SET_ASIDE, "Cette proposition est écartée : elle n’appelle plus de réponse."),
    ],
)
async def test_what_is_no_longer_asked_for_is_not_answered(
    client: AsyncClient, state: ProposalState, sentence: str
) -> None:
    await make_proposal(await closed_theme(), state=state)
    await sign_in(client, await make_agent())
    answer = await client.post(ANSWER, data=REPLY)
    assert answer.status_code == 403
    assert sentence in plain(answer.text)
    assert await count("answer") == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"decision": ""}, "Choisissez l’une des quatre réponses."),
        ({"decision": "peut-être"}, "Choisissez l’une des quatre réponses."),
        ({"motif": "  "}, "Dites pourquoi"),
        ({"motif": "x" * 5001}, "Ce texte est trop long"),
        ({"service": ""}, "Indiquez le service qui répond."),
        ({"decide_le": ""}, "Indiquez le jour de la décision."),
        ({"decide_le": "hier"}, "Indiquez un jour"),
        ({"decide_le": "2026-11-24"}, "La décision ne peut pas être datée d’un jour à venir."),
        ({"engagement-1": "Former"}, "Indiquez une échéance."),
        ({"echeance-2": "2027-01-01"}, "Dites à quoi l’administration s’engage."),
        ({"engagement-1": "Former", "echeance-1": "2026-11-22"}, "L’échéance ne peut pas être un jour passé."),
    ],
)
async def test_an_answer_that_lacks_something_is_refused_and_kept(
    client: AsyncClient, changed: dict[str, str], sentence: str
) -> None:
    await make_proposal(await closed_theme())
    await sign_in(client, await make_agent())
    answer = await client.post(ANSWER, data={**REPLY, **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    if "service" not in changed:
        assert 'value="Service du livre et de la lecture"' in answer.text
    assert (await count("answer"), await count("obligation"), await count("notification")) == (0, 0, 0)


async def test_of_two_agents_the_second_reads_the_first_and_keeps_their_words(client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    await sign_in(client, await make_agent("Première"))
    await client.post(ANSWER, data=REPLY)
    await sign_in(client, await make_agent("Seconde"))
    late = {**REPLY, "decision": "etude", "motif": "Ce que la seconde a tapé."}
    answer = await client.post(ANSWER, data=late)
    assert answer.status_code == 409
    assert "Un autre agent a répondu entre-temps" in answer.text
    assert "Elle répond à un besoin réel." in answer.text
    assert "Ce que la seconde a tapé." in answer.text
    assert 'name="vu" value="1"' in answer.text
    assert await count("answer") == 1
    assert (await client.post(ANSWER, data={**late, "vu": "1"})).status_code == 303
    assert await count("answer") == 2


async def test_of_two_agents_at_once_one_is_refused(app: Starlette, database: object) -> None:
    await make_proposal(await closed_theme())
    async with AsyncExitStack() as stack:
        desks = []
        for name in ("Première", "Seconde", "Troisième"):
            desks.append(await stack.enter_async_context(visitor(app)))
            await sign_in(desks[-1], await make_agent(name))
        answers = await gather(*(desk.post(ANSWER, data=REPLY) for desk in desks))
    assert sorted(each.status_code for each in answers) == [303, 409, 409]
    assert await count("answer") == 1


async def everybody_concerned(theme: Theme) -> tuple[Proposal, Sequence[Member], Member]:
    """A proposal with another merged into it, the people concerned by its answer, and somebody who is not."""
    author, voter, merged_author, merged_voter, writer = [
        await make_member(name) for name in ("Auteure", "Votante", "Auteur Réuni", "Votant Réuni", "Source")
    ]
    stranger = await make_member("Étranger")
    proposal = await make_proposal(theme, author=author)
    merged = await make_proposal(theme, "La même", author=merged_author, state=ProposalState.MERGED)
    await rows("UPDATE proposal SET merged_into_id = $1 WHERE id = $2", proposal.id, merged.id)
    other = await make_proposal(theme, "Une autre", author=stranger)
    await vote(proposal, voter, author)
    await vote(merged, merged_voter)
    await vote(other, stranger)
    post = await make_post(await make_thread(theme), author=writer)
    await extract_of(post, proposal=proposal)
    return proposal, (author, voter, merged_author, merged_voter, writer), stranger


async def test_people_concerned_by_an_answer_are_notified_once_of_each(client: AsyncClient) -> None:
    _, concerned, stranger = await everybody_concerned(await closed_theme())
    await sign_in(client, await make_agent())
    await client.post(ANSWER, data=REPLY)
    assert await told("answered") == sorted(member.id for member in concerned)
    await client.post(ANSWER, data={**REPLY, "vu": "1", "decision": "etude"})
    assert await told("answered") == sorted([member.id for member in concerned] * 2)
    await sign_in(client, concerned[1])
    page = (await client.get("/notifications")).text
    assert page.count("L’administration a répondu à T3-001") == 2
    await sign_in(client, stranger)
    assert "L’administration répond" not in (await client.get("/notifications")).text


async def test_the_list_kept_ready_follows_the_answer(app: Starlette, client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    await sign_in(client, await make_agent())
    async with visitor(app) as other:
        before = (await other.get("/themes/3/propositions")).text
        await client.post(ANSWER, data=REPLY)
        after = (await other.get("/themes/3/propositions")).text
    assert "Retenue." not in before
    assert "Retenue." in after


async def test_the_journal_says_the_answer_in_words(client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    await sign_in(client, await make_agent())
    await client.post(ANSWER, data={**REPLY, "decision": "partiellement"})
    page = plain((await client.get("/journal")).text)
    assert "a répondu à une proposition pour l’administration" in page
    assert "partiellement retenue" in page


async def test_an_answer_reads_in_english(client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    await sign_in(client, await make_agent())
    form = {**REPLY, "decide_le": str((NOON - timedelta(days=1)).date())}
    await client.post(ANSWER, data=form)
    page = (await client.get("/en/propositions/T3-001")).text
    assert "Answer of the administration" in page
