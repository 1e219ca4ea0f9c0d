"""The results of a vote: the declared method first, the others beside it, the groups, the sheet; nothing before the
close."""

import csv
import io
import random
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from httpx2 import AsyncClient, Response

from forum.database import rows
from forum.domain.proposals.proposals import list_proposals
from forum.domain.themes.themes import find_theme
from forum.domain.votes.results import read_results
from forum.domain.votes.standings import JudgedProposal
from forum.domain.votes.votes import counts_of, voters_of
from forum.errors import NotFound
from forum.models.members import Member
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from forum.permissions import COUNTING
from forum.ranking.published import GroupCell
from tests.conftest import NOON, Clock
from tests.factories import make_member, make_proposal, make_theme, sign_in

PAGE = "/themes/3/propositions"
SHEET = "/themes/3/resultats.csv"
GROUPS = "/themes/3/resultats/groupes"
MENTIONS = "À rejeter\nPassable\nBonne\nTrès bonne\nExcellente"


async def make_vote(voting: Voting = Voting.OPINIONS, *, quorum: int = 0, votes: str = "closed") -> Theme:
    theme = await make_theme(3, votes=votes, quorum=quorum)  # type: ignore[arg-type] # one of its literals
    mentions = MENTIONS if voting is Voting.JUDGMENT else ""
    await Theme.filter(id=theme.id).update(voting=voting, mentions=mentions)
    return theme


async def make_voters(many: int, *, profession: str = "", first: int = 0) -> list[Member]:
    voters = [await make_member(f"Votant Numéro{first + number}") for number in range(many)]
    for voter in voters:
        voter.profession = profession
        await voter.save(update_fields=["profession"])
    return voters


async def cast(theme: Theme, voters: Sequence[Member], said: Mapping[str, Sequence[str]]) -> dict[str, Proposal]:
    """A proposal for each wording, with what each voter says about it, "" for no ballot."""
    made = {}
    for wording, opinions in said.items():
        made[wording] = await make_proposal(theme, wording)
        for voter, opinion in zip(voters, opinions, strict=False):
            if opinion:
                await Ballot.create(
                    proposal=made[wording],
                    voter=voter,
                    opinion=opinion,
                    proposal_version=1,
                    cast_at=NOON,
                    profession=voter.profession,
                )
    return made


async def words(client: AsyncClient) -> str:
    """The words of the page, with ordinary spaces."""
    return (await client.get(PAGE)).text.replace("\u00a0", " ").replace("\u202f", " ")


async def order(client: AsyncClient) -> list[tuple[int, str]]:
    """The ranks and references of the page, from the first on."""
    text = await words(client)
    ranks = [int(rank) for rank in re.findall(r'numeral" aria-hidden="true">(\d+)<', text)]
    return list(zip(ranks, re.findall(r'<article class="result noted" id="(T3-\d+)"', text), strict=True))


def table(answer: Response) -> list[dict[str, str]]:
    """The rows of the sheet, by column title."""
    assert answer.status_code == 200
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


async def test_opinions_are_ranked_by_net_support_with_the_other_methods_beside_it(client: AsyncClient) -> None:
    """The figures are an example where the methods differ: (18,2,4) is first by net support, (9,0,1) by the Wilson
    bound."""
    theme = await make_vote()
    voters = await make_voters(24)
    await cast(
        theme,
        voters,
        {"Former": ["pour"] * 18 + ["contre"] * 2 + ["abstention"] * 4, "Recruter": ["pour"] * 9 + ["abstention"]},
    )
    text = await words(client)
    assert await order(client) == [(1, "T3-001"), (2, "T3-002")]
    assert "18 pour moins 2 contre : soutien net 16." in text
    lines = table(await client.get(SHEET))
    assert [(each["rang"], each["pour"], each["soutien net"], each["rang : borne de Wilson"]) for each in lines] == [
        ("1", "18", "16", "2"),
        ("2", "9", "9", "1"),
    ]
    assert "Où les méthodes divergent" in text
    assert re.search(r"Soutien net, rang 1\s*· Borne de Wilson, rang 2", text)


