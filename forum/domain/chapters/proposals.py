"""Where does each proposal stand, and which sentence says why? The ranked pages of a document.

Each theme is ranked separately: votes of different themes were cast by different people over different lists. In a
working draft nothing is ranked and nothing is counted. The other chapters are in `outlines`.
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
from forum.domain.chapters.words import (
    counted,
    fr,
    local_moment,
    proposal_url,
    shown,
    signed,
    source_url,
    text,
    verbatim_id,
)
from forum.domain.syntheses.snapshots import FrozenProposal, FrozenTheme, Snapshot, SynthesisKind
from forum.domain.themes.ballots import TALLIED, Count
from forum.domain.votes.standings import (
    DECLARED,
    Duel,
    JudgedProposal,
    Lens,
    Pairs,
    RankedPlace,
    Terms,
    ThemeStanding,
    standing_of,
)
from forum.models.proposals import IN_FORCE, ProposalState
from forum.models.themes import Voting
from forum.ranking.methods import Disagreement
from forum.ranking.orders import reference_key
from forum.ranking.published import GroupCell
from forum.ranking.tallies import Opinion, Tally

NAMED_TIES: Final = 3
"""How many tied proposals a sentence names; the others are only counted, or the sentence would be too long."""


@dataclass(frozen=True, slots=True)
class Result:
    """A ranked proposal: its place by the declared method of its theme, and the theme's other methods."""

    proposal: FrozenProposal
    place: RankedPlace
    theme: FrozenTheme
    methods: tuple[Lens, ...]

    @property
    def rank(self) -> str:
        """Such as "2" or "2 ex æquo"."""
        return f"{shown(self.number)} ex æquo" if self.place.is_tied else shown(self.number)

    @property
    def number(self) -> int:
        assert self.place.rank is not None
        return self.place.rank

    @property
    def wilson_rank(self) -> int | None:
        return self.place.beside.get(Lens.WILSON)


