"""All methods through one function: what holds for each of them, and where they disagree."""

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.ranking.majority_judgment import GradeCounts
from forum.ranking.methods import Counted, Disagreement, Method, disagreements, order_by
from forum.ranking.orders import Candidate, Order
from forum.ranking.published import GroupCell
from forum.ranking.tallies import Opinion, Tally, merged

REFERENCES = tuple(f"T3-{number:03}" for number in range(1, 7))
GROUPS = ("agents", "lecteurs", "élus")
ballots_on_one = st.dictionaries(st.integers(1, 9), st.sampled_from(list(Opinion)), max_size=6)
electorates = st.fixed_dictionaries(dict.fromkeys(REFERENCES, ballots_on_one))
ANSWERS = {Opinion.FOR: 2, Opinion.ABSTAIN: 1, Opinion.AGAINST: 0}

Cast = Mapping[str, Mapping[int, Opinion]]
"""The ballots by person, for each reference."""


def counted(cast: Mapping[int, Opinion]) -> Counted:
    """Answers read as every kind of ballot at once; the group of a person is their number modulo 3."""
    return Counted(
        tally=Tally.of(cast.values()),
        grades=GradeCounts.of([ANSWERS[opinion] for opinion in cast.values()], 3),
        groups={
            name: GroupCell(said.count(Opinion.FOR), len(said))
            for number, name in enumerate(GROUPS)
            if (said := [opinion for person, opinion in cast.items() if person % 3 == number])
        },
        supporters=frozenset(person for person, opinion in cast.items() if opinion is Opinion.FOR),
        placed=len(cast),
    )


def ordered(method: Method, cast: Cast, *, quorum: int = 0, chance: random.Random | None = None) -> Order[Counted]:
    """The order of proposals; with `chance`, everything is given to the method in a random order."""
    people = sorted({person for ballots in cast.values() for person in ballots})
    rankings = [
        {reference: 3 - ANSWERS[ballots[person]] for reference, ballots in cast.items() if person in ballots}
        for person in people
    ]
    candidates = [Candidate(reference, counted(ballots)) for reference, ballots in cast.items()]
    if chance is not None:
        chance.shuffle(rankings)
        chance.shuffle(candidates)
    return order_by(method, candidates, quorum=quorum, seats=4, ballots=rankings)


def test_methods_are_stored_as_french_words() -> None:
    assert [method.value for method in Method] == [
        "soutien-net",
        "wilson",
        "soutien",
        "jugement-majoritaire",
        "classement",
        "consensus",
        "propositions-phares",
    ]


@pytest.mark.parametrize("method", Method)
def test_a_hundred_shuffles_change_nothing(method: Method) -> None:
    chance = random.Random(7)
    for _ in range(3):
        cast = {
            reference: {
                person: chance.choice(list(Opinion)) for person in chance.sample(range(12), chance.randrange(12))
            }
            for reference in REFERENCES
        }
        order = ordered(method, cast, quorum=3)
        for _ in range(100):
            assert ordered(method, cast, quorum=3, chance=chance) == order


def _some_ballots(chance: random.Random) -> dict[int, Opinion]:
    return {person: chance.choice(list(Opinion)) for person in chance.sample(range(12), chance.randrange(12))}


@pytest.mark.parametrize("method", Method)
@given(cast=electorates, chance=st.randoms(use_true_random=False))
def test_names_do_not_matter(method: Method, cast: Cast, chance: random.Random) -> None:
    """Except to a slate, where the first reference wins a tie: there the first pick has the same support, whatever the
    names."""
    new = dict(zip(REFERENCES, chance.sample(REFERENCES, len(REFERENCES)), strict=True))
    before = ordered(method, cast)
    after = ordered(method, {new[reference]: ballots for reference, ballots in cast.items()})
    if method is Method.SLATE:
        firsts = [len(place.candidate.profile.supporters) for order in (before, after) for place in order.ranked[:1]]
        assert len(set(firsts)) <= 1
    else:
        assert after.ranks() == {new[reference]: rank for reference, rank in before.ranks().items()}


@pytest.mark.parametrize("method", [method for method in Method if method is not Method.SLATE])
@given(cast=electorates, data=st.data())
def test_a_voter_who_turns_to_support_never_harms(method: Method, cast: Cast, data: st.DataObject) -> None:
    reference = data.draw(st.sampled_from(REFERENCES))
    if not cast[reference]:
        return
    person = data.draw(st.sampled_from(sorted(cast[reference])))
    after = {**cast, reference: {**cast[reference], person: Opinion.FOR}}
    ranks_after, ranks_before = ordered(method, after).ranks(), ordered(method, cast).ranks()
    assert (reference in ranks_after) == (reference in ranks_before)
    assert ranks_after.get(reference, 0) <= ranks_before.get(reference, 0)


@pytest.mark.parametrize("method", Method)
@given(cast=electorates)
def test_undoing_a_merge_restores_the_order(method: Method, cast: Cast) -> None:
    into, source = REFERENCES[:2]
    before = ordered(method, cast)
    together = {name: ballots for name, ballots in cast.items() if name != source}
    together[into] = merged(cast[into], cast[source])
    assert len(together[into]) == len(cast[into].keys() | cast[source].keys())
    assert all(together[into][person] is opinion for person, opinion in cast[into].items())
    assert ordered(method, together).ranks().keys() <= set(REFERENCES) - {source}
    assert ordered(method, cast) == before


