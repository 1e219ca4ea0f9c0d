"""Votes through the door: one ballot each, sealed until the close, tallies that can be replayed."""

from asyncio import create_task, sleep
from contextvars import copy_context
from datetime import timedelta

import anyio
import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import is_sqlite, rows, transaction
from forum.domain.themes.themes import find_theme
from forum.domain.votes.votes import own_votes, tallies_of
from forum.models.members import Member, Role
from forum.models.posts import Post
from forum.models.proposals import Extract, Origin, Proposal, ProposalState
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.permissions import COUNTING
from forum.ranking.tallies import Opinion, Tally
from forum.settings import settings
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.statements import heard

OPINIONS = ("pour", "abstention", "contre")


async def vote(client: AsyncClient, opinion: str, reference: str = "T3-001", **fields: str) -> Response:
    return await client.post(f"/propositions/{reference}/vote", data={"avis": opinion, **fields})


async def ballots() -> list[tuple[int, int, str]]:
    found = await rows("SELECT proposal_id, voter_id, opinion FROM ballot ORDER BY proposal_id, voter_id")
    return [(each["proposal_id"], each["voter_id"], each["opinion"]) for each in found]


async def replayed() -> list[tuple[int, int, str]]:
    """The ballots, rebuilt from the history alone."""
    last: dict[tuple[int, int], str | None] = {}
    for each in await rows("SELECT proposal_id, voter_id, opinion FROM ballot_change ORDER BY id"):
        last[each["proposal_id"], each["voter_id"]] = each["opinion"]
    return sorted((*key, opinion) for key, opinion in last.items() if opinion is not None)


async def from_post(theme: Theme, thread: Thread, author: Member | None = None) -> tuple[Proposal, Post]:
    post = await make_post(thread, author=author)
    extract = await Extract.create(
        post=post, revision=1, start=0, stop=len(post.plain), sha256="0" * 64, created_at=post.created_at
    )
    proposal = await make_proposal(theme, author=author)
    proposal.extract_id, proposal.origin = extract.id, Origin.POST
    await proposal.save()
    return proposal, post


async def test_a_member_votes_changes_and_withdraws(client: AsyncClient) -> None:
    proposal = await make_proposal(await make_theme(3))
    member = await make_member()
    await sign_in(client, member)
    answer = await vote(client, "pour", suite="/themes/3/propositions#T3-001")
    assert (answer.status_code, answer.headers["location"]) == (303, "/themes/3/propositions#T3-001")
    assert await ballots() == [(proposal.id, member.id, "pour")]
    assert "<strong>pour</strong>" in (await client.get("/propositions/T3-001")).text
    await vote(client, "contre")
    assert await ballots() == [(proposal.id, member.id, "contre")]
    assert (await vote(client, "retirer")).headers["location"].startswith("/propositions/T3-001")
    assert await ballots() == await replayed() == []
    assert await count("ballot_change") == 3


async def test_the_same_vote_twice_is_one_ballot_and_one_change(client: AsyncClient) -> None:
    await make_proposal(await make_theme(3))
    await sign_in(client, await make_member())
    for _ in range(2):
        assert (await vote(client, "abstention")).status_code == 303
    assert (await count("ballot"), await count("ballot_change")) == (1, 1)
    for _ in range(2):
        assert (await vote(client, "retirer")).status_code == 303
    assert (await count("ballot"), await count("ballot_change")) == (0, 2)


@pytest.mark.postgres_only
async def test_a_vote_that_waited_while_its_theme_was_unsealed_raises_what_pages_show(client: AsyncClient) -> None:
    theme = await make_theme(3, sealed=True)
    proposal = await make_proposal(theme)
    voter = await make_member()
    await sign_in(client, voter)
    before, outside = (await find_theme(3)).version, copy_context()
    async with transaction():
        await rows("UPDATE theme SET sealed = false WHERE id = $1", theme.id)
        voting = create_task(vote(client, "pour"), context=outside)
        while not await rows("SELECT pid FROM pg_locks WHERE NOT granted"):
            await sleep(0.01)
    assert (await voting).status_code == 303
    assert await ballots() == [(proposal.id, voter.id, "pour")]
    assert (await find_theme(3)).version > before


async def test_nobody_who_is_not_signed_in_has_votes(database: object) -> None:
    proposal = await make_proposal(await make_theme(3))
    assert await own_votes(None, [proposal.id]) == {}


async def test_with_scripts_the_answer_is_the_booth_alone(client: AsyncClient) -> None:
    await make_proposal(await make_theme(3))
    await sign_in(client, await make_member())
    answer = await client.post("/propositions/T3-001/vote", data={"avis": "contre"}, headers={"X-Fragment": "vote"})
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div class="vote">')
    assert 'value="contre" required checked' in answer.text


