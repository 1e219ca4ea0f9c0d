"""/administration/invitations: the people invited, inviting one more or a whole file; and /invitation, where the link
leads."""

from starlette.requests import Request
from starlette.responses import Response

from forum import permissions
from forum.domain.members import invitations
from forum.domain.members.invitation_files import LONGEST_FILE, MOST_LINES, clean_guest
from forum.domain.members.invitations import InvitationState, LineOutcome
from forum.domain.members.particulars import typed_particulars
from forum.domain.sign_in import sessions
from forum.errors import Checks, Invalid
from forum.settings import settings
from forum.web.members.joining import token_of
from forum.web.plumbing.callers import device
from forum.web.plumbing.choices import asked_of_people
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form, asked_text, asked_turn
from forum.web.plumbing.page import href, page, refused, secret, see_other, sentence, unkept
from forum.web.sign_in.sessions import entered


async def index(request: Request) -> Response:
    """The invitations in one state, newest first."""
    asked = asked_text(request, "etat")
    state = InvitationState(asked) if asked in list(InvitationState) else InvitationState.WAITING
    turn = asked_turn(request)
    context = {
        "list": await invitations.list_invitations(request.state.viewer, state, request.state.now, turn),
        "states": tuple(InvitationState),
    }
    return await page(request, "invitations/index.html", context)


async def _inviting(request: Request, _: Form | None) -> Desk:
    permissions.demand(permissions.may_administer, request.state.viewer, request.state.now)
    people = settings().people
    known = {"professions": people.professions, "territories": people.territories}
    return Desk(known, Form.empty(langue=request.state.locale))


@form_door("invitations/new.html", _inviting)
async def invite(request: Request, form: Form) -> Response:
    """Invite one person."""
    permissions.demand(permissions.may_administer, request.state.viewer, request.state.now)
    guest = clean_guest(typed_particulars(form.text, "adresse"), language=form.text("langue"))
    await invitations.invite(request.state.viewer, guest, request.state.now)
    return see_other(request, "invitations", notice="invitation-envoyee")


async def _list(request: Request, _: Form | None) -> Desk:
    permissions.demand(permissions.may_administer, request.state.viewer, request.state.now)
    return Desk({"most_lines": MOST_LINES, "most_megabytes": LONGEST_FILE >> 20})


@form_door("invitations/file.html", _list, upload=LONGEST_FILE)
async def read_file(request: Request, form: Form) -> Response:
    """Read and keep a file or a pasted list; nothing is sent before its report was seen."""
    viewer, now, pasted = request.state.viewer, request.state.now, form.text("liste")
    checks = Checks()
    batch = 0
    with checks.field("liste" if pasted.strip() else "fichier"):
        if form.file and pasted.strip():
            raise Invalid("Choisissez un fichier, ou collez une liste : pas les deux.")
        batch = await (
            invitations.read_pasted(viewer, pasted, now)
            if pasted.strip()
            else invitations.read_file(viewer, form.file, now)
        )
    checks.done()
    return see_other(request, "invitation_batch", batch=batch)


async def report(request: Request) -> Response:
    """What each line of a file will do, or why it did nothing; problems come first."""
    batch = await invitations.find_batch(request.state.viewer, request.path_params["batch"], request.state.now)
    lines = batch.page(asked_turn(request))
    context = {
        "batch": batch,
        "counts": batch.counts(),
        "lines": lines,
        "aside": [(line, _said(request, line)) for line in lines.shown if not line.outcome.is_sent],
        "ready": [line for line in lines.shown if line.outcome.is_sent],
    }
    return unkept(await page(request, "invitations/report.html", context))


def _said(request: Request, line: invitations.FileLine) -> list[str]:
    """The problem with a line, or the reason why nothing is sent for it."""
    if line.outcome is LineOutcome.TWICE:
        return [sentence(request, Invalid("Cette adresse est déjà à la ligne {line}.", values={"line": line.first}))]
    if line.outcome is LineOutcome.MEMBER:
        return [sentence(request, Invalid("Cette personne est déjà membre."))]
    if line.outcome is LineOutcome.WAITING:
        return [sentence(request, Invalid("Cette personne a déjà une invitation, encore valable."))]
    return [sentence(request, problem) for problem in line.guest.problems]


@button
async def send(request: Request, _: Form) -> Response:
    """Send what a report announced; a second time does nothing."""
    batch = request.path_params["batch"]
    await invitations.send_batch(request.state.viewer, batch, request.state.now)
    return see_other(request, "invitation_batch", batch=batch)


@button
async def invite_again(request: Request, _: Form) -> Response:
    """A new link for an invitation that has ended, or whose mail got lost."""
    await invitations.invite_again(request.state.viewer, request.path_params["invitation"], request.state.now)
    return see_other(request, "invitations", notice="invitation-envoyee")


@button
async def withdraw(request: Request, _: Form) -> Response:
    """Withdraw an invitation."""
    await invitations.withdraw(request.state.viewer, request.path_params["invitation"], request.state.now)
    return see_other(request, "invitations", notice="invitation-retiree")


async def _opened(request: Request, form: Form | None) -> Desk | Response:
    """The desk of an invitation, while its link is good; otherwise (410) what to do next."""
    token = token_of(request, form)
    try:
        opened = await invitations.opened_by(token, request.state.now)
    except Invalid as ended:
        return secret(await refused(request, "invitations/dead_link.html", {}, Form.empty(), ended, 410))
    context = {"opened": opened, "guest": opened.guest, **asked_of_people()}
    first = Form.empty(
        jeton=token,
        nom=opened.guest.name,
        organisation=opened.guest.organisation,
        profession=opened.guest.profession,
        territoire=opened.guest.territory,
    )
    return Desk(context, first)


@form_door("invitations/accept.html", _opened, kept=secret)
async def accept(request: Request, form: Form) -> Response:
    """Where the link of an invitation leads: a form that begins with the details given by the administrator."""
    member = await invitations.accept(
        form.text("jeton"),
        typed_particulars(form.text, "mot_de_passe", "charte"),
        locale=request.state.locale,
        now=request.state.now,
    )
    await sessions.close_session(request.state.token)
    entry = await sessions.let_in(member.id, device=device(request), now=request.state.now)
    return await entered(request, entry, href(request, "account", fait="compte-ouvert"))
