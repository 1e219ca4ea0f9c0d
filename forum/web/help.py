"""The page that explains how the consultation works."""

from starlette.requests import Request
from starlette.responses import Response

from forum.web.page import page


async def show(request: Request) -> Response:
    """How to take part, in the order in which one does."""
    return await page(request, "help/show.html", {})
