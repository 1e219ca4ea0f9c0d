"""Moderators rename, lock and pin threads: for a reason that everybody reads, and one moderator at a time."""

import re
from html import unescape

import anyio
import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows, transaction
from forum.domain.moderation import thread_acts
from forum.domain.moderation.hiding import hide, hold_thing, unhide
from forum.domain.themes import thread_lists
from forum.models.members import Member
from forum.models.moderation import Ground, Moderated
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import count, make_group, make_member, make_post, make_theme, make_thread, sign_in
from tests.statements import heard
from tests.test_writes_that_meet import Waits, both

WHY = "Pour que chacun s’y retrouve."


async def moderated() -> tuple[Thread, Member, Member]:
    """A thread with two contributions of a member, that member, and who moderates."""
    group = await make_group("gt-3")
    thread = await make_thread(await make_theme(3, group=group), "Divers")
    author = await make_member("Anne Autrice")
    for words in ("Former les agents.", "Ouvrir le samedi."):
        await make_post(thread, words, author=author)
    return thread, author, await make_member("Nadia Berthier", moderates=[group])


async def act(client: AsyncClient, thread: Thread, name: str, seen: int = 0, **typed: str) -> int:
    form = {"motif": WHY, "vu": str(seen), **typed}
    return (await client.post(f"/fils/{thread.id}/{name}", data=form)).status_code


async def told(member: Member) -> list[str]:
    found = await rows("SELECT event FROM notification WHERE member_id = $1 ORDER BY id", member.id)
    return [each["event"] for each in found]


async def journaled() -> list[tuple[str, str, str, str]]:
    found = await rows("SELECT act, before, after, reason FROM journal_entry WHERE thing = 'thread' ORDER BY id")
    return [(each["act"], each["before"], each["after"], each["reason"]) for each in found]


async def read(app: Starlette, thread: Thread) -> str:
    """The page as a visitor reads it."""
    async with visitor(app) as reader:
        return unescape(" ".join((await reader.get(f"/fils/{thread.id}")).text.split()))


async def test_a_thread_is_renamed_and_says_what_it_was_called(app: Starlette, client: AsyncClient) -> None:
    thread, author, moderator = await moderated()
    await sign_in(client, moderator)
    assert "s’appelait" not in await read(app, thread)
    assert await act(client, thread, "renommer", titre="  Les horaires \t d’ouverture ") == 303
    page = await read(app, thread)
    assert "<h1>Les horaires d’ouverture</h1>" in page
    assert re.search(r"a renommé ce fil, qui s’appelait « (<bdi>)?Divers(</bdi>)? ». Raison : (<bdi>)?" + WHY, page)
    assert "Nadia" not in page
    assert await told(author) == ["thread renamed"]
    assert await told(moderator) == []
    assert await journaled() == [("rename_thread", "Divers", "Les horaires d’ouverture", WHY)]
    async with visitor(app) as reader:
        await sign_in(reader, author)
        assert "a renommé un fil où vous avez contribué" in (await reader.get("/notifications")).text
        assert "Les horaires d’ouverture" in (await reader.get("/notifications")).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"titre": "Divers"}, "a déjà ce titre"),
        ({"titre": " "}, "titre"),
        ({"titre": "Mieux", "motif": " "}, "Dites pourquoi"),
        ({"titre": "x" * 201}, "200"),
    ],
)
async def test_a_renaming_that_says_nothing_is_refused_and_keeps_what_was_typed(
    client: AsyncClient, typed: dict[str, str], said: str
) -> None:
    thread, author, moderator = await moderated()
    await sign_in(client, moderator)
    answer = await client.post(f"/fils/{thread.id}/renommer", data={"motif": WHY, "vu": "0", **typed})
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert f'value="{typed["titre"]}"' in answer.text
    assert (await Thread.get(id=thread.id)).title == "Divers"
    assert await count("thread_turn") + await count("journal_entry") + len(await told(author)) == 0


