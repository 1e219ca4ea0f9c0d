"""Whose ballot follows from all that is published? Nobody's, for somebody who uses every figure and every rank.

The attacker knows the rules, everybody's profession and territory, and who voted on each proposal: more than anybody
does. Somebody is alone in their profession. Then votes open again, that person and a few others vote on what they had
left out, and the attacker compares the two releases. On the program as it was, most ballots of the lone member follow
from the ranks by consensus, which counted groups that are masked, and 5 to 35 cells in a hundred are unanimous.

Nothing can hide the result itself: where a total is unanimous, or all who voted between two releases agree, whoever is
known to have voted is known. These are left out.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from math import prod

import pytest
from starlette.applications import Starlette

from forum.database import insert_rows, rows
from forum.domain.proposals.proposals import list_proposals
from forum.domain.syntheses.frozen_data import with_ballots
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.domain.syntheses.snapshots import to_json
from forum.domain.themes.themes import ThemeHead, find_theme
from forum.domain.votes.ballot_sheets import sheets
from forum.domain.votes.results import Results, keep_release
from forum.domain.votes.standings import Lens
from forum.models.proposals import Origin, Proposal
from forum.ranking.consensus import consensus
from forum.ranking.orders import ranks_by
from forum.ranking.published import GroupCell, Precision
from forum.verification.verifier import Verification
from tests.conftest import NOON
from tests.factories import make_theme
from tests.votes.test_results import make_voters

ALONE = "Élu ou élue"
PROFESSIONS = {
    "Bibliothécaire": 20,
    "Autre": 13,
    "Formateur ou formatrice": 9,
    "Agent de l’État": 6,
    "Bénévole de bibliothèque": 3,
    ALONE: 1,
}
TERRITORIES = ("Bretagne", "Corse", "Île-de-France")
LENSES = (Lens.BY_PROFESSION, Lens.BY_TERRITORY)
LATE = 9
"""How many people come between the two releases, beside the lone member: seven of one group, and two."""

Groups = tuple[str, str]
Ballots = dict[str, dict[int, bool]]
"""By reference, who is for it and who is not."""
Range = tuple[int, int]
"""The least and the most of people who may be for a proposal."""


@dataclass(frozen=True)
class Observed:
    """All that is published of a theme, by reference where it is of one proposal."""

    totals: Mapping[str, Range]
    """For, and voters."""
    shown: Mapping[Lens, Mapping[str, Mapping[str, Range]]]
    """By group, the figure that may be read from its cell."""
    others: Mapping[Lens, Mapping[str, int | None]]
    figures: Mapping[Lens, Mapping[str, Sequence[GroupCell]]]
    ranks: Mapping[Lens, Mapping[str, int | None]]


def observe(results: Results) -> Observed:
    """What pages, sheets and documents are made of; `test_surfaces.py` holds that they are made of nothing else."""
    partitions = {each.lens: each.cells for each in results.evidence.partitions}
    places = (*results.standing.ranked, *results.standing.unranked)
    return Observed(
        totals={each.reference: (each.count.tally.for_, each.count.votants) for each in places},
        shown={
            lens: {name: {group: _read(cell) for group, cell in each.cells.items()} for name, each in found.items()}
            for lens, found in partitions.items()
        },
        others={
            lens: {name: each.others.pour if each.others else None for name, each in found.items()}
            for lens, found in partitions.items()
        },
        figures={
            lens: {name: [cell for group, cell in each.cells.items() if group] for name, each in found.items()}
            for lens, found in partitions.items()
        },
        ranks={lens: {each.reference: each.beside.get(lens) for each in places} for lens in partitions},
    )


def _read(cell: GroupCell) -> Range:
    if cell.precision is Precision.AT_LEAST:
        return cell.pour, cell.votants
    return (0 if cell.precision is Precision.AT_MOST else cell.pour), cell.pour


# The people and their ballots


@dataclass(frozen=True)
class Electorate:
    """Everybody's groups, by person."""

    groups: Mapping[int, Groups]
    late: frozenset[int]
    alone: int


