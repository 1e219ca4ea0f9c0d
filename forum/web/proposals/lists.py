"""The proposals of a theme, page by page: a booth while its votes are open, the results once they are over.

What all readers see alike is rendered once (`kept.py`), open at its slots: the booths of one reader's page, in the
order drawn for them, their own votes, how far they have come, the links to the other pages.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.pages import FIRST, Page
from forum.domain.proposals.proposals import ListedProposal, ProposalList
from forum.domain.syntheses.syntheses import newest_published
from forum.domain.themes.ballots import OwnBallot
from forum.domain.themes.themes import find_theme
from forum.domain.votes import booths, votes
from forum.domain.votes.booths import BoothProgress
from forum.domain.votes.rolls import Roll, RollEntry
from forum.permissions import Viewer, may_contribute, may_vote
from forum.settings import settings
from forum.web.plumbing.forms import asked_text
from forum.web.plumbing.kept import KeptPage, KeptPages, to_visitors
from forum.web.plumbing.page import html, own_slot, prepare, render
from forum.web.themes.filters import asked_meeting
from forum.web.votes.rolls import KeptRoll, asked_place, kept_roll, place_of


@dataclass(frozen=True, slots=True)
class Shown:
    """What one reader's page of the list is made of."""

    kept: KeptRoll
    roll: Roll
    """In their order, filtered and sorted as their address asks."""
    turns: Page[RollEntry]
    is_sorted: bool

    @property
    def is_whole(self) -> bool:
        """Whether it is a page of the whole list, in its own order."""
        return self.roll.meeting is None and not self.is_sorted

    @property
    def filters(self) -> dict[str, object]:
        """What its address says beside the page."""
        return {"reunion": self.roll.meeting, "tri": "reunion" if self.is_sorted else None}


async def index(request: Request) -> Response:
    """One page of the list."""
    viewer: Viewer | None = request.state.viewer
    kept = await kept_roll(request, await find_theme(request.path_params["number"]))
    is_sorted = asked_text(request, "tri") == "reunion"
    roll = kept.seen_by(viewer, request.state.now).only(asked_meeting(request))
    roll = roll.by_meeting() if is_sorted else roll
    shown = Shown(kept, roll, roll.page(asked_place(request)), is_sorted)
    page = await _page(request, shown)
    if viewer is None and b"fait=" not in request.scope["query_string"]:
        lines = [] if page.packed else await kept.read(request, shown.turns.shown)
        return to_visitors(request, page, _slots(request, shown, lines, {}))
    own, come = await _own(request, shown)
    lines = await kept.read(request, shown.turns.shown)
    return html(request, page.ready.filled(_slots(request, shown, lines, own, come)))


async def _own(request: Request, shown: Shown) -> tuple[dict[int, OwnBallot], BoothProgress | None]:
    """The reader's ballots on the proposals of their page, or in the theme, and their progress, while it is open."""
    viewer, roll = request.state.viewer, shown.roll
    if viewer is None or viewer.is_staff or not roll.shuffled:
        return await votes.own_votes(viewer, [each.id for each in shown.turns.shown]), None
    own = await votes.own_votes_in(viewer, roll.theme)
    return own, await booths.progress_in(roll, own)


async def _page(request: Request, shown: Shown) -> KeptPage:
    """The page open at its slots."""
    viewer: Viewer | None = request.state.viewer
    now, roll = request.state.now, shown.roll
    theme = roll.theme
    may_write = may_contribute(viewer, theme.schedule, now)
    ballots = may_vote(viewer, theme.schedule, now, staff_may_vote=settings().votes.agents_may_vote)
    # Everything that the cached page depends on: two readers with the same key may see the same. A sealed ballot raises
    # no version, so it changes nothing here. Visitors' bytes contain their order, which changes every day.
    role = viewer and viewer.is_staff
    key = ("proposals", theme.id, request.state.locale, role, may_write, ballots, shown.turns.start)
    pages: KeptPages[KeptPage] = request.app.state.kept
    version = (theme.version, theme.schedule.phase(now), viewer is None and now.date())
    # The filtered or sorted page is different, and rarely asked for: it is rendered each time.
    found = pages.get(key, version) if shown.is_whole else None
    if found is not None:
        return found
    # The link to the other language is part of it, and an order drawn for one reader has no page for another.
    request.state.turn = FIRST if viewer and roll.shuffled else roll.turn_to(shown.turns.start)
    ready = prepare(
        request,
        "proposals/index.html",
        {
            "list": await _listed(request, shown),
            "roll": roll,
            "meetings": shown.kept.roll.meetings,
            "sorted_by_meeting": shown.is_sorted,
            "may_write": may_write,
            "may_vote": ballots,
            "synthesis": await newest_published(theme.id) if roll.results else None,
            "place": lambda reference: place_of(request, roll, reference),
        },
    )
    if not shown.is_whole:
        return KeptPage(ready)
    return pages.keep(key, KeptPage(ready), version)


async def _listed(request: Request, shown: Shown) -> ProposalList:
    """What everybody sees alike of the page: before the results, booths are in a slot."""
    roll = shown.roll
    apart = {each.id for each in roll.apart}
    alike = shown.turns.shown if roll.results else [each for each in shown.turns.shown if each.id in apart]
    return ProposalList.of(roll, shown.turns, await shown.kept.read(request, alike))


def _slots(
    request: Request,
    shown: Shown,
    read: list[ListedProposal],
    own: dict[int, OwnBallot],
    come: BoothProgress | None = None,
) -> Callable[[str], str]:
    """The content of each slot for this reader, whose ballots are `own`; `read` are the proposals of the page."""
    roll, lines = shown.roll, {each.line.id: each for each in read}
    verdict_of = votes.verdicts_of(request.state.viewer, request.state.now)
    locale = request.state.locale

    def booth(each: ListedProposal) -> str:
        opinion, verdict = own.get(each.line.id), verdict_of(each.line)

        def make() -> str:
            line, back = votes.seen_with(each.line, opinion, verdict), place_of(request, roll, each.line.reference)
            return render(
                request, "proposals/_booth.html", {"each": each, "line": line, "back": back, "in_booth": True}
            )

        return shown.kept.once((locale, roll.meeting, each.line.id, opinion, verdict), make)

    def own_vote(proposal: int) -> str:
        if (ballot := own.get(proposal)) is None:
            return ""
        line = lines[proposal].line
        seen = votes.seen_with(line, ballot, line.may_vote)
        key = (locale, seen.own, seen.to_confirm)
        return shown.kept.once(key, lambda: render(request, "proposals/_own_vote.html", {"line": seen}))

    def fill(name: str) -> str:
        kind, _, number = name.partition(":")
        if kind == "booths":
            in_force = {each.id for each in roll.shown}
            return "".join(booth(lines[each.id]) for each in shown.turns.shown if each.id in in_force)
        if kind == "voted":
            return render(request, "votes/_progress.html", {"progress": come})
        if kind == "own":
            return own_vote(int(number))
        if kind == "turns":
            return render(
                request, "proposals/_turns.html", {"roll": roll, "turns": shown.turns, "filters": shown.filters}
            )
        return own_slot(request, name)

    return fill
