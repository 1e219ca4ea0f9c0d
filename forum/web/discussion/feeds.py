"""New contributions for a feed reader: of a theme, of a thread."""

from collections.abc import Sequence
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import feeds, threads
from forum.domain.discussion.feeds import FeedPost
from forum.domain.themes.themes import find_theme
from forum.language import catalogue
from forum.text.directions import isolate
from forum.text.feeds import MEDIA_TYPE, FeedEntry, feed
from forum.web.plumbing.page import has_already, href, pages


async def of_theme(request: Request) -> Response:
    """The newest contributions of a theme."""
    theme = await find_theme(request.path_params["number"])
    words = catalogue(request.state.locale).gettext
    title = f"{words('Thème')} {theme.number} – {isolate(theme.title)}"
    return _feed(request, title, href(request, "theme", number=theme.number), await feeds.newest_of_theme(theme.id))


async def of_thread(request: Request) -> Response:
    """The newest contributions of a thread."""
    state = await threads.thread_state(request.path_params["thread"])
    page = href(request, "thread", thread=state.id)
    title = pages(request).said(request.state.locale, state.title)
    return _feed(request, isolate(title), page, await feeds.newest_of_thread(state.id))


def _feed(request: Request, title: str, page: str, found: Sequence[FeedPost]) -> Response:
    locale: str = request.state.locale
    words, base = catalogue(locale).gettext, pages(request).base_url
    unknown = words("auteur non connu")

    def said(kept: str) -> str:
        return str(isolate(pages(request).said(locale, kept)))

    entries = [
        FeedEntry(
            address=base + href(request, "post", post=each.id),
            title=f"{said(each.author or unknown)} – {said(each.thread_title)}",
            author=said(each.author or unknown),
            words=each.words,
            published_at=each.created_at,
            updated_at=each.edited_at or each.created_at,
        )
        for each in found
    ]
    text = feed(
        f"{title} – {pages(request).site.name}",
        base + page,
        base + request.url.path,
        entries,
        locale,
    )
    etag = f'"{sha256(text.encode()).hexdigest()[:20]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if has_already(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type=MEDIA_TYPE)
