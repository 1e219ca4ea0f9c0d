"""Which pictures do the office formats need? The charts and the bars of proposals, as PNG with their words.

Two proposals with the same votes share one picture: a picture is looked up by what it shows.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from forum.documents.facts import facts_of
from forum.documents.files import TEMPLATES
from forum.documents.outline import Bar, BarChart, Outline, ProposalBlock, Section
from forum.documents.typesetting import pngs

_TEMPLATE: Final = (TEMPLATES / "bars.typ").read_bytes() + (TEMPLATES / "pictures.typ").read_bytes()

DOTS_PER_INCH: Final = 192
"""Twice the resolution of a screen: sharp on paper, and whole pixels when shown at 96 dots."""

Drawing = BarChart | Bar


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, its words, and its size as shown, in pixels of 1/96 inch."""

    png: bytes
    alt: str
    width: int
    height: int


def pictures_of(outline: Outline) -> dict[object, Picture]:
    """Every picture of an outline, by the chart itself or by the parts of the bar."""
    drawings = {key_of(drawing): drawing for drawing in _drawings(outline.chapters)}
    if not drawings:
        return {}
    drawn = pngs(_TEMPLATE, dots_per_inch=DOTS_PER_INCH, drawings=[facts_of(drawing) for drawing in drawings.values()])
    return {key: _picture(png, alt_of(drawing)) for (key, drawing), png in zip(drawings.items(), drawn, strict=True)}


def alts_of(outline: Outline) -> list[str]:
    """The words of the pictures in the order of the document."""
    return [alt_of(drawing) for drawing in _drawings(outline.chapters)]


def key_of(drawing: Drawing) -> object:
    """What identifies a picture: the whole of a chart, or only the parts of a bar."""
    return drawing if isinstance(drawing, BarChart) else drawing.parts


def alt_of(drawing: Drawing) -> str:
    """The words of a picture."""
    if isinstance(drawing, BarChart):
        return drawing.alt
    return ", ".join(f"{part.label} {part.shown}" for part in drawing.parts)


def _drawings(sections: Iterable[Section]) -> Iterator[Drawing]:
    for section in sections:
        for block in section.blocks:
            if isinstance(block, BarChart):
                yield block
            elif isinstance(block, ProposalBlock) and block.bar is not None:
                yield block.bar
        yield from _drawings(section.sections)


def _picture(png: bytes, alt: str) -> Picture:
    # The header of a PNG: eight bytes of signature, the length and name of IHDR, then width and height.
    width, height = struct.unpack_from(">II", png, 16)
    return Picture(png, alt, width * 96 // DOTS_PER_INCH, max(1, height * 96 // DOTS_PER_INCH))
