"""Where does each proposal stand, and which sentence says why? The ranked pages of a document.

Each theme is ranked apart: votes of different themes were cast by different people over different lists. In
a working draft nothing is ranked and nothing is counted. The other chapters are in `outlines`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from forum.documents.outline import (
    Bar,
    Block,
    Figure,
    Paragraph,
    Part,
    Pattern,
    ProposalBlock,
    Run,
    Section,
    Tone,
)
from forum.domain.outline_words import contribution_url, counted, fr, local_moment, shown, signed, text, verbatim_id
from forum.domain.snapshots import Kind, Method, Proposal, Snapshot, Theme
from forum.models.proposals import IN_FORCE, ProposalState
from forum.ranking.orders import Candidate, Place, net_support, rank, reference_key
from forum.ranking.tallies import Tally
from forum.ranking.wilson import Bound, wilson

NAMED_TIES: Final = 3
"""How many tied proposals a sentence names; the others are counted, or it would no longer be a sentence."""


@dataclass(frozen=True, slots=True)
class Result:
    """A ranked proposal: its place by net support, those tied with it, and its rank by Wilson."""

    proposal: Proposal
    tally: Tally
    place: Place[Tally]
    ties: tuple[str, ...]
    bound: Bound
    wilson_rank: int

    @property
    def rank(self) -> str:
        """Such as "2" or "2 ex æquo"."""
        return f"{shown(self.place.rank)} ex æquo" if self.place.tied else shown(self.place.rank)


@dataclass(frozen=True, slots=True)
class Line:
    """A proposal as a row of the annex."""

    link: Run
    wording: Run
    state: str
    rank_or_state: str
    counts: tuple[str, ...]
    """Pour, abstention, contre, net."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """One theme: its results from the first rank on, what stands apart, and its annex."""

    theme: Theme
    results: tuple[Result, ...]
    apart: tuple[Proposal, ...]
    """In force but not ranked, by reference: below the quorum, never put to the vote, or votes still open."""
    lines: tuple[Line, ...]
    ballots: Tally
    """All ballots on its proposals in force."""

    @property
    def bar(self) -> Bar:
        """All its ballots as one bar."""
        return opinion_bar(fr("Thème {number}", number=self.theme.number), self.ballots)


def rankings_of(snapshot: Snapshot) -> tuple[Ranking, ...]:
    """The themes of a snapshot in their order, each ranked apart."""
    return tuple(_ranking(snapshot, theme) for theme in snapshot.themes)


def _ranking(snapshot: Snapshot, theme: Theme) -> Ranking:
    proposals = sorted(
        (proposal for proposal in snapshot.proposals if proposal.theme == theme.number),
        key=lambda proposal: reference_key(proposal.reference),
    )
    in_force = [proposal for proposal in proposals if proposal.state in IN_FORCE]
    results = _results(in_force, theme.quorum, snapshot.method)
    places = {result.proposal.reference: result for result in results}
    return Ranking(
        theme=theme,
        results=results,
        apart=tuple(proposal for proposal in in_force if proposal.reference not in places),
        lines=tuple(_line(snapshot, proposal, places.get(proposal.reference)) for proposal in proposals),
        ballots=_sum(proposal.tally for proposal in in_force),
    )


def _results(proposals: Sequence[Proposal], quorum: int, method: Method) -> tuple[Result, ...]:
    by_reference = {proposal.reference: proposal for proposal in proposals}
    candidates = [Candidate(p.reference, p.tally) for p in proposals if p.tally is not None]

    def bound(tally: Tally) -> Bound:
        return wilson(tally, with_abstentions=method.abstentions_in_wilson)

    order = rank(candidates, score=net_support, quorum=quorum)
    beside = rank(candidates, score=bound, quorum=quorum)
    wilson_ranks = {place.candidate.reference: place.rank for place in beside.ranked}
    at_rank: dict[int, list[str]] = {}
    for place in order.ranked:
        at_rank.setdefault(place.rank, []).append(place.candidate.reference)
    return tuple(
        Result(
            proposal=by_reference[place.candidate.reference],
            tally=place.candidate.profile,
            place=place,
            ties=tuple(r for r in at_rank[place.rank] if r != place.candidate.reference),
            bound=bound(place.candidate.profile),
            wilson_rank=wilson_ranks[place.candidate.reference],
        )
        for place in order.ranked
    )


def _sum(tallies: Iterable[Tally | None]) -> Tally:
    known = [tally for tally in tallies if tally is not None]
    return Tally(
        for_=sum(tally.for_ for tally in known),
        against=sum(tally.against for tally in known),
        abstain=sum(tally.abstain for tally in known),
    )


def opinion_bar(label: str, tally: Tally) -> Bar:
    """Pour, abstention, contre: the order and the patterns of the whole site."""
    return Bar(
        label,
        (
            Part("pour", tally.for_, shown(tally.for_), Pattern.SOLID),
            Part("abstention", tally.abstain, shown(tally.abstain), Pattern.DOTTED),
            Part("contre", tally.against, shown(tally.against), Pattern.HATCHED),
        ),
    )


# The ranked pages


def theme_section(snapshot: Snapshot, ranking: Ranking, title: str) -> Section:
    """The pages of one theme: ranked blocks, then what stands apart, or the sentence that says there is nothing."""
    anchor = f"propositions-{ranking.theme.number}"
    if not ranking.results and not ranking.apart:
        return Section(anchor, title, (Paragraph(text("Aucune proposition en vigueur dans ce thème."), Tone.EMPTY),))
    ranked = tuple(_ranked_block(snapshot, result) for result in ranking.results)
    if snapshot.kind is Kind.WORKING_DRAFT:
        uncounted = tuple(_uncounted_block(snapshot, proposal) for proposal in ranking.apart)
        return Section(anchor, title, (Paragraph(tuple(_votes_of(snapshot, ranking.theme)), Tone.NOTE), *uncounted))
    apart = tuple(_apart_block(snapshot, proposal) for proposal in ranking.apart)
    sections = (_apart_section(anchor, apart),) if apart else ()
    if not ranked:
        ranked_blocks: tuple[Block, ...] = (Paragraph(text("Aucune proposition n’est classée."), Tone.EMPTY),)
        return Section(anchor, title, ranked_blocks, sections)
    return Section(anchor, title, ranked, sections)


def _votes_of(snapshot: Snapshot, theme: Theme) -> Iterable[Run]:
    """Where the votes of a theme stand, since a draft says nothing of what they gave."""
    votes = theme.votes
    if votes is None:
        yield Run("Les dates des votes de ce thème ne sont pas fixées.")
    elif snapshot.taken_at < votes.start:
        yield Run(f"Les votes de ce thème ouvrent le {local_moment(votes.start)}.")
    elif snapshot.taken_at < votes.end:
        yield Run(f"Les votes de ce thème sont ouverts jusqu’au {local_moment(votes.end)}.")
    else:
        yield Run(f"Les votes de ce thème sont clos depuis le {local_moment(votes.end)}. Les résultats sont ")
        yield Run("sur le site", href=f"{snapshot.consultation.base_url}/themes/{theme.number}/propositions")
        yield Run(", et dans la synthèse du thème dès qu’elle est publiée.")


def _uncounted_block(snapshot: Snapshot, proposal: Proposal) -> ProposalBlock:
    return _block(snapshot, proposal, rank=None, bar=None, figures=(), explanation="")


def _apart_section(anchor: str, blocks: tuple[Block, ...]) -> Section:
    return Section(f"{anchor}-non-classees", "Propositions non classées", blocks)


def _ranked_block(snapshot: Snapshot, result: Result) -> ProposalBlock:
    return _block(
        snapshot,
        result.proposal,
        rank=result.rank,
        bar=opinion_bar(result.proposal.reference, result.tally) if result.tally.votants else None,
        figures=(
            Figure("Soutien net", result.tally.net, signed(result.tally.net)),
            Figure("Votants", result.tally.votants, shown(result.tally.votants)),
            Figure("Borne de Wilson", result.bound.shown(6), result.bound.shown(3).replace(".", ",")),
            Figure("Rang selon Wilson", result.wilson_rank, shown(result.wilson_rank)),
        ),
        explanation=explanation_of(result),
    )


def _apart_block(snapshot: Snapshot, proposal: Proposal) -> ProposalBlock:
    tally = proposal.tally
    return _block(
        snapshot,
        proposal,
        rank=None,
        bar=opinion_bar(proposal.reference, tally) if tally and tally.votants else None,
        figures=()
        if tally is None
        else (
            Figure("Soutien net", tally.net, signed(tally.net)),
            Figure("Votants", tally.votants, shown(tally.votants)),
        ),
        explanation=_why_apart(snapshot, proposal),
    )


def _block(
    snapshot: Snapshot,
    proposal: Proposal,
    *,
    rank: str | None,
    bar: Bar | None,
    figures: tuple[Figure, ...],
    explanation: str,
) -> ProposalBlock:
    return ProposalBlock(
        anchor=proposal.reference,
        reference=proposal.reference,
        wording=proposal.wording,
        body=proposal.body if proposal.body.strip() != proposal.wording.strip() else "",
        meeting=proposal.meeting or "hors réunion",
        rank=rank,
        bar=bar,
        figures=figures,
        explanation=explanation,
        links=tuple(_links(snapshot, proposal)),
    )


def proposal_url(snapshot: Snapshot, proposal: Proposal) -> str:
    """Where a proposal can be read."""
    return f"{snapshot.consultation.base_url}/propositions/{proposal.reference}"


def _links(snapshot: Snapshot, proposal: Proposal) -> Iterable[Run]:
    yield Run(f"Proposition {proposal.reference}", href=proposal_url(snapshot, proposal))
    if proposal.source is not None:
        words = verbatim_id(proposal.source.post, proposal.source.revision)
        yield Run(f"Mots d’origine {words}", href=contribution_url(snapshot, proposal.source.post))


def _theme_of(snapshot: Snapshot, proposal: Proposal) -> Theme:
    return next(theme for theme in snapshot.themes if theme.number == proposal.theme)


def explanation_of(result: Result) -> str:
    """One sentence: the rank, those tied with it, the subtraction and the number of voters."""
    rank = fr("Rang {rank}{ties}", rank=result.rank, ties=_tied_with(result.ties))
    if not result.tally.votants:
        return fr("{rank} : aucun avis déposé, soit un soutien net nul.", rank=rank)
    return fr(
        "{rank} : {pour} pour moins {contre} contre, soit un soutien net de {net}, sur {voters}.",
        rank=rank,
        pour=shown(result.tally.for_),
        contre=shown(result.tally.against),
        net=signed(result.tally.net),
        voters=counted(result.tally.votants, "votant", "votants"),
    )


def _tied_with(references: Sequence[str]) -> str:
    if not references:
        return ""
    named = ", ".join(references[:NAMED_TIES])
    more = len(references) - NAMED_TIES
    return f", avec {named}" + (f" et {counted(more, 'autre', 'autres')}" if more > 0 else "")


def _why_apart(snapshot: Snapshot, proposal: Proposal) -> str:
    if snapshot.kind is Kind.WORKING_DRAFT:
        votes = _theme_of(snapshot, proposal).votes
        if votes is not None and votes.end <= snapshot.taken_at:
            return fr("Votes clos : les résultats sont sur le site ; ce document de travail est sans dépouillement.")
        return fr("Votes non clos : aucun dépouillement n’est montré.")
    if proposal.tally is None:
        return fr("Non classée : cette proposition n’a pas été soumise au vote.")
    return fr(
        "Non classée : {voters}, pour un seuil de {quorum}.",
        voters=counted(proposal.tally.votants, "votant", "votants"),
        quorum=shown(_theme_of(snapshot, proposal).quorum),
    )


# The annex and the data


def state_of(proposal: Proposal) -> str:
    """Whether it still stands, as printed."""
    return "retirée" if proposal.state is ProposalState.WITHDRAWN else "en vigueur"


def _line(snapshot: Snapshot, proposal: Proposal, result: Result | None) -> Line:
    tally = proposal.tally
    not_ranked = "retirée" if proposal.state is ProposalState.WITHDRAWN else "non classée"
    counts = ("–",) * 4
    if tally is not None:
        counts = (shown(tally.for_), shown(tally.abstain), shown(tally.against), signed(tally.net))
    return Line(
        link=Run(proposal.reference, href=proposal_url(snapshot, proposal)),
        wording=Run(proposal.wording, authored=True),
        state=state_of(proposal),
        rank_or_state=not_ranked if result is None else shown(result.place.rank),
        counts=counts,
    )


def why(snapshot: Snapshot, proposal: Proposal, result: Result | None) -> str:
    """One sentence that says why this rank, or why none."""
    if result is not None:
        return explanation_of(result)
    if proposal.state is ProposalState.WITHDRAWN:
        return "Retirée par son auteur ou par l’animation."
    return _why_apart(snapshot, proposal)
