"""What is published of groups: nobody's ballot follows from it, not even for those who know the rule and all groups."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement, product

import pytest

from forum.ranking.published import GroupCell, Precision, Published, Share, published

World = tuple[int, ...]
"""How many people are for it in each group."""


def of(*shares: tuple[int, int], unlisted: tuple[int, int] = (0, 0), earlier: Sequence[Published] = ()) -> Published:
    """What is published of groups A, B, C…, given as (pour, votants)."""
    names = [chr(ord("A") + place) for place in range(len(shares))]
    joint: dict[tuple[str, ...], Share] = {
        (name,): Share(*share) for name, share in zip((*names, "elsewhere"), (*shares, unlisted), strict=True)
    }
    (found,) = published(joint, [names], [[release] for release in earlier])
    return found


def test_a_group_is_shown_from_five_voters_and_the_others_together() -> None:
    assert of((3, 9), (4, 10), (2, 3), (1, 4)) == Published(
        {"A": GroupCell(3, 9), "B": GroupCell(4, 10)}, GroupCell(3, 7), Share(10, 26)
    )


def test_a_group_alone_takes_the_next_smallest_with_it() -> None:
    assert of((3, 9), (4, 10), (1, 1)) == Published({"B": GroupCell(4, 10)}, GroupCell(4, 10), Share(8, 20))
    # Without a voter too: that nobody of it voted is not told either.
    assert of((3, 9), (4, 10), (0, 0)) == Published({"B": GroupCell(4, 10)}, GroupCell(3, 9), Share(7, 19))
    assert of((3, 9), (4, 10), (3, 6), unlisted=(1, 1)).cells.keys() == {"A", "B"}


def test_small_groups_that_are_few_even_together_take_the_next_smallest_with_them() -> None:
    assert of((3, 9), (4, 10), (1, 2), (1, 2)).cells.keys() == {"B"}


def test_a_group_that_is_no_longer_listed_unmasks_no_other() -> None:
    """Its cell may have been read before: less that, "the others" would be those whom the next smallest hid."""
    said = {"A": Share(1, 1), "B": Share(3, 6), "C": Share(2, 5), "D": Share(4, 9)}
    joint: dict[tuple[str, ...], Share] = {(name,): share for name, share in said.items()}
    (before,) = published(joint, ["ABCD"])
    assert before == Published({"B": GroupCell(3, 6), "D": GroupCell(4, 9)}, GroupCell(3, 6), Share(10, 21))
    (after,) = published(joint, ["ACD"])
    assert after == Published({"D": GroupCell(4, 9)}, GroupCell(6, 12), Share(10, 21))


@pytest.mark.parametrize(
    ("pour", "cell"),
    [
        (9, GroupCell(8, 9, Precision.AT_LEAST)),
        (8, GroupCell(8, 9, Precision.AT_LEAST)),
        (7, GroupCell(7, 9)),
        (2, GroupCell(2, 9)),
        (1, GroupCell(1, 9, Precision.AT_MOST)),
        (0, GroupCell(1, 9, Precision.AT_MOST)),
    ],
)
def test_where_all_or_all_but_one_say_the_same_the_figure_is_coarse(pour: int, cell: GroupCell) -> None:
    found = of((pour, 9), (4, 10), (1, 3), (2, 4))
    assert found.cells["A"] == cell
    # What the others say would give the true figure.
    assert (found.others is None) == (cell.precision is not Precision.EXACT)


def test_no_group_is_shown_where_totals_would_sharpen_a_coarse_figure() -> None:
    assert of((9, 9), (4, 10)) == Published(whole=Share(13, 19))
    assert of((9, 9), (7, 8), (4, 10)).cells.keys() == {"A", "B", "C"}, "one of A and B is not unanimous, but which?"
    assert of((9, 9), (8, 8), (4, 10)) == Published(whole=Share(21, 27))


def test_no_group_is_shown_where_the_rest_would_be_unanimous() -> None:
    assert of((3, 9), (4, 10), (3, 3), (4, 4)) == Published(whole=Share(14, 26))


def test_no_group_is_shown_of_a_proposal_that_hardly_anybody_refuses() -> None:
    assert of((9, 9), (9, 10)) == Published(whole=Share(18, 19))
    assert of((0, 9), (2, 10), (0, 12)) == Published(whole=Share(2, 31))


SIZES = [
    *combinations_with_replacement((0, 1, 2, 4, 5, 7), 3),
    *combinations_with_replacement((0, 1, 5, 6), 4),
    *((1, 2, 9, 12), (4, 5, 5, 5, 6), (1, 1, 1, 5, 6), (3, 3, 5, 5), (9, 9, 9)),
]


def test_whoever_knows_the_rule_and_all_groups_is_sure_of_nobody() -> None:
    """Every vote of many small electorates: those with the same publication differ on each group."""
    for sizes in SIZES:
        names = [chr(ord("A") + place) for place in range(len(sizes))]
        _refuse_certainty(
            (
                (world, published({(n,): Share(*s) for n, *s in zip(names, world, sizes, strict=True)}, [names]))
                for world in product(*(range(size + 1) for size in sizes))
            ),
            sizes,
        )


JOINT_SIZES = [
    (2, 2, (5, 1, 1, 5)),
    (2, 2, (5, 0, 1, 6)),
    (2, 2, (8, 1, 1, 8)),
    (2, 3, (4, 1, 0, 1, 4, 5)),
    (3, 3, (4, 1, 0, 1, 4, 0, 0, 1, 4)),
    (3, 3, (1, 0, 0, 3, 2, 1, 2, 3, 1)),
]


@pytest.mark.parametrize(("rows", "columns", "sizes"), JOINT_SIZES)
def test_two_partitions_of_the_same_people_tell_nobodys_vote_either(rows: int, columns: int, sizes: World) -> None:
    """Where one of a group lives elsewhere, sums by profession and by territory would differ by one person."""
    pairs = [(f"trade {row}", f"place {column}") for row in range(rows) for column in range(columns)]
    listed = [sorted({pair[side] for pair in pairs}) for side in (0, 1)]
    shown = 0

    def every() -> Iterable[tuple[World, tuple[Published, ...]]]:
        nonlocal shown
        for world in product(*(range(size + 1) for size in sizes)):
            found = published({pair: Share(*s) for pair, *s in zip(pairs, world, sizes, strict=True)}, listed)
            shown += all(each.cells for each in found)
            yield world, found

    _refuse_certainty(every(), sizes)
    assert shown or sizes == (5, 0, 1, 6), "where both would tell, neither is shown; elsewhere they are"


def _refuse_certainty(every: Iterable[tuple[World, tuple[Published, ...]]], sizes: World) -> None:
    """Among the votes with one publication, no group says the same in all of them, and no coarse figure is certain.

    A total that is unanimous is the exception: it is the result, and tells the ballot of whoever is known to have
    voted.
    """
    alike: dict[object, list[World]] = defaultdict(list)
    for world, found in every:
        cells = tuple((tuple(sorted(each.cells.items())), each.others) for each in found)
        alike[sum(world), cells].append(world)
    for worlds in alike.values():
        if 0 < sum(worlds[0]) < sum(sizes):
            for size, *pour in zip(sizes, *worlds, strict=True):
                assert not size or len(set(pour)) > 1 or pour[0] not in (0, size), (sizes, worlds)


def test_a_cell_that_changed_by_fewer_than_five_is_masked_in_the_second_release() -> None:
    first = of((3, 9), (4, 10), (5, 12), (1, 3), (2, 4))
    assert first.cells.keys() == {"A", "B", "C"}
    same = of((3, 9), (4, 10), (5, 12), (2, 4), (2, 4), earlier=[first])
    assert same.cells == first.cells
    # One more of A, one less, one who changed sides; five more who say the same; seven more who do not.
    for share in ((4, 10), (3, 8), (4, 9), (8, 14)):
        assert "A" not in of(share, (4, 10), (5, 12), (1, 3), (2, 4), earlier=[first]).cells
    assert "A" in of((8, 16), (4, 10), (5, 12), (1, 3), (2, 4), earlier=[first]).cells


def test_what_is_left_of_the_difference_of_two_totals_tells_nobodys_ballot() -> None:
    """Seven more of A, and one of C, who is known to be new: the totals less A would tell what C's member said."""
    first = of((3, 9), (4, 10), (2, 3), (1, 4))
    both = of((8, 16), (4, 10), (3, 4), (1, 4), earlier=[first])
    assert both.cells.keys() == {"B"}
    only_a = of((8, 16), (4, 10), (2, 3), (1, 4), earlier=[first])
    assert only_a.cells.keys() == {"A", "B"}


def test_what_the_first_release_masked_stays_so_until_its_gain_is_that_of_many() -> None:
    """B was hidden with A, alone: B shown now, with nobody new, would leave A."""
    first = of((1, 1), (4, 8), (4, 10), (5, 12))
    assert first.cells.keys() == {"C", "D"}
    groups = ((1, 1), (4, 8), (4, 10), (2, 6))
    assert "B" in of(*groups).cells
    assert "B" not in of(*groups, earlier=[first]).cells
    assert "B" in of((1, 1), (4, 14), (4, 10), (2, 6), earlier=[first]).cells
