"""A member’s own drafts of contributions: throwing one away; `proposals/drafts.py` lists them with the others."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import post_drafts
from forum.web.plumbing.doors import button
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other


@button
async def discard(request: Request, _: Form) -> Response:
    """Delete a draft entirely."""
    await post_drafts.discard_draft(request.state.viewer, request.path_params["draft"])
    return see_other(request, "drafts", notice="brouillon-supprime")
