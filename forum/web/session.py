"""Signing in and out: the form, the cookie, the way back. Who may sign in is decided in `forum/domain/sessions.py`."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.domain import sessions
from forum.errors import Invalid
from forum.web.addresses import local_path, page_before
from forum.web.forms import Form, asked_text, read_form
from forum.web.middleware import forget_session, keep_session
from forum.web.page import href, page, refused, see_other


async def show(request: Request) -> Response:
    """The sign-in form; `suite` is the page that one comes from."""
    if request.state.viewer is not None:
        return see_other(request, "home")
    asked = asked_text(request, "suite") or page_before(request)
    return _unkept(await page(request, "session/sign_in.html", {"form": Form.empty(suite=local_path(asked))}))


async def sign_in(request: Request) -> Response:
    """Sign in, then go back to where one came from."""
    form = await read_form(request)
    address = request.client.host if request.client else ""
    try:
        entry = await sessions.sign_in(
            form.text("identifiant"),
            form.text("mot_de_passe"),
            address=address,
            replacing=request.state.token,
            now=request.state.now,
        )
    except Invalid as problem:
        return _unkept(await refused(request, "session/sign_in.html", {}, form, problem))
    next_page = local_path(form.values["suite"]) or href(request, "home")
    response = RedirectResponse(next_page, 303)
    keep_session(response, request.app.state.settings, entry.token)
    return response


async def sign_out(request: Request) -> Response:
    """End this session, on the server too."""
    await sessions.close_session(request.state.token)
    response = see_other(request, "home", notice="deconnecte")
    forget_session(response, request.app.state.settings)
    return response


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
