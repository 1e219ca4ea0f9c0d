"""Which thing does an address name that people notify and moderators decide about?"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from forum.domain.moderation.things import ModeratedThing, find_answer, find_minutes, find_post, find_proposal

FindThing = Callable[[Request], Awaitable[ModeratedThing]]


async def asked_post(request: Request) -> ModeratedThing:
    """A contribution."""
    return await find_post(request.path_params["post"])


async def asked_proposal(request: Request) -> ModeratedThing:
    """A proposal."""
    return await find_proposal(request.path_params["reference"])


async def asked_minutes(request: Request) -> ModeratedThing:
    """The minutes of a meeting."""
    return await find_minutes(request.path_params["meeting"])


async def asked_answer(request: Request) -> ModeratedThing:
    """An official answer, the present one or an earlier one."""
    return await find_answer(request.path_params["reference"], request.path_params["answer"])
