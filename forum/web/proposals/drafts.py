"""A member's own drafts of proposals: the list, one of them, saving, sending, deleting."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import post_drafts
from forum.domain.proposals import drafts
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import page, see_other
from forum.web.proposals.proposals import (
    asks_for_a_draft,
    asks_what_is_near,
    beside_typed,
    limits,
    with_near,
    words_of,
)


async def index(request: Request) -> Response:
    """All the reader's own drafts: of contributions, then of proposals."""
    viewer = request.state.viewer
    written = await post_drafts.list_post_drafts(viewer)
    return await page(
        request, "proposals/drafts.html", {"written": written, "drafts": await drafts.list_drafts(viewer)}
    )


async def _desk(request: Request, form: Form | None) -> Desk:
    """The desk of a draft; if a name or a passage was taken out of it since, with its present words."""
    found = await drafts.read_draft(request.state.viewer, request.path_params["draft"], request.state.now)
    known = {"theme": found.theme, "questions": found.questions, "draft": found.id, "near": None}
    replaces = form is not None and form.values["remplace"] != ""
    beside = beside_typed(found.wording, found.body, form) if form and replaces else None
    return Desk(
        {**known, "beside": beside, "may_submit": found.may_submit, "may_save": found.may_save, **limits()},
        Form.empty(
            formulation=found.wording,
            expose_des_motifs=found.body,
            questions=list(found.answered),
            version=found.version,
        ),
        newer={"version": found.version, "remplace": 1},
    )


@form_door("proposals/new.html", _desk)
async def show(request: Request, form: Form) -> Response:
    """The form of a draft, and its answer: it is saved again, or sent."""
    viewer, now, draft = request.state.viewer, request.state.now, request.path_params["draft"]
    version = form.integer("version") or 1
    if asks_what_is_near(form):
        return await with_near(request, "proposals/new.html", await _desk(request, form), form)
    if asks_for_a_draft(form):
        await drafts.change_draft(viewer, draft, *words_of(form), now, version=version)
        return see_other(request, "drafts", notice="brouillon-garde")
    reference = await drafts.submit_draft(viewer, draft, *words_of(form), now, version=version)
    return see_other(request, "proposal", reference=reference, notice="proposition-faite")


@button
async def delete(request: Request, _: Form) -> Response:
    """Delete a draft entirely."""
    await drafts.delete_draft(request.state.viewer, request.path_params["draft"], request.state.now)
    return see_other(request, "drafts", notice="brouillon-supprime")
