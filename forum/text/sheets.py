"""How is a table written so that a French spreadsheet opens it without asking anything, and runs nothing? Every CSV of
ours.

UTF-8 with its mark, semicolons, CRLF. A text that would be taken for a formula is written behind an apostrophe; numbers
stay numbers, even negative; yes and no are words. None of these sheets is read back: the sheets that people make
themselves are read by `domain/members/invitation_files.py`.
"""

import csv
import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from typing import Final

from forum.text.characters import IGNORABLE

MEDIA_TYPE: Final = "text/csv; charset=utf-8; header=present"

Value = str | int | None
"""What a cell holds; a bool is said, None is an empty cell."""

# Some spreadsheets drop what nobody sees (blanks, controls, what Unicode calls default ignorable) before they look
# for a formula, and some take the full-width and small signs of East Asian keyboards for the narrow ones.
_UNSEEN: Final = f"\\s\x00-\x1f\x7f-\x9f\ufff9-\ufffb{IGNORABLE}"
_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
_FORMULA: Final = re.compile(f"[{_UNSEEN}]*[{_SIGNS}\t\r\n]")


def sheet(columns: Iterable[str], lines: Iterable[Iterable[Value]]) -> bytes:
    """A table as CSV: its header row, then its rows."""
    return head(columns) + b"".join(map(line, lines))


def head(columns: Iterable[str]) -> bytes:
    """The beginning of a table whose rows are sent one by one: byte order mark and header row."""
    return BOM_UTF8 + line(columns)


def line(values: Iterable[Value]) -> bytes:
    """One row of a table begun by `head`."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerow([_cell(value) for value in values])
    return written.getvalue().encode()


def _cell(value: Value) -> str | int:
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case int():
            return value
        case _:
            return f"'{value}" if _FORMULA.match(value) else value
