"""Moderators move contributions of a thread to another one, all of them or some, put them back, and move a whole thread
to another theme."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion.threads import ThreadState
from forum.domain.moderation import theme_moves, thread_moves
from forum.domain.moderation.thread_acts import thread_to_arrange
from forum.domain.moderation.thread_moves import TypedMove
from forum.domain.themes.themes import ThemeHead
from forum.errors import Invalid
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_text
from forum.web.plumbing.page import refused, see_other

_MOVE = "threads/move.html"
_CHANGE = "threads/change_theme.html"


async def _moving(request: Request, form: Form | None, *, whole: bool) -> Desk | Response:
    """The desk of a move: first what is moved and where, by the address, then what will happen."""
    viewer, now = request.state.viewer, request.state.now
    state = await thread_to_arrange(viewer, request.path_params["thread"], now)
    chosen = {
        "numeros": form.values["numeros"] if form else asked_text(request, "numeros", limit=2000),
        "fil": form.values["fil"] if form else asked_text(request, "fil", limit=20),
        "theme": form.values["theme"] if form else asked_text(request, "theme", limit=20),
        "titre": form.values["titre"] if form else asked_text(request, "titre", limit=300),
    }
    newer = {"vu": state.mark}
    first = Form.empty(**chosen, **newer)
    themes = await _themes(request, state)
    others = await thread_moves.destinations(state, themes)
    context = {"state": state, "whole": whole, "themes": themes, "others": others, "moving": None}
    if not (chosen["fil"] or (chosen["titre"] and not whole)):
        return Desk(context, first, newer=newer)
    try:
        numbers = None if whole else chosen["numeros"]
        moving = await thread_moves.preview_move(viewer, state.id, numbers, _typed(first), now)
    except Invalid as problem:
        if form is None:
            return await refused(request, _MOVE, context, first, problem)
        return Desk(context, first, newer=newer)
    return Desk({**context, "moving": moving}, first, newer=newer)


def _typed(form: Form) -> TypedMove:
    return TypedMove(form.integer("fil"), form.text("titre"), form.integer("theme"))


async def _themes(request: Request, state: ThreadState) -> tuple[ThemeHead, ...]:
    """Where contributions of a thread may go, its own theme first."""
    found = await theme_moves.themes_to_move_to(request.state.viewer, request.state.now)
    others = () if state.theme.schedule.is_over(request.state.now) else found
    return (state.theme, *(each for each in others if each.id != state.theme.id))


async def _move(request: Request, form: Form, *, whole: bool) -> Response:
    thread = request.path_params["thread"]
    posts = None if whole else form.integers("contributions")
    other = await thread_moves.move_posts(
        request.state.viewer,
        thread,
        posts,
        _typed(form),
        form.text("motif"),
        form.integer("vu"),
        request.state.now,
    )
    return see_other(request, "thread", thread=other, notice="contributions-deplacees")


@form_door(_MOVE, partial(_moving, whole=False))
async def move(request: Request, form: Form) -> Response:
    """Move chosen contributions to a new thread or to another one."""
    return await _move(request, form, whole=False)


@form_door(_MOVE, partial(_moving, whole=True))
async def join(request: Request, form: Form) -> Response:
    """Move all contributions of a thread to another one: the two become one."""
    return await _move(request, form, whole=True)


async def _undoing(request: Request, _: Form | None) -> Desk:
    made = await thread_moves.move_to_undo(
        request.state.viewer, request.path_params["thread"], request.path_params["turn"], request.state.now
    )
    newer = {"vu": made.source.mark}
    return Desk({"made": made}, Form.empty(**newer), newer=newer)


@form_door("threads/undo_move.html", _undoing)
async def undo(request: Request, form: Form) -> Response:
    """Put moved contributions back where they were."""
    thread, turn = request.path_params["thread"], request.path_params["turn"]
    await thread_moves.undo_move(
        request.state.viewer, thread, turn, form.text("motif"), form.integer("vu"), request.state.now
    )
    return see_other(request, "thread", thread=thread, notice="contributions-remises")


async def _changing(request: Request, form: Form | None) -> Desk | Response:
    """The desk of a thread that changes theme: first which theme, by the address, then what will happen."""
    viewer, now = request.state.viewer, request.state.now
    state = await thread_to_arrange(viewer, request.path_params["thread"], now)
    theme = form.values["theme"] if form else asked_text(request, "theme", limit=20)
    newer = {"vu": state.mark}
    first = Form.empty(theme=theme, **newer)
    context = {"state": state, "themes": await _themes(request, state), "moving": None}
    if not theme:
        return Desk(context, first, newer=newer)
    try:
        moving = await theme_moves.preview_theme_move(viewer, state.id, first.integer("theme"), now)
    except Invalid as problem:
        if form is None:
            return await refused(request, _CHANGE, context, first, problem)
        return Desk(context, first, newer=newer)
    return Desk({**context, "moving": moving}, first, newer=newer)


@form_door(_CHANGE, _changing)
async def change_theme(request: Request, form: Form) -> Response:
    """Move a whole thread to another theme."""
    thread = request.path_params["thread"]
    await theme_moves.move_thread(
        request.state.viewer,
        thread,
        form.integer("theme"),
        form.text("motif"),
        form.integer("vu"),
        request.state.now,
    )
    return see_other(request, "thread", thread=thread, notice="fil-change-de-theme")
