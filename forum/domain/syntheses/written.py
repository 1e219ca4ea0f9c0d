"""What did people write in a synthesis, as its documents hold it? Frozen beside the data, and pure.

The same snapshot and the same written words give the same bytes of each document. The words that a block quotes are
frozen with it, at the revision and range that its mark names; of a contribution that is not shown there are none. The
canonical form is one line of JSON, empty when nothing is written.
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from forum.models.syntheses import BlockKind

WRITTEN_FORMAT: Final = 1
"""Number of this layout; raised whenever a field is added, changes its meaning or is removed."""


@dataclass(frozen=True, slots=True)
class WrittenQuote:
    """Words of a contribution that a block quotes, in the place of its mark; without words they are not shown."""

    post: int
    revision: int
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class WrittenBlock:
    """A block at one of its versions, in Markdown, with the words of its quotes in their order."""

    kind: BlockKind
    subject: str
    version: int
    markdown: str
    quotes: tuple[WrittenQuote, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenWords:
    """All that people wrote in a synthesis, in the order of the document."""

    blocks: tuple[WrittenBlock, ...] = ()
    format: int = WRITTEN_FORMAT

    def of(self, kind: BlockKind, subject: str = "") -> WrittenBlock | None:
        """The block of that kind, about that proposal if it is a comment."""
        return next((each for each in self.blocks if (each.kind, each.subject) == (kind, subject)), None)


NOTHING: Final = WrittenWords()
_READER: Final = TypeAdapter(WrittenWords)


def to_line(written: WrittenWords) -> str:
    """The canonical form: one line of JSON with sorted keys; empty when nothing is written."""
    if written == NOTHING:
        return ""
    facts = dataclasses.asdict(written)
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def from_line(line: str) -> WrittenWords:
    """Read back what `to_line` wrote. ValueError on anything else."""
    return _READER.validate_json(line) if line else NOTHING
