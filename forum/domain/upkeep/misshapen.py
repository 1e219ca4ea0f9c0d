"""Which ballots say what their kind of vote does not know? They are counted nowhere, and named in the journal, once.

The database takes none; those that are there were written by another program, or behind the back of this one.
"""

import json
from datetime import datetime

from forum.database import rows, transaction
from forum.domain import journal
from forum.domain.references import reference
from forum.domain.themes.ballots import WELL_FORMED


async def note_misshapen(now: datetime) -> tuple[str, ...]:
    """Record each one that the journal does not name yet, by its number, never by its voter. Returns what happened, for
    whoever runs the site."""
    async with transaction():
        known = {one["after"] for one in await rows("SELECT after FROM journal_entry WHERE act = 'set_aside_ballot'")}
        found = [
            one
            for one in await rows(
                f"""
                SELECT b.id, p.id AS proposal, p.number, t.number AS theme, t.working_group_id
                  FROM ballot b JOIN proposal p ON p.id = b.proposal_id JOIN theme t ON t.id = p.theme_id
                 WHERE NOT ({WELL_FORMED}) ORDER BY b.id"""
            )
            if _told(one["id"]) not in known
        ]
        for one in found:
            group, after = one["working_group_id"], _told(one["id"])
            await journal.record(
                None, "set_aside_ballot", "proposal", one["proposal"], group=group, after=after, now=now
            )
    return tuple(
        f"Le bulletin {one['id']}, sur {reference(one['theme'], one['number'])}, n’a pas la forme de son vote : il "
        "n’est pas compté. Le journal le dit."
        for one in found
    )


def _told(ballot: int) -> str:
    return json.dumps({"ballot": ballot})


async def set_aside_misshapen(now: datetime) -> None:
    """As one of the day's tasks, which nobody reads."""
    await note_misshapen(now)