async def test_supports_are_counted(client: AsyncClient) -> None:
    theme = await make_vote(Voting.APPROVAL)
    voters = await make_voters(24)
    # An example for the slate, twice as large: twelve support three clones, eight another proposal, four a third.
    clones = ["pour"] * 12
    await cast(
        theme,
        voters,
        {
            "Un": clones,
            "Deux": clones,
            "Trois": clones,
            "Quatre": [""] * 12 + ["pour"] * 8,
            "Cinq": [""] * 20 + ["pour"] * 4,
        },
    )
    assert await order(client) == [(1, "T3-001"), (1, "T3-002"), (1, "T3-003"), (4, "T3-004"), (5, "T3-005")]
    assert "Soutenue par 12 des 24 votants du thème." in await words(client)
    lines = table(await client.get(SHEET))
    assert [each["rang : propositions phares"] for each in lines] == ["1", "3", "4", "2", "5"]
    assert [each["ex æquo"] for each in lines] == ["oui", "oui", "oui", "non", "non"]


async def test_what_needs_whole_ballots_is_published_from_twenty_voters(client: AsyncClient) -> None:
    """A slate is picked by who supports what together: from few voters it would tell it."""
    theme = await make_vote(Voting.APPROVAL)
    voters = await make_voters(20)
    await cast(theme, voters[:19], {"Un": ["pour"] * 19, "Deux": ["pour"] * 5})
    assert "phares" not in await words(client)
    await cast(theme, voters[19:], {"Trois": ["pour"]})
    assert "rang : propositions phares" in table(await client.get(SHEET))[0]


async def test_a_proposal_that_nobody_voted_on_has_no_rank_on_any_surface(client: AsyncClient) -> None:
    """It was fifth by consensus, where each silent group counted one half."""
    theme = await make_vote()
    many = await make_voters(9, profession="Bibliothécaire")
    others = await make_voters(8, profession="Formateur ou formatrice", first=9)
    few = await make_voters(7, profession="Autre", first=17)
    opinions = (["pour"] * 6 + ["contre"] * 3) + (["pour"] * 2 + ["contre"] * 6) + ["pour", "contre"] * 3
    await cast(theme, [*many, *others, *few], {"Débattue": opinions, "Ignorée": []})
    lines = table(await client.get(SHEET))
    assert [(each["référence"], each["rang"], each["rang : consensus des professions"]) for each in lines] == [
        ("T3-001", "1", "1"),
        ("T3-002", "", ""),
    ]
    assert await order(client) == [(1, "T3-001")]
    assert "T3-002" in (await words(client)).partition("Non classées")[2]
    assert "T3-002" not in (await client.get(GROUPS)).text


async def test_mentions_are_ranked_by_majority_judgment(client: AsyncClient) -> None:
    theme = await make_vote(Voting.JUDGMENT)
    voters = await make_voters(5)
    await cast(theme, voters, {"Tiède": ["2", "2", "2", "2", "2"], "Aimée": ["4", "4", "3", "0", "0"]})
    text = await words(client)
    assert await order(client) == [(1, "T3-002"), (2, "T3-001")]
    assert "Mention majoritaire « Très bonne » : sur 5 votants, 2 au-dessus et 2 au-dessous" in text
    lines = table(await client.get(SHEET))
    assert [(each["Excellente"], each["Très bonne"], each["Bonne"], each["À rejeter"]) for each in lines] == [
        ("2", "1", "0", "2"),
        ("0", "0", "5", "0"),
    ]


async def test_places_are_ranked_by_duels(client: AsyncClient) -> None:
    theme = await make_vote(Voting.RANKING)
    voters = await make_voters(20)
    # Twelve prefer Un to Deux to Trois, eight the opposite: Un wins each duel by 12 to 8.
    many, few = 12, 8
    await cast(theme, voters, {"Un": "1" * many + "3" * few, "Deux": "2" * 20, "Trois": "3" * many + "1" * few})
    text = await words(client)
    assert await order(client) == [(1, "T3-001"), (2, "T3-002"), (3, "T3-003")]
    assert "Duel gagné contre T3-002, qui suit : 12 à 8." in text
    assert "Duel perdu contre T3-002, qui précède : 8 à 12." in text
    lines = table(await client.get(SHEET))
    assert [each["premières places"] for each in lines] == ["12", "0", "8"]


async def test_duels_of_fewer_than_twenty_voters_are_not_published(client: AsyncClient) -> None:
    """From the pairs of a few voters one reads the order of each."""
    theme = await make_vote(Voting.RANKING)
    await cast(theme, await make_voters(19), {"Un": "1" * 19, "Deux": "2" * 18, "Trois": "3"})
    text = await words(client)
    assert await order(client) == [(1, "T3-001"), (2, "T3-002"), (3, "T3-003")]
    assert "moins de 20 ont voté" in text
    assert "préfèrent" not in text
    assert "18 personnes l’ont classée." in text


