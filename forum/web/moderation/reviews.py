"""A contribution that moderators read before anybody: its author reads it, changes it or gives it up."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.moderation import reviews
from forum.settings import settings
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other


async def _desk(request: Request, _: Form | None) -> Desk | Response:
    found = await reviews.read_pending(request.state.viewer, request.path_params["pending"], request.state.now)
    if found.post is not None:
        return see_other(request, "post", post=found.post)
    first = Form.empty(titre=found.title, source=found.source, version=found.version)
    context = {
        "pending": found,
        "pieces": await reviews.pieces_of_source(found.source),
        "limit": settings().limits.post_characters,
    }
    return Desk(context, first, newer={"version": found.version})


@form_door("moderation/pending.html", _desk)
async def show(request: Request, form: Form) -> Response:
    """A contribution that waits; the form changes it (acte=enregistrer) or takes it back (acte=retirer)."""
    viewer, pending, now = request.state.viewer, request.path_params["pending"], request.state.now
    if form.text("acte") == "retirer":
        await reviews.give_up(viewer, pending, now)
        return see_other(request, "pending_post", pending=pending, notice="contribution-en-attente-retiree")
    await reviews.edit_pending(viewer, pending, form.text("titre"), form.text("source"), form.integer("version"), now)
    return see_other(request, "pending_post", pending=pending, notice="contribution-en-attente-modifiee")