@pytest.mark.parametrize(
    ("opinion", "reference", "status"),
    [
        ("peut-être", "T3-001", 422),
        ("", "T3-001", 422),
        ("pour", "T3-002", 404),
        ("pour", "T3-1", 404),
        ("pour", "T4-001", 404),
        ("pour", "T3-0001", 404),
        ("pour", "T3-999999999", 404),
        ("pour", "%00", 404),
    ],
)
async def test_what_is_not_a_vote_is_refused(client: AsyncClient, opinion: str, reference: str, status: int) -> None:
    await make_proposal(await make_theme(3))
    await sign_in(client, await make_member())
    assert (await vote(client, opinion, reference)).status_code == status
    assert await count("ballot_change") == 0


async def test_several_opinions_at_once_are_refused(client: AsyncClient) -> None:
    await make_proposal(await make_theme(3))
    await sign_in(client, await make_member())
    answer = await client.post(
        "/propositions/T3-001/vote",
        content="avis=pour&avis=contre",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 422
    assert await count("ballot") == 0


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_a_vote_never_leads_to_another_site(client: AsyncClient, elsewhere: str) -> None:
    await make_proposal(await make_theme(3))
    await sign_in(client, await make_member())
    answer = await vote(client, "pour", suite=elsewhere)
    assert answer.headers["location"].startswith("/propositions/T3-001")


async def test_a_vote_at_the_closing_moment_is_refused(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    await make_proposal(theme)
    member = await make_member()
    assert theme.votes_open_at is not None
    assert theme.votes_close_at is not None
    clock.now = theme.votes_close_at
    await sign_in(client, member, now=clock.now)
    refused = await vote(client, "pour")
    assert (refused.status_code, await count("ballot")) == (403, 0)
    assert "Les votes sur ce thème sont clos." in refused.text
    clock.now = theme.votes_open_at
    await sign_in(client, member, now=clock.now)
    assert ((await vote(client, "pour")).status_code, await count("ballot")) == (303, 1)


async def test_a_vote_before_the_opening_is_refused(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3, votes="later")
    await make_proposal(theme)
    member = await make_member()
    await sign_in(client, member)
    refused = await vote(client, "pour")
    assert (refused.status_code, await count("ballot")) == (403, 0)
    assert "Les votes sur ce thème ne sont pas encore ouverts." in refused.text
    assert theme.votes_open_at is not None
    clock.now = theme.votes_open_at
    assert ((await vote(client, "pour")).status_code, await count("ballot")) == (303, 1)


async def test_authors_vote_on_their_own_unless_the_setting_refuses_it(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme, author = await make_theme(3), await make_member()
    await make_proposal(theme, author=author)
    await make_proposal(theme)
    await sign_in(client, author)
    assert ((await vote(client, "pour")).status_code, await count("ballot")) == (303, 1)
    monkeypatch.setenv("FORUM_VOTES__OWN_PROPOSALS", "false")
    settings.cache_clear()
    refused = await vote(client, "contre")
    assert refused.status_code == 403
    assert "On ne vote pas sur sa propre proposition." in refused.text
    assert ((await vote(client, "contre", "T3-002")).status_code, await count("ballot")) == (303, 2)


async def test_a_withdrawn_proposal_takes_no_vote(client: AsyncClient) -> None:
    await make_proposal(await make_theme(3), state=ProposalState.WITHDRAWN)
    await sign_in(client, await make_member())
    assert (await vote(client, "pour")).status_code == 403
    assert await count("ballot") == 0


@pytest.mark.parametrize("sealed", [True, False])
async def test_a_hundred_parallel_votes_by_one_person_leave_one_ballot(app: Starlette, sealed: bool) -> None:
    proposal = await make_proposal(await make_theme(3, sealed=sealed))
    member = await make_member()
    statuses: list[int] = []

    async def cast(client: AsyncClient, opinion: str) -> None:
        statuses.append((await vote(client, opinion)).status_code)

    async with visitor(app) as client:
        await sign_in(client, member)
        async with anyio.create_task_group() as votes:
            for number in range(100):
                votes.start_soon(cast, client, (*OPINIONS, "retirer")[number % 4])
        assert set(statuses) == {303}
        await vote(client, "pour")
    assert await ballots() == await replayed() == [(proposal.id, member.id, "pour")]


async def test_tallies_equal_the_ballots_and_the_replayed_history(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    proposals = [await make_proposal(theme, f"Proposition {n}") for n in range(3)]
    for number in range(7):
        await sign_in(client, await make_member(f"Votant {'abcdefg'[number]}"))
        for place, _ in enumerate(proposals):
            await vote(client, OPINIONS[number % 3], f"T3-{place + 1:03}")
            await vote(client, OPINIONS[(number + place) % 3], f"T3-{place + 1:03}")
    assert await ballots() == await replayed()
    assert theme.votes_close_at is not None
    clock.now = theme.votes_close_at + COUNTING
    counted = await tallies_of(await find_theme(3), clock.now)
    expected = {
        proposal.id: Tally.of(Opinion(opinion) for one, _, opinion in await ballots() if one == proposal.id)
        for proposal in proposals
    }
    assert counted == expected


async def everything(
    app: Starlette, reader: Member | None, addresses: list[str]
) -> list[tuple[int, bytes, dict[str, str]]]:
    """Every page as this reader gets it: bytes and headers, except the number of the request."""
    seen = []
    async with visitor(app) as client:
        if reader is not None:
            await sign_in(client, reader)
        for address in addresses:
            answer = await client.get(address)
            headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
            seen.append((answer.status_code, answer.content, headers))
    return seen


@pytest.mark.usefixtures("same_keys")
@pytest.mark.parametrize("closes_in", [timedelta(days=10), timedelta(seconds=30)])
async def test_a_sealed_vote_changes_nothing_that_anybody_else_sees(
    app: Starlette, client: AsyncClient, closes_in: timedelta
) -> None:
    group = await make_group("gt-3")
    theme = await make_theme(3, sealed=True, group=group)
    await Theme.filter(id=theme.id).update(votes_close_at=NOON + closes_in)
    author = await make_member("Autrice")
    thread = await make_thread(theme)
    proposal, post = await from_post(theme, thread, author)
    await make_proposal(theme, "Une autre")
    readers = [
        None,
        author,
        await make_member("Modératrice Une", moderates=[group]),
        await make_member("Agente Une", role=Role.AGENT),
        await make_member("Chef Une", role=Role.ADMINISTRATOR),
    ]
    addresses = [
        "/",
        "/themes/3",
        "/themes/3/propositions",
        "/en/themes/3/propositions",
        "/propositions/T3-001",
        f"/fils/{thread.id}",
        f"/contributions/{post.id}/historique",
        "/reunions",
        "/syntheses",
        "/api/v1/syntheses/1",
        "/notifications",
    ]
    before = [await everything(app, reader, addresses) for reader in readers]
    assert all(pages[0][0] == 200 for pages in before)
    for name in ("Votante Alpha", "Votante Beta"):
        await sign_in(client, await make_member(name))
        assert (await vote(client, "pour")).status_code == 303
        assert (await vote(client, "contre", "T3-002")).status_code == 303
    assert await count("ballot") == 4
    after = [await everything(app, reader, addresses) for reader in readers]
    assert after == before
    assert proposal.id


async def test_a_sealed_tally_is_nowhere_even_for_voters(client: AsyncClient) -> None:
    theme = await make_theme(3, sealed=True)
    await make_proposal(theme)
    await sign_in(client, await make_member())
    await vote(client, "pour")
    for address in ("/themes/3/propositions", "/propositions/T3-001"):
        assert 'class="tally"' not in (await client.get(address)).text
    assert await tallies_of(await find_theme(3), Clock().now) is None


async def test_an_open_count_is_shown_and_refreshes_pages(client: AsyncClient, app: Starlette) -> None:
    theme = await make_theme(3, sealed=False)
    thread = await make_thread(theme)
    await from_post(theme, thread)
    async with visitor(app) as other:
        assert "Pour <b>0</b>" in (await other.get("/themes/3/propositions")).text
        await sign_in(client, await make_member())
        await vote(client, "pour")
        assert "Pour <b>1</b>" in (await other.get("/themes/3/propositions")).text
        assert "Pour <b>1</b>" in (await other.get(f"/fils/{thread.id}")).text


async def test_a_vote_costs_few_statements(client: AsyncClient) -> None:
    """The session, the lock on the theme, one read, one upsert, one line of history: what the bench measures. On
    PostgreSQL, first, how the theme is to be held."""
    await make_proposal(await make_theme(3))
    await sign_in(client, await make_member())
    with heard() as asked:
        await vote(client, "pour")
    assert [sql.split("(")[0].split(" p.id")[0].split(" AS ")[0].strip() for sql in asked] == [
        "SELECT s.id",
        *(() if is_sqlite() else ("SELECT sealed FROM theme WHERE number = $1",)),
        "SELECT t.id",
        "SELECT",
        "INSERT INTO ballot",
        "INSERT INTO ballot_change",
    ]


async def test_voters_see_their_vote_at_a_glance_in_the_thread(client: AsyncClient, app: Starlette) -> None:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    await from_post(theme, thread)
    await sign_in(client, await make_member("Une Votante"))
    await vote(client, "abstention")
    page = (await client.get(f"/fils/{thread.id}")).text
    assert 'value="abstention" required checked' in page
    assert "<strong>abstention</strong>" in page
    assert "<strong>abstain</strong>" in (await client.get(f"/en/fils/{thread.id}")).text.lower()
    async with visitor(app) as other:
        await sign_in(other, await make_member("Un Autre"))
        assert "required checked" not in (await other.get(f"/fils/{thread.id}")).text


async def test_the_english_door_takes_the_same_vote(client: AsyncClient) -> None:
    proposal = await make_proposal(await make_theme(3))
    member = await make_member()
    await sign_in(client, member)
    answer = await client.post("/en/propositions/T3-001/vote", data={"avis": "pour"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/en/propositions/T3-001")
    assert await ballots() == [(proposal.id, member.id, "pour")]
    refused = await client.post("/en/propositions/T3-001/vote", data={"avis": "peut-être"})
    assert (refused.status_code, '<html lang="en">' in refused.text) == (422, True)
