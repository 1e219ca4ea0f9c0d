"""Builds the application: doors, entrance, pages of refusal; opens and closes what they need.

`build(settings)` is all that a server or a test calls. Nothing is connected before the lifespan: a broken database
stops the start with one sentence, a Redis that is away does not.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from forum import clock as clocks
from forum import jobs
from forum.database import close_database, is_unreachable, of_requests, open_database
from forum.domain import signatures, withheld
from forum.domain.legal import check_legal_pages
from forum.domain.members import members
from forum.domain.moderation import decisions
from forum.domain.moderation.reminders import with_waiting
from forum.domain.sign_in.sessions import viewer_of
from forum.domain.themes.ballots import DEFAULT_MENTIONS, LAST_PLACE
from forum.domain.throttle import close_throttle
from forum.domain.upkeep.seals import try_key
from forum.errors import CahierError, CannotStart, NotAllowed, SignInRequired, TooMany
from forum.permissions import Viewer
from forum.ranking.published import FEWEST_SHOWN, FEWEST_WITH_ORDERS
from forum.routes import Shelves, routes
from forum.settings import Settings
from forum.storage import StorageFault
from forum.web.plumbing import refusals
from forum.web.plumbing.addresses import Addresses
from forum.web.plumbing.kept import KeptPages
from forum.web.plumbing.middleware import Entrance
from forum.web.plumbing.page import Pages
from forum.web.plumbing.watch import Watch
from workers import embedded

logger = structlog.get_logger()


async def _reader_of(token: str, *, now: datetime) -> Viewer | None:
    """The person behind a cookie, with what waits for them."""
    viewer = await viewer_of(token, now=now)
    return None if viewer is None else await with_waiting(viewer, now)


def build(settings: Settings, *, clock: Callable[[], datetime] = clocks.now) -> Starlette:
    """The application. `clock` gives the time that every page and rule goes by."""
    table, watch = routes(), Watch(settings)
    entrance = Middleware(
        Entrance,
        settings=settings,
        clock=clock,
        viewer_of=_reader_of,
        refuse=_refuse,
        fail=_answer_failure,
        watch=watch,
    )
    app = Starlette(
        routes=[Shelves(table)],
        lifespan=_lifespan,
        middleware=[entrance],
        exception_handlers={CahierError: _answer_problem, HTTPException: _answer_problem},
    )
    # If /themes/ led to /themes by itself, every page would have two addresses.
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.clock = clock
    app.state.viewer_of = _reader_of
    app.state.pages = Pages(
        settings,
        Addresses(table),
        instead=(*withheld.LABELS.values(), *signatures.NAMELESS, decisions.REVERSED),
        usual_mentions=frozenset(DEFAULT_MENTIONS),
        last_place=LAST_PLACE,
        fewest_shown=FEWEST_SHOWN,
        fewest_with_orders=FEWEST_WITH_ORDERS,
    )
    app.state.kept = KeptPages()
    app.state.watch = watch
    app.state.leaves = False
    return app


def say_leaving(app: Starlette) -> None:
    """From now on whoever asks whether this process is ready reads that it stops."""
    app.state.leaves = True


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    tasks = [asyncio.create_task(app.state.watch.watch_loop(), name="event loop delay")]
    try:
        await open_database(settings, of_requests(settings))
        await clocks.ask()
        tasks.append(asyncio.create_task(clocks.follow(), name="clock of the database"))
        app.state.pages.example = await _has_examples(settings)
        check_legal_pages()
        for line in (await try_key()).lines():
            logger.error("key.unknown", said=line)
        await jobs.open_bell(settings)
        if not settings.redis.url:
            await embedded.start()
        yield
    finally:
        for one in tasks:
            one.cancel()
        await embedded.stop()
        jobs.hang_bell(None)
        await close_throttle()
        clocks.forget()
        await close_database()


async def _has_examples(settings: Settings) -> bool:
    found = await members.has_examples()
    if found and settings.site.environment == "production":
        raise CannotStart("base de données : elle contient les membres inventés de l’exemple, que la production refuse")
    return found


async def _refuse(request: Request, status: int, words: str) -> Response:
    """Answer for a request that the entrance refuses."""
    return await refusals.answer(request, refusals.refusal(request, status, words))


async def _answer_problem(request: Request, problem: Exception) -> Response:
    """Answer for a request that the domain, the router or the reading of a form refuses."""
    if isinstance(problem, SignInRequired):
        return await refusals.lead_to_sign_in(request, problem)
    if isinstance(problem, (NotAllowed, TooMany)):
        # The sentence of the catalogue, not its values: they may be words of people.
        request.state.refusal = problem.message
    return await refusals.answer(request, refusals.refusal_of(request, problem))


async def _answer_failure(request: Request, problem: Exception) -> Response:
    """Answer for an unexpected failure (500), a disk that takes nothing or a lost database (503). The entrance has
    logged it."""
    if isinstance(problem, StorageFault):
        return await refusals.answer(request, refusals.refusal_of(request, problem))
    if is_unreachable(problem):
        later = {"Retry-After": str(refusals.RETRY_AFTER)}
        return await refusals.answer(request, refusals.refusal(request, 503, headers=later))
    return await refusals.answer(request, refusals.refusal(request, 500))
