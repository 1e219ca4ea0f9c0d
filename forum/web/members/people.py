"""/administration: who has an account, and what administrators change about it. Each change has a page of its own."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum import permissions
from forum.domain.members import people
from forum.domain.members.people import AccountState, Asking, PeopleFilter, Rights
from forum.domain.sign_in import proofs
from forum.errors import Invalid
from forum.models.members import Role
from forum.permissions import Viewer
from forum.web.plumbing.choices import one_of
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn
from forum.web.plumbing.page import page, see_other, unkept


async def hub(request: Request) -> Response:
    """The start page of administrators."""
    _administrator(request)
    return await page(request, "people/hub.html", {})


async def index(request: Request) -> Response:
    """The people with an account, by name; the search is in the address of the page, an e-mail address never is."""
    desk = await _listed(request, None)
    return await page(request, "people/index.html", {**desk.context, "form": desk.first})


async def _listed(request: Request, _: Form | None) -> Desk:
    wanted = PeopleFilter(
        words=asked_text(request, "nom", limit=120),
        role=one_of(Role, asked_text(request, "role")),
        group=asked_integer(request, "groupe", least=1),
        state=one_of(AccountState, asked_text(request, "etat")),
    )
    filters = {"nom": wanted.words, "role": wanted.role, "groupe": wanted.group, "etat": wanted.state}
    context = {
        "list": await people.list_people(request.state.viewer, wanted, request.state.now, asked_turn(request)),
        "filters": {name: value for name, value in filters.items() if value},
        "roles": tuple(Role),
        "states": tuple(AccountState),
    }
    return Desk(context)


@form_door("people/index.html", _listed)
async def find(request: Request, form: Form) -> Response:
    """From an exact e-mail address, in the body of the request, to its owner's page."""
    found = await people.find_by_address(request.state.viewer, form.text("adresse"), request.state.now)
    return see_other(request, "person", member=found)


async def show(request: Request) -> Response:
    """One person, without their address."""
    return await page(request, "people/show.html", {**await _context(request), "email": ""})


@button
async def see_address(request: Request, _: Form) -> Response:
    """One person, with their address this once: the journal records who looked."""
    email = await people.see_address(request.state.viewer, request.path_params["member"], request.state.now)
    return unkept(await page(request, "people/show.html", {**await _context(request), "email": email}))


async def _desk(request: Request, _: Form | None) -> Desk:
    """The desk of one person; after somebody else's change it shows the present state, to which the form then
    applies."""
    context = await _context(request)
    context["has_password"] = await proofs.has_password(_administrator(request))
    asked: Rights = context["desk"].rights
    first = Form.empty(role=asked.role.value, groupes=sorted(asked.groups), vu=asked.mark)
    return Desk(context, first, newer={"vu": asked.mark})


async def _seen(request: Request, form: Form) -> str:
    """The mark of the page that was read; a program that sends none acts on the present state."""
    return form.text("vu", (await _context(request))["desk"].rights.mark)


def _person(request: Request, notice: str) -> Response:
    return see_other(request, "person", member=request.path_params["member"], notice=notice)


@form_door("people/rights.html", _desk, kept=unkept)
async def rights(request: Request, form: Form) -> Response:
    """Set role and groups; the administrator must prove who they are."""
    viewer, now, member = request.state.viewer, request.state.now, request.path_params["member"]
    asking = Asking(viewer, request.state.token, form.text(proofs.FIELD), await _seen(request, form))
    role = one_of(Role, form.text("role"))
    if role is None:
        raise Invalid("Choisissez un rôle.", field="role")
    await people.set_rights(asking, member, role, form.integers("groupes"), form.text("motif"), now)
    return _person(request, "droits-changes")


@form_door("people/suspension.html", _desk)
async def suspend(request: Request, form: Form) -> Response:
    """Suspend somebody until a moment, with a reason that they will read."""
    await people.suspend(
        request.state.viewer,
        request.path_params["member"],
        form.moment("jusqua"),
        form.text("motif"),
        await _seen(request, form),
        request.state.now,
    )
    return _person(request, "personne-suspendue")


@form_door("people/suspension.html", _desk)
async def lift(request: Request, form: Form) -> Response:
    """End a suspension now."""
    member, reason, seen = request.path_params["member"], form.text("motif"), await _seen(request, form)
    await people.lift_suspension(request.state.viewer, member, reason, seen, request.state.now)
    return _person(request, "suspension-levee")


@form_door("people/second_factor.html", _desk)
async def remove_factor(request: Request, form: Form) -> Response:
    """Remove the second factor of somebody who lost it."""
    member = request.path_params["member"]
    await people.remove_second_factor(request.state.viewer, member, form.text("motif"), request.state.now)
    return _person(request, "facteur-ote")


@button
async def send_reset(request: Request, _: Form) -> Response:
    """Mail somebody a link to choose a new password."""
    await people.send_reset(request.state.viewer, request.path_params["member"], request.state.now)
    return _person(request, "lien-envoye")


@button
async def close_sessions(request: Request, _: Form) -> Response:
    """Sign somebody out everywhere."""
    await people.close_sessions(request.state.viewer, request.path_params["member"], request.state.now)
    return _person(request, "sessions-terminees")


def _administrator(request: Request) -> Viewer:
    """Check that an administrator asks. Raises SignInRequired, NotAllowed."""
    return permissions.demand(permissions.may_administer, request.state.viewer, request.state.now)


async def _context(request: Request) -> dict[str, Any]:
    desk = await people.person_desk(request.state.viewer, request.path_params["member"], request.state.now)
    return {"desk": desk, "person": desk.person, "roles": tuple(Role)}
