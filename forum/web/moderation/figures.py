"""The public figures of moderation, as a page and as a sheet."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.moderation.figures import THINGS, as_sheet, read_figures
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.moderation import Ground
from forum.text import sheets
from forum.web.plumbing.page import page


async def show(request: Request) -> Response:
    """The figures of each month, for everybody."""
    context = {
        "months": await read_figures(),
        "grounds": tuple(Ground),
        "things": THINGS,
        "acts": tuple(DecisionAct),
        "outcomes": tuple(ComplaintOutcome),
    }
    return await page(request, "moderation/figures.html", context)


async def sheet(request: Request) -> Response:
    """The figures of each month, as CSV."""
    headers = {"Content-Disposition": 'attachment; filename="moderation.csv"'}
    return Response(as_sheet(await read_figures()), headers=headers, media_type=sheets.MEDIA_TYPE)
