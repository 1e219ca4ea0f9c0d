"""Joining: asking for an account, confirming it; and the password that somebody lost.

What a link of a mail leads to is a form: programs that follow links, to check or to show them, use nothing up.
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
from forum.web.plumbing.forms import Form, asked_text, read_form
from forum.web.plumbing.page import href, page, refused, secret, see_other, unkept
from forum.web.sign_in.sessions import entered


async def sign_up(request: Request) -> Response:
    """The form of an account; once sent, the page that says to look at one's mail, whoever has the address."""
    if request.state.viewer is not None:
        return see_other(request, "account")
    if request.method != "POST":
        return unkept(await page(request, "joining/sign_up.html", asked_of_people() | {"form": Form.empty()}))
    form = await read_form(request)
    try:
        typed = typed_particulars(form.text, "adresse", "mot_de_passe", "charte")
        await joining.ask_for_account(
            typed, address=place_of(request), locale=request.state.locale, now=request.state.now
        )
    except Invalid as problem:
        return unkept(await refused(request, "joining/sign_up.html", asked_of_people(), form, problem))
    return unkept(await page(request, "joining/look_at_mail.html", {"email": form.text("adresse").strip()}))


async def confirm(request: Request) -> Response:
    """The link of a sign-up: with the password that was chosen, the account and its first session."""
    if request.method != "POST":
        return await _confirmation(request, Form.empty(jeton=asked_text(request, "jeton")))
    form = await read_form(request)
    try:
        member = await joining.confirm(
            form.text("jeton"),
            name=form.text("nom"),
            password=form.text("mot_de_passe"),
            address=place_of(request),
            now=request.state.now,
        )
    except Invalid as problem:
        return await _confirmation(request, form, problem)
    await sessions.close_session(request.state.token)
    entry = await sessions.let_in(member.id, device=device(request), now=request.state.now)
    return await entered(request, entry, href(request, "account", fait="compte-ouvert"))


async def _confirmation(request: Request, form: Form, problem: Invalid | None = None) -> Response:
    """The form of a confirmation, while its link is good; otherwise what to do next."""
    try:
        context = {"waiting": await joining.waiting_sign_up(form.values["jeton"], request.state.now)}
    except Invalid as ended:
        return await dead_link(request, ended, "sign_up")
    if problem is not None:
        return secret(await refused(request, "joining/confirm.html", context, form, problem))
    return secret(await page(request, "joining/confirm.html", context | {"form": form}))


async def forgotten(request: Request) -> Response:
    """A link for a new password; the same answer whoever has the address."""
    if request.method != "POST":
        return unkept(await page(request, "joining/forgotten.html", {"form": Form.empty()}))
    form = await read_form(request)
    try:
        await lost_passwords.ask_for_link(form.text("adresse"), address=place_of(request), now=request.state.now)
    except Invalid as problem:
        return unkept(await refused(request, "joining/forgotten.html", {}, form, problem))
    return unkept(await page(request, "joining/look_at_mail.html", {"email": form.text("adresse").strip()}))


async def new_password(request: Request) -> Response:
    """The link of a lost password. It signs nobody in: the sign-in page asks for the second factor too."""
    if request.method != "POST":
        return await _new_password(request, Form.empty(jeton=asked_text(request, "jeton")))
    form = await read_form(request)
    try:
        await lost_passwords.choose(form.text("jeton"), form.text("nouveau_mot_de_passe"), request.state.now)
    except Invalid as problem:
        return await _new_password(request, form, problem)
    return see_other(request, "sign_in", notice="mot-de-passe-choisi")


async def _new_password(request: Request, form: Form, problem: Invalid | None = None) -> Response:
    try:
        name = await lost_passwords.whose_link(form.values["jeton"], request.state.now)
    except Invalid as ended:
        return await dead_link(request, ended, "forgotten_password")
    context = {"name": name, "least": settings().passwords.minimum_length}
    if problem is not None:
        return secret(await refused(request, "joining/new_password.html", context, form, problem))
    return secret(await page(request, "joining/new_password.html", context | {"form": form}))


async def dead_link(request: Request, problem: Invalid, again: str) -> Response:
    """A link that is good for nothing (410): what happened, and the page `again` that sends another one."""
    return secret(await refused(request, "joining/dead_link.html", {"again": again}, Form.empty(), problem, 410))
