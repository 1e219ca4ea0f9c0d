"""In which order do the proposals come out of the vote, and who is tied with whom?

One function for every method: a method is a score of what was counted, higher is better, compared exactly. Ties
share a rank (1, 2, 2, 4) and stand in the order of their references, which says nothing about merit. The order in
which proposals are given changes nothing. What is below the declared quorum, or has no ballot at all, is listed apart
and has no rank by any method.

A method that judges proposals together, not one by one, computes its ranks itself and gives them to `arrange`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from forum.ranking.tallies import Tally

_NUMBER: Final = re.compile(r"([0-9]+)")


class Score(Protocol):
    """Anything with a total order."""

    def __lt__(self, other: Any, /) -> bool: ...


class Profile(Protocol):
    """What was counted on one proposal, of whatever shape its method reads."""

    @property
    def votants(self) -> int: ...


P = TypeVar("P", bound=Profile)


@dataclass(frozen=True, slots=True)
class Candidate(Generic[P]):
    """A proposal as the ranking sees it."""

    reference: str
    profile: P


@dataclass(frozen=True, slots=True)
class Place(Generic[P]):
    """A candidate with its rank, from 1; `tied` when another candidate has the same one."""

    candidate: Candidate[P]
    rank: int
    tied: bool


@dataclass(frozen=True, slots=True)
class Order(Generic[P]):
    """The ranked candidates in order, then separately, by reference, those without a rank."""

    ranked: tuple[Place[P], ...]
    unranked: tuple[Candidate[P], ...]

    def ranks(self) -> dict[str, int]:
        """The rank of each ranked candidate by its reference, in order."""
        return {place.candidate.reference: place.rank for place in self.ranked}


def net_support(tally: Tally) -> int:
    """The primary method: for minus against."""
    return tally.net


def approval(tally: Tally) -> int:
    """Support alone, "soutien": how many are for."""
    return tally.for_


def rank(candidates: Iterable[Candidate[P]], *, score: Callable[[P], Score], quorum: int = 0) -> Order[P]:
    """Order candidates by their score, the highest first.

    `quorum` is the fewest voters (abstentions included) for a candidate to be ranked, see `is_quorate`. ValueError when
    two candidates share a reference.
    """
    everyone = list(candidates)
    scores = {each.reference: score(each.profile) for each in everyone if is_quorate(each.profile.votants, quorum)}
    return arrange(everyone, ranks_by(scores))


def is_quorate(votants: int, quorum: int) -> bool:
    """Whether this many voters are enough to be ranked: never none, whatever the quorum."""
    return votants >= max(1, quorum)


def arrange(candidates: Iterable[Candidate[P]], ranks: Mapping[str, int]) -> Order[P]:
    """Order candidates by ranks computed beforehand, from 1; those that have none stand apart.

    ValueError when two candidates share a reference.
    """
    by_reference = sorted(candidates, key=lambda candidate: reference_key(candidate.reference))
    if len({candidate.reference for candidate in by_reference}) != len(by_reference):
        raise ValueError("two candidates share a reference")
    ranked = [candidate for candidate in by_reference if candidate.reference in ranks]
    ranked.sort(key=lambda candidate: ranks[candidate.reference])  # stable: ties keep the order of the references
    sharing = Counter(ranks[candidate.reference] for candidate in ranked)
    return Order(
        ranked=tuple(Place(each, r := ranks[each.reference], tied=sharing[r] > 1) for each in ranked),
        unranked=tuple(candidate for candidate in by_reference if candidate.reference not in ranks),
    )


def ranks_by(scores: Mapping[str, Score]) -> dict[str, int]:
    """Rank by reference, the highest score first: one more than the number of better ones."""
    ranks: dict[str, int] = {}
    rank_now, score_now = 0, None
    for position, (reference, score) in enumerate(
        sorted(scores.items(), key=lambda pair: pair[1], reverse=True), start=1
    ):
        if not ranks or score != score_now:
            rank_now, score_now = position, score
        ranks[reference] = rank_now
    return ranks


def reference_key(reference: str) -> tuple[str | int, ...]:
    """Natural order of references: T3-9 before T3-10, T3-999 before T3-1000, T9-001 before T10-001."""
    # Words and numbers in turn, starting with a word (maybe empty), so that like is compared with like.
    words_and_numbers = _NUMBER.split(reference)
    return tuple(int(piece) if place % 2 else piece for place, piece in enumerate(words_and_numbers))
