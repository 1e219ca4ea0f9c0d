"""What a member is told: one list, read when it is looked at."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.notifications import list_notices, mark_read
from forum.web.plumbing.forms import read_form
from forum.web.plumbing.page import page, see_other


async def show(request: Request) -> Response:
    """The newest events; a button says that they were read, since looking must change nothing."""
    return await page(request, "notifications/list.html", {"notices": await list_notices(request.state.viewer)})


async def read_all(request: Request) -> Response:
    """The member has read those that their page showed."""
    form = await read_form(request)
    await mark_read(request.state.viewer, form.integer("jusqua") or 0, request.state.now)
    return see_other(request, "notifications")
