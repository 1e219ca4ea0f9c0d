"""The database takes no ballot that its kind of vote does not know, and one that is there blocks no result."""

import sqlite3

import asyncpg
import pytest
from httpx2 import AsyncClient
from tortoise.exceptions import IntegrityError

from forum.database import row, rows
from forum.domain.journal_chain import verify
from forum.domain.themes.ballots import DEFAULT_MENTIONS, WELL_FORMED, read_opinion
from forum.domain.upkeep.misshapen import note_misshapen
from forum.errors import Invalid
from forum.models.members import Member, Role
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from forum.settings import Settings
from tests.conftest import NOON
from tests.factories import make_member, make_proposal, make_theme, sign_in
from tests.votes.test_results import MENTIONS, make_voters

TRIED = ["pour", "abstention", "contre", "", "Pour", "oui", "-1", *map(str, range(23)), "01", "1 ", "5.0"]
SCALES = {"": DEFAULT_MENTIONS, MENTIONS: tuple(MENTIONS.split("\n")), "Non\nBof\nOui": ("Non", "Bof", "Oui")}


def is_known(voting: Voting, mentions: tuple[str, ...], text: str) -> bool:
    try:
        read_opinion(voting, mentions, text)
    except Invalid:
        return False
    return True


@pytest.mark.parametrize("voting", list(Voting))
@pytest.mark.parametrize("written", list(SCALES))
async def test_the_database_takes_what_the_program_reads(database: Settings, voting: Voting, written: str) -> None:
    """When it is cast and when it is changed; and what it takes is what is counted."""
    theme = await make_theme(3)
    await Theme.filter(id=theme.id).update(voting=voting, mentions=written)
    proposal, voter = await make_proposal(theme), await make_member()
    cast = "INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at) VALUES ($1, $2, $3, 1, $4)"
    for text in TRIED:
        known = is_known(voting, SCALES[written], text)
        assert await _is_taken(cast, proposal.id, voter.id, text, NOON) is known, text
        await rows("DELETE FROM ballot")
        first = next(one for one in TRIED if is_known(voting, SCALES[written], one))
        await rows(cast, proposal.id, voter.id, first, NOON)
        assert await _is_taken("UPDATE ballot SET opinion = $1", text) is known, text
        await rows("DELETE FROM ballot")


async def _is_taken(statement: str, *values: object) -> bool:
    try:
        await rows(statement, *values)
    except (IntegrityError, asyncpg.IntegrityConstraintViolationError, sqlite3.IntegrityError) as refused:
        return "a ballot says what the kind of vote of its theme knows" not in str(refused)
    return True


async def bad_row(voting: Voting) -> Ballot:
    """Three people vote in the theme's kind; a fourth ballot is of another kind, as an older program wrote it."""
    theme = await make_theme(3, votes="closed")
    proposal = await make_proposal(theme, "Former.")
    voters = await make_voters(4)
    bad = "contre" if voting is not Voting.OPINIONS else "3"
    await Theme.filter(id=theme.id).update(
        voting=Voting.OPINIONS if voting is not Voting.OPINIONS else Voting.RANKING, mentions=""
    )
    left = await Ballot.create(proposal=proposal, voter=voters[3], opinion=bad, proposal_version=1, cast_at=NOON)
    await Theme.filter(id=theme.id).update(voting=voting, mentions=MENTIONS if voting is Voting.JUDGMENT else "")
    good = "pour" if voting in (Voting.OPINIONS, Voting.APPROVAL) else "1"
    for voter in voters[:3]:
        await Ballot.create(proposal=proposal, voter=voter, opinion=good, proposal_version=1, cast_at=NOON)
    return left


@pytest.mark.parametrize("voting", list(Voting))
async def test_one_bad_row_blocks_no_result_and_is_counted_nowhere(client: AsyncClient, voting: Voting) -> None:
    bad = await bad_row(voting)
    pages = ("/themes/3/propositions", "/themes/3/resultats.csv", "/propositions/T3-001")
    seen = {}
    for page in pages:
        answer = await client.get(page)
        assert answer.status_code == 200, page
        seen[page] = answer.text
    await rows("DELETE FROM ballot WHERE id = $1", bad.id)
    await rows("UPDATE theme SET version = version + 1")
    for page in pages:
        assert (await client.get(page)).text == seen[page], page


@pytest.mark.parametrize("voting", list(Voting))
async def test_who_cast_the_bad_row_still_reads_every_page(client: AsyncClient, voting: Voting) -> None:
    bad = await bad_row(voting)
    await sign_in(client, await Member.get(id=bad.voter_id))
    for page in ("/themes/3/propositions", "/propositions/T3-001", "/compte/contributions"):
        assert (await client.get(page)).status_code == 200, page


async def test_the_bad_row_is_named_once_in_the_journal_and_never_its_voter(client: AsyncClient) -> None:
    bad = await bad_row(Voting.RANKING)
    (said,) = await note_misshapen(NOON)
    assert f"Le bulletin {bad.id}, sur T3-001, n’a pas la forme de son vote" in said
    assert await note_misshapen(NOON) == ()
    (entry,) = await rows("SELECT act, thing, before, after, reason, actor_id FROM journal_entry")
    assert (entry["act"], entry["thing"], entry["after"]) == ("set_aside_ballot", "proposal", f'{{"ballot": {bad.id}}}')
    assert (entry["before"], entry["reason"], entry["actor_id"]) == ("", "", None)
    assert (await verify()).fault == ""
    await sign_in(client, await make_member("Agnès Lambert", role=Role.AGENT))
    page = (await client.get("/journal")).text
    assert "a laissé hors du compte un bulletin qui n’a pas la forme de son vote" in page
    found = await row(
        f"""SELECT COUNT(*) AS bad FROM ballot b JOIN proposal p ON p.id = b.proposal_id
             JOIN theme t ON t.id = p.theme_id WHERE NOT ({WELL_FORMED})"""
    )
    assert found is not None
    assert found["bad"] == 1
