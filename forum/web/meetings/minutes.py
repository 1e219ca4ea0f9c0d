"""The minutes of a meeting: paste them or choose a file, review the lines, choose what to do with each."""

import re

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.meetings import minutes
from forum.domain.meetings.minutes import LEFT_OUT, NEW, JoinedRow, KeptRow, PreviewRow
from forum.errors import Invalid
from forum.text.minutes_files import LONGEST_FILE
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import page, see_other

_ROW = re.compile(r"ligne-([1-9][0-9]{0,5})", re.ASCII)
_TEMPLATE = "meetings/minutes.html"


async def _desk(request: Request, form: Form | None) -> Desk:
    """The desk of the minutes; with the lines as they were left, when the form was sent to keep them."""
    desk = await minutes.minutes_desk(request.state.viewer, request.path_params["meeting"], request.state.now)
    keeps = form is not None and form.values["acte"] == "garder"
    rows = await minutes.with_suggestions(desk, _theme(form), _typed_rows(form)) if form is not None and keeps else ()
    return Desk(
        {"desk": desk, "rows": rows, "most_megabytes": LONGEST_FILE >> 20},
        Form.empty(vu=desk.mark),
        newer={"vu": desk.mark},
    )


@form_door(_TEMPLATE, _desk, upload=LONGEST_FILE)
async def enter(request: Request, form: Form) -> Response:
    """The form of the minutes: nothing is written before the lines were reviewed and sent again."""
    if form.values["acte"] == "garder":
        return await _keep(request, form)
    desk = await _desk(request, form)
    if form.values["acte"] == "recommencer":
        return await page(request, _TEMPLATE, {**desk.context, "form": form})
    form = await _with_file(form)
    rows = await minutes.preview_minutes(
        request.state.viewer,
        request.path_params["meeting"],
        form.integer("theme"),
        form.text("source"),
        request.state.now,
    )
    return await page(request, _TEMPLATE, {**desk.context, "rows": rows, "form": form})


async def _with_file(form: Form) -> Form:
    """The form, with the text of the file in place of a pasted one.

    Raises:
        Invalid: both were given, or the file cannot be read.
    """
    if not form.file:
        return form
    if form.text("source").strip():
        raise Invalid("Choisissez un fichier, ou collez un texte : pas les deux.", field="fichier")
    try:
        return form.with_values(source=await minutes.read_file(form.file))
    except Invalid as problem:
        raise Invalid(problem.message, field="fichier", values=problem.values) from None


async def _keep(request: Request, form: Form) -> Response:
    meeting, typed = request.path_params["meeting"], _typed_rows(form)
    kept = [KeptRow(row.line, row.text) for row in typed if row.choice == NEW]
    joined = [JoinedRow(row.line, row.choice) for row in typed if row.choice not in (NEW, LEFT_OUT)]
    await minutes.keep_minutes(
        request.state.viewer,
        meeting,
        form.integer("theme"),
        form.text("source"),
        kept,
        joined,
        form.text("vu"),
        request.state.now,
    )
    return see_other(request, "meeting", meeting=meeting, notice="compte-rendu-garde")


def _theme(form: Form) -> int | None:
    """The chosen theme, None when the value sent is not one: that was already refused."""
    try:
        return form.integer("theme")
    except Invalid:
        return None


def _typed_rows(form: Form) -> tuple[PreviewRow, ...]:
    """The lines as the moderator left them, in their order."""
    numbers = sorted(int(found[1]) for name in form.raw if (found := _ROW.fullmatch(name)))
    return tuple(
        PreviewRow(number, form.values[f"ligne-{number}"], form.values[f"garder-{number}"]) for number in numbers
    )
