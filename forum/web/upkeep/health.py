"""Is this process alive; is it ready to serve? For machines, at whatever host they ask: nothing tells of the site."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from forum.domain.upkeep import health
from forum.domain.upkeep.health import Condition, Finding
from forum.web.plumbing.refusals import RETRY_AFTER

MEDIA_TYPE = "application/health+json"
"""draft-inadarei-api-health-check."""


async def live(request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("vivant\n")


async def ready(request: Request) -> Response:
    """Part by part: 200 while it serves, `warn` where it lacks what it can do without; 503 without its database, and
    once it was told to stop."""
    if request.app.state.leaves:
        return _answer(Condition.FAIL, {"output": "Ce processus s’arrête."})
    found = await health.look(request.state.now)
    checks = {one.part.value: [_check(one)] for one in found.findings}
    lacks = {"output": " ".join(one.said for one in found.lacks)} if found.lacks else {}
    return _answer(found.condition, {**lacks, "checks": checks})


def _check(one: Finding) -> dict[str, str]:
    return {"status": one.condition.value} | ({"output": one.said} if one.said else {})


def _answer(condition: Condition, said: dict[str, object]) -> Response:
    down = condition is Condition.FAIL
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(RETRY_AFTER)} if down else {})
    return JSONResponse({"status": condition.value, **said}, 503 if down else 200, headers, MEDIA_TYPE)
