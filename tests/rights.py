"""The table of rights as a document: `python -m tests.rights` writes `docs/rights.md` from `forum/rights.py`."""

from collections.abc import Iterator

from forum.language import catalogue
from forum.rights import LABELS, MEANINGS, TABLE, Cell, Standing
from forum.settings import ROOT

DOCUMENT = ROOT / "docs/rights.md"


def document() -> str:
    """The content of the file."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    said = catalogue("en").gettext
    yield "# Who may do what"
    yield ""
    yield "Written by `make rights` from `forum/rights.py`, the table by which the program decides. The page"
    yield "/aide/droits shows it too, in both languages; `tests/test_rights.py` tests each cell over HTTP. The"
    yield "schedule of a theme and the state of a thing also apply (`forum/permissions.py`). Of several standings the"
    yield "best one counts, but a bar holds."
    yield ""
    for cell in Cell:
        yield f"- **{said(LABELS[cell])}**: {said(MEANINGS[cell])}"
    yield ""
    yield _row([said("Action"), *(said(LABELS[standing]) for standing in Standing)])
    yield _row(["---"] * (len(Standing) + 1))
    for action, cells in TABLE.items():
        yield _row([said(LABELS[action]), *(said(LABELS[cell]) for cell in cells.values())])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(), "utf-8")