async def test_a_locked_thread_receives_nothing_until_it_is_unlocked(app: Starlette, client: AsyncClient) -> None:
    thread, author, moderator = await moderated()
    post = (await rows("SELECT id FROM post ORDER BY id"))[0]["id"]
    await sign_in(client, moderator)
    async with visitor(app) as member:
        await sign_in(member, author)
        assert "Répondre" in (await member.get(f"/fils/{thread.id}")).text
        assert await act(client, thread, "verrouiller") == 303
        for path in (f"/fils/{thread.id}/repondre", f"/contributions/{post}/citer"):
            answer = await member.get(path)
            assert (answer.status_code, "a verrouillé ce fil" in answer.text) == (403, True)
        for who in (member, client):
            assert (await who.post(f"/fils/{thread.id}/repondre", data={"source": "Encore."})).status_code == 403
        page = unescape((await member.get(f"/fils/{thread.id}")).text)
        assert "il ne reçoit plus de contribution" in page
        assert 'name="source"' not in page
        # Their own words stay theirs.
        words = {"source": "Former tous les agents.", "version": "1"}
        assert (await member.post(f"/contributions/{post}/modifier", data=words)).status_code == 303
        assert "verrouillé" in (await member.get("/themes/3")).text
        assert await act(client, thread, "verrouiller", seen=1) == 409
        assert await act(client, thread, "deverrouiller", seen=1) == 303
        assert (await member.post(f"/fils/{thread.id}/repondre", data={"source": "Encore."})).status_code == 303
    page = await read(app, thread)
    assert "a déverrouillé ce fil" in page
    assert "a verrouillé ce fil" not in page
    assert await told(author) == ["thread locked", "thread unlocked"]
    assert [each[0] for each in await journaled()] == ["lock_thread", "unlock_thread"]


async def test_pinned_threads_come_first_on_every_page_of_the_list(
    app: Starlette, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_lists, "THREADS_A_PAGE", 2)
    thread, author, moderator = await moderated()
    theme = await Theme.get()
    others = [await make_thread(theme, f"Fil {n}") for n in range(4)]
    await rows("UPDATE thread SET last_post_at = '2026-11-24 12:00:00+00:00' WHERE id <> $1", thread.id)
    await sign_in(client, moderator)

    async def listed() -> list[str]:
        found, address = [], "/themes/3"
        async with visitor(app) as reader:
            while address:
                page = unescape((await reader.get(address)).text)
                found += re.findall(r"<strong>(.*?)</strong></a>", page)
                after = re.search(r'<a href="([^"#]*)[^"]*" rel="next"', page)
                address = after[1] if after else ""
        return found

    by_date = [each.title for each in reversed(others)]
    assert await listed() == [*by_date, "Divers"]
    assert await act(client, thread, "epingler") == 303
    assert await act(client, others[1], "epingler") == 303
    assert await listed() == ["Fil 1", "Divers", "Fil 3", "Fil 2", "Fil 0"]
    assert "en tête de la liste" in await read(app, thread)
    assert await act(client, thread, "desepingler", seen=1) == 303
    assert await listed() == ["Fil 1", "Fil 3", "Fil 2", "Fil 0", "Divers"]
    assert "en tête de la liste" not in await read(app, thread)
    assert await told(author) == []


async def test_of_two_moderators_at_once_the_second_is_told(app: Starlette, client: AsyncClient) -> None:
    thread, _, moderator = await moderated()
    await sign_in(client, moderator)
    other = await make_member("Malik Diallo", moderates=[await make_group("gt-3")])
    async with visitor(app) as second:
        await sign_in(second, other)
        assert 'name="vu" value="0"' in (await second.get(f"/fils/{thread.id}/renommer")).text
        assert await act(client, thread, "renommer", titre="Le premier titre") == 303
        form = {"titre": "Le second titre", "motif": WHY, "vu": "0"}
        answer = await second.post(f"/fils/{thread.id}/renommer", data=form)
        assert answer.status_code == 409
        page = unescape(answer.text)
        assert "vient d’agir sur ce fil" in page
        assert "qui s’appelait" in page
        assert 'value="Le second titre"' in page
        assert (await Thread.get(id=thread.id)).title == "Le premier titre"
        # The page holds the mark of what it shows now: sent again, it is done.
        seen = re.findall(r'name="vu" value="(\d+)"', page)
        assert seen == ["1"]
        answer = await second.post(f"/fils/{thread.id}/renommer", data={**form, "vu": seen[0]})
        assert answer.status_code == 303
    page = await read(app, thread)
    assert "Divers" in page
    assert "Le premier titre" in page
    # Without the mark, nothing is done blindly.
    answer = await client.post(f"/fils/{thread.id}/verrouiller", data={"motif": WHY})
    assert answer.status_code == 409


