"""Which data was a synthesis made from? The very bytes whose SHA-256 its documents print.

They hold what may be published and no more (`snapshots.py`): whoever has them recomputes every rank, but the picks of
a slate. Data of a format before that rule is not served: its ranks counted groups that are masked. The ballots are
beside them, in a sheet for each theme, whose SHA-256 they hold.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from forum.database import row
from forum.domain.references import storable
from forum.domain.syntheses.documents import DocumentFile, file_name_of
from forum.domain.syntheses.snapshots import FORMAT, FrozenProposal, Snapshot
from forum.domain.votes.ballot_sheets import OwnLine, own_lines, publish_ballots, sheets
from forum.errors import NotFound
from forum.models.syntheses import SynthesisState
from forum.permissions import Viewer, demand, may_read_own_ballot, may_read_synthesis

_SINCE: Final = 5
"""The first format that holds what may be published and no more."""

# Quotes inside the words of a snapshot are escaped: these are its own fields.
_IS_PUBLISHABLE: Final = " OR ".join(
    f"""s.snapshot LIKE '%"format":{each},%'""" for each in range(_SINCE, FORMAT + 1)
).join("()")
_SHEET: Final = re.compile(rb'"ballots":"([0-9a-f]{64})"')


async def has_frozen_data(synthesis: int) -> bool:
    """Whether the data of a synthesis, which the caller has checked this person may see, can be downloaded."""
    return await row(f"SELECT 1 AS one FROM synthesis s WHERE s.id = $1 AND {_IS_PUBLISHABLE}", synthesis) is not None


async def read_frozen_data(viewer: Viewer | None, synthesis: int, now: datetime) -> DocumentFile:
    """The frozen data of a synthesis, as a file.

    Raises:
        NotFound: no such synthesis, this person may not know of it (any more), or its data may not be published.
    """
    found = await row(
        f"""
        SELECT s.snapshot, s.snapshot_sha256, s.state, s.version, s.draft, s.requested_at, th.number,
               'figees.json' AS format
          FROM synthesis s LEFT JOIN theme th ON th.id = s.theme_id WHERE s.id = $1 AND {_IS_PUBLISHABLE}""",
        storable(synthesis),
    )
    if found is None:
        raise NotFound
    is_public = SynthesisState(found["state"]).is_public
    may_read_synthesis(viewer, is_public, now).require()
    content = found["snapshot"].encode()
    return DocumentFile(file_name_of(found), "application/json", found["snapshot_sha256"], content, is_public)


async def with_ballots(snapshot: Snapshot) -> Snapshot:
    """A snapshot that names the sheets of its ballots, made if need be, in the transaction that froze it."""
    themes = []
    for theme in snapshot.themes:
        counts = {
            each.reference: said for each in snapshot.proposals if each.theme == theme.number and (said := _said(each))
        }
        themes.append(replace(theme, ballots=await publish_ballots(theme.number, counts)))
    return replace(snapshot, themes=tuple(themes))


def _said(proposal: FrozenProposal) -> dict[str, int]:
    """How many ballots say what, as they are stored."""
    said = {str(each.opinion): each.ballots for each in proposal.said}
    tally = proposal.tally
    opinions = {} if tally is None else {"pour": tally.for_, "contre": tally.against, "abstention": tally.abstain}
    return said | {opinion: ballots for opinion, ballots in opinions.items() if ballots}


async def sheets_of(snapshot: bytes) -> dict[str, bytes]:
    """The sheets of ballots that frozen data name, by the end of their file names."""
    return await sheets([each.decode() for each in _SHEET.findall(snapshot)])


async def own_ballots(viewer: Viewer | None, synthesis: int, now: datetime) -> tuple[OwnLine, ...]:
    """Where this person's own ballots stand in the data of a synthesis.

    Raises:
        NotFound: no such synthesis, or this person may not know of it; or they are nobody, and have no ballot.
    """
    viewer = demand(may_read_own_ballot, viewer)
    found = await row("SELECT snapshot, state FROM synthesis WHERE id = $1", storable(synthesis))
    if found is None:
        raise NotFound
    may_read_synthesis(viewer, SynthesisState(found["state"]).is_public, now).require()
    return await own_lines(viewer, [each.decode() for each in _SHEET.findall(found["snapshot"].encode())])
