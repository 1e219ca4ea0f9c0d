"""Which grade does a majority give, and to which proposal the better one? Majority judgment.

M. Balinski and R. Laraki, "A theory of measuring, electing, and ranking", PNAS 104 (2007), and "Majority
Judgment", MIT Press (2011). A voter gives each proposal one grade of a common scale, here a whole number from 0,
the worst; the words of the scale belong elsewhere.

The majority grade is the lower median. The majority value is the sequence obtained by taking the lower median and
removing one such grade, again and again; values are compared from their beginning. In that order, sorted ballots are
removed from the middle outwards, one below, one above:

    n = 2k + 1:  x[k], x[k−1], x[k+1], x[k−2], x[k+2], …        n = 2k:  x[k−1], x[k], x[k−2], x[k+1], …

so a value is a run of pairs (grade below, grade above), which changes only where the distance from the middle passes
from one grade to the next: a few times. Distances are kept as fractions of the electorate, which amounts to scaling
unequal electorates to their least common multiple: repeating every ballot t times repeats each pair t times and never
changes an order. Memory does not grow with the number of ballots.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Final, Self

GRADES_OF_A_SCALE: Final = range(3, 8)
"""How many mentions a scale may have: two are an approval, and people do not tell more than seven apart."""

_ELECTORATE: Final = 1 << 63
"""Fewer ballots than that on a proposal."""

_WHOLE: Final = _ELECTORATE**2 * 4
"""The grid of distances. Two different fractions over 2n and 2n' are at least 1/4nn' apart, which is more than one
step of it: their floors on the grid are as different as they are, and in the same order."""


@dataclass(frozen=True, slots=True)
class GradeCounts:
    """Ballots per grade, from 0 (the worst) up. ValueError on a negative count, or on no grade at all."""

    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.counts or min(self.counts) < 0:
            raise ValueError(f"a profile has grades, and no negative count: {self.counts}")
        if self.votants >= _ELECTORATE:
            raise ValueError(f"more ballots than people could cast: {self.votants}")

    @classmethod
    def of(cls, ballots: Iterable[int], grades: int) -> Self:
        """Count ballots one by one, on a scale of `grades`. ValueError for a ballot outside the scale."""
        counts = [0] * grades
        for ballot in ballots:
            if not 0 <= ballot < grades:
                raise ValueError(f"grade {ballot} on a scale from 0 to {grades - 1}")
            counts[ballot] += 1
        return cls(tuple(counts))

    @property
    def votants(self) -> int:
        """Everyone who gave a grade."""
        return sum(self.counts)

    @property
    def majority_grade(self) -> int | None:
        """The lower median; None without a ballot."""
        middle = (self.votants + 1) // 2
        reached = 0
        for grade, count in enumerate(self.counts):
            reached += count
            if count and reached >= middle:
                return grade
        return None


class Sign(StrEnum):
    """Whether more people are above or below the majority grade."""

    PLUS = "+"
    MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Gauge:
    """What people read: `above` ballots better than the grade, `below` worse, out of `votants`.

    It never contradicts the majority value, which also decides where gauges tie: of two equal grades + is before −;
    of two +, the larger share above; of two −, the smaller share below.
    """

    grade: int
    above: int
    below: int
    votants: int

    @property
    def sign(self) -> Sign:
        """+ when strictly more people are above the grade than below; − otherwise, equal numbers included."""
        return Sign.PLUS if self.above > self.below else Sign.MINUS


def gauge(profile: GradeCounts) -> Gauge | None:
    """The majority gauge (p, grade ±, q); None without a ballot."""
    grade = profile.majority_grade
    if grade is None:
        return None
    return Gauge(
        grade=grade,
        above=sum(profile.counts[grade + 1 :]),
        below=sum(profile.counts[:grade]),
        votants=profile.votants,
    )


def majority_value(profile: GradeCounts) -> Iterator[int]:
    """The majority value, one grade per ballot, from the majority grade on: shows why one proposal is before
    another."""
    start = profile.votants % 2
    if start and profile.majority_grade is not None:
        yield profile.majority_grade
    for below, above, end in _pairs(profile):
        for _ in range(start, end, 2):
            yield below
            yield above
        start = end


def majority_judgment(profile: GradeCounts) -> tuple[int, ...]:
    """The score of a profile; scores of one scale compare as majority values do. Without ballots, it is the lowest.

    Each run of equal pairs gives four numbers: below, above, then what ends the run and where. The sooner the lower
    grade falls, the worse the score; the sooner the upper grade rises, the better; the end of all ballots stands
    between the two.
    """
    score: list[int] = []
    runs = list(_pairs(profile))
    for (below, above, end), after in zip_longest(runs, runs[1:]):
        far = _WHOLE * end // (2 * profile.votants)
        if after is None:
            score += (below, above, 1, 0)
        elif after[0] < below:
            score += (below, above, 0, far)
        else:
            score += (below, above, 2, -far)
    return tuple(score)


def _pairs(profile: GradeCounts) -> Iterator[tuple[int, int, int]]:
    """Runs (grade below, grade above, end) from the middle outwards; `end` is twice the distance in ballots.

    At the distance u from the middle of n sorted ballots stand those at n/2 − u and n/2 + u. The last end is n.
    """
    votants = profile.votants
    downwards = _edges(profile.counts, range(len(profile.counts) - 1, -1, -1), votants)
    upwards = _edges(profile.counts, range(len(profile.counts)), votants)
    if votants == 0:
        return
    below, below_end = next(downwards)
    above, above_end = next(upwards)
    while True:
        end = min(below_end, above_end)
        yield below, above, end
        if end == votants:
            return
        if below_end == end:
            below, below_end = next(downwards)
        if above_end == end:
            above, above_end = next(upwards)


def _edges(counts: tuple[int, ...], grades: range, votants: int) -> Iterator[tuple[int, int]]:
    """Each grade met when going from the middle in that direction, with twice the distance at which it stops."""
    passed = 0
    for grade in grades:
        passed += counts[grade]
        if counts[grade] and 2 * passed > votants:
            yield grade, 2 * passed - votants