@pytest.mark.parametrize("voting", list(Voting))
async def test_the_order_of_the_rows_never_changes_a_rank(client: AsyncClient, voting: Voting) -> None:
    """Ballots written a hundred times in different orders give the same ranks, whatever the method."""
    choices = {
        Voting.OPINIONS: ["pour", "abstention", "contre"],
        Voting.APPROVAL: ["pour"],
        Voting.JUDGMENT: list("01234"),
        Voting.RANKING: list("123"),
    }[voting]
    drawn = random.Random(7)
    theme = await make_vote(voting)
    voters = await make_voters(8)
    made = await cast(theme, voters, {f"Idée {number}": [] for number in range(5)})
    said = [
        (proposal.id, voter.id, drawn.choice(choices))
        for proposal in made.values()
        for voter in voters
        if drawn.random() < 0.7
    ]
    seen = set()
    for _ in range(100):
        await rows("DELETE FROM ballot")
        drawn.shuffle(said)
        values = ", ".join(f"({proposal}, {voter}, '{opinion}', 1, $1)" for proposal, voter, opinion in said)
        await rows(
            f"INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at) VALUES {values}", NOON
        )
        listed = await list_proposals(await find_theme(3), NOON)
        assert listed.results is not None
        seen.add(
            tuple(
                (each.rank, each.line.reference, *each.place.beside.values()) for each in listed.proposals if each.place
            )
        )
    assert len(seen) == 1


async def test_what_is_no_longer_asked_for_has_no_rank_and_few_voters_are_apart(client: AsyncClient) -> None:
    theme = await make_vote(quorum=3)
    voters = await make_voters(4)
    made = await cast(theme, voters, {"Assez": ["pour"] * 4, "Trop peu": ["pour"] * 2, "Écartée": ["pour"] * 4})
    await Proposal.filter(id=made["Écartée"].id).update(state=ProposalState.SET_ASIDE, state_reason="Hors sujet")
    text = await words(client)
    assert await order(client) == [(1, "T3-001")]
    assert "Une proposition est classée à partir de 3 votes comptés." in text
    assert "T3-002" in text.partition("Non classées")[2]
    assert [each["rang"] for each in table(await client.get(SHEET))] == ["1", ""]


async def test_ballots_on_an_older_substance_are_counted_separately(client: AsyncClient) -> None:
    theme = await make_vote()
    voters = await make_voters(3)
    made = await cast(theme, voters, {"Former": ["pour", "pour", "contre"]})
    await Proposal.filter(id=made["Former"].id).update(version=2, substance=2)
    await Ballot.filter(voter=voters[0]).update(proposal_version=2)
    text = await words(client)
    assert "1 pour moins 0 contre : soutien net 1." in text
    assert "2 votes ne comptent pas : ils portaient sur une version antérieure." in text
    assert [(each["pour"], each["à confirmer"]) for each in table(await client.get(SHEET))] == [("1", "2")]


async def test_groups_are_shown_but_never_when_their_people_are_few(client: AsyncClient) -> None:
    theme = await make_vote()
    many = await make_voters(9, profession="Bibliothécaire")
    others = await make_voters(6, profession="Formateur ou formatrice", first=9)
    third = await make_voters(5, profession="Autre", first=15)
    few = await make_voters(2, profession="Élu ou élue", first=20)
    said = ["pour"] * 6 + ["contre"] * 3 + ["pour"] * 6 + ["pour", "contre"] * 2 + ["abstention"] + ["pour", "contre"]
    await cast(theme, [*many, *others, *third, *few], {"Former": said})
    text = (await client.get(GROUPS)).text
    shown = re.sub(r"[\s\u202f\u00a0]+", " ", re.sub(r"<[^>]+>", " ", text.partition("<details")[2]))
    assert "Bibliothécaire 6 pour, sur 9 votants" in shown
    assert "Formateur ou formatrice au moins 5 pour, sur 6 votants" in shown
    # The people of one small group could be computed from the total: the next smallest is not shown either.
    assert "Tous les autres groupes, ensemble Non montrés." in shown
    assert "Consensus des professions" in await words(client)
    for address in (PAGE, SHEET, GROUPS):
        assert "Élu ou élue" not in (await client.get(address)).text


