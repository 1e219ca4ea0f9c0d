"""The proportional slate: the published example, then the fast version against the plain definition."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.ranking.orders import reference_key
from forum.ranking.slate import slate

REFERENCES = ("T1-1", "T1-2", "T1-9", "T1-10", "T1-11", "T2-001")
supports = st.dictionaries(st.sampled_from(REFERENCES), st.frozensets(st.integers(1, 12)))


def by_definition(supporters: dict[str, frozenset[int]], seats: int) -> list[tuple[str, Fraction]]:
    """The slate by its definition: every sum computed again at each pick, with fractions."""
    picks: list[tuple[str, Fraction]] = []
    while len(picks) < seats:
        chosen = [supporters[reference] for reference, _ in picks]
        sums = {
            reference: sum((Fraction(1, 1 + sum(person in each for each in chosen)) for person in people), Fraction(0))
            for reference, people in supporters.items()
            if people and reference not in dict(picks)
        }
        if not sums:
            break
        picks.append(min(sums.items(), key=lambda item: (-item[1], reference_key(item[0]))))
    return picks


def test_one_bloc_does_not_fill_the_slate() -> None:
    bloc, others, two = set(range(1, 7)), set(range(7, 11)), {11, 12}
    picks = slate({"1": bloc, "2": bloc, "3": bloc, "4": others, "5": two}, seats=5)
    assert [pick.reference for pick in picks] == ["1", "4", "2", "3", "5"]
    assert [pick.weight for pick in picks] == [6, 4, 3, 2, 2]
    assert [(pick.supporters, pick.newly_represented) for pick in picks] == [(6, 6), (4, 4), (6, 0), (6, 0), (2, 2)]


def test_what_nobody_supports_is_not_in_the_slate() -> None:
    assert [pick.reference for pick in slate({"T1-1": [], "T1-2": [4]}, seats=3)] == ["T1-2"]
    assert slate({}, seats=1) == ()


def test_an_impossible_slate_is_refused() -> None:
    with pytest.raises(ValueError, match="a slate of 0"):
        slate({"T1-1": [1]}, seats=0)
    with pytest.raises(ValueError, match="twice"):
        slate({"T1-1": [1, 1]}, seats=1)


@given(supports, st.integers(1, 7))
def test_the_slate_is_that_of_the_definition(supporters: dict[str, frozenset[int]], seats: int) -> None:
    assert [(pick.reference, pick.weight) for pick in slate(supporters, seats)] == by_definition(supporters, seats)


@given(supports, st.randoms(use_true_random=False))
def test_the_order_of_the_input_never_matters(supporters: dict[str, frozenset[int]], chance: random.Random) -> None:
    shuffled = {reference: supporters[reference] for reference in chance.sample(list(supporters), len(supporters))}
    assert slate(shuffled, 5) == slate(supporters, 5)


@given(supports)
def test_a_shorter_slate_is_the_beginning_of_a_longer_one(supporters: dict[str, frozenset[int]]) -> None:
    assert slate(supporters, 2) == slate(supporters, 6)[:2]
