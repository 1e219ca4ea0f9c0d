"""The JSON door: the same domain calls as the HTML door, answered in JSON, refusals as RFC 9457 problems."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

PREFIX = "/api/"


def is_api(request: Request) -> bool:
    return request.url.path.startswith(PREFIX)


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal (RFC 9457)."""
    content = {"type": "about:blank", "status": status, "title": title, "detail": detail}
    return JSONResponse(content, status, headers, media_type="application/problem+json")
