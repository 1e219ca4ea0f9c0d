"""Proposals as people read them: listed impartially, ranked once the votes are over, each on its own page."""

import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.domain.votes import standings
from forum.models.members import Role
from forum.models.themes import GuidingQuestion
from forum.models.votes import Ballot
from forum.permissions import COUNTING
from forum.ranking.orders import net_support
from forum.ranking.tallies import Opinion, Tally
from tests.conftest import NOON, Clock, visitor
from tests.factories import CONFIRMED, make_member, make_proposal, make_theme, sign_in
from tests.statements import heard


def references(text: str) -> list[str]:
    """The references of a list page, in the order of its articles."""
    return re.findall(r'<article class="(?:proposal|result) noted" id="(T3-\d+)"', text)


async def test_a_withdrawn_proposal_stays_readable_and_apart(client: AsyncClient) -> None:
    theme = await make_theme(3)
    member = await make_member()
    await make_proposal(theme, "À retirer", author=member)
    await sign_in(client, member)
    assert (await client.post("/propositions/T3-001/retirer", data=CONFIRMED)).status_code == 303
    text = (await client.get("/themes/3/propositions")).text
    assert references(text) == []
    assert "Propositions retirées" in text
    assert "Cette proposition est retirée." in (await client.get("/propositions/T3-001")).text


async def test_the_order_of_a_vote_is_stable_and_different_for_each_person(app: Starlette, client: AsyncClient) -> None:
    theme = await make_theme(3)
    for number in range(12):
        await make_proposal(theme, f"Idée {number}")
    orders = []
    for name in ("Une Personne", "Deux Personnes", "Trois Personnes"):
        await sign_in(client, await make_member(name))
        seen = [references((await client.get("/themes/3/propositions")).text) for _ in range(2)]
        assert seen[0] == seen[1]
        orders.append(tuple(seen[0]))
    async with visitor(app) as other:
        orders.append(tuple(references((await other.get("/themes/3/propositions")).text)))
    assert len(set(orders)) == 4
    assert len({frozenset(order) for order in orders}) == 1


