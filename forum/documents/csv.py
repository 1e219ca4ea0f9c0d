"""The register of proposals for a spreadsheet: one row per proposal, opened by a French Excel without any question.

UTF-8 with its mark, semicolons, CRLF; no text runs as a formula (`text/sheets.py`).
"""

import csv
import io
from typing import Final

from forum.documents.dataset import ProposalData
from forum.documents.outline import Outline
from forum.text.sheets import cell

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


def render(outline: Outline) -> bytes:
    """The header and one row per proposal, withdrawn ones too."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(value) for value in _values(proposal)] for proposal in outline.data.proposals)
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