async def test_who_clicks_twice_is_not_told_of_somebody_else(app: Starlette, client: AsyncClient) -> None:
    thread, _, moderator = await moderated()
    await sign_in(client, moderator)
    form = {"motif": WHY, "vu": "0"}
    assert (await client.post(f"/fils/{thread.id}/verrouiller", data=form)).status_code == 303
    answer = await client.post(f"/fils/{thread.id}/verrouiller", data=form)
    assert answer.status_code == 409
    assert "Vous venez vous-même d’agir sur ce fil" in unescape(answer.text)
    assert "Une autre personne" not in unescape(answer.text)
    other = await make_member("Malik Diallo", moderates=[await make_group("gt-3")])
    async with visitor(app) as second:
        await sign_in(second, other)
        answer = await second.post(f"/fils/{thread.id}/verrouiller", data=form)
        assert "vient d’agir sur ce fil" in unescape(answer.text)
        assert "Vous venez vous-même" not in unescape(answer.text)


async def test_a_thread_that_no_moderator_touched_asks_nothing_more(app: Starlette, client: AsyncClient) -> None:
    thread, _, moderator = await moderated()
    asked = []
    for seen in range(2):
        with heard() as statements:
            await read(app, thread)
            await anyio.sleep(0)  # asyncpg reports a statement at the next turn of the loop
        asked.append([each for each in statements if "FROM thread_turn" in each])
        with heard() as again:
            await read(app, thread)
            await anyio.sleep(0)
        assert len(again) == 1, "a page that is kept asks for its version alone"
        await sign_in(client, moderator)
        assert await act(client, thread, "epingler" if not seen else "desepingler", seen=seen) == 303
    untouched, touched = asked
    assert not untouched
    assert touched


async def test_a_reply_that_waited_for_a_lock_is_refused(
    app: Starlette, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread, author, moderator = await moderated()
    await sign_in(client, moderator)
    waits = Waits(monkeypatch, thread_acts, "_tell")
    form = {"motif": WHY, "vu": "0"}
    async with visitor(app) as member:
        await sign_in(member, author)
        locked, answer = await both(
            lambda one, _: one.post(f"/fils/{thread.id}/verrouiller", data=form),
            client,
            waits,
            lambda one, _: one.post(f"/fils/{thread.id}/repondre", data={"source": "Trop tard."}),
            member,
        )
    assert (locked, answer.status_code) == (303, 403)
    assert await count("post") == 2


async def test_a_hidden_title_is_not_told_as_the_former_one(app: Starlette, client: AsyncClient) -> None:
    thread, _, moderator = await moderated()
    await sign_in(client, moderator)
    assert await act(client, thread, "renommer", titre="Les horaires") == 303
    first = (await rows("SELECT MIN(id) AS id FROM post"))[0]["id"]
    async with transaction():
        held = await hold_thing(Moderated.POST, first, NOON)
        await hide(held, Ground.PERSONAL_DATA, NOON, title=True)
    page = await read(app, thread)
    assert "Divers" not in page
    assert "Les horaires" not in page
    async with transaction():
        await unhide(await hold_thing(Moderated.POST, first, NOON))
    page = await read(app, thread)
    assert "Divers" in page
    assert "<h1>Les horaires</h1>" in page
    # Renamed while its title is hidden, it keeps the new one.
    async with transaction():
        await hide(await hold_thing(Moderated.POST, first, NOON), Ground.PERSONAL_DATA, NOON, title=True)
    assert await act(client, thread, "renommer", seen=4, titre="Un titre convenable") == 303
    assert "<h1>Un titre convenable</h1>" in await read(app, thread)
    async with transaction():
        await unhide(await hold_thing(Moderated.POST, first, NOON))
    assert "<h1>Un titre convenable</h1>" in await read(app, thread)
