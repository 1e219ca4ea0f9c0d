"""Which orders result from the votes of a theme, and by which method first? Pure; pages and documents use the same.

Each kind of voting has its declared method; the others that the same ballots allow are shown beside it, so that nobody
can say that the method was chosen for its outcome. Orders that only the ballots themselves can give (across groups, a
slate) are computed where ballots are read, in `results.py`, and come here as ranks; the others are computed here, from
counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from forum.domain.themes.ballots import Count
from forum.models.themes import Voting
from forum.ranking.majority_judgment import Gauge, GradeCounts, gauge, majority_judgment
from forum.ranking.methods import FIRST, Counted, Disagreement, disagreements
from forum.ranking.orders import Candidate, Order, approval, arrange, net_support, rank, ranks_by, reference_key
from forum.ranking.schulze import MOST_CANDIDATES, ranks_of
from forum.ranking.tallies import Tally
from forum.ranking.wilson import Bound, wilson
from forum.text.labels import Labelled


class Lens(Labelled):
    """An order of a theme. The values are those written in snapshots and in open data."""

    NET_SUPPORT = "soutien-net", "soutien net"
    WILSON = "wilson", "borne de Wilson"
    APPROVAL = "soutien", "nombre de soutiens"
    JUDGMENT = "jugement-majoritaire", "jugement majoritaire"
    SCHULZE = "classement", "duels (méthode de Schulze)"
    PLACED = "nombre-de-classements", "nombre de personnes qui la classent"
    FIRST_PLACES = "premieres-places", "premières places"
    BY_PROFESSION = "consensus-professions", "consensus des professions"
    BY_TERRITORY = "consensus-territoires", "consensus des territoires"
    SLATE = "propositions-phares", "propositions phares"


GIVEN: Final = frozenset({Lens.BY_PROFESSION, Lens.BY_TERRITORY, Lens.SLATE})
"""The orders that cannot be computed from counts."""

_PRIMARY: Final[Mapping[Voting, Lens]] = {
    Voting.OPINIONS: Lens.NET_SUPPORT,
    Voting.APPROVAL: Lens.APPROVAL,
    Voting.JUDGMENT: Lens.JUDGMENT,
    Voting.RANKING: Lens.SCHULZE,
}


@dataclass(frozen=True, slots=True)
class Pairs:
    """For an order of preference: at [x][y], how many voters prefer the reference x to the reference y."""

    references: tuple[str, ...] = ()
    preferred: tuple[tuple[int, ...], ...] = ()

    def among(self, references: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """The pairs of some of the references, in their order."""
        at = {reference: place for place, reference in enumerate(self.references)}
        places = [at[reference] for reference in references]
        return tuple(tuple(self.preferred[x][y] for y in places) for x in places)

    def duel(self, one: str, other: str) -> tuple[int, int]:
        """How many voters prefer the first, and how many the second."""
        x, y = self.references.index(one), self.references.index(other)
        return self.preferred[x][y], self.preferred[y][x]


@dataclass(frozen=True, slots=True)
class JudgedProposal:
    """A proposal in force and what its ballots say."""

    reference: str
    count: Count


@dataclass(frozen=True, slots=True)
class Terms:
    """How a theme votes and is ranked: everything that decides an order, except the ballots."""

    voting: Voting
    mentions: int = 0
    """The number of mentions of a judgment."""
    quorum: int = 0
    abstentions_in_wilson: bool = False


@dataclass(frozen=True, slots=True)
class Duel:
    """The duel with the proposal ranked just after, or just before for the last one: how many prefer which of the
    two."""

    other: str
    ours: int
    theirs: int
    is_before: bool
    """Whether the other one has the better rank."""


@dataclass(frozen=True, slots=True)
class RankedPlace:
    """A proposal with its rank, None under the quorum, and what explains it; each method fills in its own part."""

    reference: str
    count: Count
    rank: int | None
    ties: tuple[str, ...]
    """The other proposals of the same rank."""
    beside: Mapping[Lens, int | None]
    counted: Counted
    gauge: Gauge | None = None
    bound: Bound | None = None
    duel: Duel | None = None

    @property
    def is_tied(self) -> bool:
        return bool(self.ties)


@dataclass(frozen=True, slots=True)
class ThemeStanding:
    """The proposals of a theme by rank, those under the quorum, the methods and where they disagree."""

    primary: Lens
    ranked: tuple[RankedPlace, ...]
    unranked: tuple[RankedPlace, ...]
    methods: tuple[Lens, ...]
    """The methods other than the primary one, in the order to show them."""
    disagreements: tuple[Disagreement[Lens], ...]
    too_many_to_compare: bool = False
    """There are too many ranked proposals to compare their pairs: they are ranked by how many people placed them."""
    pairs: Pairs = field(default_factory=Pairs)


def favourable(mentions: int) -> int:
    """The lowest mention above the middle of a scale: from there on a mention counts as a support."""
    return (mentions - 1) // 2 + 1


def unfavourable(mentions: int) -> int:
    """The highest mention below the middle of a scale."""
    return mentions // 2 - 1


def counted_of(terms: Terms, count: Count) -> Counted:
    """The ballots of one proposal, counted as the methods read them."""
    if terms.voting is Voting.JUDGMENT:
        return Counted(grades=GradeCounts(count.grades(terms.mentions)))
    if terms.voting is Voting.RANKING:
        return Counted(placed=count.votants)
    return Counted(tally=count.tally)


def standing_of(
    terms: Terms, judged: Sequence[JudgedProposal], given: Mapping[Lens, Mapping[str, int]], pairs: Pairs | None = None
) -> ThemeStanding:
    """Every order of a theme. `given` are ranks by reference for the methods of `GIVEN` that were computed. `pairs` are
    those of all the proposals, for a theme whose ballots rank them; None when they are too many. ValueError when two
    proposals share a reference."""
    candidates = [Candidate(each.reference, counted_of(terms, each.count)) for each in judged]
    counts = {each.reference: each.count for each in judged}
    orders = _orders(terms, candidates, counts, pairs)
    orders |= {lens: arrange(candidates, ranks) for lens, ranks in given.items()}
    too_many = terms.voting is Voting.RANKING and pairs is None
    primary = Lens.PLACED if too_many else _PRIMARY[terms.voting]
    methods = tuple(lens for lens in Lens if lens in orders and lens is not primary)
    return ThemeStanding(
        primary=primary,
        ranked=_ranked(terms, orders, primary, counts, pairs),
        unranked=tuple(
            RankedPlace(each.reference, counts[each.reference], None, (), {}, each.profile)
            for each in orders[primary].unranked
        ),
        methods=methods,
        disagreements=disagreements(orders[primary], {lens: orders[lens] for lens in methods}, first=FIRST),
        too_many_to_compare=too_many,
        pairs=pairs or Pairs(),
    )


def _orders(
    terms: Terms, candidates: list[Candidate[Counted]], counts: Mapping[str, Count], pairs: Pairs | None
) -> dict[Lens, Order[Counted]]:
    quorum = terms.quorum
    if terms.voting is Voting.JUDGMENT:
        return {Lens.JUDGMENT: rank(candidates, score=lambda each: majority_judgment(each.grades), quorum=quorum)}
    if terms.voting is Voting.APPROVAL:
        return {Lens.APPROVAL: rank(candidates, score=lambda each: approval(each.tally), quorum=quorum)}
    if terms.voting is Voting.RANKING:
        return _orders_of_preference(quorum, candidates, counts, pairs)
    return {
        Lens.NET_SUPPORT: rank(candidates, score=lambda each: net_support(each.tally), quorum=quorum),
        Lens.WILSON: rank(candidates, score=lambda each: _bound(terms, each.tally), quorum=quorum),
    }


def _bound(terms: Terms, tally: Tally) -> Bound:
    return wilson(tally, with_abstentions=terms.abstentions_in_wilson)


def _orders_of_preference(
    quorum: int, candidates: list[Candidate[Counted]], counts: Mapping[str, Count], pairs: Pairs | None
) -> dict[Lens, Order[Counted]]:
    quorate = [each for each in candidates if each.profile.votants >= quorum]
    firsts = {each.reference: dict(counts[each.reference].places).get(1, 0) for each in quorate}
    orders = {
        Lens.PLACED: rank(candidates, score=lambda each: each.placed, quorum=quorum),
        Lens.FIRST_PLACES: arrange(candidates, ranks_by(firsts)),
    }
    if pairs is not None:
        names = sorted(firsts, key=reference_key)
        orders[Lens.SCHULZE] = arrange(candidates, ranks_of(names, pairs.among(names)))
    return orders


def _ranked(
    terms: Terms, orders: Mapping[Lens, Order[Counted]], primary: Lens, counts: Mapping[str, Count], pairs: Pairs | None
) -> tuple[RankedPlace, ...]:
    order = orders[primary]
    ranks_beside = {lens: other.ranks() for lens, other in orders.items() if lens is not primary}
    sharing: dict[int, list[str]] = {}
    for place in order.ranked:
        sharing.setdefault(place.rank, []).append(place.candidate.reference)
    neighbours = _neighbours(sharing) if pairs is not None else {}
    return tuple(
        RankedPlace(
            reference=(reference := place.candidate.reference),
            count=counts[reference],
            rank=place.rank,
            ties=tuple(other for other in sharing[place.rank] if other != reference) if place.tied else (),
            beside={lens: ranks.get(reference) for lens, ranks in ranks_beside.items()},
            counted=(profile := place.candidate.profile),
            gauge=gauge(profile.grades) if terms.voting is Voting.JUDGMENT else None,
            bound=_bound(terms, profile.tally) if terms.voting is Voting.OPINIONS else None,
            duel=_duel(reference, neighbours.get(place.rank), pairs),
        )
        for place in order.ranked
    )


def _neighbours(sharing: Mapping[int, Sequence[str]]) -> dict[int, tuple[str, bool]]:
    """For each rank, the first proposal of the next rank or, for the last rank, of the one before, with True in that
    case."""
    ranks = list(sharing)
    found = {before: (sharing[after][0], False) for before, after in pairwise(ranks)}
    if len(ranks) > 1:
        found[ranks[-1]] = (sharing[ranks[-2]][0], True)
    return found


def _duel(reference: str, neighbour: tuple[str, bool] | None, pairs: Pairs | None) -> Duel | None:
    if neighbour is None or pairs is None:
        return None
    ours, theirs = pairs.duel(reference, neighbour[0])
    return Duel(neighbour[0], ours, theirs, is_before=neighbour[1])


def can_compare(proposals: int) -> bool:
    """Whether the pairs of this many proposals are compared."""
    return proposals <= MOST_CANDIDATES
