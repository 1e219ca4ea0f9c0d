"""Whom would a majority prefer, from ballots that rank? The method of Schulze, on winning votes.

M. Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent single-winner election
method", Social Choice and Welfare 36 (2011). d[x, y] counts the voters who strictly prefer x to y. A link from x to y
is as strong as d[x, y] when d[x, y] > d[y, x], and absent otherwise; a path is as strong as its weakest link. x is
above y when the strongest path from x to y is stronger than that from y to x.

That relation is transitive, but in some pairs neither is above the other. The rank of a proposal is one more than the
number of those above it; proposals of one rank are tied.

The paths take time as the cube of the number of proposals (Floyd and Warshall), the ballots as their length.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from struct import Struct
from typing import Final

MOST_CANDIDATES: Final = 200
"""Eight million steps, near a second. Ten thousand proposals would take days; and nobody ranks so many by hand."""

_LANE: Final = 64
"""Bits of one count in a row of counts packed in one whole number; no consultation has 2^64 ballots."""


def schulze(references: Collection[str], ballots: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Rank by reference, from 1, from ballots that give positions (1 the best; equal ones allowed) to references.

    What a ballot leaves out is tied last on it; a reference that is not among those asked for is ignored. ValueError
    over MOST_CANDIDATES.
    """
    names = sorted(set(references))
    if len(names) > MOST_CANDIDATES:
        raise ValueError(f"{len(names)} proposals to rank by their pairs, at most {MOST_CANDIDATES}")
    return ranks_of(names, preferences(names, ballots))


def ranks_of(names: Sequence[str], preferred: Sequence[Sequence[int]]) -> dict[str, int]:
    """Rank by reference, from 1, from the matrix d of these references (see `preferences`)."""
    return ranks_along(names, strongest_paths(preferred))


def ranks_along(names: Sequence[str], paths: Sequence[Sequence[int]]) -> dict[str, int]:
    """Rank by reference, from 1, from the matrix p of these references (see `strongest_paths`)."""
    opposite = list(zip(*paths, strict=True))
    return {
        name: 1 + sum(against > ours for ours, against in zip(paths[x], opposite[x], strict=True))
        for x, name in enumerate(names)
    }


def preferences(references: Sequence[str], ballots: Iterable[Mapping[str, int]]) -> list[list[int]]:
    """The matrix d: at [x][y], how many voters strictly prefer the reference x to the reference y.

    A row is one whole number with a lane per reference, so that a ballot adds to a whole row at once.
    """
    lanes = {reference: 1 << _LANE * place for place, reference in enumerate(references)}
    everyone = sum(lanes.values())
    rows = dict.fromkeys(references, 0)
    for ballot in ballots:
        below = everyone  # than those met so far
        placed = sorted((position, reference) for reference, position in ballot.items() if reference in lanes)
        for _, equals in groupby(placed, key=lambda pair: pair[0]):
            together = [reference for _, reference in equals]
            below -= sum(lanes[reference] for reference in together)
            for reference in together:
                rows[reference] += below
    unpacked = Struct(f"<{len(references)}Q")
    return [list(unpacked.unpack(rows[reference].to_bytes(unpacked.size, "little"))) for reference in references]


def strongest_paths(preferred: Sequence[Sequence[int]]) -> list[list[int]]:
    """The matrix p: at [x][y], the strength of the strongest path from x to y; 0 when there is none."""
    others = list(zip(*preferred, strict=True))
    paths = [
        [votes if votes > against else 0 for votes, against in zip(row, column, strict=True)]
        for row, column in zip(preferred, others, strict=True)
    ]
    for middle, onwards in enumerate(paths):
        for row in paths:
            reach = row[middle]
            if reach:
                row[:] = [
                    direct if direct >= reach or direct >= onward else reach if reach < onward else onward
                    for direct, onward in zip(row, onwards, strict=True)
                ]
    return paths
