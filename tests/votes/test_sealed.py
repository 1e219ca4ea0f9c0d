"""A sealed vote reveals nothing before its close: not by a figure, an order, a length, a header, an ETag or an address.

Every page, feed and export is read by everybody twice, with two quite different sets of ballots of every kind of
voting. What they read must be the same to the byte: any difference is a leak.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import product

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette
from starlette.routing import Route

from forum.database import rows
from forum.domain.syntheses import snapshots
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.domain.themes.themes import find_theme
from forum.domain.votes.votes import counts_of, tallies_of, voters_of
from forum.models.meetings import WorkingGroup
from forum.models.members import Member
from forum.models.proposals import Extract, Origin, Proposal
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from forum.routes import routes
from tests.conftest import NOON, visitor
from tests.factories import make_member, make_post, make_proposal, make_theme, make_thread
from tests.world import World

READERS = ("visitor", "member", "moderator of A", "moderator of B", "agent", "administrator")
KINDS = {
    Voting.OPINIONS: (3, ("pour", "contre", "abstention")),
    Voting.APPROVAL: (11, ("pour",)),
    Voting.JUDGMENT: (12, ("0", "1", "2")),
    Voting.RANKING: (13, ("1", "2", "3")),
}
VOTERS = 12
# Status, headers, body.
Answer = tuple[int, list[tuple[str, str]], bytes]
# Headers that are about the answer itself.
# The number of a refused request is on its page too, which packs the longer or the shorter for it.
PASSING = {"x-request-id", "content-length"}
# Static files, and the pages that generate a new secret, or seal a moment, each time.
ELSEWHERE = {"static", "set_up_factor", "notify_post", "notify_proposal", "notify_minutes", "notify_answer"}
# The query parameters that lists take, and the names of their routes; forms take none of these.
ASKED = ("", "?tri=votes", "?reunion=1", "?apres=1", "?apres=2", "?voir=T3-002")
LISTS = {
    *("theme", "theme_feed", "theme_proposals", "near_proposals", "duplicates", "follow_up", "results_by_group"),
    *("results_sheet", "tag_selection", "thread", "thread_feed", "print_thread"),
}


async def make_sealed_votes() -> list[Proposal]:
    """Make a theme with an open vote of each kind, with proposals made of contributions."""
    made = list(await Proposal.filter(theme__number=3))
    group = await WorkingGroup.get(slug="gt-a")
    for voting, (number, _) in KINDS.items():
        theme = await Theme.get_or_none(number=number) or await make_theme(number, group=group)
        mentions = "Faible\nMoyenne\nForte" if voting is Voting.JUDGMENT else ""
        await Theme.filter(id=theme.id).update(voting=voting, mentions=mentions)
        thread = await make_thread(theme, f"Le fil du thème {number}")
        for words in ("Former.", "Recruter.", "Accueillir."):
            post = await make_post(thread, words)
            source = await Extract.create(
                post=post, revision=1, start=0, stop=len(post.plain), sha256="0" * 64, created_at=NOON
            )
            proposal = await make_proposal(theme, f"{words} C’est le thème {number}.")
            await Proposal.filter(id=proposal.id).update(extract_id=source.id, origin=Origin.EXTRACT)
            made.append(proposal)
    return made


async def cast(proposals: Sequence[Proposal], voters: Sequence[Member], turn: int) -> None:
    """Replace the ballots of these voters: between the two turns, counts, majorities and orders all differ."""
    wanted = [voter.id for voter in voters]
    await rows(f"DELETE FROM ballot WHERE voter_id IN ({', '.join(map(str, wanted))})")
    for place, proposal in enumerate(sorted(proposals, key=lambda each: each.id)):
        theme = await Theme.get(id=proposal.theme_id)
        choices = KINDS[theme.voting][1]
        many = 2 + (place * 3 + turn * 5) % (VOTERS - 2)
        for number, voter in enumerate(wanted[:many]):
            opinion = choices[(place + turn + (number * (turn + 1)) // 4) % len(choices)]
            await Ballot.create(
                proposal_id=proposal.id, voter_id=voter, opinion=opinion, proposal_version=1, cast_at=NOON
            )


@pytest.fixture
async def voters(app: Starlette, world: World) -> list[Member]:
    """The voters whose ballots nobody may know; readers keep their own."""
    return [await make_member(f"Votant Numéro{number}") for number in range(VOTERS)]


async def places(world: World) -> dict[str, list[object]]:
    """The values of the parameters of an address, by name; above all, the things of open votes."""

    async def ids(table: str) -> list[object]:
        return [one["id"] for one in await rows(f"SELECT id FROM {table} ORDER BY id LIMIT 12")]

    references = [
        f"T{one['theme']}-{one['number']:03}"
        for one in await rows(
            """SELECT t.number AS theme, p.number FROM proposal p JOIN theme t ON t.id = p.theme_id
                WHERE p.number BETWEEN 1 AND 4 OR p.origin = 'extract' ORDER BY t.number, p.number"""
        )
    ]
    # The first of each thread, so that there are some of every kind of voting.
    posts = [one["id"] for one in await rows("SELECT MIN(id) AS id FROM post GROUP BY thread_id ORDER BY 1")]
    return {
        "number": [one["number"] for one in await rows("SELECT number FROM theme ORDER BY number")],
        "reference": list(references),
        "thread": await ids("thread"),
        "post": list(posts),
        "revision": [1],
        "meeting": await ids("meeting"),
        # The failed one has no job in this world.
        "synthesis": [one["id"] for one in await rows("SELECT id FROM synthesis WHERE state <> 'failed'")],
        "filename": ["synthese.html"],
        "block": ["introduction", "T3-001"],
        "member": (await ids("member"))[:2],
        "invitation": await ids("invitation"),
        "batch": await ids("invitation_batch"),
        "identity": [1],
        "session": [1],
        "extract": (await ids("extract"))[:4],
        "draft": [1],
        "obligation": [1],
        "answer": [1],
        "case": (await ids("moderation_case"))[:2],
        "decision": (await ids("moderation_decision"))[:2],
        "notice": (await ids("moderation_notice"))[:2],
        "version": [1],
        "turn": await ids("thread_turn"),
        "pending": (await ids("pending_post"))[:2],
        "title": ["titre"],
    }


async def one_of_each_kind(world: World) -> dict[str, list[object]]:
    """`places` with one thread and one proposal of each theme; in theme 3, where they differ, with all."""
    found = await places(world)
    threads = await rows("SELECT MIN(id) AS id FROM thread GROUP BY theme_id ORDER BY 1")
    firsts = {str(reference).partition("-")[0]: reference for reference in reversed(found["reference"])}
    wanted = [each for each in found["reference"] if str(each).startswith("T3-") or each in firsts.values()]
    return found | {"thread": [one["id"] for one in threads], "reference": wanted}


def asked_of(address: str) -> tuple[str, ...]:
    """What an address is asked besides: lists are sorted, narrowed and turned."""
    name = next(each.name for each in routes() if isinstance(each, Route) and each.path_regex.fullmatch(address))
    return (ASKED if name in LISTS else ("",)) + (("?vue=reponses",) if name == "thread" else ())


def addresses(known: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """Every address that answers GET, filled in every way; fails on an unknown parameter."""
    for route in routes():
        assert isinstance(route, Route)
        if route.name in ELSEWHERE or "GET" not in (route.methods or ()):
            continue
        unknown = set(route.param_convertors) - set(known)
        assert not unknown, f"say in `places` what {unknown} of {route.path} may be"
        names = list(route.param_convertors)
        for values in product(*(known[name] for name in names)):
            yield route.url_path_for(route.name, **dict(zip(names, values, strict=True)))


# The database grows with each ballot, whatever it says, and others write to the disk meanwhile.
ROOM = re.compile(rb"[\d,.]+\xc2\xa0[kMG][oB]\b")


@asynccontextmanager
async def reading(app: Starlette, world: World) -> AsyncIterator[Mapping[str, AsyncClient]]:
    """A browser for each reader."""
    clients = {}
    for name in READERS:
        client = visitor(app)
        if token := world.guests[name].token:
            client.cookies.set("session", token, domain="127.0.0.1")
        clients[name] = client
    yield clients
    for client in clients.values():
        await client.aclose()


async def everything_read(app: Starlette, world: World, wanted: Sequence[str]) -> dict[tuple[str, str], Answer]:
    """The answer to each reader at each address: status, headers, body. No cached page is used."""
    app.state.kept = type(app.state.kept)()
    told: dict[tuple[str, str], Answer] = {}
    async with reading(app, world) as clients:
        for name, client in clients.items():
            for address in wanted:
                answer = await client.get(address)
                headers = sorted((key, value) for key, value in answer.headers.items() if key not in PASSING)
                assert answer.status_code < 500, address
                number = answer.headers["x-request-id"].encode()
                content = ROOM.sub(b"R", answer.content.replace(number, b"N"))
                told[name, address] = (answer.status_code, headers, content)
    return told


@pytest.mark.slow
@pytest.mark.usefixtures("same_keys")
async def test_no_answer_tells_anything_of_a_sealed_vote(app: Starlette, world: World, voters: list[Member]) -> None:
    proposals = await make_sealed_votes()
    known = await one_of_each_kind(world)
    wanted = [f"{address}{asked}" for address in addresses(known) for asked in asked_of(address)]
    await cast(proposals, voters, 0)
    first = await everything_read(app, world, wanted)
    assert sum(status == 200 for status, _, _ in first.values()) > 300, "too little was read"
    await cast(proposals, voters, 1)
    second = await everything_read(app, world, wanted)
    assert [key for key in first if first[key] != second[key]] == []


async def test_the_two_sets_of_ballots_would_be_told_apart_if_anything_told_them(
    app: Starlette, world: World, voters: list[Member]
) -> None:
    """Once the votes are closed the answers do differ, which shows that the test above can fail."""
    proposals = await make_sealed_votes()
    ended = NOON.replace(day=NOON.day - 1)
    await Theme.filter(number__in=[number for number, _ in KINDS.values()]).update(votes_close_at=ended)
    pages = [f"/themes/{number}/propositions" for number, _ in KINDS.values()]
    await cast(proposals, voters, 0)
    first = await everything_read(app, world, pages)
    await cast(proposals, voters, 1)
    second = await everything_read(app, world, pages)
    assert all(first[key] != second[key] for key in first)


async def test_a_draft_freezes_nothing_of_a_sealed_vote(app: Starlette, world: World, voters: list[Member]) -> None:
    proposals = await make_sealed_votes()
    introductions = await read_introductions()
    frozen = []
    for turn in (0, 1):
        await cast(proposals, voters, turn)
        frozen.append(snapshots.to_json(await freeze(None, NOON, introductions)))
        for number, _ in KINDS.values():
            theme = await find_theme(number)
            assert await counts_of(theme, NOON) is None
            assert await tallies_of(theme, NOON) is None
            assert await voters_of((theme,), NOON) is None
    assert frozen[0] == frozen[1]
