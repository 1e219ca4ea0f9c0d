"""A proposal leaves the vote, or comes back: its owner withdraws it, moderators set it aside and take it back."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import departures
from forum.domain.proposals.held import HeldProposal
from forum.errors import Invalid
from forum.web.plumbing.forms import Form, read_form
from forum.web.plumbing.page import page, refused, see_other


async def withdraw(request: Request) -> Response:
    """Take one's own proposal back, perhaps in favour of another."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    held = await departures.proposal_to_withdraw(viewer, reference, now)
    if form is None:
        return await page(request, "proposals/withdraw.html", {**await _leaving(held), "form": Form.empty()})
    try:
        form.require_confirmation()
        await departures.withdraw_proposal(
            viewer, reference, now, in_favour_of=form.text("au_profit_de"), reason=form.text("motif")
        )
    except Invalid as problem:
        return await refused(request, "proposals/withdraw.html", await _leaving(held), form, problem)
    return see_other(request, "proposal", reference=reference, notice="proposition-retiree")


async def _leaving(held: HeldProposal) -> dict[str, object]:
    return {"held": held, "others": await departures.others_in_force(held)}


async def set_aside(request: Request) -> Response:
    """Take somebody's proposal out of the vote, for a reason that everybody reads."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    held = await departures.proposal_to_set_aside(viewer, reference, now)
    context = {"held": held, "taking_back": False}
    if form is None:
        return await page(request, "proposals/set_aside.html", {**context, "form": Form.empty()})
    try:
        await departures.set_aside(viewer, reference, form.text("motif"), now)
    except Invalid as problem:
        return await refused(request, "proposals/set_aside.html", context, form, problem)
    return see_other(request, "proposal", reference=reference, notice="proposition-ecartee")


async def take_back(request: Request) -> Response:
    """Put to the vote again what was set aside."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    held = await departures.proposal_to_set_aside(viewer, reference, now)
    context = {"held": held, "taking_back": True}
    if form is None:
        return await page(request, "proposals/set_aside.html", {**context, "form": Form.empty()})
    try:
        await departures.take_back(viewer, reference, form.text("motif"), now)
    except Invalid as problem:
        return await refused(request, "proposals/set_aside.html", context, form, problem)
    return see_other(request, "proposal", reference=reference, notice="proposition-reprise")
