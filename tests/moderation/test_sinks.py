"""Nothing of what is hidden is in any sink, and all of it is there again afterwards."""

from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette

from forum.database import transaction
from forum.domain.discussion.withdrawals import put_post_back, withdraw_post
from forum.domain.members.members import load_viewer
from forum.domain.moderation.hiding import hide, hold_thing, unhide
from forum.models.moderation import Ground
from forum.models.threads import Thread
from tests import sinks
from tests.conftest import NOON
from tests.sinks import Told
from tests.world import World

Make = Callable[[Starlette, World], Awaitable[Told]]
# What is hidden, the addresses that show it before, and what else does.
THINGS: tuple[tuple[Make, set[str], set[str]], ...] = (
    (sinks.a_contribution, sinks.OF_POSTS, {"data", "documents", "archives of others"}),
    (sinks.a_proposal, sinks.OF_PROPOSALS, {"data", "documents", "near texts"}),
    (sinks.a_judged_proposal, sinks.OF_RESULTS, {"data", "documents"}),
    (sinks.a_merged_proposal, sinks.OF_MERGES, {"data", "documents"}),
)


def test_every_address_says_whether_it_shows_words() -> None:
    telling = set().union(*(shown for _, shown, _ in THINGS))
    assert {route.name for route in sinks.read()} == telling | sinks.SILENT | sinks.OF_DECISIONS.keys()
    assert not telling & sinks.SILENT


@pytest.mark.slow
@pytest.mark.parametrize(("make", "shown", "besides"), THINGS)
async def test_hidden_words_are_nowhere_and_come_back_everywhere(
    app: Starlette, world: World, make: Make, shown: set[str], besides: set[str]
) -> None:
    told = await make(app, world)
    before = await sinks.leaks(app, world, told)
    assert before == shown | besides
    async with transaction():
        await hide(await hold_thing(told.kind, told.id, NOON), Ground.CHARTER, NOON, title=True)
    assert await sinks.leaks(app, world, told) == set()
    async with transaction():
        await unhide(await hold_thing(told.kind, told.id, NOON))
    assert await sinks.leaks(app, world, told) == before


@pytest.mark.slow
async def test_withdrawn_words_are_read_by_their_author_alone(app: Starlette, world: World) -> None:
    told = await sinks.a_contribution(app, world)
    # Others wrote in the thread, so that its title stays.
    await Thread.filter(title__contains=sinks.SECRET).update(title="Un fil")
    viewer = await load_viewer(told.author.id)
    before = await sinks.leaks(app, world, told)
    await withdraw_post(viewer, told.id, NOON)
    assert await sinks.leaks(app, world, told) == set()
    await put_post_back(viewer, told.id, NOON)
    assert await sinks.leaks(app, world, told) == before
