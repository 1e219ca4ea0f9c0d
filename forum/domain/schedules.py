"""Who moves the windows of a theme, who closes its votes? Each move is one transaction and a line in the journal.

What the windows allow is decided in `forum/permissions.py`; how a write holds them still is in `themes.py`.
"""

import json
from dataclasses import replace
from datetime import datetime

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.themes import Hold, ThemeHead, find_theme, hold_theme, raise_all_versions
from forum.errors import Checks, Conflict, Invalid
from forum.permissions import Schedule, Viewer, may_schedule


async def schedule_to_change(viewer: Viewer | None, number: int, now: datetime) -> ThemeHead:
    """The theme whose schedule this person may set: what the form shows.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    theme = await find_theme(number)
    may_schedule(viewer, now).require()
    return theme


async def set_schedule(viewer: Viewer | None, number: int, wanted: Schedule, reason: str, now: datetime) -> None:
    """Fix or move the windows of a theme, and say so in the journal.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: the windows do not make sense, or a reason is missing.
    """
    await schedule_to_change(viewer, number, now)
    assert viewer is not None
    async with transaction():
        theme = await hold_theme(number, Hold.ALONE, now)
        given = _checked(theme.schedule, wanted, reason, now, has_ballots=await _has_ballots(theme.id))
        await rows(
            """
            UPDATE theme SET contributions_open_at = $2, contributions_close_at = $3,
                             votes_open_at = $4, votes_close_at = $5, sealed = $6
             WHERE id = $1""",
            theme.id,
            wanted.contributions_open_at,
            wanted.contributions_close_at,
            wanted.votes_open_at,
            wanted.votes_close_at,
            wanted.sealed,
        )
        await raise_all_versions(theme.id)
        await journal.record(
            viewer,
            "set_schedule",
            "theme",
            theme.id,
            group=theme.group,
            before=_written(theme.schedule),
            after=_written(wanted),
            reason=given,
            now=now,
        )


async def _has_ballots(theme: int) -> bool:
    found = await row(
        "SELECT 1 AS one FROM ballot b JOIN proposal p ON p.id = b.proposal_id WHERE p.theme_id = $1 LIMIT 1", theme
    )
    return found is not None


def _checked(before: Schedule, wanted: Schedule, reason: str, now: datetime, *, has_ballots: bool) -> str:
    """The reason, once the new windows are found to make sense beside the old ones."""
    checks = Checks()
    with checks.field("contributions_close_at"):
        refuse_backwards(wanted.contributions_open_at, wanted.contributions_close_at)
    with checks.field("votes_close_at"):
        refuse_backwards(wanted.votes_open_at, wanted.votes_close_at)
        if before.votes_are_open(now) and not wanted.votes_are_open(now):
            # Moving a close into the past would strike out ballots already cast after it.
            raise Invalid("Les votes sont ouverts : pour les arrêter, utilisez « Clore les votes ».")
    with checks.field("sealed"):
        # Ballots, and not the window alone: a window can be moved into the future after people voted under seal.
        began = has_ballots or (before.votes_open_at is not None and before.votes_open_at <= now)
        if began and wanted.sealed != before.sealed:
            raise Invalid("Les premiers votants se sont prononcés sous cette règle : elle ne change plus.")
    given = ""
    with checks.field("reason"):
        reopens = before.votes_are_closed(now) and not wanted.votes_are_closed(now)
        given = journal.reason_of(
            reason, required="Dites pourquoi vous rouvrez des votes qui étaient clos." if reopens else ""
        )
    checks.done()
    return given


def refuse_backwards(start: datetime | None, end: datetime | None) -> None:
    """Raises Invalid: a window that closes must open, and before it closes."""
    if start is None and end is not None:
        raise Invalid("Indiquez aussi l’ouverture.")
    if start is not None and end is not None and end <= start:
        raise Invalid("La clôture doit venir après l’ouverture.")


def _written(schedule: Schedule) -> str:
    """A schedule as the journal keeps it: JSON, moments in UTC."""
    return json.dumps(
        {
            name: value if isinstance(value, bool) or value is None else value.isoformat()
            for name, value in (
                ("contributions_open_at", schedule.contributions_open_at),
                ("contributions_close_at", schedule.contributions_close_at),
                ("votes_open_at", schedule.votes_open_at),
                ("votes_close_at", schedule.votes_close_at),
                ("sealed", schedule.sealed),
            )
        }
    )


async def close_votes(viewer: Viewer | None, number: int, reason: str, now: datetime) -> None:
    """End the vote of a theme now: from this transaction on no ballot enters and tallies are public.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Conflict: the votes are not open.
        Invalid: the reason is too long.
    """
    await schedule_to_change(viewer, number, now)
    assert viewer is not None
    async with transaction():
        theme = await hold_theme(number, Hold.ALONE, now)
        if theme.schedule.votes_are_closed(now):
            raise Conflict("Les votes de ce thème sont déjà clos.")
        if not theme.schedule.votes_are_open(now):
            raise Conflict("Les votes de ce thème ne sont pas encore ouverts.")
        given = journal.reason_of(reason)
        await rows("UPDATE theme SET votes_close_at = $2 WHERE id = $1", theme.id, now)
        await raise_all_versions(theme.id)
        await journal.record(
            viewer,
            "close_votes",
            "theme",
            theme.id,
            group=theme.group,
            before=_written(theme.schedule),
            after=_written(replace(theme.schedule, votes_close_at=now)),
            reason=given,
            now=now,
        )
