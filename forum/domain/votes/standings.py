"""Which orders result from the votes of a theme, and by which method first? Pure; pages and documents use the same.

Each kind of voting has its declared method; the others that the same ballots allow are shown beside it, so that nobody
can say that the method was chosen for its outcome. Every order is computed here from what is published: the totals, the
cells of groups (`ranking/published.py`), the matrix of pairs. So ranks tell nothing more, and anybody can recompute
them. One alone needs whole ballots, the slate: `results.py` picks it where ballots are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Final

from forum.domain.themes.ballots import Count
from forum.models.themes import Voting
from forum.ranking.consensus import Consensus, consensus
from forum.ranking.majority_judgment import Gauge, GradeCounts, gauge, majority_judgment
from forum.ranking.methods import FIRST, Counted, Disagreement, disagreements
from forum.ranking.orders import (
    Candidate,
    Order,
    approval,
    arrange,
    is_quorate,
    net_support,
    rank,
    ranks_by,
    reference_key,
)
from forum.ranking.published import GroupCell
from forum.ranking.schulze import MOST_CANDIDATES, ranks_along, strongest_paths
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


ACROSS_GROUPS: Final = (Lens.BY_PROFESSION, Lens.BY_TERRITORY)
"""The orders made of the cells of groups: they say nothing of proposals where too few groups are shown."""

DECLARED: Final[Mapping[Voting, Lens]] = {
    Voting.OPINIONS: Lens.NET_SUPPORT,
    Voting.APPROVAL: Lens.APPROVAL,
    Voting.JUDGMENT: Lens.JUDGMENT,
    Voting.RANKING: Lens.SCHULZE,
}
"""The method of each kind of voting, whatever can be published of it."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """For an order of preference: at [x][y], how many voters prefer the reference x to the reference y; of paths, how
    strong the strongest one from x to y is."""

    references: tuple[str, ...] = ()
    preferred: tuple[tuple[int, ...], ...] = ()

    def among(self, references: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """The pairs of some of the references, in their order."""
        at = {reference: place for place, reference in enumerate(self.references)}
        places = [at[reference] for reference in references]
        return tuple(tuple(self.preferred[x][y] for y in places) for x in places)

    def duel(self, one: str, other: str) -> tuple[int, int]:
        """What stands at [one][other], and at [other][one]."""
        x, y = self.references.index(one), self.references.index(other)
        return self.preferred[x][y], self.preferred[y][x]


@dataclass(frozen=True, slots=True)
class JudgedProposal:
    """A proposal in force, what its ballots say, and the published cells of groups, for each order across groups."""

    reference: str
    count: Count
    groups: Mapping[Lens, Mapping[str, GroupCell]] = field(default_factory=dict)


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
    """The duel with the proposal ranked just after, or just before for the last one: how many prefer which of the two,
    and how strong the strongest paths between them are, which alone decide (see `ranking/schulze.py`)."""

    other: str
    ours: int
    theirs: int
    is_before: bool
    """Whether the other one has the better rank."""
    our_path: int
    their_path: int

    @property
    def lead(self) -> int:
        """More than zero when the duel itself is won, less when it is lost."""
        return self.ours - self.theirs

    @property
    def path_lead(self) -> int:
        """More than zero when this proposal is above the other, less when below; zero: neither, and their ranks come
        from what is above each."""
        return self.our_path - self.their_path

    @property
    def decides(self) -> bool:
        """Whether the duel and the paths agree, so that the duel says it all."""
        return self.lead * self.path_lead > 0


@dataclass(frozen=True, slots=True)
class RankedPlace:
    """A proposal with its rank, None under the quorum or without a ballot, and what explains it; each method fills in
    its own part."""

    reference: str
    count: Count
    rank: int | None
    sharing: tuple[str, ...]
    """Every proposal of this rank, itself included, by reference: one object for all of them, since they may be
    thousands."""
    beside: Mapping[Lens, int | None]
    counted: Counted
    gauge: Gauge | None = None
    bound: Bound | None = None
    duel: Duel | None = None

    @property
    def is_tied(self) -> bool:
        return len(self.sharing) > 1

    def ties(self, most: int) -> tuple[str, ...]:
        """The first of the other proposals of the same rank: naming all of them beside each would take their square."""
        return tuple(other for other in self.sharing[: most + 1] if other != self.reference)[:most]


@dataclass(frozen=True, slots=True)
class ThemeStanding:
    """The proposals of a theme by rank, those under the quorum, the methods and where they disagree."""

    primary: Lens
    ranked: tuple[RankedPlace, ...]
    unranked: tuple[RankedPlace, ...]
    methods: tuple[Lens, ...]
    """The methods other than the primary one, in the order to show them."""
    disagreements: tuple[Disagreement[Lens], ...]
    pairs: Pairs = field(default_factory=Pairs)

    @property
    def too_many_to_compare(self) -> bool:
        """Whether there are too many proposals for their pairs to be compared."""
        return not can_compare(len(self.ranked) + len(self.unranked))


def favourable(mentions: int) -> int:
    """The lowest mention above the middle of a scale: from there on a mention counts as a support."""
    return (mentions - 1) // 2 + 1


def counted_of(terms: Terms, count: Count) -> Counted:
    """The ballots of one proposal, counted as the methods read them."""
    if terms.voting is Voting.JUDGMENT:
        return Counted(grades=GradeCounts(count.grades(terms.mentions)))
    if terms.voting is Voting.RANKING:
        return Counted(placed=count.votants)
    return Counted(tally=count.tally)


def standing_of(
    terms: Terms, judged: Sequence[JudgedProposal], picks: Sequence[str] = (), pairs: Pairs | None = None
) -> ThemeStanding:
    """Every order of a theme. `picks` are the references of its slate, in their order. `pairs` are those of all the
    proposals, for a theme whose ballots rank them; None when they are not published, and then proposals are ranked by
    how many people placed them. ValueError when two proposals share a reference."""
    candidates = [Candidate(each.reference, counted_of(terms, each.count)) for each in judged]
    counts = {each.reference: each.count for each in judged}
    paths = None if pairs is None else _strongest_paths(terms, candidates, pairs)
    orders = _orders(terms, candidates, counts, paths)
    orders |= _orders_across_groups(terms, candidates, judged)
    if picks:
        orders[Lens.SLATE] = arrange(candidates, {reference: place for place, reference in enumerate(picks, start=1)})
    primary = Lens.PLACED if terms.voting is Voting.RANKING and pairs is None else DECLARED[terms.voting]
    methods = tuple(lens for lens in Lens if lens in orders and lens is not primary)
    return ThemeStanding(
        primary=primary,
        ranked=_ranked(terms, orders, primary, counts, pairs, paths),
        unranked=tuple(
            place_from(terms, each.reference, counts[each.reference], None, (), {}, None)
            for each in orders[primary].unranked
        ),
        methods=methods,
        disagreements=disagreements(
            orders[primary], {lens: orders[lens] for lens in methods}, partial=ACROSS_GROUPS, first=FIRST
        ),
        pairs=pairs or Pairs(),
    )


def _orders_across_groups(
    terms: Terms, candidates: list[Candidate[Counted]], judged: Sequence[JudgedProposal]
) -> dict[Lens, Order[Counted]]:
    """The consensus of each partition that ranks a proposal at least."""
    scores: dict[Lens, dict[str, Consensus]] = {}
    for each in judged:
        for lens, cells in each.groups.items():
            score = consensus(cells.values())
            if score is not None and is_quorate(each.count.votants, terms.quorum):
                scores.setdefault(lens, {})[each.reference] = score
    return {lens: arrange(candidates, ranks_by(found)) for lens, found in scores.items()}


def _strongest_paths(terms: Terms, candidates: list[Candidate[Counted]], pairs: Pairs) -> Pairs:
    """The strongest paths between the proposals that are ranked, computed once: they take the cube of their number."""
    quorate = (each.reference for each in candidates if is_quorate(each.profile.votants, terms.quorum))
    names = sorted(quorate, key=reference_key)
    return Pairs(tuple(names), tuple(map(tuple, strongest_paths(pairs.among(names)))))


def _orders(
    terms: Terms, candidates: list[Candidate[Counted]], counts: Mapping[str, Count], paths: Pairs | None
) -> dict[Lens, Order[Counted]]:
    quorum = terms.quorum
    if terms.voting is Voting.JUDGMENT:
        return {Lens.JUDGMENT: rank(candidates, score=lambda each: majority_judgment(each.grades), quorum=quorum)}
    if terms.voting is Voting.APPROVAL:
        return {Lens.APPROVAL: rank(candidates, score=lambda each: approval(each.tally), quorum=quorum)}
    if terms.voting is Voting.RANKING:
        return _orders_of_preference(quorum, candidates, counts, paths)
    return {
        Lens.NET_SUPPORT: rank(candidates, score=lambda each: net_support(each.tally), quorum=quorum),
        Lens.WILSON: rank(candidates, score=lambda each: _bound(terms, each.tally), quorum=quorum),
    }


def _bound(terms: Terms, tally: Tally) -> Bound:
    return wilson(tally, with_abstentions=terms.abstentions_in_wilson)


def _orders_of_preference(
    quorum: int, candidates: list[Candidate[Counted]], counts: Mapping[str, Count], paths: Pairs | None
) -> dict[Lens, Order[Counted]]:
    quorate = [each for each in candidates if is_quorate(each.profile.votants, quorum)]
    firsts = {each.reference: dict(counts[each.reference].places).get(1, 0) for each in quorate}
    orders = {
        Lens.PLACED: rank(candidates, score=lambda each: each.placed, quorum=quorum),
        Lens.FIRST_PLACES: arrange(candidates, ranks_by(firsts)),
    }
    if paths is not None:
        orders[Lens.SCHULZE] = arrange(candidates, ranks_along(paths.references, paths.preferred))
    return orders


def _ranked(
    terms: Terms,
    orders: Mapping[Lens, Order[Counted]],
    primary: Lens,
    counts: Mapping[str, Count],
    pairs: Pairs | None,
    paths: Pairs | None,
) -> tuple[RankedPlace, ...]:
    order = orders[primary]
    ranks_beside = {lens: other.ranks() for lens, other in orders.items() if lens is not primary}
    by_rank = groupby(order.ranked, key=lambda place: place.rank)
    sharing = {rank_: tuple(place.candidate.reference for place in places) for rank_, places in by_rank}
    neighbours = _neighbours(sharing) if pairs is not None else {}
    return tuple(
        place_from(
            terms,
            reference := place.candidate.reference,
            counts[reference],
            place.rank,
            sharing[place.rank],
            {lens: ranks.get(reference) for lens, ranks in ranks_beside.items()},
            _duel(reference, neighbours.get(place.rank), pairs, paths),
        )
        for place in order.ranked
    )


def place_from(
    terms: Terms,
    reference: str,
    count: Count,
    rank: int | None,
    sharing: tuple[str, ...],
    beside: Mapping[Lens, int | None],
    duel: Duel | None,
) -> RankedPlace:
    """A proposal with its rank, and what its own ballots say to explain it."""
    profile = counted_of(terms, count)
    return RankedPlace(
        reference=reference,
        count=count,
        rank=rank,
        sharing=sharing,
        beside=beside,
        counted=profile,
        gauge=gauge(profile.grades) if rank and terms.voting is Voting.JUDGMENT else None,
        bound=_bound(terms, profile.tally) if rank and terms.voting is Voting.OPINIONS else None,
        duel=duel,
    )


def _neighbours(sharing: Mapping[int, Sequence[str]]) -> dict[int, tuple[str, bool]]:
    """For each rank, the first proposal of the next rank or, for the last rank, of the one before, with True in that
    case."""
    ranks = list(sharing)
    found = {before: (sharing[after][0], False) for before, after in pairwise(ranks)}
    if len(ranks) > 1:
        found[ranks[-1]] = (sharing[ranks[-2]][0], True)
    return found


def _duel(reference: str, neighbour: tuple[str, bool] | None, pairs: Pairs | None, paths: Pairs | None) -> Duel | None:
    if neighbour is None or pairs is None or paths is None:
        return None
    other, is_before = neighbour
    return Duel(other, *pairs.duel(reference, other), is_before, *paths.duel(reference, other))


def can_compare(proposals: int) -> bool:
    """Whether the pairs of this many proposals are compared."""
    return proposals <= MOST_CANDIDATES
