"""What does a snapshot say, as a document? Its cover, its chapters and the data that go with them.

Pure: the same snapshot and the same written words give the same outline. Long chapters have a file each, and share the
words of `words.py`; what people write stands in `written.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from forum.documents.outline import (
    Block,
    Cover,
    Fact,
    Furniture,
    Listing,
    Outline,
    Paragraph,
    Quotation,
    Run,
    Section,
    Tone,
)
from forum.domain.chapters.annexes import annexes_chapter
from forum.domain.chapters.data import dataset_of, in_order_of_threads, unanswered
from forum.domain.chapters.essentials import essentials_section
from forum.domain.chapters.method import method_chapter
from forum.domain.chapters.participation import participation_chapter
from forum.domain.chapters.proposals import Ranking, rankings_of, theme_section
from forum.domain.chapters.words import (
    asked,
    fr,
    local_day,
    local_moment,
    place_in_thread,
    shown,
    software,
    text,
    themes_named,
    verbatim_anchor,
    verbatim_id,
    verbatim_url,
)
from forum.domain.chapters.written import commented, reserves, written_section
from forum.domain.syntheses.snapshots import (
    FrozenTheme,
    Snapshot,
    SynthesisKind,
    Verbatim,
    moment_of,
    sha256,
)
from forum.domain.syntheses.written import NOTHING, WrittenWords
from forum.models.syntheses import BlockKind
from forum.models.themes import Voting
from forum.text.characters import legible, with_texts
from forum.text.directions import isolate_lines
from forum.text.quotes import has_struck_words
from forum.text.typography import capital


def outline_of(snapshot: Snapshot, written: WrittenWords = NOTHING) -> Outline:
    """The whole document of a snapshot and of what people wrote with it, in French."""
    rankings = rankings_of(snapshot)
    digest = sha256(snapshot)
    # The words of people, as they stand in a line of ours; data have cells, where nothing stands beside them.
    said = with_texts(snapshot, isolate_lines)
    shown_rankings = rankings if said == snapshot else rankings_of(said)
    chapters = (
        *written_section(said, written, BlockKind.INTRODUCTION),
        _context(said),
        method_chapter(said, shown_rankings),
        participation_chapter(said, shown_rankings),
        commented(said, written, _proposals(said, shown_rankings)),
        *_conclusions_drawn(said, written),
        _verbatims(said),
        _unanswered(said),
        *written_section(said, written, BlockKind.CONCLUSION),
        _annexes(said, shown_rankings, written),
    )
    outline = Outline(
        language="fr",
        taken_at=snapshot.taken_at,
        snapshot_sha256=digest,
        cover=_cover(said, digest),
        furniture=_furniture(said),
        foreword=essentials_section(said, shown_rankings, written),
        chapters=chapters,
        data=dataset_of(snapshot, rankings, digest, written),
    )
    return legible(outline)


def _is_draft(snapshot: Snapshot) -> bool:
    return snapshot.kind is SynthesisKind.WORKING_DRAFT


# Cover


def _subtitle(snapshot: Snapshot) -> str:
    nature = "Document de travail" if _is_draft(snapshot) else "Synthèse"
    if snapshot.scope is None:
        return f"{nature} de la consultation"
    return fr(
        "{nature} du thème {number} : {title}", nature=nature, number=snapshot.scope, title=snapshot.themes[0].title
    )


def _cover(snapshot: Snapshot, digest: str) -> Cover:
    consultation = snapshot.consultation
    return Cover(
        title=consultation.title,
        subtitle=_subtitle(snapshot),
        organiser=consultation.organiser,
        notices=tuple(_notices(snapshot)),
        facts=(
            Fact("Période", _period(snapshot)),
            Fact("Brouillon" if _is_draft(snapshot) else "Version", shown(snapshot.version)),
            Fact("Données arrêtées au", local_moment(snapshot.taken_at)),
            Fact("Licence", consultation.licence),
            Fact("Adresse", consultation.base_url),
            Fact("Empreinte SHA-256 des données", digest),
            Fact("Logiciel", software(snapshot)),
        ),
    )


def _notices(snapshot: Snapshot) -> Iterable[str]:
    if snapshot.consultation.example:
        yield fr("Données d’exemple : membres et votes fictifs.")
    if _is_draft(snapshot):
        open_votes = "les votes ne sont pas tous clos" if snapshot.scope is None else "les votes ne sont pas clos"
        yield fr("Document de travail, sans dépouillement : {open_votes}.", open_votes=open_votes)
    if not snapshot.participation.posts and not snapshot.proposals:
        yield fr("Consultation sans contribution ni proposition à cette date.")


def _period(snapshot: Snapshot) -> str:
    """From the first opening to the last close, or to the day of the data when that is earlier; without an end, the
    first opening alone."""
    windows = [window for theme in snapshot.themes for window in (theme.contributions, theme.votes) if window]
    if not windows:
        return "dates non fixées"
    taken_at = moment_of(snapshot.taken_at)
    start = moment_of(min(window.start for window in windows))
    if start > taken_at:
        return f"à partir du {local_day(start)}"
    first = local_day(start)
    if any(
        theme.contributions and theme.contributions.start <= snapshot.taken_at < theme.contributions.end
        for theme in snapshot.themes
    ):
        return f"depuis le {first}, contributions encore ouvertes"
    # The end itself is outside the window: the last open day is that of one second earlier.
    close = moment_of(max(window.end for window in windows)) - timedelta(seconds=1)
    last = local_day(min(close, taken_at))
    return first if first == last else f"du {first} au {last}"


def _furniture(snapshot: Snapshot) -> Furniture:
    title = snapshot.consultation.title
    if snapshot.scope is not None:
        title = fr("Thème {number} : {title}", number=snapshot.scope, title=snapshot.themes[0].title)
    nature = "brouillon" if _is_draft(snapshot) else "version"
    return Furniture(
        contents="Sommaire",
        skip="Aller au contenu",
        page="Page",
        of="sur",
        running_title=f"{title}, {nature} {shown(snapshot.version)}",
    )


# Context and questions


def _context(snapshot: Snapshot) -> Section:
    consultation = snapshot.consultation
    opening = fr(
        "Ce document rend compte de la consultation « {title} ». Organisateur : {organiser}. "
        "Chaque ligne qui compte ou qui cite renvoie aux mots exacts dont elle est tirée.",
        title=consultation.title,
        organiser=consultation.organiser,
    )
    return Section(
        anchor="contexte",
        title="Contexte et questions",
        blocks=(Paragraph(text(opening), Tone.LEAD),),
        sections=tuple(_theme_context(theme) for theme in snapshot.themes),
    )


def _theme_context(theme: FrozenTheme) -> Section:
    blocks: list[Block] = list(_introduction(theme.introduction))
    if theme.questions:
        blocks.append(Paragraph(text(fr("Questions directrices posées à l’ouverture :")), Tone.OPENING))
        blocks.append(Listing(tuple(asked(question.text) for question in theme.questions), ordered=True))
    else:
        blocks.append(Paragraph(text("Ce thème ne pose pas de question directrice."), Tone.EMPTY))
    return Section(anchor=f"contexte-{theme.number}", title=theme_title(theme), blocks=tuple(blocks))


def _introduction(plain: str) -> Iterable[Paragraph]:
    """The organiser's paragraphs; each item of a list is one."""
    for line in plain.split("\n"):
        if line.strip():
            yield Paragraph(asked(line.strip()))


