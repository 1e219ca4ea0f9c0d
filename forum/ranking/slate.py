"""Which few proposals speak for the most people? The "propositions phares", so that one bloc does not fill the page.

Sequential proportional approval (T. N. Thiele, "Om Flerfoldsvalg", 1895): pick by pick, the proposal for which the
sum over its supporters of 1 / (1 + picks that they support already) is the greatest; ties go to the first reference.

Weights are whole numbers, multiples of 1 / lcm(1, …, seats), so that nothing is rounded. A sum only falls as picks are
made: the last one known is an upper bound, and a proposal is counted again only when its bound comes first.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heapreplace
from itertools import repeat
from math import lcm

from forum.ranking.orders import reference_key


@dataclass(frozen=True, slots=True)
class Pick:
    """A proposal of the slate: its supporters, how many of them no earlier pick spoke for, and its sum when picked."""

    reference: str
    supporters: int
    newly_represented: int
    weight: Fraction


def slate(supporters: Mapping[str, Collection[int]], seats: int) -> tuple[Pick, ...]:
    """The picks in their order, at most `seats`, from the supporters of each reference (numbers of people, each once).

    Fewer when no other proposal has a supporter. ValueError when somebody supports a proposal twice, or without a seat.
    """
    if seats < 1:
        raise ValueError(f"a slate of {seats}")
    for reference, people in supporters.items():
        if len(set(people)) != len(people):
            raise ValueError(f"somebody supports {reference} twice")
    whole = lcm(*range(1, seats + 1))
    shares = [whole // (1 + picks) for picks in range(seats)]
    represented: dict[int, int] = {}  # how many picks speak for a person, of those who have one
    picks: list[Pick] = []
    references = sorted((r for r, people in supporters.items() if people), key=reference_key)
    bounds = [(-whole * len(supporters[r]), place, 0) for place, r in enumerate(references)]
    heapify(bounds)
    while bounds and len(picks) < seats:
        bound, place, counted_at = bounds[0]
        people = supporters[references[place]]
        if counted_at < len(picks):
            weight = sum(map(shares.__getitem__, map(represented.get, people, repeat(0))))
            heapreplace(bounds, (-weight, place, len(picks)))
            continue
        heappop(bounds)
        new = sum(person not in represented for person in people)
        picks.append(Pick(references[place], len(people), new, Fraction(-bound, whole)))
        for person in people:
            represented[person] = represented.get(person, 0) + 1
    return tuple(picks)
