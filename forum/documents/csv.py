"""The register of proposals for a spreadsheet: one row per proposal. The CSV itself is written by `text/sheets.py`."""

from typing import Final

from forum.documents.dataset import ProposalData
from forum.documents.outline import Outline
from forum.text.sheets import Value, sheet

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
    return sheet(COLUMNS, map(_values, outline.data.proposals))


def _values(proposal: ProposalData) -> tuple[Value, ...]:
    source = proposal.source
    return (
        proposal.reference,
        proposal.version,
        proposal.theme,
        proposal.rank,
        proposal.tied,
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
