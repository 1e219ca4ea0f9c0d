"""The ballot: one form, four buttons. With scripts the answer is the piece of page that changed."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.domain import votes
from forum.domain.votes import ProposalLine
from forum.errors import Invalid
from forum.ranking.tallies import Opinion
from forum.web.addresses import local_path
from forum.web.forms import Form, read_form
from forum.web.page import html, render, see_other

WITHDRAW = "retirer"


async def cast(request: Request) -> Response:
    """Cast, change or withdraw one's ballot: avis=pour, abstention, contre or retirer."""
    form = await read_form(request)
    line = await _cast(request, form.text("avis"))
    back = _back(form)
    if request.headers.get("x-fragment") == "vote":
        return html(request, render(request, "votes/_vote.html", {"line": line, "back": back}))
    return RedirectResponse(back, 303) if back else see_other(request, "proposal", reference=line.reference)


async def _cast(request: Request, said: str) -> ProposalLine:
    viewer, reference, now = request.state.viewer, request.path_params["reference"], request.state.now
    if said == WITHDRAW:
        return await votes.withdraw_vote(viewer, reference, now)
    try:
        opinion = Opinion(said)
    except ValueError:
        raise Invalid("Choisissez pour, abstention ou contre.", field="avis") from None
    return await votes.vote(viewer, reference, opinion, now)


def _back(form: Form) -> str:
    """Where the form stood, when it says so and stays on this site."""
    return local_path(form.text("retour"))
