"""Administrators leave the votes of somebody out of a theme, or count them again, without seeing them."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.members import people
from forum.domain.votes import exclusions
from forum.errors import NotFound
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other


async def _desk(request: Request, _: Form | None) -> Desk:
    viewer, member, now = request.state.viewer, request.path_params["member"], request.state.now
    themes = await exclusions.themes_of_voter(viewer, member, now)
    desk = await people.person_desk(viewer, member, now)
    return Desk({"person": desk.person, "themes": themes}, newer={})


@form_door("people/votes.html", _desk)
async def exclude(request: Request, form: Form) -> Response:
    """Leave what a person votes in a theme out of every count."""
    member = request.path_params["member"]
    await exclusions.exclude_votes(
        request.state.viewer, member, form.integer("theme"), form.text("motif"), request.state.now
    )
    return see_other(request, "person_votes", member=member, notice="votes-ecartes")


async def _counting(request: Request, form: Form | None) -> Desk:
    desk = await _desk(request, form)
    number = request.path_params["number"]
    # What was sent meets its own refusal: a colleague may have counted them again meanwhile.
    of_theme = (each for each in desk.context["themes"] if each.theme.number == number)
    wanted = next((each for each in of_theme if each.since or form), None)
    if wanted is None:
        raise NotFound
    return Desk({**desk.context, "wanted": wanted})


@form_door("people/count_votes.html", _counting)
async def count_again(request: Request, form: Form) -> Response:
    """Count again what a person votes in a theme."""
    member, number = request.path_params["member"], request.path_params["number"]
    await exclusions.count_votes_again(request.state.viewer, member, number, form.text("motif"), request.state.now)
    return see_other(request, "person_votes", member=member, notice="votes-comptes")
