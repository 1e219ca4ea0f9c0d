"""Consensus across groups, and groups that subtraction must not reveal."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.ranking.consensus import FEWEST_SHOWN, consensus, masked
from forum.ranking.tallies import Tally

NAMES = ("agents", "lecteurs", "élus", "associations")
counts = st.integers(0, 8)
divided = st.dictionaries(st.sampled_from(NAMES), st.builds(Tally, counts, counts, counts))


@pytest.mark.parametrize(
    ("agents", "lecteurs", "score"),
    [
        (Tally(20), Tally(10), Fraction(7, 8)),
        (Tally(14, 6), Tally(7, 2, 1), Fraction(5, 11)),
        (Tally(20), Tally(1, 9), Fraction(7, 44)),
    ],
)
def test_consensus_gives_the_published_values(agents: Tally, lecteurs: Tally, score: Fraction) -> None:
    assert consensus({"agents": agents, "lecteurs": lecteurs}, ("lecteurs", "agents")) == score


def test_a_group_without_a_ballot_counts_one_half_given_or_not() -> None:
    assert consensus({}, NAMES) == Fraction(1, 16)
    assert consensus({"agents": Tally()}, NAMES) == Fraction(1, 16)


def test_groups_of_another_partition_are_refused() -> None:
    with pytest.raises(ValueError, match="outside the partition"):
        consensus({"Bretagne": Tally(3)}, NAMES)
    with pytest.raises(ValueError, match="one group"):
        consensus({}, ())


@given(divided, st.sampled_from(NAMES))
def test_one_more_supporter_raises_consensus(groups: dict[str, Tally], name: str) -> None:
    tally = groups.get(name, Tally())
    more = groups | {name: Tally(tally.for_ + 1, tally.against, tally.abstain)}
    assert 0 < consensus(groups, NAMES) < consensus(more, NAMES) < 1


def test_a_small_group_is_hidden_with_the_next_smallest() -> None:
    groups = {"agents": Tally(30), "élus": Tally(2, 2), "lecteurs": Tally(3, 3, 3), "associations": Tally(9)}
    assert masked(groups) == {"élus", "associations"}


def test_small_groups_that_are_few_even_together_hide_another_with_them() -> None:
    groups = {"agents": Tally(30), "élus": Tally(1), "lecteurs": Tally(3), "associations": Tally(9)}
    assert masked(groups) == {"élus", "lecteurs", "associations"}


def test_nothing_is_hidden_when_every_group_is_large_enough() -> None:
    assert masked({"agents": Tally(5), "élus": Tally(0, 5)}) == set()
    assert masked({"agents": Tally(4)}) == {"agents"}
    assert masked({}) == set()


@given(divided)
def test_no_small_group_is_found_by_subtraction(groups: dict[str, Tally]) -> None:
    hidden = masked(groups)
    shown = groups.keys() - hidden
    assert all(groups[name].votants >= FEWEST_SHOWN for name in shown)
    if hidden and shown:
        rest = sum(tally.votants for tally in groups.values()) - sum(groups[name].votants for name in shown)
        assert len(hidden) >= 2
        assert rest >= FEWEST_SHOWN


@given(divided)
def test_no_more_is_hidden_than_needed(groups: dict[str, Tally]) -> None:
    *smaller, largest = sorted(groups[name].votants for name in masked(groups)) or [0]
    assert largest < FEWEST_SHOWN or len(smaller) < 2 or sum(smaller) < FEWEST_SHOWN
