"""The script that is published beside the data: alone, it finds that all is well, and every kind of tampering."""

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient

from forum.documents import csv as csv_format
from forum.documents import json as json_format
from forum.documents.zips import parts_of, stable_zip
from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.snapshots import from_json
from forum.models.themes import Voting
from forum.verification.published import BESIDE, manifest
from forum.verification.verifier import Verification
from tests.compiled_syntheses import Quick, compiled, snapshot_json
from tests.conftest import Clock
from tests.syntheses.test_frozen_data import make_votes

SCRIPT = Path(__file__).parents[2] / "forum/verification/verifier.py"
STEM = "synthese-T3-v1-2026-11-23."
DATA, VOTES, SHEET, JSON, HASHES = (
    f"{STEM}{end}" for end in ("figees.json", "votes-T3.csv", "csv", "json", "empreintes.txt")
)

Parts = dict[str, bytes]


async def published(agent: AsyncClient, clock: Clock, quick: Quick) -> Parts:
    """The files of the archive of the synthesis of theme 3."""
    quick["json"] = lambda: json_format.render(outline_of(from_json(_frozen[0])))
    quick["csv"] = lambda: csv_format.render(outline_of(from_json(_frozen[0])))
    _frozen[:] = [b""]
    asked = await agent.post("/syntheses/demander", data={"theme": "3"})
    assert asked.status_code == 303
    _frozen[:] = [await snapshot_json()]
    address = await compiled(agent, clock)
    answer = await agent.get(f"{address}/{STEM}verification.zip")
    assert answer.status_code == 200
    return parts_of(answer.content)


_frozen: list[bytes] = []


