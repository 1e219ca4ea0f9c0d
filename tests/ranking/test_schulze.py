"""The method of Schulze: the textbook's electorate, then what the method promises, for any ballots."""

import random
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.ranking.schulze import MOST_CANDIDATES, preferences, schulze, strongest_paths

NAMES = "ABCDE"
ballot = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 4))
ballots_cast = st.lists(ballot, max_size=12)


def ranked(text: str) -> dict[str, int]:
    """A first in "A C B"; C and B equal in "A C=B"."""
    return {name: place for place, names in enumerate(text.split(), start=1) for name in names.split("=")}


def test_the_textbook_election() -> None:
    electorate = {
        "A C B E D": 5,
        "A D E C B": 5,
        "B E D A C": 8,
        "C A B E D": 3,
        "C A E B D": 7,
        "C B A D E": 2,
        "D C E B A": 7,
        "E B A D C": 8,
    }
    ballots = [ranked(text) for text, count in electorate.items() for _ in range(count)]
    assert len(ballots) == 45
    assert preferences(NAMES, ballots) == [
        [0, 20, 26, 30, 22],
        [25, 0, 16, 33, 18],
        [19, 29, 0, 17, 24],
        [15, 12, 28, 0, 14],
        [23, 27, 21, 31, 0],
    ]
    paths = strongest_paths(preferences(NAMES, ballots))
    assert [[paths[x][y] for y in range(5) if x != y] for x in range(5)] == [
        [28, 28, 30, 24],
        [25, 28, 33, 24],
        [25, 29, 29, 24],
        [25, 28, 28, 24],
        [25, 28, 28, 31],
    ]
    assert schulze(NAMES, ballots) == {"E": 1, "A": 2, "C": 3, "B": 4, "D": 5}


def test_what_a_ballot_leaves_out_is_tied_last_on_it() -> None:
    assert preferences("ABCD", [ranked("B A=C")]) == [[0, 0, 0, 1], [1, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert schulze("ABCD", [ranked("B A=C")]) == {"B": 1, "A": 2, "C": 2, "D": 4}


def test_a_rank_counts_only_those_above_when_others_are_not_comparable() -> None:
    """A is above B; C is neither above nor under anybody."""
    assert schulze("ABC", [ranked("A B C"), ranked("C A B"), ranked("C A B"), ranked("A B C")]) == {
        "A": 1,
        "C": 1,
        "B": 2,
    }


def test_without_votes_everything_is_tied() -> None:
    assert schulze("AB", []) == {"A": 1, "B": 1}
    assert schulze("", [{"A": 1}]) == {}


def test_too_many_proposals_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 200"):
        schulze([str(number) for number in range(MOST_CANDIDATES + 1)], [])


@given(ballots_cast)
def test_pairs_are_counted_as_the_definition_says(ballots: list[dict[str, int]]) -> None:
    found = preferences(NAMES, ballots)
    for x, y in permutations(range(len(NAMES)), 2):
        votes = sum(cast.get(NAMES[x], 9) < cast.get(NAMES[y], 9) for cast in ballots)
        assert found[x][y] == votes


@given(ballots_cast)
def test_paths_are_the_strongest_of_all(ballots: list[dict[str, int]]) -> None:
    preferred = preferences("ABCD", ballots)

    def strength(path: tuple[int, ...]) -> int:
        links = pairwise(path)
        return min(preferred[a][b] if preferred[a][b] > preferred[b][a] else 0 for a, b in links)

    paths = strongest_paths(preferred)
    for x, y in permutations(range(4), 2):
        between = [z for z in range(4) if z not in (x, y)]
        ways = [(x, *some, y) for many in range(3) for some in permutations(between, many)]
        assert paths[x][y] == max(map(strength, ways))


@given(ballots_cast)
def test_a_proposal_that_beats_all_others_is_alone_first(ballots: list[dict[str, int]]) -> None:
    preferred = preferences(NAMES, ballots)
    ranks = schulze(NAMES, ballots)
    for x, name in enumerate(NAMES):
        if all(preferred[x][y] > preferred[y][x] for y in range(len(NAMES)) if y != x):
            assert [other for other, rank in ranks.items() if rank == 1] == [name]


@given(ballots_cast)
def test_a_rank_is_one_more_than_the_number_above_and_never_better_than_theirs(ballots: list[dict[str, int]]) -> None:
    paths, ranks = strongest_paths(preferences(NAMES, ballots)), schulze(NAMES, ballots)
    for x, name in enumerate(NAMES):
        above = [other for y, other in enumerate(NAMES) if paths[y][x] > paths[x][y]]
        assert ranks[name] == 1 + len(above)
        assert all(ranks[other] < ranks[name] for other in above)


@given(ballots_cast, st.data())
def test_a_better_position_never_harms(ballots: list[dict[str, int]], data: st.DataObject) -> None:
    if not ballots:
        return
    chosen = data.draw(st.integers(0, len(ballots) - 1))
    name = data.draw(st.sampled_from(NAMES))
    better = data.draw(st.integers(0, ballots[chosen].get(name, 5)))
    raised = [cast | {name: better} if place == chosen else cast for place, cast in enumerate(ballots)]
    assert schulze(NAMES, raised)[name] <= schulze(NAMES, ballots)[name]


@given(ballots_cast, st.randoms(use_true_random=False))
def test_neither_the_order_of_ballots_nor_names_matter(ballots: list[dict[str, int]], chance: random.Random) -> None:
    new = dict(zip(NAMES, chance.sample(NAMES, len(NAMES)), strict=True))
    renamed = [{new[name]: position for name, position in cast.items()} for cast in ballots]
    chance.shuffle(renamed)
    before, after = schulze(NAMES, ballots), schulze(NAMES[::-1], renamed)
    assert after == {new[name]: before[name] for name in NAMES}
