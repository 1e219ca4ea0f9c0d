"""Which proposals find support in every group? Consensus across the declared groups.

After the group-informed consensus of Polis (C. Small and others, "Polis: scaling deliberation by mapping high
dimensional opinion spaces", Recerca 26(2), 2021), on groups that are declared and not guessed from the votes:

    (Π over groups (A + 1) / (S + 2)) ^ (1 / number of groups)

A people of the group for, S people of it who voted, abstentions included: both as they are published (see
`published.py`), over the groups that are shown on this proposal and over no other. So a rank tells nothing that the
cells do not, and whoever reads them can recompute it. The geometric mean lets proposals compare that different numbers
of groups judged; one shown group that says no is enough to bring the score down. A silent group counts for nothing,
and one group alone is no consensus.

Groups make one partition: a person is in one group at most, and scores compare inside one partition only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering
from math import prod
from typing import Final

from forum.ranking.published import GroupCell

FEWEST_GROUPS: Final = 2
"""Shown groups under which a proposal has no consensus."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """The score of a proposal, the `groups`-th root of `product`, in ]0, 1[; compared exactly."""

    product: Fraction
    groups: int

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Consensus):
            return NotImplemented
        return self._against(other) == other._against(self)

    def __lt__(self, other: "Consensus") -> bool:
        return self._against(other) < other._against(self)

    def _against(self, other: "Consensus") -> Fraction:
        """P over m groups and Q over n groups compare as P^n and Q^m."""
        return self.product if self.groups == other.groups else self.product**other.groups


def consensus(cells: Iterable[GroupCell]) -> Consensus | None:
    """The score of a proposal from the cells of its shown groups; None for fewer than FEWEST_GROUPS."""
    shown = list(cells)
    if len(shown) < FEWEST_GROUPS:
        return None
    favourable, asked = prod(cell.pour + 1 for cell in shown), prod(cell.votants + 2 for cell in shown)
    return Consensus(Fraction(favourable, asked), len(shown))