def run(parts: Parts, folder: Path) -> tuple[int, str]:
    """What the script says, alone in a folder, isolated from the program."""
    archive, script = folder / "archive.zip", folder / "verifier.py"
    archive.write_bytes(stable_zip(parts, "2026-11-23T12:00:00Z"))
    script.write_bytes(parts["verifier.py"])
    done = subprocess.run(
        [sys.executable, "-I", script.name, archive.name], cwd=folder, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return done.returncode, done.stdout


def test_the_script_is_short_and_stands_alone() -> None:
    lines = SCRIPT.read_text("utf-8").splitlines()
    assert len(lines) < 200
    imported = {line.split()[1].split(".")[0] for line in lines if re.match(r"(import|from) ", line)}
    assert imported <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("voting", list(Voting))
async def test_it_finds_that_all_is_well(
    agent: AsyncClient, clock: Clock, quick: Quick, tmp_path: Path, voting: Voting
) -> None:
    await make_votes(voting)
    parts = await published(agent, clock, quick)
    assert parts.keys() >= {DATA, VOTES, SHEET, JSON, HASHES, "verifier.py", "LISEZMOI.md"}
    code, said = run(parts, tmp_path)
    assert (code, said.splitlines()[0]) == (0, "Tout concorde.")
    assert hashlib.sha256(parts[DATA]).hexdigest() in said
    assert Verification(parts).ranks[3]


# What somebody may change. Whoever does it as well as they can writes all hashes again: only totals and ranks tell.


def resealed(parts: Parts, **changed: bytes) -> Parts:
    """Parts of which some are replaced, with every hash that anybody can write again."""
    parts = dict(parts)
    facts: dict[str, Any] = json.loads(changed.get("data", parts[DATA]))
    parts[VOTES] = changed.get("votes", parts[VOTES])
    facts["themes"][0]["ballots"] = hashlib.sha256(parts[VOTES]).hexdigest()
    parts[DATA] = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    document: dict[str, Any] = json.loads(changed.get("json", parts[JSON]))
    document["sha256"] = hashlib.sha256(parts[DATA]).hexdigest()
    parts[JSON] = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    parts[SHEET] = changed.get("sheet", parts[SHEET])
    parts[HASHES] = manifest({name: content for name, content in parts.items() if name != HASHES})
    return parts


def swapped(content: bytes, one: bytes, other: bytes) -> bytes:
    assert one in content
    return content.replace(one, other, 1)


def a_changed_ballot(parts: Parts) -> Parts:
    return resealed(parts, votes=swapped(parts[VOTES], b";pour\n", b";contre\n"))


def a_dropped_line(parts: Parts) -> Parts:
    lines = parts[VOTES].splitlines(keepends=True)
    return resealed(parts, votes=b"".join(lines[:5] + lines[6:]))


def an_added_line(parts: Parts) -> Parts:
    return resealed(parts, votes=parts[VOTES] + b"T3-008;ffffffffffffffffffff;pour\n")


def a_ballot_moved_to_another_proposal(parts: Parts) -> Parts:
    return resealed(parts, votes=swapped(parts[VOTES], b"\nT3-001;", b"\nT3-002;"))


def one_token_twice(parts: Parts) -> Parts:
    lines = parts[VOTES].splitlines(keepends=True)
    same = next(place for place in range(1, 30) if lines[place].endswith(b";pour\n"))
    later = next(place for place in range(same + 1, 40) if lines[place].endswith(b";pour\n"))
    lines[later] = lines[same]
    return resealed(parts, votes=b"".join([*lines[:same], lines[same], *lines[same:later], *lines[later + 1 :]]))


def _changed(parts: Parts, change: Callable[[dict[str, Any]], None]) -> Parts:
    facts = json.loads(parts[DATA])
    change(facts)
    return resealed(parts, data=json.dumps(facts).encode())


def a_changed_total(parts: Parts) -> Parts:
    def change(facts: dict[str, Any]) -> None:
        facts["proposals"][0]["tally"]["for_"] += 1
        facts["participation"]["ballots"] += 1

    return _changed(parts, change)


def a_changed_group(parts: Parts) -> Parts:
    def change(facts: dict[str, Any]) -> None:
        cell = next(c for each in facts["proposals"] for c in each["cells"] if c["precision"] == "exactement")
        cell["pour"] += 1 if cell["pour"] < cell["votants"] - 2 else -1

    return _changed(parts, change)


def another_slate(parts: Parts) -> Parts:
    return _changed(parts, lambda facts: facts["themes"][0]["picks"].reverse())


def another_quorum(parts: Parts) -> Parts:
    return _changed(parts, lambda facts: facts["themes"][0].update(quorum=41))


def another_number_of_voters(parts: Parts) -> Parts:
    return _changed(parts, lambda facts: facts["participation"].update(voters=facts["participation"]["voters"] + 1))


def a_dropped_proposal(parts: Parts) -> Parts:
    return _changed(parts, lambda facts: facts["proposals"].pop())


def other_spaces_in_the_data(parts: Parts) -> Parts:
    changed = dict(parts) | {DATA: parts[DATA].replace(b'"format":', b'"format": ', 1)}
    changed[HASHES] = manifest({name: content for name, content in changed.items() if name != HASHES})
    return changed


def a_swapped_rank(parts: Parts) -> Parts:
    document = json.loads(parts[JSON])
    one, other = [each for each in document["proposals"] if each["rank"]][:2]
    assert one["rank"] != other["rank"]
    one["rank"], other["rank"] = other["rank"], one["rank"]
    return resealed(parts, json=json.dumps(document).encode())


def a_swapped_rank_by_another_method(parts: Parts) -> Parts:
    document = json.loads(parts[JSON])
    ranked = next(each for each in document["proposals"] if len(each["other_ranks"]) > 1)
    ranked["other_ranks"][1]["rank"] += 1
    return resealed(parts, json=json.dumps(document).encode())


def a_changed_figure_in_the_json(parts: Parts) -> Parts:
    document = json.loads(parts[JSON])
    document["proposals"][2]["contre"] += 1
    return resealed(parts, json=json.dumps(document).encode())


def another_bound_in_the_json(parts: Parts) -> Parts:
    return resealed(parts, json=re.sub(rb'"wilson":"0.(.)', rb'"wilson":"0.9', parts[JSON], count=1))


def _rows(parts: Parts) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(parts[SHEET].decode("utf-8-sig"), newline=""), delimiter=";"))


