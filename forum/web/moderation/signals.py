"""What may be a mobilisation, for the moderators of a group and the administrators."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.moderation.signals import read_signals
from forum.web.plumbing.page import page


async def show(request: Request) -> Response:
    """The signals of one's groups."""
    return await page(
        request, "moderation/signals.html", {"signals": await read_signals(request.state.viewer, request.state.now)}
    )
