"""The register of proposals for a spreadsheet: one row per proposal, opened by a French Excel without any question.

UTF-8 with its mark, semicolons, CRLF. A text that a spreadsheet would take for a formula is written behind an
apostrophe; numbers stay numbers, the negative ones too.
"""

import csv
import io
import re
from typing import Final

from forum.documents.dataset import ProposalData
from forum.documents.outline import Outline

COLUMNS: Final = (
    "référence",
    "version",
    "thème",
    "rang",
    "ex æquo",
    "état",
    "formulation",
    "texte",
    "origine",
    "réunion",
    "source",
    "pour",
    "abstention",
    "contre",
    "soutien net",
    "borne de Wilson",
    "explication",
    "adresse de la proposition",
    "adresse de la source",
)

# Some spreadsheets drop what nobody sees (blanks, controls, what Unicode calls default ignorable) before they look
# for a formula, and some take the full-width and small signs of East Asian keyboards for the narrow ones.
_IGNORABLE: Final = (  # Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties, which unicodedata lacks
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN: Final = f"\\s\x00-\x1f\x7f-\x9f\ufff9-\ufffb{_IGNORABLE}"
_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
_FORMULA: Final = re.compile(f"[{_UNSEEN}]*[{_SIGNS}\t\r\n]")


def render(outline: Outline) -> bytes:
    """The header and one row per proposal, withdrawn ones too."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in _values(proposal)] for proposal in outline.data.proposals)
    return sheet.getvalue().encode("utf-8-sig")


def _values(proposal: ProposalData) -> tuple[str | int | None, ...]:
    source = proposal.source
    return (
        proposal.reference,
        proposal.version,
        proposal.theme,
        proposal.rank,
        "oui" if proposal.tied else "non",
        proposal.state,
        proposal.wording,
        proposal.body,
        proposal.origin,
        proposal.meeting,
        source.id if source else None,
        proposal.pour,
        proposal.abstention,
        proposal.contre,
        proposal.soutien_net,
        proposal.wilson,
        proposal.explanation,
        proposal.url,
        source.url if source else None,
    )


def _cell(value: str | int | None) -> str | int:
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    return f"'{value}" if _FORMULA.match(value) else value