@pytest.mark.parametrize("method", Method)
def test_without_votes_nothing_is_divided_by_zero(method: Method) -> None:
    order = ordered(method, {reference: {} for reference in REFERENCES})
    assert (order.ranked, len(order.unranked)) == ((), len(REFERENCES))
    assert order_by(method, []) == Order((), ())


@pytest.mark.parametrize("method", Method)
def test_a_proposal_without_a_ballot_has_no_rank_by_any_method(method: Method) -> None:
    """Not even the last: one that nobody voted on was 5th by consensus, before one with 19 for and 2 against."""
    cast = {"T3-001": {}, "T3-002": {1: Opinion.AGAINST, 2: Opinion.FOR, 3: Opinion.FOR}}
    assert ordered(method, cast).ranks() == {"T3-002": 1}


@pytest.mark.parametrize("method", Method)
def test_what_is_under_the_quorum_has_no_rank(method: Method) -> None:
    cast = {"T3-001": {1: Opinion.FOR}, "T3-002": {1: Opinion.FOR, 2: Opinion.FOR}}
    order = ordered(method, cast, quorum=2)
    assert order.ranks() == {"T3-002": 1}
    assert [candidate.reference for candidate in order.unranked] == ["T3-001"]


def test_declared_abstentions_count_in_wilson() -> None:
    candidates = [
        Candidate("T3-001", Counted(tally=Tally(for_=9, abstain=9))),
        Candidate("T3-002", Counted(tally=Tally(for_=8))),
    ]
    assert order_by(Method.WILSON, candidates).ranks() == {"T3-001": 1, "T3-002": 2}
    assert order_by(Method.WILSON, candidates, abstentions_in_wilson=True).ranks() == {"T3-002": 1, "T3-001": 2}


def test_grades_of_different_scales_do_not_compare() -> None:
    three = Candidate("T3-001", Counted(grades=GradeCounts((0, 1, 0))))
    four = replace(three, reference="T3-002", profile=Counted(grades=GradeCounts((0, 1, 0, 0))))
    with pytest.raises(ValueError, match="different scales"):
        order_by(Method.MAJORITY_JUDGMENT, [three, four])


def test_methods_disagree_most_about_the_largest_gap() -> None:
    tallies = {"T3-001": Tally(60, 40), "T3-002": Tally(19), "T3-003": Tally(18), "T3-004": Tally(1, 9)}
    candidates = [Candidate(reference, Counted(tally=tally)) for reference, tally in tallies.items()]
    net, wilson = order_by(Method.NET_SUPPORT, candidates), order_by(Method.WILSON, candidates)
    assert disagreements(net, {Method.WILSON: wilson}) == (
        Disagreement("T3-001", 1, {Method.WILSON: 3}, gap=2),
        Disagreement("T3-002", 2, {Method.WILSON: 1}, gap=1),
        Disagreement("T3-003", 3, {Method.WILSON: 2}, gap=1),
    )
    assert disagreements(net, {Method.NET_SUPPORT: net}) == ()
    assert disagreements(net, {}) == ()


def test_disagreements_below_the_first_ranks_are_not_reported() -> None:
    def of(*references: str) -> Order[Counted]:
        tallies = {reference: Tally(len(references) - place) for place, reference in enumerate(references)}
        return order_by(Method.APPROVAL, [Candidate(r, Counted(tally=tally)) for r, tally in tallies.items()])

    primary, other = of("T1-1", "T1-2", "T1-3", "T1-4"), of("T1-1", "T1-3", "T1-4", "T1-2")
    told = disagreements(primary, {Method.WILSON: other}, first=2)
    assert [(each.reference, each.gap) for each in told] == [("T1-2", 2), ("T1-3", 1)]


def test_an_order_that_stops_says_that_the_rest_comes_after() -> None:
    cast = {"T3-001": [1, 2, 3, 5], "T3-002": [1, 2, 3], "T3-003": [4, 6], "T3-004": [2]}
    candidates = [Candidate(r, Counted(tally=Tally(len(people)), supporters=people)) for r, people in cast.items()]
    supported = order_by(Method.APPROVAL, candidates)
    picked = order_by(Method.SLATE, candidates, seats=2)
    assert picked.ranks() == {"T3-001": 1, "T3-003": 2}
    assert disagreements(supported, {Method.SLATE: picked}) == (
        Disagreement("T3-002", 2, {Method.SLATE: None}, gap=1),
        Disagreement("T3-003", 3, {Method.SLATE: 2}, gap=1),
    )
    assert disagreements(picked, {Method.APPROVAL: supported}) == (
        Disagreement("T3-002", None, {Method.APPROVAL: 2}, gap=1),
        Disagreement("T3-003", 2, {Method.APPROVAL: 3}, gap=1),
    )


def test_an_order_that_says_nothing_of_some_is_compared_over_the_others() -> None:
    """A proposal without enough shown groups has no consensus: that is no disagreement, nor are the ranks that it
    leaves to the others."""

    def of(**supporters: int) -> Order[Counted]:
        tallies = {name: Tally(many) for name, many in supporters.items()}
        return order_by(Method.APPROVAL, [Candidate(name, Counted(tally=tally)) for name, tally in tallies.items()])

    primary = of(A=9, B=8, C=7)
    assert disagreements(primary, {Method.CONSENSUS: of(B=5, C=4)}, partial=[Method.CONSENSUS]) == ()
    told = disagreements(primary, {Method.CONSENSUS: of(B=4, C=5)}, partial=[Method.CONSENSUS])
    assert [(each.reference, each.gap) for each in told] == [("B", 1), ("C", 1)]
    assert [each.reference for each in disagreements(primary, {Method.CONSENSUS: of(B=5, C=4)})] == ["A", "B", "C"]
