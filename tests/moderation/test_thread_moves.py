"""Contributions go from one thread to another and back: nothing is lost, and every old address leads to its place."""

import json
import re
from html import unescape
from typing import Any

import anyio
import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.discussion.thread_notes import read_numbers
from forum.domain.moderation import thread_moves
from forum.domain.search.index import rebuild
from forum.errors import Invalid
from forum.models.members import Member
from forum.models.posts import Post
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.settings import settings
from tests.conftest import visitor
from tests.factories import make_extract, make_group, make_member, make_post, make_theme, make_thread, sign_in
from tests.statements import heard
from tests.test_writes_that_meet import Waits, both
from tests.world import changed, fingerprint

WHY = "Deux questions en une."


class Place:
    """A theme with two threads of twelve and three contributions, shown by five, and who moderates them."""

    theme: Theme
    one: Thread
    two: Thread
    moderator: Member
    authors: list[Member]
    posts: list[Post]
    others: list[Post]


@pytest.fixture
async def place(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("FORUM_LIMITS__POSTS_PER_PAGE", "5")
    settings.cache_clear()
    made = Place()
    group = await make_group("gt-3")
    made.theme = await make_theme(3, group=group)
    made.moderator = await make_member("Nadia Berthier", moderates=[group])
    made.authors = [await make_member(f"Auteur Numéro{n}") for n in range(3)]
    made.one, made.two = await make_thread(made.theme, "Formation"), await make_thread(made.theme, "Horaires")
    made.posts = [await make_post(made.one, f"Idée {n} du premier.", author=made.authors[n % 3]) for n in range(1, 13)]
    made.others = [await make_post(made.two, f"Idée {n} du second.", author=made.authors[0]) for n in range(1, 4)]
    await sign_in(client, made.moderator)
    return made


async def turns(thread: int) -> str:
    return str((await Thread.get(id=thread)).turns)


async def move(client: AsyncClient, place: Place, numbers: str, *, into: int | None = None, **typed: str) -> Response:
    """Look at what will happen, then send the form that the page shows, as a browser does."""
    thread = typed.pop("thread", str(place.one.id))
    asked = {
        "numeros": numbers,
        "fil": str(into or ""),
        "titre": typed.pop("titre", "" if into else "Horaires du soir"),
    }
    page = await client.get(f"/fils/{thread}/deplacer", params=asked)
    assert page.status_code == 200, page.text
    return await client.post(f"/fils/{thread}/deplacer", data={**hidden(page.text), "motif": WHY, **typed})


async def join(client: AsyncClient, thread: int, into: int, **typed: str) -> Response:
    page = await client.get(f"/fils/{thread}/reunir", params={"fil": str(into)})
    return await client.post(f"/fils/{thread}/reunir", data={**hidden(page.text), "motif": WHY, **typed})


async def undo(client: AsyncClient, thread: int) -> Response:
    """Undo the latest move of a thread."""
    turn = (await rows("SELECT MAX(id) AS id FROM thread_turn WHERE thread_id = $1", thread))[0]["id"]
    address = f"/fils/{thread}/deplacements/{turn}/annuler"
    page = await client.get(address)
    assert page.status_code == 200, page.text
    return await client.post(address, data={**hidden(page.text), "motif": "Une erreur."})


def hidden(page: str) -> dict[str, Any]:
    """The hidden fields of the form that is sent."""
    form = re.findall(r'<form method="post"[^>]*data-confirm-leave.*?</form>', page, re.DOTALL)[0]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(unescape(value))
    return found


async def numbers(thread: int) -> list[tuple[int, str]]:
    """The contributions of a thread: their number and their first words."""
    found = await rows("SELECT number, plain FROM post WHERE thread_id = $1 ORDER BY number", thread)
    return [(each["number"], each["plain"].split(" du ")[0].removeprefix("Idée ")) for each in found]


async def picture() -> list[dict[str, object]]:
    """Threads and contributions as they are, but for what counts acts and versions."""
    threads = await rows("SELECT * FROM thread ORDER BY id")
    found = [{k: v for k, v in dict(each).items() if k not in ("version", "turns")} for each in threads]
    return [*found, *(dict(each) for each in await rows("SELECT * FROM post ORDER BY id"))]


async def leads_to(app: Starlette, post: Post) -> tuple[int, int]:
    """Where the stable address of a contribution leads: its thread and the key of the page, which shows it."""
    async with visitor(app) as reader:
        answer = await reader.get(f"/contributions/{post.id}")
        found = re.fullmatch(r"/fils/(\d+)(?:\?apres=(\d+))?#c-(\d+)", answer.headers["location"])
        assert found
        assert int(found[3]) == post.id
        page = (await reader.get(answer.headers["location"])).text
        assert f'<article class="post noted" id="c-{post.id}"' in page
        return int(found[1]), int(found[2] or 0)


async def read(app: Starlette, address: str) -> str:
    async with visitor(app) as reader:
        answer = await reader.get(address)
        assert answer.status_code == 200
        return unescape(" ".join(answer.text.split()))


def followed(page: str, post: Post) -> str | None:
    """Where the anchor of an old address leads on that page, None: the contribution itself is there."""
    assert page.count(f'id="c-{post.id}"') == 1, "an old address has its place on the page, once"
    found = re.search(rf'<p class="departed" id="c-{post.id}">.*?<a href="([^"]+)"', page)
    return found[1] if found else None


async def test_a_thread_is_split_and_every_old_address_leads_there(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    answer = await move(client, place, "3, 6-8")
    assert answer.status_code == 303
    new = await Thread.get(title="Horaires du soir")
    assert answer.headers["location"] == f"/fils/{new.id}?fait=contributions-deplacees"
    assert await numbers(new.id) == [(1, "3"), (2, "6"), (3, "7"), (4, "8")]
    # The others keep their numbers, so their pages.
    assert await numbers(place.one.id) == [(n, str(n)) for n in (1, 2, 4, 5, 9, 10, 11, 12)]
    assert (new.posts_count, (await Thread.get(id=place.one.id)).posts_count) == (4, 8)
    for number, post in enumerate(place.posts, 1):
        moved = number in (3, 6, 7, 8)
        assert await leads_to(app, post) == ((new.id, 0) if moved else (place.one.id, (number - 1) // 5 * 5))
        old = await read(app, f"/fils/{place.one.id}?page={-(-number // 5)}")
        assert followed(old, post) == (f"/contributions/{post.id}" if moved else None)
    # Both say so, where it happened, without a name.
    second = await read(app, f"/fils/{place.one.id}?page=2")
    assert "a déplacé des contributions de ce fil (6–8) dans un autre :" in second
    assert f"Raison : {WHY}" in re.sub("</?bdi>", "", second)
    assert "(3, 6–8)" in await read(app, f"/fils/{place.one.id}"), "five contributions go as far as the ninth"
    assert "a déplacé" not in await read(app, f"/fils/{place.one.id}?page=3")
    page = await read(app, f"/fils/{new.id}")
    assert "a déplacé ici des contributions (1–4)" in page
    assert "Nadia" not in second + page
    assert "Annuler ce déplacement" not in second + page
    assert "Annuler ce déplacement" in (await client.get(f"/fils/{place.one.id}?page=2")).text
    # The next contribution takes no number that was left.
    reply = await client.post(f"/fils/{place.one.id}/repondre", data={"source": "Et ensuite ?"})
    assert reply.status_code == 303
    assert (await numbers(place.one.id))[-1][0] == 13


async def test_the_authors_are_told_and_the_journal_says_from_where_to_where(client: AsyncClient, place: Place) -> None:
    assert (await move(client, place, "2, 5, 11", into=place.two.id)).status_code == 303
    told = await rows("SELECT member_id, event, thread_id FROM notification ORDER BY member_id")
    assert [(each["member_id"], each["event"], each["thread_id"]) for each in told] == [
        (place.authors[2].id, "posts moved", place.two.id)
    ]
    (entry,) = await rows("SELECT act, thing_id, before, after, reason FROM journal_entry WHERE thing = 'thread'")
    assert (entry["act"], entry["thing_id"], entry["reason"]) == ("move_posts", place.one.id, WHY)
    assert json.loads(entry["before"]) == {"in_thread": place.one.id, "posts": "2, 5, 11"}
    assert json.loads(entry["after"]) == {"in_thread": place.two.id, "posts": "4-6"}
    page = unescape((await client.get("/journal")).text)
    assert "a déplacé des contributions d’un fil à un autre" in page
    assert (await undo(client, place.one.id)).status_code == 303
    assert [each["event"] for each in await rows("SELECT event FROM notification ORDER BY id")] == [
        "posts moved",
        "posts back",
    ]


async def test_a_move_and_its_undoing_twice_in_both_directions_leave_all_as_it_was(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    await client.post(f"/fils/{place.one.id}/repondre", data={"source": "Oui.", "en_reponse_a": str(place.posts[6].id)})
    await make_extract(place.posts[6], author=place.moderator)
    await rebuild()
    before, stored = await picture(), await fingerprint()
    for _ in range(2):
        for source, into, chosen in ((place.one, place.two, "6-8, 12"), (place.two, place.one, "1, 3")):
            assert (await move(client, place, chosen, into=into.id, thread=str(source.id))).status_code == 303
            assert await picture() != before
            assert (await undo(client, source.id)).status_code == 303
            assert await picture() == before
    told = {"journal_entry", "journal_head", "moved_post", "notification", "thread_turn"}
    assert changed(stored, await fingerprint()) == {*told, "theme", "thread"}
    # Moved there, moved back by another move, and again: each takes its former number, on both sides.
    for _ in range(2):
        assert (await move(client, place, "6-8", into=place.two.id)).status_code == 303
        assert await numbers(place.two.id) == [(1, "1"), (2, "2"), (3, "3"), (4, "6"), (5, "7"), (6, "8")]
        assert (await move(client, place, "4-6", into=place.one.id, thread=str(place.two.id))).status_code == 303
        assert [number for number, _ in await numbers(place.one.id)] == list(range(1, 14))
        assert [number for number, _ in await numbers(place.two.id)] == [1, 2, 3]
        # An address kept from the time in between still leads back.
        assert followed(await read(app, f"/fils/{place.two.id}?page=2"), place.posts[7]) is not None
        assert followed(await read(app, f"/fils/{place.one.id}?page=2"), place.posts[7]) is None


async def test_an_undone_split_leaves_no_trace_but_leads_back(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    before = await picture()
    await move(client, place, "1-2, 9")
    new = await Thread.get(title="Horaires du soir")
    assert "Horaires du soir" in await read(app, "/themes/3")
    assert (await undo(client, place.one.id)).status_code == 303
    assert [each for each in await picture() if each.get("title") != "Horaires du soir"] == before
    assert "Horaires du soir" not in await read(app, "/themes/3")
    assert "a déplacé" not in await read(app, f"/fils/{place.one.id}")
    page = await read(app, f"/fils/{new.id}")
    assert followed(page, place.posts[8]) == f"/contributions/{place.posts[8].id}"
    assert f'<a href="/fils/{place.one.id}">Formation</a>' in page
    turn = (await rows("SELECT id FROM thread_turn"))[0]["id"]
    again = await client.get(f"/fils/{place.one.id}/deplacements/{turn}/annuler")
    assert (again.status_code, "déjà annulé" in again.text) == (409, True)


async def test_two_threads_become_one_and_are_parted_again(app: Starlette, client: AsyncClient, place: Place) -> None:
    before = await picture()
    reply = {"source": "Écrit avant, envoyé après."}
    answer = await join(client, place.one.id, place.two.id)
    assert answer.status_code == 303
    assert [number for number, _ in await numbers(place.two.id)] == list(range(1, 16))
    assert await numbers(place.one.id) == []
    listed = await read(app, "/themes/3")
    assert "Horaires" in listed
    assert "Formation</strong>" not in listed
    for number, post in enumerate(place.posts, 1):
        assert await leads_to(app, post) == (place.two.id, (number + 2) // 5 * 5)
        assert followed(await read(app, f"/fils/{place.one.id}?page={-(-number // 5)}"), post)
    page = await read(app, f"/fils/{place.one.id}")
    assert f'<a href="/fils/{place.two.id}">Horaires</a>' in page
    assert "Répondre à ce fil" not in page
    # A form that was open meanwhile still publishes, where the words went.
    sent = await client.post(f"/fils/{place.one.id}/repondre", data=reply)
    assert sent.headers["location"].startswith(f"/fils/{place.two.id}?apres=15&fait=contribution-publiee&ici=")
    await rows("DELETE FROM post_revision WHERE post_id = (SELECT MAX(id) FROM post)")
    await rows("DELETE FROM post WHERE id = (SELECT MAX(id) FROM post)")
    assert (await undo(client, place.one.id)).status_code == 303
    assert await picture() == before


async def test_what_was_written_meanwhile_stays_when_a_split_is_undone(client: AsyncClient, place: Place) -> None:
    await move(client, place, "7-8")
    new = await Thread.get(title="Horaires du soir")
    await client.post(f"/fils/{new.id}/repondre", data={"source": "Idée neuve du troisième."})
    assert (await undo(client, place.one.id)).status_code == 303
    assert [number for number, _ in await numbers(place.one.id)] == list(range(1, 13))
    assert await numbers(new.id) == [(3, "neuve")]
    assert (await Thread.get(id=new.id)).moved_into_id is None


async def test_an_answer_follows_the_contribution_that_it_answers(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    answered = place.posts[6]
    await move(client, place, "7", into=place.two.id)
    address = f"/fils/{place.one.id}/repondre"
    form = {"source": "Je réponds à l’idée 7.", "en_reponse_a": str(answered.id)}
    assert f'action="/fils/{place.two.id}/repondre"' in (await client.get(f"{address}?en_reponse_a={answered.id}")).text
    answer = await client.post(address, data=form)
    assert answer.headers["location"].startswith(f"/fils/{place.two.id}?fait=contribution-publiee&ici=")
    # One that never was in this thread is still refused.
    wrong = await client.post(address, data={"source": "Non.", "en_reponse_a": str(place.others[0].id)})
    assert (wrong.status_code, "n’est pas dans ce fil" in wrong.text) == (422, True)
    # An answer that stays where it was says that the other is elsewhere.
    await make_post(place.one, "Idée 14.", author=place.authors[0], reply_to=place.posts[0])
    assert "dans un autre fil" not in await read(app, f"/fils/{place.one.id}?page=3")
    await move(client, place, "1", into=place.two.id)
    assert "Auteur Numéro1</a>, dans un autre fil" in re.sub(
        "</?bdi>", "", await read(app, f"/fils/{place.one.id}?page=3")
    )


async def test_of_two_moves_at_once_the_second_is_told(app: Starlette, client: AsyncClient, place: Place) -> None:
    second = await make_member("Malik Diallo", moderates=[await make_group("gt-3")])
    address = f"/fils/{place.one.id}/deplacer"
    async with visitor(app) as other:
        await sign_in(other, second)
        asked = {"numeros": "3-4", "fil": str(place.two.id)}
        sent = {**hidden((await other.get(address, params=asked)).text), "motif": WHY}
        assert (await move(client, place, "4-5", into=place.two.id)).status_code == 303
        answer = await other.post(address, data=sent)
        assert answer.status_code == 409
        assert "vient d’agir sur ce fil" in unescape(answer.text)
        # What they chose is kept to be chosen again, since one is not there any more.
        assert 'value="3-4"' in answer.text
        assert len(await numbers(place.two.id)) == 5
        refused = await other.get(address, params=asked)
        assert (refused.status_code, "n’a pas de contribution 4" in unescape(refused.text)) == (422, True)
    stale = await client.post(address, data={**sent, "vu": await turns(place.one.id)})
    assert (stale.status_code, "ne sont plus dans ce fil" in unescape(stale.text)) == (409, True)


async def test_a_storm_of_replies_and_moves_loses_nothing(app: Starlette, client: AsyncClient, place: Place) -> None:
    member = place.authors[0]
    statuses: list[int] = []

    async def reply(writer: AsyncClient, n: int) -> None:
        thread = (place.one, place.two)[n % 2].id
        form = {"source": f"Idée {100 + n} du vent."}
        if n % 3 == 0:
            form["en_reponse_a"] = str((place.others if n % 2 else place.posts)[n % 3].id)
        statuses.append((await writer.post(f"/fils/{thread}/repondre", data=form)).status_code)

    async def moving(moderator: AsyncClient, n: int) -> None:
        there, here = (place.one, place.two) if n % 2 else (place.two, place.one)
        page = await moderator.get(f"/fils/{there.id}/deplacer", params={"numeros": "2", "fil": str(here.id)})
        if page.status_code != 200:
            statuses.append(409)
            return
        sent = {**hidden(page.text), "motif": WHY}
        statuses.append((await moderator.post(f"/fils/{there.id}/deplacer", data=sent)).status_code)

    async with visitor(app) as writer, anyio.create_task_group() as tasks:
        await sign_in(writer, member)
        for n in range(12):
            tasks.start_soon(reply, writer, n)
            tasks.start_soon(moving, client, n)
    assert set(statuses) <= {303, 409}
    assert statuses.count(303) >= 13
    for thread in (place.one, place.two):
        counted = await rows("SELECT COUNT(*) AS n, MAX(number) AS last FROM post WHERE thread_id = $1", thread.id)
        kept = await Thread.get(id=thread.id)
        assert kept.posts_count == counted[0]["n"]
        assert kept.last_number >= counted[0]["last"]
    assert len(await rows("SELECT id FROM post")) == 15 + 12


async def test_no_page_is_left_empty(app: Starlette, client: AsyncClient, place: Place) -> None:
    await move(client, place, "6-10", into=place.two.id)
    first, last = [await read(app, f"/fils/{place.one.id}?apres={after}") for after in (0, 5)]
    assert f'<a href="/fils/{place.one.id}?apres=5" rel="next">' in first
    assert f'<a href="/fils/{place.one.id}" rel="prev">' in last
    assert [first.count("<article"), last.count("<article")] == [5, 2]
    assert "(6–10)" in last
    assert followed(last, place.posts[7])


async def test_a_page_of_a_thread_asks_as_many_statements_however_many_moves(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    async def asked() -> list[str]:
        with heard() as statements:
            await read(app, f"/fils/{place.one.id}")
            await anyio.sleep(0)  # asyncpg reports a statement at the next turn of the loop
        return statements

    untouched = await asked()
    assert not [each for each in untouched if "moved_post" in each or "thread_turn" in each]
    assert len(await asked()) == 1
    await move(client, place, "2", into=place.two.id)
    once = await asked()
    await move(client, place, "3", into=place.two.id)
    await move(client, place, "4", into=place.two.id)
    assert len(await asked()) == len(once) == len(untouched) + 4
    assert len(await asked()) == 1, "a page that is kept asks for its version alone"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"numeros": "", "titre": "Un fil"}, "Indiquez des numéros"),
        ({"numeros": "un", "titre": "Un fil"}, "Indiquez des numéros"),
        ({"numeros": "2, 99", "titre": "Un fil"}, "n’a pas de contribution 99"),
        ({"numeros": "1-99999", "titre": "Un fil"}, "trop grand"),
        ({"numeros": "1-12", "titre": "Un fil"}, "renommez plutôt le fil"),
        ({"numeros": "2", "titre": "x" * 201}, "200"),
        ({"numeros": "2", "fil": "987654"}, "Choisissez dans la liste"),
        ({"numeros": "2", "fil": "x"}, "nombre entier"),
        ({"numeros": "2", "fil": "{one}"}, "déjà dans ce fil"),
        ({"numeros": "2", "fil": "{elsewhere}"}, "thème 4 est terminée"),
        ({"numeros": "2", "titre": "Un fil", "theme": "99"}, "Choisissez un thème"),
        ({"numeros": "2", "titre": "Un fil", "theme": "4"}, "thème 4 est terminée"),
    ],
)
async def test_a_choice_that_cannot_be_is_refused_beside_its_field(
    client: AsyncClient, place: Place, asked: dict[str, str], said: str
) -> None:
    over = await make_theme(4, votes="closed", contributions="closed", group=await make_group("gt-3"))
    elsewhere = await make_thread(over, "Ailleurs")
    names = {"one": place.one.id, "elsewhere": elsewhere.id}
    chosen = {name: value.format(**names) for name, value in asked.items()}
    page = await client.get(f"/fils/{place.one.id}/deplacer", params=chosen)
    assert page.status_code == 422
    assert said in unescape(page.text)
    assert f'value="{chosen["numeros"]}"' in page.text
    sent = {**chosen, "contributions": [str(place.posts[1].id)], "motif": WHY, "vu": "0"}
    if said not in ("Indiquez des numéros", "n’a pas de contribution 99", "trop grand", "renommez plutôt le fil"):
        answer = await client.post(f"/fils/{place.one.id}/deplacer", data=sent)
        assert answer.status_code == 422
        assert said in unescape(answer.text)
    assert await numbers(place.one.id) == [(n, str(n)) for n in range(1, 13)]


async def test_a_move_without_a_reason_or_without_contributions_is_refused(client: AsyncClient, place: Place) -> None:
    answer = await move(client, place, "2", into=place.two.id, motif=" ")
    assert (answer.status_code, "Dites pourquoi" in unescape(answer.text)) == (422, True)
    form = {"fil": str(place.two.id), "motif": WHY, "vu": "0"}
    assert (await client.post(f"/fils/{place.one.id}/deplacer", data=form)).status_code == 409
    form["contributions"] = str(place.others[0].id)
    assert (await client.post(f"/fils/{place.one.id}/deplacer", data=form)).status_code == 409
    assert len(await numbers(place.two.id)) == 3


@pytest.mark.parametrize(
    ("typed", "read"),
    [("12", [12]), ("3,1", [1, 3]), ("12, 15-17", [12, 15, 16, 17]), ("2 – 3; 9", [2, 3, 9]), ("4 à 5 8", [4, 5, 8])],
)
def test_numbers_are_read_as_people_write_them(typed: str, read: list[int]) -> None:
    assert read_numbers(typed) == read


@pytest.mark.parametrize("typed", ["", "a", "-3", "3-", "1,,2", "²", "1234567890"])
def test_what_is_no_list_of_numbers_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        read_numbers(typed)


async def test_a_reply_that_waited_for_two_threads_to_become_one_goes_where_the_words_went(
    app: Starlette, client: AsyncClient, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = Waits(monkeypatch, thread_moves, "_tell")
    form = {"fil": str(place.two.id), "motif": WHY, "vu": "0"}
    answered = {"source": "Idée tardive du premier.", "en_reponse_a": str(place.posts[3].id)}
    async with visitor(app) as member:
        await sign_in(member, place.authors[0])
        joined, answer = await both(
            lambda one, _: one.post(f"/fils/{place.one.id}/reunir", data=form),
            client,
            waits,
            lambda one, _: one.post(f"/fils/{place.one.id}/repondre", data=answered),
            member,
        )
    assert (joined, answer.status_code) == (303, 303)
    assert await numbers(place.one.id) == []
    assert (await numbers(place.two.id))[-1] == (16, "tardive")
