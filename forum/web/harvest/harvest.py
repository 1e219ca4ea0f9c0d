"""The harvest: the contributions that wait for a moderator, the desk where one is read, and the acts there."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion.extracts import post_of
from forum.domain.harvest import anchored, harvest, inbox, treatments
from forum.errors import Invalid, InvalidForm
from forum.models.posts import Outcome
from forum.models.proposals import Nature
from forum.settings import settings
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn
from forum.web.plumbing.page import page, see_other

_TEMPLATE = "harvest/desk.html"
# The act on an extract, by the button that was pressed.
_NOTICES = {
    "changer": "extrait-change",
    "retirer": "extrait-retire",
    "rattacher": "extrait-rattache",
    "garder": "extrait-garde",
}


async def waiting(request: Request) -> Response:
    """The contributions that wait for this moderator, filtered as the address asks."""
    wanted = inbox.InboxFilter(
        theme=asked_integer(request, "theme", least=1),
        thread=asked_integer(request, "fil", least=1),
        meeting=asked_integer(request, "reunion", least=1),
    )
    found = await inbox.read_inbox(request.state.viewer, wanted, request.state.now, asked_turn(request))
    asked = {"theme": wanted.theme, "fil": wanted.thread, "reunion": wanted.meeting}
    filters = {name: value for name, value in asked.items() if value is not None}
    return await page(request, "harvest/inbox.html", {"inbox": found, "filters": filters})


async def _desk(request: Request, _: Form | None) -> Desk:
    """One contribution to read; the form begins with the words and the proposal that the address names."""
    words = asked_text(request, "mots", limit=settings().limits.post_characters)
    about = asked_text(request, "proposition", limit=20)
    first = Form.empty(mots=words, pres=asked_integer(request, "pres", 0), proposition=about)
    return await _read(request, request.path_params["post"], first=first)


async def _read(request: Request, post: int, *, first: Form | None = None, edited: int | None = None) -> Desk:
    desk = await treatments.read_desk(request.state.viewer, post, request.state.now)
    context = {"desk": desk, "natures": tuple(Nature), "edited": edited}
    return Desk(context, first or Form.empty(), newer={})


@form_door(_TEMPLATE, _desk)
async def keep(request: Request, form: Form) -> Response:
    """The desk of one contribution; keep words of it."""
    post = request.path_params["post"]
    await harvest.harvest(
        request.state.viewer,
        post,
        _words(form),
        form.text("nature"),
        form.text("proposition"),
        request.state.now,
        near=form.integer("pres") or 0,
    )
    # The next words are for no proposal until somebody says so: one that stayed in its field was sent unseen.
    return see_other(request, "harvest", post=post, notice="mots-retenus", fragment="retenir")


def _words(form: Form) -> str | None:
    """The words that were selected or pasted; None for the whole contribution, when its box is ticked."""
    if form.checked("tout"):
        return None
    words = form.text("mots").strip()
    if not words:
        raise Invalid("Sélectionnez des mots, ou collez-les ici, ou cochez « Toute la contribution ».", field="mots")
    return words


async def _extract(request: Request, _: Form | None) -> Desk:
    """The desk of the contribution that an extract is of."""
    extract = request.path_params["extract"]
    return await _read(request, await post_of(extract), edited=extract)


@form_door(_TEMPLATE, _extract)
async def change(request: Request, form: Form) -> Response:
    """Change one extract (acte=changer), remove it (retirer), move it to the newest words (rattacher), or not
    (garder)."""
    extract, act = request.path_params["extract"], form.text("acte")
    try:
        post = await _change(request, extract, act, form)
    except Invalid as problem:
        # Each extract on the desk has its own fields.
        raise InvalidForm(
            [Invalid(p.message, field=p.field and f"{p.field}-{extract}", values=p.values) for p in problem.problems]
        ) from problem
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


@form_door(_TEMPLATE, _desk)
async def treat(request: Request, form: Form) -> Response:
    """End the reading of a contribution (acte=terminer or sans-suite), or reopen it (reprendre)."""
    viewer, now, post = request.state.viewer, request.state.now, request.path_params["post"]
    if form.text("acte") == "reprendre":
        await treatments.reopen(viewer, post, now)
        return see_other(request, "harvest", post=post, notice="contribution-reprise")
    outcome = Outcome.NO_FOLLOW_UP if form.text("acte") == "sans-suite" else Outcome.TREATED
    await treatments.treat(viewer, post, outcome, form.text("motif"), form.text("vu"), now)
    return see_other(request, "harvest", post=post, notice="contribution-traitee")
