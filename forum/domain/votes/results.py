"""What are the results of a vote that is over? The orders of a theme, and what its declared groups say.

Nothing here answers before the close, whatever the theme shows during its vote. The database counts the ballots: by
opinion, by declared group, or joined as one text per proposal or voter where a method must know who agrees with whom; a
million ballots are never a million objects here. Which kind of voting has which methods is in `standings.py`.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anyio import to_thread

from forum.database import is_sqlite, rows
from forum.domain.themes.themes import ThemeHead
from forum.domain.votes.standings import (
    JudgedProposal,
    Lens,
    Pairs,
    Terms,
    ThemeStanding,
    can_compare,
    favourable,
    standing_of,
    unfavourable,
)
from forum.domain.votes.votes import voters_of
from forum.errors import NotFound
from forum.models.proposals import IN_FORCE_SQL
from forum.models.themes import Voting
from forum.ranking.consensus import consensus, masked
from forum.ranking.methods import FIRST
from forum.ranking.orders import ranks_by
from forum.ranking.schulze import preferences
from forum.ranking.slate import Pick, slate
from forum.ranking.tallies import Opinion, Tally
from forum.settings import settings

UNDECLARED: Final = ""
"""The group of people who declared nothing; it does not count in a consensus."""


@dataclass(frozen=True, slots=True)
class GroupCell:
    """What one group says about one proposal; None where the group is so small that it would reveal who said what.

    For a judgment, mentions above the middle of the scale count as "pour", those below as "contre", the middle one as
    an abstention; for supports, people of the group who voted in the theme without supporting this proposal count as
    abstentions.
    """

    group: str
    tally: Tally | None


@dataclass(frozen=True, slots=True)
class Partition:
    """The declared groups of a theme's voters, by one attribute that they declare; nothing about individuals."""

    lens: Lens
    groups: tuple[str, ...]
    """The groups by name; `UNDECLARED` last, when somebody declared nothing."""
    cells: Mapping[str, tuple[GroupCell, ...]]
    """The cells by reference, in the order of the groups."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What only the ballots themselves tell about a theme: ranks by some methods, pairs, groups, picks by reference."""

    given: Mapping[Lens, Mapping[str, int]]
    pairs: Pairs | None
    partitions: tuple[Partition, ...]
    picks: Mapping[str, Pick]


@dataclass(frozen=True, slots=True)
class Results:
    """All the results of the vote of a theme."""

    theme: ThemeHead
    standing: ThemeStanding
    evidence: Evidence
    voters: int


def terms_of(theme: ThemeHead) -> Terms:
    """What decides the orders of a theme beside its ballots."""
    return Terms(theme.voting, len(theme.mentions), theme.quorum)


async def read_results(theme: ThemeHead, counts: Mapping[int, JudgedProposal], now: datetime) -> Results:
    """The orders of the proposals in force of a theme, given by id with their counts.

    Raises:
        NotFound: its votes are not over.
    """
    evidence = await read_evidence(theme, counts, now)
    standing = await to_thread.run_sync(
        lambda: standing_of(terms_of(theme), list(counts.values()), evidence.given, evidence.pairs)
    )
    return Results(theme, standing, evidence, await voters_of((theme,), now) or 0)


async def read_evidence(theme: ThemeHead, counts: Mapping[int, JudgedProposal], now: datetime) -> Evidence:
    """What `standing_of` needs beside the counts.

    Raises:
        NotFound: the votes of the theme are not over.
    """
    if not theme.schedule.votes_are_closed(now):
        raise NotFound
    references = {proposal: each.reference for proposal, each in counts.items()}
    quorate = {proposal: each.reference for proposal, each in counts.items() if each.count.votants >= theme.quorum}
    if theme.voting is Voting.RANKING:
        pairs = await _pairs(theme, references) if can_compare(len(references)) else None
        return Evidence({}, pairs, (), {})
    partitions, given = [], {}
    for lens, column, offered in _declared():
        tallies = await _tallies_by_group(theme, column, references) if offered else {}
        groups = sorted({group for each in tallies.values() for group in each} - {UNDECLARED})
        if groups:
            given[lens] = await to_thread.run_sync(_consensus_ranks, tallies, groups, set(quorate.values()))
            partitions.append(_partition(lens, groups, tallies, references))
    picks = await to_thread.run_sync(slate, await _supporters(theme, quorate), FIRST)
    given[Lens.SLATE] = {pick.reference: place for place, pick in enumerate(picks, start=1)}
    return Evidence(given, None, tuple(partitions), {pick.reference: pick for pick in picks})


