"""Consensus across groups, made of published cells and of nothing else."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.ranking.consensus import Consensus, consensus
from forum.ranking.published import GroupCell, Precision

cells = st.integers(5, 12).flatmap(lambda votants: st.builds(GroupCell, st.integers(0, votants), st.just(votants)))
divided = st.lists(cells, min_size=2, max_size=5)


@pytest.mark.parametrize(
    ("agents", "lecteurs", "product"),
    [
        (GroupCell(20, 20), GroupCell(10, 10), Fraction(7, 8)),
        (GroupCell(14, 20), GroupCell(7, 10), Fraction(5, 11)),
        (GroupCell(20, 20), GroupCell(1, 10), Fraction(7, 44)),
    ],
)
def test_consensus_gives_the_published_values(agents: GroupCell, lecteurs: GroupCell, product: Fraction) -> None:
    assert consensus([agents, lecteurs]) == Consensus(product, 2)


def test_a_silent_group_counts_for_nothing_and_one_group_is_no_consensus() -> None:
    assert consensus([]) is None
    assert consensus([GroupCell(9, 9)]) is None


def test_a_coarse_cell_counts_with_its_published_figure() -> None:
    assert consensus([GroupCell(7, 8, Precision.AT_LEAST), GroupCell(1, 8, Precision.AT_MOST)]) == consensus(
        [GroupCell(7, 8), GroupCell(1, 8)]
    )


def test_proposals_judged_by_different_numbers_of_groups_compare_by_the_geometric_mean() -> None:
    """Three groups of one half are as good as two; a product would put them behind."""
    half, more = GroupCell(4, 8), GroupCell(5, 8)
    two, three = consensus([half, half]), consensus([half, half, half])
    better = consensus([half, half, more])
    assert two
    assert better
    assert two == three
    assert two < better


@given(divided, divided)
def test_scores_compare_as_their_geometric_means(one: list[GroupCell], other: list[GroupCell]) -> None:
    ours, theirs = consensus(one), consensus(other)
    assert ours
    assert theirs
    means = [float(each.product) ** (1 / each.groups) for each in (ours, theirs)]
    if abs(means[0] - means[1]) > 1e-9:
        assert (ours < theirs) == (means[0] < means[1])
    assert (ours < theirs) + (ours == theirs) + (theirs < ours) == 1


@given(divided, cells)
def test_one_more_supporter_raises_consensus(groups: list[GroupCell], last: GroupCell) -> None:
    if last.pour < last.votants:
        before, after = consensus([*groups, last]), consensus([*groups, GroupCell(last.pour + 1, last.votants)])
        assert before
        assert after
        assert before < after
