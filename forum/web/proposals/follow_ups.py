"""What the administration made of a theme, for everybody; for agents, what is still to be answered."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.pages import PageTurn
from forum.domain.proposals import follow_ups
from forum.domain.themes.themes import find_theme
from forum.web.plumbing.forms import asked_integer, asked_turn
from forum.web.plumbing.page import page
from forum.web.votes.rolls import kept_roll


async def show(request: Request) -> Response:
    """The answers of a theme by decision, the obligations by their due date, the proposals without answer: one page of
    them, or that where the line of a key stands (?voir=)."""
    kept = await kept_roll(request, await find_theme(request.path_params["number"]))
    asked = asked_integer(request, "voir")
    turn = asked_turn(request) if asked is None else PageTurn(str(asked), holds=True)
    shown = await follow_ups.read_follow_up(request.state.viewer, kept.roll, request.state.now, turn)
    return await page(request, "follow_ups/show.html", {"follow_up": shown, "theme": shown.theme})
