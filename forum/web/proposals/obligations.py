"""What the administration commits itself to do: a new obligation, a due date that moves, one that is kept."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import new_answers, obligations
from forum.domain.proposals.obligations import Promise
from forum.errors import Checks
from forum.text.typography import PARIS
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import see_other


def promises_of(form: Form, lines: Sequence[int], checks: Checks) -> list[Promise]:
    """The obligations of these lines of a form, empty lines included: fields `engagement-N` and `echeance-N`."""
    typed = []
    for line in lines:
        due_on = None
        with checks.field(f"echeance-{line}"):
            due_on = form.day(f"echeance-{line}")
        typed.append(Promise(form.text(f"engagement-{line}"), due_on, line))
    return typed


def _to_answer(request: Request, notice: str) -> Response:
    reference = request.path_params["reference"]
    return see_other(request, "proposal", reference=reference, notice=notice, fragment="reponse")


async def _answered(request: Request, _: Form | None) -> Desk:
    reference = request.path_params["reference"]
    return Desk({"proposal": await new_answers.proposal_to_answer(request.state.viewer, reference, request.state.now)})


@form_door("answers/promise.html", _answered)
async def promise(request: Request, form: Form) -> Response:
    """The form of a new obligation, and its answer."""
    checks = Checks()
    promises = promises_of(form, (1,), checks)
    checks.done()
    await obligations.promise(request.state.viewer, request.path_params["reference"], promises, request.state.now)
    return _to_answer(request, "engagement-inscrit")


async def _owed(request: Request, _: Form | None) -> Desk:
    asked, now = request.path_params, request.state.now
    owed = await obligations.obligation_to_keep(request.state.viewer, asked["reference"], asked["obligation"], now)
    return Desk({"owed": owed}, Form.empty(echeance=owed.due_on, tenu_le=now.astimezone(PARIS).date()))


@form_door("answers/keep.html", _owed)
async def keep(request: Request, form: Form) -> Response:
    """The form that marks an obligation as kept, and its answer."""
    asked, done_on, words = request.path_params, form.day("tenu_le"), form.text("realisation")
    await obligations.keep(
        request.state.viewer, asked["reference"], asked["obligation"], done_on, words, request.state.now
    )
    return _to_answer(request, "engagement-tenu")


@form_door("answers/keep.html", _owed)
async def reopen(request: Request, form: Form) -> Response:
    """Mark a kept obligation as open again."""
    asked, reason = request.path_params, form.text("motif")
    await obligations.reopen(request.state.viewer, asked["reference"], asked["obligation"], reason, request.state.now)
    return _to_answer(request, "engagement-rouvert")


@form_door("answers/postpone.html", _owed)
async def postpone(request: Request, form: Form) -> Response:
    """The form that moves the due date of an obligation, and its answer."""
    asked, due_on, reason = request.path_params, form.day("echeance"), form.text("motif")
    await obligations.postpone(
        request.state.viewer, asked["reference"], asked["obligation"], due_on, reason, request.state.now
    )
    return _to_answer(request, "echeance-changee")


@button
async def carry_out(request: Request, _: Form) -> Response:
    """Mark a retained proposal as carried out."""
    await obligations.carry_out(request.state.viewer, request.path_params["reference"], request.state.now)
    return _to_answer(request, "mise-en-oeuvre")
