"""Proposals that may ask for the same: shown while somebody types one, and to moderators in pairs."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import duplicates
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_text
from forum.web.plumbing.page import html, page, render, see_other

# Length of the text compared: a wording, or the words of a contribution that a proposal is made from.
LONGEST = 2000


async def near(request: Request) -> Response:
    """The proposals similar to ?mots=…: a page, or for a script the fragment under the form."""
    words = asked_text(request, "mots", limit=LONGEST)
    theme, found = await duplicates.near_in(request.path_params["number"], words)
    if request.headers.get("x-fragment") == "proches":
        return html(request, render(request, "duplicates/_near.html", {"near": found}))
    return await page(request, "duplicates/near.html", {"theme": theme, "near": found, "words": words})


async def _pairs(request: Request, _: Form | None) -> Desk:
    asked = request.path_params["number"]
    return Desk({"queue": await duplicates.read_duplicates(request.state.viewer, asked, request.state.now)})


@form_door("duplicates/queue.html", _pairs)
async def queue(request: Request, form: Form) -> Response:
    """The pairs of a theme; acte=distinguer marks two as different, acte=comparer undoes that."""
    number, again = request.path_params["number"], form.text("acte") == "comparer"
    act = duplicates.compare_again if again else duplicates.tell_apart
    await act(request.state.viewer, number, form.text("proposition"), form.text("autre"), request.state.now)
    notice = "propositions-comparees" if again else "propositions-differentes"
    return see_other(request, "duplicates", number=number, notice=notice)
