"""How wide are the columns of a table? As wide as asked for, and never narrower than their longest word.

A word that does not fit is cut where the cell ends ("fusionné" / "e") by the office programs, and runs into the next
cell in the PDF. Words are measured by their number of letters, in a face that is wider than ours, since documents are
also shown without it.
"""

from collections.abc import Sequence
from typing import Final

LETTER: Final = 1.45
"""Width of a letter of a table in percent of the narrowest page, that of the PDF: 0.6 em of 9.5 points in 390."""

ROUND: Final = 1.5
"""Space beside the words of a cell, in percent."""

LONGEST: Final = 24
"""A word of more letters may be cut: no word of French that people write is longer."""


def fitted(wanted: Sequence[int], words: Sequence[int]) -> tuple[int, ...]:
    """Widths in percent that add up to 100, from those asked for and the letters of the longest word of each column.

    What the narrow ones lack is taken from the others, in proportion to what was asked for them. Where all words
    together do not fit on a line, each column has its share of what they need.
    """
    needs = [ROUND + LETTER * min(letters, LONGEST) for letters in words]
    if sum(needs) >= 100:
        return _rounded([need * 100 / sum(needs) for need in needs])
    widths = [float(width) for width in wanted]
    fixed: set[int] = set()
    while short := {column for column in range(len(widths)) if column not in fixed and widths[column] < needs[column]}:
        fixed |= short
        left = 100 - sum(needs[column] for column in fixed)
        asked = sum(wanted[column] for column in range(len(widths)) if column not in fixed)
        widths = [needs[column] if column in fixed else wanted[column] * left / asked for column in range(len(widths))]
    return _rounded(widths)


def _rounded(widths: Sequence[float]) -> tuple[int, ...]:
    """Whole numbers with the same sum; those that lose most by rounding get the units that are left."""
    whole = [int(width) for width in widths]
    by_loss = sorted(range(len(widths)), key=lambda column: (whole[column] - widths[column], column))
    for column in by_loss[: 100 - sum(whole)]:
        whole[column] += 1
    return tuple(whole)