@dataclass(frozen=True, slots=True)
class AnnexLine:
    """A proposal as a row of the annex."""

    link: Run
    wording: Run
    state: str
    rank_or_state: str
    counts: tuple[str, ...]
    """Pour, abstention, contre, net; for other kinds of voting, the number of voters."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """One theme: its results in order of rank, the proposals listed separately, and its annex."""

    theme: FrozenTheme
    results: tuple[Result, ...]
    apart: tuple[FrozenProposal, ...]
    """Proposals in force but not ranked, by reference: below the quorum, never put to the vote, or votes still open."""
    lines: tuple[AnnexLine, ...]
    ballots: Tally
    """All supports or opinions on its proposals in force."""
    votants: int
    """All ballots on them, whatever they say."""
    primary: Lens
    """The method that gives the ranks; where nothing is ranked, the declared one."""
    too_many_to_compare: bool
    methods: tuple[Lens, ...]
    disagreements: tuple[Disagreement[Lens], ...]

    @property
    def bar(self) -> Bar:
        """All its opinions as one bar."""
        return opinion_bar(fr("Thème {number}", number=self.theme.number), self.ballots)


def rankings_of(snapshot: Snapshot) -> tuple[Ranking, ...]:
    """The themes of a snapshot in their order, each ranked separately."""
    return tuple(_ranking(snapshot, theme) for theme in snapshot.themes)


def _ranking(snapshot: Snapshot, theme: FrozenTheme) -> Ranking:
    proposals = sorted(
        (proposal for proposal in snapshot.proposals if proposal.theme == theme.number),
        key=lambda proposal: reference_key(proposal.reference),
    )
    in_force = [proposal for proposal in proposals if proposal.state in IN_FORCE]
    standing = _standing(snapshot, theme, in_force)
    by_reference = {proposal.reference: proposal for proposal in in_force}
    results = tuple(Result(by_reference[place.reference], place, theme, standing.methods) for place in standing.ranked)
    places = {result.proposal.reference: result for result in results}
    return Ranking(
        theme=theme,
        results=results,
        apart=tuple(proposal for proposal in in_force if proposal.reference not in places),
        lines=tuple(_line(snapshot, proposal, places.get(proposal.reference)) for proposal in proposals),
        ballots=_sum(proposal.tally for proposal in in_force),
        votants=sum(proposal.votants for proposal in in_force),
        primary=standing.primary if standing.ranked else DECLARED[theme.voting],
        too_many_to_compare=standing.too_many_to_compare,
        methods=standing.methods,
        disagreements=standing.disagreements,
    )


def _standing(snapshot: Snapshot, theme: FrozenTheme, in_force: Sequence[FrozenProposal]) -> ThemeStanding:
    """The orders of a theme, computed from the snapshot: they always give the same figures as the site."""
    judged = [
        JudgedProposal(each.reference, count_of(each), _groups(each)) for each in in_force if is_counted(snapshot, each)
    ]
    pairs = Pairs(theme.compared, theme.preferred) if theme.compared else None
    terms = Terms(theme.voting, len(theme.mentions), theme.quorum, snapshot.method.abstentions_in_wilson)
    return standing_of(terms, judged, theme.picks, pairs)


def _groups(proposal: FrozenProposal) -> dict[Lens, dict[str, GroupCell]]:
    """The cells that count in each consensus: those of groups that people declared."""
    found: dict[Lens, dict[str, GroupCell]] = {}
    for each in proposal.cells:
        if each.group:
            found.setdefault(Lens(each.by), {})[each.group] = GroupCell(each.pour, each.votants, each.precision)
    return found


def is_counted(snapshot: Snapshot, proposal: FrozenProposal) -> bool:
    """Whether it was put to the vote and the vote is over."""
    if snapshot.kind is SynthesisKind.WORKING_DRAFT:
        return False
    return proposal.tally is not None or theme_of(snapshot, proposal).voting not in TALLIED


def count_of(proposal: FrozenProposal) -> Count:
    """What its ballots say, in the terms of its theme."""
    if proposal.tally is None:
        return Count({str(each.opinion): each.ballots for each in proposal.said}, proposal.pending)
    tally = proposal.tally
    said = {Opinion.FOR: tally.for_, Opinion.ABSTAIN: tally.abstain, Opinion.AGAINST: tally.against}
    return Count({opinion.value: ballots for opinion, ballots in said.items() if ballots}, proposal.pending)


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
    """The pages of one theme: ranked blocks, then unranked proposals, or the sentence that says there is nothing."""
    anchor = f"propositions-{ranking.theme.number}"
    if not ranking.results and not ranking.apart:
        return Section(anchor, title, (Paragraph(text("Aucune proposition en vigueur dans ce thème."), Tone.EMPTY),))
    ranked = tuple(_ranked_block(snapshot, result) for result in ranking.results)
    if snapshot.kind is SynthesisKind.WORKING_DRAFT:
        uncounted = tuple(_uncounted_block(snapshot, proposal) for proposal in ranking.apart)
        return Section(anchor, title, (Paragraph(tuple(_votes_of(snapshot, ranking.theme)), Tone.NOTE), *uncounted))
    apart = tuple(_apart_block(snapshot, proposal) for proposal in ranking.apart)
    sections = (_apart_section(anchor, apart),) if apart else ()
    if not ranked:
        ranked_blocks: tuple[Block, ...] = (Paragraph(text("Aucune proposition n’est classée."), Tone.EMPTY),)
        return Section(anchor, title, ranked_blocks, sections)
    return Section(anchor, title, ranked, sections)


def _votes_of(snapshot: Snapshot, theme: FrozenTheme) -> Iterable[Run]:
    """The state of a theme's votes, since a draft does not give their results."""
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


def _uncounted_block(snapshot: Snapshot, proposal: FrozenProposal) -> ProposalBlock:
    return _block(snapshot, proposal, rank=None, bar=None, figures=(), explanation="")


def _apart_section(anchor: str, blocks: tuple[Block, ...]) -> Section:
    return Section(f"{anchor}-non-classees", "Propositions non classées", blocks)


def _ranked_block(snapshot: Snapshot, result: Result) -> ProposalBlock:
    return _block(
        snapshot,
        result.proposal,
        rank=result.rank,
        bar=_bar(result.proposal, result.theme),
        figures=(*_figures(result.proposal, result.theme), *_figures_beside(result)),
        explanation=explanation_of(result),
    )


def _apart_block(snapshot: Snapshot, proposal: FrozenProposal) -> ProposalBlock:
    theme = theme_of(snapshot, proposal)
    counted_ = is_counted(snapshot, proposal)
    return _block(
        snapshot,
        proposal,
        rank=None,
        bar=_bar(proposal, theme) if counted_ else None,
        figures=tuple(_figures(proposal, theme)) if counted_ else (),
        explanation=_why_apart(snapshot, proposal),
    )


def _bar(proposal: FrozenProposal, theme: FrozenTheme) -> Bar | None:
    """The bar of opinions; other kinds of voting are shown as figures."""
    tally = proposal.tally
    if theme.voting is not Voting.OPINIONS or tally is None or not tally.votants:
        return None
    return opinion_bar(proposal.reference, tally)


