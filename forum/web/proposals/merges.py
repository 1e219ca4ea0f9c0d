"""Merging two proposals, undoing it, and the page of a merged proposal."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import merges, proposals
from forum.errors import Invalid
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_text
from forum.web.plumbing.page import page, refused, see_other

_MERGE = "merges/merge.html"


async def origin(request: Request) -> Response:
    """A merged proposal as it was: its words, where they come from, its history. Others are at their own address."""
    reference = request.path_params["reference"]
    shown = await proposals.read_proposal(request.state.viewer, reference, request.state.now)
    if shown.union.into is None:
        return see_other(request, "proposal", reference=reference)
    return await page(request, "proposals/show.html", {"proposal": shown, "form": Form.empty(), "came_from": None})


async def _merging(request: Request, form: Form | None) -> Desk | Response:
    """The desk of a merge; once a valid destination is chosen, also by the address, with what will happen."""
    viewer, reference, now = request.state.viewer, request.path_params["reference"], request.state.now
    typed = form.values["destination"] if form else asked_text(request, "destination", limit=20)
    # First without a destination: the chosen one may then be refused beside its field.
    desk = await merges.merge_desk(viewer, reference, "", now)
    try:
        desk = await merges.merge_desk(viewer, reference, typed, now)
    except Invalid as problem:
        if form is None:
            return await refused(request, _MERGE, {"desk": desk}, Form.empty(destination=typed), problem)
    return Desk({"desk": desk}, Form.empty(destination=typed))


@form_door(_MERGE, _merging)
async def merge(request: Request, form: Form) -> Response:
    """Choose what a proposal is merged into, see what will happen, and do it."""
    reference, destination = request.path_params["reference"], form.text("destination")
    into = await merges.merge(request.state.viewer, reference, destination, form.text("motif"), request.state.now)
    return see_other(request, "proposal", reference=into, notice="propositions-fusionnees")


async def _parting(request: Request, _: Form | None) -> Desk:
    return Desk(
        {"desk": await merges.unmerge_desk(request.state.viewer, request.path_params["reference"], request.state.now)}
    )


@form_door("merges/unmerge.html", _parting)
async def unmerge(request: Request, form: Form) -> Response:
    """Undo the merge of a proposal."""
    reference = request.path_params["reference"]
    await merges.unmerge(request.state.viewer, reference, form.text("motif"), request.state.now)
    return see_other(request, "proposal", reference=reference, notice="proposition-defusionnee")
