"""Pages of the proposals of a theme: each proposal once, in one order, at an address that finds it again."""

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.models.answers import Answer, Decision, Obligation
from forum.models.meetings import Meeting
from forum.models.members import Member, Role
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from tests.conftest import NOON, visitor
from tests.factories import make_group, make_member, make_proposal, make_theme, sign_in
from tests.proposals.test_proposals import references
from tests.statements import heard
from tests.turning import link, turn

LIST = "/themes/3/propositions"


async def make_many(theme: Theme, many: int) -> list[Proposal]:
    return [await make_proposal(theme, f"Idée numéro {number}") for number in range(1, many + 1)]


async def cast(proposals: Sequence[Proposal], voters: Sequence[Member], opinion: str = "pour") -> None:
    await Ballot.bulk_create(
        Ballot(proposal=each, voter=voter, opinion=opinion, proposal_version=1, cast_at=NOON)
        for each in proposals
        for voter in voters
    )


def listed(text: str) -> list[str]:
    """Every proposal on a page: its articles, those without rank, those apart."""
    main = text[text.index("<h1") :]
    others = re.findall(r'<p>\s*<a href="/propositions/(T3-\d+)">\1</a>', main)
    return [*references(main), *(each for each in others if each not in references(main))]


def numbered(*numbers: int) -> list[str]:
    return [f"T3-{number:03}" for number in numbers]


async def test_before_the_vote_fifty_are_on_a_page_and_those_apart_come_last(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="later")
    made = await make_many(theme, 104)
    await Proposal.filter(id__in=[made[0].id, made[60].id]).update(state=ProposalState.WITHDRAWN)
    await Proposal.filter(id=made[103].id).update(state=ProposalState.HIDDEN)
    pages = await turn(client, LIST, listed)
    assert pages == [numbered(*range(2, 52)), numbered(*range(52, 61), *range(62, 103)), numbered(103, 1, 61, 104)]
    first, last = (await client.get(LIST)).text, (await client.get(f"{LIST}?apres=102")).text
    assert "Propositions 1 à 50 sur 104" in first.replace("\u202f", " ").replace("\xa0", " ")
    assert "Propositions retirées" not in first
    assert "Propositions 101 à 104 sur 104" in last.replace("\u202f", " ").replace("\xa0", " ")
    assert "Propositions retirées" in last


async def test_a_booth_shows_twenty_of_the_readers_own_order_and_their_progress(
    app: Starlette, client: AsyncClient
) -> None:
    made = await make_many(await make_theme(3), 47)
    reader, other = await make_member("Une Lectrice"), await make_member("Un Lecteur")
    await cast(made[:12], [reader])
    await sign_in(client, reader)
    pages = await turn(client, LIST, references)
    assert [len(page) for page in pages] == [20, 20, 7]
    assert sorted(chain(*pages)) == numbered(*range(1, 48))
    for address in (LIST, f"{LIST}?voir={pages[2][3]}"):
        assert "<b>12</b> sur <b>47</b>" in (await client.get(address)).text
    await sign_in(client, other)
    assert await turn(client, LIST, references) != pages
    async with visitor(app) as nobody:
        daily = await turn(nobody, LIST, references)
        assert sorted(chain(*daily)) == numbered(*range(1, 48))
        assert daily != pages


async def test_ranks_go_on_from_page_to_page_and_ties_are_shown_once(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="closed")
    made = await make_many(theme, 120)
    voters = [await make_member(f"Votant Numéro{number}") for number in range(2)]
    await cast(made[:30], voters)
    await cast(made[30:110], voters[:1])
    pages = await turn(client, LIST, listed)
    assert pages == [numbered(*range(1, 51)), numbered(*range(51, 101)), numbered(*range(101, 121))]
    first, second, third = [(await client.get(f"{LIST}{key}")).text for key in ("", "?apres=50", "?apres=100")]
    assert second.count('aria-hidden="true">31</p>') == 50  # the same rank, across pages
    assert "et 76 autres" in second.replace("\u202f", " ").replace("\xa0", " ")
    assert "Où les méthodes divergent" in first
    assert "Où les méthodes divergent" not in second
    assert "Non classées" in third
    assert "Non classées" not in second
    for text in (first, second, third):
        assert "<dd>120</dd>" in text
    # The whole is in the sheet.
    assert len((await client.get("/themes/3/resultats.csv")).text.splitlines()) == 121


