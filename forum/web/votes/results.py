"""Results of a vote, apart from the main page: the declared groups, and the sheet for a spreadsheet."""

from collections.abc import Iterator

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from forum.domain.pages import Page
from forum.domain.proposals.proposals import ListedProposal, ProposalList, read_listed
from forum.domain.themes.themes import find_theme
from forum.domain.votes.kept_results import cells_of
from forum.errors import NotFound
from forum.models.themes import Voting
from forum.ranking.published import FEWEST_SHOWN
from forum.text.sheets import MEDIA_TYPE, Value, sheet
from forum.web.plumbing.kept import KeptBytes, KeptPages
from forum.web.plumbing.page import page
from forum.web.votes.rolls import asked_place, kept_roll


async def by_group(request: Request) -> Response:
    """What the declared groups of the voters say about each proposal, page by page."""
    kept = await kept_roll(request, await find_theme(request.path_params["number"]))
    if kept.roll.results is None or not kept.roll.results.evidence.partitions:
        raise NotFound
    turns = kept.roll.ranked_page(asked_place(request))
    listed = ProposalList.of(kept.roll, turns, await kept.read(request, turns.shown))
    partitions = await cells_of(
        kept.roll.results, [each.line.reference for each in listed.proposals], request.state.now
    )
    context = {"list": listed, "roll": kept.roll, "partitions": partitions, "fewest": FEWEST_SHOWN}
    return await page(request, "results/groups.html", context)


async def register(request: Request) -> Response:
    """The sheet of the results, for a spreadsheet: all of them. In French, like the documents."""
    theme = await find_theme(request.path_params["number"])
    roll = (await kept_roll(request, theme)).roll
    if roll.results is None:
        raise NotFound
    pages: KeptPages[KeptBytes] = request.app.state.kept
    key, version = ("results sheet", theme.id), (theme.version, theme.schedule.phase(request.state.now))

    async def make() -> KeptBytes:
        listed = await read_listed(roll, Page((*roll.shown, *roll.unranked)), request.state.now)
        content = await to_thread.run_sync(lambda: sheet(_columns(listed), _lines(listed)))
        return pages.keep(key, KeptBytes(content), version)

    headers = {"Content-Disposition": f'attachment; filename="resultats-T{theme.number}.csv"'}
    return Response((await pages.once(key, version, make)).content, headers=headers, media_type=MEDIA_TYPE)


def _columns(listed: ProposalList) -> list[str]:
    assert listed.results is not None
    ranks = [f"rang : {method.label}" for method in listed.results.standing.methods]
    added = [f"{figure}, avec les votes écartés" for figure in _figures(listed)] if _adds_back(listed) else []
    return ["rang", "ex æquo", "référence", "formulation", "état", *_figures(listed), "à confirmer", *ranks, *added]


def _adds_back(listed: ProposalList) -> bool:
    """Whether a total is published with the excluded votes too."""
    return listed.results is not None and bool(listed.results.evidence.excluded.added_back)


def _lines(listed: ProposalList) -> Iterator[list[Value]]:
    """The rows of the ranked proposals, then of those without rank."""
    assert listed.results is not None
    standing = listed.results.standing
    for each in (*listed.proposals, *listed.below_quorum):
        assert each.place is not None
        yield [
            each.rank,
            each.tied,
            each.line.reference,
            each.line.wording,
            each.fate.word.label,
            *_figures_of(listed, each),
            each.place.count.pending,
            *(each.place.beside.get(method) for method in standing.methods),
            *(_added_back(listed, each) if _adds_back(listed) else ()),
        ]


def _added_back(listed: ProposalList, each: ListedProposal) -> list[Value]:
    """The figures with the excluded votes; nothing where they would tell ballots."""
    assert listed.results is not None
    tally = listed.results.evidence.excluded.added_back.get(each.line.id)
    if listed.theme.rules.voting is Voting.APPROVAL:
        return [tally.for_ if tally else None]
    return [tally.for_, tally.abstain, tally.against, tally.net] if tally else [None] * 4


def _figures(listed: ProposalList) -> list[str]:
    rules = listed.theme.rules
    match rules.voting:
        case Voting.OPINIONS:
            return ["pour", "abstention", "contre", "soutien net"]
        case Voting.APPROVAL:
            return ["soutiens"]
        case Voting.JUDGMENT:
            return list(reversed(rules.mentions))
        case Voting.RANKING:
            return ["personnes qui la classent", "premières places"]


def _figures_of(listed: ProposalList, each: ListedProposal) -> list[Value]:
    assert each.place is not None
    count, rules = each.place.count, listed.theme.rules
    match rules.voting:
        case Voting.OPINIONS:
            return [count.tally.for_, count.tally.abstain, count.tally.against, count.tally.net]
        case Voting.APPROVAL:
            return [count.tally.for_]
        case Voting.JUDGMENT:
            return list(reversed(count.grades(len(rules.mentions))))
        case Voting.RANKING:
            return [count.votants, dict(count.places).get(1, 0)]