def theme_title(theme: FrozenTheme) -> str:
    """Such as "Thème 3 : Formation et acteurs"."""
    return fr("Thème {number} : {title}", number=theme.number, title=theme.title)


# Proposals, verbatims, questions


def _proposals(snapshot: Snapshot, rankings: Sequence[Ranking]) -> Section:
    if _is_draft(snapshot):
        title, opening = (
            "Propositions",
            fr(
                "Ce document de travail présente les propositions dans l’ordre de leurs références, sans dépouillement "
                "ni classement."
            ),
        )
    else:
        title, opening = (
            "Propositions classées",
            _how_they_stand(rankings),
        )
    return Section(
        anchor="propositions",
        title=title,
        blocks=(Paragraph(text(opening), Tone.LEAD),),
        sections=tuple(theme_section(snapshot, ranking, theme_title(ranking.theme)) for ranking in rankings),
    )


def _how_they_stand(rankings: Sequence[Ranking]) -> str:
    """How proposals are presented: their order, and what a bar shows where there is one."""
    with_bars = [ranking.theme for ranking in rankings if ranking.theme.voting is Voting.OPINIONS]
    bars = (
        "la barre montre les pour (plein, à gauche), les abstentions (points, au milieu) et les contre (hachures, à "
        "droite)."
    )
    if len(with_bars) == len(rankings):
        order = "Les propositions de chaque thème vont du soutien net le plus fort au plus faible."
        return fr(f"{order} {capital(bars)}")
    order = "Les propositions de chaque thème suivent leur rang par la méthode déclarée de ce thème."
    return fr(f"{order} {capital(themes_named(with_bars))} : {bars}" if with_bars else order)


