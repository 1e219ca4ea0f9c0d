"""What a spreadsheet shows of a text, and never runs: for every CSV that leaves the site.

A text that would be taken for a formula is written behind an apostrophe; numbers stay numbers, the negative ones too.
"""

import re
from typing import Final

# Some spreadsheets drop what nobody sees (blanks, controls, what Unicode calls default ignorable) before they look
# for a formula, and some take the full-width and small signs of East Asian keyboards for the narrow ones.
_IGNORABLE: Final = (  # Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties, which unicodedata lacks
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN: Final = f"\\s\x00-\x1f\x7f-\x9f\ufff9-\ufffb{_IGNORABLE}"
_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
_FORMULA: Final = re.compile(f"[{_UNSEEN}]*[{_SIGNS}\t\r\n]")


def cell(value: str | int | None) -> str | int:
    """A value as a cell of a CSV; None is an empty one."""
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    return f"'{value}" if _FORMULA.match(value) else value
