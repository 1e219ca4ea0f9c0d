"""/compte/contributions: what has become of everything that a member wrote."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion.pending_posts import waiting_of
from forum.domain.proposals import own_contributions
from forum.web.plumbing.forms import asked_turn
from forum.web.plumbing.page import page


async def show(request: Request) -> Response:
    """The member's contributions and proposals, the newest first, each with what has become of it."""
    turn = asked_turn(request)
    shown = await own_contributions.read_own_contributions(request.state.viewer, request.state.now, turn)
    waiting = await waiting_of(request.state.viewer)
    return await page(request, "own_contributions/show.html", {"page": shown, "waiting": waiting})
