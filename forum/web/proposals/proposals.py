"""Proposals: the list of a theme, one of them, making one.

The list is cached (`kept.py`); its slots are filled for each reader.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.domain.proposals import drafts, duplicates, new_proposals, proposals
from forum.domain.proposals.new_proposals import LONGEST_WORDING
from forum.domain.proposals.proposals import ListedProposal, ProposalList
from forum.domain.syntheses.syntheses import newest_published
from forum.domain.themes.ballots import OwnBallot
from forum.domain.themes.themes import ThemeHead, find_theme
from forum.domain.votes import booths, votes
from forum.errors import Invalid
from forum.permissions import Viewer, may_contribute, may_vote
from forum.settings import settings
from forum.text.differences import Difference, differences
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_integer, asked_text
from forum.web.plumbing.kept import KeptPage, KeptPages, to_visitors
from forum.web.plumbing.page import href, html, own_slot, page, prepare, refused, render, see_other
from forum.web.themes.filters import asked_meeting


async def index(request: Request) -> Response:
    """The proposals of a theme: one cached page for all readers who may see the same, with each reader's own parts
    filled in."""
    viewer: Viewer | None = request.state.viewer
    kept = await _ready(request, await find_theme(request.path_params["number"]))
    if viewer is None and b"fait=" not in request.scope["query_string"]:
        return to_visitors(request, kept.page, _slots(request, kept, {}))
    own = await votes.own_votes(viewer, tuple(kept.lines))
    return html(request, kept.page.ready.filled(_slots(request, kept, own)))


class ReadyList:
    """The cached list of a theme: the page open at its slots, what fills them, its proposals by id."""

    __slots__ = ("lines", "listed", "page")

    def __init__(self, page: KeptPage, listed: ProposalList) -> None:
        self.page = page
        self.listed = listed
        self.lines = {each.line.id: each.line for each in (*listed.proposals, *listed.below_quorum)}


async def _ready(request: Request, theme: ThemeHead) -> ReadyList:
    viewer: Viewer | None = request.state.viewer
    now = request.state.now
    may_write = may_contribute(viewer, theme.schedule, now)
    ballots = may_vote(viewer, theme.schedule, now, staff_may_vote=settings().votes.agents_may_vote)
    # Everything that the cached page depends on: two readers with the same key may see the same. A sealed ballot raises
    # no version, so it changes nothing here. Visitors' bytes contain their order, which changes every day.
    key = (
        "proposals",
        theme.id,
        request.state.locale,
        viewer and viewer.is_staff,
        may_write,
        ballots,
    )
    pages: KeptPages[ReadyList] = request.app.state.kept
    meeting, sort = asked_meeting(request), asked_text(request, "tri") == "reunion"
    version = (theme.version, theme.schedule.phase(now), viewer is None and now.date())
    # The filtered or sorted page is different, and rarely asked for: it is rendered each time.
    found = None if meeting or sort else pages.get(key, version)
    if found is not None:
        return found
    every = await proposals.list_proposals(theme, now)
    listed = proposals.by_meeting(every, only=meeting, sort=sort)
    synthesis = await newest_published(theme.id) if listed.results else None
    context = {"list": listed, "may_write": may_write, "may_vote": ballots, "synthesis": synthesis}
    context |= {"meetings": every.meetings, "sorted_by_meeting": sort}
    ready = prepare(request, "proposals/index.html", context)
    if meeting or sort:
        return ReadyList(KeptPage(ready), listed)
    return pages.keep(key, ReadyList(KeptPage(ready), listed), version, characters=sum(map(len, ready.pieces)))


def _slots(request: Request, kept: ReadyList, own: dict[int, OwnBallot]) -> Callable[[str], str]:
    """The content of each slot of the list for this reader, whose ballots are `own`."""
    once = kept.page.once

    def booth(each: ListedProposal) -> str:
        opinion = own.get(each.line.id)
        verdict = votes.verdict_of(request.state.viewer, each.line, request.state.now)

        def make() -> str:
            back = href(request, "theme_proposals", number=kept.listed.theme.number) + f"#{each.line.reference}"
            line = votes.seen_with(each.line, opinion, verdict)
            context = {"each": each, "line": line, "back": back, "in_booth": True}
            return render(request, "proposals/_booth.html", context)

        return once((each.line.id, opinion, verdict), make)

    def fill(name: str) -> str:
        kind, _, number = name.partition(":")
        if kind == "booths":
            return "".join(map(booth, proposals.drawn_order(kept.listed, request.state.viewer, request.state.now)))
        if kind == "voted":
            return render(request, "votes/_progress.html", {"progress": _progress(request, kept.listed, own)})
        if kind == "own":
            return _own_vote(request, kept, int(number), own)
        return own_slot(request, name)

    return fill


def _own_vote(request: Request, kept: ReadyList, proposal: int, own: dict[int, OwnBallot]) -> str:
    """The reader's own vote, shown after the close."""
    if (ballot := own.get(proposal)) is None:
        return ""
    line = kept.lines[proposal]
    seen = votes.seen_with(line, ballot, line.may_vote)
    key = ("own", seen.own, seen.to_confirm)
    return kept.page.once(key, lambda: render(request, "proposals/_own_vote.html", {"line": seen}))


def _progress(request: Request, listed: ProposalList, own: dict[int, OwnBallot]) -> booths.BoothProgress:
    """This reader's progress, from data already read."""
    order = proposals.drawn_order(listed, request.state.viewer, request.state.now)
    lines = [each.line for each in order if each.line.votes_are_open]
    asked = [booths.BoothProposal(line.id, line.reference, line.wording, line.substance) for line in lines]
    return booths.progress_of(listed.theme.number, listed.theme.rules, asked, own)


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
    context = {"proposal": shown, "came_from": came_from if joined else None}
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