def a_line_less_in_the_spreadsheet(parts: Parts) -> Parts:
    return resealed(parts, sheet=b"\r\n".join(parts[SHEET].split(b"\r\n")[:-2]) + b"\r\n")


def a_line_more_in_the_spreadsheet(parts: Parts) -> Parts:
    last = parts[SHEET].split(b"\r\n")[-2]
    return resealed(parts, sheet=parts[SHEET] + last + b"\r\n")


def a_changed_figure_in_the_spreadsheet(parts: Parts) -> Parts:
    row = _rows(parts)[0]
    was, now = (f";{pour};{row['abstention']};".encode() for pour in (row["pour"], "38"))
    return resealed(parts, sheet=swapped(parts[SHEET], was, now))


def a_changed_document(parts: Parts) -> Parts:
    return dict(parts) | {f"{STEM}pdf": parts[f"{STEM}pdf"] + b" "}


def a_hash_less(parts: Parts) -> Parts:
    return dict(parts) | {HASHES: b"".join(parts[HASHES].splitlines(keepends=True)[1:])}


def another_hash(parts: Parts) -> Parts:
    first = parts[HASHES][:1]
    return dict(parts) | {HASHES: (b"0" if first != b"0" else b"1") + parts[HASHES][1:]}


def a_file_less(parts: Parts) -> Parts:
    return {name: content for name, content in parts.items() if name != f"{STEM}odt"}


TAMPERING = [
    *(a_changed_ballot, a_dropped_line, an_added_line, a_ballot_moved_to_another_proposal, one_token_twice),
    *(a_changed_total, a_changed_group, another_slate, another_quorum, another_number_of_voters, a_dropped_proposal),
    *(other_spaces_in_the_data, a_swapped_rank, a_swapped_rank_by_another_method, a_changed_figure_in_the_json),
    *(another_bound_in_the_json, a_line_less_in_the_spreadsheet, a_line_more_in_the_spreadsheet),
    *(a_changed_figure_in_the_spreadsheet, a_changed_document, a_hash_less, another_hash, a_file_less),
]


async def test_each_kind_of_tampering_is_found(agent: AsyncClient, clock: Clock, quick: Quick, tmp_path: Path) -> None:
    await make_votes(Voting.OPINIONS)
    parts = await published(agent, clock, quick)
    assert Verification(parts).found == []
    assert Verification(resealed(parts)).found == [], "writing the hashes again changes nothing"
    told = {change.__name__: Verification(change(parts)).found for change in TAMPERING}
    assert [name for name, found in told.items() if not found] == []
    assert not any("forme décrite (" in sentence for found in told.values() for sentence in found)
    code, said = run(a_changed_ballot(parts), tmp_path)
    assert code == 1
    assert "lignes disent « contre »" in said


async def test_a_changed_duel_is_found(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    await make_votes(Voting.RANKING)
    parts = await published(agent, clock, quick)

    def change(facts: dict[str, Any]) -> None:
        theme = facts["themes"][0]
        theme["preferred"][0][1] = 40

    assert Verification(_changed(parts, change)).found


async def test_files_of_any_other_form_are_said_to_be(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    await make_votes(Voting.JUDGMENT)
    parts = await published(agent, clock, quick)
    for broken in ({}, {DATA: b"{}"}, {DATA: b"\xff"}, parts | {DATA: b"[]"}, parts | {VOTES: b"a;b\n"}):
        assert Verification(broken).found


async def test_the_archive_is_the_same_at_each_compilation(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    await make_votes(Voting.APPROVAL)
    parts = await published(agent, clock, quick)
    assert {name: parts[name] for name in BESIDE} == dict(BESIDE)
    hashes = (await agent.get(f"/syntheses/1/{HASHES}")).content
    assert hashes == parts[HASHES]
    assert zipfile.is_zipfile(io.BytesIO((await agent.get(f"/syntheses/1/{STEM}verification.zip")).content))
