"""What does a snapshot say, for machines? The dataset that goes with the document and holds the same figures.

Every figure that is also printed comes from the function that prints it: rankings and explanations from
`proposals.py`, participation from `participation.py`.
"""

from collections.abc import Iterator, Sequence

from forum.documents.dataset import (
    CellData,
    ConsultationData,
    Dataset,
    MeetingData,
    MethodData,
    ProposalData,
    QuestionData,
    RankData,
    SaidData,
    SourceData,
    TextData,
    ThemeData,
    UnansweredData,
    VerbatimData,
    WindowData,
)
from forum.domain.chapters.participation import participation_of
from forum.domain.chapters.proposals import (
    Ranking,
    Result,
    is_counted,
    why,
)
from forum.domain.chapters.words import proposal_url, software, source_url, verbatim_id, verbatim_url
from forum.domain.syntheses.snapshots import (
    FrozenProposal,
    FrozenQuestion,
    FrozenTheme,
    FrozenWindow,
    Snapshot,
    Source,
    SynthesisKind,
    Verbatim,
)
from forum.domain.syntheses.written import NOTHING, WrittenWords
from forum.domain.votes.standings import Lens
from forum.models.proposals import IN_FORCE
from forum.models.themes import Voting
from forum.ranking.orders import reference_key


def dataset_of(
    snapshot: Snapshot, rankings: Sequence[Ranking], digest: str, written: WrittenWords = NOTHING
) -> Dataset:
    """The whole record of a snapshot whose SHA-256 is `digest`."""
    consultation = snapshot.consultation
    return Dataset(
        consultation=ConsultationData(
            title=consultation.title,
            organiser=consultation.organiser,
            licence=consultation.licence,
            url=consultation.base_url,
            example=consultation.example,
        ),
        scope=snapshot.scope,
        draft=snapshot.kind is SynthesisKind.WORKING_DRAFT,
        version=snapshot.version,
        taken_at=snapshot.taken_at,
        sha256=digest,
        software=software(snapshot),
        method=MethodData(
            ranking=" ; ".join(_methods(rankings)),
            comparison="borne inférieure de Wilson",
            confidence="0.95",
            abstentions_in_wilson=snapshot.method.abstentions_in_wilson,
        ),
        participation=participation_of(snapshot, rankings),
        themes=tuple(_theme(snapshot, ranking) for ranking in rankings),
        proposals=_proposals(snapshot, rankings),
        texts=tuple(
            TextData(each.kind.label, each.subject or None, each.version, each.markdown) for each in written.blocks
        ),
        verbatims=tuple(_verbatims(snapshot)),
        unanswered_questions=tuple(
            UnansweredData(theme.number, question.position, question.text)
            for theme in snapshot.themes
            for question in unanswered(snapshot, theme)
        ),
        meetings=tuple(
            MeetingData(
                group=meeting.group,
                number=meeting.number,
                day=meeting.date,
                place=meeting.place,
                contributions=meeting.tagged_posts,
                proposals=meeting.proposals,
            )
            for meeting in snapshot.meetings
        ),
    )


def _methods(rankings: Sequence[Ranking]) -> tuple[str, ...]:
    """The declared methods of the themes, each once; for opinions, with the formula."""
    names = dict.fromkeys(ranking.primary.label for ranking in rankings)
    formula = "soutien net : pour moins contre"
    return tuple(formula if name == Lens.NET_SUPPORT.label else name for name in names) or (formula,)


def unanswered(snapshot: Snapshot, theme: FrozenTheme) -> tuple[FrozenQuestion, ...]:
    """The guiding questions of a theme to which no proposal in force is attached."""
    answered = {
        position
        for proposal in snapshot.proposals
        if proposal.theme == theme.number and proposal.state in IN_FORCE
        for position in proposal.questions
    }
    return tuple(question for question in theme.questions if question.position not in answered)


