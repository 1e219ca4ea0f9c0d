"""One's own drafts of proposals: their list, one of them, what becomes of it."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import drafts
from forum.domain.proposals.drafts import DraftForm
from forum.errors import Invalid
from forum.web.plumbing.forms import Form, read_form
from forum.web.plumbing.page import page, refused, see_other
from forum.web.proposals.proposals import asks_for_a_draft, asks_what_is_near, limits, with_near


async def index(request: Request) -> Response:
    """Every draft of the reader's own."""
    return await page(request, "proposals/drafts.html", {"drafts": await drafts.list_drafts(request.state.viewer)})


async def show(request: Request) -> Response:
    """The form of a draft, and its answer: it is kept again, or sent."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, draft = request.state.viewer, request.state.now, request.path_params["draft"]
    if form is None:
        found = await drafts.read_draft(viewer, draft, now)
        first = Form.empty(formulation=found.wording, expose_des_motifs=found.body, questions=list(found.answered))
        return await page(request, "proposals/new.html", {**_desk(found), "form": first})
    if asks_what_is_near(form):
        found = await drafts.read_draft(viewer, draft, now)
        near = await with_near(found.theme, form, _desk(found))
        return await page(request, "proposals/new.html", {**near, "form": form})
    try:
        words = form.text("formulation"), form.text("expose_des_motifs"), form.integers("questions")
        if asks_for_a_draft(form):
            await drafts.change_draft(viewer, draft, *words, now)
            return see_other(request, "drafts", notice="brouillon-garde")
        reference = await drafts.submit_draft(viewer, draft, *words, now)
    except Invalid as problem:
        found = await drafts.read_draft(viewer, draft, now)
        return await refused(request, "proposals/new.html", _desk(found), form, problem)
    return see_other(request, "proposal", reference=reference, notice="proposition-faite")


def _desk(found: DraftForm) -> dict[str, object]:
    known = {"theme": found.theme, "questions": found.questions, "draft": found.id, "near": None}
    return {**known, "may_submit": found.may_submit, "may_save": found.may_save, **limits()}


async def delete(request: Request) -> Response:
    """Nothing stays of it."""
    await read_form(request)
    await drafts.delete_draft(request.state.viewer, request.path_params["draft"], request.state.now)
    return see_other(request, "drafts", notice="brouillon-supprime")
