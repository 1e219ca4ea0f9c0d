"""How is a meeting entered, and corrected? Its day, its place and who was there; its number and its group never change.

Who was there is public, as in the minutes that working groups publish; an erasure takes names out of it.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.meeting_tags import LARGEST_NUMBER, ensure_meeting
from forum.domain.meetings.meetings import MeetingLine, find_meeting
from forum.domain.search.index import refresh_meeting
from forum.errors import Checks, Conflict, Invalid
from forum.permissions import Viewer, demand, may_moderate
from forum.text.source import clean_line, clean_source

LONGEST_PLACE = 200
# One line per person: a plenary session of two hundred, with their organisations.
LONGEST_ATTENDANCE = 20_000


@dataclass(frozen=True, slots=True)
class Sitting:
    """Where and when a meeting was held, and who was there: one person or body per line."""

    held_on: date | None
    place: str
    attendance: str


@dataclass(frozen=True, slots=True)
class MeetingDesk:
    """The form that corrects a meeting; `mark` identifies the state that the form was filled from."""

    meeting: MeetingLine
    sitting: Sitting
    mark: str


async def create_meeting(viewer: Viewer | None, group: int, number: int | None, wanted: Sitting, now: datetime) -> int:
    """Enter a meeting of a group; returns its id. A meeting known from a tag gets its day, place and attendance.

    Raises:
        SignInRequired, NotAllowed: not a moderator of that group.
        InvalidForm: number or day missing or impossible, or the meeting was entered before.
    """
    viewer = demand(may_moderate, viewer, group, now)
    checks = Checks()
    with checks.field("numero"):
        if number is None or not 1 <= number <= LARGEST_NUMBER:
            raise Invalid("Indiquez le numéro de la réunion, de 1 à {most}.", values={"most": LARGEST_NUMBER})
    held_on, place, attendance = _checked(wanted, checks)
    assert number is not None
    async with transaction():
        if await row("SELECT id FROM working_group WHERE id = $1", group) is None:
            raise Invalid("Choisissez un groupe de travail.", field="groupe")
        made = await row(
            """
            UPDATE meeting SET held_on = $2, place = $3, attendance = $4
             WHERE id = $1 AND held_on IS NULL RETURNING id""",
            await ensure_meeting(group, number, now),
            held_on,
            place,
            attendance,
        )
        if made is None:
            raise Invalid("Cette réunion du groupe est déjà enregistrée.", field="numero")
        refresh_meeting(made["id"])
        await journal.record(
            viewer, "create_meeting", "meeting", made["id"], group=group, after=f"{number} {held_on} {place}", now=now
        )
    return int(made["id"])


def _checked(wanted: Sitting, checks: Checks) -> tuple[date, str, str]:
    """Day, place and attendance to store; `checks` may hold problems found before.

    Raises:
        InvalidForm: something is missing or too long.
    """
    place = attendance = ""
    with checks.field("date"):
        if wanted.held_on is None:
            raise Invalid("Indiquez le jour de la réunion.")
    with checks.field("lieu"):
        place = clean_line(wanted.place, limit=LONGEST_PLACE) if wanted.place.strip() else ""
    with checks.field("presents"):
        attendance = _listed(wanted.attendance)
    checks.done()
    assert wanted.held_on is not None
    return wanted.held_on, place, attendance


def _listed(attendance: str) -> str:
    """One person or body per line, without empty lines."""
    if not attendance.strip():
        return ""
    lines = (" ".join(line.split()) for line in clean_source(attendance, limit=LONGEST_ATTENDANCE).splitlines())
    return "\n".join(filter(None, lines))


async def meeting_to_edit(viewer: Viewer | None, meeting: int, now: datetime) -> MeetingDesk:
    """The initial values of the form of a meeting.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await find_meeting(viewer, meeting, now)
    demand(may_moderate, viewer, found.group.id, now)
    stored = await row(f"{_SITTING} WHERE id = $1", found.id)
    assert stored is not None, "a meeting is never taken out"
    sitting = _sitting(stored)
    return MeetingDesk(found, sitting, _mark(sitting))


_SITTING = "SELECT held_on, place, attendance FROM meeting"


def _sitting(found: Row) -> Sitting:
    return Sitting(found["held_on"], found["place"], found["attendance"])


def _mark(sitting: Sitting) -> str:
    """A short mark, different as soon as anything differs."""
    return sha256(repr((str(sitting.held_on), sitting.place, sitting.attendance)).encode()).hexdigest()[:16]


async def edit_meeting(viewer: Viewer | None, meeting: int, wanted: Sitting, mark: str, now: datetime) -> None:
    """Correct the day, the place and the attendance of a meeting; without a change nothing is recorded.

    `mark` is that of the desk that the form was filled from. The journal holds the number of attendees, and names
    nobody.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: something is missing or too long.
        Conflict: somebody else corrected it meanwhile.
    """
    desk = await meeting_to_edit(viewer, meeting, now)
    after = Sitting(*_checked(wanted, Checks()))
    async with transaction():
        # An UPDATE that changes nothing locks the row until the commit.
        held = await row(
            "UPDATE meeting SET place = place WHERE id = $1 RETURNING held_on, place, attendance", desk.meeting.id
        )
        assert held is not None, "a meeting is never taken out"
        before = _sitting(held)
        if before == after:
            return
        if _mark(before) != mark:
            raise Conflict("Cette réunion a été modifiée entre-temps. Votre saisie est gardée ci-dessous.")
        await rows(
            "UPDATE meeting SET held_on = $2, place = $3, attendance = $4 WHERE id = $1",
            desk.meeting.id,
            after.held_on,
            after.place,
            after.attendance,
        )
        refresh_meeting(desk.meeting.id)
        await journal.record(
            viewer,
            "edit_meeting",
            "meeting",
            desk.meeting.id,
            group=desk.meeting.group.id,
            before=_written(before),
            after=_written(after),
            now=now,
        )


def _written(sitting: Sitting) -> str:
    """A sitting as the journal keeps it: attendance as a number, since names are only on the meeting's page."""
    held_on = sitting.held_on.isoformat() if sitting.held_on else None
    return json.dumps(
        {"held_on": held_on, "place": sitting.place, "attendance": len(sitting.attendance.splitlines())},
        ensure_ascii=False,
    )
