"""The pages that explain: how the consultation works, and who may do what in it."""

from starlette.requests import Request
from starlette.responses import Response

from forum.models.answers import Decision
from forum.rights import LABELS, MEANINGS, TABLE, Cell, Standing
from forum.settings import settings
from forum.web.plumbing.page import page


async def show(request: Request) -> Response:
    """How to take part, step by step."""
    return await page(request, "help/show.html", {"decisions": tuple(Decision), "newcomers": settings().moderation})


async def rights(request: Request) -> Response:
    """The table of rights, in words."""
    context = {
        "standings": [LABELS[standing] for standing in Standing],
        "rows": [
            (LABELS[action], [(cell is Cell.ALLOWED, LABELS[cell]) for cell in cells.values()])
            for action, cells in TABLE.items()
        ],
        "meanings": [(LABELS[cell], MEANINGS[cell]) for cell in Cell],
    }
    return await page(request, "help/rights.html", context)
