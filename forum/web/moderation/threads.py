"""Moderators act on a thread: they rename it, lock it, pin it, and undo that."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion.thread_notes import notes_of
from forum.domain.moderation import thread_acts
from forum.models.threads import ThreadAct
from forum.web.plumbing.doors import Desk, Door, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other


async def _desk(request: Request, _: Form | None, *, act: ThreadAct) -> Desk:
    """What the moderator sees before they act; if somebody else was quicker, what that person did."""
    state = await thread_acts.thread_to_arrange(request.state.viewer, request.path_params["thread"], request.state.now)
    notes = await notes_of(state.id) if state.turns else ()
    newer = {"vu": state.mark}
    return Desk({"state": state, "act": act, "notes": notes}, Form.empty(titre=state.title, **newer), newer=newer)


@form_door("threads/arrange.html", partial(_desk, act=ThreadAct.RENAMED))
async def rename(request: Request, form: Form) -> Response:
    """Give a thread another title."""
    thread = request.path_params["thread"]
    await thread_acts.rename_thread(
        request.state.viewer, thread, form.text("titre"), form.text("motif"), form.integer("vu"), request.state.now
    )
    return see_other(request, "thread", thread=thread, notice="fil-renomme")


def _setting(act: ThreadAct, notice: str) -> Door:
    @form_door("threads/arrange.html", partial(_desk, act=act))
    async def door(request: Request, form: Form) -> Response:
        thread = request.path_params["thread"]
        await thread_acts.set_thread(
            request.state.viewer, thread, act, form.text("motif"), form.integer("vu"), request.state.now
        )
        return see_other(request, "thread", thread=thread, notice=notice)

    return door


lock = _setting(ThreadAct.LOCKED, "fil-verrouille")
unlock = _setting(ThreadAct.UNLOCKED, "fil-deverrouille")
pin = _setting(ThreadAct.PINNED, "fil-epingle")
unpin = _setting(ThreadAct.UNPINNED, "fil-desepingle")