async def test_one_that_was_hidden_keeps_its_place_among_the_pages_of_results(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="closed")
    made = await make_many(theme, 60)
    await cast(made, [await make_member("Une Votante")])
    await Proposal.filter(id=made[54].id).update(state=ProposalState.HIDDEN, judged=True)
    await rows("UPDATE theme SET version = version + 1")
    assert (await turn(client, LIST, listed))[1] == numbered(*range(51, 61))
    assert "T3-055" in (await client.get(LIST)).text  # where the page says that it is hidden


@pytest.mark.parametrize("votes", ["later", "open", "closed"])
async def test_an_address_leads_to_the_page_that_holds_a_proposal(client: AsyncClient, votes: str) -> None:
    theme = await make_theme(3, votes=votes)  # type: ignore[arg-type]  # of the parameters
    made = await make_many(theme, 101)
    await cast(made, [await make_member("Une Votante")])
    await sign_in(client, await make_member())
    pages = await turn(client, LIST, references)
    for page in pages:
        for reference in (page[0], page[-1]):
            text = (await client.get(f"{LIST}?voir={reference}")).text
            assert references(text) == page
    # What is no reference, or one of none, leads somewhere.
    for asked, expected in (("T3-007-x", pages[0]), ("", pages[0]), ("T3-999", None), ("T3-102", None)):
        answer = await client.get(LIST, params={"voir": asked})
        assert answer.status_code == 200
        assert references(answer.text) in ([expected] if expected else pages)
    for key in ("apres=9999", "avant=0", "apres=-1", "apres=T3-001", "avant=2147483647", "apres=99999999999999"):
        answer = await client.get(f"{LIST}?{key}")
        assert answer.status_code == 200
        assert references(answer.text)


async def test_a_new_proposal_moves_no_page_of_a_list_by_reference(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="later")
    made = await make_many(theme, 100)
    further = link((await client.get(LIST)).text, "next")
    await Proposal.filter(id__in=[made[3].id, made[49].id]).update(state=ProposalState.MERGED)
    await make_proposal(theme, "Une de plus")
    assert references((await client.get(further)).text)[0] == "T3-051"


async def test_filters_and_orders_survive_the_turn_of_pages(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="later")
    made = await make_many(theme, 130)
    meeting = await Meeting.create(
        working_group=await make_group("gt-3"), number=4, held_on=NOON.date(), created_at=NOON
    )
    of_it = [each.id for each in made if each.number % 2]
    await Proposal.filter(id__in=of_it).update(meeting_id=meeting.id)
    odd, even = list(range(1, 131, 2)), list(range(2, 131, 2))
    pages = await turn(client, f"{LIST}?reunion=4", references)
    assert pages == [numbered(*odd[:50]), numbered(*odd[50:])]
    assert "reunion=4" in link((await client.get(f"{LIST}?reunion=4")).text, "next")
    pages = await turn(client, f"{LIST}?tri=reunion", references)
    assert [*chain(*pages)] == numbered(*odd, *even)
    assert [len(page) for page in pages] == [50, 50, 30]


