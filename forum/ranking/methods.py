"""By which methods can the proposals of a theme be ordered, and where do two of them disagree?

An order never comes alone: beside the declared method stand the others that the same ballots allow. Each method is
explained, with its formula and its source, in the file of its name. Which methods a kind of ballot allows, and how
they are called on a page, belong elsewhere.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Final, Generic, TypeVar

from forum.ranking.consensus import consensus
from forum.ranking.majority_judgment import GradeCounts, majority_judgment
from forum.ranking.orders import (
    Candidate,
    Order,
    P,
    approval,
    arrange,
    is_quorate,
    net_support,
    rank,
    ranks_by,
    reference_key,
)
from forum.ranking.published import GroupCell
from forum.ranking.schulze import schulze
from forum.ranking.slate import slate
from forum.ranking.tallies import Tally
from forum.ranking.wilson import wilson

FIRST: Final = 10
"""How many proposals a slate has, and how far down methods are compared: what a reader keeps in mind of a page."""

M = TypeVar("M")

_NO_BALLOT: Final = Tally()
_NO_GRADE: Final = GradeCounts((0,))


class Method(StrEnum):
    """A method. The values are those stored in the database and written in open data."""

    NET_SUPPORT = "soutien-net"
    WILSON = "wilson"
    APPROVAL = "soutien"
    MAJORITY_JUDGMENT = "jugement-majoritaire"
    SCHULZE = "classement"
    CONSENSUS = "consensus"
    SLATE = "propositions-phares"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the ballots on one proposal say; each method reads its own part, and the others may stay empty.

    `tally` for NET_SUPPORT, WILSON and APPROVAL, `grades` for MAJORITY_JUDGMENT, `groups` (the published cells of one
    partition) for CONSENSUS, `supporters` (numbers of people) for SLATE, `placed` (how many ranked ballots give it a
    position) for the quorum of SCHULZE.
    """

    tally: Tally = _NO_BALLOT
    grades: GradeCounts = _NO_GRADE
    groups: Mapping[str, GroupCell] = field(default_factory=dict)
    supporters: Collection[int] = ()
    placed: int = 0

    @property
    def votants(self) -> int:
        """Everyone who voted on it, whatever kind of ballot its theme has."""
        return max(self.tally.votants, self.grades.votants, self.placed, len(self.supporters))


def order_by(
    method: Method,
    candidates: Iterable[Candidate[Counted]],
    *,
    quorum: int = 0,
    abstentions_in_wilson: bool = False,
    seats: int = FIRST,
    ballots: Iterable[Mapping[str, int]] = (),
) -> Order[Counted]:
    """Order candidates by a method; those under the quorum or without a ballot, those that a slate does not pick and
    those without the groups for a consensus have no rank.

    `seats` is the size of SLATE, `ballots` are the ranked ones of SCHULZE (see `schulze`). Proposals under the quorum
    are removed before the methods that compare proposals with one another. ValueError when two candidates share a
    reference, or when what was counted does not suit the method.
    """
    everyone = list(candidates)
    quorate = {each.reference: each.profile for each in everyone if is_quorate(each.profile.votants, quorum)}
    match method:
        case Method.NET_SUPPORT:
            return rank(everyone, score=lambda counted: net_support(counted.tally), quorum=quorum)
        case Method.WILSON:
            bound = partial(wilson, with_abstentions=abstentions_in_wilson)
            return rank(everyone, score=lambda counted: bound(counted.tally), quorum=quorum)
        case Method.APPROVAL:
            return rank(everyone, score=lambda counted: approval(counted.tally), quorum=quorum)
        case Method.MAJORITY_JUDGMENT:
            _ask_for_one_scale(each.profile.grades for each in everyone)
            return rank(everyone, score=lambda counted: majority_judgment(counted.grades), quorum=quorum)
        case Method.CONSENSUS:
            scores = {reference: consensus(counted.groups.values()) for reference, counted in quorate.items()}
            return arrange(everyone, ranks_by({name: score for name, score in scores.items() if score is not None}))
        case Method.SCHULZE:
            return arrange(everyone, schulze(quorate, ballots))
        case Method.SLATE:
            picks = slate({reference: counted.supporters for reference, counted in quorate.items()}, seats)
            return arrange(everyone, {pick.reference: place for place, pick in enumerate(picks, start=1)})


@dataclass(frozen=True, slots=True)
class Disagreement(Generic[M]):
    """A proposal that methods place differently: its rank by the primary one and by the others; None is unranked.

    `gap` is the greatest distance between the primary rank and another one. Of a proposal that it leaves out, an order
    that stops (a slate) only says that it comes after its last: its distance is counted up to there.
    """

    reference: str
    rank: int | None
    others: Mapping[M, int | None]
    gap: int


def disagreements(
    primary: Order[P], others: Mapping[M, Order[P]], *, partial: Collection[M] = (), first: int = FIRST
) -> tuple[Disagreement[M], ...]:
    """Of the proposals in the first ranks of any of the orders, those that another order places differently.

    Orders of `partial` methods say nothing of the proposals that they leave out: they are compared with the primary one
    over those that they rank. The largest gap first, then by reference.
    """
    ours = primary.ranks()
    theirs = {method: order.ranks() for method, order in others.items()}
    over = {method: _among(ours, ranks) if method in partial else ours for method, ranks in theirs.items()}
    seen = {name for ranks in (ours, *theirs.values()) for name, place in ranks.items() if place <= first}
    found: list[Disagreement[M]] = []
    for reference in sorted(seen, key=reference_key):
        gap = max((_gap(reference, over[method], ranks) for method, ranks in theirs.items()), default=0)
        if gap:
            elsewhere = {method: ranks.get(reference) for method, ranks in theirs.items()}
            found.append(Disagreement(reference, ours.get(reference), elsewhere, gap))
    return tuple(sorted(found, key=lambda each: -each.gap))


def _among(ranks: Mapping[str, int], kept: Collection[str]) -> dict[str, int]:
    """The ranks that some of the ranked ones have among themselves."""
    return ranks_by({name: -rank_ for name, rank_ in ranks.items() if name in kept})


def _gap(reference: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> int:
    here, there = ours.get(reference), theirs.get(reference)
    if here is None or there is None:
        absent_from, rank_elsewhere = (theirs, here) if there is None else (ours, there)
        return 0 if rank_elsewhere is None else max(0, len(absent_from) + 1 - rank_elsewhere)
    return abs(here - there)


def _ask_for_one_scale(profiles: Iterable[GradeCounts]) -> None:
    scales = {len(profile.counts) for profile in profiles if profile.votants}
    if len(scales) > 1:
        raise ValueError(f"grades of different scales do not compare: {sorted(scales)}")
