"""Consultations of two thousand proposals, drawn at random, of each kind of vote: what the script computes from the
data is what the documents say."""

import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from forum.documents import csv as csv_format
from forum.documents import json as json_format
from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.snapshots import (
    FrozenCell,
    FrozenGroups,
    FrozenProposal,
    Participation,
    Said,
    Snapshot,
    SynthesisKind,
    to_json,
)
from forum.models.proposals import Origin
from forum.models.themes import Voting
from forum.ranking.published import GroupCell, Share, published
from forum.ranking.schulze import preferences
from forum.ranking.slate import slate
from forum.ranking.tallies import Opinion, Tally
from forum.verification.published import BESIDE, manifest
from tests.document_samples import small_snapshot
from tests.verification.test_verifier import DATA, HASHES, JSON, SHEET, VOTES, run

VOTERS = 150
GROUPS = ("Bibliothécaire", "Autre", "Formateur ou formatrice", "Élu ou élue", "")
Ballots = dict[str, dict[int, str]]
"""What each voter says, by reference."""


def said_of(voting: Voting, liking: float, chance: random.Random) -> str:
    if voting is Voting.APPROVAL:
        return "pour" if chance.random() < liking else ""
    if voting is Voting.OPINIONS:
        return "abstention" if chance.random() < 0.1 else "pour" if chance.random() < liking else "contre"
    if voting is Voting.JUDGMENT:
        return str(min(4, max(0, round(chance.gauss(4 * liking, 1)))))
    return str(chance.randrange(1, 21)) if chance.random() < liking / 4 else ""


def draw(voting: Voting, proposals: int, chance: random.Random) -> Ballots:
    found: Ballots = {}
    for number in range(1, proposals + 1):
        liking, reach = chance.betavariate(2, 1.5), chance.random()
        cast = {voter: said_of(voting, liking, chance) for voter in range(VOTERS) if chance.random() < reach}
        found[f"T3-{number:03}"] = {voter: said for voter, said in cast.items() if said}
    return found


def is_for(voting: Voting, said: str) -> bool:
    return said == "pour" if voting is not Voting.JUDGMENT else int(said) > 2


def cells_of(voting: Voting, cast: Mapping[int, str], everybody: Counter[str]) -> tuple[FrozenCell, ...]:
    if voting is Voting.RANKING:
        return ()
    joint: defaultdict[tuple[str, ...], Share] = defaultdict(Share)
    for voter, said in cast.items():
        joint[GROUPS[voter % 5],] += Share(int(is_for(voting, said)), 1)
    if voting is Voting.APPROVAL:
        joint = defaultdict(Share, {(group,): Share(joint[group,].pour, many) for group, many in everybody.items()})
    (found,) = published(joint, [GROUPS])
    told: list[tuple[str | None, GroupCell]] = [*found.cells.items()]
    told += [(None, found.others)] if found.others else []
    by = "consensus-professions"
    return tuple(FrozenCell(by, group, cell.pour, cell.votants, cell.precision) for group, cell in told)


def frozen(voting: Voting, ballots: Ballots) -> tuple[Snapshot, bytes]:
    """The data of that vote, and the sheet of its ballots."""
    everybody = Counter(GROUPS[voter % 5] for voter in {voter for cast in ballots.values() for voter in cast})
    proposals = []
    for name, cast in ballots.items():
        counts = Counter(cast.values())
        tallied = voting in (Voting.APPROVAL, Voting.OPINIONS)
        tally = Tally(counts[Opinion.FOR], counts[Opinion.AGAINST], counts[Opinion.ABSTAIN]) if tallied else None
        said = () if tallied else tuple(Said(*each) for each in sorted((int(g), many) for g, many in counts.items()))
        cells = cells_of(voting, cast, everybody)
        proposals.append(FrozenProposal(name, 1, f"Idée {name}", 3, Origin.MEMBER, tally=tally, said=said, cells=cells))
    quorate = {name: cast for name, cast in ballots.items() if len(cast) >= 5}
    favourable = {n: [v for v, said in cast.items() if is_for(voting, said)] for n, cast in quorate.items()}
    picks = () if voting is Voting.RANKING else tuple(pick.reference for pick in slate(favourable, 10))
    compared = tuple(sorted(ballots)) if voting is Voting.RANKING and len(ballots) <= 200 else ()
    orders = [{n: int(cast[v]) for n, cast in ballots.items() if v in cast} for v in range(VOTERS)] if compared else []
    chance = random.Random(1)
    lines = sorted(
        (f"{int(name[3:]):09}", f"{chance.getrandbits(80):020x}", f"{name};%s;{said}\n")
        for name, cast in ballots.items()
        for said in cast.values()
    )
    sheet = ("reference;jeton;vote\n" + "".join(line % token for _, token, line in lines)).encode()
    small = small_snapshot()
    theme = replace(
        small.themes[0],
        number=3,
        questions=(),
        quorum=5,
        voting=voting,
        mentions=("À rejeter", "Passable", "Bonne", "Très bonne", "Excellente") if voting is Voting.JUDGMENT else (),
        groups=() if voting is Voting.RANKING else (FrozenGroups("consensus-professions", GROUPS),),
        picks=picks,
        compared=compared,
        preferred=tuple(map(tuple, preferences(compared, orders))) if compared else (),
        ballots=hashlib.sha256(sheet).hexdigest(),
    )
    took_part = Participation(0, 0, 0, 0, 0, voters=everybody.total(), ballots=sum(map(len, ballots.values())))
    return Snapshot(
        small.consultation,
        small.taken_at,
        SynthesisKind.FINAL,
        (theme,),
        replace(took_part, per_theme=small.participation.per_theme),
        "1",
        scope=3,
        proposals=tuple(proposals),
    ), sheet


EVERY_DAY = [*((voting, 200) for voting in Voting), (Voting.OPINIONS, 3)]


@pytest.mark.parametrize(
    ("voting", "proposals"),
    [*EVERY_DAY, *(pytest.param(voting, 2000, marks=pytest.mark.faults) for voting in Voting)],
)
def test_random_votes_are_recomputed_and_agree(tmp_path: Path, voting: Voting, proposals: int) -> None:
    ballots = draw(voting, proposals, random.Random(f"{voting.value} {proposals}"))
    snapshot, sheet = frozen(voting, ballots)
    outline = outline_of(snapshot)
    parts = {
        DATA: to_json(snapshot),
        VOTES: sheet,
        JSON: json_format.render(outline),
        SHEET: csv_format.render(outline),
    }
    parts |= BESIDE
    parts[HASHES] = manifest(parts)
    code, said = run(parts, tmp_path)
    assert (code, said.splitlines()[0]) == (0, "Tout concorde.")
    ranked = [each for each in json.loads(parts[JSON])["proposals"] if each["rank"]]
    assert len(ranked) > proposals * 0.6
