"""What does a document say, before it is a file? Frozen dataclasses, and nothing else.

Renderers know only these: everything that people read, figures included, is already written here, so that no
format can count or word anything differently from another. Integers stand beside their printed form where
something is drawn from them; what machines read is in `dataset`. Words that come from authors are marked as
such (`authored`, `Quotation`, `ProposalBlock.wording`): renderers set them untouched and let their direction
of writing follow the text. The domain makes an outline of a snapshot in
`forum/domain/chapters/outlines.py`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from forum.documents.columns import fitted
from forum.documents.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Run:
    """Some words of a line. `href` is absolute, or `#anchor` for a section or block of the same document."""

    text: str
    href: str | None = None
    strong: bool = False
    emphasis: bool = False
    authored: bool = False
    """True for words that a person wrote in the forum: their direction follows the text."""


class Tone(StrEnum):
    """The purpose of a paragraph, which decides how it looks."""

    BODY = "body"
    LEAD = "lead"  # opens a chapter
    NOTE = "note"  # a remark, set smaller
    OPENING = "opening"  # opens a list, and stays on its page
    EMPTY = "empty"  # says that there is nothing to show, and why


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of our own words, with links and authors' words inside where needed."""

    runs: tuple[Run, ...]
    tone: Tone = Tone.BODY


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; numbered when the order means something."""

    items: tuple[tuple[Run, ...], ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A term and what is said of it."""

    term: str
    description: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms and their descriptions: the method's facts, the glossary."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. The widths of a table's columns are percentages and add up to 100."""

    header: str
    width: int
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header row that repeats on each page; the first column names the row. The widths that its columns
    ask for give way to their longest words (`columns.py`)."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Run, ...], ...]
    """One run per cell."""

    def __post_init__(self) -> None:
        if sum(column.width for column in self.columns) != 100:
            raise ValueError(f"the columns of {self.caption!r} do not add up to 100 %")
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row of {self.caption!r} has not one cell per column")
        cells = [(column.header, *(row[n].text for row in self.rows)) for n, column in enumerate(self.columns)]
        longest = [max(map(len, " ".join(words).split(" "))) for words in cells]
        widths = fitted([column.width for column in self.columns], longest)
        fitting = tuple(replace(column, width=width) for column, width in zip(self.columns, widths, strict=True))
        object.__setattr__(self, "columns", fitting)


class Pattern(StrEnum):
    """How a part of a bar is filled: always the same word, place and pattern together, never a hue alone."""

    SOLID = "solid"  # pour, on the left; also simple counts
    DOTTED = "dotted"  # abstention, in the middle
    HATCHED = "hatched"  # contre, on the right


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: its word, its value, and the value as printed."""

    label: str
    value: int
    shown: str
    pattern: Pattern = Pattern.SOLID


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, its parts from left to right."""

    label: str
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        """Sum of the parts."""
        return sum(part.value for part in self.parts)


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars on a common scale from zero, with what they say in words and as a table."""

    anchor: str
    """Also the name of the picture in the formats that hold one."""
    caption: str
    alt: str
    bars: tuple[Bar, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Quotation:
    """An author's exact words under their stable id, such as "C-12@1"."""

    anchor: str
    id: str
    words: str
    attribution: str
    href: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A named figure: its value for machines, its printed form for people."""

    label: str
    value: int | str
    """An integer, or a decimal as text with a point, so that no reader rounds it again."""
    shown: str


@dataclass(frozen=True, slots=True)
class ProposalBlock:
    """A proposal in the ranked pages: kept together on a page whenever it fits on one."""

    anchor: str
    reference: str
    wording: str
    body: str
    meeting: str
    """Said in full, such as "GT réunion 1" or "hors réunion"."""
    rank: str | None
    """As printed, such as "2 ex æquo"; None when it is not ranked."""
    bar: Bar | None
    """Pour, abstention, contre, in this order; None when there is no tally to show."""
    figures: tuple[Figure, ...]
    explanation: str
    """One sentence that says why this rank; empty when the section says it once for all."""
    links: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """A few figures that stand large, each over its word."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """What the organiser says of the block before it, under a label."""

    label: str
    blocks: "tuple[Block, ...]"


Block = Paragraph | Listing | Definitions | Table | BarChart | Quotation | ProposalBlock | KeyFigures | Comment


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter (at the first level), or a part of one. `anchor` is unique in the document."""

    anchor: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: "tuple[Section, ...]" = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the cover."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Cover:
    """The first page. Notices say what the reader must know before anything else."""

    title: str
    subtitle: str
    organiser: str
    notices: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Furniture:
    """The renderers' own words, here so that renderers speak no language."""

    contents: str
    skip: str
    page: str
    of: str
    running_title: str
    """Short enough for the head of each page."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole document."""

    language: str
    """BCP 47, such as "fr"."""
    taken_at: str
    """UTC ISO instant of the data; the only date that any format may write, so that bytes are stable."""
    snapshot_sha256: str
    cover: Cover
    furniture: Furniture
    foreword: Section
    """The page between the cover and the contents, which says the essential."""
    chapters: tuple[Section, ...]
    data: Dataset
    """The dataset behind the figures, for formats that machines read."""
