"""Who took part, in figures and pictures? The chapter of participation: tables, and charts with their words.

Other chapters are in `outlines`.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from forum.documents.dataset import DayData, ParticipationData
from forum.documents.outline import (
    Bar,
    BarChart,
    Column,
    Part,
    Run,
    Section,
    Table,
)
from forum.domain.chapters.proposals import Ranking
from forum.domain.chapters.words import (
    fr,
    long_day,
    shown,
    themes_named,
)
from forum.domain.syntheses.snapshots import (
    DayCount,
    Snapshot,
    SynthesisKind,
)
from forum.models.proposals import IN_FORCE, ProposalState
from forum.models.themes import Voting
from forum.text.typography import capital

LONGEST_DAILY_CHART = 31
"""Above a month of days the chart counts by month: one bar per day would fill pages and say less."""


def participation_chapter(snapshot: Snapshot, rankings: Sequence[Ranking]) -> Section:
    """Key figures, then a chart with its table for each thing that can be counted."""
    facts = participation_of(snapshot, rankings)
    return Section(
        anchor="participation",
        title="Participation",
        blocks=(_key_figures(facts), *_charts(snapshot, rankings, facts.undated)),
    )


def participation_of(snapshot: Snapshot, rankings: Sequence[Ranking]) -> ParticipationData:
    """Every figure of the participation, for this chapter and for the data.

    Ballots are those on proposals in force, so that their number is the sum of the chart; those on withdrawn proposals
    are counted separately.
    """
    facts = snapshot.participation
    withdrawn = [proposal for proposal in snapshot.proposals if proposal.state is ProposalState.WITHDRAWN]
    counted = snapshot.kind is SynthesisKind.FINAL
    return ParticipationData(
        contributions=facts.posts,
        replies=facts.replies,
        quotes=facts.quotes,
        unknown_author=facts.unknown_author_posts,
        received=sum(each.posts for each in facts.received),
        undated=facts.posts - sum(count.posts for count in facts.per_day),
        known_authors=facts.known_authors,
        treated=facts.posts_treated,
        without_follow_up=sum(each.posts for each in facts.posts_without_follow_up),
        used=facts.posts_used,
        quoted=len(snapshot.verbatims),
        proposals=len(snapshot.proposals),
        withdrawn=len(withdrawn),
        set_aside=sum(proposal.state is ProposalState.SET_ASIDE for proposal in snapshot.proposals),
        merged=sum(proposal.state is ProposalState.MERGED for proposal in snapshot.proposals),
        votants=facts.voters,
        avis=sum(ranking.votants for ranking in rankings) if counted else None,
        avis_retirees=sum(proposal.votants for proposal in withdrawn) if counted else None,
        pending=sum(proposal.pending for proposal in snapshot.proposals if proposal.state in IN_FORCE)
        if counted
        else None,
        per_day=tuple(DayData(count.day, count.posts) for count in facts.per_day),
    )


def _key_figures(facts: ParticipationData) -> Table:
    lines: list[tuple[str, str]] = [
        ("Contributions reçues", shown(facts.contributions)),
        ("dont réponses", shown(facts.replies)),
        ("dont citations", shown(facts.quotes)),
        ("dont contributions d’auteur non connu", shown(facts.unknown_author)),
        *((("dont reçues hors du site", shown(facts.received)),) if facts.received else ()),
        ("dont contributions sans date connue", shown(facts.undated)),
        ("Auteurs connus", shown(facts.known_authors)),
        ("Propositions", shown(facts.proposals)),
        ("dont retirées", shown(facts.withdrawn)),
        *((("dont écartées", shown(facts.set_aside)),) if facts.set_aside else ()),
        *((("dont fusionnées dans une autre", shown(facts.merged)),) if facts.merged else ()),
        ("Votants", _or_sealed(facts.votants)),
        ("Votes comptés", _or_sealed(facts.avis)),
    ]
    if facts.pending:
        lines.append(("Non compris : votes sur une version antérieure, non confirmés", shown(facts.pending)))
    if facts.avis_retirees:
        lines.append(("Non compris : votes sur des propositions retirées depuis", shown(facts.avis_retirees)))
    return Table(
        caption="Chiffres clés",
        columns=(Column("Mesure", 70), Column("Nombre", 30, numeric=True)),
        rows=tuple((Run(fr(label)), Run(value)) for label, value in lines),
    )


def _or_sealed(figure: int | None) -> str:
    return "non dépouillé" if figure is None else shown(figure)


def _charts(snapshot: Snapshot, rankings: Sequence[Ranking], undated: int) -> Iterable[BarChart]:
    counts = snapshot.participation.per_theme
    if len(counts) > 1:
        yield _count_chart(
            "contributions-par-theme",
            "Contributions par thème",
            "Thème",
            [(f"Thème {count.theme}", count.posts) for count in counts],
        )
    periods, caption, header = _per_period(snapshot.participation.per_day)
    if periods:
        if undated:
            caption += f", sauf {shown(undated)} sans date connue"
        yield _count_chart("contributions-par-date", caption, header, periods)
    of_opinions = [ranking for ranking in rankings if ranking.theme.voting is Voting.OPINIONS]
    is_partial = len(of_opinions) < len(rankings)
    if is_partial and len(rankings) > 1 and any(ranking.votants for ranking in rankings):
        yield _count_chart(
            "votes-par-theme",
            "Votes comptés par thème",
            "Thème",
            [(f"Thème {ranking.theme.number}", ranking.votants) for ranking in rankings],
            unit="votes",
        )
    if any(ranking.ballots.votants for ranking in of_opinions):
        yield _opinion_chart(of_opinions, is_partial=is_partial)


def _per_period(days: Sequence[DayCount]) -> tuple[list[tuple[str, int]], str, str]:
    if len(days) <= LONGEST_DAILY_CHART:
        return (
            [(long_day(date.fromisoformat(count.day)), count.posts) for count in days],
            "Contributions par jour",
            "Jour",
        )
    months = groupby(days, key=lambda count: count.day[:7])
    totals = [(f"{month[5:]}/{month[:4]}", sum(count.posts for count in group)) for month, group in months]
    return totals, "Contributions par mois", "Mois"


def _count_chart(
    anchor: str, caption: str, header: str, counts: Sequence[tuple[str, int]], *, unit: str = "contributions"
) -> BarChart:
    return BarChart(
        anchor=anchor,
        caption=caption,
        alt=_count_sentence(caption, counts),
        bars=tuple(Bar(label, (Part(unit, count, shown(count)),)) for label, count in counts),
        table=Table(
            caption=fr("{caption} : les chiffres", caption=caption),
            columns=(Column(header, 70), Column(capital(unit), 30, numeric=True)),
            rows=tuple((Run(label), Run(shown(count))) for label, count in counts),
        ),
    )


def _count_sentence(caption: str, counts: Sequence[tuple[str, int]]) -> str:
    said = ", ".join(f"{label} {shown(count)}" for label, count in counts)
    return fr("Barres horizontales. {caption} : {said}.", caption=caption, said=said)


def _opinion_chart(rankings: Sequence[Ranking], *, is_partial: bool) -> BarChart:
    """`is_partial`: other themes vote in another way."""
    themes = themes_named([ranking.theme for ranking in rankings])
    caption = "Pour, abstention et contre" + (f", {themes} seulement" if is_partial else " par thème")
    bars = tuple(ranking.bar for ranking in rankings)
    said = fr(" ; ").join(
        fr("{label} : {parts}", label=bar.label, parts=", ".join(f"{p.shown} {p.label}" for p in bar.parts))
        for bar in bars
    )
    return BarChart(
        anchor="avis-par-theme",
        caption=caption,
        alt=fr("Barres horizontales empilées. {caption}. {said}.", caption=caption, said=said),
        bars=bars,
        table=Table(
            caption=fr("{caption} : les chiffres", caption=caption),
            columns=(
                Column("Thème", 40),
                Column("Pour", 20, numeric=True),
                Column("Abstention", 20, numeric=True),
                Column("Contre", 20, numeric=True),
            ),
            rows=tuple((Run(bar.label), *(Run(part.shown) for part in bar.parts)) for bar in bars),
        ),
    )
