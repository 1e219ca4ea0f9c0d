"""Which proposals find support in every group? Consensus across the declared groups, and what is not shown of them.

The group-informed consensus of Polis (C. Small and others, "Polis: scaling deliberation by mapping high dimensional
opinion spaces", Recerca 26(2), 2021), on groups that are declared and not guessed from the votes:

    Π over groups (A + 1) / (S + 2)

A people of the group for, S people of it who voted, abstentions included. One group that says no is enough to bring the
score down. A group without a single voter counts one half.

Groups make one partition: a person is in one group at most, and two proposals compare over the same groups only.
"""

from collections.abc import Collection, Mapping
from fractions import Fraction
from math import prod
from typing import Final

from forum.ranking.tallies import Tally

FEWEST_SHOWN: Final = 5
"""Under five people, a figure tells what somebody voted to those who know the group."""


def consensus(groups: Mapping[str, Tally], partition: Collection[str]) -> Fraction:
    """The score of a proposal, in ]0, 1[: its ballots by group, over every group of the partition.

    A group without a ballot may be left out of `groups`. ValueError for a group outside the partition, or when the
    partition is empty. Where a group is `masked`, show a rank or a rounded score: an exact one gives the masked figures
    away by division.
    """
    names = set(partition)
    if not names:
        raise ValueError("a consensus is over one group at least")
    if not groups.keys() <= names:
        raise ValueError(f"groups outside the partition: {sorted(groups.keys() - names)}")
    tallies = groups.values()
    silent = len(names) - len(groups)
    return Fraction(prod(each.for_ + 1 for each in tallies), prod(each.votants + 2 for each in tallies) << silent)


def masked(groups: Mapping[str, Tally]) -> frozenset[str]:
    """The groups of one proposal whose figures are not shown beside its public total; give all those of the partition.

    Those under five voters. What they are together is the total less the groups shown: as long as one group alone is
    hidden, or fewer than five people are, the next smallest is hidden too (by name among equals).
    """
    by_size = sorted(groups, key=lambda name: (groups[name].votants, name))
    sizes = [groups[name].votants for name in by_size]
    hidden = sum(size < FEWEST_SHOWN for size in sizes)
    if hidden:
        while hidden < len(sizes) and (hidden < 2 or sum(sizes[:hidden]) < FEWEST_SHOWN):
            hidden += 1
    return frozenset(by_size[:hidden])
