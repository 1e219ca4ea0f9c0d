"""What does somebody know who reads one page? The first one after the cover: the figures that matter, what the
organiser says of it, the first proposals of each theme.

Pure; the other chapters are in `outlines`.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from forum.documents.outline import Block, Column, Figure, KeyFigures, Paragraph, Run, Section, Table, Tone
from forum.domain.chapters.participation import participation_of
from forum.domain.chapters.proposals import Ranking
from forum.domain.chapters.words import fr, shown, text
from forum.domain.chapters.written import written_blocks
from forum.domain.syntheses.snapshots import Snapshot
from forum.domain.syntheses.written import WrittenWords
from forum.models.syntheses import BlockKind

FIRST_PROPOSALS: Final = 6
"""How many rows the table of the first proposals aims at; a theme has one at least, and five at most."""


def essentials_section(snapshot: Snapshot, rankings: Sequence[Ranking], written: WrittenWords) -> Section:
    """The page that comes before the contents."""
    block = written.of(BlockKind.ESSENTIALS)
    blocks = (
        KeyFigures(tuple(_figures(snapshot, rankings))),
        *(written_blocks(snapshot, block) if block else ()),
        *_first_proposals(rankings),
    )
    return Section("essentiel", "L’essentiel", blocks)


def _figures(snapshot: Snapshot, rankings: Sequence[Ranking]) -> Iterable[Figure]:
    facts = participation_of(snapshot, rankings)
    yield _figure(facts.contributions, "contribution", "contributions")
    yield _figure(facts.proposals, "proposition", "propositions")
    if facts.votants is not None and facts.avis is not None:
        yield _figure(facts.votants, "votant", "votants")
        yield _figure(facts.avis, "vote compté", "votes comptés")


def _figure(value: int, one: str, several: str) -> Figure:
    return Figure(several if value > 1 else one, value, shown(value))


def _first_proposals(rankings: Sequence[Ranking]) -> Iterable[Block]:
    """The first ones of each theme, with those that share the last place shown left out where they are too many."""
    ranked = [ranking for ranking in rankings if ranking.results]
    if not ranked:
        return
    each = min(5, max(1, FIRST_PROPOSALS // len(ranked)))
    yield Table(
        caption="Les premières propositions" if len(ranked) == 1 else "Les premières propositions de chaque thème",
        columns=(Column("Rang", 16), Column("Proposition", 64), Column("Référence", 20)),
        rows=tuple(
            (
                Run(result.rank),
                Run(result.proposal.wording, authored=True),
                Run(result.proposal.reference, href=f"#{result.proposal.reference}"),
            )
            for ranking in ranked
            for result in ranking.results[:each]
        ),
    )
    yield Paragraph(text(fr("La méthode, les limites et toutes les propositions suivent.")), Tone.NOTE)
