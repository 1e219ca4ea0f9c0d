"""The pages that explain: how the consultation works, and who may do what in it."""

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import NotFound
from forum.models.answers import Decision
from forum.rights import LABELS, MEANINGS, TABLE, Cell, Standing
from forum.settings import settings
from forum.verification.published import BESIDE
from forum.web.plumbing.page import page


async def show(request: Request) -> Response:
    """How to take part, step by step."""
    return await page(request, "help/show.html", {"decisions": tuple(Decision), "newcomers": settings().moderation})


async def verify(request: Request) -> Response:
    """How to verify a synthesis, for people who do it once."""
    return await page(request, "help/verify.html", {})


async def verifying_file(request: Request) -> Response:
    """What verifies a synthesis, or describes its data, as a file; the same for all of them."""
    name = request.path_params["filename"]
    if name not in BESIDE:
        raise NotFound
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(BESIDE[name], media_type="text/plain; charset=utf-8", headers=headers)


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