async def make_electorate(chance: random.Random) -> Electorate:
    drawn = [group for group, many in PROFESSIONS.items() for _ in range(many)]
    drawn += ["Autre"] * (LATE - 2) + ["Bibliothécaire", "Bénévole de bibliothèque"]
    members = await make_voters(len(drawn))
    groups = {voter.id: (group, chance.choice(TERRITORIES)) for voter, group in zip(members, drawn, strict=True)}
    alone = next(person for person, (group, _) in groups.items() if group == ALONE)
    return Electorate(groups, frozenset(voter.id for voter in members[-LATE:]), alone)


def draw(chance: random.Random, proposals: int, people: Iterable[int]) -> Ballots:
    """Ballots on proposals that are liked more or less, by groups that are more or less alike."""
    everyone = list(people)
    ballots: Ballots = {}
    for number in range(1, proposals + 1):
        liking = chance.betavariate(2, 1.4)
        ballots[f"T3-{number:03}"] = {person: chance.random() < liking for person in everyone if chance.random() < 0.85}
    return ballots


async def put(ballots: Ballots, electorate: Electorate, ids: Mapping[str, int], at: int) -> None:
    when = NOON + timedelta(hours=at)
    values = [
        (ids[name], person, "pour" if is_for else "contre", 1, when, *electorate.groups[person])
        for name, cast in ballots.items()
        for person, is_for in cast.items()
    ]
    columns = "proposal_id, voter_id, opinion, proposal_version, cast_at, profession, territory"
    await insert_rows(f"ballot ({columns})", values)
    changes = [(name, person, opinion, version, when) for name, person, opinion, version, when, *_ in values]
    await insert_rows("ballot_change (proposal_id, voter_id, opinion, proposal_version, changed_at)", changes)


# What the attacker does

Key = tuple[str, Groups]
"""The people of two groups who voted in the first release, or since: how many of them are for a proposal?"""


class Deduction:
    """Unknown numbers, each within a range, and sums of them within a range: narrowed until nothing changes."""

    def __init__(self, sizes: Mapping[Key, int]) -> None:
        self.sizes = sizes
        self.ranges: dict[Key, Range] = {key: (0, size) for key, size in sizes.items()}
        self.sums: list[tuple[list[Key], Range]] = []

    def read(self, observed: Observed, name: str, keys: Sequence[Key]) -> None:
        """Take in what a release publishes of a proposal on which these people voted."""
        pour = observed.totals[name][0]
        self.sums.append((list(keys), (pour, pour)))
        for side, lens in enumerate(LENSES):
            shown = observed.shown.get(lens, {}).get(name, {})
            for group, found in shown.items():
                self.sums.append(([key for key in keys if key[1][side] == group], found))
            others = observed.others.get(lens, {}).get(name)
            if others is not None:
                self.sums.append(([key for key in keys if key[1][side] not in shown], (others, others)))

    def narrow(self) -> None:
        changed = True
        while changed:
            changed = False
            for keys, (low, high) in self.sums:
                least, most = (sum(self.ranges[key][end] for key in keys) for end in (0, 1))
                assert least <= high, "the attacker is wrong"
                assert most >= low, "the attacker is wrong"
                for key in keys:
                    below, above = self.ranges[key]
                    new = max(below, low - (most - above)), min(above, high - (least - below))
                    if new != (below, above):
                        self.ranges[key] = new
                        least, most = least + new[0] - below, most + new[1] - above
                        changed = True

    def certain(self, when: str) -> list[Key]:
        """The people who are known to be all for it, or all not."""
        every = ((key, *self.ranges[key]) for key in self.ranges if key[0] == when)
        return [key for key, low, high in every if low == high and low in (0, self.sizes[key])]


def sizes_of(cast: Mapping[int, bool], electorate: Electorate, when: str) -> dict[Key, int]:
    sizes: dict[Key, int] = {}
    for person in cast:
        key = when, electorate.groups[person]
        sizes[key] = sizes.get(key, 0) + 1
    return sizes


def is_divided(pour: int, votants: int) -> bool:
    return 0 < pour < votants


def from_figures(observed: Observed, ballots: Ballots, electorate: Electorate) -> list[tuple[str, Key]]:
    """Whose ballots follow from totals and cells of one release."""
    found: list[tuple[str, Key]] = []
    for name, cast in ballots.items():
        sizes = sizes_of(cast, electorate, "first")
        deduction = Deduction(sizes)
        deduction.read(observed, name, list(sizes))
        deduction.narrow()
        if is_divided(*observed.totals[name]):
            found += ((name, key) for key in deduction.certain("first"))
    return found


