"""Signing in with a provider of identities: leaving for it, coming back, the first time, linking, unlinking.

Everything here begins with a form of ours (POST). The way back is a GET, as the protocol requires: it works once, in
the browser that left.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from forum.domain.members import identities
from forum.domain.members.particulars import typed_particulars
from forum.domain.sign_in import proofs, providers, sessions, visits
from forum.errors import CahierError, Invalid, NotAllowed, NotFound, Unavailable
from forum.permissions import Viewer
from forum.web.plumbing.addresses import local_path
from forum.web.plumbing.callers import device, own, place_of
from forum.web.plumbing.choices import asked_of_people
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form, asked_text
from forum.web.plumbing.middleware import host_cookie
from forum.web.plumbing.page import page, see_other, unkept
from forum.web.plumbing.refusals import refusal_of
from forum.web.sign_in.sessions import entered

_FIRST_TIME = "providers/first_time.html"


@button
async def leave(request: Request, form: Form) -> Response:
    """The button of the sign-in page: on to the provider."""
    return await _leave(request, None, local_path(form.values["suite"]))


async def come_back(request: Request) -> Response:
    """Back from the provider: known people are signed in, unknown ones are asked who they are; or their account is
    linked."""
    _require_provider()
    if request.method == "HEAD":
        raise HTTPException(405)
    said = {name: asked_text(request, name) for name in ("state", "code", "iss", "error")}
    now = request.state.now
    try:
        visit = await visits.come_back(said["state"], _cookie(request), now=now)
        request.state.locale = visit.locale
        code = await providers.check_answer(said, now)
        person = await providers.identify(code, nonce=visit.nonce, verifier=visit.verifier, now=now)
        if visit.member is not None:
            return _forget_visit(request, await _link_own(request, visit.member, person))
        member = await identities.member_of(person)
        if member is not None:
            return _forget_visit(request, await _let_in(request, member, person, visit.suite))
        cookie = await visits.keep_waiting(person, suite=visit.suite, now=now)
    except (NotAllowed, Invalid, Unavailable) as problem:
        return await _refuse(request, problem)
    return _keep_visit(request, see_other(request, "first_time"), cookie, visits.CHOOSING.seconds)


async def _first_time(request: Request, _: Form | None) -> Desk | Response:
    """For somebody identified by the provider but unknown here: choose an account, or create one."""
    _require_provider()
    try:
        waiting = await visits.waiting(_cookie(request), now=request.state.now)
    except NotAllowed as problem:
        return await _refuse(request, problem)
    viewer: Viewer | None = request.state.viewer
    fresh = viewer is not None and await proofs.is_fresh(request.state.token, now=request.state.now)
    context = asked_of_people() | {
        "person": waiting.person,
        "asks_password": viewer is not None and not fresh and await proofs.has_password(viewer),
    }
    return Desk(context, Form.empty(nom=waiting.person.name))


@form_door(_FIRST_TIME, _first_time, kept=unkept)
async def link_first_time(request: Request, form: Form) -> Response:
    """« J’ai déjà un compte »: signing in to it, or having just done so, links it."""
    _require_provider()
    try:
        waiting = await visits.waiting(_cookie(request), now=request.state.now)
    except NotAllowed as problem:
        return await _refuse(request, problem)
    viewer: Viewer | None = request.state.viewer
    if viewer is None:
        return await _sign_in_to_link(request, form, waiting)
    await _require_fresh_proof(request, viewer, form)
    await identities.link(viewer, waiting.person, cookie=_cookie(request), now=request.state.now)
    return _forget_visit(request, see_other(request, "security", notice="identite-reliee"))


@form_door(_FIRST_TIME, _first_time, kept=unkept)
async def join_first_time(request: Request, form: Form) -> Response:
    """« Créer mon compte »: the identity opens the new account."""
    _require_provider()
    cookie = _cookie(request)
    try:
        waiting = await visits.waiting(cookie, now=request.state.now)
    except NotAllowed as problem:
        return await _refuse(request, problem)
    entry = await identities.join(
        waiting.person,
        typed=typed_particulars(form.text, "charte"),
        cookie=cookie,
        address=place_of(request),
        device=device(request),
        locale=request.state.locale,
        now=request.state.now,
    )
    if entry is None:
        context = {"email": waiting.person.email, "asked": "first_time"}
        return _forget_visit(request, unkept(await page(request, "joining/look_at_mail.html", context)))
    return _forget_visit(request, await entered(request, entry, waiting.suite))


async def _linking(request: Request, _: Form | None) -> Desk:
    viewer = own(request)
    _require_provider()
    return Desk({"has_password": await proofs.has_password(viewer)})


@form_door("account/link_identity.html", _linking, kept=unkept)
async def link(request: Request, form: Form) -> Response:
    """From the account page: go to the provider, to come back linked."""
    viewer = own(request)
    _require_provider()
    await proofs.require_proof(viewer, request.state.token, form.text(proofs.FIELD), now=request.state.now)
    return await _leave(request, viewer, "")


async def _unlinking(request: Request, _: Form | None) -> Desk:
    viewer, number = own(request), request.path_params["identity"]
    identity = next((one for one in await identities.own_identities(viewer) if one.id == number), None)
    if identity is None:
        raise NotFound
    return Desk({"has_password": await proofs.has_password(viewer), "identity": identity})


@form_door("account/unlink_identity.html", _unlinking, kept=unkept)
async def unlink(request: Request, form: Form) -> Response:
    """Unlink an identity from the account."""
    await _unlinking(request, form)
    viewer, number, token = own(request), request.path_params["identity"], request.state.token
    await proofs.require_proof(viewer, token, form.text(proofs.FIELD), now=request.state.now)
    await identities.unlink(viewer, number, token=token)
    return see_other(request, "security", notice="identite-retiree")


async def signed_out(request: Request) -> Response:
    """Back from the provider, whose session is ended too. Its answer is not read: nothing depends on it."""
    return see_other(request, "home", notice="deconnecte")


async def _leave(request: Request, viewer: Viewer | None, suite: str) -> Response:
    _require_provider()
    try:
        departure = await visits.leave(
            viewer=viewer,
            suite=suite,
            locale=request.state.locale,
            address=place_of(request),
            now=request.state.now,
        )
    except Unavailable as problem:
        return await _refuse(request, problem)
    response = unkept(await page(request, "providers/leave.html", {"way": departure.address, "is_out": False}))
    return _keep_visit(request, response, departure.cookie, visits.AWAY.seconds)


async def _let_in(request: Request, member: int, person: providers.ProvenPerson, suite: str) -> Response:
    """Open the session of somebody identified by the provider, or show the page that asks for their code."""
    entry = await identities.let_in(
        member, person, device=device(request), replacing=request.state.token, now=request.state.now
    )
    return await entered(request, entry, suite)


async def _link_own(request: Request, member: int, person: providers.ProvenPerson) -> Response:
    """Back to link the account that the visit began from; somebody else may have signed in here meanwhile."""
    viewer: Viewer | None = request.state.viewer
    if viewer is None or viewer.id != member:
        raise NotAllowed(visits.STRANGE)
    await identities.link(viewer, person, now=request.state.now)
    return see_other(request, "security", notice="identite-reliee")


async def _sign_in_to_link(request: Request, form: Form, waiting: visits.WaitingVisit) -> Response:
    """The password proves the account; a second factor, if any, must be proved before anything is linked."""
    entry = await sessions.sign_in(
        form.text("identifiant"),
        form.text("mot_de_passe"),
        address=place_of(request),
        device=device(request),
        now=request.state.now,
    )
    if entry.awaits_code:
        return await entered(request, entry, "/connexion/premiere-fois")
    viewer = await sessions.viewer_of(entry.token, now=request.state.now)
    if viewer is None:
        raise LookupError("a session that was just opened is somebody's")
    await identities.link(viewer, waiting.person, cookie=_cookie(request), now=request.state.now)
    return _forget_visit(request, await entered(request, entry, waiting.suite))


async def _require_fresh_proof(request: Request, viewer: Viewer, form: Form) -> None:
    if not await proofs.is_fresh(request.state.token, now=request.state.now):
        await proofs.require_proof(viewer, request.state.token, form.text(proofs.FIELD), now=request.state.now)


async def _refuse(request: Request, problem: CahierError) -> Response:
    """The page that says why nobody was signed in, with a link to the sign-in page, where a password works too."""
    refusal = refusal_of(request, problem)
    response = unkept(await page(request, "providers/refused.html", {"refusal": refusal}, refusal.status))
    response.headers.update(refusal.headers)
    return response


def _require_provider() -> None:
    """Without a provider in the settings these addresses do not exist."""
    if not providers.enabled():
        raise NotFound


def _cookie(request: Request) -> str:
    return request.cookies.get(_cookie_name(request), "")


def _cookie_name(request: Request) -> str:
    return host_cookie(request.app.state.settings, "visite")


def _keep_visit(request: Request, response: Response, value: str, seconds: int) -> Response:
    """Set the cookie that holds the browser's half of a visit; Lax, since the provider sends the browser back to us."""
    response.set_cookie(
        _cookie_name(request),
        value,
        max_age=seconds,
        path="/",
        secure=request.app.state.settings.site.secure,
        httponly=True,
        samesite="lax",
    )
    return response


def _forget_visit(request: Request, response: Response) -> Response:
    secure = request.app.state.settings.site.secure
    response.delete_cookie(_cookie_name(request), path="/", secure=secure, httponly=True, samesite="lax")
    return response