async def test_which_groups_are_listed_does_not_tell_who_voted(client: AsyncClient) -> None:
    """With or without the only member of a group, whatever they say, the pages of groups name the same groups."""
    theme = await make_vote()
    many = await make_voters(9, profession="Bibliothécaire")
    others = await make_voters(8, profession="Formateur ou formatrice", first=9)
    third = await make_voters(5, profession="Autre", first=17)
    alone = await make_voters(1, profession="Élu ou élue", first=22)
    said = ["pour"] * 6 + ["contre"] * 3 + ["pour"] * 3 + ["contre"] * 5 + ["pour", "contre"] * 2 + ["pour"]
    await cast(theme, [*many, *others, *third, *alone], {"Former": said})
    without = await client.get(GROUPS)
    await Ballot.create(
        proposal=await Proposal.get(),
        voter=alone[0],
        opinion="pour",
        proposal_version=1,
        cast_at=NOON,
        profession="Élu ou élue",
    )
    named = [re.findall(r"<dt>([^<]*)</dt>", answer.text) for answer in (without, await client.get(GROUPS))]
    assert named[0] == named[1] == ["Bibliothécaire", "Formateur ou formatrice", "Tous les autres groupes, ensemble"]


async def test_nothing_is_shown_before_all_votes_are_counted_to_the_second(client: AsyncClient, clock: Clock) -> None:
    theme = await make_vote(votes="open")
    voters = await make_voters(6, profession="Bibliothécaire")
    others = await make_voters(7, profession="Autre", first=6)
    await cast(theme, [*voters, *others], {"Former": ["pour"] * 3 + ["contre"] * 3 + ["pour"] * 3 + ["contre"] * 4})
    ends = (await Theme.get(id=theme.id)).votes_close_at
    assert ends is not None
    clock.now = ends + COUNTING - timedelta(seconds=1)
    page = (await client.get("/themes/3/propositions")).text
    assert "Les derniers votes reçus avant la clôture sont comptés" in page
    for address in (SHEET, GROUPS):
        assert (await client.get(address)).status_code == 404
    assert await order(client) == []
    clock.pass_(seconds=1)
    for address in (SHEET, GROUPS):
        assert (await client.get(address)).status_code == 200
    assert await order(client) == [(1, "T3-001")]


async def test_whoever_asks_within_the_house_hears_nothing_before_the_close_either(client: AsyncClient) -> None:
    await cast(await make_vote(votes="open"), await make_voters(2), {"Former": ["pour", "contre"]})
    theme = await find_theme(3)
    ends = theme.schedule.votes_close_at
    assert ends is not None
    assert await voters_of([theme], NOON) is None
    with pytest.raises(NotFound):
        await read_results(theme, {}, NOON)
    assert await voters_of([theme], ends) is None
    with pytest.raises(NotFound):
        await read_results(theme, {}, ends)
    ends += COUNTING
    assert await voters_of([theme], ends) == 2
    counts = await counts_of(theme, ends)
    assert counts is not None
    judged = {proposal: JudgedProposal("T3-001", count) for proposal, count in counts.items()}
    assert (await read_results(theme, judged, ends)).evidence.voters == 2


async def test_a_theme_where_no_vote_was_called_has_no_voter_to_hide(client: AsyncClient) -> None:
    await make_vote(votes="unset")
    assert await voters_of([await find_theme(3)], NOON) == 0


async def test_a_page_of_ties_grows_with_its_proposals_and_not_with_their_square(client: AsyncClient) -> None:
    theme = await make_vote()
    voters = await make_voters(1)
    named = []
    for start in (0, 30):
        await cast(theme, voters, {f"Idée {number}": ["pour"] for number in range(start, start + 30)})
        text = await words(client)
        named.append(len(re.findall(r"T3-\d{3}", text)))
        assert f"Rang 1 ex æquo avec T3-002, T3-003, T3-004 et {start + 26} autres." in text
    assert named[1] < 2 * named[0] + 30


async def test_a_sheet_runs_no_formula(client: AsyncClient) -> None:
    theme = await make_vote()
    await cast(theme, [], {"=CMD()|'/C calc'!A0": []})
    assert table(await client.get(SHEET))[0]["formulation"].startswith("'=")


async def test_without_groups_there_is_no_page_of_groups(client: AsyncClient) -> None:
    theme = await make_vote()
    await cast(theme, await make_voters(3), {"Former": ["pour"] * 3})
    assert (await client.get(GROUPS)).status_code == 404
    assert "resultats/groupes" not in (await client.get(PAGE)).text