def _annexes(snapshot: Snapshot, rankings: Sequence[Ranking], written: WrittenWords) -> Section:
    """The annexes, with what the organiser went past."""
    chapter = annexes_chapter(snapshot, rankings)
    return replace(chapter, sections=(*reserves(snapshot, written), *chapter.sections))


def _conclusions_drawn(snapshot: Snapshot, written: WrittenWords) -> Iterable[Section]:
    """What the organiser draws from it all, if anything is written."""
    kinds = (BlockKind.CONVERGENCES, BlockKind.DIVERGENCES, BlockKind.MINORITY)
    parts = tuple(part for kind in kinds for part in written_section(snapshot, written, kind))
    if parts:
        yield Section("ressort", "Ce qui ressort", sections=parts)


def _verbatims(snapshot: Snapshot) -> Section:
    if not snapshot.verbatims:
        blocks: tuple[Block, ...] = (Paragraph(text("Aucune contribution n’est citée dans ce document."), Tone.EMPTY),)
        return Section("verbatims", "Paroles de professionnels", blocks)
    opening = fr(
        "Les mots des auteurs, tels qu’ils les ont écrits. L’identifiant C-12@1 désigne la première version de la "
        "contribution C-12. C-12 est une marque propre à tout le forum, non une place dans un fil ; elle ne change "
        "jamais."
    )
    if any(has_struck_words(verbatim.words) for verbatim in snapshot.verbatims):
        opening += fr(" Les mots placés entre deux signes ~~ ont été barrés par leur auteur.")
    threads = {thread.id: thread for thread in snapshot.threads}
    by_thread = groupby(in_order_of_threads(snapshot), key=lambda verbatim: verbatim.thread)
    return Section(
        anchor="verbatims",
        title="Paroles de professionnels",
        blocks=(Paragraph(text(opening), Tone.LEAD),),
        sections=tuple(
            Section(
                anchor=f"fil-{thread}",
                title=threads[thread].title,
                blocks=tuple(_quotation(snapshot, verbatim) for verbatim in group),
            )
            for thread, group in by_thread
        ),
    )


def _quotation(snapshot: Snapshot, verbatim: Verbatim) -> Quotation:
    written = "date non connue" if verbatim.written_at is None else local_day(moment_of(verbatim.written_at))
    said = [place_in_thread(verbatim), written, *verbatim.meetings]
    return Quotation(
        anchor=verbatim_anchor(verbatim.post, verbatim.revision),
        id=verbatim_id(verbatim.post, verbatim.revision),
        words=verbatim.words,
        attribution=", ".join(said),
        href=verbatim_url(snapshot, verbatim.post, verbatim.revision),
    )


def _unanswered(snapshot: Snapshot) -> Section:
    note = fr(
        "Une question est dite sans réponse quand aucune proposition en vigueur ne lui a été rattachée. Des "
        "contributions peuvent l’aborder sans qu’une proposition en ait été tirée."
    )
    sections = tuple(_unanswered_in(snapshot, theme) for theme in snapshot.themes if theme.questions)
    return Section(
        anchor="questions-sans-reponse",
        title="Questions sans réponse",
        blocks=(Paragraph(text(note), Tone.NOTE),),
        sections=sections,
    )


def _unanswered_in(snapshot: Snapshot, theme: FrozenTheme) -> Section:
    left = unanswered(snapshot, theme)
    block: Block = Paragraph(text("Chaque question directrice a reçu au moins une proposition."))
    if left:
        block = Listing(tuple((Run(f"Question {q.position}. "), *asked(q.text)) for q in left))
    return Section(f"sans-reponse-{theme.number}", theme_title(theme), (block,))
