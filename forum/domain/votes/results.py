"""What are the results of a vote that is over? The orders of a theme, and what its declared groups say.

Nothing here answers before all the votes are counted, whatever the theme shows during its vote. The database counts the
ballots: by opinion, by declared groups, or joined as one text per proposal or voter where a method must know who agrees
with whom; a million ballots are never a million objects here. What leaves this file is published: exact counts of
groups do not, `ranking/published.py` says which of their cells do. Which kind of voting has which methods is in
`standings.py`.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from anyio import to_thread

from forum.database import is_sqlite, rows
from forum.domain.references import reference
from forum.domain.themes.ballots import COUNTABLE, TALLIED
from forum.domain.themes.themes import ThemeHead
from forum.domain.votes.exclusions import NOBODY, ExclusionTotals, exclusion_totals
from forum.domain.votes.releases import (
    Release,
    regrouped_since,
    releases_of,
    reworded_since,
    store_release,
    voters_since,
)
from forum.domain.votes.standings import (
    JudgedProposal,
    Lens,
    Pairs,
    Terms,
    ThemeStanding,
    can_compare,
    favourable,
    standing_of,
)
from forum.domain.votes.votes import voters_of
from forum.errors import NotFound
from forum.models.proposals import JUDGED_SQL
from forum.models.themes import Voting
from forum.ranking.methods import FIRST
from forum.ranking.orders import is_quorate
from forum.ranking.published import (
    FEWEST_WITH_ORDERS,
    NOTHING_SHOWN,
    GroupCell,
    Published,
    Share,
    published,
    support_once,
)
from forum.ranking.schulze import preferences
from forum.ranking.slate import slate
from forum.ranking.tallies import Opinion
from forum.settings import settings

UNDECLARED: Final = ""
"""The group of people who declared nothing: a group like the others, but it does not count in a consensus."""


@dataclass(frozen=True, slots=True)
class Partition:
    """The groups that members may declare, and what is published of them on each proposal.

    `cells` are by reference. For a judgment, who gave a mention above the middle of the scale is for the proposal; for
    supports, everybody of the group who voted in the theme has voted on each proposal.
    """

    lens: Lens
    groups: tuple[str, ...]
    """As the settings list them, voters or not; then `UNDECLARED`."""
    cells: Mapping[str, Published]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the ballots themselves tell about a theme, as far as it is published: pairs, groups, picks of the slate in
    their order, and how many people voted."""

    pairs: Pairs | None
    partitions: tuple[Partition, ...]
    picks: tuple[str, ...]
    voters: int
    withholds_orders: bool = False
    """Too few people voted, or voted since an earlier release, for pairs and picks to be published."""
    withholds_groups: bool = False
    """A quota lets figures of groups tell of one another."""
    excluded: ExclusionTotals = NOBODY
    """What is left out of all this."""

    def cells_of(self, reference: str) -> dict[Lens, dict[str, GroupCell]]:
        """The cells of one proposal that count in each consensus."""
        return {
            partition.lens: {
                group: cell for group, cell in partition.cells[reference].cells.items() if group != UNDECLARED
            }
            for partition in self.partitions
        }


@dataclass(frozen=True, slots=True)
class Results:
    """All the results of the vote of a theme."""

    theme: ThemeHead
    standing: ThemeStanding
    evidence: Evidence


def terms_of(theme: ThemeHead) -> Terms:
    """What decides the orders of a theme beside its ballots."""
    return Terms(theme.voting, len(theme.mentions), theme.quorum)


async def read_results(theme: ThemeHead, counts: Mapping[int, JudgedProposal], now: datetime) -> Results:
    """The orders of the proposals in force of a theme, given by id with their counts.

    Raises:
        NotFound: its votes are not over, or not all counted.
    """
    evidence = await read_evidence(theme, counts, now)

    def standing() -> ThemeStanding:
        judged = [replace(each, groups=evidence.cells_of(each.reference)) for each in counts.values()]
        return standing_of(terms_of(theme), judged, evidence.picks, evidence.pairs)

    return Results(theme, await to_thread.run_sync(standing), evidence)


