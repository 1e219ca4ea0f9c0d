"""Nothing of what is hidden is in any sink, and all of it is there again afterwards; what is taken out is gone."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from starlette.applications import Starlette

from forum.database import rows, tables, transaction
from forum.domain.discussion.withdrawals import put_post_back, withdraw_post
from forum.domain.members.members import load_viewer
from forum.domain.moderation.cases import open_case
from forum.domain.moderation.decisions import TypedDecision, decide, prepare
from forum.domain.moderation.hiding import hide, hold_thing, unhide
from forum.domain.moderation.things import thing_of
from forum.models.members import Role
from forum.models.moderation import Ground
from forum.models.threads import Thread
from tests import sinks
from tests.conftest import NOON
from tests.factories import make_member
from tests.sinks import Told
from tests.world import World

Make = Callable[[Starlette, World], Awaitable[Told]]
# What is hidden, the addresses that show it before, and what else does.
THINGS: tuple[tuple[Make, set[str], set[str]], ...] = (
    (sinks.a_contribution, sinks.OF_POSTS, {"data", "documents", "archives of others"}),
    (sinks.a_received_contribution, sinks.OF_RECEIVED, {"archives of others"}),
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
@pytest.mark.parametrize(("make", "shown", "besides"), [each for each in THINGS if "data" in each[2]])
async def test_a_passage_that_is_taken_out_is_nowhere_not_even_in_the_database(
    app: Starlette, world: World, make: Make, shown: set[str], besides: set[str]
) -> None:
    told = await make(app, world)
    moderator = await load_viewer((await make_member("Prune Alix", role=Role.ADMINISTRATOR)).id)
    case = await open_case(moderator, await thing_of(told.kind, told.id), NOON)
    typed = TypedDecision(act="redact", ground="", facts="Une donnée personnelle.", passage=sinks.SECRET)
    seen = (await prepare(moderator, case, typed, NOON)).mark
    assert await holders() >= {told.kind.value}
    await decide(moderator, case, replace(typed, seen=seen), NOON)
    assert await holders() == set()
    assert await sinks.leaks(app, world, told, for_good=True) == set()


async def holders() -> set[str]:
    """The tables that hold the word."""
    found = {table: [dict(each) for each in await rows(f'SELECT * FROM "{table}"')] for table in await tables()}
    return {table for table, some in found.items() if sinks.SECRET in str(some)}


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
