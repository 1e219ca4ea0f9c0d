"""The minutes of a meeting: paste them or choose their file, look at their lines, say what becomes of each."""

import re

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.meetings import minutes
from forum.domain.meetings.minutes import LEFT_OUT, NEW, JoinedRow, KeptRow, MinutesDesk, PreviewRow
from forum.errors import Invalid
from forum.text.minutes_files import LONGEST_FILE
from forum.web.plumbing.forms import Form, read_upload
from forum.web.plumbing.page import page, refused, see_other

_ROW = re.compile(r"ligne-([1-9][0-9]{0,5})", re.ASCII)
_TEMPLATE = "meetings/minutes.html"


async def enter(request: Request) -> Response:
    """Nothing is written before the lines were looked at and sent once more."""
    form, content = (
        (None, b"") if request.method == "GET" else await read_upload(request, "fichier", limit=LONGEST_FILE)
    )
    desk = await minutes.minutes_desk(request.state.viewer, request.path_params["meeting"], request.state.now)
    context = {"desk": desk, "rows": (), "most_megabytes": LONGEST_FILE >> 20}
    if form is None:
        return await page(request, _TEMPLATE, {**context, "form": Form.empty()})
    if form.values["acte"] == "garder":
        return await _keep(request, form, desk)
    if form.values["acte"] == "recommencer":
        return await page(request, _TEMPLATE, {**context, "form": form})
    try:
        form = await _with_file(form, content)
        rows = await minutes.preview_minutes(
            request.state.viewer, desk.meeting.id, form.integer("theme"), form.text("source"), request.state.now
        )
    except Invalid as problem:
        return await refused(request, _TEMPLATE, context, form, problem)
    return await page(request, _TEMPLATE, {**context, "rows": rows, "form": form})


async def _with_file(form: Form, content: bytes) -> Form:
    """The form with the text of the file in the place of the pasted one.

    Raises:
        Invalid: both were given, or the file is not read.
    """
    if not content:
        return form
    if form.text("source").strip():
        raise Invalid("Choisissez un fichier, ou collez un texte : pas les deux.", field="fichier")
    try:
        return form.with_values(source=await minutes.read_file(content))
    except Invalid as problem:
        raise Invalid(problem.message, field="fichier", values=problem.values) from None


async def _keep(request: Request, form: Form, desk: MinutesDesk) -> Response:
    typed = _typed_rows(form)
    kept = [KeptRow(row.line, row.text) for row in typed if row.choice == NEW]
    joined = [JoinedRow(row.line, row.choice) for row in typed if row.choice not in (NEW, LEFT_OUT)]
    try:
        await minutes.keep_minutes(
            request.state.viewer,
            desk.meeting.id,
            form.integer("theme"),
            form.text("source"),
            kept,
            joined,
            request.state.now,
        )
    except Invalid as problem:
        rows = await minutes.with_suggestions(desk, _theme(form), typed)
        context = {"desk": desk, "rows": rows, "most_megabytes": LONGEST_FILE >> 20}
        return await refused(request, _TEMPLATE, context, form, problem)
    return see_other(request, "meeting", meeting=desk.meeting.id, notice="compte-rendu-garde")


def _theme(form: Form) -> int | None:
    """The theme chosen, None when what was sent is none: the refusal has said so."""
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
