"""`python -m forum verify`: what anybody finds, then what the server alone can."""

from pathlib import Path

import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.documents.zips import stable_zip
from forum.domain.syntheses.verification import differences_here
from forum.models.themes import Voting
from forum.verification.verifier import Verification
from tests.compiled_syntheses import Quick
from tests.conftest import NOON, Clock
from tests.syntheses.test_frozen_data import make_votes
from tests.verification.test_verifier import DATA, SHEET, _changed, published

Parts = dict[str, bytes]


async def told(parts: Parts) -> list[str]:
    return await differences_here(parts, Verification(parts).digest, NOON)


@pytest.mark.parametrize("voting", list(Voting))
async def test_the_server_agrees_with_what_it_published(
    agent: AsyncClient, clock: Clock, quick: Quick, voting: Voting
) -> None:
    await make_votes(voting)
    assert await told(await published(agent, clock, quick)) == []


async def test_the_server_finds_what_nobody_else_can(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    await make_votes(Voting.OPINIONS)
    parts = await published(agent, clock, quick)
    assert await told(_changed(parts, lambda facts: facts.update(version=2))) == [
        "Ce serveur n’a aucune synthèse de cette empreinte."
    ]
    assert await told(parts | {SHEET: b""}) == [f"{SHEET} n’est pas le fichier de ce serveur."]
    # Whole ballots that are exchanged between two people change no total: the slate alone tells.
    await rows("UPDATE synthesis SET snapshot = REPLACE(snapshot, '\"voters\":40', '\"voters\":39')")
    assert (await told(parts))[-1] == "Les données figées de la base ne sont plus celles de leur empreinte."


async def test_the_server_counts_whole_ballots_again(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    await make_votes(Voting.OPINIONS)
    parts = await published(agent, clock, quick)
    everybody = await rows("SELECT DISTINCT voter_id FROM ballot ORDER BY 1")
    half = [each["voter_id"] for each in everybody[:20]]
    await rows(f"UPDATE ballot SET opinion = 'pour' WHERE voter_id IN ({', '.join(map(str, half))})")
    found = await told(parts)
    assert any("picks" in line for line in found)
    assert any(line.startswith("T3-001 : tally") for line in found)
    assert not any(DATA in line for line in found)


async def test_votes_opened_again_are_said_to_be(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    await make_votes(Voting.OPINIONS)
    parts = await published(agent, clock, quick)
    await rows("UPDATE theme SET votes_close_at = $1", NOON.replace(day=20))
    assert await told(parts) == [
        "Les votes ont rouvert depuis (thème 3) : leurs votes entiers ne se vérifient plus ici."
    ]


def test_the_command_says_so_and_counts(tmp_path: Path) -> None:
    from typer.testing import CliRunner  # noqa: PLC0415  # as the other tests of commands

    from forum.__main__ import commands  # noqa: PLC0415

    broken, other = tmp_path / "a.zip", tmp_path / "b.zip"
    broken.write_bytes(b"rien")
    other.write_bytes(stable_zip({DATA: b"{}"}, "2026-11-23T12:00:00Z"))
    for path, words in ((broken, "n’est pas une archive ZIP"), (other, "empreintes.txt en dit autre chose")):
        done = CliRunner().invoke(commands, ["verify", "--alone", str(path)])
        assert done.exit_code == 1
        assert words in done.output
