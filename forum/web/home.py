"""The first page: what is asked, theme by theme, and what can be done now."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.themes.themes import list_themes
from forum.settings import settings
from forum.web.plumbing.page import page
from forum.web.themes.windows import windows


async def show(request: Request) -> Response:
    """The themes of the consultation."""
    themes = [(line, windows(request, line.theme.schedule)) for line in await list_themes()]
    return await page(request, "home/show.html", {"themes": themes, "consultation": settings().consultation})
