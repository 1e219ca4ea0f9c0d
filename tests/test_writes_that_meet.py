"""Concurrent writes: none fails, none is lost, and what somebody closed meanwhile stays closed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import anyio
import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows, transaction
from forum.domain.discussion import post_writing
from forum.domain.meetings import minutes
from forum.domain.meetings.minutes import KeptRow
from forum.domain.members import members
from forum.domain.proposals import amendments, new_proposals
from forum.domain.receptions import imported_threads
from forum.domain.themes import files
from forum.domain.votes import votes
from forum.errors import NotAllowed
from forum.importing.themes import load_themes
from forum.importing.thread import import_thread
from forum.models.meetings import Meeting
from forum.models.members import Member, Role
from forum.models.posts import Post
from forum.models.proposals import Extract, Origin, Proposal
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.permissions import COUNTING, Viewer
from forum.ranking.tallies import Opinion
from forum.settings import ROOT, settings
from forum.text.reading import read
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.statements import heard

AT_ONCE = 40

Send = Callable[[AsyncClient, int], Awaitable[Response]]


class Place:
    """A theme with a public count, a thread with contributions and a proposal made of each."""

    theme: Theme
    thread: Thread
    posts: list[Post]
    moderator: Member

    @classmethod
    async def make(cls, size: int = AT_ONCE) -> "Place":
        made = cls()
        group = await make_group("gt-3")
        made.theme = await make_theme(3, sealed=False, group=group)
        made.thread = await make_thread(made.theme)
        made.moderator = await make_member("Nadia Berthier", moderates=[group])
        made.posts = [await make_post(made.thread, f"Une idée numéro {n}.", author=made.moderator) for n in range(size)]
        return made

    async def propose_all(self) -> None:
        for post in self.posts:
            extract = await Extract.create(
                post=post, revision=1, start=0, stop=len(post.plain), sha256="0" * 64, created_at=NOON
            )
            proposal = await make_proposal(self.theme, f"Proposition {post.id}", author=self.moderator)
            await Proposal.filter(id=proposal.id).update(extract_id=extract.id, origin=Origin.POST)

    def reply(self) -> Send:
        address = f"/fils/{self.thread.id}/repondre"
        return lambda client, n: client.post(address, data={"source": f"[GT réunion 1] Réponse {n}, merci."})

    def edit(self) -> Send:
        form = {"source": "[GT réunion 2] [GT réunion 1] D’autres mots.", "version": "1"}
        return lambda client, n: client.post(f"/contributions/{self.posts[n].id}/modifier", data=form)

    def propose(self) -> Send:
        return lambda client, n: client.post(
            f"/contributions/{self.posts[n].id}/proposer", data={"formulation": f"Proposition neuve {n}"}
        )

    def tag(self) -> Send:
        form = {"reunion": "1", "acte": "etiqueter"}
        return lambda client, n: client.post(f"/contributions/{self.posts[n].id}/reunions", data=form)

    def vote(self) -> Send:
        return lambda client, n: client.post(f"/propositions/T3-{n + 1:03}/vote", data={"avis": "pour"})

    def withdraw(self) -> Send:
        return lambda client, n: client.post(f"/propositions/T3-{n + 1:03}/retirer", data={"confirmation": "1"})


async def at_once(app: Starlette, member: Member, sends: list[Send], each: int = AT_ONCE) -> list[int]:
    """The status of each answer, when the same member sends all these requests at the same moment."""
    statuses: list[int] = []

    async def send(client: AsyncClient, one: Send, n: int) -> None:
        statuses.append((await one(client, n)).status_code)

    async with visitor(app) as client:
        await sign_in(client, member)
        async with anyio.create_task_group() as tasks:
            for n in range(each):
                for one in sends:
                    tasks.start_soon(send, client, one, n)
    return statuses


@pytest.mark.parametrize("other", ["propose", "tag", "vote"])
async def test_replies_and_other_writes_at_the_same_moment_all_succeed(app: Starlette, other: str) -> None:
    place = await Place.make()
    if other == "vote":
        await place.propose_all()
    statuses = await at_once(app, place.moderator, [place.reply(), getattr(place, other)()])
    assert statuses == [303] * (2 * AT_ONCE)
    assert await count("post") == 2 * AT_ONCE
    assert (await Thread.get(id=place.thread.id)).posts_count == 2 * AT_ONCE


async def test_every_kind_of_write_meets_every_other(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_LIMITS__WRITES_PER_MINUTE", "1000")
    settings.cache_clear()
    place = await Place.make(20)
    await place.propose_all()
    sends = [place.reply(), place.edit(), place.tag(), place.vote(), place.propose(), place.withdraw()]
    statuses = await at_once(app, place.moderator, sends, each=20)
    # A vote may come after its proposal was withdrawn, and the words of a contribution may be proposed already.
    assert set(statuses) <= {303, 403, 422}
    assert statuses.count(303) >= 20 * 4
    assert await count("post") == 40


class HeldUp:
    """A ballot that is written but not committed until `go_on` is called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written, self.go_on = anyio.Event(), anyio.Event()
        remember = votes.remember

        async def slowly(*values: Any) -> None:
            await remember(*values)
            self.written.set()
            await self.go_on.wait()

        monkeypatch.setattr(votes, "remember", slowly)

    async def cast(self, voter: AsyncClient) -> None:
        assert (await voter.post("/propositions/T3-001/vote", data={"avis": "pour"})).status_code == 303


