"""What is at the end of a document, for readers who check? Every proposal, the meetings, the coverage, the glossary.

Other chapters are in `outlines`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from forum.documents.outline import (
    Block,
    Column,
    Definitions,
    Entry,
    Paragraph,
    Run,
    Section,
    Table,
    Tone,
)
from forum.domain.chapters.proposals import Ranking
from forum.domain.chapters.words import (
    fr,
    long_day,
    shown,
    text,
)
from forum.domain.syntheses.snapshots import Snapshot, SynthesisKind
from forum.models.themes import Voting


def annexes_chapter(snapshot: Snapshot, rankings: Sequence[Ranking]) -> Section:
    """Every proposal, withdrawn ones too, then meetings, coverage and glossary."""
    return Section(
        anchor="annexes",
        title="Annexes",
        sections=(
            Section("annexe-propositions", "Toutes les propositions", tuple(_every_proposal(snapshot, rankings))),
            Section("annexe-reunions", "Réunions", (_meetings(snapshot),)),
            Section("annexe-devenir", "Devenir des contributions", (_coverage(snapshot),)),
            Section("annexe-glossaire", "Glossaire", (Definitions(tuple(_glossary(snapshot))),)),
        ),
    )


def _every_proposal(snapshot: Snapshot, rankings: Sequence[Ranking]) -> Iterable[Block]:
    if not snapshot.proposals:
        yield Paragraph(text("Aucune proposition n’a été déposée."), Tone.EMPTY)
        return
    order = "Par référence, propositions retirées comprises."
    if snapshot.kind is SynthesisKind.FINAL:
        order += " Les propositions de même rang sont ex æquo."
    yield Paragraph(text(order), Tone.NOTE)
    for ranking in rankings:
        if ranking.lines:
            yield _proposal_table(snapshot, ranking)


def _proposal_table(snapshot: Snapshot, ranking: Ranking) -> Table:
    caption = fr("Propositions du thème {number}", number=ranking.theme.number)
    if snapshot.kind is SynthesisKind.WORKING_DRAFT:
        return Table(
            caption,
            (Column("Référence", 16), Column("Proposition", 64), Column("État", 20)),
            tuple((line.link, line.wording, Run(line.state)) for line in ranking.lines),
        )
    if ranking.theme.voting is not Voting.OPINIONS:
        return Table(
            caption,
            (
                Column("Réf.", 10),
                Column("Proposition", 56),
                Column("Rang", 14, numeric=True),
                Column("Votants", 20, numeric=True),
            ),
            tuple(
                (line.link, line.wording, Run(line.rank_or_state), *(Run(count) for count in line.counts))
                for line in ranking.lines
            ),
        )
    return Table(
        caption,
        (
            Column("Réf.", 10),
            Column("Proposition", 40),
            Column("Rang", 11, numeric=True),
            Column("Pour", 9, numeric=True),
            Column("Abst.", 9, numeric=True),
            Column("Contre", 11, numeric=True),
            Column("Net", 10, numeric=True),
        ),
        tuple((line.link, line.wording, Run(line.rank_or_state), *map(Run, line.counts)) for line in ranking.lines),
    )


def _meetings(snapshot: Snapshot) -> Block:
    if not snapshot.meetings:
        return Paragraph(text("Aucune réunion n’est enregistrée."), Tone.EMPTY)
    return Table(
        caption="Réunions des groupes de travail",
        columns=(
            Column("Réunion", 26),
            Column("Date", 18),
            Column("Lieu", 18),
            Column("Contributions", 20, numeric=True),
            Column("Propositions", 18, numeric=True),
        ),
        rows=tuple(
            (
                Run(f"{meeting.group}, réunion {meeting.number}"),
                Run("non connue" if meeting.date is None else long_day(date.fromisoformat(meeting.date))),
                Run(meeting.place or "non connu"),
                Run(shown(meeting.tagged_posts)),
                Run(shown(meeting.proposals)),
            )
            for meeting in snapshot.meetings
        ),
    )


# How many reasons the table names; the others are counted together.
NAMED_REASONS: Final = 10


def _coverage(snapshot: Snapshot) -> Table:
    facts = snapshot.participation
    without = sum(each.posts for each in facts.posts_without_follow_up)
    others = sum(each.posts for each in facts.posts_without_follow_up[NAMED_REASONS:])
    lines = (
        ("Contributions reçues", shown(facts.posts)),
        ("Contributions lues jusqu’au bout", shown(facts.posts_treated + without)),
        ("dont retenues, en tout ou en partie", shown(facts.posts_treated)),
        ("dont sans suite", shown(without)),
        *(
            (fr("Sans suite : {reason}", reason=each.words), shown(each.posts))
            for each in facts.posts_without_follow_up[:NAMED_REASONS]
        ),
        *((("Sans suite : autres raisons", shown(others)),) if others else ()),
        ("Contributions qui restent à lire", shown(facts.posts - facts.posts_treated - without)),
        ("Contributions à l’origine d’une proposition", shown(facts.posts_used)),
        ("Contributions citées mot pour mot", shown(len(snapshot.verbatims))),
    )
    return Table(
        caption="Ce que sont devenues les contributions",
        columns=(Column("Étape", 70), Column("Nombre", 30, numeric=True)),
        rows=tuple((Run(label), Run(value)) for label, value in lines),
    )


# Words that only one kind of voting uses.
_WORDS_OF: Final[Mapping[str, Voting]] = {
    "Abstention": Voting.OPINIONS,
    "Borne de Wilson": Voting.OPINIONS,
    "Exprimés": Voting.OPINIONS,
    "Soutien net": Voting.OPINIONS,
    "Mention majoritaire": Voting.JUDGMENT,
    "Duel": Voting.RANKING,
}


def _glossary(snapshot: Snapshot) -> Iterable[Entry]:
    """The terms of these kinds of voting, in alphabetical order."""
    kinds = {theme.voting for theme in snapshot.themes} or {Voting.OPINIONS}
    for term, meaning in (
        ("Abstention", "Avis déposé qui ne prend pas parti. Il compte parmi les votants, non parmi les exprimés."),
        ("Auteur non connu", "Le texte d’origine ne nomme pas l’auteur. Aucun nom n’est supposé."),
        ("Borne de Wilson", "Plus petite part de pour compatible avec les avis reçus, à 95 % de confiance."),
        ("Contribution", "Message publié dans un fil du forum."),
        ("Duel", "Comparaison de deux propositions : combien de votants préfèrent l’une, et combien l’autre."),
        ("Étiquette de réunion", "Mention, telle que [GT réunion 1], qui rattache une contribution à une réunion."),
        ("Exprimés", "Pour et contre, sans les abstentions."),
        ("Extrait", "Passage exact d’une contribution, repéré dans une version donnée."),
        ("Mention majoritaire", "Mention que plus de la moitié des votants donne au moins à une proposition."),
        ("Proposition", "Formulation courte soumise au vote, avec une référence telle que T3-007."),
        ("Soutien net", "Nombre de pour moins nombre de contre. Il peut être négatif."),
        ("Votants", "Personnes dont le vote est compté."),
    ):
        if _WORDS_OF.get(term) not in (None, *kinds):
            continue
        yield Entry(term, text(fr(meaning)))
