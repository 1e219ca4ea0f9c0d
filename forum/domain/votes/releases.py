"""What was published of the groups of a theme before its votes were opened again?

Two releases can be subtracted from each other: what changed between them would tell the votes of those who voted in
between. So the first is kept when votes are opened again, in that transaction, and what the next close publishes is
compared with it (`ranking/published.py`), proposal by proposal; one that was merged in between, or separated again,
shows no group. Nothing else changes after a close: merges, amendments and departures are refused then.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import places, row, rows
from forum.domain.references import reference
from forum.domain.themes.themes import ThemeHead
from forum.domain.votes.standings import Lens
from forum.models.proposals import Turn
from forum.ranking.published import GroupCell, Precision, Published, Share

_REGROUPING: Final = tuple(turn.value for turn in (Turn.MERGED, Turn.RECEIVED, Turn.UNMERGED, Turn.GAVE_BACK))
_REWORDING: Final = tuple(turn.value for turn in (Turn.AMENDED, Turn.CERTIFIED, Turn.UNCERTIFIED))


@dataclass(frozen=True, slots=True)
class Release:
    """What a close published: of each partition, by reference."""

    closed_at: datetime
    cells: Mapping[Lens, Mapping[str, Published]]


async def store_release(theme: ThemeHead, cells: Mapping[Lens, Mapping[str, Published]]) -> None:
    """Keep what is published of a theme whose votes are closed, in the caller's transaction, which opens them again.

    A close that was restored after a mistake has its release already: nobody voted in between.
    """
    await rows(
        """
        INSERT INTO published_release (theme_id, closed_at, cells) VALUES ($1, $2, $3)
            ON CONFLICT (theme_id, closed_at) DO NOTHING""",
        theme.id,
        theme.schedule.votes_close_at,
        _written(cells),
    )


async def releases_of(theme: ThemeHead) -> tuple[Release, ...]:
    """The former releases of a theme, the oldest first."""
    found = await rows("SELECT closed_at, cells FROM published_release WHERE theme_id = $1 ORDER BY id", theme.id)
    return tuple(Release(each["closed_at"], _read(each["cells"])) for each in found)


async def voters_since(theme: ThemeHead, moment: datetime) -> int:
    """How many people cast, changed or withdrew a ballot in a theme after a moment."""
    found = await row(
        """
        SELECT COUNT(DISTINCT c.voter_id) AS voters
          FROM ballot_change c JOIN proposal p ON p.id = c.proposal_id
         WHERE p.theme_id = $1 AND c.changed_at >= $2""",
        theme.id,
        moment,
    )
    return int(found["voters"]) if found else 0


async def regrouped_since(theme: ThemeHead, earlier: Sequence[Release]) -> frozenset[str]:
    """The references of the proposals that were merged, or separated again, since the first of these releases.

    One release gives the cells of each proposal, the other those of their union: what both had in common follows, and
    that is the ballots of those who voted on both, perhaps one person.
    """
    return await _turned_since(theme, earlier, _REGROUPING)


async def reworded_since(theme: ThemeHead, earlier: Sequence[Release]) -> frozenset[str]:
    """The references of the proposals of which ballots may have begun, or ceased, to count since the first of these
    releases, without anybody voting: they wait for their voters after an amendment, count again once it is certified.
    """
    return await _turned_since(theme, earlier, _REWORDING)


async def _turned_since(theme: ThemeHead, earlier: Sequence[Release], turns: Sequence[str]) -> frozenset[str]:
    if not earlier:
        return frozenset()
    found = await rows(
        f"""
        SELECT DISTINCT p.number FROM proposal_turn u JOIN proposal p ON p.id = u.proposal_id
         WHERE p.theme_id = $1 AND u.at >= $2 AND u.turn IN ({places(len(turns), after=2)})""",
        theme.id,
        earlier[0].closed_at,
        *turns,
    )
    return frozenset(reference(theme.number, each["number"]) for each in found)


def _written(cells: Mapping[Lens, Mapping[str, Published]]) -> str:
    facts = {
        lens.value: {
            reference: {
                "whole": [each.whole.pour, each.whole.votants],
                "cells": {name: [cell.pour, cell.votants, cell.precision.value] for name, cell in each.cells.items()},
            }
            for reference, each in by_reference.items()
        }
        for lens, by_reference in cells.items()
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _read(text: str) -> dict[Lens, dict[str, Published]]:
    """What `_written` wrote; what the others said together is not compared, and not kept."""
    return {
        Lens(lens): {
            reference: Published(
                {
                    name: GroupCell(pour, votants, Precision(how))
                    for name, (pour, votants, how) in each["cells"].items()
                },
                whole=Share(*each["whole"]),
            )
            for reference, each in by_reference.items()
        }
        for lens, by_reference in json.loads(text).items()
    }
