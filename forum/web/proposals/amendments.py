"""Amending a proposal: its author changes it, everybody reads its versions, a moderator certifies corrections."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import amendments
from forum.domain.proposals.history import read_version, read_versions
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import page, see_other
from forum.web.proposals.proposals import beside_typed, limits


async def _amending(request: Request, form: Form | None) -> Desk:
    """The desk of an amendment; if somebody else was quicker, with the present words and what the typed ones would
    change."""
    desk = await amendments.amend_form(request.state.viewer, request.path_params["reference"], request.state.now)
    held, beside = desk.held, None
    if form is not None and form.values["remplace"] != "":
        beside = beside_typed(held.wording, held.body, form)
    return Desk(
        {"held": held, "questions": desk.questions, "needs_reason": desk.needs_reason, "beside": beside, **limits()},
        Form.empty(
            formulation=held.wording,
            expose_des_motifs=held.body,
            questions=list(desk.answered),
            version=held.mark,
        ),
        newer={"version": held.mark, "remplace": 1},
    )


@form_door("proposals/edit.html", _amending)
async def amend(request: Request, form: Form) -> Response:
    """The form that changes one's own proposal, and its answer."""
    reference = request.path_params["reference"]
    is_new = await amendments.amend(
        request.state.viewer,
        reference,
        form.text("formulation"),
        form.text("expose_des_motifs"),
        form.integers("questions"),
        form.text("motif"),
        form.integer("version") or 0,
        request.state.now,
    )
    notice = "proposition-modifiee" if is_new else "questions-enregistrees"
    return see_other(request, "proposal", reference=reference, notice=notice)


async def versions(request: Request) -> Response:
    """Every version, and what it changed in the one before."""
    found = await read_versions(request.state.viewer, request.path_params["reference"], request.state.now)
    return await page(request, "proposals/versions.html", {"found": found})


async def version(request: Request) -> Response:
    """One version as it was proposed: the address that citations lead to."""
    asked = request.path_params
    found = await read_version(asked["reference"], asked["version"])
    return await page(request, "proposals/version.html", {"version": found})


async def _certifying(request: Request, _: Form | None) -> Desk:
    asked, now = request.path_params, request.state.now
    found = await amendments.version_to_certify(request.state.viewer, asked["reference"], asked["version"], now)
    return Desk({"found": found, "version": found.find(asked["version"])})


@form_door("proposals/certify.html", _certifying)
async def certify(request: Request, form: Form) -> Response:
    """Certify that a version is only a correction, or undo that."""
    asked, undoes = request.path_params, form.text("acte") == "annuler"
    decide = amendments.uncertify if undoes else amendments.certify
    await decide(request.state.viewer, asked["reference"], asked["version"], form.text("motif"), request.state.now)
    notice = "correction-annulee" if undoes else "correction-certifiee"
    return see_other(request, "proposal_versions", reference=asked["reference"], notice=notice)
