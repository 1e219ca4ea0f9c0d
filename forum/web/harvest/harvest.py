"""The harvest: what waits for a moderator, the desk where one contribution is read, and what is done there."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion.extracts import post_of
from forum.domain.harvest import anchored, harvest, inbox, treatments
from forum.domain.harvest.treatments import Desk
from forum.errors import Conflict, Invalid, InvalidForm
from forum.models.posts import Outcome
from forum.models.proposals import Nature
from forum.settings import settings
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn, read_form
from forum.web.plumbing.page import page, refused, see_other

# What is done to one extract, by the button that was pressed.
_NOTICES = {
    "changer": "extrait-change",
    "retirer": "extrait-retire",
    "rattacher": "extrait-rattache",
    "garder": "extrait-garde",
}


async def waiting(request: Request) -> Response:
    """What waits for this moderator, filtered as the address asks."""
    wanted = inbox.Wanted(
        theme=asked_integer(request, "theme", least=1),
        thread=asked_integer(request, "fil", least=1),
        meeting=asked_integer(request, "reunion", least=1),
    )
    found = await inbox.read_inbox(request.state.viewer, wanted, request.state.now, asked_turn(request))
    asked = {"theme": wanted.theme, "fil": wanted.thread, "reunion": wanted.meeting}
    filters = {name: value for name, value in asked.items() if value is not None}
    return await page(request, "harvest/inbox.html", {"inbox": found, "filters": filters})


async def keep(request: Request) -> Response:
    """The desk of one contribution; keep words of it."""
    viewer, now, post = request.state.viewer, request.state.now, request.path_params["post"]
    if request.method == "GET":
        words = asked_text(request, "mots", limit=settings().limits.post_characters)
        about = asked_text(request, "proposition", limit=20)
        form = Form.empty(mots=words, pres=asked_integer(request, "pres", 0), proposition=about)
        desk = await treatments.read_desk(viewer, post, now)
        return await page(request, "harvest/desk.html", {**_shown(desk), "form": form})
    form = await read_form(request)
    try:
        await harvest.harvest(
            viewer,
            post,
            _words(form),
            form.text("nature"),
            form.text("proposition"),
            now,
            near=form.integer("pres") or 0,
        )
    except Invalid as problem:
        return await _desk_again(request, post, form, problem)
    kept_for = form.text("proposition").strip() or None
    return see_other(request, "harvest", post=post, proposition=kept_for, notice="mots-retenus", fragment="retenir")


def _words(form: Form) -> str | None:
    """The words that were selected or pasted; None for the whole contribution, which is asked for by its box."""
    if form.checked("tout"):
        return None
    words = form.text("mots").strip()
    if not words:
        raise Invalid("Sélectionnez des mots, ou collez-les ici, ou cochez « Toute la contribution ».", field="mots")
    return words


def _shown(desk: Desk, *, edited: int | None = None) -> dict[str, Any]:
    return {"desk": desk, "natures": tuple(Nature), "edited": edited}


async def _desk_again(
    request: Request, post: int, form: Form, problem: Invalid | Conflict, *, edited: int | None = None
) -> Response:
    """The desk as it is now, with what was typed and why it is refused; 409 when somebody was quicker."""
    context = _shown(await treatments.read_desk(request.state.viewer, post, request.state.now), edited=edited)
    if isinstance(problem, Conflict):
        return await refused(request, "harvest/desk.html", context, form, Invalid(problem.message), status=409)
    return await refused(request, "harvest/desk.html", context, form, problem)


async def change(request: Request) -> Response:
    """Change one extract (acte=changer), give it up (retirer), move it to the newest words (rattacher), or not
    (garder)."""
    form = await read_form(request)
    extract = request.path_params["extract"]
    act = form.text("acte")
    try:
        post = await _change(request, extract, act, form)
    except Invalid as problem:
        own = [Invalid(p.message, field=p.field and f"{p.field}-{extract}", values=p.values) for p in problem.problems]
        return await _desk_again(request, await post_of(extract), form, InvalidForm(own), edited=extract)
    except Conflict as problem:
        return await _desk_again(request, await post_of(extract), form, problem, edited=extract)
    return see_other(request, "harvest", post=post, notice=_NOTICES.get(act, "extrait-change"), fragment="extraits")


async def _change(request: Request, extract: int, act: str, form: Form) -> int:
    viewer, now = request.state.viewer, request.state.now
    match act:
        case "retirer":
            return await harvest.remove(viewer, extract, now)
        case "rattacher":
            return await anchored.reanchor_extract(viewer, extract, form.text("vu"), now)
        case "garder":
            return await anchored.keep_words(viewer, extract, form.text("vu"), now)
        case _:
            return await harvest.revise(viewer, extract, form.text("nature"), form.text("proposition"), now)


async def treat(request: Request) -> Response:
    """End the reading of a contribution (acte=terminer or sans-suite), or begin it again (reprendre)."""
    form = await read_form(request)
    viewer, now, post = request.state.viewer, request.state.now, request.path_params["post"]
    if form.text("acte") == "reprendre":
        await treatments.reopen(viewer, post, now)
        return see_other(request, "harvest", post=post, notice="contribution-reprise")
    outcome = Outcome.NO_FOLLOW_UP if form.text("acte") == "sans-suite" else Outcome.TREATED
    try:
        await treatments.treat(viewer, post, outcome, form.text("motif"), form.text("vu"), now)
    except (Invalid, Conflict) as problem:
        return await _desk_again(request, post, form, problem)
    return see_other(request, "harvest", post=post, notice="contribution-traitee")
