"""The pages that explain: how the consultation works, and how accessible the site is."""

from starlette.requests import Request
from starlette.responses import Response

from forum.web.page import page


async def show(request: Request) -> Response:
    """How to take part, in the order in which one does."""
    return await page(request, "help/show.html", {})


async def accessibility(request: Request) -> Response:
    """The declaration of accessibility."""
    return await page(request, "help/accessibility.html", {})
