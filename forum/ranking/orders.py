"""In which order do the proposals come out of the vote, and who is tied with whom?

One function for every method: a method is a score, higher is better, compared exactly. Ties share a rank (1,
2, 2, 4) and stand in the order of their references, which says nothing about merit. The order in which
proposals are given changes nothing. What is below the declared quorum is listed apart and has no rank.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from forum.ranking.tallies import Tally


class Score(Protocol):
    """Anything with a total order."""

    def __lt__(self, other: Any, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal as the ranking sees it."""

    reference: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate with its rank, from 1; `tied` when another candidate has the same one."""

    candidate: Candidate
    rank: int
    tied: bool


@dataclass(frozen=True, slots=True)
class Order:
    """The ranked candidates from the first on, and apart, by reference, those below the quorum."""

    ranked: tuple[Place, ...]
    unranked: tuple[Candidate, ...]


def net_support(tally: Tally) -> int:
    """The primary method: for minus against."""
    return tally.net


def rank(candidates: Iterable[Candidate], *, score: Callable[[Tally], Score], quorum: int = 0) -> Order:
    """Order candidates by their score, the highest first.

    `quorum` is the fewest voters (abstentions included) for a candidate to be ranked; 0 ranks them all.
    ValueError when two candidates share a reference.
    """
    by_reference = sorted(candidates, key=lambda candidate: reference_key(candidate.reference))
    if len({candidate.reference for candidate in by_reference}) != len(by_reference):
        raise ValueError("two candidates share a reference")
    quorate = [candidate for candidate in by_reference if candidate.tally.votants >= quorum]
    below = tuple(candidate for candidate in by_reference if candidate.tally.votants < quorum)
    return Order(ranked=tuple(_places(quorate, score)), unranked=below)


def reference_key(reference: str) -> tuple[tuple[int, str], ...]:
    """Natural order of references: T3-9 before T3-10, T3-999 before T3-1000, T9-001 before T10-001."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", reference)
    return tuple((int(piece), "") if piece[0].isdecimal() else (-1, piece) for piece in pieces)


def _places(candidates: list[Candidate], score: Callable[[Tally], Score]) -> list[Place]:
    """Sorting is stable, in both directions: equal scores keep the order of the references."""
    places: list[Place] = []
    scored = [(score(candidate.tally), candidate) for candidate in candidates]
    scored.sort(key=lambda pair: pair[0], reverse=True)
    for _, equals in groupby(scored, key=lambda pair: pair[0]):
        group = [candidate for _, candidate in equals]
        first = len(places) + 1
        places.extend(Place(candidate, rank=first, tied=len(group) > 1) for candidate in group)
    return places
