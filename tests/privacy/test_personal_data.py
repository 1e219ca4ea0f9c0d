"""A member's own data: asked for, made by a worker, downloaded by nobody else, deleted after a week."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain import jobs
from forum.models.members import Member, Role
from forum.models.notifications import Event, Notification
from forum.models.posts import Post
from forum.ranking.tallies import Opinion
from tests.compiled_syntheses import cast
from tests.conftest import NOON, Clock, visitor
from tests.factories import (
    count,
    give_factor,
    make_member,
    make_post,
    make_proposal,
    make_theme,
    make_thread,
    sign_in,
)
from workers import archives, running, workshop
from workers.archives import WORDS, archive_of

EMAIL = "camille@exemple.fr"


@pytest.fixture
async def owner(client: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Member:
    """A member who wrote, edited, voted and was notified; signed in here."""
    monkeypatch.setattr(running, "clock", clock)
    member = await make_member("Camille <b>Martin", email=EMAIL, organisation="Ville & Métropole")
    other = await make_member("Paul Autre", email="paul@exemple.fr")
    theme = await make_theme(3)
    thread = await make_thread(theme, author=member)
    await sign_in(client, member)
    first = await make_post(thread, "Les mots de Paul.", author=other)
    path = f"/fils/{thread.id}/repondre"
    source = f"{{{{citation {first.id}@1 0-8}}}}\n\n<script>alert(1)</script> Former."
    assert (await client.post(path, data={"source": source})).status_code == 303
    mine = await Post.get(author_id=member.id)
    await client.post(f"/contributions/{mine.id}/modifier", data={"source": "Former mieux.", "version": "1"})
    await thread.refresh_from_db()
    await make_post(thread, "Merci @Camille-bMartin.", author=other)
    proposal = await make_proposal(theme, "Ma proposition.", author=member)
    await cast(proposal, member.id, Opinion.AGAINST)
    await cast(proposal, other.id, Opinion.FOR)
    await Notification.create(member=member, post=first, event=Event.REPLY, created_at=NOON)
    await give_factor(member)
    return member


async def work_off(clock: Clock) -> None:
    for job, _ in await jobs.waiting(clock()):
        await running.run(job, workshop.WORK)


async def made(client: AsyncClient, clock: Clock) -> dict[str, bytes]:
    assert (await client.post("/compte/donnees")).status_code == 303
    await work_off(clock)
    answer = await client.get("/compte/donnees/archive")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        return {name: files.read(name) for name in files.namelist()}


async def test_the_archive_holds_everything_about_oneself_and_nothing_of_others(
    owner: Member, client: AsyncClient, clock: Clock
) -> None:
    files = await made(client, clock)
    assert set(files) == {"LISEZMOI.txt", "donnees.json", "donnees.html"}
    facts = json.loads(files["donnees.json"])
    assert facts["compte"]["adresse"] == EMAIL
    assert facts["connexion"]["double_authentification_depuis"]
    assert len(facts["connexion"]["sessions"]) == 1
    written = facts["contributions"][0]["versions"]
    assert [one["source"] for one in written][1] == "Former mieux."
    assert "citation" in written[0]["source"]
    assert [one["avis"] for one in facts["avis"]] == [Opinion.AGAINST.value]
    assert facts["propositions"][0]["versions"][0]["formulation"] == "Ma proposition."
    assert facts["notifications"]
    assert facts["fils"]
    everything = b"".join(files.values())
    assert b"paul@exemple.fr" not in everything
    assert b"un mot de passe que personne" not in everything
    assert Opinion.FOR.value.encode() + b'"' not in files["donnees.json"], "somebody else's ballot"


async def test_the_page_of_the_archive_is_words_only(owner: Member, client: AsyncClient, clock: Clock) -> None:
    page = (await made(client, clock))["donnees.html"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Camille &lt;b&gt;Martin" in page
    assert 'src="' not in page
    assert "href" not in page


async def test_every_key_is_explained_and_the_same_data_give_the_same_bytes(
    owner: Member, client: AsyncClient, clock: Clock
) -> None:
    files = await made(client, clock)
    facts = json.loads(files["donnees.json"])
    keys: set[str] = set()

    def collect(part: object) -> None:
        if isinstance(part, dict):
            keys.update(part)
        for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            collect(one)

    collect(facts)
    assert keys <= set(WORDS)
    assert all(f"{name} " in files["LISEZMOI.txt"].decode() for name in keys)
    kept = await row("SELECT content, sha256 FROM archive")
    assert kept is not None
    assert bytes(kept["content"]) == archive_of(facts)


async def test_nobody_else_downloads_it(owner: Member, client: AsyncClient, app: Starlette, clock: Clock) -> None:
    await made(client, clock)
    async with visitor(app) as one:
        assert (await one.get("/compte/donnees/archive")).status_code == 303
        for role in (Role.MEMBER, Role.AGENT, Role.ADMINISTRATOR):
            await sign_in(one, await make_member(f"Autre {role.value}s", role=role))
            assert (await one.get("/compte/donnees/archive")).status_code == 404


async def test_it_is_sent_as_a_file_that_no_cache_keeps(owner: Member, client: AsyncClient, clock: Clock) -> None:
    await made(client, clock)
    headers = (await client.get("/compte/donnees/archive")).headers
    assert headers["content-disposition"] == 'attachment; filename="mes-donnees.zip"'
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


async def test_it_is_made_once_a_day_and_gone_after_a_week(owner: Member, client: AsyncClient, clock: Clock) -> None:
    await client.post("/compte/donnees")
    await client.post("/compte/donnees")
    assert await count("job") == 1
    page = (await client.get("/compte/donnees")).text
    assert "Votre archive se prépare" in page
    assert (await client.get("/api/v1/compte/archive")).json()["state"] == "queued"
    await work_off(clock)
    assert (await client.get("/api/v1/compte/archive")).json()["state"] == "done"
    assert "Télécharger mes données" in (await client.get("/compte/donnees")).text
    assert [one["template"] for one in await rows("SELECT template FROM mail")] == ["archive_ready"]
    assert (await client.post("/compte/donnees")).status_code == 422
    clock.pass_(days=1)
    assert (await client.post("/compte/donnees")).status_code == 303
    await work_off(clock)
    await sign_in(client, owner, now=clock.now + timedelta(days=7))
    clock.pass_(days=6, hours=23)
    assert (await client.get("/compte/donnees/archive")).status_code == 200
    clock.pass_(hours=1)
    answer = await client.get("/compte/donnees/archive")
    assert answer.status_code == 404
    assert "Demandez-en une autre" in answer.text
    assert "Demander mes données" in (await client.get("/compte/donnees")).text


async def test_a_failed_archive_is_reported_and_can_be_asked_for_again(
    owner: Member, client: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(facts: object) -> bytes:
        raise OSError("plus de place")

    with monkeypatch.context() as broken:
        broken.setattr(archives, "archive_of", breaks)
        await client.post("/compte/donnees")
        for _ in range(6):
            await work_off(clock)
            clock.pass_(minutes=2)
    assert "n’a pas pu être faite" in (await client.get("/compte/donnees")).text
    assert (await client.post("/compte/donnees")).status_code == 303
    await work_off(clock)
    assert (await client.get("/compte/donnees/archive")).status_code == 200
