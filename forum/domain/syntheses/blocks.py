"""What do people write in a synthesis? Blocks, each with its versions, until it is published.

A block is known by its place, a word in its address: `introduction`, or the reference of the proposal that it
comments. Several people write at once, each in a block; two in the same one are told so, with both texts. A version
holds Markdown, read by the same pipeline as contributions; quotes in it are marks, as in contributions.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Final

from anyio import to_thread

from forum.database import Row, row, rows, transaction
from forum.domain.discussion.posts import QuotedWords, quoted_words
from forum.domain.discussion.threads import Piece, pieces_of
from forum.domain.references import parse_reference, reference
from forum.domain.syntheses.states import WRITING
from forum.domain.syntheses.syntheses import SynthesisLine, find_synthesis, line_of
from forum.domain.syntheses.written import WrittenBlock, WrittenQuote, WrittenWords, from_line, to_line
from forum.errors import Checks, Conflict, NotFound
from forum.models.syntheses import BlockKind, Reserve, SynthesisState
from forum.permissions import Viewer, demand, may_write_synthesis
from forum.settings import settings
from forum.text.differences import Difference, differences
from forum.text.reading import Reading, read
from forum.text.source import clean_source

_SLUG: Final = "texte-"
_CHANGED: Final = "Ce texte a été modifié entre-temps. Le vôtre est gardé ci-dessous."


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """Which block of a synthesis; `subject` is the reference of the proposal that a comment is about, or the warning
    that a reserve goes past."""

    kind: BlockKind
    subject: str = ""

    @property
    def slug(self) -> str:
        """The word for it in addresses."""
        kind = self.kind.value.removeprefix(_SLUG)
        return f"{kind}-{self.subject}" if self.kind is BlockKind.RESERVE else self.subject or kind


PLACES: Final = tuple(BlockPlace(kind) for kind in BlockKind if kind not in (BlockKind.COMMENT, BlockKind.RESERVE))
"""The blocks that every synthesis has, in the order of the document."""
_RESERVES: Final = tuple(BlockPlace(BlockKind.RESERVE, reserve.value) for reserve in Reserve)
_BY_SLUG: Final = {place.slug: place for place in (*PLACES, *_RESERVES)}


@dataclass(frozen=True, slots=True)
class BlockLine:
    """A block in the list of those of a synthesis; `version` is 0 where nobody wrote yet. Whether its words are empty,
    and whether the documents hold another version, or none."""

    place: BlockPlace
    version: int = 0
    author: str | None = None
    written_at: datetime | None = None
    is_empty: bool = True
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class WritingDesk:
    """What is written in a synthesis, for those who write."""

    line: SynthesisLine
    blocks: tuple[BlockLine, ...]
    reserves: tuple[BlockLine, ...]
    """The words that go past the warnings of its checklist."""
    proposals: tuple[tuple[str, str], ...]
    """The proposals that a comment may be about: reference and wording."""

    @property
    def is_open(self) -> bool:
        """Whether people write in it now."""
        return self.line.state in WRITING

    @property
    def is_behind(self) -> bool:
        """Whether its documents do not hold what is written."""
        return any(block.is_newer for block in (*self.blocks, *self.reserves))


@dataclass(frozen=True, slots=True)
class BlockVersion:
    """A version of a block, as it reads, and what it changed in the one before."""

    number: int
    source: str
    plain: str
    pieces: tuple[Piece, ...]
    author: str | None
    written_at: datetime
    changes: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockDesk:
    """The form of a block: its present words, and the mark that the form carries; `about` is the wording of the
    proposal that it comments."""

    line: SynthesisLine
    place: BlockPlace
    newest: BlockVersion | None
    mark: int
    about: str = ""

    @property
    def is_open(self) -> bool:
        """Whether people write in it now."""
        return self.line.state in WRITING


# Reading


async def read_writing(viewer: Viewer | None, synthesis: int, now: datetime) -> WritingDesk:
    """The blocks of a synthesis. Raises NotFound: it does not exist, or this person may not write in it."""
    found = await _found(viewer, synthesis, now)
    composed = {(each.kind, each.subject): each.version for each in from_line(found["written"]).blocks}
    newest = {(each["kind"], each["subject"]): each for each in await _newest(synthesis)}
    subjects = sorted(subject for kind, subject in newest if kind == BlockKind.COMMENT.value)
    comments = [BlockPlace(BlockKind.COMMENT, subject) for subject in subjects]
    blocks, reserves = (
        tuple(_line(place, newest.get((place.kind.value, place.subject)), composed) for place in places)
        for places in ((*PLACES, *comments), _RESERVES)
    )
    return WritingDesk(line_of(found), blocks, reserves, await _proposals(found["theme_id"]))


def _line(place: BlockPlace, found: Row | None, composed: dict[tuple[BlockKind, str], int]) -> BlockLine:
    if found is None:
        return BlockLine(place)
    held, empty = composed.get((place.kind, place.subject), 0), not found["source"]
    return BlockLine(
        place,
        found["number"],
        found["author"],
        found["written_at"],
        is_empty=empty,
        is_newer=held != (0 if empty else found["number"]),
    )


async def read_block(viewer: Viewer | None, synthesis: int, slug: str, now: datetime) -> BlockDesk:
    """The form of a block.

    Raises:
        NotFound: there is no such synthesis or block, or this person may not write in it.
    """
    found = await _found(viewer, synthesis, now)
    place = await _place(found, slug)
    versions = await _versions(synthesis, place, newest=True)
    about = await _about(found["theme_id"], place)
    return BlockDesk(line_of(found), place, versions[0] if versions else None, await _mark(synthesis, place), about)


async def _about(theme: int | None, place: BlockPlace) -> str:
    if place.kind is not BlockKind.COMMENT:
        return ""
    return dict(await _proposals(theme, place.subject)).get(place.subject, "")


async def read_block_versions(
    viewer: Viewer | None, synthesis: int, slug: str, now: datetime
) -> tuple[BlockDesk, tuple[BlockVersion, ...]]:
    """Every version of a block, the newest first, with what changed word by word. Raises as `read_block`."""
    desk = await read_block(viewer, synthesis, slug, now)
    return desk, await _versions(synthesis, desk.place)


async def preview_block(
    viewer: Viewer | None, synthesis: int, slug: str, source: str, now: datetime
) -> tuple[Piece, ...]:
    """How words that are being written would read. Raises as `write_block`."""
    desk = await read_block(viewer, synthesis, slug, now)
    _refuse_closed(desk.line.state)
    _, reading = await _read(source)
    return pieces_of(reading.html, await quoted_words(reading.quotes))


async def _found(viewer: Viewer | None, synthesis: int, now: datetime) -> Row:
    found = await find_synthesis(viewer, synthesis, now)
    demand(may_write_synthesis, viewer, now)
    return found


async def _place(found: Row, slug: str) -> BlockPlace:
    if slug in _BY_SLUG:
        return _BY_SLUG[slug]
    parse_reference(slug)
    if not await _proposals(found["theme_id"], slug):
        raise NotFound
    return BlockPlace(BlockKind.COMMENT, slug)


async def _proposals(theme: int | None, ref: str = "") -> tuple[tuple[str, str], ...]:
    """The proposals of a synthesis's subject, or that one alone."""
    number, own = parse_reference(ref) if ref else (0, 0)
    found = await rows(
        """SELECT t.number AS theme, p.number, p.wording FROM proposal p JOIN theme t ON t.id = p.theme_id
            WHERE p.number > 0 AND p.state <> 'hidden' AND (CAST($1 AS INTEGER) IS NULL OR t.id = $1)
              AND ($2 = 0 OR (t.number = $2 AND p.number = $3)) ORDER BY t.number, p.number""",
        theme,
        number,
        own,
    )
    return tuple((reference(each["theme"], each["number"]), each["wording"]) for each in found)


