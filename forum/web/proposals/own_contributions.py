"""/compte/contributions: what has become of what one wrote."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import own_contributions
from forum.web.plumbing.forms import asked_text
from forum.web.plumbing.page import page

# As long as the key of an entry ever is.
_LONGEST_KEY = 40


async def show(request: Request) -> Response:
    """One's contributions and proposals, the newest first, each with what came of it."""
    after = asked_text(request, "apres", limit=_LONGEST_KEY)
    shown = await own_contributions.read_own_contributions(request.state.viewer, request.state.now, after=after)
    return await page(request, "own_contributions/show.html", {"page": shown, "is_first": not after})
