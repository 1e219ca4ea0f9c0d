"""The ballot: one form. With scripts the answer is the fragment of the page that changed."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.domain.themes.themes import find_theme
from forum.domain.votes import booths, votes
from forum.domain.votes.booths import BoothProgress
from forum.domain.votes.rolls import Roll
from forum.domain.votes.votes import ProposalLine
from forum.web.plumbing.addresses import local_path
from forum.web.plumbing.doors import button
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import html, render, see_other
from forum.web.votes.rolls import kept_roll, place_of, roll_of_address

WITHDRAW = "retirer"


@button
async def cast(request: Request, form: Form) -> Response:
    """Cast, change, confirm or withdraw one's ballot: `avis` in the terms of the theme's voting, or `retirer`.

    `version` is the one that was read; `enchainer` asks for the next proposal of the booth.
    """
    line = await _cast(request, form)
    back, in_booth = _back(form), form.checked("enchainer")
    if request.headers.get("x-fragment") == "vote":
        piece = render(request, "votes/_vote.html", {"line": line, "back": back, "in_booth": in_booth})
        return html(request, piece + (await _progress(request, line, back) if in_booth else ""))
    if in_booth:
        return await _onwards(request, line, back)
    return RedirectResponse(back, 303) if back else see_other(request, "proposal", reference=line.reference)


async def _cast(request: Request, form: Form) -> ProposalLine:
    viewer, reference, now = request.state.viewer, request.path_params["reference"], request.state.now
    if form.text("acte") == WITHDRAW or (said := form.text("avis")) == WITHDRAW:
        return await votes.withdraw_vote(viewer, reference, now)
    return await votes.vote(viewer, reference, said, now, read_version=form.integer("version"))


async def _booth(request: Request, line: ProposalLine, back: str) -> tuple[Roll, BoothProgress]:
    """The booth of this person, filtered as the page that they came from, and how far they are in it."""
    theme = await find_theme(line.theme)
    kept = await kept_roll(request, theme)
    roll = roll_of_address(kept.roll, back).seen_by(request.state.viewer, request.state.now)
    own = await votes.own_votes_in(request.state.viewer, theme)
    return roll, await booths.progress_in(roll, own, after=line.reference)


async def _progress(request: Request, line: ProposalLine, back: str) -> str:
    return render(request, "votes/_progress.html", {"progress": (await _booth(request, line, back))[1]})


async def _onwards(request: Request, line: ProposalLine, back: str) -> Response:
    """Redirect to the next proposal that waits for this person's vote, on the page that holds it, or to the one just
    voted on when none does."""
    roll, come = await _booth(request, line, back)
    return RedirectResponse(place_of(request, roll, come.next or line.reference), 303)


def _back(form: Form) -> str:
    """The page of the form, when it gives it and it is on this site."""
    return local_path(form.text("suite"))
