"""What waits for moderators: the list of cases, one case, who takes charge of it, and the decision."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.moderation import cases, decisions, reviews
from forum.domain.moderation.cases import CaseFilter, CaseState
from forum.domain.moderation.decisions import TypedDecision, possible_acts
from forum.domain.moderation.passages import LONGEST_PASSAGE
from forum.domain.moderation.things import words_in_case
from forum.models.moderation import Ground
from forum.permissions import may_hide
from forum.web.moderation.things import FindThing, asked_answer, asked_minutes, asked_post, asked_proposal
from forum.web.plumbing.choices import one_of
from forum.web.plumbing.doors import Desk, Door, button, form_door
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn
from forum.web.plumbing.page import page, see_other

_TEMPLATE = "moderation/case.html"


async def waiting(request: Request) -> Response:
    """The open cases of one's groups and the complaints that wait, the oldest first, filtered as the address asks."""
    wanted = CaseFilter(
        ground=one_of(Ground, asked_text(request, "regle")),
        state=one_of(CaseState, asked_text(request, "etat")),
        group=asked_integer(request, "groupe", least=1),
    )
    found = await cases.read_cases(request.state.viewer, wanted, request.state.now, asked_turn(request))
    asked = {"regle": wanted.ground, "etat": wanted.state, "groupe": wanted.group}
    context = {
        "list": found,
        "grounds": tuple(Ground),
        "states": tuple(CaseState),
        "filters": {name: value for name, value in asked.items() if value is not None},
    }
    return await page(request, "moderation/queue.html", context)


async def _desk(request: Request, _: Form | None) -> Desk:
    """One case, with what can be decided about it."""
    viewer, now = request.state.viewer, request.state.now
    case = await cases.read_case(viewer, request.path_params["case"], now)
    context: dict[str, Any] = {
        "case": case,
        "words": await words_in_case(case.thing, case.since),
        "pieces": await reviews.pieces_of_source(case.thing.source),
        "acts": possible_acts(case.thing, case.since),
        "grounds": tuple(Ground),
        "longest_passage": LONGEST_PASSAGE,
        "may_decide": may_hide(viewer, case.thing.group, case.thing.author_id, now),
        "prepared": None,
    }
    return Desk(context, newer={})


@form_door(_TEMPLATE, _desk)
async def decide(request: Request, form: Form) -> Response:
    """One case; the text that the author will read (acte=apercu), then the decision as it was shown (acte=envoyer)."""
    viewer, case, now = request.state.viewer, request.path_params["case"], request.state.now
    typed = TypedDecision(
        act=form.text("mesure"),
        ground=form.text("regle"),
        facts=form.text("motif"),
        title=form.checked("titre_aussi"),
        passage=form.text("passage"),
        seen=form.text("vu"),
    )
    if form.text("acte") == "envoyer":
        decision = await decisions.decide(viewer, case, typed, now)
        return see_other(request, "moderation_decision", decision=decision, notice="decision-prise")
    prepared = await decisions.prepare(viewer, case, typed, now)
    desk = await _desk(request, form)
    shown = {**desk.context, "prepared": prepared, "form": form.with_values(vu=prepared.mark)}
    return await page(request, _TEMPLATE, shown)


@button
async def claim(request: Request, _: Form) -> Response:
    """Take charge of a case; the second who tries is told who did."""
    await cases.claim(request.state.viewer, request.path_params["case"], request.state.now)
    return see_other(request, "moderation_case", case=request.path_params["case"], notice="dossier-pris")


@button
async def give_back(request: Request, _: Form) -> Response:
    """Give up the charge of a case."""
    await cases.give_back(request.state.viewer, request.path_params["case"], request.state.now)
    return see_other(request, "moderation_case", case=request.path_params["case"], notice="dossier-rendu")


def _opening(find: FindThing) -> Door:
    @button
    async def open_case(request: Request, _: Form) -> Response:
        """Decide about what nobody notified."""
        case = await cases.open_case(request.state.viewer, await find(request), request.state.now)
        return see_other(request, "moderation_case", case=case)

    return open_case


open_on_post, open_on_proposal = _opening(asked_post), _opening(asked_proposal)
open_on_minutes, open_on_answer = _opening(asked_minutes), _opening(asked_answer)
