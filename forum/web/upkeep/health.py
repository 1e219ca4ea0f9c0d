"""Is this process alive; is it ready to serve? For machines: plain text, with nothing about internals."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from forum.domain.upkeep import health


async def live(request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("vivant\n")


async def ready(request: Request) -> Response:
    """The process answers and its database too; otherwise 503, like any failure."""
    await health.touch_database()
    return PlainTextResponse("prêt\n")
