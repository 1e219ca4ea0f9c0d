"""A decision as its author and the moderators read it, the form that contests it, and the answer."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.moderation import complaints, decisions
from forum.domain.moderation.complaints import LONGEST_WORDS
from forum.domain.moderation.reviews import pieces_of_source
from forum.models.cases import ComplaintOutcome
from forum.web.moderation.things import FindThing, asked_answer, asked_minutes, asked_post, asked_proposal
from forum.web.plumbing.doors import Desk, Door, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import page, see_other


async def show(request: Request) -> Response:
    """One decision: for its author the text that was sent, for moderators also who decided."""
    found = await decisions.read_decision(request.state.viewer, request.path_params["decision"], request.state.now)
    pieces = await pieces_of_source(found.thing.source)
    return await page(request, "moderation/decision.html", {"decision": found, "pieces": pieces})


def _about(find: FindThing) -> Door:
    async def about(request: Request) -> Response:
        """From words that are not shown, their author is led to the decision."""
        decision = await decisions.own_decision_about(request.state.viewer, await find(request))
        return see_other(request, "moderation_decision", decision=decision)

    return about


about_post, about_proposal = _about(asked_post), _about(asked_proposal)
about_minutes, about_answer = _about(asked_minutes), _about(asked_answer)


async def _complaint(request: Request, _: Form | None, *, answering: bool) -> Desk:
    decision, viewer, now = request.path_params["decision"], request.state.viewer, request.state.now
    found = await (complaints.decision_to_answer if answering else complaints.decision_to_contest)(
        viewer, decision, now
    )
    context = {"decision": found, "limit": LONGEST_WORDS, "outcomes": tuple(ComplaintOutcome)}
    return Desk(context, newer={})


@form_door("moderation/contest.html", partial(_complaint, answering=False))
async def contest(request: Request, form: Form) -> Response:
    """Contest a decision about one's own words."""
    decision = request.path_params["decision"]
    await complaints.contest(request.state.viewer, decision, form.text("explication"), request.state.now)
    return see_other(request, "moderation_decision", decision=decision, notice="reclamation-envoyee")


@form_door("moderation/answer.html", partial(_complaint, answering=True))
async def answer(request: Request, form: Form) -> Response:
    """Answer the complaint about a decision that somebody else took."""
    decision = request.path_params["decision"]
    await complaints.answer(
        request.state.viewer, decision, form.text("issue"), form.text("explication"), request.state.now
    )
    return see_other(request, "moderation_decision", decision=decision, notice="reclamation-repondue")


async def _contested(request: Request, _: Form | None) -> Desk:
    found = await complaints.notice_to_answer(request.state.viewer, request.path_params["notice"], request.state.now)
    return Desk({"contested": found, "limit": LONGEST_WORDS, "outcomes": tuple(ComplaintOutcome)}, newer={})


@form_door("moderation/answer_notice.html", _contested)
async def answer_notice(request: Request, form: Form) -> Response:
    """Answer somebody who contests that nothing was done about what they notified."""
    notice = request.path_params["notice"]
    found = await complaints.notice_to_answer(request.state.viewer, notice, request.state.now)
    await complaints.answer_notice(
        request.state.viewer, notice, form.text("issue"), form.text("explication"), request.state.now
    )
    return see_other(request, "moderation_decision", decision=found.decision, notice="reclamation-repondue")
