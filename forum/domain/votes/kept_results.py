"""What did the votes of a theme give? Reckoned once when they are over, kept, and read by page, groups, sheet,
follow-up and synthesis alike.

A job keeps the results as soon as they are public (`keep_results`); whoever asks before it has run reckons them, which
gives the same. What is kept is what `results.py` publishes, made of `ranking/published.py` as ever: exact counts of
groups are not in it, nor is anything before the close. It is read only where everything that it was reckoned from is
still so (`_basis`): the schedule and the rules, the proposals among the results, the groups of the settings, the
version of this program. Ballots are not in that digest: none is cast, changed, left out or deleted once a total is
public.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from anyio import to_thread

from forum import __version__
from forum.database import insert_rows, places, row, rows, transaction
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.references import parse_reference, reference
from forum.domain.themes.ballots import Count
from forum.domain.themes.themes import THEME_COLUMNS, Hold, ThemeHead, hold_theme, theme_from
from forum.domain.votes.exclusions import ExclusionTotals
from forum.domain.votes.results import Evidence, Partition, Results, attributes, keep_release, read_results, terms_of
from forum.domain.votes.standings import Duel, JudgedProposal, Lens, Pairs, RankedPlace, ThemeStanding, place_from
from forum.domain.votes.votes import counts_of
from forum.errors import NotFound
from forum.jobs import JobName, enqueue
from forum.models.proposals import JUDGED_SQL
from forum.ranking.methods import Disagreement
from forum.ranking.published import GroupCell, Precision, Published, Share
from forum.ranking.tallies import Tally

MOST_NAMED: Final = 500
"""Beyond so many, what is kept of all the proposals is read instead."""


@dataclass(frozen=True, slots=True)
class KeptResults:
    """The results of a theme without what they say of each proposal, which is read for a few of them at a time.

    `ranked` are the references of each rank in the order of the results, `unranked` those that have none. `standing`
    has no place and `evidence` no cell. `whole` is there when it was reckoned just now, and not kept.
    """

    theme: ThemeHead
    basis: str
    ranked: Mapping[int, tuple[str, ...]]
    unranked: tuple[str, ...]
    standing: ThemeStanding
    evidence: Evidence
    whole: Results | None = None


async def find_results(theme: ThemeHead, now: datetime) -> KeptResults:
    """The results of a theme.

    Raises:
        NotFound: its votes are not over, or not all counted.
    """
    if not theme.schedule.votes_are_counted(now):
        raise NotFound
    basis = await _basis(theme)
    kept = await row("SELECT facts FROM kept_result WHERE theme_id = $1 AND basis = $2", theme.id, basis)
    if kept is not None:
        return _kept_results(theme, basis, json.loads(kept["facts"]))
    results = await _reckon(theme, now)
    return replace(await to_thread.run_sync(_kept_results, theme, basis, _facts(results)), whole=results)


async def places_of(kept: KeptResults, references: Sequence[str], now: datetime) -> dict[str, RankedPlace]:
    """What the results say of these proposals, by reference; those that are not among them are left out."""
    wanted = {*kept.unranked, *(name for shared in kept.ranked.values() for name in shared)} & {*references}
    if kept.whole is None:
        found = await _kept(kept, "facts", wanted)
        if len(found) == len(wanted):
            return await to_thread.run_sync(_places, kept, found)
    whole = kept.whole or await _reckon(kept.theme, now)
    every = (*whole.standing.ranked, *whole.standing.unranked)
    return {each.reference: each for each in every if each.reference in wanted}


async def cells_of(kept: KeptResults, references: Sequence[str], now: datetime) -> tuple[Partition, ...]:
    """What is published of the declared groups on these proposals of the results."""
    if not kept.evidence.partitions:
        return ()
    if kept.whole is None:
        found = await _kept(kept, "cells", {*references})
        if len(found) == len(references):
            return await to_thread.run_sync(_partitions, kept, found)
    return (kept.whole or await _reckon(kept.theme, now)).evidence.partitions


async def results_of(kept: KeptResults, now: datetime) -> Results:
    """All that the results say of all their proposals."""
    if kept.whole is not None:
        return kept.whole
    ranked = [name for shared in kept.ranked.values() for name in shared]
    every = [*ranked, *kept.unranked]
    facts = await row("SELECT pairs FROM kept_result WHERE theme_id = $1 AND basis = $2", kept.theme.id, kept.basis)
    if facts is None:
        return await _reckon(kept.theme, now)
    pairs = _pairs(json.loads(facts["pairs"]))
    places_, partitions = await places_of(kept, every, now), await cells_of(kept, every, now)
    standing = replace(
        kept.standing,
        ranked=tuple(places_[name] for name in ranked),
        unranked=tuple(places_[name] for name in kept.unranked),
        pairs=pairs or Pairs(),
    )
    return Results(kept.theme, standing, replace(kept.evidence, partitions=partitions, pairs=pairs))


async def keep_results(claim: Claim, now: datetime) -> None:
    """Reckon and keep the results of a theme, the subject of the job, unless they are not public. Run twice, it changes
    nothing.

    Raises:
        LostLease: another worker took the job meanwhile: nothing is written.
    """
    found = await row(f"SELECT {THEME_COLUMNS} FROM theme t WHERE t.id = $1", claim.subject)
    theme = theme_from(found) if found else None
    if theme is None or not theme.schedule.votes_are_counted(now):
        await _finish(claim, now)
        return
    basis, results = await _basis(theme), await _reckon(theme, now)
    lines = await to_thread.run_sync(_lines, results)
    facts, pairs = json.dumps(_facts(results)), json.dumps(_pairs_facts(results.evidence.pairs))
    async with transaction():
        await jobs.finish(claim, now)
        held = await hold_theme(theme.number, Hold.SHARED, now)
        if not held.schedule.votes_are_counted(now) or await _basis(held) != basis:
            return  # something moved meanwhile: it is asked for again
        await forget_results(theme)
        ids = {each["number"]: each["id"] for each in await _judged(theme)}
        await insert_rows("kept_result (theme_id, basis, facts, pairs)", [(theme.id, basis, facts, pairs)])
        await insert_rows(
            "kept_place (proposal_id, facts, cells)",
            [(ids[parse_reference(name)[1]], said, cells) for name, said, cells in lines],
        )


async def _finish(claim: Claim, now: datetime) -> None:
    async with transaction():
        await jobs.finish(claim, now)


async def release_results(theme: ThemeHead, now: datetime) -> None:
    """What becomes of the results when closed votes are opened again, in that transaction: their release is kept for
    the next close to compare, and nobody reads them any more."""
    await keep_release(theme, now)
    await forget_results(theme)


async def forget_results(theme: ThemeHead) -> None:
    """Leave nothing of the kept results, in the caller's transaction: its votes are opened again, or these are kept
    anew."""
    await rows("DELETE FROM kept_place WHERE proposal_id IN (SELECT id FROM proposal WHERE theme_id = $1)", theme.id)
    await rows("DELETE FROM kept_result WHERE theme_id = $1", theme.id)


async def ask_for_results(now: datetime) -> None:
    """Ask for the job of each theme whose results are public, and not kept as they are now. One whose job failed is
    reckoned by whoever asks, as all are until their job has run."""
    found = await rows(
        f"""
        SELECT {THEME_COLUMNS}, k.basis, j.state AS job
          FROM theme t LEFT JOIN kept_result k ON k.theme_id = t.id
          LEFT JOIN job j ON j.key = 'results:' || t.id
         WHERE t.votes_close_at <= $1""",
        now,
    )
    for each in found:
        theme = theme_from(each)
        if each["job"] in ("failed", "queued", "running") or not theme.schedule.votes_are_counted(now):
            continue
        if each["basis"] != await _basis(theme):
            async with transaction() as tx:
                await enqueue(tx, JobName.KEEP_RESULTS, theme.id, key=f"results:{theme.id}", now=now)


async def _basis(theme: ThemeHead) -> str:
    """A digest of all that results are reckoned from, beside the ballots."""
    found = await row(
        f"""
        SELECT COUNT(*) AS many, CAST(COALESCE(SUM(p.number), 0) AS BIGINT) AS numbers,
               CAST(COALESCE(SUM(p.substance), 0) AS BIGINT) AS substances,
               (SELECT COUNT(*) FROM published_release r WHERE r.theme_id = $1) AS releases,
               (SELECT COUNT(*) FROM excluded_vote x WHERE x.theme_id = $1) AS excluded
          FROM proposal p WHERE p.theme_id = $1 AND p.number > 0 AND {JUDGED_SQL}""",
        theme.id,
    )
    assert found is not None, "a count gives its row"
    schedule = theme.schedule
    facts = (
        __version__,
        (str(schedule.votes_open_at), str(schedule.votes_close_at), schedule.closed_by_hand),
        (theme.number, theme.voting.value, theme.mentions, theme.quota, theme.quorum),
        [(each.column, each.offered) for each in attributes()],
        [int(found[name]) for name in ("many", "numbers", "substances", "releases", "excluded")],
    )
    return sha256(json.dumps(facts).encode()).hexdigest()


async def _judged(theme: ThemeHead) -> Sequence[Mapping[str, Any]]:
    return await rows(
        f"SELECT id, number FROM proposal p WHERE theme_id = $1 AND number > 0 AND {JUDGED_SQL}", theme.id
    )


async def _reckon(theme: ThemeHead, now: datetime) -> Results:
    counts = await counts_of(theme, now) or {}
    judged = {
        each["id"]: JudgedProposal(reference(theme.number, each["number"]), counts.get(each["id"], Count()))
        for each in await _judged(theme)
    }
    return await read_results(theme, judged, now)


# What is written, and how it is read


def _facts(results: Results) -> dict[str, Any]:
    """The results without what they say of each proposal, as JSON holds them."""
    standing, evidence = results.standing, results.evidence
    ranked: dict[int, list[str]] = {}
    for each in standing.ranked:
        ranked.setdefault(each.rank or 0, []).append(each.reference)
    return {
        "ranked": [*ranked.items()],
        "unranked": [each.reference for each in standing.unranked],
        "primary": standing.primary,
        "methods": standing.methods,
        "disagreements": [[each.reference, each.rank, dict(each.others), each.gap] for each in standing.disagreements],
        "partitions": [[each.lens, each.groups] for each in evidence.partitions],
        "picks": evidence.picks,
        "voters": evidence.voters,
        "withholds": [evidence.withholds_orders, evidence.withholds_groups],
        "excluded": [evidence.excluded.voters, evidence.excluded.ballots],
        "added back": {
            proposal: [each.for_, each.against, each.abstain] for proposal, each in evidence.excluded.added_back.items()
        },
    }


def _kept_results(theme: ThemeHead, basis: str, facts: Mapping[str, Any]) -> KeptResults:
    """What `_facts` gave."""
    voters, ballots = facts["excluded"]
    added = {int(proposal): Tally(*each) for proposal, each in facts["added back"].items()}
    orders, groups = facts["withholds"]
    return KeptResults(
        theme=theme,
        basis=basis,
        ranked={int(rank): tuple(names) for rank, names in facts["ranked"]},
        unranked=tuple(facts["unranked"]),
        standing=ThemeStanding(
            primary=Lens(facts["primary"]),
            ranked=(),
            unranked=(),
            methods=tuple(Lens(each) for each in facts["methods"]),
            disagreements=tuple(
                Disagreement(name, rank, {Lens(lens): other for lens, other in others.items()}, gap)
                for name, rank, others, gap in facts["disagreements"]
            ),
        ),
        evidence=Evidence(
            pairs=None,
            partitions=tuple(Partition(Lens(lens), tuple(names), {}) for lens, names in facts["partitions"]),
            picks=tuple(facts["picks"]),
            voters=facts["voters"],
            withholds_orders=orders,
            withholds_groups=groups,
            excluded=ExclusionTotals(voters, ballots, added),
        ),
    )


def _lines(results: Results) -> list[tuple[str, str, str]]:
    """What is kept of each proposal: its reference, its figures and ranks, the cells of groups."""
    every = (*results.standing.ranked, *results.standing.unranked)
    return [(each.reference, json.dumps(_said(each)), json.dumps(_cells(results, each.reference))) for each in every]


def _said(place: RankedPlace) -> dict[str, Any]:
    duel = place.duel
    return {
        "rank": place.rank,
        "ballots": dict(place.count.ballots),
        "pending": place.count.pending,
        "beside": dict(place.beside),
        "duel": duel and [duel.other, duel.ours, duel.theirs, duel.is_before, duel.our_path, duel.their_path],
    }


def _places(kept: KeptResults, texts: Mapping[str, str]) -> dict[str, RankedPlace]:
    terms = terms_of(kept.theme)
    found: dict[str, RankedPlace] = {}
    for name, text in texts.items():
        said = json.loads(text)
        found[name] = place_from(
            terms,
            name,
            Count(said["ballots"], said["pending"]),
            said["rank"],
            kept.ranked.get(said["rank"], ()),
            {Lens(lens): rank for lens, rank in said["beside"].items()},
            Duel(*said["duel"]) if said["duel"] else None,
        )
    return found


def _cells(results: Results, name: str) -> list[Any]:
    """By partition: the total, the cells by group, that of all the others."""
    return [
        [
            [one.whole.pour, one.whole.votants],
            {group: _cell(cell) for group, cell in one.cells.items()},
            one.others and _cell(one.others),
        ]
        for each in results.evidence.partitions
        for one in (each.cells[name],)
    ]


def _cell(cell: GroupCell) -> list[Any]:
    return [cell.pour, cell.votants, cell.precision]


def _partitions(kept: KeptResults, texts: Mapping[str, str]) -> tuple[Partition, ...]:
    read = {name: json.loads(text) for name, text in texts.items()}
    return tuple(
        replace(each, cells={name: _published(*sides[place]) for name, sides in read.items()})
        for place, each in enumerate(kept.evidence.partitions)
    )


def _published(whole: Sequence[int], cells: Mapping[str, Sequence[Any]], others: Sequence[Any] | None) -> Published:
    def read(pour: int, votants: int, how: str) -> GroupCell:
        return GroupCell(pour, votants, Precision(how))

    return Published(
        {group: read(*cell) for group, cell in cells.items()}, read(*others) if others else None, Share(*whole)
    )


def _pairs_facts(pairs: Pairs | None) -> list[Any] | None:
    return [pairs.references, pairs.preferred] if pairs else None


def _pairs(facts: Sequence[Any] | None) -> Pairs | None:
    return Pairs(tuple(facts[0]), tuple(map(tuple, facts[1]))) if facts else None


async def _kept(kept: KeptResults, column: str, wanted: Iterable[str]) -> dict[str, str]:
    """What is kept of these proposals, by reference; fewer where it is kept anew, of another basis."""
    numbers = {parse_reference(each)[1]: each for each in wanted}
    which = f"AND p.number IN ({places(len(numbers), after=2)})" if len(numbers) <= MOST_NAMED else ""
    found = await rows(
        f"""
        SELECT p.number, k.{column} AS said
          FROM kept_place k JOIN proposal p ON p.id = k.proposal_id JOIN kept_result r ON r.theme_id = p.theme_id
         WHERE r.theme_id = $1 AND r.basis = $2 {which}""",
        kept.theme.id,
        kept.basis,
        *(numbers if which else ()),
    )
    return {numbers[each["number"]]: each["said"] for each in found if each["number"] in numbers}