async def test_a_vote_without_script_comes_back_to_where_it_was_cast(client: AsyncClient) -> None:
    await make_many(await make_theme(3), 45)
    await sign_in(client, await make_member())
    pages = await turn(client, LIST, references)
    page = (await client.get(f"{LIST}?voir={pages[1][4]}")).text
    asked = re.search(rf'action="/propositions/{pages[1][4]}/vote".*?name="suite" value="([^"]+)"', page, re.S)
    assert asked is not None
    assert asked[1] == f"{LIST}?voir={pages[1][4]}#{pages[1][4]}"
    vote = {"avis": "pour", "suite": asked[1], "version": "1"}
    # In the booth on to the next one, which is on the same page; at its foot, on the next page; in the end, round.
    for reference, following in (
        (pages[1][4], pages[1][5]),
        (pages[1][19], pages[2][0]),
        (pages[2][4], pages[0][0]),
    ):
        answer = await client.post(f"/propositions/{reference}/vote", data={**vote, "enchainer": "1"})
        assert answer.headers["location"] == f"{LIST}?voir={following}#{following}"
        assert following in references((await client.get(answer.headers["location"])).text)
    answer = await client.post(f"/propositions/{pages[1][7]}/vote", data=vote)
    assert answer.headers["location"] == asked[1]
    # The progress that a script puts in its place leads to the page of what is next.
    answer = await client.post(
        f"/propositions/{pages[0][0]}/vote", data={**vote, "enchainer": "1"}, headers={"X-Fragment": "vote"}
    )
    assert f'href="{LIST}?voir={pages[0][1]}#{pages[0][1]}"' in answer.text


async def test_a_vote_from_a_filtered_booth_stays_in_it(client: AsyncClient) -> None:
    theme = await make_theme(3)
    made = await make_many(theme, 50)
    meeting = await Meeting.create(
        working_group=await make_group("gt-3"), number=4, held_on=NOON.date(), created_at=NOON
    )
    await Proposal.filter(id__in=[each.id for each in made[:30]]).update(meeting_id=meeting.id)
    await sign_in(client, await make_member())
    pages = await turn(client, f"{LIST}?reunion=4", references)
    assert [len(page) for page in pages] == [20, 10]
    back = f"{LIST}?reunion=4&voir={pages[0][19]}#{pages[0][19]}"
    assert back.replace("&", "&amp;") in (await client.get(f"{LIST}?reunion=4")).text
    answer = await client.post(
        f"/propositions/{pages[0][19]}/vote", data={"avis": "pour", "suite": back, "enchainer": "1"}
    )
    assert answer.headers["location"] == f"{LIST}?reunion=4&voir={pages[1][0]}#{pages[1][0]}"


async def test_who_ranks_many_sees_the_first_of_them_with_their_words(client: AsyncClient) -> None:
    theme = await make_theme(3)
    await Theme.filter(id=theme.id).update(voting=Voting.RANKING)
    made = await make_many(theme, 60)
    member = await make_member()
    await cast(made[10:], [member], "20")
    await cast(made[9:10], [member], "1")
    await sign_in(client, member)
    text = (await client.get(LIST)).text
    shown = re.findall(r'<li value="(\d+)">\s*<a href="([^"]+)">(T3-\d+)</a> (Idée numéro \d+)', text)
    assert len(shown) == 40
    assert shown[0] == ("1", f"{LIST}?voir=T3-010#T3-010", "T3-010", "Idée numéro 10")
    assert shown[1][2] == "T3-011"


async def test_every_page_asks_the_same_number_of_statements(app: Starlette, client: AsyncClient) -> None:
    """The session, the theme, its roll, the lines of the page, the reader's own ballots; of the results, what they are
    reckoned from."""
    theme = await make_theme(3)
    made = await make_many(theme, 24)
    voters = [await make_member(f"Votant Numéro{number}") for number in range(3)]
    await cast(made, voters)
    await sign_in(client, voters[0])

    async def asked() -> list[int]:
        counted = []
        for address in (LIST, f"{LIST}?voir={made[3].number}", f"{LIST}?apres=2", "/themes/3/propositions"):
            app.state.kept = type(app.state.kept)()
            with heard() as statements:
                assert (await client.get(address)).status_code == 200
            counted.append(len(statements))
        return counted

    assert await asked() == [5, 5, 5, 5]
    more = await make_many(theme, 96)
    await cast(more, voters)
    assert await asked() == [5, 5, 5, 5]


async def test_staff_and_visitors_turn_the_same_pages(app: Starlette, client: AsyncClient) -> None:
    await make_many(await make_theme(3, votes="later"), 70)
    async with visitor(app) as nobody:
        pages = await turn(nobody, LIST, references)
    for role in (Role.AGENT, Role.ADMINISTRATOR):
        await sign_in(client, await make_member(f"Une Personne {role.value}", role=role))
        assert await turn(client, LIST, references) == pages