def from_two_releases(
    first: Observed, second: Observed, ballots: Ballots, since: Ballots, electorate: Electorate
) -> list[tuple[str, Key]]:
    """Whose ballots follow from two releases, those of before and those cast since, when nobody else changed theirs."""
    found: list[tuple[str, Key]] = []
    for name, cast in ballots.items():
        before, after = sizes_of(cast, electorate, "first"), sizes_of(since[name], electorate, "since")
        deduction = Deduction(before | after)
        deduction.read(first, name, list(before))
        deduction.read(second, name, [*before, *after])
        deduction.narrow()
        more = second.totals[name][0] - first.totals[name][0]
        if is_divided(*first.totals[name]) and is_divided(*second.totals[name]) and is_divided(more, len(since[name])):
            found += ((name, key) for when in ("first", "since") for key in deduction.certain(when))
    return found


def from_ranks(observed: Observed, ballots: Ballots, electorate: Electorate) -> list[str]:
    """The proposals on which the vote of the lone member follows from the ranks by consensus.

    Nowhere when the ranks are those that the published cells give: then they say nothing new. Otherwise they are taken
    for those of all groups, masked ones too: each rank is an inequality between what masked groups may have said.
    """
    ranks = {name: rank for name, rank in observed.ranks.get(Lens.BY_PROFESSION, {}).items() if rank}
    scores = {name: consensus(cells) for name, cells in observed.figures.get(Lens.BY_PROFESSION, {}).items()}
    if ranks == ranks_by({name: score for name, score in scores.items() if score is not None}):
        return []
    worlds = {name: list(_worlds(observed, name, ballots[name], electorate)) for name in ranks}
    in_order = sorted(ranks, key=ranks.__getitem__)
    changed = True
    while changed:
        changed = False
        ceiling, floor = {}, {}
        most, least = float("inf"), 0.0
        for name in in_order:
            ceiling[name] = most
            most = min(most, max(score for score, _ in worlds[name]))
        for name in reversed(in_order):
            floor[name] = least
            least = max(least, min(score for score, _ in worlds[name]))
        for name, known in worlds.items():
            kept = [each for each in known if floor[name] * (1 - 1e-9) <= each[0] <= ceiling[name] * (1 + 1e-9)]
            assert kept, "the attacker is wrong"
            changed = changed or len(kept) < len(known)
            worlds[name] = kept
    return [
        name for name in in_order if electorate.alone in ballots[name] and len({lone for _, lone in worlds[name]}) == 1
    ]


def _worlds(
    observed: Observed, name: str, cast: Mapping[int, bool], electorate: Electorate
) -> Iterable[tuple[float, int]]:
    """What masked groups may have said: the score that it gives, and what the lone member said."""
    sizes: dict[str, int] = {}
    for person in cast:
        sizes[electorate.groups[person][0]] = sizes.get(electorate.groups[person][0], 0) + 1
    shown = observed.shown[Lens.BY_PROFESSION][name]
    masked = [group for group in sizes if group not in shown]
    left = observed.totals[name][0] - sum(low for low, _ in shown.values())
    silent = PROFESSIONS.keys() - sizes.keys()
    known = prod((low + 1) / (sizes[group] + 2) for group, (low, _) in shown.items()) / 2 ** len(silent)
    for said in product(*(range(sizes[group] + 1) for group in masked)):
        if sum(said) == left:
            score = known * prod((pour + 1) / (sizes[group] + 2) for group, pour in zip(masked, said, strict=True))
            yield score, dict(zip(masked, said, strict=True)).get(ALONE, -1)


# What follows


