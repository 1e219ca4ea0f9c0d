"""Meeting tags: of one contribution, those that wait, many at once in a theme."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import meeting_tags
from forum.domain.discussion.threads import find_post
from forum.domain.meetings import bulk_tags, unknown_tags, waiting_tags
from forum.domain.meetings.bulk_tags import Kind, SelectionFilter
from forum.domain.meetings.unknown_tags import UnknownChoice
from forum.errors import Checks, Invalid
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn, turned
from forum.web.plumbing.page import see_other, to_place


@button
async def tag(request: Request, form: Form) -> Response:
    """Link a contribution to a meeting, confirm a member's tag (acte=etiqueter), or remove one (acte=retirer)."""
    post = request.path_params["post"]
    act = meeting_tags.untag_post if form.text("acte") == "retirer" else meeting_tags.tag_post
    await act(request.state.viewer, post, form.integer("reunion"), request.state.now)
    return to_place(request, post, *await find_post(post), notice="etiquette-changee")


async def _waiting(request: Request, form: Form | None) -> Desk:
    turn = asked_turn(request)
    shown = await waiting_tags.list_waiting(request.state.viewer, request.state.now, turn)
    return Desk({"list": shown, "here": turned(turn)}, newer=None if form is None else {})


@form_door("meetings/waiting.html", _waiting)
async def queue(request: Request, form: Form) -> Response:
    """The tags that wait: confirm or refuse one by its button (acte=confirmer:12), or those ticked (acte=confirmer);
    choose what becomes of those that name a meeting which does not exist."""
    if form.text("acte") in list(UnknownChoice):
        return await _choose(request, form, UnknownChoice(form.text("acte")))
    act, _, one = form.text("acte").partition(":")
    tags = [int(one)] if one.isascii() and one.isdecimal() and len(one) < 10 else form.integers("etiquettes")
    confirm = _one_of(act, "confirmer", "refuser")
    await waiting_tags.settle_tags(request.state.viewer, tags, request.state.now, confirm=confirm)
    notice = "etiquettes-confirmees" if confirm else "etiquettes-refusees"
    return see_other(request, "waiting_tags", notice=notice, **turned(asked_turn(request)))


async def _choose(request: Request, form: Form, choice: UnknownChoice) -> Response:
    """Create a meeting that tags name, correct their number, or refuse them."""
    group, number, last = (form.integer(name) or 0 for name in ("groupe", "numero", "vu"))
    other = form.integer("reunion")
    await unknown_tags.settle_unknown(request.state.viewer, group, number, last, choice, other, request.state.now)
    return see_other(request, "waiting_tags", notice=_CHOSEN[choice], **turned(asked_turn(request)))


_CHOSEN = {
    UnknownChoice.CREATE: "reunion-demandee-creee",
    UnknownChoice.CORRECT: "etiquettes-corrigees",
    UnknownChoice.REFUSE: "etiquettes-refusees",
}


def _one_of(typed: str, yes: str, no: str) -> bool:
    """Which of two acts a button asks for."""
    if typed not in (yes, no):
        raise Invalid("Choisissez ce qu’il faut faire.")
    return typed == yes


async def _tag_selection(request: Request, form: Form) -> None:
    checks = Checks()
    meeting, posts, references, tie = None, [], [], True
    with checks.field("reunion"):
        meeting = form.integer("reunion")
    with checks.field("selection"):
        posts, references = form.integers("contributions"), form.texts("propositions")
        tie = _one_of(form.text("acte"), "etiqueter", "retirer")
    checks.done()
    await bulk_tags.tag_selection(
        request.state.viewer, request.path_params["number"], meeting, posts, references, request.state.now, tie=tie
    )


def _asked(request: Request) -> SelectionFilter:
    return SelectionFilter(
        thread=asked_integer(request, "fil", least=1),
        untagged=asked_text(request, "voir") == "sans",
        kind=next((kind for kind in Kind if kind.value == asked_text(request, "quoi")), None),
    )


def _filters(asked: SelectionFilter) -> dict[str, Any]:
    """The filters as parameters of an address."""
    return {"fil": asked.thread, "voir": "sans" if asked.untagged else None, "quoi": asked.kind}


async def _selection(request: Request, _: Form | None) -> Desk:
    """The desk of a selection: the form begins with the meeting whose page led here."""
    viewer, now, asked, turn = request.state.viewer, request.state.now, _asked(request), asked_turn(request)
    desk = await bulk_tags.tagging_desk(viewer, request.path_params["number"], asked, now, turn)
    told = request.method == "GET" and asked_text(request, "fait") == "selection-etiquetee"
    context = {
        "desk": desk,
        "theme": desk.theme,
        "report": await bulk_tags.last_report(viewer, desk.theme) if told else None,
        "filters": _filters(asked),
        "here": turned(turn),
    }
    return Desk(context, Form.empty(reunion=asked_integer(request, "reunion", least=1)))


@form_door("meetings/select.html", _selection)
async def select(request: Request, form: Form) -> Response:
    """Contributions and proposals of a theme to tick, then to link to a meeting of its group, or to unlink."""
    await _tag_selection(request, form)
    number, here = request.path_params["number"], _filters(_asked(request)) | turned(asked_turn(request))
    return see_other(request, "tag_selection", number=number, **here, notice="selection-etiquetee")