def _declared() -> tuple[tuple[Lens, str, bool], ...]:
    """Each attribute that members declare: its order, its column, whether it is asked at all."""
    people = settings().people
    return (
        (Lens.BY_PROFESSION, "profession", bool(people.professions)),
        (Lens.BY_TERRITORY, "territory", bool(people.territories)),
    )


_TABLES: Final = "FROM ballot b JOIN proposal p ON p.id = b.proposal_id"
_COUNTED: Final = f"p.theme_id = $1 AND p.state IN {IN_FORCE_SQL} AND b.proposal_version >= p.substance"
"""The ballots that count: those on proposals in force, at the substance that they ask for now."""


def _said(theme: ThemeHead, *, favourably: bool) -> str:
    """The opinions of a theme that count for a proposal, or against it, as the end of a condition."""
    if theme.voting is not Voting.JUDGMENT:
        return f"= '{Opinion.FOR.value if favourably else Opinion.AGAINST.value}'"
    scale = len(theme.mentions)
    grades = range(favourable(scale), scale) if favourably else range(unfavourable(scale) + 1)
    return f"IN ({', '.join(repr(str(grade)) for grade in grades)})"


async def _tallies_by_group(
    theme: ThemeHead, column: str, references: Mapping[int, str]
) -> dict[str, dict[str, Tally]]:
    """By reference, then by declared group; `column` is one of `_declared`."""
    found = await rows(
        f"""
        SELECT b.proposal_id, b.{column} AS told, COUNT(*) AS ballots,
               SUM(CASE WHEN b.opinion {_said(theme, favourably=True)} THEN 1 ELSE 0 END) AS favourable,
               SUM(CASE WHEN b.opinion {_said(theme, favourably=False)} THEN 1 ELSE 0 END) AS unfavourable
          {_TABLES}
         WHERE {_COUNTED}
         GROUP BY b.proposal_id, b.{column}""",
        theme.id,
    )
    electorates = await _electorates(theme, column) if theme.voting is Voting.APPROVAL else {}
    tallies: dict[str, dict[str, Tally]] = {
        reference: {group: Tally(abstain=voters) for group, voters in electorates.items()}
        for reference in references.values()
    }
    for each in found:
        group, for_, against = each["told"], int(each["favourable"]), int(each["unfavourable"])
        voters: int = electorates[group] if electorates else each["ballots"]
        tallies[references[each["proposal_id"]]][group] = Tally(for_, against, voters - for_ - against)
    return tallies


async def _electorates(theme: ThemeHead, column: str) -> dict[str, int]:
    """How many people of each group voted in a theme: for supports, not supporting is an answer too."""
    found = await rows(
        f"""
        SELECT b.{column} AS told, COUNT(DISTINCT b.voter_id) AS voters
          {_TABLES}
         WHERE {_COUNTED}
         GROUP BY b.{column}""",
        theme.id,
    )
    return {each["told"]: each["voters"] for each in found}


def _consensus_ranks(
    tallies: Mapping[str, Mapping[str, Tally]], groups: Sequence[str], quorate: set[str]
) -> dict[str, int]:
    scores = {
        reference: consensus({group: said for group, said in by_group.items() if group != UNDECLARED}, groups)
        for reference, by_group in tallies.items()
        if reference in quorate
    }
    return ranks_by(scores)


def _partition(
    lens: Lens, groups: Sequence[str], tallies: Mapping[str, Mapping[str, Tally]], references: Mapping[int, str]
) -> Partition:
    """The groups with small ones masked; the undeclared group may be masked too, or it would reveal the others."""
    shown = (*groups, UNDECLARED) if any(UNDECLARED in each for each in tallies.values()) else tuple(groups)
    return Partition(lens, shown, {reference: _cells(shown, tallies[reference]) for reference in references.values()})


def _cells(groups: Sequence[str], tallies: Mapping[str, Tally]) -> tuple[GroupCell, ...]:
    full = {group: tallies.get(group, Tally()) for group in groups}
    hidden = masked(full)
    return tuple(GroupCell(group, None if group in hidden else tally) for group, tally in full.items())


async def _supporters(theme: ThemeHead, references: Mapping[int, str]) -> dict[str, "array[int]"]:
    """The people who are for each proposal, as numbers, by reference."""
    found = await rows(
        f"""
        SELECT b.proposal_id, {_joined("b.voter_id")} AS people
          {_TABLES}
         WHERE {_COUNTED} AND b.opinion {_said(theme, favourably=True)}
         GROUP BY b.proposal_id""",
        theme.id,
    )
    return {
        references[each["proposal_id"]]: array("q", map(int, each["people"].split(",")))
        for each in found
        if each["proposal_id"] in references
    }


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
