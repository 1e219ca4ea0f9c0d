"""An agent answers a proposal, with what the administration commits itself to do about it."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import new_answers
from forum.domain.proposals.new_answers import LONGEST_REASON, Reply
from forum.errors import Checks
from forum.models.answers import Decision
from forum.text.typography import PARIS
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other
from forum.web.proposals.obligations import promises_of

# Lines for obligations in the form of an answer; more can be added from the proposal's page.
ROWS = (1, 2)


async def _answering(request: Request, form: Form | None) -> Desk:
    """The desk of an answer; if another agent was quicker, with their answer, which the form replaces if sent again."""
    now = request.state.now
    shown = await new_answers.proposal_to_answer(request.state.viewer, request.path_params["reference"], now)
    latest = shown.answers.latest
    newest = latest.number if latest else 0
    today = now.astimezone(PARIS).date()
    other = form is not None and form.values["remplace"] != ""
    known = {"proposal": shown, "decisions": tuple(Decision), "rows": ROWS, "limit": LONGEST_REASON}
    return Desk(
        {**known, "other": other},
        Form.empty(vu=newest, decide_le=today, service=latest.service if latest else ""),
        newer={"vu": newest, "remplace": 1},
    )


@form_door("answers/new.html", _answering)
async def answer(request: Request, form: Form) -> Response:
    """The form of an official answer, and its answer."""
    reference = request.path_params["reference"]
    await new_answers.answer(request.state.viewer, reference, _reply(form), form.integer("vu") or 0, request.state.now)
    return see_other(request, "proposal", reference=reference, notice="reponse-publiee", fragment="reponse")


def _reply(form: Form) -> Reply:
    checks = Checks()
    decided_on = None
    with checks.field("decide_le"):
        decided_on = form.day("decide_le")
    promises = promises_of(form, ROWS, checks)
    checks.done()
    return Reply(
        decision=form.text("decision"),
        reason=form.text("motif"),
        service=form.text("service"),
        decided_on=decided_on,
        promises=promises,
    )
