"""Which orders come out of counts: the declared method, or another one where the pairs are too many to compare."""

import pytest

from forum.domain.themes.ballots import Count
from forum.domain.votes.standings import JudgedProposal, Lens, Pairs, Terms, standing_of
from forum.models.themes import Voting
from forum.ranking.published import GroupCell

FIRST = JudgedProposal("T3-001", Count({"1": 3}))
SECOND = JudgedProposal("T3-002", Count({"1": 1, "2": 1}))
PREFERRED = Pairs(("T3-001", "T3-002"), ((0, 2), (1, 0)))


def test_proposals_too_many_to_compare_are_ranked_by_how_many_placed_them() -> None:
    compared = standing_of(Terms(Voting.RANKING), [FIRST, SECOND], pairs=PREFERRED)
    assert compared.primary is Lens.SCHULZE
    assert [each.duel is not None for each in compared.ranked] == [True, True]
    counted = standing_of(Terms(Voting.RANKING), [SECOND, FIRST])
    assert counted.primary is Lens.PLACED
    assert [(each.reference, each.rank, each.duel) for each in counted.ranked] == [
        ("T3-001", 1, None),
        ("T3-002", 2, None),
    ]


def test_a_proposal_alone_meets_nobody() -> None:
    alone = standing_of(Terms(Voting.RANKING), [FIRST], pairs=Pairs(("T3-001",), ((0,),)))
    assert [(each.rank, each.duel) for each in alone.ranked] == [(1, None)]


def test_ties_take_room_in_proportion_to_the_proposals() -> None:
    """Each of ten thousand tied proposals had the names of all the others: 813 MB."""
    many = 10_000
    tied = [JudgedProposal(f"T3-{number:05}", Count({"pour": 1})) for number in range(many)]
    standing = standing_of(Terms(Voting.OPINIONS), tied)
    assert len(standing.ranked) == many
    assert len({id(each.sharing) for each in standing.ranked}) == 1
    assert sum(len(each.ties(3)) for each in standing.ranked) == 3 * many
    assert standing.ranked[0].ties(2) == ("T3-00001", "T3-00002")
    assert standing.ranked[1].ties(2) == ("T3-00000", "T3-00002")


@pytest.mark.parametrize("voting", list(Voting))
def test_under_the_quorum_or_without_a_ballot_no_method_gives_a_rank(voting: Voting) -> None:
    said = {Voting.JUDGMENT: "2", Voting.RANKING: "1"}.get(voting, "pour")
    cells = {Lens.BY_PROFESSION: {"Bibliothécaire": GroupCell(4, 6), "Autre": GroupCell(3, 6)}}
    judged = [
        JudgedProposal("T3-001", Count({said: 12}), cells),
        JudgedProposal("T3-002", Count({said: 2}), cells),
        JudgedProposal("T3-003", Count()),
    ]
    names = tuple(each.reference for each in judged)
    pairs = Pairs(names, ((0, 12, 12), (2, 0, 2), (0, 0, 0)))
    standing = standing_of(Terms(voting, mentions=3, quorum=3), judged, picks=("T3-001",), pairs=pairs)
    assert [(each.reference, set(each.beside.values())) for each in standing.ranked] == [("T3-001", {1})]
    assert [(each.reference, each.rank, each.beside) for each in standing.unranked] == [
        ("T3-002", None, {}),
        ("T3-003", None, {}),
    ]
