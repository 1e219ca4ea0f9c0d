"""The notifications of a member."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.following.wishes import own_wishes
from forum.domain.notifications import list_notices, mark_read
from forum.models.following import Pace
from forum.web.plumbing.doors import button
from forum.web.plumbing.forms import Form, asked_turn, turned
from forum.web.plumbing.page import page, see_other


async def show(request: Request) -> Response:
    """The list, the newest first; a button marks them as read, since looking must change nothing."""
    turn = asked_turn(request)
    notices = await list_notices(request.state.viewer, turn)
    wishes = await own_wishes(request.state.viewer)
    context = {"notices": notices, "here": turned(turn), "wishes": wishes, "paces": tuple(Pace)}
    return await page(request, "notifications/list.html", context)


@button
async def read_all(request: Request, form: Form) -> Response:
    """Mark as read what the page showed, and stay on it."""
    await mark_read(request.state.viewer, form.integers("vues"), request.state.now)
    return see_other(request, "notifications", **turned(asked_turn(request)))