_NEWEST: Final = """
    SELECT b.kind, b.subject, b.number, b.source, b.html, b.plain, b.rewrites, b.written_at, b.author_id,
           m.name AS author
      FROM synthesis_block b LEFT JOIN member m ON m.id = b.author_id
     WHERE b.synthesis_id = $1 AND b.number = (
           SELECT MAX(o.number) FROM synthesis_block o
            WHERE o.synthesis_id = b.synthesis_id AND o.kind = b.kind AND o.subject = b.subject)"""


async def _newest(synthesis: int) -> list[Row]:
    return await rows(_NEWEST, synthesis)


async def _versions(synthesis: int, place: BlockPlace, *, newest: bool = False) -> tuple[BlockVersion, ...]:
    found = await rows(
        f"""SELECT b.number, b.source, b.html, b.plain, b.written_at, m.name AS author
              FROM synthesis_block b LEFT JOIN member m ON m.id = b.author_id
             WHERE b.synthesis_id = $1 AND b.kind = $2 AND b.subject = $3
             ORDER BY b.number DESC {"LIMIT 1" if newest else ""}""",
        synthesis,
        place.kind.value,
        place.subject,
    )
    marks = await to_thread.run_sync(lambda: [read(each["source"]).quotes for each in found])
    quoted = iter(await quoted_words(chain.from_iterable(marks)))
    before = [each["source"] for each in found[1:]] + [""] * bool(found)
    return tuple(
        BlockVersion(
            each["number"],
            each["source"],
            each["plain"],
            pieces_of(each["html"], list(islice(quoted, len(own)))),
            each["author"],
            each["written_at"],
            differences(former, each["source"]),
        )
        for each, own, former in zip(found, marks, before, strict=True)
    )


