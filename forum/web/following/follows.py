"""Following: a button on the page of each thing that can be followed, and the list of what one follows."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.domain.following.follows import FollowKind, follow, list_followed, stop_following
from forum.domain.following.news import latest_news
from forum.web.plumbing.addresses import local_path
from forum.web.plumbing.doors import Door, button
from forum.web.plumbing.forms import Form, asked_turn
from forum.web.plumbing.page import page, see_other

STOP = "arreter"


async def index(request: Request) -> Response:
    """What one follows, and what is new there."""
    viewer, turn = request.state.viewer, asked_turn(request)
    context = {"followed": await list_followed(viewer, turn), "news": await latest_news(viewer, request.state.now)}
    return await page(request, "following/index.html", context)


def _button(kind: FollowKind, part: str) -> Door:
    """The button of a thing, which the address names in that part: its page has the same name and parts."""

    @button
    async def change(request: Request, form: Form) -> Response:
        key, stops = request.path_params[part], form.text("acte") == STOP
        await (stop_following if stops else follow)(request.state.viewer, kind, key, request.state.now)
        if back := local_path(form.text("suite")):
            return RedirectResponse(back, 303)
        return see_other(request, kind.value, notice="suivi-arrete" if stops else "suivi", **{part: key})

    return change


follow_theme = _button(FollowKind.THEME, "number")
follow_thread = _button(FollowKind.THREAD, "thread")
follow_proposal = _button(FollowKind.PROPOSAL, "reference")
follow_meeting = _button(FollowKind.MEETING, "meeting")
