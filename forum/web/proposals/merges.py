"""Merging two proposals, parting them again, and the page of one that leads elsewhere."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import merges, proposals
from forum.errors import Invalid
from forum.web.plumbing.forms import Form, asked_text, read_form
from forum.web.plumbing.page import page, refused, see_other


async def origin(request: Request) -> Response:
    """A merged proposal as it was: its words, where they come from, its history. Others are at their own address."""
    reference = request.path_params["reference"]
    shown = await proposals.read_proposal(request.state.viewer, reference, request.state.now)
    if shown.union.into is None:
        return see_other(request, "proposal", reference=reference)
    return await page(request, "proposals/show.html", {"proposal": shown, "form": Form.empty(), "came_from": None})


async def merge(request: Request) -> Response:
    """Choose what a proposal is merged into, see what will happen, and do it."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, reference, now = request.state.viewer, request.path_params["reference"], request.state.now
    typed = form.text("destination") if form else asked_text(request, "destination", limit=20)
    # Asked first with nothing chosen: what follows may be refused beside its field.
    desk = await merges.merge_desk(viewer, reference, "", now)
    try:
        if form is None:
            desk = await merges.merge_desk(viewer, reference, typed, now)
            first = Form.empty(destination=typed)
            return await page(request, "merges/merge.html", {"desk": desk, "form": first})
        into = await merges.merge(viewer, reference, typed, form.text("motif"), now)
    except Invalid as problem:
        form = form or Form.empty(destination=typed)
        if not any(one.field == "destination" for one in problem.problems):
            desk = await merges.merge_desk(viewer, reference, typed, now)
        return await refused(request, "merges/merge.html", {"desk": desk}, form, problem)
    return see_other(request, "proposal", reference=into, notice="propositions-fusionnees")


async def unmerge(request: Request) -> Response:
    """Part a proposal from the one that it was merged into."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, reference, now = request.state.viewer, request.path_params["reference"], request.state.now
    desk = await merges.unmerge_desk(viewer, reference, now)
    if form is None:
        return await page(request, "merges/unmerge.html", {"desk": desk, "form": Form.empty()})
    try:
        await merges.unmerge(viewer, reference, form.text("motif"), now)
    except Invalid as problem:
        return await refused(request, "merges/unmerge.html", {"desk": desk}, form, problem)
    return see_other(request, "proposal", reference=reference, notice="proposition-defusionnee")
