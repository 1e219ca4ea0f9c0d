"""/compte: what a member says of themselves, the charter that they accepted, the address that they are written to."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.domain import legal
from forum.domain.members import address_changes, profiles
from forum.domain.members.particulars import typed_particulars
from forum.domain.members.profiles import Profile
from forum.domain.sign_in import proofs
from forum.errors import Invalid
from forum.models.joining import Purpose
from forum.permissions import Viewer
from forum.web.members.joining import dead_link
from forum.web.plumbing.addresses import local_path
from forum.web.plumbing.callers import own
from forum.web.plumbing.choices import asked_of_people
from forum.web.plumbing.forms import Form, asked_text, read_form
from forum.web.plumbing.page import page, refused, secret, see_other, unkept


async def show(request: Request) -> Response:
    """The profile, as a form."""
    viewer = own(request)
    profile = await profiles.own_profile(viewer)
    if request.method != "POST":
        form = Form.empty(
            nom=profile.said.name,
            organisation=profile.said.organisation,
            profession=profile.said.profession,
            territoire=profile.said.territory,
            langue=profile.locale,
        )
        return await page(request, "account/profile.html", await _about(request, viewer, profile) | {"form": form})
    form = await read_form(request)
    try:
        await profiles.change_profile(viewer, typed_particulars(form.text), locale=form.text("langue"))
    except Invalid as problem:
        return await refused(request, "account/profile.html", await _about(request, viewer, profile), form, problem)
    return see_other(request, "account", notice="profil-garde")


async def _about(request: Request, viewer: Viewer, profile: Profile) -> dict[str, Any]:
    return {
        **asked_of_people(profile.said.profession, profile.said.territory),
        "profile": profile,
        "change": await address_changes.pending_change(viewer, now=request.state.now),
        "charter": legal.charter_version(),
        "suite": local_path(asked_text(request, "suite")),
    }


async def accept_charter(request: Request) -> Response:
    """The charter changed since it was accepted: it is accepted anew."""
    viewer = own(request)
    form = await read_form(request)
    await profiles.accept_charter(viewer, form.text("version"), now=request.state.now)
    return see_other(request, "account", notice="charte-acceptee")


async def change_address(request: Request) -> Response:
    """Another address, to be confirmed at both ends; the page says where a change under way stands."""
    viewer = own(request)
    profile = await profiles.own_profile(viewer)
    context: Mapping[str, Any] = {
        "profile": profile,
        "change": await address_changes.pending_change(viewer, now=request.state.now),
        "has_password": await proofs.has_password(viewer),
    }
    if request.method != "POST":
        return unkept(await page(request, "account/address.html", {**context, "form": Form.empty()}))
    form = await read_form(request)
    try:
        await address_changes.ask_for_change(
            viewer,
            request.state.token,
            email=form.text("nouvelle_adresse"),
            password=form.text(proofs.FIELD),
            now=request.state.now,
        )
    except Invalid as problem:
        return unkept(await refused(request, "account/address.html", context, form, problem))
    return see_other(request, "address", notice="adresse-demandee")


async def give_up_address(request: Request) -> Response:
    """The change under way is given up."""
    viewer = own(request)
    await read_form(request)
    await address_changes.give_up(viewer)
    return see_other(request, "account", notice="adresse-abandonnee")


async def agree_from_old(request: Request) -> Response:
    """The link that went to the old address."""
    return await _agree(request, Purpose.OLD_ADDRESS)


async def agree_from_new(request: Request) -> Response:
    """The link that went to the new address."""
    return await _agree(request, Purpose.NEW_ADDRESS)


async def _agree(request: Request, purpose: Purpose) -> Response:
    """A box says yes. Whoever reads it need not be signed in: the two boxes are asked, not the session."""
    now = request.state.now
    try:
        if request.method != "POST":
            token = asked_text(request, "jeton")
            asked = await address_changes.asked_by(token, purpose, now)
            context = {"asked": asked, "is_old": purpose is Purpose.OLD_ADDRESS, "token": token}
            return secret(await page(request, "account/agree.html", context))
        form = await read_form(request)
        is_done = await address_changes.agree(form.text("jeton"), purpose, now)
    except Invalid as problem:
        return await dead_link(request, problem, "address")
    return secret(await page(request, "account/agreed.html", {"is_done": is_done}))


async def send_confirmation(request: Request) -> Response:
    """Once more the link that confirms the address."""
    viewer = own(request)
    await read_form(request)
    await address_changes.send_confirmation(viewer, now=request.state.now)
    return see_other(request, "account", notice="confirmation-envoyee")


async def confirm_address(request: Request) -> Response:
    """The link that confirms the address of who is signed in."""
    viewer = own(request)
    try:
        if request.method != "POST":
            token = asked_text(request, "jeton")
            await address_changes.require_own_link(viewer, token, request.state.now)
            return secret(await page(request, "account/confirm_address.html", {"token": token}))
        form = await read_form(request)
        await address_changes.confirm(viewer, form.text("jeton"), now=request.state.now)
    except Invalid as problem:
        return await dead_link(request, problem, "account")
    return see_other(request, "account", notice="adresse-confirmee")
