"""An agent answers a proposal, with what the administration binds itself to do about it."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import new_answers
from forum.domain.proposals.new_answers import LONGEST_REASON, Reply
from forum.domain.proposals.proposals import ProposalPage
from forum.errors import Checks, Conflict, Invalid
from forum.models.answers import Decision
from forum.text.typography import PARIS
from forum.web.plumbing.forms import Form, read_form
from forum.web.plumbing.page import page, refused, see_other
from forum.web.proposals.obligations import promises_of

# Lines for obligations in the form of an answer; more are added from the proposal's page.
ROWS = (1, 2)


async def answer(request: Request) -> Response:
    """The form of an official answer, and its answer; 409 when another agent answered meanwhile."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    shown = await new_answers.proposal_to_answer(viewer, reference, now)
    if form is None:
        return await page(request, "answers/new.html", {**_context(shown), "form": _first(request, shown)})
    try:
        await new_answers.answer(viewer, reference, _reply(form), form.integer("vu") or 0, now)
    except Invalid as problem:
        return await refused(request, "answers/new.html", _context(shown), form, problem)
    except Conflict as problem:
        return await _refused_again(request, reference, form, problem)
    return see_other(request, "proposal", reference=reference, notice="reponse-publiee", fragment="reponse")


async def _refused_again(request: Request, reference: str, form: Form, problem: Conflict) -> Response:
    """What was typed beside the answer of the other agent; sent again, it replaces that one."""
    shown = await new_answers.proposal_to_answer(request.state.viewer, reference, request.state.now)
    form = form.with_values(vu=_newest(shown))
    context = {**_context(shown), "other": True}
    return await refused(request, "answers/new.html", context, form, Invalid(problem.message), status=409)


def _context(shown: ProposalPage) -> dict[str, object]:
    return {
        "proposal": shown,
        "decisions": tuple(Decision),
        "rows": ROWS,
        "limit": LONGEST_REASON,
        "other": False,
    }


def _first(request: Request, shown: ProposalPage) -> Form:
    latest = shown.answers.latest
    today = request.state.now.astimezone(PARIS).date()
    return Form.empty(vu=_newest(shown), decide_le=today, service=latest.service if latest else "")


def _newest(shown: ProposalPage) -> int:
    return shown.answers.latest.number if shown.answers.latest else 0


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
