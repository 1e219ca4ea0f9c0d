"""Joining: asking for an account, confirming it; and replacing a lost password.

A link in a mail leads to a form: programs that follow links, to check or preview them, do not use them up.
"""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.members import joining, lost_passwords
from forum.domain.members.particulars import typed_particulars
from forum.domain.sign_in import sessions
from forum.errors import Invalid
from forum.settings import settings
from forum.web.plumbing.callers import device, place_of
from forum.web.plumbing.choices import asked_of_people
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_text
from forum.web.plumbing.page import href, page, refused, secret, see_other, unkept
from forum.web.sign_in.sessions import entered


async def _signing_up(request: Request, _: Form | None) -> Desk | Response:
    if request.state.viewer is not None:
        return see_other(request, "account")
    return Desk(asked_of_people())


@form_door("joining/sign_up.html", _signing_up, kept=unkept)
async def sign_up(request: Request, form: Form) -> Response:
    """The form of an account; then the page that says to check one's mail, whether or not the address has an
    account."""
    if request.state.viewer is not None:
        return see_other(request, "account")
    typed = typed_particulars(form.text, "adresse", "mot_de_passe", "charte")
    await joining.ask_for_account(typed, address=place_of(request), locale=request.state.locale, now=request.state.now)
    return await _look_at_mail(request, form, "sign_up")


async def _look_at_mail(request: Request, form: Form, asked: str) -> Response:
    context = {"email": form.text("adresse").strip(), "asked": asked}
    return unkept(await page(request, "joining/look_at_mail.html", context))


def token_of(request: Request, form: Form | None) -> str:
    """The token of a link: from the form that it led to, or from its address."""
    return asked_text(request, "jeton") if form is None else form.values["jeton"]


async def _confirming(request: Request, form: Form | None) -> Desk | Response:
    """The desk of a confirmation, while its link is good; otherwise what to do next."""
    token = token_of(request, form)
    try:
        waiting = await joining.waiting_sign_up(token, request.state.now)
    except Invalid as ended:
        return await dead_link(request, ended, "sign_up")
    return Desk({"waiting": waiting}, Form.empty(jeton=token))


@form_door("joining/confirm.html", _confirming, kept=secret)
async def confirm(request: Request, form: Form) -> Response:
    """The link of a sign-up: with the chosen password, it opens the account and its first session."""
    member = await joining.confirm(
        form.text("jeton"),
        name=form.text("nom"),
        password=form.text("mot_de_passe"),
        address=place_of(request),
        now=request.state.now,
    )
    await sessions.close_session(request.state.token)
    entry = await sessions.let_in(member.id, device=device(request), now=request.state.now)
    return await entered(request, entry, href(request, "account", fait="compte-ouvert"))


async def _nothing(request: Request, _: Form | None) -> Desk:
    return Desk()


@form_door("joining/forgotten.html", _nothing, kept=unkept)
async def forgotten(request: Request, form: Form) -> Response:
    """Ask for a link to set a new password; the answer is the same whether or not the address has an account."""
    await lost_passwords.ask_for_link(form.text("adresse"), address=place_of(request), now=request.state.now)
    return await _look_at_mail(request, form, "forgotten_password")


async def _choosing(request: Request, form: Form | None) -> Desk | Response:
    token = token_of(request, form)
    try:
        name = await lost_passwords.whose_link(token, request.state.now)
    except Invalid as ended:
        return await dead_link(request, ended, "forgotten_password")
    return Desk({"name": name, "least": settings().passwords.minimum_length}, Form.empty(jeton=token))


@form_door("joining/new_password.html", _choosing, kept=secret)
async def new_password(request: Request, form: Form) -> Response:
    """The link to replace a lost password. It signs nobody in: the sign-in page asks for the second factor too."""
    await lost_passwords.choose(
        form.text("jeton"), form.text("nouveau_mot_de_passe"), address=place_of(request), now=request.state.now
    )
    return see_other(request, "sign_in", notice="mot-de-passe-choisi")


async def dead_link(request: Request, problem: Invalid, again: str) -> Response:
    """The page of a dead link (410): what happened, and the page `again` that sends another one."""
    return secret(await refused(request, "joining/dead_link.html", {"again": again}, Form.empty(), problem, 410))