async def read_evidence(theme: ThemeHead, counts: Mapping[int, JudgedProposal], now: datetime) -> Evidence:
    """What `standing_of` needs beside the counts.

    Raises:
        NotFound: the votes of the theme are not over.
    """
    if not theme.schedule.votes_are_counted(now):
        raise NotFound
    references = {proposal: each.reference for proposal, each in counts.items()}
    quorate = {
        proposal: each.reference for proposal, each in counts.items() if is_quorate(each.count.votants, theme.quorum)
    }
    voters = await voters_of((theme,), now) or 0
    excluded = await exclusion_totals(theme, {proposal: each.count for proposal, each in counts.items()})
    earlier = await releases_of(theme)
    publishes_orders = voters >= FEWEST_WITH_ORDERS and await _changed_by_nobody_or_many(theme, earlier)
    if theme.voting is Voting.RANKING:
        compares = publishes_orders and can_compare(len(references))
        pairs = await _pairs(theme, references) if compares else None
        return Evidence(pairs, (), (), voters, withholds_orders=not publishes_orders, excluded=excluded)
    supporters = await _supporters(theme, quorate) if publishes_orders else {}
    picks = await to_thread.run_sync(slate, supporters, FIRST)
    partitions = await _partitions(theme, references, earlier)
    # Whether anybody of a partition voted is not told by naming it where nothing of it is published.
    shown = tuple(each for each in partitions if any(one.cells for one in each.cells.values()))
    picked = tuple(pick.reference for pick in picks)
    return Evidence(
        None,
        shown,
        picked,
        voters,
        withholds_orders=not publishes_orders,
        withholds_groups=bool(attributes()) and withholds_groups(theme, len(references)),
        excluded=excluded,
    )


def withholds_groups(theme: ThemeHead, proposals: int) -> bool:
    """Whether a quota limits how many proposals one person supports.

    Figures of a group then tell of one another: where all of it gave their support elsewhere, "at most 1" is none, and
    each ballot is known. `ranking/published.py` decides on each proposal by itself, so nothing of groups is shown.
    """
    return theme.voting in TALLIED and 0 < theme.quota < proposals


async def keep_release(theme: ThemeHead, now: datetime) -> None:
    """Keep what is published of the groups of a theme, in the transaction that opens its closed votes again."""
    if theme.voting is Voting.RANKING:
        cells: dict[Lens, Mapping[str, Published]] = {}
    else:
        found = await rows(f"SELECT id, number FROM proposal p WHERE theme_id = $1 AND {JUDGED_SQL}", theme.id)
        references = {each["id"]: reference(theme.number, each["number"]) for each in found}
        partitions = await _partitions(theme, references, await releases_of(theme))
        cells = {each.lens: each.cells for each in partitions}
    await store_release(theme, cells)


async def _changed_by_nobody_or_many(theme: ThemeHead, earlier: Sequence[Release]) -> bool:
    """Whether what needs whole ballots may be published again: the difference of two matrices of pairs is the matrix of
    those who voted in between, and is published from as many people. After a rewording it may be that of one person who
    did not confirm, however many did."""
    if await reworded_since(theme, earlier):
        return False
    since = [await voters_since(theme, each.closed_at) for each in earlier]
    return all(many == 0 or many >= FEWEST_WITH_ORDERS for many in since)


@dataclass(frozen=True, slots=True)
class Attribute:
    """What members may declare: its order, its column, the groups offered."""

    lens: Lens
    column: str
    offered: tuple[str, ...]


def attributes() -> tuple[Attribute, ...]:
    """The attributes that are asked; a group is offered by the settings, and never because somebody of it voted."""
    people = settings().people
    every = (
        Attribute(Lens.BY_PROFESSION, "profession", tuple(people.professions)),
        Attribute(Lens.BY_TERRITORY, "territory", tuple(people.territories)),
    )
    return tuple(each for each in every if each.offered)


async def _partitions(
    theme: ThemeHead, references: Mapping[int, str], earlier: Sequence[Release]
) -> tuple[Partition, ...]:
    """What is published of the declared groups, for each attribute that is asked."""
    declared = attributes()
    if not declared or withholds_groups(theme, len(references)):
        return ()
    counted = await _counts_by_groups(theme, tuple(each.column for each in declared), references)
    if theme.voting is Voting.APPROVAL and support_once(tuple(counted.values()), len(declared)):
        return ()
    groups = [(*each.offered, UNDECLARED) for each in declared]
    regrouped = await regrouped_since(theme, earlier)

    def cells_of(about: str, joint: Mapping[_Groups, Share]) -> tuple[Published, ...]:
        if about in regrouped:
            return tuple(Published(whole=sum(joint.values(), start=Share())) for _ in declared)
        known = [each for each in earlier if any(about in each.cells.get(one.lens, {}) for one in declared)]
        former = [[each.cells.get(one.lens, {}).get(about, NOTHING_SHOWN) for one in declared] for each in known]
        return published(joint, groups, former)

    shown = await to_thread.run_sync(lambda: {about: cells_of(about, joint) for about, joint in counted.items()})
    return tuple(
        Partition(each.lens, groups[side], {about: cells[side] for about, cells in shown.items()})
        for side, each in enumerate(declared)
    )


