"""How many said what: the count of one proposal's ballots, as exact integers.

A ballot says one of three things; not having voted is a fourth state and is never counted here. Counting the
rows belongs to the domain; ordering proposals by their tallies belongs to `orders`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

B = TypeVar("B")


class Opinion(StrEnum):
    """What a ballot says. The values are those stored in the database and written in open data."""

    FOR = "pour"
    ABSTAIN = "abstention"
    AGAINST = "contre"


@dataclass(frozen=True, slots=True)
class Tally:
    """The ballots of one proposal, counted. Raises ValueError on a negative count."""

    for_: int = 0
    against: int = 0
    abstain: int = 0

    def __post_init__(self) -> None:
        if min(self.for_, self.against, self.abstain) < 0:
            raise ValueError(f"a tally cannot be negative: {self}")

    @classmethod
    def of(cls, opinions: Iterable[Opinion]) -> Self:
        """Count ballots one by one."""
        cast = list(opinions)
        return cls(
            for_=cast.count(Opinion.FOR),
            against=cast.count(Opinion.AGAINST),
            abstain=cast.count(Opinion.ABSTAIN),
        )

    @property
    def votants(self) -> int:
        """Everyone who voted, abstentions included."""
        return self.for_ + self.against + self.abstain

    @property
    def exprimes(self) -> int:
        """Everyone who took a side (the French electoral sense: abstentions excluded)."""
        return self.for_ + self.against

    @property
    def net(self) -> int:
        """Net support: for minus against. It may be negative."""
        return self.for_ - self.against


def merged(destination: Mapping[int, B], source: Mapping[int, B]) -> dict[int, B]:
    """The ballots, by person, of a proposal into which another was merged: those of both.

    A person who voted on both keeps the ballot on the destination. The ballots of the two stay what they were, so that
    undoing the merge restores the exact tallies. True of any kind of ballot; SQL that counts a merge must agree with
    this.
    """
    return {**source, **destination}
