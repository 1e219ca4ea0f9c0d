"""What the administration binds itself to do: something more, a due date that moves, something that is done."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.proposals import new_answers, obligations
from forum.domain.proposals.obligations import Promise
from forum.errors import Checks, Invalid
from forum.text.typography import PARIS
from forum.web.plumbing.forms import Form, read_form
from forum.web.plumbing.page import page, refused, see_other


def promises_of(form: Form, lines: Sequence[int], checks: Checks) -> list[Promise]:
    """The obligations of these lines of a form, empty lines included: fields `engagement-N` and `echeance-N`."""
    typed = []
    for line in lines:
        due_on = None
        with checks.field(f"echeance-{line}"):
            due_on = form.day(f"echeance-{line}")
        typed.append(Promise(form.text(f"engagement-{line}"), due_on, line))
    return typed


async def promise(request: Request) -> Response:
    """The form of an obligation more, and its answer."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    shown = await new_answers.proposal_to_answer(viewer, reference, now)
    if form is None:
        return await page(request, "answers/promise.html", {"proposal": shown, "form": Form.empty()})
    try:
        checks = Checks()
        promises = promises_of(form, (1,), checks)
        checks.done()
        await obligations.promise(viewer, reference, promises, now)
    except Invalid as problem:
        return await refused(request, "answers/promise.html", {"proposal": shown}, form, problem)
    return see_other(request, "proposal", reference=reference, notice="engagement-inscrit", fragment="reponse")


async def keep(request: Request) -> Response:
    """The form that says that an obligation is met, and its answer."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    owed = await obligations.obligation_to_keep(viewer, reference, request.path_params["obligation"], now)
    if form is None:
        first = Form.empty(tenu_le=now.astimezone(PARIS).date())
        return await page(request, "answers/keep.html", {"owed": owed, "form": first})
    try:
        await obligations.keep(viewer, reference, owed.id, form.day("tenu_le"), form.text("realisation"), now)
    except Invalid as problem:
        return await refused(request, "answers/keep.html", {"owed": owed}, form, problem)
    return see_other(request, "proposal", reference=reference, notice="engagement-tenu", fragment="reponse")


async def reopen(request: Request) -> Response:
    """Say that an obligation that was said to be met is not."""
    form = await read_form(request)
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    owed = await obligations.obligation_to_keep(viewer, reference, request.path_params["obligation"], now)
    try:
        await obligations.reopen(viewer, reference, owed.id, form.text("motif"), now)
    except Invalid as problem:
        return await refused(request, "answers/keep.html", {"owed": owed}, form, problem)
    return see_other(request, "proposal", reference=reference, notice="engagement-rouvert", fragment="reponse")


async def postpone(request: Request) -> Response:
    """The form that moves the due date of an obligation, and its answer."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now, reference = request.state.viewer, request.state.now, request.path_params["reference"]
    owed = await obligations.obligation_to_keep(viewer, reference, request.path_params["obligation"], now)
    if form is None:
        first = Form.empty(echeance=owed.due_on)
        return await page(request, "answers/postpone.html", {"owed": owed, "form": first})
    try:
        await obligations.postpone(viewer, reference, owed.id, form.day("echeance"), form.text("motif"), now)
    except Invalid as problem:
        return await refused(request, "answers/postpone.html", {"owed": owed}, form, problem)
    return see_other(request, "proposal", reference=reference, notice="echeance-changee", fragment="reponse")


async def carry_out(request: Request) -> Response:
    """Say that a retained proposal is done."""
    await read_form(request)
    reference = request.path_params["reference"]
    await obligations.carry_out(request.state.viewer, reference, request.state.now)
    return see_other(request, "proposal", reference=reference, notice="mise-en-oeuvre", fragment="reponse")