_TABLES: Final = "FROM ballot b JOIN proposal p ON p.id = b.proposal_id JOIN theme t ON t.id = p.theme_id"
_COUNTED: Final = f"{COUNTABLE} AND p.theme_id = $1 AND {JUDGED_SQL} AND b.proposal_version >= p.substance"
"""The ballots that count: those on proposals in force, or hidden since, at the substance that they ask for now."""


def _favourable(theme: ThemeHead) -> str:
    """The opinions of a theme that count for a proposal, as the end of a condition."""
    if theme.voting is not Voting.JUDGMENT:
        return f"= '{Opinion.FOR.value}'"
    scale = len(theme.mentions)
    return f"IN ({', '.join(repr(str(grade)) for grade in range(favourable(scale), scale))})"


_Groups = tuple[str, ...]
"""What a voter declared, for each attribute that is asked."""


async def _counts_by_groups(
    theme: ThemeHead, columns: _Groups, references: Mapping[int, str]
) -> dict[str, dict[_Groups, Share]]:
    """By reference, then by declared groups; `columns` are those of `attributes`."""
    supports = theme.voting is Voting.APPROVAL
    told = ", ".join(f"{'l' if supports else 'b'}.{column}" for column in columns)
    found = await rows(
        f"""
        {_LATEST if supports else ""}
        SELECT b.proposal_id, {told}, COUNT(*) AS ballots,
               SUM(CASE WHEN b.opinion {_favourable(theme)} THEN 1 ELSE 0 END) AS favourable
          {_TABLES} {"JOIN latest l ON l.voter_id = b.voter_id AND l.place = 1" if supports else ""}
         WHERE {_COUNTED}
         GROUP BY b.proposal_id, {told}""",
        theme.id,
    )
    electorates = await _electorates(theme, columns) if supports else {}

    def shares() -> dict[str, dict[_Groups, Share]]:
        counted: dict[str, dict[_Groups, Share]] = {
            reference: {groups: Share(0, voters) for groups, voters in electorates.items()}
            for reference in references.values()
        }
        for each in found:
            groups = tuple(each[column] for column in columns)
            voters: int = electorates[groups] if electorates else each["ballots"]
            counted[references[each["proposal_id"]]][groups] = Share(int(each["favourable"]), voters)
        return counted

    return await to_thread.run_sync(shares)


_LATEST: Final = f"""
    WITH latest AS (
        SELECT b.voter_id, b.profession, b.territory,
               ROW_NUMBER() OVER (PARTITION BY b.voter_id ORDER BY b.cast_at DESC, b.id DESC) AS place
          {_TABLES} WHERE {_COUNTED}
    )"""
"""What each voter declared at their latest ballot: for supports, one counts among the voters of each proposal, once."""


async def _electorates(theme: ThemeHead, columns: _Groups) -> dict[_Groups, int]:
    """How many people of each group voted in a theme: for supports, not supporting is an answer too."""
    told = ", ".join(columns)
    found = await rows(
        f"{_LATEST} SELECT {told}, COUNT(*) AS voters FROM latest WHERE place = 1 GROUP BY {told}", theme.id
    )
    return {tuple(each[column] for column in columns): each["voters"] for each in found}


async def _supporters(theme: ThemeHead, references: Mapping[int, str]) -> dict[str, "array[int]"]:
    """The people who are for each proposal, as numbers, by reference."""
    found = await rows(
        f"""
        SELECT b.proposal_id, {_joined("b.voter_id")} AS people
          {_TABLES}
         WHERE {_COUNTED} AND b.opinion {_favourable(theme)}
         GROUP BY b.proposal_id""",
        theme.id,
    )

    def people() -> dict[str, "array[int]"]:
        return {
            references[each["proposal_id"]]: array("q", map(int, each["people"].split(",")))
            for each in found
            if each["proposal_id"] in references
        }

    return await to_thread.run_sync(people)


async def _pairs(theme: ThemeHead, references: Mapping[int, str]) -> Pairs:
    """How many voters prefer which proposal to which, from the order of each voter."""
    found = await rows(
        f"""
        SELECT {_joined("b.proposal_id || ':' || b.opinion")} AS places
          {_TABLES}
         WHERE {_COUNTED}
         GROUP BY b.voter_id""",
        theme.id,
    )

    def ballots() -> Iterator[dict[str, int]]:
        for each in found:
            places = (place.split(":") for place in each["places"].split(","))
            yield {references[int(proposal)]: int(position) for proposal, position in places}

    names = sorted(references.values())
    preferred = await to_thread.run_sync(preferences, names, ballots())
    return Pairs(tuple(names), tuple(map(tuple, preferred)))


def _joined(column: str) -> str:
    """SQL for all values of a column in a group, as one text with commas, in no order."""
    return f"GROUP_CONCAT({column}, ',')" if is_sqlite() else f"STRING_AGG(CAST({column} AS TEXT), ',')"
