"""How does a block that people write stand in the document? Its Markdown as paragraphs, lists, tables and quotations.

The tokens are those that the pages show, so both say the same. A block is the organiser's words: they get the no-break
spaces of French; the words that it quotes are their authors', untouched, under their stable id. Headings inside a block
are lines in bold: the contents name chapters and themes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from markdown_it.token import Token

from forum.documents.outline import (
    Block,
    Column,
    Comment,
    Listing,
    Paragraph,
    ProposalBlock,
    Quotation,
    Run,
    Section,
    Table,
    Tone,
)
from forum.domain.chapters.words import authored, fr, verbatim_anchor, verbatim_id, verbatim_url
from forum.domain.syntheses.snapshots import Snapshot
from forum.domain.syntheses.written import WrittenBlock, WrittenWords
from forum.models.syntheses import BlockKind, Reserve
from forum.text.directions import isolate_lines
from forum.text.links import safe_href
from forum.text.markdown import parse
from forum.text.typography import capital, french


def written_section(snapshot: Snapshot, written: WrittenWords, kind: BlockKind) -> tuple[Section, ...]:
    """The chapter of a block, if anything is written in it."""
    block = written.of(kind)
    if block is None:
        return ()
    anchor = kind.value.removeprefix("texte-")
    return (Section(f"texte-{anchor}", capital(fr(kind.label)), written_blocks(snapshot, block)),)


def reserves(snapshot: Snapshot, written: WrittenWords) -> Iterable[Section]:
    """The warnings that the organiser went past when it published, each with its words, if any."""
    blocks: list[Block] = []
    for each in written.blocks:
        if each.kind is BlockKind.RESERVE:
            label = capital(fr(Reserve(each.subject).label))
            blocks += [Paragraph((Run(label, strong=True),), Tone.OPENING), *written_blocks(snapshot, each)]
    if blocks:
        yield Section("annexe-reserves", "Réserves de l’organisateur", tuple(blocks))


def commented(snapshot: Snapshot, written: WrittenWords, section: Section) -> Section:
    """A section of proposals with the organiser's comment under each one that has any."""
    blocks: list[Block] = []
    for each in section.blocks:
        blocks.append(each)
        comment = written.of(BlockKind.COMMENT, each.reference) if isinstance(each, ProposalBlock) else None
        if comment:
            label = fr("Commentaire de l’organisateur")
            blocks.append(Comment(label, written_blocks(snapshot, comment)))
    inner = tuple(commented(snapshot, written, part) for part in section.sections)
    return replace(section, blocks=tuple(blocks), sections=inner)


def written_blocks(snapshot: Snapshot, block: WrittenBlock) -> tuple[Block, ...]:
    """What is written in a block, in order."""
    tokens, _ = parse(block.markdown)
    return tuple(_blocks(snapshot, block, tokens))


def _blocks(snapshot: Snapshot, block: WrittenBlock, tokens: Sequence[Token]) -> Iterator[Block]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = _end(tokens, at)
        inner = tokens[at + 1 : end]
        at = end + 1
        match token.type:
            case "paragraph_open":
                yield Paragraph(tuple(_runs(snapshot, inner)))
            case "heading_open":
                yield Paragraph(tuple(replace(run, strong=True) for run in _runs(snapshot, inner)), Tone.OPENING)
            case "bullet_list_open" | "ordered_list_open":
                yield Listing(tuple(_items(snapshot, inner)), ordered=token.type.startswith("ordered"))
            case "table_open":
                yield _table(snapshot, inner)
            case "blockquote_open":
                yield from _blocks(snapshot, block, inner)
            case "fence" | "code_block":
                yield Paragraph(authored(token.content.rstrip("\n")))
            case "cahier_quote":
                yield from _quotation(snapshot, block, token.meta["n"])


def _end(tokens: Sequence[Token], start: int) -> int:
    """The place of the token that closes the one at `start`: itself, if it opens nothing."""
    depth = 0
    for at in range(start, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at
    return len(tokens) - 1


def _items(snapshot: Snapshot, tokens: Sequence[Token]) -> Iterator[tuple[Run, ...]]:
    """The items of a list, each with a line for those of the lists inside it."""
    at = 0
    while at < len(tokens):
        end = _end(tokens, at)
        lines = [tuple(_runs(snapshot, [token])) for token in tokens[at:end] if token.type == "inline"]
        first, *others = [line for line in lines if line] or [()]
        yield (*first, *(run for line in others for run in (Run("\n– ", authored=True), *line)))
        at = end + 1


def _table(snapshot: Snapshot, tokens: Sequence[Token]) -> Table:
    cells = [token for token in tokens if token.type in ("tr_open", "inline")]
    rows: list[list[Run]] = []
    for token in cells:
        if token.type == "tr_open":
            rows.append([])
        else:
            rows[-1].append(Run("".join(run.text for run in _runs(snapshot, [token])), authored=True))
    heads, *others = rows
    share = 100 // len(heads)
    widths = [100 - share * (len(heads) - 1), *[share] * (len(heads) - 1)]
    columns = tuple(Column(head.text, width) for head, width in zip(heads, widths, strict=True))
    return Table("", columns, tuple(map(tuple, others)))


def _runs(snapshot: Snapshot, tokens: Iterable[Token]) -> Iterator[Run]:
    """The words of inline tokens: those in a row that look alike are one run."""
    site = snapshot.consultation.base_url
    found = (run for token in tokens for run in _inline(token.children or (), site) if run.text)
    for alike, some in groupby(found, key=lambda run: replace(run, text="")):
        yield replace(alike, text=french("".join(run.text for run in some)))


def _inline(tokens: Iterable[Token], site: str) -> Iterator[Run]:
    marks = {"strong": 0, "em": 0, "s": 0}
    href: str | None = None
    for token in tokens:
        name, _, side = token.type.rpartition("_")
        if name in marks:
            marks[name] += 1 if side == "open" else -1
        elif token.type == "link_open":
            href = _absolute(str(token.attrGet("href") or ""), site)
        elif token.type == "link_close":
            href = None
        elif token.type in ("softbreak", "hardbreak"):
            yield Run("\n", authored=True)
        else:
            said = f"~~{token.content}~~" if marks["s"] else token.content
            yield Run(said, href=href, strong=marks["strong"] > 0, emphasis=marks["em"] > 0, authored=True)


def _absolute(href: str, site: str) -> str | None:
    """An address that leads somewhere from a file: those of a page of the site with its own, places in a page not."""
    safe = safe_href(href)
    if safe is None or safe.startswith("#"):
        return None
    return f"{site}{safe}" if safe.startswith("/") else safe


def _quotation(snapshot: Snapshot, block: WrittenBlock, number: int) -> Iterator[Block]:
    """The words that a mark cites; those that are not shown are said to be so."""
    quote = block.quotes[number]
    if not quote.words:
        yield Paragraph(authored("(contribution qui n’est plus affichée)"), Tone.EMPTY)
        return
    place = "-".join(filter(None, (block.kind.value, block.subject, str(number + 1))))
    yield Quotation(
        anchor=f"{verbatim_anchor(quote.post, quote.revision)}-{place}",
        id=verbatim_id(quote.post, quote.revision),
        words=isolate_lines(quote.words),
        attribution=fr("contribution citée"),
        href=f"{verbatim_url(snapshot, quote.post, quote.revision)}?de={quote.start}&a={quote.end}",
    )
