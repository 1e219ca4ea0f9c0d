"""The mathematics of tallies and orders: published values, then properties that hold for any ballots."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.ranking.orders import Candidate, approval, arrange, net_support, rank, reference_key
from forum.ranking.tallies import Opinion, Tally
from forum.ranking.wilson import Bound, _compare, wilson

counts = st.integers(min_value=0, max_value=400)
tallies = st.builds(Tally, for_=counts, against=counts, abstain=counts)
bounds = st.tuples(counts, counts).map(lambda pair: Bound(pair[0], pair[0] + pair[1]))
candidates = st.lists(tallies, max_size=12).map(
    lambda found: [Candidate(f"T3-{i:03}", tally) for i, tally in enumerate(found, start=1) if tally.votants]
)


def test_a_tally_counts_ballots_by_opinion() -> None:
    tally = Tally.of([Opinion.FOR, Opinion.AGAINST, Opinion.FOR, Opinion.ABSTAIN])
    assert (tally.for_, tally.against, tally.abstain) == (2, 1, 1)
    assert (tally.votants, tally.exprimes, tally.net) == (4, 3, 1)


def test_opinions_are_stored_as_french_words() -> None:
    assert [opinion.value for opinion in Opinion] == ["pour", "abstention", "contre"]


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Tally(for_=1, against=-1)


@pytest.mark.parametrize(
    ("favourable", "answers", "shown"),
    [
        (0, 0, "0.000000"),
        (0, 7, "0.000000"),
        (1, 1, "0.206549"),
        (9, 10, "0.595850"),
        (60, 100, "0.502003"),
    ],
)
def test_wilson_gives_the_published_values(favourable: int, answers: int, shown: str) -> None:
    assert Bound(favourable, answers).shown() == shown


def test_wilson_leaves_abstentions_out_unless_they_are_declared_to_count() -> None:
    small, large = Tally(for_=9, against=0, abstain=1), Tally(for_=18, against=2, abstain=4)
    assert wilson(large).shown() == "0.698966"
    assert wilson(small).shown() == "0.700855"
    assert wilson(large) < wilson(small)
    assert wilson(small, with_abstentions=True) == Bound(9, 10)


@pytest.mark.parametrize(("favourable", "answers"), [(-1, 3), (4, 3), (1, 0)])
def test_wilson_refuses_impossible_counts(favourable: int, answers: int) -> None:
    with pytest.raises(ValueError, match="favourable"):
        Bound(favourable, answers)


@given(bounds, bounds)
def test_wilson_orders_as_its_printed_value_does(left: Bound, right: Bound) -> None:
    near, far = Fraction(left.shown(40)), Fraction(right.shown(40))
    if left == right:
        assert near == far
        assert hash(left) == hash(right)
    else:
        assert (left < right) == (near < far)
        assert (left < right) != (right < left)


@given(bounds)
def test_wilson_stays_between_zero_and_the_proportion(bound: Bound) -> None:
    value = Fraction(bound.shown(40))
    assert 0 <= value < 1
    assert bound.answers == 0 or value <= Fraction(bound.favourable, bound.answers)


@given(bounds)
def test_one_more_favourable_answer_raises_wilson(bound: Bound) -> None:
    assert bound < Bound(bound.favourable + 1, bound.answers + 1)


def test_wilson_tells_apart_what_a_float_cannot() -> None:
    big = 10**17
    assert Bound(big, 2 * big) < Bound(big + 1, 2 * big + 1)


@pytest.mark.parametrize("size", [3, 400, 10**9, 10**24])
@given(data=st.data())
def test_wilson_is_sorted_as_exact_fractions_are(size: int, data: st.DataObject) -> None:
    """Nearly equal bounds of 10²⁴ answers fall on the same step of the grid: only squaring tells them apart."""
    answers = data.draw(st.integers(1, size))
    favourable = data.draw(st.integers(0, answers))
    more = data.draw(st.integers(0, 3))
    left, right = Bound(favourable, answers), Bound(favourable + more, answers + more + data.draw(st.integers(0, 3)))
    by_squaring = _compare(left._parts, right._parts)
    assert (left < right, left > right, left == right) == (by_squaring < 0, by_squaring > 0, by_squaring == 0)


@given(bounds)
def test_the_grid_of_wilson_is_an_exact_floor(bound: Bound) -> None:
    a, b = bound._parts
    below, above = Fraction(bound._floor, 2**64), Fraction(bound._floor + 1, 2**64)
    assert below <= a
    assert (a - below) ** 2 >= b
    assert above > a or (a - above) ** 2 < b


def test_ties_share_a_rank_and_the_next_one_is_skipped() -> None:
    nets = {"T3-001": 5, "T3-002": 9, "T3-003": 5, "T3-004": 1}
    order = rank([Candidate(r, Tally(for_=n)) for r, n in nets.items()], score=net_support)
    assert [(place.candidate.reference, place.rank, place.tied) for place in order.ranked] == [
        ("T3-002", 1, False),
        ("T3-001", 2, True),
        ("T3-003", 2, True),
        ("T3-004", 4, False),
    ]


def test_proposals_below_the_quorum_are_listed_apart_by_reference() -> None:
    few, enough = Tally(for_=2, abstain=1), Tally(for_=1, against=2, abstain=1)
    order = rank(
        [Candidate("T3-010", few), Candidate("T3-9", few), Candidate("T3-002", enough)],
        score=net_support,
        quorum=4,
    )
    assert [place.candidate.reference for place in order.ranked] == ["T3-002"]
    assert [candidate.reference for candidate in order.unranked] == ["T3-9", "T3-010"]


def test_without_votes_nothing_has_a_rank() -> None:
    order = rank([Candidate("T1-001", Tally()), Candidate("T1-002", Tally(against=1))], score=wilson)
    assert order.ranks() == {"T1-002": 1}
    assert [candidate.reference for candidate in order.unranked] == ["T1-001"]


def test_ranks_computed_elsewhere_are_shown_by_rank_then_reference() -> None:
    candidates = [Candidate(reference, Tally()) for reference in ("T1-010", "T1-9", "T1-002", "T1-001")]
    order = arrange(candidates, {"T1-010": 1, "T1-9": 1, "T1-001": 2})
    assert [(place.candidate.reference, place.rank, place.tied) for place in order.ranked] == [
        ("T1-9", 1, True),
        ("T1-010", 1, True),
        ("T1-001", 2, False),
    ]
    assert [candidate.reference for candidate in order.unranked] == ["T1-002"]
    assert order.ranks() == {"T1-9": 1, "T1-010": 1, "T1-001": 2}


def test_approval_counts_only_support() -> None:
    order = rank([Candidate("T1-001", Tally(5, 9)), Candidate("T1-002", Tally(4, 0))], score=approval)
    assert order.ranks() == {"T1-001": 1, "T1-002": 2}


@pytest.mark.parametrize("score", [net_support, approval, wilson])
@given(found=candidates, data=st.data())
def test_one_more_supporter_never_harms(score, found, data) -> None:  # type: ignore[no-untyped-def]  # hypothesis and parametrize give the arguments
    if not found:
        return
    chosen = data.draw(st.sampled_from(found))
    tally = chosen.profile
    better = Candidate(chosen.reference, Tally(tally.for_ + 1, tally.against, tally.abstain))
    after = [better if each is chosen else each for each in found]
    assert rank(after, score=score).ranks()[chosen.reference] <= rank(found, score=score).ranks()[chosen.reference]


@pytest.mark.parametrize("score", [net_support, approval, wilson])
@given(found=candidates, chance=st.randoms(use_true_random=False))
def test_names_do_not_matter(score, found, chance) -> None:  # type: ignore[no-untyped-def]  # hypothesis and parametrize give the arguments
    names = [each.reference for each in found]
    new = dict(zip(names, chance.sample(names, len(names)), strict=True))
    renamed = [Candidate(new[each.reference], each.profile) for each in found]
    before = rank(found, score=score).ranks()
    assert rank(renamed, score=score).ranks() == {new[name]: before[name] for name in names}


def test_two_proposals_with_one_reference_are_refused() -> None:
    with pytest.raises(ValueError, match="share a reference"):
        rank([Candidate("T1-001", Tally()), Candidate("T1-001", Tally(for_=1))], score=net_support)


def test_references_come_in_natural_order() -> None:
    found = ["T10-001", "T3-1000", "T3-999", "T9-001", "T3-007"]
    assert sorted(found, key=reference_key) == ["T3-007", "T3-999", "T3-1000", "T9-001", "T10-001"]


@pytest.mark.parametrize("score", [net_support, wilson])
@given(found=candidates, seed=st.integers(), quorum=st.integers(min_value=0, max_value=300))
def test_the_order_of_the_input_never_matters(score, found, seed, quorum) -> None:  # type: ignore[no-untyped-def]  # hypothesis and parametrize give the arguments
    shuffled = list(found)
    random.Random(seed).shuffle(shuffled)
    assert rank(shuffled, score=score, quorum=quorum) == rank(found, score=score, quorum=quorum)


@given(candidates)
def test_a_rank_is_one_more_than_the_number_of_better_ones(found: list[Candidate[Tally]]) -> None:
    for place in rank(found, score=net_support).ranked:
        better = sum(other.profile.net > place.candidate.profile.net for other in found)
        equal = sum(other.profile.net == place.candidate.profile.net for other in found)
        assert (place.rank, place.tied) == (better + 1, equal > 1)
