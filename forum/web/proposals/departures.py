"""A proposal leaves the vote, or comes back: its owner withdraws it, moderators set it aside or put it back to the
vote."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import departures
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other


async def _leaving(request: Request, _: Form | None) -> Desk:
    held = await departures.proposal_to_withdraw(
        request.state.viewer, request.path_params["reference"], request.state.now
    )
    return Desk({"held": held, "others": await departures.others_in_force(held)})


@form_door("proposals/withdraw.html", _leaving)
async def withdraw(request: Request, form: Form) -> Response:
    """Withdraw one's own proposal, perhaps in favour of another."""
    reference = request.path_params["reference"]
    form.require_confirmation()
    await departures.withdraw_proposal(
        request.state.viewer,
        reference,
        request.state.now,
        in_favour_of=form.text("au_profit_de"),
        reason=form.text("motif"),
    )
    return see_other(request, "proposal", reference=reference, notice="proposition-retiree")


async def _aside(request: Request, _: Form | None, *, taking_back: bool) -> Desk:
    held = await departures.proposal_to_set_aside(
        request.state.viewer, request.path_params["reference"], request.state.now
    )
    return Desk({"held": held, "taking_back": taking_back})


@form_door("proposals/set_aside.html", partial(_aside, taking_back=False))
async def set_aside(request: Request, form: Form) -> Response:
    """Take somebody's proposal out of the vote, for a reason that everybody reads."""
    reference = request.path_params["reference"]
    await departures.set_aside(request.state.viewer, reference, form.text("motif"), request.state.now)
    return see_other(request, "proposal", reference=reference, notice="proposition-ecartee")


@form_door("proposals/set_aside.html", partial(_aside, taking_back=True))
async def take_back(request: Request, form: Form) -> Response:
    """Put a proposal that was set aside back to the vote."""
    reference = request.path_params["reference"]
    await departures.take_back(request.state.viewer, reference, form.text("motif"), request.state.now)
    return see_other(request, "proposal", reference=reference, notice="proposition-reprise")
