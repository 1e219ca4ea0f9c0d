"""What the administration made of a theme, for everybody; for agents, what is still to be answered."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import follow_ups
from forum.web.plumbing.page import page


async def show(request: Request) -> Response:
    """The answers of a theme by decision, the obligations by their due date, the proposals without answer."""
    shown = await follow_ups.read_follow_up(request.state.viewer, request.path_params["number"], request.state.now)
    return await page(request, "follow_ups/show.html", {"follow_up": shown, "theme": shown.theme})
