"""Nothing of what is hidden is in any sink, and all of it is there again afterwards; what is taken out is gone."""

from collections.abc import Mapping, Set
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
from forum.domain.search.index import rebuild
from forum.models.members import Role
from forum.models.moderation import Ground
from forum.models.threads import Thread
from tests import sinks
from tests import told as things_told
from tests.conftest import NOON
from tests.factories import make_member
from tests.sinks import Sight
from tests.world import World

# The addresses that show the word of each thing before it is hidden, and what else does.
SHOWN: Mapping[str, Set[str]] = {
    things_told.CONTRIBUTED: sinks.OF_POSTS | {"data", "documents", "archives of others", "letters"},
    things_told.RECEIVED: sinks.OF_RECEIVED | {"archives of others", "letters"},
    things_told.PROPOSED: sinks.OF_PROPOSALS | {"data", "documents", "near texts", "letters"},
    things_told.JUDGED: sinks.OF_RESULTS | {"data", "documents"},
    things_told.MERGED: sinks.OF_MERGES | {"data", "documents"},
    things_told.KEPT: sinks.OF_MINUTES,
    things_told.ANSWERED: sinks.OF_ANSWERS,
}
BESIDES = {"data", "documents", "archives of others", "near texts", "letters"}


def shown_in(sights: Set[Sight]) -> dict[str, set[str]]:
    """The sinks that show each word."""
    return {word: {sight.name for sight in sights if sight.word == word} for word in SHOWN}


def test_every_address_says_whether_it_shows_words() -> None:
    telling = set().union(*SHOWN.values()) - BESIDES
    assert {route.name for route in sinks.read()} == telling | sinks.SILENT | sinks.OF_DECISIONS.keys()
    assert not telling & sinks.SILENT


@pytest.mark.slow
async def test_hidden_words_are_nowhere_and_come_back_everywhere(app: Starlette, world: World) -> None:
    things = await things_told.all_things(app, world)
    before = await sinks.leaks(app, world, things)
    assert shown_in(before) == SHOWN
    async with transaction():
        for told in things:
            await hide(await hold_thing(told.kind, told.id, NOON), Ground.CHARTER, NOON, title=True)
    assert await sinks.leaks(app, world, things) == set()
    async with transaction():
        for told in things:
            await unhide(await hold_thing(told.kind, told.id, NOON))
    assert await sinks.leaks(app, world, things, again=before) == before


@pytest.mark.slow
async def test_a_passage_that_is_taken_out_is_nowhere_not_even_in_the_database(app: Starlette, world: World) -> None:
    # Of what was received elsewhere, the name that it is by is no passage of it.
    things = [told for told in await things_told.all_things(app, world) if told.word != things_told.RECEIVED]
    moderator = await load_viewer((await make_member("Prune Alix", role=Role.ADMINISTRATOR)).id)
    for told in things:
        case = await open_case(moderator, await thing_of(told.kind, told.id), NOON)
        typed = TypedDecision(act="redact", ground="", facts="Une donnée personnelle.", passage=told.word)
        seen = (await prepare(moderator, case, typed, NOON)).mark
        assert await holders(told.word) >= {told.kind.value}
        await decide(moderator, case, replace(typed, seen=seen), NOON)
        assert await holders(told.word) == set()
    assert await sinks.leaks(app, world, things, for_good=True) == set()


async def holders(word: str) -> set[str]:
    """The tables that hold the word."""
    found = {table: [dict(each) for each in await rows(f'SELECT * FROM "{table}"')] for table in await tables()}
    return {table for table, some in found.items() if word.lower() in str(some).lower()}


@pytest.mark.slow
async def test_withdrawn_words_are_read_by_their_author_alone(app: Starlette, world: World) -> None:
    told = await things_told.a_contribution(app, world, await make_member("Zoé Auteure"))
    # Others wrote in the thread, so that its title stays.
    await Thread.filter(title__contains=told.word).update(title="Un fil")
    await rebuild()
    viewer = await load_viewer(told.author.id)
    before = await sinks.leaks(app, world, [told])
    await withdraw_post(viewer, told.id, NOON)
    assert await sinks.leaks(app, world, [told]) == set()
    await put_post_back(viewer, told.id, NOON)
    assert await sinks.leaks(app, world, [told], again=before) == before


@pytest.mark.slow
@pytest.mark.usefixtures("holds")
async def test_what_waits_to_be_read_is_read_by_its_author_and_the_moderators_alone(
    app: Starlette, world: World
) -> None:
    told = await things_told.a_waiting_contribution(app, world)
    assert {(sight.name, sight.reader) for sight in await sinks.leaks(app, world, [told])} == {
        ("moderation", "moderator of A"),
        ("moderation", "administrator"),
        ("thread", "author"),
        ("own_contributions", "author"),
    }
