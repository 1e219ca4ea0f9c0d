"""/compte: a member's own profile, the charter that they accepted, and their e-mail address."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.domain import legal
from forum.domain.members import address_changes, profiles
from forum.domain.members.corrections import own_correction
from forum.domain.members.particulars import mark_of, typed_particulars
from forum.domain.sign_in import proofs
from forum.domain.votes.exclusions import own_exclusions
from forum.errors import Invalid
from forum.models.joining import Purpose
from forum.web.members.joining import dead_link, token_of
from forum.web.plumbing.addresses import local_path
from forum.web.plumbing.callers import own
from forum.web.plumbing.choices import asked_of_people
from forum.web.plumbing.doors import Desk, Door, button, form_door
from forum.web.plumbing.forms import Form, asked_text
from forum.web.plumbing.page import page, secret, see_other, unkept


async def _profile(request: Request, form: Form | None) -> Desk:
    viewer = own(request)
    profile = await profiles.own_profile(viewer)
    context: dict[str, Any] = {
        **asked_of_people(profile.said.profession, profile.said.territory),
        "profile": profile,
        "change": await address_changes.pending_change(viewer, now=request.state.now),
        "charter": legal.charter_version(),
        "correction": await own_correction(viewer),
        "excluded": await own_exclusions(viewer, request.state.now),
        "suite": local_path(asked_text(request, "suite")),
        "other": form is not None and form.values["remplace"] != "",
    }
    mark = mark_of(profile.said.name, profile.said.organisation)
    return Desk(
        context,
        Form.empty(
            nom=profile.said.name,
            organisation=profile.said.organisation,
            profession=profile.said.profession,
            territoire=profile.said.territory,
            langue=profile.locale,
            vu=mark,
        ),
        newer={"vu": mark, "remplace": 1},
    )


@form_door("account/profile.html", _profile)
async def show(request: Request, form: Form) -> Response:
    """The profile, as a form."""
    viewer = own(request)
    typed, seen = typed_particulars(form.text), form.text("vu")
    await profiles.change_profile(viewer, typed, locale=form.text("langue"), seen=seen)
    return see_other(request, "account", notice="profil-garde")


@button
async def accept_charter(request: Request, form: Form) -> Response:
    """Accept the charter again, after it changed."""
    await profiles.accept_charter(own(request), form.text("version"), now=request.state.now)
    return see_other(request, "account", notice="charte-acceptee")


async def _moving(request: Request, _: Form | None) -> Desk:
    viewer = own(request)
    return Desk(
        {
            "profile": await profiles.own_profile(viewer),
            "change": await address_changes.pending_change(viewer, now=request.state.now),
            "has_password": await proofs.has_password(viewer),
        }
    )


@form_door("account/address.html", _moving, kept=unkept)
async def change_address(request: Request, form: Form) -> Response:
    """Change the address, to be confirmed from both mailboxes; the page shows the state of a change under way."""
    await address_changes.ask_for_change(
        own(request),
        request.state.token,
        email=form.text("nouvelle_adresse"),
        password=form.text(proofs.FIELD),
        now=request.state.now,
    )
    return see_other(request, "address", notice="adresse-demandee")


@button
async def give_up_address(request: Request, _: Form) -> Response:
    """Give up the change under way."""
    await address_changes.give_up(own(request))
    return see_other(request, "account", notice="adresse-abandonnee")


def _agree(purpose: Purpose) -> Door:
    """A mailbox agrees. Its reader need not be signed in: the mailboxes are the proof, not the session."""

    async def asked(request: Request, form: Form | None) -> Desk | Response:
        token = token_of(request, form)
        try:
            change = await address_changes.asked_by(token, purpose, request.state.now)
        except Invalid as problem:
            return await dead_link(request, problem, "address")
        return Desk({"asked": change, "is_old": purpose is Purpose.OLD_ADDRESS, "token": token})

    @form_door("account/agree.html", asked, kept=secret)
    async def agree(request: Request, form: Form) -> Response:
        try:
            is_done = await address_changes.agree(form.text("jeton"), purpose, request.state.now)
        except Invalid as problem:
            return await dead_link(request, problem, "address")
        return secret(await page(request, "account/agreed.html", {"is_done": is_done}))

    return agree


# The links sent to the two addresses.
agree_from_old, agree_from_new = _agree(Purpose.OLD_ADDRESS), _agree(Purpose.NEW_ADDRESS)


@button
async def send_confirmation(request: Request, _: Form) -> Response:
    """Send the link that confirms the address again."""
    await address_changes.send_confirmation(own(request), now=request.state.now)
    return see_other(request, "account", notice="confirmation-envoyee")


async def _confirming(request: Request, form: Form | None) -> Desk | Response:
    viewer, token = own(request), token_of(request, form)
    try:
        await address_changes.require_own_link(viewer, token, request.state.now)
    except Invalid as problem:
        return await dead_link(request, problem, "account")
    return Desk({"token": token})


@form_door("account/confirm_address.html", _confirming, kept=secret)
async def confirm_address(request: Request, form: Form) -> Response:
    """The link that confirms the address of the signed-in member."""
    try:
        await address_changes.confirm(own(request), form.text("jeton"), now=request.state.now)
    except Invalid as problem:
        return await dead_link(request, problem, "account")
    return see_other(request, "account", notice="adresse-confirmee")
