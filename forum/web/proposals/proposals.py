"""Proposals: one of them, making one. The list of a theme is in `lists.py`."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.domain.following.follows import FollowKind, is_followed
from forum.domain.proposals import drafts, duplicates, new_proposals, proposals
from forum.domain.proposals.new_proposals import LONGEST_WORDING
from forum.errors import Invalid
from forum.settings import settings
from forum.text.differences import Difference, differences
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_integer, asked_text
from forum.web.plumbing.page import href, page, refused, see_other


async def show(request: Request) -> Response:
    """One proposal: its words, where they come from, its vote, its history.

    A merged one redirects to its destination, which says so; its own words are at `merged_proposal`.
    """
    asked = request.path_params["reference"]
    shown = await proposals.read_proposal(request.state.viewer, asked, request.state.now)
    if shown.union.into is not None:
        return RedirectResponse(href(request, "proposal", reference=shown.union.into, de=asked), 303)
    came_from = asked_text(request, "de")
    joined = any(each.reference == came_from for each in shown.union.joined)
    follows = await is_followed(request.state.viewer, FollowKind.PROPOSAL, shown.line.id)
    context = {"proposal": shown, "came_from": came_from if joined else None, "follows": follows}
    return await page(request, "proposals/show.html", context)


async def _desk(request: Request, _: Form | None) -> Desk:
    desk = await new_proposals.proposal_form(request.state.viewer, request.path_params["number"], request.state.now)
    known = {"theme": desk.theme, "questions": desk.questions, "draft": None, "near": None, "beside": None}
    return Desk(
        {**known, "may_submit": desk.may_submit, "may_save": True, **limits()},
        Form.empty(questions=asked_integer(request, "question", least=1)),
    )


@form_door("proposals/new.html", _desk)
async def propose(request: Request, form: Form) -> Response:
    """The form of a new proposal, and its answer: it is sent, or saved as a draft."""
    viewer, now, number = request.state.viewer, request.state.now, request.path_params["number"]
    if asks_what_is_near(form):
        return await with_near(request, "proposals/new.html", await _desk(request, form), form)
    if asks_for_a_draft(form):
        await drafts.save_draft(viewer, number, *words_of(form), now)
        return see_other(request, "drafts", notice="brouillon-garde")
    reference = await new_proposals.propose(viewer, number, *words_of(form), now)
    return see_other(request, "proposal", reference=reference, notice="proposition-faite")


@dataclass(frozen=True, slots=True)
class BesideTyped:
    """The present words, and what the typed ones would change in them, once somebody else was quicker."""

    wording: str
    body: str
    in_wording: Sequence[Difference]
    in_body: Sequence[Difference]


def beside_typed(wording: str, body: str, form: Form) -> BesideTyped:
    """The present words beside those of the form."""
    typed = form.values["formulation"], form.values["expose_des_motifs"]
    return BesideTyped(wording, body, differences(wording, typed[0]), differences(body, typed[1]))


def words_of(form: Form) -> tuple[str, str, list[int]]:
    """What somebody wrote: a wording, a body, the questions that they answer."""
    return form.text("formulation"), form.text("expose_des_motifs"), form.integers("questions")


def asks_for_a_draft(form: Form) -> bool:
    """Whether the button that saves a draft was pressed, and not the one that sends."""
    return form.text("acte") == "brouillon"


def limits() -> dict[str, object]:
    """How long a wording and a body may be."""
    return {"limit": LONGEST_WORDING, "body_limit": settings().limits.post_characters}


def asks_what_is_near(form: Form) -> bool:
    """Whether the button that shows similar proposals, before sending, was pressed."""
    return form.values["acte"] == "proches"


async def with_near(request: Request, template: str, desk: Desk | Response, form: Form) -> Response:
    """The form as it was sent, with the proposals similar to what was typed."""
    if isinstance(desk, Response):
        return desk
    near = (await duplicates.near_in(desk.context["theme"].number, form.text("formulation")))[1]
    return await page(request, template, {**desk.context, "near": near, "form": form})


async def _extracting(request: Request, form: Form | None) -> Desk | Response:
    """The desk of a proposal from a contribution: the words that the address chooses, or all of it."""
    viewer, now, post = request.state.viewer, request.state.now, request.path_params["post"]
    whole = await new_proposals.extract_form(viewer, post, None, now)
    known = {"post": whole.post, "words": whole.words, "questions": whole.questions, "limit": LONGEST_WORDING}
    context = {**known, "theme": whole.post.place.theme, "near": None}
    if form is not None:
        return Desk(context)
    words = asked_text(request, "mots", limit=settings().limits.post_characters) or None
    near = asked_integer(request, "pres", 0) or 0
    try:
        chosen = await new_proposals.extract_form(viewer, post, words, now, near=near)
    except Invalid as problem:
        return await refused(request, "proposals/from_post.html", context, Form.empty(mots=words, pres=near), problem)
    first = Form.empty(mots=words and chosen.words, pres=chosen.mark.start, formulation=chosen.wording)
    return Desk(context, first)


@form_door("proposals/from_post.html", _extracting)
async def propose_from_post(request: Request, form: Form) -> Response:
    """The form of a proposal made from a contribution or from words selected in it, and its answer."""
    if asks_what_is_near(form):
        desk = await _extracting(request, form)
        return await with_near(request, "proposals/from_post.html", desk, form)
    reference = await new_proposals.propose_from_post(
        request.state.viewer,
        request.path_params["post"],
        form.text("mots").strip() or None,
        form.text("formulation"),
        form.integers("questions"),
        request.state.now,
        near=form.integer("pres") or 0,
    )
    return see_other(request, "proposal", reference=reference, notice="proposition-faite")
