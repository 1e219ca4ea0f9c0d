"""How far somebody has read: told by them alone, and what follows from it."""

from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.discussion import thread_reads
from forum.domain.discussion.thread_reads import carry_marks
from forum.models.members import Member
from forum.models.posts import Post, PostState
from forum.models.themes import Theme
from forum.models.threads import Thread, ThreadRead
from forum.settings import settings
from tests.conftest import NOON, visitor
from tests.factories import make_member, make_post, make_thread, sign_in
from tests.statements import heard


async def marks() -> list[tuple[int, int, int]]:
    return sorted([(each.member_id, each.thread_id, each.number) for each in await ThreadRead.all()])


async def test_one_goes_on_reading_where_one_stopped(client: AsyncClient, thread: Thread) -> None:
    reader = await make_member("Camille Martin")
    posts = [await make_post(thread, f"Contribution {n}.") for n in range(1, 5)]
    own = await make_post(thread, "La mienne.", author=reader)
    hidden = await make_post(thread, "Cachée.")
    await Post.filter(id=hidden.id).update(state=PostState.HIDDEN)
    await sign_in(client, reader)

    page = (await client.get(f"/fils/{thread.id}")).text
    assert "4 contributions que vous n’avez pas lues." in page
    assert f'name="lus" value="{thread.id}-6"' in page
    assert await marks() == [], "looking changes nothing"
    resumed = await client.get(f"/fils/{thread.id}/reprendre")
    assert (resumed.status_code, resumed.headers["location"]) == (303, f"/fils/{thread.id}#c-{posts[0].id}")

    answer = await client.post("/a-lire/lus", data={"fil": thread.id, "lus": f"{thread.id}-2"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/fils/{thread.id}?fait=fil-lu")
    await client.post("/a-lire/lus", data={"fil": thread.id, "lus": f"{thread.id}-1"})
    assert await marks() == [(reader.id, thread.id, 2)], "it only grows"
    assert "2 contributions que vous n’avez pas lues." in (await client.get(f"/fils/{thread.id}")).text
    await Post.filter(id=posts[2].id).update(state=PostState.WITHDRAWN)
    resumed = await client.get(f"/fils/{thread.id}/reprendre")
    assert resumed.headers["location"].endswith(f"#c-{posts[3].id}"), "the next one that is shown"

    await client.post("/a-lire/lus", data={"fil": thread.id, "lus": f"{thread.id}-999"})
    assert await marks() == [(reader.id, thread.id, 6)], "not beyond the last one"
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "pas lue" not in page
    assert "data-read" not in page
    resumed = await client.get(f"/fils/{thread.id}/reprendre")
    assert resumed.headers["location"].endswith(f"#c-{own.id}"), "otherwise the last one that is shown"


async def test_what_is_unread_anywhere_is_on_one_page(client: AsyncClient, thread: Thread) -> None:
    reader = await make_member("Camille Martin")
    await Member.filter(id=reader.id).update(created_at=NOON - timedelta(days=1))
    old = await make_thread(await Theme.get(id=thread.theme_id), "Avant mon arrivée")
    await make_post(old)
    await Thread.filter(id=old.id).update(last_post_at=NOON - timedelta(days=2))
    for _ in range(2):
        await make_post(thread)
    await sign_in(client, reader)
    assert "<strong>2 non lues</strong>" in (await client.get("/themes/3")).text
    page = (await client.get("/a-lire")).text
    assert "2 contributions non lues" in page
    assert f"/fils/{thread.id}/reprendre" in page
    assert "Avant mon arrivée" not in page
    answer = await client.post("/a-lire/lus", data={"lus": [f"{thread.id}-2", f"{old.id}-0"]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/a-lire?fait=fils-lus")
    assert "Avant mon arrivée" in (await client.get("/a-lire")).text, "it was begun"
    await client.post("/a-lire/lus", data={"lus": f"{old.id}-1"})
    assert "Vous avez tout lu." in (await client.get("/a-lire")).text
    assert "non lue" not in (await client.get("/themes/3")).text


@pytest.mark.parametrize("typed", ["", "12", "x-1", "0-1", "1-x", "99999999999-1", "1-2-3"])
async def test_a_mark_that_cannot_be_read_is_refused(client: AsyncClient, thread: Thread, typed: str) -> None:
    await sign_in(client, await make_member())
    answer = await client.post("/a-lire/lus", data={"lus": typed})
    assert answer.status_code == 422
    assert "Ce fil n’existe pas." in answer.text
    assert (await client.post("/a-lire/lus", data={"lus": "999-1"})).status_code == 404
    many = [f"{thread.id + n}-1" for n in range(thread_reads.SHOWN + 1)]
    assert (await client.post("/a-lire/lus", data={"lus": many})).status_code == 422
    assert await marks() == []


async def test_a_visitor_has_no_marker(client: AsyncClient, thread: Thread) -> None:
    post = await make_post(thread)
    assert "pas lue" not in (await client.get(f"/fils/{thread.id}")).text
    resumed = await client.get(f"/fils/{thread.id}/reprendre")
    assert resumed.headers["location"].endswith(f"#c-{post.id}")
    empty = await make_thread(await Theme.get(id=thread.theme_id), "Vide")
    assert (await client.get(f"/fils/{empty.id}/reprendre")).headers["location"] == f"/fils/{empty.id}"


async def test_resuming_leads_to_the_page_of_the_contribution(client: AsyncClient, thread: Thread) -> None:
    size = settings().limits.posts_per_page
    posts = [await make_post(thread) for _ in range(size + 1)]
    await sign_in(client, await make_member())
    await client.post("/a-lire/lus", data={"lus": f"{thread.id}-{size}"})
    resumed = await client.get(f"/fils/{thread.id}/reprendre")
    assert resumed.headers["location"] == f"/fils/{thread.id}?apres=20#c-{posts[-1].id}"
    answer = await client.post("/a-lire/lus", data={"fil": thread.id, "lus": f"{thread.id}-{size + 1}"})
    assert answer.headers["location"] == f"/fils/{thread.id}?apres=20&fait=fil-lu"


async def test_a_ready_page_asks_one_statement_more_of_members(app: Starlette, thread: Thread) -> None:
    await make_post(thread)
    async with visitor(app) as client:
        await sign_in(client, await make_member())
        await client.get(f"/fils/{thread.id}")
        with heard() as statements:
            await client.get(f"/fils/{thread.id}")
    assert len([each for each in statements if "thread_read" in each]) == 1


async def test_a_marker_follows_what_was_read_to_another_thread(thread: Thread) -> None:
    """Into an empty thread, or at the end of one that was read; not over what was not."""
    theme = await Theme.get(id=thread.theme_id)
    new, read, unread = [await make_thread(theme, title) for title in ("neuf", "lu", "pas lu")]
    camille, nadia = await make_member("Camille Martin"), await make_member("Nadia Berthier")
    await ThreadRead.create(member=camille, thread=thread, number=4, read_at=NOON)
    await ThreadRead.create(member=nadia, thread=thread, number=1, read_at=NOON)
    await ThreadRead.create(member=camille, thread=read, number=7, read_at=NOON)
    await ThreadRead.create(member=camille, thread=unread, number=3, read_at=NOON)
    await carry_marks(thread.id, new.id, {2: 1, 4: 2, 5: 3}, NOON)
    await carry_marks(thread.id, read.id, {2: 8, 4: 9, 5: 10}, NOON)
    await carry_marks(thread.id, unread.id, {2: 8, 4: 9}, NOON)
    found = await rows(
        "SELECT member_id, thread_id, number FROM thread_read WHERE thread_id <> $1 ORDER BY thread_id", thread.id
    )
    assert [(each["member_id"], each["thread_id"], each["number"]) for each in found] == [
        (camille.id, new.id, 2),
        (camille.id, read.id, 9),
        (camille.id, unread.id, 3),
    ]