async def test_what_a_voter_declares_after_the_close_changes_no_result(client: AsyncClient) -> None:
    """Otherwise, reading the results before and after one person changes their profile would reveal their vote."""
    theme = await make_vote()
    voters = await make_voters(6, profession="Bibliothécaire")
    late, *rest = await make_voters(6, profession="Autre", first=6)
    said = ["pour"] * 3 + ["contre"] * 3 + ["contre"] + ["pour", "contre"] * 2 + ["pour"]
    await cast(theme, [*voters, late, *rest], {"Former": said})
    before = [(await client.get(address)).text for address in (PAGE, GROUPS, SHEET)]
    await sign_in(client, late)
    form = {"nom": late.name, "organisation": "", "profession": "Bibliothécaire", "territoire": "", "langue": "fr"}
    assert (await client.post("/compte", data=form)).status_code == 303
    client.cookies.clear()
    assert [(await client.get(address)).text for address in (PAGE, GROUPS, SHEET)] == before


async def test_a_ballot_keeps_what_its_voter_declares_when_they_vote(client: AsyncClient) -> None:
    await make_vote(votes="open")
    proposal = await make_proposal(await Theme.get(number=3), "Former")
    voter = (await make_voters(1, profession="Autre"))[0]
    await sign_in(client, voter)
    assert (await client.post("/propositions/T3-001/vote", data={"avis": "pour"})).status_code == 303
    assert (await Ballot.get(proposal_id=proposal.id)).profession == "Autre"


async def support(voting: Voting, *, twice: bool) -> Theme:
    """A closed vote on three proposals by three groups. Each person supports one, or with `twice` the first person of
    each group two; no librarian supports the third."""
    theme = await make_vote(voting)
    voters = await make_voters(8, profession="Bibliothécaire")
    voters += await make_voters(9, profession="Formateur ou formatrice", first=8)
    voters += await make_voters(7, profession="Autre", first=17)
    supported = [*"11112222", *"111222333", *"1122333"]
    if twice:
        supported[0] = supported[8] = supported[17] = "12"
    less = "contre" if voting is Voting.OPINIONS else ""
    await cast(theme, voters, {f"Idée {n}": ["pour" if n in each else less for each in supported] for n in "123"})
    return theme


@pytest.mark.parametrize("voting", [Voting.APPROVAL, Voting.OPINIONS])
async def test_no_group_is_shown_where_a_quota_limits_supports(client: AsyncClient, voting: Voting) -> None:
    """Of librarians who gave all their supports elsewhere, "at most 1 of 8" on the third proposal would be none, which
    tells each of their ballots. With as many supports as proposals, a figure tells nothing of another."""
    theme = await support(voting, twice=True)
    await Theme.filter(id=theme.id).update(quota=3)
    assert "au plus 1 pour, sur 8" in (await client.get(GROUPS)).text.replace("\u00a0", " ").replace("\u202f", " ")
    await Theme.filter(id=theme.id).update(quota=2, version=9)
    assert (await client.get(GROUPS)).status_code == 404
    page = await words(client)
    assert "onsensus des professions" not in page
    assert "une personne ne pouvait soutenir que 2 propositions" in page


async def test_no_group_is_shown_where_everybody_of_one_supports_one_proposal(client: AsyncClient) -> None:
    """Who supports nothing is no voter: 8 librarians with 4 and 4 supports elsewhere, in a vote of as many supports as
    voters, have none for the third proposal."""
    await support(Voting.APPROVAL, twice=False)
    assert (await client.get(GROUPS)).status_code == 404


async def test_who_changes_group_during_a_vote_of_supports_is_counted_once(client: AsyncClient) -> None:
    """In the group of their latest ballot: counted in both, they would be a voter too many of each proposal."""
    theme = await make_vote(Voting.APPROVAL)
    voters = await make_voters(9, profession="Bibliothécaire")
    voters += await make_voters(9, profession="Formateur ou formatrice", first=9)
    voters += await make_voters(9, profession="Autre", first=18)
    said = {"Former": ["pour", "", ""] * 9, "Équiper": ["pour", "pour", ""] * 9, "Ouvrir": ["", "", "pour"] * 9}
    made = await cast(theme, voters, said)
    for proposal, profession, hours in (("Former", "Autre", 1), ("Équiper", "Bibliothécaire", 2)):
        await Ballot.filter(proposal=made[proposal], voter=voters[0]).update(
            profession=profession, cast_at=NOON - timedelta(hours=9 - hours)
        )
    results = (await list_proposals(await find_theme(3), NOON)).results
    assert results is not None
    assert results.evidence.voters == 27
    (partition,) = results.evidence.partitions
    assert {each.whole.votants for each in partition.cells.values()} == {27}
    assert partition.cells["T3-001"].cells["Bibliothécaire"] == GroupCell(3, 9)
