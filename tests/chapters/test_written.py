"""What people write, as it stands in a document: every block in its place, every word of Markdown as an outline."""

import pytest

from forum.documents.outline import Block, Comment, Listing, Paragraph, ProposalBlock, Quotation, Run, Table
from forum.domain.chapters.outlines import outline_of
from forum.domain.chapters.written import written_blocks
from forum.domain.syntheses.written import NOTHING, WrittenBlock, WrittenQuote, WrittenWords
from forum.models.syntheses import BlockKind
from tests.document_samples import draft_snapshot, empty_snapshot, judged_snapshot, judged_words, small_snapshot


def said(markdown: str, *quotes: WrittenQuote) -> tuple[Block, ...]:
    return written_blocks(small_snapshot(), WrittenBlock(BlockKind.CONCLUSION, "", 1, markdown, quotes))


def test_each_block_has_its_place_and_an_empty_one_none() -> None:
    outline = outline_of(judged_snapshot(), judged_words())
    anchors = [chapter.anchor for chapter in outline.chapters]
    assert anchors[0] == "texte-introduction"
    assert anchors.index("propositions") < anchors.index("ressort") < anchors.index("texte-conclusion")
    assert anchors[-1] == "annexes"
    drawn = next(chapter for chapter in outline.chapters if chapter.anchor == "ressort")
    assert [part.title for part in drawn.sections] == ["Convergences", "Divergences", "Avis minoritaires"]
    bare = [chapter.anchor for chapter in outline_of(judged_snapshot()).chapters]
    assert not {"texte-introduction", "ressort", "texte-conclusion"} & set(bare)


def test_a_comment_follows_its_proposal() -> None:
    snapshot = small_snapshot()
    reference = snapshot.proposals[0].reference
    words = WrittenWords((WrittenBlock(BlockKind.COMMENT, reference, 1, "Un mot."),))
    chapters = {chapter.anchor: chapter for chapter in outline_of(snapshot, words).chapters}
    (theme,) = chapters["propositions"].sections
    at = next(n for n, block in enumerate(theme.blocks) if isinstance(block, Comment))
    before, comment = theme.blocks[at - 1], theme.blocks[at]
    assert isinstance(before, ProposalBlock)
    assert before.reference == reference
    assert isinstance(comment, Comment)
    assert comment.blocks == (Paragraph((Run("Un mot.", authored=True),)),)


def test_the_first_page_has_figures_words_and_first_proposals() -> None:
    words = WrittenWords((WrittenBlock(BlockKind.ESSENTIALS, "", 1, "Tout est dit."),))
    kinds = [type(block).__name__ for block in outline_of(small_snapshot(), words).foreword.blocks]
    assert kinds == ["KeyFigures", "Paragraph", "Table", "Paragraph"]
    for snapshot in (draft_snapshot(), empty_snapshot()):
        assert [type(block).__name__ for block in outline_of(snapshot).foreword.blocks] == ["KeyFigures"]


def test_a_draft_tells_no_vote_on_its_first_page() -> None:
    assert "vot" not in str(outline_of(draft_snapshot(), NOTHING).foreword)


def test_markdown_becomes_paragraphs_lists_tables_and_quotations() -> None:
    quote = WrittenQuote(12, 2, 3, 9, "former")
    found = said("Un **mot** et *un autre* !\n\n- a\n- b\n  1. c\n\n| A | B |\n|---|---|\n| 1 | 2 |", quote)
    assert found == (
        Paragraph(
            (
                Run("Un ", authored=True),
                Run("mot", strong=True, authored=True),
                Run(" et ", authored=True),
                Run("un autre", emphasis=True, authored=True),
                Run("\u202f!", authored=True),
            )
        ),
        Listing(
            (
                (Run("a", authored=True),),
                (Run("b", authored=True), Run("\n– ", authored=True), Run("c", authored=True)),
            )
        ),
        found[2],
    )
    assert isinstance(found[2], Table)
    assert [[cell.text for cell in row] for row in found[2].rows] == [["1", "2"]]
    (cited,) = said("{{citation 12@2 3-9}}", quote)
    assert isinstance(cited, Quotation)
    assert (cited.id, cited.words) == ("C-12@2", "former")
    assert cited.href.endswith("/contributions/12/revisions/2?de=3&a=9")


def test_words_that_are_no_longer_shown_are_not_cited() -> None:
    (cited,) = said("{{citation 12@2 3-9}}", WrittenQuote(12, 2, 3, 9, ""))
    assert isinstance(cited, Paragraph)
    assert "n’est plus affichée" in cited.runs[0].text


@pytest.mark.parametrize(
    ("typed", "href"),
    [
        ("[ici](/themes/3)", "https://forum.example.org/themes/3"),
        ("[ici](#contexte)", None),
        ("[ici](javascript:alert)", None),
        ("[ici](https://exemple.fr/a)", "https://exemple.fr/a"),
    ],
)
def test_a_link_leads_somewhere_from_a_file(typed: str, href: str | None) -> None:
    (paragraph,) = said(typed)
    assert isinstance(paragraph, Paragraph)
    assert [run.href for run in paragraph.runs] == [href]
