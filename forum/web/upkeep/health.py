"""Is this process alive; is it ready to serve? For machines: plain text, with nothing about internals."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from forum.domain.upkeep import health


async def live(request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("vivant\n")


async def ready(request: Request) -> Response:
    """The process answers and its database too; otherwise 503, like any failure, and once it was told to stop. Lacking
    only what the site can do without, it is ready and says so: a supervisor must not take it away."""
    if request.app.state.leaves:
        return PlainTextResponse("arrêt\n", 503)
    await health.touch_database()
    lacking = await health.lacking()
    return PlainTextResponse(f"prêt, dégradé : {' ; '.join(lacking)}\n" if lacking else "prêt\n")
