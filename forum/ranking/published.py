"""What may be published of the declared groups? The cells that anybody may read, and that every rank is made of.

One rule: every published figure, rank and sentence is a function of published figures; then ranks tell nothing more
than the figures do, and anybody can recompute them. This module decides which figures of groups are published; ranks
are made of its cells and of the totals, of nothing else.

A cell is what one group says about one proposal: how many people are for it, of how many who voted on it.

- It is shown from FEWEST_SHOWN voters. The others are together in "autres", shown from as many; a group without a
  voter is among them, so that nobody is told that it has none. Where the total of the proposal, less what is shown,
  would give one group, or fewer people, the next smallest group joins them.
- Where all, or all but one, say the same, the cell is published as "at least S − 1 of S" or "at most 1 of S".
- Totals of a proposal are exact, whatever they are: they are the result of the vote, and who voted is not told. Where
  fewer than FEWEST_APART people are of the other opinion, or where totals less cells would leave a unanimous rest or
  give the true figure of a coarse cell, no group is shown on that proposal. Masking some groups more, and not others,
  according to what they said would tell what they said to those who know this rule: `tests/ranking/test_published.py`
  tries every vote of many small electorates.
- Two partitions of the same voters (professions, territories) can be subtracted from each other, see `tell_together`:
  both are shown, or none.
- A later release is compared with the earlier ones: a cell that changed by fewer than FEWEST_SHOWN people, or whose
  change is unanimous, is masked; a proposal merged or separated in between shows no group (`releases.py`). What two
  totals differ by stays exact, as totals are.

Sources: A. Hundepool and others, "Statistical Disclosure Control" (2012), chapter 4: tables of frequencies,
complementary suppression, group disclosure; K. Kenthapadi, N. Mishra and K. Nissim, "Simulatable auditing" (2005): what
is refused must not depend on what is hidden.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FEWEST_SHOWN: Final = 5
"""Under five people, a figure tells what somebody voted to those who know the group."""

FEWEST_APART: Final = 3
"""Of at most two people, totals leave so few places that cells, or their absence, could tell which."""

FEWEST_WITH_ORDERS: Final = 20
"""Voters of a theme from which what needs whole ballots is published: the matrix of pairs, the picks of a slate."""


@dataclass(frozen=True, slots=True)
class Share:
    """An exact count, not to be published as it is: `pour` people for a proposal, of `votants` who voted on it.

    ValueError unless 0 <= pour <= votants.
    """

    pour: int = 0
    votants: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.pour <= self.votants:
            raise ValueError(f"{self.pour} for, of {self.votants} voters")

    def __add__(self, other: "Share") -> "Share":
        return Share(self.pour + other.pour, self.votants + other.votants)


class Precision(StrEnum):
    """How a cell's `pour` is to be read. The values are those written in snapshots and in open data."""

    EXACT = "exactement"
    AT_LEAST = "au moins"
    AT_MOST = "au plus"


