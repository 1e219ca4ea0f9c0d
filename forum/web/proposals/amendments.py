"""A proposal takes other words: its author amends it, everybody reads its versions, a moderator says what they are."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import amendments
from forum.domain.proposals.amendments import AmendForm
from forum.domain.proposals.history import Versions, read_versions
from forum.errors import Conflict, Invalid
from forum.web.plumbing.forms import Form, read_form
from forum.web.plumbing.page import page, refused, see_other
from forum.web.proposals.proposals import limits


async def amend(request: Request) -> Response:
    """The form that changes one's own proposal, and its answer; 409 when it changed meanwhile."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    desk = await amendments.amend_form(viewer, reference, now)
    if form is None:
        return await page(request, "proposals/edit.html", {**_desk(desk), "form": _first(desk)})
    try:
        is_new = await amendments.amend(
            viewer,
            reference,
            form.text("formulation"),
            form.text("expose_des_motifs"),
            form.integers("questions"),
            form.text("motif"),
            form.integer("version") or 0,
            now,
        )
    except Conflict as problem:
        newer = await amendments.amend_form(viewer, reference, now)
        form = form.with_values(version=newer.held.version, remplace=1)
        return await _refused(request, newer, form, Invalid(problem.message), 409)
    except Invalid as problem:
        return await _refused(request, desk, form, problem, 422)
    notice = "proposition-modifiee" if is_new else "questions-enregistrees"
    return see_other(request, "proposal", reference=reference, notice=notice)


async def _refused(request: Request, desk: AmendForm, form: Form, problem: Invalid, status: int) -> Response:
    """The form again; once somebody was quicker, with what is there now and what the typed words would change of it."""
    beside = (
        amendments.beside(desk, form.values["formulation"], form.values["expose_des_motifs"])
        if form.values["remplace"]
        else None
    )
    return await refused(request, "proposals/edit.html", {**_desk(desk), "beside": beside}, form, problem, status)


def _first(desk: AmendForm) -> Form:
    held = desk.held
    return Form.empty(
        formulation=held.wording, expose_des_motifs=held.body, questions=list(desk.answered), version=held.version
    )


def _desk(desk: AmendForm) -> dict[str, object]:
    known = {"held": desk.held, "questions": desk.questions, "needs_reason": desk.needs_reason}
    return {**known, **limits(), "beside": None}


async def versions(request: Request) -> Response:
    """Every version, and what it changed of the one before."""
    found = await read_versions(request.state.viewer, request.path_params["reference"], request.state.now)
    return await page(request, "proposals/versions.html", {"found": found})


async def certify(request: Request) -> Response:
    """Say that a version only corrects the one before, or that it does not after all."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    version = request.path_params["version"]
    found = await amendments.version_to_certify(viewer, reference, version, now)
    if form is None:
        return await page(request, "proposals/certify.html", {**_one(found, version), "form": Form.empty()})
    undoes = form.text("acte") == "annuler"
    decide = amendments.uncertify if undoes else amendments.certify
    try:
        await decide(viewer, reference, version, form.text("motif"), now)
    except Invalid as problem:
        return await refused(request, "proposals/certify.html", _one(found, version), form, problem)
    notice = "correction-annulee" if undoes else "correction-certifiee"
    return see_other(request, "proposal_versions", reference=reference, notice=notice)


def _one(found: Versions, version: int) -> dict[str, object]:
    return {"found": found, "version": found.find(version)}