async def test_results_by_group_have_pages_of_the_ranked_ones(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="closed")
    made = await make_many(theme, 70)
    voters = [await make_member(f"Votant Numéro{number}") for number in range(24)]
    for place, voter in enumerate(voters):
        await Ballot.bulk_create(
            Ballot(
                proposal=each,
                voter=voter,
                opinion=("pour", "contre")[(place // 2 + each.number) % 2],
                proposal_version=1,
                cast_at=NOON,
                profession=("Bibliothécaire", "Élu ou élue")[place % 2 if place < 12 else 0],
            )
            for each in made[:60]
        )
    ranked = await turn(client, LIST, references)

    def grouped(text: str) -> list[str]:
        return re.findall(r"<b>\d+</b> · (T3-\d+)", text)

    pages = await turn(client, "/themes/3/resultats/groupes", grouped)
    assert pages == [ranked[0], ranked[1]]
    assert len(ranked[1]) == 10
    assert (await client.get("/themes/3/resultats/groupes?apres=x")).status_code == 200


async def test_the_other_language_shows_the_same_page(app: Starlette, client: AsyncClient) -> None:
    """But for an order that is drawn for one reader, whose pages others have not."""
    theme = await make_theme(3)
    await make_many(theme, 50)
    pages = await turn(client, LIST, references)
    for key, page in (("", pages[0]), (f"?voir={pages[1][3]}", pages[1]), (f"?avant={pages[2][0]}", pages[0])):
        shown = (await client.get(f"{LIST}{key}")).text
        other = re.search(r'<a href="(/en/themes/3/propositions[^"]*)"', shown)
        assert other is not None
        assert references((await client.get(other[1])).text) == page
    await sign_in(client, await make_member())
    text = (await client.get(link((await client.get(LIST)).text, "next"))).text
    assert 'href="/en/themes/3/propositions"' in text


async def test_a_follow_up_has_pages_of_its_answers_obligations_and_what_waits(client: AsyncClient) -> None:
    """Figures, the next to answer and late obligations are those of the whole theme, on each page."""
    theme = await make_theme(3, votes="closed")
    made = await make_many(theme, 130)
    await cast(made[:100], [await make_member("Une Votante")])
    kinds = [Decision.REJECTED, Decision.RETAINED]
    for each in made[:60]:
        decision = kinds[each.number % 2]
        day = NOON.date()
        await Answer.create(
            proposal=each, number=1, decision=decision, reason="Oui.", service="SLL", decided_on=day, created_at=NOON
        )
    await Obligation.bulk_create(
        Obligation(
            proposal=each,
            words=f"Le faire, {each.number}",
            due_on=NOON.date() + timedelta(days=each.number - 3),
            created_at=NOON,
        )
        for each in made[:20]
    )

    def lines(text: str) -> list[str]:
        main = text[text.index("<h1") : text.index("</main>")]
        found = re.findall(r'<a href="/propositions/T3-\d+(?:#reponse)?">(T3-\d+)</a>|Le faire, (\d+)', main)
        return [reference or f"n° {number}" for reference, number in found]

    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    pages = await turn(client, "/themes/3/suites", lines)
    odd, even = numbered(*range(1, 61, 2)), numbered(*range(2, 61, 2))
    owed = [one for number in range(1, 21) for one in (f"n° {number}", f"T3-{number:03}")]
    assert [*chain(*pages)] == [*odd, *even, *owed, *numbered(*range(61, 131))]
    texts = [(await client.get(f"/themes/3/suites{key}")).text for key in ("", "?voir=3", "?voir=260", "?apres=x")]
    for text in texts:
        assert "Répondre à T3-061" in text
        assert "2 engagements sont en retard" in text.replace("\u202f", " ").replace("\xa0", " ")
        assert "<dd>30</dd>" in text
        assert "<dd>70</dd>" in text
    assert 'href="/themes/3/suites?voir=3#engagements"' in texts[0]
    assert 'href="/themes/3/suites#engagements"' in texts[1]
    assert "T3-130" in texts[2]