@dataclass(frozen=True, slots=True)
class GroupCell:
    """A published figure: `pour` people for it (exactly, at least, at most) of `votants`; ranks take both so."""

    pour: int
    votants: int
    precision: Precision = Precision.EXACT


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of one proposal: the cells shown by group, that of all the others together, and the total."""

    cells: Mapping[str, GroupCell] = field(default_factory=dict)
    others: GroupCell | None = None
    whole: Share = Share()

    @property
    def rest(self) -> int:
        """Voters of groups that are not shown; the total less the shown cells gives it to anybody."""
        return self.whole.votants - sum(cell.votants for cell in self.cells.values())


NOTHING_SHOWN: Final = Published()


def coarsened(share: Share) -> GroupCell:
    """The cell of a group that is large enough: its figure, or what hides whether one of its members differs."""
    if share.pour >= share.votants - 1:
        return GroupCell(share.votants - 1, share.votants, Precision.AT_LEAST)
    if share.pour <= 1:
        return GroupCell(1, share.votants, Precision.AT_MOST)
    return GroupCell(share.pour, share.votants)


def published(
    joint: Mapping[tuple[str, ...], Share],
    listed: Sequence[Collection[str]],
    earlier: Iterable[Sequence[Published]] = (),
) -> tuple[Published, ...]:
    """What is published of one proposal, for each partition.

    `joint` are the exact counts by the groups of a voter, one in each partition; two partitions at most. `listed` are
    the groups of each partition that the settings list, voters or not; people of other groups are always among the
    others. `earlier` are the former releases of this proposal. All partitions show what they may, or none shows
    anything.
    """
    whole = sum(joint.values(), start=Share())
    found = []
    for side, names in enumerate(listed):
        sums = _sums(joint, side)
        voting = (name for name, share in sums.items() if share.votants)
        groups = {name: sums.get(name, Share()) for name in (*names, *voting)}
        found.append(_cells(groups, names, [release[side] for release in earlier]))
    kept = tuple(each for each in found if each is not None)
    is_balanced = FEWEST_APART <= whole.pour <= whole.votants - FEWEST_APART
    if not is_balanced or len(kept) < len(found) or (len(kept) > 1 and tell_together(joint, *kept)):
        return tuple(Published(whole=whole) for _ in listed)
    return kept


def _cells(groups: Mapping[str, Share], listed: Collection[str], earlier: Sequence[Published]) -> Published | None:
    """What one partition may show by itself; None where what people said forbids it.

    A group that is not listed, any more perhaps, hides nobody better than if it were: what was masked when it was shown
    stays so, since it can still be subtracted.
    """
    whole = sum(groups.values(), start=Share())
    moved = _moved({name: groups[name] for name in listed}, whole, earlier)
    masked = _masked(groups, _masked(groups, moved) | (groups.keys() - set(listed)))
    rest = sum((groups[name] for name in masked), start=Share())
    shown = {name: coarsened(share) for name, share in groups.items() if name not in masked}
    coarse = [groups[name] for name, cell in shown.items() if cell.precision is not Precision.EXACT]
    hides = bool(masked)
    if _tell(coarse, rest, hides=hides):
        return None
    # Beside a coarse cell, what the others say would give its true figure.
    others = GroupCell(rest.pour, rest.votants) if shown and hides and not coarse else None
    return Published(shown, others, whole)


def _masked(groups: Mapping[str, Share], others: Collection[str]) -> set[str]:
    """The groups that are not shown, whatever they say: the small ones, those that are not for another reason, and as
    many of the next as keep these from being computed."""
    by_size = sorted(groups, key=lambda name: (groups[name].votants, name))
    masked = {name for name in by_size if groups[name].votants < FEWEST_SHOWN or name in others}
    rest = sum(groups[name].votants for name in masked)
    for name in by_size:
        if not masked or (len(masked) > 1 and rest >= FEWEST_SHOWN):
            break
        if name not in masked:
            masked.add(name)
            rest += groups[name].votants
    return masked


def _moved(groups: Mapping[str, Share], whole: Share, earlier: Sequence[Published]) -> set[str]:
    """The groups whose figures, less those of an earlier release, would tell the ballots cast in between.

    A difference is looked at as a cell is: of fewer than FEWEST_SHOWN people, or where all or all but one say the same,
    it is not to be had. Neither is what is left of the difference of the totals: if it would be, no group is shown that
    changed at all. What was masked stays so, unless the group has gained enough people since, however many it had:
    shown now, it could be subtracted from what it was hidden among.
    """
    moved: set[str] = set()
    for release in earlier:
        left = _change(release.whole, whole)
        changes: dict[str, tuple[int, int]] = {}
        for name, share in groups.items():
            before = release.cells.get(name)
            if before is None and share.votants < release.rest + FEWEST_SHOWN:
                moved.add(name)
            elif before is not None and before != coarsened(share):
                changes[name] = _change(before, coarsened(share))
        told = {name for name, change in changes.items() if _is_telling(change)}
        for name, (pour, others) in changes.items():
            left = left if name in told else (left[0] - pour, left[1] - others)
        moved |= set(changes) if _is_telling(left) else told
    return moved


def _change(before: Share | GroupCell, now: Share | GroupCell) -> tuple[int, int]:
    """How many more are for it, and how many more are not."""
    return now.pour - before.pour, (now.votants - now.pour) - (before.votants - before.pour)


def _is_telling(change: tuple[int, int]) -> bool:
    """Whether a difference is that of so few people, or of people who agree so well, that it tells their ballots."""
    fewer, more = sorted(map(abs, change))
    return more > 0 and (more < FEWEST_SHOWN or fewer <= 1)


def _tell(coarse: Collection[Share], rest: Share, *, hides: bool) -> bool:
    """Whether the total of the proposal, less what is shown, gives more than is shown.

    What is left of the total, once the exact cells and the lower figure of each coarse one are taken away, is shared
    between the rest and the coarse cells, one more person in each at most.
    """
    left = rest.pour + sum(map(_is_higher, coarse))
    if hides:
        return not 2 <= left <= rest.votants + len(coarse) - 2
    return bool(coarse) and not 0 < left < len(coarse)


def _is_higher(share: Share) -> bool:
    """Of the two figures that a coarse cell may stand for, whether its true one is the higher."""
    return share.pour in (1, share.votants)


def may_add_back(answers: Collection[int]) -> bool:
    """Whether a total may be published with and without some ballots, of which `answers` counts those that say the
    same.

    Their difference is what these people said together: it is looked at as a cell is. No coarse figure is possible.
    """
    people = sum(answers)
    return people >= FEWEST_SHOWN and max(answers) <= people - 2


def tell_together(joint: Mapping[tuple[str, ...], Share], rows: Published, columns: Published) -> bool:
    """Whether two partitions of one proposal, each harmless, tell somebody's ballot together.

    `joint` are the exact counts by pair of groups. Whoever knows everybody's groups knows that published sums of rows
    and of columns are those of `joint`. A pair where all say the same is told when no other table has these sums. From
    one table to another, figures change along cycles, which leave all sums as they are: a figure that can rise is an
    arc from its row to its column, one that can fall an arc back; a sum that is not published, or coarse, is an arc
    from or to a node of its side. So a figure may differ if its arc is on a cycle (the residual graph of a flow; D.
    Gusfield, "A graph theoretic approach to statistical data security", SIAM J. Comput. 17 (1988)).
    """
    at: dict[tuple[int, str], int] = {}
    for pair in joint:
        for named in enumerate(pair):
            at.setdefault(named, len(at) + 2)
    reach = [0] * (len(at) + 2)
    must_return: list[tuple[int, int]] = []

    def arc(start: int, end: int) -> None:
        reach[start] |= 1 << end
        must_return.append((end, start))

    for (row, column), share in joint.items():
        start, end = at[0, row], at[1, column]
        if 0 < share.pour < share.votants:  # nobody is told: arcs, but no need of a cycle
            reach[start] |= 1 << end
            reach[end] |= 1 << start
        elif share.votants:
            arc(*((end, start) if share.pour else (start, end)))
    for side, partition in enumerate((rows, columns)):
        for name, share in _sums(joint, side).items():
            node = at[side, name]
            cell = partition.cells.get(name)
            if cell is None:
                reach[side] |= 1 << node
                reach[node] |= 1 << side
            elif cell.precision is not Precision.EXACT:
                arc(*((node, side) if _is_higher(share) == (side == 0) else (side, node)))
    for middle, onwards in enumerate(reach):  # every node that a node leads to
        for start, ends in enumerate(reach):
            if ends >> middle & 1:
                reach[start] = ends | onwards
    return any(not reach[start] >> end & 1 for start, end in must_return)


def support_once(proposals: Sequence[Mapping[tuple[str, ...], Share]], partitions: int) -> bool:
    """Whether everybody of some group, or of the smallest together, supports one proposal and no more.

    `proposals` are the exact counts by groups of each, in a vote where a voter is somebody who supports one at least:
    the figures of a group, added up, are then as low as they may be, and would give one that is coarse or masked. With
    one support more anywhere in the group, each of them may be another.
    """
    for side in range(partitions):
        given: dict[str, int] = {}
        for joint in proposals:
            for name, share in _sums(joint, side).items():
                given[name] = given.get(name, 0) + share.pour
        voters = {name: share.votants for joint in proposals[:1] for name, share in _sums(joint, side).items()}
        people = supports = 0
        for name in sorted(voters, key=lambda name: (voters[name], name)):
            if people < FEWEST_SHOWN:
                people, supports = people + voters[name], supports + given[name]
                if people >= FEWEST_SHOWN and supports == people:
                    return True
            if voters[name] >= FEWEST_SHOWN and given[name] == voters[name]:
                return True
    return False


def _sums(joint: Mapping[tuple[str, ...], Share], side: int) -> dict[str, Share]:
    sums: dict[str, Share] = {}
    for pair, share in joint.items():
        sums[pair[side]] = sums.get(pair[side], Share()) + share
    return sums