def _theme(snapshot: Snapshot, ranking: Ranking) -> ThemeData:
    theme = ranking.theme
    posts = {count.theme: count.posts for count in snapshot.participation.per_theme}
    counted = snapshot.kind is SynthesisKind.FINAL and theme.voting is Voting.OPINIONS
    return ThemeData(
        number=theme.number,
        title=theme.title,
        introduction=theme.introduction,
        questions=tuple(QuestionData(question.position, question.text) for question in theme.questions),
        contributions_window=_window(theme.contributions),
        votes_window=_window(theme.votes),
        sealed=theme.sealed,
        quorum=theme.quorum,
        voting=theme.voting.value,
        mentions=theme.mentions,
        quota=theme.quota,
        method=ranking.primary.value,
        other_methods=tuple(method.value for method in ranking.methods),
        disagreements=tuple(each.reference for each in ranking.disagreements),
        slate=theme.picks,
        compared=theme.compared,
        preferred=theme.preferred,
        contributions=posts[theme.number],
        proposals=sum(proposal.theme == theme.number for proposal in snapshot.proposals),
        pour=ranking.ballots.for_ if counted else None,
        abstention=ranking.ballots.abstain if counted else None,
        contre=ranking.ballots.against if counted else None,
    )


def _window(window: FrozenWindow | None) -> WindowData | None:
    return None if window is None else WindowData(window.start, window.end)


def _proposals(snapshot: Snapshot, rankings: Sequence[Ranking]) -> tuple[ProposalData, ...]:
    results = {result.proposal.reference: result for ranking in rankings for result in ranking.results}
    in_order = sorted(snapshot.proposals, key=lambda proposal: reference_key(proposal.reference))
    return tuple(_proposal(snapshot, proposal, results.get(proposal.reference)) for proposal in in_order)


def _proposal(snapshot: Snapshot, proposal: FrozenProposal, result: Result | None) -> ProposalData:
    tally = proposal.tally
    counted = is_counted(snapshot, proposal)
    return ProposalData(
        reference=proposal.reference,
        version=proposal.version,
        wording=proposal.wording,
        body=proposal.body,
        theme=proposal.theme,
        state=proposal.fate.label,
        state_reason=proposal.state_reason,
        other=proposal.other,
        rank=result.place.rank if result else None,
        tied=result.place.is_tied if result else False,
        other_ranks=_other_ranks(result),
        pour=tally.for_ if tally else None,
        abstention=tally.abstain if tally else None,
        contre=tally.against if tally else None,
        votants=proposal.votants if counted else None,
        soutien_net=tally.net if tally else None,
        said=tuple(SaidData(each.opinion, each.ballots) for each in proposal.said),
        groups=tuple(
            CellData(each.by, each.group, each.pour, each.votants, each.precision.value) for each in proposal.cells
        ),
        pending=proposal.pending if counted else None,
        wilson=result.place.bound.shown(6) if result and result.place.bound else None,
        wilson_rank=result.wilson_rank if result else None,
        explanation=why(snapshot, proposal, result),
        origin=proposal.origin.label,
        meeting=proposal.meeting,
        questions=proposal.questions,
        source=_source(snapshot, proposal.source),
        url=proposal_url(snapshot, proposal),
    )


def _other_ranks(result: Result | None) -> tuple[RankData, ...]:
    if result is None:
        return ()
    ranks = ((method, result.place.beside[method]) for method in result.methods)
    return tuple(RankData(method.value, rank) for method, rank in ranks if rank is not None)


def _source(snapshot: Snapshot, source: Source | None) -> SourceData | None:
    if source is None:
        return None
    return SourceData(
        id=verbatim_id(source.post, source.revision),
        contribution=source.post,
        revision=source.revision,
        start=source.start,
        end=source.end,
        words=source.words,
        url=source_url(snapshot, source),
    )


def _verbatims(snapshot: Snapshot) -> Iterator[VerbatimData]:
    threads = {thread.id: thread for thread in snapshot.threads}
    for verbatim in in_order_of_threads(snapshot):
        thread = threads[verbatim.thread]
        yield VerbatimData(
            id=verbatim_id(verbatim.post, verbatim.revision),
            contribution=verbatim.post,
            revision=verbatim.revision,
            theme=thread.theme,
            thread=thread.title,
            number=verbatim.number,
            words=verbatim.words,
            written_at=verbatim.written_at,
            meetings=verbatim.meetings,
            url=verbatim_url(snapshot, verbatim.post, verbatim.revision),
        )


def in_order_of_threads(snapshot: Snapshot) -> list[Verbatim]:
    """The cited contributions, by theme, then in the order of their threads."""
    theme_of = {thread.id: thread.theme for thread in snapshot.threads}
    return sorted(snapshot.verbatims, key=lambda v: (theme_of[v.thread], v.thread, v.number))