def _figures(proposal: FrozenProposal, theme: FrozenTheme) -> Iterable[Figure]:
    """What its ballots say, in the terms of its theme."""
    count = count_of(proposal)
    match theme.voting:
        case Voting.OPINIONS:
            yield Figure("Soutien net", count.tally.net, signed(count.tally.net))
            yield Figure("Votants", count.votants, shown(count.votants))
        case Voting.APPROVAL:
            yield Figure("Soutiens", count.tally.for_, shown(count.tally.for_))
        case Voting.JUDGMENT:
            for mention, ballots in reversed(list(zip(theme.mentions, count.grades(len(theme.mentions)), strict=True))):
                yield Figure(mention, ballots, shown(ballots))
            yield Figure("Votants", count.votants, shown(count.votants))
        case Voting.RANKING:
            first = dict(count.places).get(1, 0)
            yield Figure("Personnes qui la classent", count.votants, shown(count.votants))
            yield Figure("Premières places", first, shown(first))
    if count.pending:
        yield Figure("Votes sur une version antérieure, non comptés", count.pending, shown(count.pending))


def _figures_beside(result: Result) -> Iterable[Figure]:
    """Its ranks by the other methods, and the Wilson bound itself."""
    bound = result.place.bound
    if bound is not None:
        yield Figure("Borne de Wilson", bound.shown(6), bound.shown(3).replace(".", ","))
        wilson = result.wilson_rank
        if wilson is not None:
            yield Figure("Rang selon Wilson", wilson, shown(wilson))
    for method in result.methods:
        rank = result.place.beside[method]
        if method is not Lens.WILSON and rank is not None:
            yield Figure(f"Rang, {method.label}", rank, shown(rank))


def _block(
    snapshot: Snapshot,
    proposal: FrozenProposal,
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
        figures=(*figures, *_answer(proposal)),
        explanation=explanation,
        links=tuple(_links(snapshot, proposal)),
    )


def _answer(proposal: FrozenProposal) -> Iterable[Figure]:
    """What the administration answered, in the word that the pages and the sheets say."""
    if proposal.decision is not None and proposal.state in IN_FORCE:
        yield Figure("Réponse de l’administration", proposal.fate.value, proposal.fate.label)


def _links(snapshot: Snapshot, proposal: FrozenProposal) -> Iterable[Run]:
    yield Run(
        fr("Proposition {reference}, version {version}", reference=proposal.reference, version=proposal.version),
        href=proposal_url(snapshot, proposal),
    )
    if proposal.source is not None:
        words = verbatim_id(proposal.source.post, proposal.source.revision)
        yield Run(f"Mots d’origine {words}", href=source_url(snapshot, proposal.source))


def theme_of(snapshot: Snapshot, proposal: FrozenProposal) -> FrozenTheme:
    """The theme of a proposal."""
    return next(theme for theme in snapshot.themes if theme.number == proposal.theme)


def explanation_of(result: Result) -> str:
    """One sentence: the rank, those tied with it, and the figures of the method that give it."""
    place = result.place
    rank = fr("Rang {rank}{ties}", rank=result.rank, ties=_tied_with(place))
    return fr("{rank} : {figures}.", rank=rank, figures=_said(result))


def _no_vote(voting: Voting, pending: int) -> str:
    """What is said of a proposal without a vote that counts, within a sentence; `pending` votes are not counted."""
    if pending:
        return f"aucun vote compté, {_waiting(pending)}"
    return {Voting.APPROVAL: "aucun soutien", Voting.RANKING: "aucun votant ne l’a classée"}.get(voting, "aucun vote")


def _said(result: Result) -> str:
    """The figures of the declared method, for the sentence that explains a rank."""
    place, tally = result.place, result.place.count.tally
    voters = counted(place.count.votants, "votant", "votants")
    match result.theme.voting:
        case Voting.OPINIONS:
            return fr(
                "{pour} pour moins {contre} contre, soit un soutien net de {net}, sur {voters}",
                pour=shown(tally.for_),
                contre=shown(tally.against),
                net=signed(tally.net),
                voters=voters,
            )
        case Voting.APPROVAL:
            return counted(tally.for_, "soutien", "soutiens")
        case Voting.JUDGMENT:
            assert place.gauge is not None
            return fr(
                "mention majoritaire « {mention} » ; sur {voters}, {above} au-dessus et {below} au-dessous",
                mention=result.theme.mentions[place.gauge.grade],
                voters=voters,
                above=shown(place.gauge.above),
                below=shown(place.gauge.below),
            )
        case Voting.RANKING:
            return _duel(place.duel) if place.duel else fr("classée par {voters}", voters=voters)


