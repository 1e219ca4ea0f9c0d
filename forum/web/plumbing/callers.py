"""Who asks, with what, from where?"""

from starlette.requests import Request

from forum.permissions import Viewer, demand, may_keep_own_account
from forum.text.devices import device_of


def own(request: Request) -> Viewer:
    """The member whose account this is.

    Raises:
        SignInRequired: nobody is signed in.
    """
    return demand(may_keep_own_account, request.state.viewer)


def device(request: Request) -> str:
    """The description by which the person recognises this browser."""
    return device_of(request.headers.get("user-agent", ""))


def place_of(request: Request) -> str:
    """The network address that a request comes from, as the server sees it."""
    return request.client.host if request.client else ""
