"""Majority judgment: the published examples, and the runs checked against the sequence written out ballot by ballot."""

import random
from fractions import Fraction
from math import lcm

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.ranking.majority_judgment import (
    GRADES_OF_A_SCALE,
    Gauge,
    GradeCounts,
    Sign,
    gauge,
    majority_judgment,
    majority_value,
)
from forum.ranking.orders import Candidate, rank

SCALE = 5
profiles = st.lists(st.integers(0, 9), min_size=SCALE, max_size=SCALE).map(lambda counts: GradeCounts(tuple(counts)))


def written_out(profile: GradeCounts, times: int = 1) -> list[int]:
    """The majority value by its definition: remove the lower median, again and again."""
    ballots = [grade for grade, count in enumerate(profile.counts) for _ in range(count * times)]
    return [ballots.pop((len(ballots) - 1) // 2) for _ in range(len(ballots))]


def test_the_wine_of_better_value_wins() -> None:
    first, second = GradeCounts.of([7, 11, 9, 9, 11], 12), GradeCounts.of([8, 11, 9, 9, 10], 12)
    assert list(majority_value(first)) == [9, 9, 11, 7, 11]
    assert list(majority_value(second)) == [9, 9, 10, 8, 11]
    assert majority_judgment(second) < majority_judgment(first)


def test_the_majority_grade_is_the_lower_median() -> None:
    assert gauge(GradeCounts((5, 0, 0, 0, 5))) == Gauge(grade=0, above=5, below=0, votants=10)
    assert Gauge(grade=0, above=5, below=0, votants=10).sign.value == "+"


def test_as_many_above_as_below_is_a_minus() -> None:
    balanced = gauge(GradeCounts((2, 5, 2)))
    assert balanced is not None
    assert (balanced.grade, balanced.sign) == (1, Sign.MINUS)


def test_a_proposal_without_votes_is_below_the_worst_grade() -> None:
    nobody, worst = GradeCounts((0, 0, 0)), GradeCounts((1, 0, 0))
    assert (nobody.majority_grade, gauge(nobody), list(majority_value(nobody))) == (None, None, [])
    assert majority_judgment(nobody) < majority_judgment(worst)


def test_a_late_proposal_compares_by_shares() -> None:
    assert majority_judgment(GradeCounts((1, 2, 3))) == majority_judgment(GradeCounts((100_000, 200_000, 300_000)))
    assert majority_judgment(GradeCounts((1, 2, 3))) < majority_judgment(GradeCounts((99_999, 200_000, 300_001)))


def test_impossible_profiles_are_refused() -> None:
    for counts in ((), (1, -1), (1 << 63, 0)):
        with pytest.raises(ValueError, match=r"profile|ballots"):
            GradeCounts(counts)
    with pytest.raises(ValueError, match="scale"):
        GradeCounts.of([5], 5)
    assert (min(GRADES_OF_A_SCALE), max(GRADES_OF_A_SCALE)) == (3, 7)


@given(profiles)
def test_runs_give_the_value_of_the_definition(profile: GradeCounts) -> None:
    assert list(majority_value(profile)) == written_out(profile)
    assert next(majority_value(profile), None) == profile.majority_grade


@given(profiles, profiles)
def test_scores_compare_as_values_of_equal_electorates(left: GradeCounts, right: GradeCounts) -> None:
    common = lcm(left.votants, right.votants)
    if common == 0:
        return
    ours = written_out(left, common // left.votants), written_out(right, common // right.votants)
    scores = majority_judgment(left), majority_judgment(right)
    assert (scores[0] < scores[1], scores[0] == scores[1]) == (ours[0] < ours[1], ours[0] == ours[1])


@given(profiles, profiles)
def test_the_gauge_never_contradicts_the_score(left: GradeCounts, right: GradeCounts) -> None:
    if left.votants and right.votants and _read(left) < _read(right):
        assert majority_judgment(left) < majority_judgment(right)


def _read(profile: GradeCounts) -> tuple[int, bool, Fraction]:
    shown = gauge(profile)
    assert shown is not None
    plus = shown.sign == Sign.PLUS
    return shown.grade, plus, Fraction(shown.above if plus else -shown.below, shown.votants)


@given(profiles, st.integers(0, SCALE - 2))
def test_a_better_grade_never_harms(profile: GradeCounts, grade: int) -> None:
    if profile.counts[grade] == 0:
        return
    counts = list(profile.counts)
    counts[grade] -= 1
    counts[grade + 1] += 1
    assert majority_judgment(profile) < majority_judgment(GradeCounts(tuple(counts)))


@given(st.lists(profiles, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_input_never_matters(found: list[GradeCounts], chance: random.Random) -> None:
    candidates = [Candidate(f"T2-{number:03}", profile) for number, profile in enumerate(found)]
    shuffled = chance.sample(candidates, len(candidates))
    assert rank(shuffled, score=majority_judgment) == rank(candidates, score=majority_judgment)
