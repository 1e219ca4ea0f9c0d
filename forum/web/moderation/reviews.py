"""A contribution that moderators read before anybody: its author reads it, changes it or gives it up."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.moderation import reviews
from forum.web.discussion.writing import fields_of, source_of, writing
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other


async def _desk(request: Request, form: Form | None) -> Desk | Response:
    found = await reviews.read_pending(request.state.viewer, request.path_params["pending"], request.state.now)
    if found.post is not None:
        return see_other(request, "post", post=found.post)
    first = Form.empty(titre=found.title, version=found.version, **fields_of(found.source))
    context = {
        "pending": found,
        **await writing(form or first),
        "pieces": await reviews.pieces_of_source(found.source),
    }
    return Desk(context, first, newer={"version": found.version})


@form_door("moderation/pending.html", _desk)
async def show(request: Request, form: Form) -> Response:
    """A contribution that waits; the form changes it (acte=enregistrer) or takes it back (acte=retirer)."""
    viewer, pending, now = request.state.viewer, request.path_params["pending"], request.state.now
    if form.text("acte") == "retirer":
        await reviews.give_up(viewer, pending, now)
        return see_other(request, "pending_post", pending=pending, notice="contribution-en-attente-retiree")
    await reviews.edit_pending(viewer, pending, form.text("titre"), source_of(form), form.integer("version"), now)
    return see_other(request, "pending_post", pending=pending, notice="contribution-en-attente-modifiee")
