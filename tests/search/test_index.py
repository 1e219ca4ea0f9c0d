"""What may be found follows what is written, in the same transaction; what is gone is nowhere, nor in the file."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import is_sqlite, rows, transaction, write_anew
from forum.domain import jobs
from forum.domain.moderation.hiding import hide, hold_thing, unhide
from forum.domain.privacy.erasure import erase
from forum.domain.search.index import number_of, rebuild, refresh, thing_of
from forum.domain.search.results import SearchFilter, search
from forum.models.meetings import Meeting
from forum.models.members import Member, Role
from forum.models.moderation import Ground, Moderated
from forum.models.posts import Post
from forum.models.search import SearchKind
from forum.settings import Settings
from tests.conftest import NOON
from tests.factories import make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from workers import search as worker
from workers.workshop import WORK


async def found(typed: str) -> set[tuple[SearchKind, int]]:
    page = await search(None, "192.0.2.1", typed, SearchFilter())
    return {(each.kind, each.id) for each in page.results.shown}


async def entries() -> list[tuple[object, ...]]:
    return [tuple(dict(each).values()) for each in await rows("SELECT * FROM search_entry ORDER BY id")]


async def assert_follows() -> None:
    """What was written by and by is what is read now."""
    before = await entries()
    await rebuild()
    assert await entries() == before


async def send(client: AsyncClient, path: str, **form: str) -> None:
    answer = await client.post(path, data=form)
    assert answer.status_code == 303, answer.text


@pytest.fixture
async def author(client: AsyncClient) -> Member:
    member = await make_member("Malik Diallo")
    await sign_in(client, member)
    return member


async def test_a_contribution_is_found_as_it_stands(client: AsyncClient, author: Member) -> None:
    thread = await make_thread(await make_theme(3), "Titre rare", author=author)
    await send(client, f"/fils/{thread.id}/repondre", source="Un mot ancien.")
    await send(client, f"/fils/{thread.id}/repondre", source="Une suite.")
    first, second = await Post.all().order_by("id")
    assert await found("ancien") == await found("titre rare") == {(SearchKind.POST, first.id)}
    await send(client, f"/contributions/{first.id}/modifier", source="Un mot nouveau.", version="1")
    assert await found("ancien") == set()
    assert await found("nouveau") == {(SearchKind.POST, first.id)}
    await send(client, f"/fils/{thread.id}/repondre", source=f"{{{{citation {first.id}@2 0-14}}}}\n\nOui.")
    third = await Post.get(number=3)
    assert await found("nouveau") == {(SearchKind.POST, first.id), (SearchKind.POST, third.id)}
    await assert_follows()
    await send(client, f"/contributions/{first.id}/retirer", confirmation="1")
    assert await found("nouveau") == await found("mot") == set()
    assert await found("titre rare") == {(SearchKind.POST, second.id)} or await found("titre rare") == set()
    await assert_follows()


async def test_a_new_thread_is_found_by_its_title(client: AsyncClient, author: Member) -> None:
    await make_theme(3)
    await send(client, "/themes/3/nouveau-fil", titre="Ouvertures tardives", source="Le soir.", action="publier")
    post = await Post.get(number=1)
    assert await found("ouverture soir") == {(SearchKind.POST, post.id)}
    await assert_follows()


@pytest.mark.parametrize("title", [True, False])
async def test_what_is_hidden_is_found_by_nothing(client: AsyncClient, author: Member, *, title: bool) -> None:
    thread = await make_thread(await make_theme(3), "Un fil singulier", author=author)
    hidden = await make_post(thread, "Des mots masqués.", author=author)
    answer = await make_post(thread, "Une réponse.")
    await send(client, f"/fils/{thread.id}/repondre", source=f"{{{{citation {hidden.id}@1 0-16}}}}\n\nOui.")
    await rebuild()
    before = await entries()
    assert len(await found("masques")) == 2
    async with transaction():
        await hide(await hold_thing(Moderated.POST, hidden.id, NOON), Ground.CHARTER, NOON, title=title)
    assert await found("masque") == await found("masquée") == await found(f"C-{hidden.id}") == set()
    assert await found("singulier") == (set() if title else {(SearchKind.POST, answer.id)})
    await assert_follows()
    async with transaction():
        await unhide(await hold_thing(Moderated.POST, hidden.id, NOON))
    assert await entries() == before


async def test_a_proposal_and_its_answers_go_together(client: AsyncClient) -> None:
    agent = await make_member("Agnès Agent", role=Role.AGENT)
    theme = await make_theme(3, votes="closed", contributions="closed")
    proposal = await make_proposal(theme, "Ouvrir tard.")
    await rebuild()
    await sign_in(client, agent)
    await send(
        client,
        "/propositions/T3-001/repondre",
        decision="retenue",
        motif="Une excellente idée.",
        service="La direction",
        decide_le="2026-11-20",
    )
    ((kind, _),) = await found("excellente")
    assert kind is SearchKind.ANSWER
    assert await found("tard") == {(SearchKind.PROPOSAL, proposal.id)}
    await assert_follows()
    async with transaction():
        await hide(await hold_thing(Moderated.PROPOSAL, proposal.id, NOON), Ground.CHARTER, NOON)
    assert await found("excellente") == await found("tard") == await found("T3-001") == set()
    await assert_follows()


async def test_meetings_and_minutes_are_found_as_they_are_entered(client: AsyncClient) -> None:
    group = await make_group("gt-3", "Formation")
    await make_theme(3, group=group)
    await sign_in(client, await make_member("Modératrice", moderates=[group]))
    form = {"groupe": str(group.id), "numero": "4", "date": "2026-11-02", "lieu": "Salle des actes", "presents": ""}
    await send(client, "/reunions/nouvelle", **form)
    meeting = await Meeting.get(number=4)
    assert await found("salle des actes") == await found("formation reunion 4") == {(SearchKind.MEETING, meeting.id)}
    assert (await Meeting.get(number=4)).held_on == date(2026, 11, 2)
    await assert_follows()


async def test_who_is_erased_is_in_no_entry_nor_in_the_file(
    client: AsyncClient, author: Member, database: Settings
) -> None:
    thread = await make_thread(await make_theme(3), "Pistes de Malik Diallo")
    await make_post(thread, "Comme Malik Diallo le dit, @Malik-Diallo a raison.")
    await make_proposal(await make_theme(4), "Faire comme Malik Diallo.")
    await rebuild()
    for number in range(20):  # several parts of the index
        await send(client, f"/fils/{thread.id}/repondre", source=f"Diallo {number} et d’autres mots encore.")
    assert len(await found('"malik diallo"')) == 2
    await erase(author.id, actor=None, now=NOON)
    assert await found('"malik diallo"') == await found("malik") == set()
    assert not [each for each in await entries() if "malik" in str(each)]
    if is_sqlite():
        await write_anew()
        path = Path(database.database.url.removeprefix("sqlite:///"))
        kept = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*")).lower()
        assert b"malik" not in kept
    await assert_follows()


async def test_entries_are_numbered_by_time() -> None:
    assert thing_of(number_of(NOON, SearchKind.ANSWER, 77)) == (SearchKind.ANSWER, 77)
    numbers = [
        number_of(NOON.replace(year=1950), SearchKind.SYNTHESIS, 2**27 - 1),
        number_of(NOON, SearchKind.SYNTHESIS, 1),
        number_of(NOON, SearchKind.POST, 2),
        number_of(NOON.replace(second=1), SearchKind.POST, 1),
        number_of(NOON.replace(year=9999), SearchKind.POST, 1),
    ]
    assert numbers == sorted(numbers)
    assert numbers[-1] < 2**63


async def test_an_entry_is_never_changed_in_place(database: Settings) -> None:
    await make_proposal(await make_theme(3), "Un mot.")
    await rebuild()
    with pytest.raises(Exception, match="deleted and written anew"):
        await rows("UPDATE search_entry SET lexemes = 'fe'")
    assert len(await found("mot")) == 1


async def test_a_write_that_fails_leaves_no_entry(database: Settings) -> None:
    proposal = await make_proposal(await make_theme(3), "Un mot.")

    async def write() -> None:
        async with transaction():
            refresh(SearchKind.PROPOSAL, proposal.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()
    assert await entries() == []


async def test_a_worker_makes_what_is_not_there(app: Starlette, worker_clock: object) -> None:
    proposal = await make_proposal(await make_theme(3), "Un mot.")
    await worker.ask()
    ((job, name),) = [(each["id"], each["name"]) for each in await rows("SELECT id, name FROM job")]
    claim = await jobs.take(job, NOON, lease=timedelta(minutes=1))
    assert claim is not None
    await WORK[name].do(claim)
    assert await found("mot") == {(SearchKind.PROPOSAL, proposal.id)}
    await rows("DELETE FROM job")
    await worker.ask()
    assert await rows("SELECT id FROM job") == []
