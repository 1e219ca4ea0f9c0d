"""/compte/securite: a member's credentials and sessions. Each change has a page of its own."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.members import identities
from forum.domain.sign_in import credentials, proofs, second_factors, sessions
from forum.errors import NotFound
from forum.permissions import may_turn_factor_off
from forum.settings import settings
from forum.web.plumbing.callers import own
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.middleware import keep_session
from forum.web.plumbing.page import page, see_other, unkept


async def show(request: Request) -> Response:
    """Password, second factor, sessions."""
    viewer = own(request)
    context = {
        "has_password": await proofs.has_password(viewer),
        "may_turn_off": may_turn_factor_off(viewer, required=settings().sign_in.second_factor_for_staff),
        "factor": await second_factors.factor_of(viewer.id),
        "identities": await identities.own_identities(viewer),
        "sessions": await sessions.sessions_of(viewer, request.state.token, now=request.state.now),
    }
    return await page(request, "account/security.html", context)


async def _own_password(request: Request, _: Form | None) -> Desk:
    if not await proofs.has_password(own(request)):
        raise NotFound
    return Desk({"least": settings().passwords.minimum_length})


@form_door("account/password.html", _own_password, kept=unkept)
async def change_password(request: Request, form: Form) -> Response:
    """Change the password, given the current one; the other sessions end. A member without one (404) gets their first
    by the reset."""
    await _own_password(request, form)
    token = await credentials.change_password(
        own(request),
        request.state.token,
        current=form.text(proofs.FIELD),
        new=form.text("nouveau_mot_de_passe"),
        now=request.state.now,
    )
    response = see_other(request, "security", notice="mot-de-passe-change")
    keep_session(response, request.app.state.settings, token)
    return response