async def test_visitors_see_another_order_each_day(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    for number in range(12):
        await make_proposal(theme, f"Idée {number}")
    today = await client.get("/themes/3/propositions")
    clock.pass_(hours=1)
    etag = today.headers["etag"]
    for held, status in (
        (etag, 304),
        (f'"autre", W/{etag}', 304),
        ("*", 304),
        (f'"x{etag[1:]}', 200),
        (etag.strip('"'), 200),
        ("", 200),
    ):
        answer = await client.get("/themes/3/propositions", headers={"If-None-Match": held})
        assert answer.status_code == status, held
    clock.pass_(days=1)
    assert references((await client.get("/themes/3/propositions")).text) != references(today.text)


async def test_before_the_vote_proposals_are_listed_by_reference(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="later")
    for number in range(5):
        await make_proposal(theme, f"Idée {number}")
    text = (await client.get("/themes/3/propositions")).text
    assert references(text) == [f"T3-{number:03}" for number in range(1, 6)]
    assert "Les votes ouvrent le" in text


async def test_after_the_close_proposals_are_ranked_and_ties_are_shown(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="closed", quorum=2)
    voters = [await make_member(f"Votant {letter}") for letter in "abcd"]
    said = {
        "Seconde": ["pour", "contre"],
        "Première": ["pour", "pour", "pour", "abstention"],
        "Ex æquo": ["contre", "pour", "abstention"],
        "Sous le quorum": ["pour"],
    }
    for wording, opinions in said.items():
        proposal = await make_proposal(theme, wording)
        for voter, opinion in zip(voters, opinions, strict=False):
            await Ballot.create(
                proposal=proposal, voter=voter, opinion=Opinion(opinion), proposal_version=1, cast_at=NOON
            )
    text = (await client.get("/themes/3/propositions")).text
    assert references(text) == ["T3-002", "T3-001", "T3-003"]
    assert text.count("Rang 2 ex æquo avec") == 2
    assert "3 pour moins 0 contre : soutien net 3." in text.replace("\u202f", " ").replace("\xa0", " ")
    assert text.index("Non classées") < text.index("T3-004")
    assert "<dd>4</dd>" in text
    english = (await client.get("/en/themes/3/propositions")).text
    assert references(english) == ["T3-002", "T3-001", "T3-003"]


async def test_an_empty_list_says_what_comes_next(client: AsyncClient) -> None:
    await make_theme(3)
    assert "Aucune proposition pour l’instant." in (await client.get("/themes/3/propositions")).text
    await sign_in(client, await make_member())
    assert "La première peut être la vôtre." in (await client.get("/themes/3/propositions")).text


async def statements(client: AsyncClient, address: str) -> tuple[str, list[str]]:
    """A page, and the statements that it took."""
    with heard() as asked:
        page = await client.get(address)
    assert page.status_code == 200
    return page.text, asked


LIST = "/themes/3/propositions"


async def test_the_list_is_rendered_once_for_all_members_with_the_same_number_of_queries_whatever_its_length(
    client: AsyncClient,
) -> None:
    theme = await make_theme(3)
    first, second = await make_member("Première Lectrice"), await make_member("Second Lecteur")
    counted = []
    for size in (1, 15):
        for number in range(size):
            await make_proposal(theme, f"Idée {number}")
        await sign_in(client, first)
        _, made = await statements(client, LIST)
        await sign_in(client, second)
        _, ready = await statements(client, LIST)
        counted.append((len(made), len(ready)))
    # The session, the theme and the reader's own ballots for everybody; the roll of the theme and the
    # proposals of their page for the first reader.
    assert counted == [(5, 3), (5, 3)]


async def test_the_ranks_are_computed_once_for_all_readers(
    client: AsyncClient, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = await make_theme(3, votes="closed")
    voter = await make_member("Une Votante")
    for number in range(4):
        proposal = await make_proposal(theme, f"Idée {number}")
        await Ballot.create(proposal=proposal, voter=voter, opinion="pour", proposal_version=1, cast_at=NOON)
    reckoned: list[Tally] = []

    def watched(tally: Tally) -> int:
        reckoned.append(tally)
        return net_support(tally)

    monkeypatch.setattr(standings, "net_support", watched)
    for name in ("Première Lectrice", "Second Lecteur"):
        await sign_in(client, await make_member(name))
        assert references((await client.get(LIST)).text) == ["T3-001", "T3-002", "T3-003", "T3-004"]
    assert len(reckoned) == 4


async def test_each_reader_sees_their_own_votes_in_the_list_at_a_glance(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    for number in range(3):
        await make_proposal(theme, f"Idée {number}")
    voter, other = await make_member("Une Votante"), await make_member("Un Autre")
    await sign_in(client, voter)
    await client.get(LIST)
    await client.post("/propositions/T3-002/vote", data={"avis": "contre"})
    page = (await client.get(LIST)).text
    assert "<b>1</b> sur <b>3</b>" in page
    article = page.split('id="T3-002"')[1].split("</article>")[0]
    assert 'value="contre" required checked' in article
    assert page.count("required checked") == 1
    await sign_in(client, other)
    page = (await client.get(LIST)).text
    assert "<b>0</b> sur <b>3</b>" in page
    assert page.count("required checked") == 0
    assert theme.votes_close_at is not None
    clock.now = theme.votes_close_at + COUNTING
    for member, seen in ((voter, 1), (other, 0)):
        await sign_in(client, member, now=clock.now)
        page = (await client.get(LIST)).text
        assert page.count("<strong>contre</strong>") == seen


async def test_a_kept_list_gives_each_role_what_is_theirs(client: AsyncClient) -> None:
    await make_proposal(await make_theme(3))
    pages = {}
    for name, member in {
        "member": await make_member("Une Membre"),
        "agent": await make_member("Une Agente", role=Role.AGENT),
        "suspended": await make_member("Un Suspendu", suspended_until=NOON.replace(year=2027)),
    }.items():
        await sign_in(client, member)
        pages[name] = (await client.get(LIST)).text
    client.cookies.clear()
    pages["visitor"] = (await client.get(LIST)).text
    assert [name for name, page in pages.items() if 'class="booth ' in page] == ["member"]
    assert [name for name, page in pages.items() if "Se connecter pour voter" in page] == ["visitor"]
    assert [name for name, page in pages.items() if "Les agents et les administrateurs ne votent pas" in page] == [
        "agent"
    ]


async def test_the_page_of_a_proposal_counts_that_proposal_only(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="closed")
    voter = await make_member()
    first, second = await GuidingQuestion.filter(theme_id=theme.id).order_by("position")
    for question, opinion in ((first, Opinion.FOR), (second, Opinion.AGAINST)):
        proposal = await make_proposal(theme, questions=[question])
        await Ballot.create(proposal=proposal, voter=voter, opinion=opinion, proposal_version=1, cast_at=NOON)
    text, asked = await statements(client, "/propositions/T3-001")
    assert "Pour <b>1</b>" in text
    assert "Contre <b>0</b>" in text
    assert "Quels acteurs" in text
    assert "Quelles formations" not in text
    assert len(asked) == 11
    assert not [sql for sql in asked if re.search(r"(?<!xv\.)theme_id = [$\d]", sql)]


@pytest.mark.parametrize("reference", ["T3-002", "T3-1", "T03-001", "t3-001", "T3-001x", "T99999999999-001", "T3-٠٠١"])
async def test_a_reference_has_one_spelling(client: AsyncClient, reference: str) -> None:
    await make_proposal(await make_theme(3))
    assert (await client.get("/propositions/T3-001")).status_code == 200
    assert (await client.get(f"/propositions/{reference}")).status_code == 404
