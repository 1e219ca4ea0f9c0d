"""Meetings: the list, one of them, a new one, a correction; also as a calendar to follow."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.following.follows import FollowKind, is_followed
from forum.domain.meetings import changes, meetings, waiting_tags
from forum.domain.meetings.changes import Sitting
from forum.domain.meetings.meetings import MeetingGroup, MeetingLine
from forum.errors import Checks, Invalid, NotFound
from forum.language import catalogue
from forum.text.calendars import CalendarEvent, calendar
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import href, page, pages, see_other


async def index(request: Request) -> Response:
    """The meetings of the working groups, and for moderators how many tags wait."""
    viewer, now = request.state.viewer, request.state.now
    context = {
        "list": await meetings.list_meetings(viewer, now),
        "waiting": await waiting_tags.count_waiting(viewer, now),
    }
    return await page(request, "meetings/index.html", context)


async def show(request: Request) -> Response:
    """One meeting: its attendance, what comes from it and what became of that, its minutes."""
    shown = await meetings.read_meeting(request.state.viewer, request.path_params["meeting"], request.state.now)
    follows = await is_followed(request.state.viewer, FollowKind.MEETING, shown.meeting.id)
    return await page(request, "meetings/show.html", {"page": shown, "meeting": shown.meeting, "follows": follows})


async def _groups(request: Request, _: Form | None) -> Desk:
    return Desk({"groups": await meetings.new_meeting_groups(request.state.viewer, request.state.now)})


@form_door("meetings/new.html", _groups)
async def create(request: Request, form: Form) -> Response:
    """The form of a new meeting, and its answer."""
    groups = await meetings.new_meeting_groups(request.state.viewer, request.state.now)
    meeting = await _create(request, form, groups)
    return see_other(request, "meeting", meeting=meeting, notice="reunion-creee")


async def _create(request: Request, form: Form, groups: tuple[MeetingGroup, ...]) -> int:
    checks = Checks()
    group, number = None, None
    with checks.field("groupe"):
        group = form.integer("groupe") if form.text("groupe") else groups[0].id if len(groups) == 1 else None
        if group is None:
            raise Invalid("Choisissez un groupe de travail.")
    with checks.field("numero"):
        number = form.integer("numero")
    wanted = _sitting(form, checks)
    return await changes.create_meeting(request.state.viewer, group or 0, number, wanted, request.state.now)


def _sitting(form: Form, checks: Checks) -> Sitting:
    """Day, place and attendance as typed.

    Raises:
        InvalidForm: one of them, or what `checks` found before, cannot be read.
    """
    held_on, place, attendance = None, "", ""
    with checks.field("date"):
        held_on = form.day("date")
    with checks.field("lieu"):
        place = form.text("lieu")
    with checks.field("presents"):
        attendance = form.text("presents")
    checks.done()
    return Sitting(held_on, place, attendance)


async def _editing(request: Request, form: Form | None) -> Desk:
    """The desk of a correction; if somebody else was quicker, with the present state."""
    desk = await changes.meeting_to_edit(request.state.viewer, request.path_params["meeting"], request.state.now)
    sitting = desk.sitting
    return Desk(
        {"meeting": desk.meeting, "other": sitting if form is not None and form.values["remplace"] else None},
        Form.empty(date=sitting.held_on, lieu=sitting.place, presents=sitting.attendance, vu=desk.mark),
        newer={"vu": desk.mark, "remplace": 1},
    )


@form_door("meetings/edit.html", _editing)
async def edit(request: Request, form: Form) -> Response:
    """The form that corrects a meeting, and its answer."""
    viewer, now, meeting = request.state.viewer, request.state.now, request.path_params["meeting"]
    seen = form.text("vu", (await changes.meeting_to_edit(viewer, meeting, now)).mark)
    await changes.edit_meeting(viewer, meeting, _sitting(form, Checks()), seen, now)
    return see_other(request, "meeting", meeting=meeting, notice="reunion-modifiee")


async def calendar_of_all(request: Request) -> Response:
    """The meetings of all groups that have a day, to follow in a calendar program."""
    shown = await meetings.list_meetings(request.state.viewer, request.state.now)
    return _calendar(request, [each for each in shown.meetings if each.held_on], "reunions.ics")


async def calendar_of_one(request: Request) -> Response:
    """One meeting for a calendar program; one without a day has no calendar."""
    found = await meetings.find_meeting(request.state.viewer, request.path_params["meeting"], request.state.now)
    if found.held_on is None:
        raise NotFound
    return _calendar(request, [found], f"reunion-{found.id}.ics")


def _calendar(request: Request, found: list[MeetingLine], filename: str) -> Response:
    words = catalogue(request.state.locale).gettext
    base = pages(request).base_url
    host = base.partition("://")[2]
    events = [
        CalendarEvent(
            uid=f"reunion-{each.id}@{host}",
            title=f"{words('GT réunion')} {each.number} – {each.group.name}",
            begins=each.held_on,
            place=each.place,
            address=base + href(request, "meeting", meeting=each.id),
        )
        for each in found
        if each.held_on
    ]
    text = calendar(events, request.state.now, f"{pages(request).site.title} – {words('Réunions')}")
    headers = {"Content-Disposition": f'inline; filename="{filename}"', "Cache-Control": "private, no-cache"}
    return Response(text, headers=headers, media_type="text/calendar")
