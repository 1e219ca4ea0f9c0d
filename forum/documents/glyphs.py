"""Which characters can a font file draw? Read from its `cmap` table, without any library.

PDF/UA refuses a document that prints a sign its fonts lack, so the PDF must know before it sets the words. Only the two
layouts that today's fonts use are read (4 for the basic plane, 12 for all planes), as laid down in the OpenType
specification, "cmap: Character to Glyph Index Mapping Table".
"""

import struct
from collections.abc import Iterator
from pathlib import Path


def covered(font: Path) -> frozenset[int]:
    """The code points that a TrueType or OpenType file maps to a glyph. ValueError when it has no character map."""
    content = font.read_bytes()
    start = _table(content, b"cmap", font)
    (count,) = struct.unpack_from(">H", content, start + 2)
    points: set[int] = set()
    for index in range(count):
        (offset,) = struct.unpack_from(">I", content, start + 4 + 8 * index + 4)
        points.update(_points(content, start + offset))
    return frozenset(points)


def _table(content: bytes, tag: bytes, font: Path) -> int:
    (count,) = struct.unpack_from(">H", content, 4)
    for index in range(count):
        name, _, offset, _ = struct.unpack_from(">4sIII", content, 12 + 16 * index)
        if name == tag:
            return int(offset)
    raise ValueError(f"{font} has no {tag.decode()} table")


def _points(content: bytes, at: int) -> Iterator[int]:
    (layout,) = struct.unpack_from(">H", content, at)
    if layout == 4:
        yield from _basic_plane(content, at)
    elif layout == 12:
        (groups,) = struct.unpack_from(">I", content, at + 12)
        for first, last, _ in struct.iter_unpack(">III", content[at + 16 : at + 16 + 12 * groups]):
            yield from range(first, last + 1)


def _basic_plane(content: bytes, at: int) -> Iterator[int]:
    (doubled,) = struct.unpack_from(">H", content, at + 6)
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", content, at + 14)
    starts = struct.unpack_from(f">{count}H", content, at + 16 + doubled)
    for first, last in zip(starts, ends, strict=True):
        yield from range(first, min(last, 0xFFFE) + 1)  # 0xFFFF closes the table and is no character
