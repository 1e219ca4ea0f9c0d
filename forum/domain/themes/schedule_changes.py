"""How were announced votes moved, and why? What the page of a theme tells everybody, taken from the journal.

The moves themselves are made in `schedules.py`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forum.database import Row, rows
from forum.domain.themes.themes import ThemeHead


class Move(StrEnum):
    """What happened to the end of an announced vote."""

    POSTPONED = "postponed"
    ADVANCED = "advanced"
    CLOSED = "closed"
    REOPENED = "reopened"
    UNSET = "unset"
    RESCHEDULED = "rescheduled"


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """A move of announced votes, as the public page of the theme shows it: what, from when to when, why; not who.

    `was` and `now` are ends; for RESCHEDULED, where the end stays, they are openings. `now` is None without a new date.
    """

    move: Move
    was: datetime
    now: datetime | None
    reason: str
    at: datetime


async def schedule_changes(theme: ThemeHead) -> tuple[ScheduleChange, ...]:
    """Every move of announced votes, the oldest first, taken from the journal."""
    found = await rows(
        """
        SELECT act, before, after, reason, at FROM journal_entry
         WHERE thing = 'theme' AND thing_id = $1 AND act IN ('set_schedule', 'close_votes') ORDER BY id""",
        theme.id,
    )
    moves = (_change(each) for each in found)
    return tuple(move for move in moves if move is not None)


def _change(entry: Row) -> ScheduleChange | None:
    before, after = json.loads(entry["before"]), json.loads(entry["after"])
    reason, at = entry["reason"], entry["at"]
    opened, opens = _read(before["votes_open_at"]), _read(after["votes_open_at"])
    ended, ends = _read(before["votes_close_at"]), _read(after["votes_close_at"])
    if entry["act"] == "close_votes":
        # It had no announced end so far: it ends when it was closed.
        return ScheduleChange(Move.CLOSED, ended or at, ends, reason, at)
    if ended is not None and ended != ends:
        if ends is None:
            move = Move.UNSET
        elif ended <= at:
            move = Move.REOPENED
        else:
            move = Move.POSTPONED if ends > ended else Move.ADVANCED
        return ScheduleChange(move, ended, ends, reason, at)
    if opened is not None and opened != opens:
        return ScheduleChange(Move.RESCHEDULED, opened, opens, reason, at)
    return None


def _read(instant: str | None) -> datetime | None:
    return datetime.fromisoformat(instant) if instant else None