def _duel(duel: Duel) -> str:
    """The duel with the neighbour, and what decides instead where the duel does not."""
    outcome = "gagné contre" if duel.lead > 0 else "perdu contre" if duel.lead < 0 else "à égalité avec"
    found = fr(
        "duel {outcome} {other}, qui {place}, {ours} à {theirs}",
        outcome=outcome,
        other=duel.other,
        place="précède" if duel.is_before else "suit",
        ours=shown(duel.ours),
        theirs=shown(duel.theirs),
    )
    if duel.decides:
        return found
    if not duel.path_lead:
        return found + fr(" ; aucune ne passe devant l’autre, leurs rangs viennent de leurs autres duels")
    stronger, weaker = sorted((duel.our_path, duel.their_path), reverse=True)
    ahead = "elle passe devant" if duel.path_lead > 0 else fr("{other} passe devant", other=duel.other)
    return found + fr(
        " ; {ahead} par une suite de duels, {stronger} à {weaker}",
        ahead=ahead,
        stronger=shown(stronger),
        weaker=shown(weaker),
    )


def _tied_with(place: RankedPlace) -> str:
    if not place.is_tied:
        return ""
    named = ", ".join(place.ties(NAMED_TIES))
    more = len(place.sharing) - 1 - NAMED_TIES
    return f", avec {named}" + (f" et {counted(more, 'autre', 'autres')}" if more > 0 else "")


def _why_apart(snapshot: Snapshot, proposal: FrozenProposal) -> str:
    if snapshot.kind is SynthesisKind.WORKING_DRAFT:
        votes = theme_of(snapshot, proposal).votes
        if votes is not None and votes.end <= snapshot.taken_at:
            return fr("Votes clos : les résultats sont sur le site ; ce document de travail est sans dépouillement.")
        return fr("Votes non clos : aucun dépouillement n’est montré.")
    if not is_counted(snapshot, proposal):
        return fr("Non classée : cette proposition n’a pas été soumise au vote.")
    theme = theme_of(snapshot, proposal)
    if not proposal.votants:
        return fr("Sans rang : {figures}.", figures=_no_vote(theme.voting, proposal.pending))
    return fr(
        "Non classée : {voters}, pour un seuil de {quorum}{waiting}.",
        voters=counted(proposal.votants, "votant", "votants"),
        quorum=shown(theme.quorum),
        waiting=f", {_waiting(proposal.pending)}" if proposal.pending else "",
    )


def _waiting(pending: int) -> str:
    """Such as "23 votes non confirmés sur une version antérieure"."""
    return fr("{votes} sur une version antérieure", votes=counted(pending, "vote non confirmé", "votes non confirmés"))


# The annex and the data


def _line(snapshot: Snapshot, proposal: FrozenProposal, result: Result | None) -> AnnexLine:
    tally = proposal.tally
    counts: tuple[str, ...] = ("–",) * 4
    if theme_of(snapshot, proposal).voting is not Voting.OPINIONS:
        counts = (shown(proposal.votants) if proposal.state in IN_FORCE else "–",)
    elif tally is not None:
        counts = (shown(tally.for_), shown(tally.abstain), shown(tally.against), signed(tally.net))
    not_ranked = "non classée" if proposal.state in IN_FORCE else proposal.fate.label
    return AnnexLine(
        link=Run(proposal.reference, href=proposal_url(snapshot, proposal)),
        wording=Run(proposal.wording, authored=True),
        state=proposal.fate.label,
        rank_or_state=not_ranked if result is None else shown(result.number),
        counts=counts,
    )


def why(snapshot: Snapshot, proposal: FrozenProposal, result: Result | None) -> str:
    """One sentence that says why this rank, or why none."""
    if result is not None:
        return explanation_of(result)
    reason = fr(" Raison donnée : {reason}", reason=proposal.state_reason) if proposal.state_reason else ""
    match proposal.state:
        case ProposalState.WITHDRAWN if proposal.other:
            return fr("Retirée au profit de {other}.", other=proposal.other) + reason
        case ProposalState.WITHDRAWN:
            return "Retirée." + reason
        case ProposalState.SET_ASIDE:
            return "Écartée par l’équipe de modération." + reason
        case ProposalState.MERGED if proposal.other:
            return fr("Fusionnée dans {other}, qui a reçu ses votes.", other=proposal.other) + reason
        case ProposalState.MERGED:
            return "Fusionnée dans une autre." + reason
        case _:
            return _why_apart(snapshot, proposal)
