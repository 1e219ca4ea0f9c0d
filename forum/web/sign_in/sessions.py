"""Signing in and out: the password, the code, the cookie, the way back; and the list of sessions.

Who may sign in, and whether a code is right, is decided in `forum/domain/sign_in/`.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.domain.members import identities, profiles
from forum.domain.sign_in import second_factors, sessions
from forum.domain.sign_in.sessions import OpenedSession
from forum.errors import Invalid, SignInRequired
from forum.web.plumbing.addresses import local_path, page_before
from forum.web.plumbing.callers import device, own, place_of
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form, asked_text
from forum.web.plumbing.middleware import forget_session, keep_session
from forum.web.plumbing.page import href, page, refused, see_other, unkept

_SIGN_IN = "session/sign_in.html"


async def _signing_in(request: Request, form: Form | None) -> Desk | Response:
    """The desk of the sign-in page; `suite` is the page that the person comes from."""
    if form is None and request.state.viewer is not None:
        return see_other(request, "home")
    asked = asked_text(request, "suite") or page_before(request)
    return Desk(first=Form.empty(suite=local_path(asked)))


@form_door(_SIGN_IN, _signing_in, kept=unkept)
async def sign_in(request: Request, form: Form) -> Response:
    """Sign in, then go back to the page before; with a second factor, by the page that asks for the code."""
    entry = await sessions.sign_in(
        form.text("identifiant"),
        form.text("mot_de_passe"),
        address=place_of(request),
        device=device(request),
        replacing=request.state.token,
        now=request.state.now,
    )
    return await entered(request, entry, form.values["suite"])


async def entered(request: Request, entry: OpenedSession, suite: str) -> Response:
    """The answer to somebody who proved who they are: their cookie, and the next page."""
    if entry.awaits_code:
        response: Response = see_other(request, "sign_in_code", suite=local_path(suite) or None)
    else:
        response = await _begun(request, entry.token, suite)
    keep_session(response, request.app.state.settings, entry.token)
    return response


async def _begun(request: Request, token: str, suite: str) -> Response:
    viewer = await sessions.viewer_of(token, now=request.state.now)
    if viewer is not None and viewer.lacks_factor:
        return see_other(request, "security", notice="facteur-demande")
    if viewer is not None and await profiles.must_read_charter_again(viewer):
        return see_other(request, "account", notice="charte-changee", suite=local_path(suite) or None)
    return RedirectResponse(local_path(suite) or href(request, "home"), 303)


async def _awaited(request: Request, form: Form | None) -> Desk | Response:
    if form is None and await sessions.awaiting(request.state.token, now=request.state.now) is None:
        return see_other(request, "sign_in")
    return Desk(first=Form.empty(suite=local_path(asked_text(request, "suite"))))


@form_door("session/code.html", _awaited, kept=unkept)
async def code(request: Request, form: Form) -> Response:
    """The second step: a code of the application, or a recovery code."""
    try:
        token = await second_factors.enter(request.state.token, form.text("code"), now=request.state.now)
    except SignInRequired as problem:
        # The session that waited has ended: ask for the password again, with the reason.
        empty = Form.empty(suite=local_path(form.values["suite"]))
        return unkept(await refused(request, _SIGN_IN, {}, empty, Invalid(problem.message, values=problem.values)))
    response = await _begun(request, token, form.values["suite"])
    keep_session(response, request.app.state.settings, token)
    return response


async def sign_out(request: Request) -> Response:
    """End this session, on the server too; then, if it was opened by a provider, the provider's own."""
    way = await identities.sign_out(request.state.token, now=request.state.now)
    request.state.viewer = None
    if way:
        response = unkept(await page(request, "providers/leave.html", {"way": way, "is_out": True}))
    else:
        response = see_other(request, "home", notice="deconnecte")
    forget_session(response, request.app.state.settings)
    return response


@button
async def revoke(request: Request, _: Form) -> Response:
    """End another session of one's own."""
    await sessions.close_one(own(request), request.path_params["session"])
    return see_other(request, "security", notice="session-fermee", fragment="sessions")


@button
async def revoke_all(request: Request, form: Form) -> Response:
    """End all one's own sessions, or all others."""
    viewer = own(request)
    if form.text("aussi") == "celle-ci":
        await sessions.close_all(viewer.id)
        response = see_other(request, "home", notice="deconnecte-partout")
        forget_session(response, request.app.state.settings)
        return response
    await sessions.close_all(viewer.id, keep=request.state.token)
    return see_other(request, "security", notice="sessions-fermees", fragment="sessions")
