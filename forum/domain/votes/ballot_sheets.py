"""Which ballots are published, and which of them are one's own?

Once votes are closed, each ballot that counts stands on a line of a sheet: the proposal, a token, what it says. Lines
of a proposal are sorted by token, so a sheet tells nothing that the totals do not: without the tokens it is made of
them alone. No token is on two lines, or in two sheets, and nobody links one with another without the key of its voter.
Each person is shown their own tokens, and nobody else's.

A sheet is made once for a close and goes with every synthesis of it. If it were made again, the tokens that had changed
would be those of people who were erased in between, on every proposal at once. So erasing somebody deletes their key
and touches no sheet. Votes that are opened and closed again have a new sheet, and a person has new tokens there:
otherwise one could see who changed what.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anyio import to_thread

from forum.database import Row, insert_rows, is_sqlite, places, row, rows
from forum.domain.references import reference
from forum.domain.themes.ballots import COUNTABLE, opinion_words
from forum.domain.themes.themes import THEME_COLUMNS, theme_from
from forum.permissions import Viewer

Counts = Mapping[str, Mapping[str, int]]
"""By reference, how many ballots say what, as they are stored."""

HEAD: Final = "reference;jeton;vote\n"
_LETTERS: Final = 20
"""Eighty bits: among a million lines of a proposal, two tokens are the same once in 10^12 times."""

_TABLES: Final = "FROM ballot b JOIN proposal p ON p.id = b.proposal_id JOIN theme t ON t.id = p.theme_id"
_COUNTED: Final = f"{COUNTABLE} AND b.proposal_version >= p.substance"


@dataclass(frozen=True, slots=True)
class OwnLine:
    """A line of a sheet that is one's own. `vote` is in words; None when votes were opened again since, and may have
    changed."""

    reference: str
    token: str
    vote: str | None


async def publish_ballots(number: int, counts: Counts) -> str:
    """The SHA-256 of the sheet of a theme whose votes are over, made if need be, in the caller's transaction.

    `counts` are those that are published, of every proposal that has some: the sheet has their ballots and no others.
    Empty without a ballot.
    """
    if not counts:
        return ""
    theme = await row("SELECT id, votes_close_at FROM theme WHERE number = $1", number)
    assert theme is not None
    told = json.dumps(counts, sort_keys=True)
    known = await row(
        """SELECT sha256 FROM ballot_sheet WHERE theme_id = $1 AND closed_at = $2 AND counts = $3
            ORDER BY id DESC LIMIT 1""",
        theme["id"],
        theme["votes_close_at"],
        told,
    )
    if known is not None:
        return str(known["sha256"])
    salt = secrets.token_hex(32)
    keys = await _keys_of_voters(theme["id"])
    cast = await _ballots(theme["id"])
    content = await to_thread.run_sync(_written, number, cast, counts.keys(), keys, salt)
    digest = hashlib.sha256(content.encode()).hexdigest()
    await rows(
        "INSERT INTO ballot_sheet (theme_id, closed_at, counts, salt, content, sha256) VALUES ($1, $2, $3, $4, $5, $6)",
        theme["id"],
        theme["votes_close_at"],
        told,
        salt,
        content,
        digest,
    )
    return digest


async def _keys_of_voters(theme: int) -> dict[int, bytes]:
    """The key of each voter of a theme, made for those who have none yet; erased ones have none, and get none."""
    await rows("DELETE FROM ballot_key WHERE member_id IN (SELECT id FROM member WHERE erased_at IS NOT NULL)")
    without = await rows(
        f"""
        SELECT DISTINCT b.voter_id {_TABLES} JOIN member m ON m.id = b.voter_id
         WHERE p.theme_id = $1 AND {_COUNTED} AND m.erased_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM ballot_key k WHERE k.member_id = b.voter_id)""",
        theme,
    )
    made = [(each["voter_id"], secrets.token_hex(32)) for each in without]
    await insert_rows("ballot_key (member_id, secret)", made)
    found = await rows("SELECT member_id, secret FROM ballot_key")
    return {each["member_id"]: bytes.fromhex(each["secret"]) for each in found}


async def _ballots(theme: int) -> Sequence[Row]:
    """The ballots of each proposal as one text: a million are never a million objects of the database."""
    pair = "b.voter_id || ':' || b.opinion"
    joined = f"GROUP_CONCAT({pair}, ',')" if is_sqlite() else f"STRING_AGG({pair}, ',')"
    return await rows(
        f"SELECT p.number, {joined} AS cast {_TABLES} WHERE p.theme_id = $1 AND {_COUNTED} GROUP BY p.number", theme
    )


def _written(theme: int, found: Iterable[Row], wanted: Collection[str], keys: Mapping[int, bytes], salt: str) -> str:
    written = [HEAD]
    for each in sorted(found, key=lambda each: int(each["number"])):
        about = reference(theme, each["number"])
        if about in wanted:
            lines = []
            for pair in each["cast"].split(","):
                voter, _, opinion = pair.partition(":")
                key = keys.get(int(voter)) or secrets.token_bytes(32)
                lines.append(f"{about};{_token(key, salt, about)};{opinion}\n")
            written += sorted(lines)
    return "".join(written)


def _token(key: bytes, salt: str, about: str) -> str:
    return hmac.digest(key, f"{salt}|{about}".encode(), "sha256").hex()[:_LETTERS]


async def sheets(digests: Collection[str]) -> dict[str, bytes]:
    """The sheets that have these SHA-256, by the end of their file names, such as "votes-T3.csv"."""
    wanted = [digest for digest in digests if digest]
    if not wanted:
        return {}
    found = await rows(
        f"""SELECT t.number, s.content FROM ballot_sheet s JOIN theme t ON t.id = s.theme_id
             WHERE s.sha256 IN ({places(len(wanted))}) ORDER BY t.number""",
        *wanted,
    )
    return {f"votes-T{each['number']}.csv": each["content"].encode() for each in found}


async def own_lines(viewer: Viewer, digests: Collection[str]) -> tuple[OwnLine, ...]:
    """The lines of these sheets that are this person's own, by theme and proposal."""
    found: list[OwnLine] = []
    key = await row("SELECT secret FROM ballot_key WHERE member_id = $1", viewer.id)
    for digest in digests if key else ():
        sheet = await row(
            f"""SELECT s.salt, s.closed_at, s.counts, {THEME_COLUMNS}
                  FROM ballot_sheet s JOIN theme t ON t.id = s.theme_id WHERE s.sha256 = $1""",
            digest,
        )
        assert key is not None
        assert sheet is not None, "frozen data name sheets that are kept for ever"
        theme, told = theme_from(sheet), json.loads(sheet["counts"])
        cast = await rows(
            f"SELECT p.number, b.opinion {_TABLES} WHERE b.voter_id = $1 AND p.theme_id = $2 AND {_COUNTED} ORDER BY 1",
            viewer.id,
            theme.id,
        )
        is_current = theme.schedule.votes_close_at == sheet["closed_at"]
        for each in cast:
            about = reference(theme.number, each["number"])
            if about in told:
                vote = opinion_words(theme.voting, theme.mentions, each["opinion"]) if is_current else None
                found.append(OwnLine(about, _token(bytes.fromhex(key["secret"]), sheet["salt"], about), vote))
    return tuple(found)
