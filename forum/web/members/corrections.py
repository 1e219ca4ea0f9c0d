"""/administration/personnes/N/nom: the name or the organisation of somebody, corrected by an administrator."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.members import corrections
from forum.domain.members.corrections import GROUNDS, TypedCorrection
from forum.domain.members.particulars import mark_of
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other


async def _desk(request: Request, _: Form | None) -> Desk:
    desk = await corrections.correction_desk(request.state.viewer, request.path_params["member"], request.state.now)
    person = desk.person
    mark = mark_of(person.name, person.organisation)
    first = Form.empty(nom=person.name, organisation=person.organisation, vu=mark)
    return Desk({"person": person, "grounds": GROUNDS}, first, newer={"vu": mark})


@form_door("people/correction.html", _desk)
async def correct(request: Request, form: Form) -> Response:
    """Give somebody another name or organisation; a program that sends no mark acts on the present words."""
    viewer, now, member = request.state.viewer, request.state.now, request.path_params["member"]
    person = (await corrections.correction_desk(viewer, member, now)).person
    typed = TypedCorrection(
        name=form.text("nom"),
        organisation=form.text("organisation"),
        ground=form.text("regle"),
        reason=form.text("motif"),
        seen=form.text("vu", mark_of(person.name, person.organisation)),
    )
    await corrections.correct_person(viewer, member, typed, now)
    return see_other(request, "person", member=member, notice="nom-corrige")