@pytest.mark.parametrize("proposals", [50, 200, pytest.param(1000, marks=pytest.mark.faults)])
async def test_nobodys_ballot_follows_from_all_that_is_published(app: Starlette, proposals: int) -> None:
    chance = random.Random(proposals)
    made = await make_theme(3, votes="closed")
    electorate = await make_electorate(chance)
    ids = await make_proposals(made.id, proposals)
    early = [person for person in electorate.groups if person not in electorate.late]
    ballots = draw(chance, proposals, early)
    await put(ballots, electorate, ids, at=-48)
    theme = await find_theme(3)
    first = await read(theme)
    data, lines = await read_data(theme)
    assert data == without_figures(first), "whoever has the data knows what pages say, and no more"
    assert without_tokens(lines) == totals_of(ballots), "a sheet of ballots is made of the totals"
    assert from_ranks(first, ballots, electorate) == []
    assert from_figures(first, ballots, electorate) == []
    assert sum(bool(shown) for shown in first.shown[Lens.BY_PROFESSION].values()) > proposals / 2, "and much is shown"

    await keep_release(theme, NOON)
    since = draw(chance, proposals, [*electorate.late, electorate.alone])
    for name, cast in since.items():
        for person in ballots[name].keys() & cast.keys():
            del cast[person]  # the lone member votes on what they had left out
    await put(since, electorate, ids, at=-1)
    second = await read(theme)
    data, later = await read_data(theme)
    assert data == without_figures(second)
    assert without_tokens(later) == totals_of({name: ballots[name] | since[name] for name in ballots})
    assert not {token for _, token, _ in lines} & {token for _, token, _ in later}, "nobody sees who came in between"
    assert len({token for _, token, _ in (*lines, *later)}) == len(lines) + len(later)
    both = {name: ballots[name] | since[name] for name in ballots}
    assert from_ranks(second, both, electorate) == []
    assert from_figures(second, both, electorate) == []
    assert from_two_releases(first, second, ballots, since, electorate) == []


async def read(theme: ThemeHead) -> Observed:
    results = (await list_proposals(theme, NOON)).results
    assert isinstance(results, Results)
    assert results is not None
    return observe(results)


Line = tuple[str, str, str]


async def read_data(theme: ThemeHead) -> tuple[Observed, list[Line]]:
    """What the published data tell: the frozen facts, the ranks that they give, and the lines of ballots."""
    snapshot = await with_ballots(await freeze(theme.id, NOON, await read_introductions()))
    canonical = to_json(snapshot)
    facts = json.loads(canonical)
    proposals = {each["reference"]: each for each in facts["proposals"]}
    lenses = [Lens(each["by"]) for each in facts["themes"][0]["groups"]]
    ranks = Verification({"synthese.figees.json": canonical}).ranks[theme.number]

    def cells(lens: Lens, name: str) -> dict[str | None, GroupCell]:
        found = (each for each in proposals[name]["cells"] if each["by"] == lens)
        return {each["group"]: GroupCell(each["pour"], each["votants"], Precision(each["precision"])) for each in found}

    told = Observed(
        totals={name: (each["tally"]["for_"], sum(each["tally"].values())) for name, each in proposals.items()},
        shown={
            lens: {
                name: {g: _read(cell) for g, cell in cells(lens, name).items() if g is not None} for name in proposals
            }
            for lens in lenses
        },
        others={
            lens: {name: cells(lens, name)[None].pour if None in cells(lens, name) else None for name in proposals}
            for lens in lenses
        },
        figures={},
        ranks={lens: {name: ranks.get(lens, {}).get(name) for name in proposals} for lens in lenses},
    )
    sheet = (await sheets([snapshot.themes[0].ballots]))["votes-T3.csv"].decode()
    lines = [line.split(";") for line in sheet.splitlines()[1:]]
    return told, [(about, token, vote) for about, token, vote in lines]


def without_figures(observed: Observed) -> Observed:
    return replace(observed, figures={})


def without_tokens(lines: Iterable[Line]) -> Counter[tuple[str, str]]:
    return Counter((about, vote) for about, _, vote in lines)


def totals_of(ballots: Ballots) -> Counter[tuple[str, str]]:
    return Counter((name, "pour" if is_for else "contre") for name, cast in ballots.items() for is_for in cast.values())


async def make_proposals(theme: int, many: int) -> dict[str, int]:
    """Proposals in force, by reference."""
    await Proposal.bulk_create(
        Proposal(theme_id=theme, number=number, wording=f"Idée {number}", origin=Origin.MEMBER, created_at=NOON)
        for number in range(1, many + 1)
    )
    found = await rows("SELECT id, number FROM proposal WHERE theme_id = $1", theme)
    return {f"T3-{each['number']:03}": each["id"] for each in found}