async def results(app: Starlette) -> str:
    async with visitor(app) as reader:
        return (await reader.get("/themes/3/propositions")).text


async def test_a_close_waits_for_the_ballots_that_are_being_written(
    app: Starlette, client: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_proposal(await make_theme(3))
    await sign_in(client, await make_member("Votante Une"))
    ballot = HeldUp(monkeypatch)
    closed = anyio.Event()

    async def close(agent: AsyncClient) -> None:
        assert (await agent.post("/themes/3/clore-les-votes", data={"confirmation": "1"})).status_code == 303
        closed.set()

    async with visitor(app) as agent, anyio.create_task_group() as tasks:
        await sign_in(agent, await make_member("Agente Une", role=Role.AGENT))
        tasks.start_soon(ballot.cast, client)
        await ballot.written.wait()
        clock.pass_(milliseconds=1)
        tasks.start_soon(close, agent)
        with anyio.move_on_after(0.3):
            await closed.wait()
        assert "Pour <b>0</b>" not in await results(app)
        ballot.go_on.set()
    assert "Pour <b>1</b>" in await results(app)
    assert await count("ballot") == 1


async def test_a_ballot_that_arrived_in_time_counts_and_no_result_is_public_before_it_is_written(
    app: Starlette, client: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = await make_theme(3)
    await make_proposal(theme)
    assert theme.votes_close_at is not None
    clock.now = theme.votes_close_at - timedelta(milliseconds=1)
    await sign_in(client, await make_member("Votante Une"), now=clock.now)
    ballot = HeldUp(monkeypatch)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ballot.cast, client)
        await ballot.written.wait()
        clock.now = theme.votes_close_at + COUNTING - timedelta(milliseconds=1)
        read = await results(app)
        assert "Pour <b>" not in read
        assert "Les derniers votes reçus avant la clôture sont comptés" in read
        ballot.go_on.set()
    assert "Pour <b>" not in await results(app)
    clock.pass_(milliseconds=1)
    assert "Pour <b>1</b>" in await results(app)


class Waits:
    """A write of one module that stays uncommitted for `seconds`, so that others wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: object, name: str, seconds: float = 0.3) -> None:
        self.written = anyio.Event()
        write = getattr(module, name)

        async def slowly(*values: Any, **named: Any) -> object:
            made = await write(*values, **named)
            self.written.set()
            await anyio.sleep(seconds)
            return made

        monkeypatch.setattr(module, name, slowly)


async def both(first: Send, one: AsyncClient, waits: Waits, second: Send, other: AsyncClient) -> tuple[int, Response]:
    """The status of a write, and the answer to one that was sent while the first was written."""
    statuses: list[int] = []

    async def begin() -> None:
        statuses.append((await first(one, 0)).status_code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(begin)
        await waits.written.wait()
        answer = await second(other, 0)
    return statuses[0], answer


async def test_a_ballot_that_waited_for_an_amendment_does_not_judge_words_that_its_voter_never_read(
    app: Starlette, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = await make_member("Autrice Une")
    await make_proposal(await make_theme(3), "Ouvrir le samedi", author=author)
    waits = Waits(monkeypatch, amendments, "_write_version")
    form = {"version": "1", "formulation": "Fermer le samedi", "motif": "Le contraire."}
    async with visitor(app) as voter:
        await sign_in(client, author)
        await sign_in(voter, await make_member("Votante Une"))
        amended, answer = await both(
            lambda one, _: one.post("/propositions/T3-001/modifier", data=form),
            client,
            waits,
            lambda one, _: one.post("/propositions/T3-001/vote", data={"avis": "pour", "version": "1"}),
            voter,
        )
    assert (amended, answer.status_code) == (303, 409)
    assert "a changé pendant que vous la lisiez" in answer.text
    assert await count("ballot") == 0


async def test_a_reading_that_waited_for_an_edit_does_not_end_on_words_that_nobody_read(
    app: Starlette, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await make_group("gt-3")
    author = await make_member("Autrice Une")
    post = await make_post(await make_thread(await make_theme(3, group=group)), "Ouvrir.", author=author)
    waits = Waits(monkeypatch, post_writing, "_replace")
    async with visitor(app) as moderator:
        await sign_in(client, author)
        await sign_in(moderator, await make_member("Nadia Berthier", moderates=[group]))
        desk = (await moderator.get(f"/contributions/{post.id}/extraire")).text
        seen = desk.split('name="vu" value="')[1].split('"')[0]
        form = {"acte": "sans-suite", "motif": "Hors sujet.", "vu": seen}
        edited, answer = await both(
            lambda one, _: one.post(f"/contributions/{post.id}/modifier", data={"source": "Fermer.", "version": "1"}),
            client,
            waits,
            lambda one, _: one.post(f"/contributions/{post.id}/traitement", data=form),
            moderator,
        )
    assert (edited, answer.status_code) == (303, 409)
    assert await count("treatment") == 0


async def _vote(viewer: Viewer, post: Post) -> object:
    return await votes.vote(viewer, "T3-001", Opinion.FOR, NOON)


async def _withdraw_vote(viewer: Viewer, post: Post) -> object:
    return await votes.withdraw_vote(viewer, "T3-001", NOON)


async def _propose(viewer: Viewer, post: Post) -> object:
    return await new_proposals.propose(viewer, 3, "Trop tard", "", [], NOON)


async def _propose_from_post(viewer: Viewer, post: Post) -> object:
    return await new_proposals.propose_from_post(viewer, post.id, None, "Trop tard", [], NOON)


async def _keep_minutes(viewer: Viewer, post: Post) -> object:
    meeting = await Meeting.get()
    return await minutes.keep_minutes(viewer, meeting.id, 3, "Trop tard", [KeptRow(1, "Trop tard")], [], "", NOON)


@pytest.mark.parametrize("write", [_vote, _withdraw_vote, _propose, _propose_from_post, _keep_minutes])
async def test_a_write_that_began_before_somebody_closed_the_votes_comes_too_late(
    client: AsyncClient, clock: Clock, write: Callable[[Viewer, Post], Awaitable[object]]
) -> None:
    group = await make_group("gt-3")
    theme = await make_theme(3, group=group)
    await make_proposal(theme)
    post = await make_post(await make_thread(theme))
    await Meeting.create(working_group=group, number=1, held_on=NOON.date(), created_at=NOON)
    viewer = await members.load_viewer((await make_member("Nadia Berthier", moderates=[group])).id)
    await sign_in(client, await make_member("Agente Une", role=Role.AGENT))
    clock.pass_(milliseconds=1)
    assert (await client.post("/themes/3/clore-les-votes", data={"confirmation": "1"})).status_code == 303
    before = [await count(table) for table in ("ballot", "ballot_change", "proposal", "extract")]
    with pytest.raises(NotAllowed):
        await write(viewer, post)
    assert [await count(table) for table in ("ballot", "ballot_change", "proposal", "extract")] == before
    assert (await Meeting.get()).minutes == ""


async def test_minutes_kept_by_two_themes_of_a_group_at_once_are_both_kept(app: Starlette) -> None:
    group = await make_group("gt-3")
    for number in (3, 4):
        await make_theme(number, group=group)
    moderator = await make_member("Nadia Berthier", moderates=[group])
    meetings = [
        await Meeting.create(working_group=group, number=n, held_on=NOON.date(), created_at=NOON) for n in range(1, 9)
    ]

    def keep(theme: int) -> Send:
        return lambda client, n: client.post(
            f"/reunions/{meetings[n].id}/compte-rendu",
            data={
                "acte": "garder",
                "theme": str(theme),
                "source": f"Compte rendu du thème {theme}",
                "ligne-1": f"Une idée {n} du thème {theme}",
                "garder-1": "1",
            },
        )

    assert set(await at_once(app, moderator, [keep(3), keep(4)], each=len(meetings))) == {303}
    for meeting in await Meeting.all():
        assert {*meeting.minutes.split("\n\n")} == {"Compte rendu du thème 3", "Compte rendu du thème 4"}
    assert await count("proposal") == 2 * len(meetings)


async def test_a_contribution_reads_and_judges_its_place_once(client: AsyncClient) -> None:
    member = await make_member()
    thread = await make_thread(await make_theme(3))
    post = await make_post(thread, author=member)
    await sign_in(client, member)
    for address, form in (
        (f"/fils/{thread.id}/repondre", {"source": "Oui."}),
        (f"/contributions/{post.id}/modifier", {"source": "Autrement.", "version": "1"}),
    ):
        with heard() as asked:
            assert (await client.post(address, data=form)).status_code == 303
        assert sum("JOIN theme t" in sql for sql in asked) == 1


async def test_an_import_and_the_theme_files_are_read_before_anybody_has_to_wait(
    database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    read_source = post_writing.read_source

    async def reading(source: str) -> object:
        seen.append("read")
        return await read_source(source)

    def reading_theme(source: str, *, wrapped: bool) -> object:
        seen.append("read")
        return read(source, wrapped=wrapped)

    def begun() -> object:
        seen.append("begin")
        return transaction()

    for module, name, watched in (
        (imported_threads, "read_source", reading),
        (imported_threads, "transaction", begun),
        (files, "read", reading_theme),
        (files, "transaction", begun),
    ):
        monkeypatch.setattr(module, name, watched)
    await load_themes(ROOT / "themes")
    assert seen == ["read", "begin"] * 3
    seen.clear()
    await import_thread((ROOT / "forum/importing/example/formation-et-acteurs.txt").read_bytes(), theme=3, now=NOON)
    assert seen == ["read"] * 10 + ["begin"]
    quoted = await rows("SELECT q.quoted_id, p.source FROM quote q JOIN post p ON p.id = q.post_id")
    assert all(f"{{{{citation {each['quoted_id']}@1 " in each["source"] for each in quoted)
    assert quoted


async def test_all_the_quotes_of_a_form_are_kept_and_shown_by_one_query(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    quoted = [await make_post(thread, f"Des mots {n} à citer.") for n in range(25)]
    await sign_in(client, await make_member())
    marks = [f"{{{{citation {post.id}@1 0-8}}}}" for post in quoted]
    form = {"citation": [*marks, "{{citation 999999@1 0-4}}"], "source": "Oui."}
    with heard() as asked:
        answer = await client.post(f"/fils/{thread.id}/repondre", data=form)
    assert answer.status_code == 422
    assert "10 citations au plus" in answer.text
    assert all(f'name="citation" value="{mark}"' in answer.text for mark in marks)
    assert sum("FROM post_revision r" in sql for sql in asked) == 1
    assert await count("post") == 25
