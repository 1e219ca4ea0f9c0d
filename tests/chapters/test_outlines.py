"""What a document says: ranks and their sentences, what a draft leaves out, unanswered questions, whose words are
cited."""

import random
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import pytest

from forum.documents.outline import (
    BarChart,
    Listing,
    Outline,
    Paragraph,
    ProposalBlock,
    Quotation,
    Section,
    Table,
    Tone,
)
from forum.domain.chapters.outlines import outline_of
from forum.domain.chapters.words import counted, fr, signed
from forum.domain.syntheses.snapshots import FrozenWindow, Snapshot, sha256
from forum.models.answers import Decision
from forum.models.proposals import ProposalState
from forum.ranking.tallies import Tally
from forum.text.characters import legible_text, with_texts
from forum.text.directions import turns
from tests.document_samples import (
    BASE_URL,
    FRAMEWORK,
    HOSTILE_WORDS,
    POLICY,
    draft_snapshot,
    empty_snapshot,
    holding,
    hostile_snapshot,
    judged_snapshot,
    large_snapshot,
    small_snapshot,
    withdrawn_snapshot,
)

T = TypeVar("T")


def sections_of(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from sections_of(section.sections)


def section(outline: Outline, anchor: str) -> Section:
    return next(found for found in sections_of(outline.chapters) if found.anchor == anchor)


def blocks(outline: Outline, kind: type[T]) -> list[T]:
    return [block for found in sections_of(outline.chapters) for block in found.blocks if isinstance(block, kind)]


def texts_of(thing: object) -> Iterator[str]:
    """Every text of an outline, whatever holds it."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, tuple):
        for part in thing:
            yield from texts_of(part)
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from texts_of(getattr(thing, field.name))


def test_the_first_document_has_all_its_chapters_in_order() -> None:
    outline = outline_of(small_snapshot())
    assert outline.cover.title
    assert [chapter.title for chapter in outline.chapters] == [
        "Contexte et questions",
        "Méthode",
        "Participation",
        "Propositions classées",
        "Paroles de professionnels",
        "Questions sans réponse",
        "Annexes",
    ]
    assert [blocks(outline, kind) != [] for kind in (BarChart, Table, ProposalBlock, Quotation)] == [True] * 4


def test_proposals_are_ranked_by_net_support_and_ties_share_a_rank() -> None:
    ranked = blocks(outline_of(small_snapshot()), ProposalBlock)
    assert [(block.reference, block.rank) for block in ranked] == [
        ("T3-001", "1"),
        ("T3-002", "2 ex æquo"),
        ("T3-003", "2 ex æquo"),
        ("T3-005", None),
    ]


def test_a_rank_is_explained_in_one_sentence() -> None:
    said = {block.reference: block.explanation for block in blocks(outline_of(small_snapshot()), ProposalBlock)}
    assert said["T3-001"] == (
        "Rang 1\u00a0: 1\u202f214 pour moins 12 contre, soit un soutien net de +1\u202f202, sur 1\u202f234 votants."
    )
    assert said["T3-002"].startswith("Rang 2 ex æquo, avec T3-003\u00a0: 601 pour moins 20 contre")
    assert said["T3-005"] == "Non classée\u00a0: 1 votant, pour un seuil de 3."


def test_many_ties_are_counted_rather_than_named() -> None:
    snapshot = small_snapshot()
    tied = tuple(replace(snapshot.proposals[1], reference=f"T3-{n:03}") for n in range(1, 7))
    first = blocks(outline_of(holding(snapshot, tied)), ProposalBlock)[0]
    assert first.explanation.startswith("Rang 1 ex æquo, avec T3-002, T3-003, T3-004 et 2 autres\u00a0:")


def test_without_votes_nothing_is_divided_by_zero() -> None:
    snapshot = small_snapshot()
    theme = replace(snapshot.themes[0], quorum=0)
    proposals = (replace(snapshot.proposals[0], tally=Tally()),)
    block = blocks(outline_of(holding(snapshot, proposals, themes=(theme,))), ProposalBlock)[0]
    assert (block.rank, block.bar) == (None, None)
    assert block.explanation == "Sans rang\u00a0: aucun vote."


def test_each_theme_has_its_own_quorum() -> None:
    snapshot = large_snapshot(30)
    quorums = (0, 40, 1_000)
    themes = tuple(replace(theme, quorum=quorum) for theme, quorum in zip(snapshot.themes, quorums, strict=True))
    outline = outline_of(replace(snapshot, themes=themes))
    ranked = {number: section(outline, f"propositions-{number}") for number in (1, 2, 3)}
    assert [block.reference for block in ranked[1].sections[0].blocks if isinstance(block, ProposalBlock)] == ["T1-001"]
    assert ranked[2].sections[0].title == "Propositions non classées"
    assert isinstance(ranked[3].blocks[0], Paragraph)
    assert "thème\u00a02, 40 votants" in " ".join(texts_of(section(outline, "methode")))


def test_a_withdrawn_proposal_is_only_in_the_annex() -> None:
    outline = outline_of(small_snapshot())
    assert "T3-004" not in [block.reference for block in blocks(outline, ProposalBlock)]
    table = section(outline, "annexe-propositions").blocks[1]
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[3]][2:] == ["retirée", "3", "1", "5", "−2"]
    assert [line.state for line in outline.data.proposals if line.reference == "T3-004"] == ["retirée"]


def test_the_annex_gives_ranks_as_numbers_and_says_who_shares_one() -> None:
    note, table = section(outline_of(small_snapshot()), "annexe-propositions").blocks
    assert "même rang sont ex æquo" in " ".join(texts_of(note))
    assert isinstance(table, Table)
    assert [row[2].text for row in table.rows] == ["1", "2", "2", "retirée", "non classée"]


def test_each_line_leads_to_its_proposal_and_to_its_words() -> None:
    block = blocks(outline_of(small_snapshot()), ProposalBlock)[0]
    assert [(link.text, link.href) for link in block.links] == [
        ("Proposition T3-001, version 1", f"{BASE_URL}/propositions/T3-001/versions/1"),
        ("Mots d’origine C-6@1", f"{BASE_URL}/contributions/6/revisions/1?de=0&a={len(FRAMEWORK)}"),
    ]


def test_a_document_says_what_struck_words_look_like_where_it_has_some() -> None:
    snapshot = small_snapshot()
    opening = section(outline_of(snapshot), "verbatims").blocks[0]
    assert "barrés" not in " ".join(texts_of(opening))
    struck = (replace(snapshot.verbatims[0], words="Il faut ~~supprimer~~ former."), *snapshot.verbatims[1:])
    opening = section(outline_of(replace(snapshot, verbatims=struck)), "verbatims").blocks[0]
    assert "entre deux signes ~~ ont été barrés" in " ".join(texts_of(opening))


def test_verbatims_carry_stable_ids_and_name_nobody() -> None:
    quotations = blocks(outline_of(small_snapshot()), Quotation)
    assert [(quotation.id, quotation.attribution) for quotation in quotations] == [
        ("C-2@1", "contribution n°\u00a02 du fil, date non connue"),
        ("C-3@1", "contribution n°\u00a03 du fil, date non connue"),
        ("C-5@2", "contribution n°\u00a05 du fil, date non connue, GT réunion 1"),
    ]


def test_our_words_get_french_spaces_and_the_authors_words_stay_untouched() -> None:
    outline = outline_of(small_snapshot())
    assert blocks(outline, Quotation)[1].words == POLICY
    assert "périmètre ? Cette" in POLICY
    assert fr("Voici : « {words} » !", words="a : b ?") == "Voici\u00a0: «\u00a0a : b ?\u00a0»\u202f!"


def test_what_the_organiser_asks_gets_french_spaces_in_the_document_and_not_in_the_data() -> None:
    outline = outline_of(small_snapshot())
    listing = next(block for block in section(outline, "contexte-3").blocks if isinstance(block, Listing))
    assert listing.items[0][0].text.endswith("numérique\u202f?")
    assert outline.data.themes[0].questions[0].text.endswith("numérique ?")


def test_an_introduction_is_broken_between_paragraphs_and_items_and_nowhere_else() -> None:
    snapshot = small_snapshot()
    theme = replace(
        snapshot.themes[0], introduction="Ce qui se fait : ici.\n\nVoir\u202f:\n• un lieu\n• deux\n2. trois"
    )
    context = section(outline_of(replace(snapshot, themes=(theme,))), "contexte-3")
    said = [block.runs[0].text for block in context.blocks if isinstance(block, Paragraph)]
    assert said[:-1] == ["Ce qui se fait\u00a0: ici.", "Voir\u202f:", "• un lieu", "• deux", "2. trois"]


def test_the_mark_of_a_contribution_is_not_its_place_in_a_thread() -> None:
    opening = " ".join(texts_of(section(outline_of(small_snapshot()), "verbatims").blocks[0]))
    assert "marque propre à tout le forum" in opening
    assert "contribution 12" not in opening


def test_unanswered_questions_are_those_without_a_proposal_in_force() -> None:
    left = section(outline_of(small_snapshot()), "sans-reponse-3").blocks[0]
    assert isinstance(left, Listing)
    assert [runs[0].text for runs in left.items] == ["Question 4. ", "Question 5. "]


def test_a_working_draft_says_so_and_shows_no_figure_of_the_vote() -> None:
    outline = outline_of(draft_snapshot())
    assert any("sans dépouillement" in notice for notice in outline.cover.notices)
    assert any("membres et votes fictifs" in notice for notice in outline.cover.notices)
    for block in blocks(outline, ProposalBlock):
        assert (block.rank, block.bar, block.figures) == (None, None, ())
    figures_of_votes = {(line.rank, line.pour, line.soutien_net, line.wilson) for line in outline.data.proposals}
    assert figures_of_votes == {(None,) * 4}
    facts = outline.data.participation
    assert (facts.votants, facts.avis, facts.avis_retirees) == (None, None, None)
    assert {(theme.pour, theme.abstention, theme.contre) for theme in outline.data.themes} == {(None,) * 3}
    figures = {"1\u202f214", "1214", "601", "600", "1\u202f234", "1234", "2\u202f493"}
    assert not [text for text in texts_of(outline) if any(figure in text for figure in figures)]


@pytest.mark.parametrize(
    ("votes", "sentence"),
    [
        (None, "Les dates des votes de ce thème ne sont pas fixées."),
        (("2027-01-04T08:00:00Z", "2027-02-04T08:00:00Z"), "Les votes de ce thème ouvrent le 4 janvier 2027 à"),
        (("2026-12-01T08:00:00Z", "2026-12-24T17:00:00Z"), "Les votes de ce thème sont ouverts jusqu’au 24 décembre"),
        (("2026-11-14T23:00:00Z", "2026-12-12T17:00:00Z"), "Les votes de ce thème sont clos depuis le 12 décembre"),
    ],
)
def test_a_draft_says_once_for_each_theme_where_its_votes_stand(votes: tuple[str, str] | None, sentence: str) -> None:
    snapshot = draft_snapshot()
    theme = replace(snapshot.themes[0], votes=votes and FrozenWindow(*votes))
    outline = outline_of(replace(snapshot, themes=(theme,)))
    first, *others = section(outline, "propositions-3").blocks
    assert isinstance(first, Paragraph)
    assert "".join(run.text for run in first.runs).startswith(sentence)
    assert [block.explanation for block in others if isinstance(block, ProposalBlock)] == [""] * 4
    closed = "clos depuis" in sentence
    assert [run.href for run in first.runs if run.href] == [f"{BASE_URL}/themes/3/propositions"] * closed
    said = {line.explanation for line in outline.data.proposals if line.state == "en vigueur"}
    assert all(explanation.startswith("Votes clos" if closed else "Votes non clos") for explanation in said)


def test_a_draft_of_the_whole_consultation_does_not_say_that_no_vote_is_closed() -> None:
    whole = replace(draft_snapshot(), scope=None)
    assert "les votes ne sont pas tous clos" in " ".join(outline_of(whole).cover.notices)
    assert "les votes ne sont pas clos" in " ".join(outline_of(draft_snapshot()).cover.notices)


def test_drafts_and_versions_are_numbered_by_their_own_word() -> None:
    for make, word, number in ((draft_snapshot, "Brouillon", 4), (small_snapshot, "Version", 2)):
        outline = outline_of(replace(make(), version=number))
        named = {fact.label: fact.value for fact in outline.cover.facts if fact.label in ("Brouillon", "Version")}
        assert named == {word: str(number)}
        assert outline.furniture.running_title.endswith(f", {word.lower()} {number}")
        assert (outline.data.draft, outline.data.version) == (word == "Brouillon", number)


def test_a_document_says_what_became_of_every_contribution() -> None:
    outline = outline_of(small_snapshot())
    (coverage,) = [table for table in blocks(outline, Table) if table.caption.startswith("Ce que sont devenues")]
    assert [(row[0].text, row[1].text) for row in coverage.rows] == [
        ("Contributions reçues", "9"),
        ("Contributions lues jusqu’au bout", "7"),
        ("dont retenues, en tout ou en partie", "4"),
        ("dont sans suite", "3"),
        ("Sans suite\u00a0: Hors du sujet.", "2"),
        ("Sans suite\u00a0: Déjà proposé.", "1"),
        ("Contributions qui restent à lire", "2"),
        ("Contributions à l’origine d’une proposition", "3"),
        ("Contributions citées mot pour mot", "3"),
    ]


def test_an_empty_consultation_gives_a_document_that_says_so() -> None:
    outline = outline_of(empty_snapshot())
    assert any("sans contribution ni proposition" in notice for notice in outline.cover.notices)
    assert outline.data.proposals == ()
    said = [block.runs[0].text for block in blocks(outline, Paragraph) if block.tone is Tone.EMPTY]
    assert "Aucune proposition n’a été déposée." in said
    assert not blocks(outline, ProposalBlock)


def test_the_order_of_the_snapshot_does_not_change_the_document() -> None:
    snapshot = large_snapshot(60)
    shuffled = list(snapshot.proposals)
    random.Random(7).shuffle(shuffled)
    there, here = outline_of(snapshot), outline_of(replace(snapshot, proposals=tuple(shuffled)))
    assert there.data.proposals == here.data.proposals
    assert blocks(there, ProposalBlock) == blocks(here, ProposalBlock)


@pytest.mark.parametrize(
    ("state", "decision", "said"),
    [
        (ProposalState.OPEN, Decision.PARTLY, "partiellement retenue"),
        (ProposalState.OPEN, Decision.REJECTED, "non retenue"),
        (ProposalState.OPEN, Decision.UNDER_STUDY, "à l’étude"),
        (ProposalState.RETAINED, Decision.RETAINED, "retenue"),
        (ProposalState.DONE, Decision.PARTLY, "partiellement retenue, mise en œuvre"),
        (ProposalState.OPEN, None, None),
        (ProposalState.WITHDRAWN, Decision.REJECTED, None),
    ],
)
def test_an_answered_proposal_says_the_answer_beside_its_figures(
    state: ProposalState, decision: Decision | None, said: str | None
) -> None:
    snapshot = small_snapshot()
    left = state is ProposalState.WITHDRAWN
    first = next(each for each in snapshot.proposals if (each.state is ProposalState.WITHDRAWN) == left)
    others = [each for each in snapshot.proposals if each is not first]
    answered = replace(first, state=state, decision=decision)
    outline = outline_of(replace(snapshot, proposals=(answered, *others)))
    figures = {
        block.reference: {figure.label: figure.shown for figure in block.figures}
        for block in blocks(outline, ProposalBlock)
    }
    label = "Réponse de l’administration"
    assert figures.get(first.reference, {}).get(label) == said
    assert not any(label in figures[other.reference] for other in others if other.reference in figures)
    (data,) = (each for each in outline.data.proposals if each.reference == first.reference)
    assert said in (None, data.state)


def test_only_a_document_with_ranks_says_that_they_can_be_recomputed() -> None:
    def verification(snapshot: Snapshot) -> str:
        return " ".join(texts_of(section(outline_of(snapshot), "methode-fabrication")))

    assert "recalcule" not in verification(draft_snapshot())
    assert "chaque rang s’y recalcule." in verification(small_snapshot())
    assert "recalcule, sauf le choix des propositions phares" in verification(judged_snapshot())


def key_figures(outline: Outline) -> dict[str, str]:
    table = section(outline, "participation").blocks[0]
    assert isinstance(table, Table)
    return {label.text: value.text for label, value in table.rows}


NOT_COUNTED = "Non compris\u00a0: votes sur des propositions retirées depuis"


@pytest.mark.parametrize(("votants", "told"), [(3, "3"), (0, None)])
def test_the_ballots_of_the_key_figures_are_the_sum_of_the_chart(votants: int, told: str | None) -> None:
    snapshot = withdrawn_snapshot(votants=votants)
    outline = outline_of(snapshot)
    chart = next(chart for chart in blocks(outline, BarChart) if chart.anchor == "avis-par-theme")
    figures = key_figures(outline)
    assert figures["Votes comptés"] == signed(sum(bar.total for bar in chart.bars)).lstrip("+") == "2\u202f484"
    assert figures.get(NOT_COUNTED) == told
    assert (outline.data.participation.avis, outline.data.participation.avis_retirees) == (2_484, votants)


def test_contributions_without_a_date_are_mentioned_beside_the_chart_of_days() -> None:
    snapshot = small_snapshot()
    outline = outline_of(snapshot)
    chart = next(chart for chart in blocks(outline, BarChart) if chart.anchor == "contributions-par-date")
    assert key_figures(outline)["dont contributions sans date connue"] == "1"
    assert chart.caption == "Contributions par jour, sauf 1 sans date connue"
    assert sum(bar.total for bar in chart.bars) + 1 == snapshot.participation.posts
    all_dated = replace(snapshot, participation=replace(snapshot.participation, posts=8))
    assert "Contributions par jour" in [chart.caption for chart in blocks(outline_of(all_dated), BarChart)]


@pytest.mark.parametrize(
    ("taken_at", "period"),
    [
        ("2026-09-01T08:00:00Z", "à partir du 1er octobre 2026"),
        ("2026-10-01T08:00:00Z", "depuis le 1er octobre 2026, contributions encore ouvertes"),
        ("2026-11-23T08:00:00Z", "depuis le 1er octobre 2026, contributions encore ouvertes"),
        ("2026-12-05T08:00:00Z", "du 1er octobre 2026 au 5 décembre 2026"),
        ("2027-01-15T08:00:00Z", "du 1er octobre 2026 au 12 décembre 2026"),
    ],
)
def test_the_period_of_the_cover_ends_with_the_windows_or_with_the_data(taken_at: str, period: str) -> None:
    facts = {fact.label: fact.value for fact in outline_of(replace(small_snapshot(), taken_at=taken_at)).cover.facts}
    assert facts["Période"] == period


def test_the_name_of_the_organiser_is_printed_unchanged() -> None:
    opening = section(outline_of(small_snapshot()), "contexte").blocks[0]
    assert isinstance(opening, Paragraph)
    assert "Organisateur\u00a0: Ministère de la Culture et Agence du numérique." in opening.runs[0].text


def test_many_days_are_counted_by_month() -> None:
    snapshot = large_snapshot(10)
    days = snapshot.participation.per_day
    later = tuple(replace(day, day=day.day.replace("-10-", "-11-")) for day in days)
    participation = replace(snapshot.participation, per_day=days + later)
    charts = blocks(outline_of(replace(snapshot, participation=participation)), BarChart)
    by_month = next(chart for chart in charts if chart.anchor == "contributions-par-date")
    total = sum(day.posts for day in days)
    assert [(bar.label, bar.total) for bar in by_month.bars] == [("10/2026", total), ("11/2026", total)]


def test_every_chart_says_in_words_what_it_shows() -> None:
    for chart in blocks(outline_of(large_snapshot(50)), BarChart):
        for bar in chart.bars:
            assert all(part.shown in chart.alt for part in bar.parts)
            assert bar.label in chart.alt
        assert len(chart.table.rows) == len(chart.bars)


def test_anchors_are_unique_and_the_data_know_every_proposal() -> None:
    snapshot = large_snapshot(100)
    outline = outline_of(snapshot)
    anchors = [found.anchor for found in sections_of(outline.chapters)]
    anchors += [block.anchor for block in blocks(outline, ProposalBlock)]
    anchors += [block.anchor for block in blocks(outline, Quotation)]
    anchors += [block.anchor for block in blocks(outline, BarChart)]
    assert len(set(anchors)) == len(anchors)
    assert {line.reference for line in outline.data.proposals} == {
        proposal.reference for proposal in snapshot.proposals
    }


def test_no_text_of_an_outline_holds_what_no_format_can_write() -> None:
    for text in texts_of(outline_of(hostile_snapshot())):
        assert text == legible_text(text)
    assert legible_text("a\x00\x0bb\ufffe\r\nc\td\ud800") == "a\nb\nc\td"
    assert legible_text(HOSTILE_WORDS).count("مرحبا") == 1


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0 votant"), (1, "1 votant"), (2, "2 votants"), (1_234, "1\u202f234 votants")]
)
def test_french_counts_zero_and_one_in_the_singular(value: int, said: str) -> None:
    assert counted(value, "votant", "votants") == said


@pytest.mark.parametrize(("value", "printed"), [(3, "+3"), (0, "0"), (-3, "−3"), (-1_234, "−1\u202f234")])
def test_a_net_support_carries_its_sign(value: int, printed: str) -> None:
    assert signed(value) == printed


def test_the_document_carries_the_hash_of_its_snapshot() -> None:
    snapshot: Snapshot = small_snapshot()
    outline = outline_of(snapshot)
    assert outline.snapshot_sha256 == sha256(snapshot)
    assert sha256(snapshot) in [fact.value for fact in outline.cover.facts]


def test_words_that_run_to_the_left_turn_nothing_in_a_document() -> None:
    hebrew = "דוד כהן"

    def turned(text: str) -> str:
        return f"{hebrew} \u202e" if " " in text and "\n" not in text and ":" not in text else text

    snapshot = with_texts(small_snapshot(), turned)
    outline = outline_of(snapshot)
    said = [text for text in texts_of((outline.cover, outline.furniture, outline.chapters)) if hebrew in text]
    assert len(said) > 30
    assert [text for text in said if turns(re.sub("\u2068[^\u2066-\u2069]*\u2069", "", text))] == []
    assert not any("\u2068" in text for text in texts_of(outline.data))
    plain = outline_of(small_snapshot())
    assert not any(turns(text) for text in texts_of(plain))
