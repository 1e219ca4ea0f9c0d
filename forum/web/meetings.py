"""Meetings: the list, one of them, a new one, its minutes, and the tags of contributions."""

import re

from starlette.requests import Request
from starlette.responses import Response

from forum.domain import meeting_tags, meetings, minutes
from forum.domain.meetings import Group
from forum.domain.minutes import KeptRow, MinutesDesk, PreviewRow
from forum.domain.threads import find_post
from forum.errors import Checks, Invalid
from forum.web.forms import Form, read_form
from forum.web.page import page, refused, see_other, to_place

_ROW = re.compile(r"ligne-([1-9][0-9]{0,5})", re.ASCII)


async def index(request: Request) -> Response:
    """The meetings of the working groups."""
    shown = await meetings.list_meetings(request.state.viewer, request.state.now)
    return await page(request, "meetings/index.html", {"list": shown})


async def show(request: Request) -> Response:
    """One meeting: what comes from it, and its minutes."""
    shown = await meetings.read_meeting(request.state.viewer, request.path_params["meeting"], request.state.now)
    return await page(request, "meetings/show.html", {"page": shown, "meeting": shown.meeting})


async def create(request: Request) -> Response:
    """The form of a new meeting, and its answer."""
    form = await read_form(request) if request.method == "POST" else None
    groups = await meetings.new_meeting_groups(request.state.viewer, request.state.now)
    if form is None:
        return await page(request, "meetings/new.html", {"groups": groups, "form": Form.empty()})
    try:
        meeting = await _create(request, form, groups)
    except Invalid as problem:
        return await refused(request, "meetings/new.html", {"groups": groups}, form, problem)
    return see_other(request, "meeting", meeting=meeting, notice="reunion-creee")


async def _create(request: Request, form: Form, groups: tuple[Group, ...]) -> int:
    checks = Checks()
    group, number, held_on, place = None, None, None, ""
    with checks.field("groupe"):
        group = form.integer("groupe") if form.text("groupe") else groups[0].id if len(groups) == 1 else None
        if group is None:
            raise Invalid("Choisissez un groupe de travail.")
    with checks.field("numero"):
        number = form.integer("numero")
    with checks.field("date"):
        held_on = form.day("date")
    with checks.field("lieu"):
        place = form.text("lieu")
    checks.done()
    return await meetings.create_meeting(request.state.viewer, group or 0, number, held_on, place, request.state.now)


async def enter_minutes(request: Request) -> Response:
    """Paste the minutes, look at their lines, keep those that are proposals; nothing is written before the last one."""
    form = await read_form(request) if request.method == "POST" else None
    desk = await minutes.minutes_desk(request.state.viewer, request.path_params["meeting"], request.state.now)
    if form is None:
        return await page(request, "meetings/minutes.html", {"desk": desk, "rows": (), "form": Form.empty()})
    if form.values["acte"] == "garder":
        return await _keep(request, form, desk)
    if form.values["acte"] == "recommencer":
        return await page(request, "meetings/minutes.html", {"desk": desk, "rows": (), "form": form})
    try:
        rows = await minutes.preview_minutes(
            request.state.viewer, desk.meeting.id, form.integer("theme"), form.text("source"), request.state.now
        )
    except Invalid as problem:
        return await refused(request, "meetings/minutes.html", {"desk": desk, "rows": ()}, form, problem)
    return await page(request, "meetings/minutes.html", {"desk": desk, "rows": rows, "form": form})


async def _keep(request: Request, form: Form, desk: MinutesDesk) -> Response:
    rows = _typed_rows(form)
    kept = [KeptRow(row.line, row.text) for row in rows if row.kept]
    try:
        await minutes.keep_minutes(
            request.state.viewer, desk.meeting.id, form.integer("theme"), form.text("source"), kept, request.state.now
        )
    except Invalid as problem:
        return await refused(request, "meetings/minutes.html", {"desk": desk, "rows": rows}, form, problem)
    return see_other(request, "meeting", meeting=desk.meeting.id, notice="compte-rendu-garde")


def _typed_rows(form: Form) -> tuple[PreviewRow, ...]:
    """The lines as the moderator left them, in their order."""
    numbers = sorted(int(found[1]) for name in form.raw if (found := _ROW.fullmatch(name)))
    return tuple(
        PreviewRow(number, form.values[f"ligne-{number}"], form.checked(f"garder-{number}"), None) for number in numbers
    )


async def tag(request: Request) -> Response:
    """Tie a contribution to a meeting, confirm a member's tag (acte=etiqueter), or take one off (acte=retirer)."""
    form = await read_form(request)
    post = request.path_params["post"]
    act = meeting_tags.untag_post if form.text("acte") == "retirer" else meeting_tags.tag_post
    await act(request.state.viewer, post, form.integer("numero"), request.state.now)
    return to_place(request, post, *await find_post(post), notice="etiquette-changee")
