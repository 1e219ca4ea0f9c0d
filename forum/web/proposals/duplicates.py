"""Proposals that may ask for the same: as somebody types one, and for moderators, two by two."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import duplicates
from forum.errors import Invalid
from forum.web.plumbing.forms import Form, asked_text, read_form
from forum.web.plumbing.page import html, page, refused, render, see_other

# Of what is compared: a wording, or the words of a contribution that it is made of.
LONGEST = 2000


async def near(request: Request) -> Response:
    """The proposals that are near to ?mots=…: a page, or for a script the piece that goes under the form."""
    words = asked_text(request, "mots", limit=LONGEST)
    theme, found = await duplicates.near_in(request.path_params["number"], words)
    if request.headers.get("x-fragment") == "proches":
        return html(request, render(request, "duplicates/_near.html", {"near": found}))
    return await page(request, "duplicates/near.html", {"theme": theme, "near": found, "words": words})


async def queue(request: Request) -> Response:
    """The pairs of a theme; acte=distinguer says that two are different, acte=comparer takes that back."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, number, now = request.state.viewer, request.path_params["number"], request.state.now
    shown = await duplicates.read_duplicates(viewer, number, now)
    if form is None:
        return await page(request, "duplicates/queue.html", {"queue": shown, "form": Form.empty()})
    again = form.values["acte"] == "comparer"
    act = duplicates.compare_again if again else duplicates.tell_apart
    try:
        await act(viewer, number, form.text("proposition"), form.text("autre"), now)
    except Invalid as problem:
        return await refused(request, "duplicates/queue.html", {"queue": shown}, form, problem)
    notice = "propositions-comparees" if again else "propositions-differentes"
    return see_other(request, "duplicates", number=number, notice=notice)