async def _mark(synthesis: int, place: BlockPlace) -> int:
    """What a form knows of the words that it was opened on: it grows with every version and with every erasure."""
    found = await row(
        """SELECT COALESCE(MAX(number), 0) + COALESCE(SUM(rewrites), 0) AS mark FROM synthesis_block
            WHERE synthesis_id = $1 AND kind = $2 AND subject = $3""",
        synthesis,
        place.kind.value,
        place.subject,
    )
    return int(found["mark"]) if found else 0


# Writing


async def write_block(viewer: Viewer | None, synthesis: int, slug: str, source: str, mark: int, now: datetime) -> bool:
    """Write a version of a block; returns whether there is a new one. Empty words take the block out of the documents.

    `mark` is the one that was on the form; sending the same words changes nothing.

    Raises:
        NotFound: there is no such synthesis or block, or this person may not write in it.
        Invalid: the words cannot be accepted, or quote what is not there.
        Conflict: somebody else wrote in it meanwhile, or it is in review or published.
    """
    source, reading = await _read(source)
    await quoted_words(reading.quotes)
    async with transaction():
        desk = await read_block(viewer, synthesis, slug, now)
        viewer = demand(may_write_synthesis, viewer, now)
        _refuse_closed(await _held_state(synthesis))
        newest = desk.newest
        if source == (newest.source if newest else ""):
            return False
        if await _mark(synthesis, desk.place) != mark:
            raise Conflict(_CHANGED)
        number = newest.number + 1 if newest else 1
        await _insert(synthesis, desk.place, number, source, reading, viewer.id, now)
    return True


async def _read(source: str) -> tuple[str, Reading]:
    """The words to keep and what they show, read off the event loop; empty words are kept as none."""
    if source.strip():
        checks = Checks()
        with checks.field("source"):
            source = clean_source(source, limit=settings().limits.post_characters)
        checks.done()
    else:
        source = ""
    return source, await to_thread.run_sync(read, source)


def _refuse_closed(state: SynthesisState) -> None:
    if state.is_public:
        raise Conflict("Cette synthèse est déjà publiée. Une synthèse publiée ne change plus.")
    if state is SynthesisState.REVIEW:
        raise Conflict("Cette synthèse est en relecture : reprenez d’abord l’écriture.")


async def _held_state(synthesis: int) -> SynthesisState:
    """Its state, which nobody changes until the caller's transaction ends."""
    held = await rows("UPDATE synthesis SET state = state WHERE id = $1 RETURNING state", synthesis)
    return SynthesisState(held[0]["state"])


async def _insert(
    synthesis: int,
    place: BlockPlace,
    number: int,
    source: str,
    reading: Reading,
    author: int | None,
    now: datetime,
) -> None:
    await rows(
        """INSERT INTO synthesis_block
                  (synthesis_id, kind, subject, number, source, html, plain, rewrites, author_id, written_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9)""",
        synthesis,
        place.kind.value,
        place.subject,
        number,
        source,
        reading.html,
        reading.plain,
        author,
        now,
    )


# What documents hold of it


async def copy_blocks(synthesis: int, theme: int | None) -> None:
    """Begin a synthesis with the newest words of the last one about the same, by the same people, inside the caller's
    transaction."""
    former = await row(
        """SELECT MAX(s.id) AS id FROM synthesis s
            WHERE s.id <> $1 AND (s.theme_id = $2 OR (s.theme_id IS NULL AND CAST($2 AS INTEGER) IS NULL))""",
        synthesis,
        theme,
    )
    for each in await _newest(former["id"]) if former and former["id"] else ():
        if each["source"]:
            place, reading = BlockPlace(BlockKind(each["kind"]), each["subject"]), _stored(each)
            await _insert(synthesis, place, 1, each["source"], reading, each["author_id"], each["written_at"])


def _stored(found: Row) -> Reading:
    return Reading(found["html"], found["plain"], (), (), ())


async def freeze_words(synthesis: int) -> None:
    """Keep what is written now as what the documents will hold, inside the caller's transaction."""
    found = [each for each in await _newest(synthesis) if each["source"]]
    marks = await to_thread.run_sync(lambda: [read(each["source"]).quotes for each in found])
    quoted = iter(await quoted_words(chain.from_iterable(marks)))
    order = list(BlockKind)
    blocks = [
        WrittenBlock(
            BlockKind(each["kind"]),
            each["subject"],
            each["number"],
            each["source"],
            tuple(map(_frozen, islice(quoted, len(own)))),
        )
        for each, own in zip(found, marks, strict=True)
    ]
    blocks.sort(key=lambda block: (order.index(block.kind), block.subject))
    await rows("UPDATE synthesis SET written = $2 WHERE id = $1", synthesis, to_line(WrittenWords(tuple(blocks))))


def _frozen(quoted: QuotedWords) -> WrittenQuote:
    mark = quoted.mark
    return WrittenQuote(mark.post, mark.revision, mark.start, mark.end, quoted.words)
