"""/administration: who has an account, and what administrators change about it. Each change has a page of its own."""

from enum import StrEnum
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from forum import permissions
from forum.domain.members import people
from forum.domain.members.people import Asking, PersonDesk, State, Wanted
from forum.domain.sign_in import proofs
from forum.errors import Conflict, Invalid
from forum.models.members import Role
from forum.permissions import Viewer
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn, read_form
from forum.web.plumbing.page import page, refused, see_other, unkept


async def hub(request: Request) -> Response:
    """Where administrators begin."""
    _administrator(request)
    return await page(request, "people/hub.html", {})


async def index(request: Request) -> Response:
    """Who has an account, by name; the search is in the address of the page, an e-mail address never is."""
    return await _index(request, Form.empty())


async def find(request: Request) -> Response:
    """From an exact address, in the body of the request, to its owner's page."""
    form = await read_form(request)
    try:
        found = await people.find_by_address(request.state.viewer, form.text("adresse"), request.state.now)
    except Invalid as problem:
        return await refused(request, "people/index.html", await _listed(request), form, problem)
    return see_other(request, "person", member=found)


async def _index(request: Request, form: Form) -> Response:
    return await page(request, "people/index.html", {**await _listed(request), "form": form})


async def _listed(request: Request) -> dict[str, Any]:
    wanted = Wanted(
        words=asked_text(request, "nom", limit=120),
        role=_one_of(Role, asked_text(request, "role")),
        group=asked_integer(request, "groupe", least=1),
        state=_one_of(State, asked_text(request, "etat")),
    )
    filters = {"nom": wanted.words, "role": wanted.role, "groupe": wanted.group, "etat": wanted.state}
    return {
        "list": await people.list_people(request.state.viewer, wanted, request.state.now, asked_turn(request)),
        "filters": {name: value for name, value in filters.items() if value},
        "roles": tuple(Role),
        "states": tuple(State),
    }


Kind = TypeVar("Kind", bound=StrEnum)


def _one_of(kind: type[Kind], value: str) -> Kind | None:
    return next((one for one in kind if one == value), None)


async def show(request: Request) -> Response:
    """One person, without their address."""
    return await page(request, "people/show.html", {**await _context(request), "email": ""})


async def see_address(request: Request) -> Response:
    """The same page with the address, once: the journal keeps who looked."""
    await read_form(request)
    email = await people.see_address(request.state.viewer, request.path_params["member"], request.state.now)
    return unkept(await page(request, "people/show.html", {**await _context(request), "email": email}))


async def rights(request: Request) -> Response:
    """Role and groups; whoever changes them proves who they are."""
    form = await read_form(request) if request.method == "POST" else None
    context = await _context(request)
    desk: PersonDesk = context["desk"]
    context["has_password"] = await proofs.has_password(_administrator(request))
    if form is None:
        return unkept(await page(request, "people/rights.html", {**context, "form": _first(desk)}))
    try:
        asking = Asking(
            request.state.viewer, request.state.token, form.text(proofs.FIELD), form.text("vu", _seen(desk))
        )
        role = _one_of(Role, form.text("role"))
        if role is None:
            raise Invalid("Choisissez un rôle.", field="role")
        groups = form.integers("groupes")
        await people.set_rights(asking, desk.person.id, role, groups, form.text("motif"), request.state.now)
    except (Invalid, Conflict) as problem:
        return await _refused(request, "people/rights.html", context, form, problem)
    return see_other(request, "person", member=desk.person.id, notice="droits-changes")


async def suspend(request: Request) -> Response:
    """Suspend somebody until a moment, with the reason that they read."""
    form = await read_form(request) if request.method == "POST" else None
    context = await _context(request)
    desk: PersonDesk = context["desk"]
    if form is None:
        return await page(request, "people/suspension.html", {**context, "form": _first(desk)})
    try:
        await people.suspend(
            request.state.viewer,
            desk.person.id,
            form.moment("jusqua"),
            form.text("motif"),
            form.text("vu", _seen(desk)),
            request.state.now,
        )
    except (Invalid, Conflict) as problem:
        return await _refused(request, "people/suspension.html", context, form, problem)
    return see_other(request, "person", member=desk.person.id, notice="personne-suspendue")


async def lift(request: Request) -> Response:
    """End a suspension now."""
    form = await read_form(request)
    context = await _context(request)
    desk: PersonDesk = context["desk"]
    try:
        mark = form.text("vu", _seen(desk))
        await people.lift_suspension(request.state.viewer, desk.person.id, form.text("motif"), mark, request.state.now)
    except (Invalid, Conflict) as problem:
        return await _refused(request, "people/suspension.html", context, form, problem)
    return see_other(request, "person", member=desk.person.id, notice="suspension-levee")


async def remove_factor(request: Request) -> Response:
    """Take away the second factor of somebody who lost it."""
    form = await read_form(request) if request.method == "POST" else None
    context = await _context(request)
    member = context["desk"].person.id
    if form is None:
        return await page(request, "people/second_factor.html", {**context, "form": Form.empty()})
    try:
        await people.remove_second_factor(request.state.viewer, member, form.text("motif"), request.state.now)
    except Invalid as problem:
        return await refused(request, "people/second_factor.html", context, form, problem)
    return see_other(request, "person", member=member, notice="facteur-ote")


async def send_reset(request: Request) -> Response:
    """Mail somebody a link to choose a new password."""
    await read_form(request)
    member = request.path_params["member"]
    await people.send_reset(request.state.viewer, member, request.state.now)
    return see_other(request, "person", member=member, notice="lien-envoye")


async def close_sessions(request: Request) -> Response:
    """Sign somebody out everywhere."""
    await read_form(request)
    member = request.path_params["member"]
    await people.close_sessions(request.state.viewer, member, request.state.now)
    return see_other(request, "person", member=member, notice="sessions-terminees")


def _administrator(request: Request) -> Viewer:
    """Raises:
    SignInRequired, NotAllowed: whoever asks is no administrator.
    """
    return permissions.demand(permissions.may_administer, request.state.viewer, request.state.now)


async def _context(request: Request) -> dict[str, Any]:
    desk = await people.person_desk(request.state.viewer, request.path_params["member"], request.state.now)
    return {"desk": desk, "person": desk.person, "roles": tuple(Role)}


def _seen(desk: PersonDesk) -> str:
    """A program that sends no mark judges on what is now."""
    return desk.rights.mark


def _first(desk: PersonDesk) -> Form:
    return Form.empty(role=desk.rights.role.value, groupes=sorted(desk.rights.groups), vu=desk.rights.mark)


async def _refused(
    request: Request, template: str, context: dict[str, Any], form: Form, problem: Invalid | Conflict
) -> Response:
    """What was typed stays. After somebody else's change the page says what is now; sent again, it is about that."""
    if isinstance(problem, Invalid):
        return unkept(await refused(request, template, context, form, problem))
    context |= await _context(request)
    form = form.with_values(vu=context["desk"].rights.mark)
    return unkept(await refused(request, template, context, form, Invalid(problem.message), status=409))
