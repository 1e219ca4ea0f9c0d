"""/compte/securite: what one signs in with, and where one is signed in. Each change has a page of its own."""

from starlette.requests import Request
from starlette.responses import Response

from forum import permissions
from forum.domain import proofs, sessions
from forum.permissions import Viewer
from forum.web.page import page


def own(request: Request) -> Viewer:
    """The member whose account this is.

    Raises:
        SignInRequired: nobody is signed in.
    """
    viewer: Viewer | None = request.state.viewer
    permissions.may_keep_own_account(viewer).require()
    if viewer is None:
        raise LookupError("who keeps an account is signed in")
    return viewer


async def show(request: Request) -> Response:
    """Password, second factor, sessions."""
    viewer = own(request)
    context = {
        "has_password": await proofs.has_password(viewer),
        "sessions": await sessions.sessions_of(viewer, request.state.token, now=request.state.now),
    }
    return await page(request, "account/security.html", context)
