"""What somebody has not read yet: the list of it, where to go on, how far they have come."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import thread_reads, threads
from forum.domain.discussion.thread_pages import page_start
from forum.domain.discussion.thread_reads import list_unread, mark_read
from forum.errors import Invalid
from forum.web.plumbing.doors import button
from forum.web.plumbing.forms import Form, asked_turn, turned
from forum.web.plumbing.page import page, see_other, to_place

_MARK: Final = re.compile(r"([1-9][0-9]{0,9})-([0-9]{1,9})")


async def unread(request: Request) -> Response:
    """The threads that have something new; a button marks them as read, since looking must change nothing."""
    found = await list_unread(request.state.viewer, asked_turn(request))
    return await page(request, "threads/unread.html", {"threads": found, "turn": turned(request.state.turn)})


async def resume(request: Request) -> Response:
    """To the first contribution of a thread that this member has not read."""
    state = await threads.thread_state(request.path_params["thread"])
    found = await thread_reads.place_to_resume(request.state.viewer, state.id)
    if found is None:
        return see_other(request, "thread", thread=state.id)
    post, number = found
    return to_place(request, post, state.id, page_start(number))


@button
async def read(request: Request, form: Form) -> Response:
    """Note how far threads were read: of a thread, which is shown again, or of the list of what is unread."""
    marks = {}
    for typed in form.texts("lus"):
        found = _MARK.fullmatch(typed)
        if found is None:
            raise Invalid("Ce fil n’existe pas.")
        marks[int(found[1])] = int(found[2])
    await mark_read(request.state.viewer, marks, request.state.now)
    thread = form.integer("fil")
    if thread is None:
        return see_other(request, "unread", notice="fils-lus", **turned(asked_turn(request)))
    after = page_start(marks.get(thread, 1))
    return see_other(request, "thread", thread=thread, apres=after or None, notice="fil-lu")
