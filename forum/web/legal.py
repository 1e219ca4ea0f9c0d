"""The pages that the law requires: the address of each is the name of its file."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.legal import legal_page
from forum.web.plumbing.page import page


async def show(request: Request) -> Response:
    """What the deployer wrote, in the reader's language."""
    found = legal_page(request.url.path.strip("/"), request.state.locale)
    return await page(request, "legal/show.html", {"page": found})
