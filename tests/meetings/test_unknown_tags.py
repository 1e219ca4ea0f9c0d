"""Tags of meetings that their group does not have: they make none; a moderator chooses, once for all that name it."""

import asyncio
import re

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.meetings import unknown_tags
from forum.models.meetings import Meeting, TagState, UnknownTag
from forum.models.members import Member
from forum.models.posts import Post
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import count, make_group, make_member, make_theme, make_thread, sign_in

QUEUE = "/reunions/a-confirmer"


@pytest.fixture
async def thread(app: Starlette) -> Thread:
    return await make_thread(await make_theme(3))


async def a_moderator(name: str = "Nadia Berthier", group: str = "gt-3") -> Member:
    return await make_member(name, moderates=[await make_group(group)])


async def write(client: AsyncClient, thread: Thread, words: str) -> Post:
    answer = await client.post(f"/fils/{thread.id}/repondre", data={"source": words})
    assert answer.status_code == 303, answer.text
    return await Post.get(id=int(answer.headers["location"].split("#c-")[1]))


async def rewrite(client: AsyncClient, post: Post, words: str) -> None:
    version = (await Post.get(id=post.id)).revision
    form = {"source": words, "version": str(version), "acte": "publier"}
    answer = await client.post(f"/contributions/{post.id}/modifier", data=form)
    assert answer.status_code == 303, answer.text


async def unknown() -> list[tuple[int, int, str]]:
    return [(each.post_id, each.number, each.state.value) for each in await UnknownTag.all().order_by("id")]


async def tags() -> list[tuple[int, int, str]]:
    """Contribution, number and state of the tags of meetings that exist."""
    found = await rows(
        """SELECT g.post_id, m.number, g.state FROM meeting_tag g JOIN meeting m ON m.id = g.meeting_id
            ORDER BY g.post_id, m.number"""
    )
    return [(each["post_id"], each["number"], each["state"]) for each in found]


async def a_form(client: AsyncClient, number: int = 77) -> dict[str, str]:
    """The hidden fields of the form of an unknown meeting, as the page gives them."""
    page = (await client.get(QUEUE)).text
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\d*)"', form))
        if fields.get("numero") == str(number):
            return fields
    raise AssertionError(f"no choice about the meeting {number}")


async def choose(client: AsyncClient, act: str, number: int = 77, **more: str) -> Response:
    return await client.post(QUEUE, data={**await a_form(client, number), "acte": act, **more})


async def a_meeting(number: int = 7) -> Meeting:
    return await Meeting.create(working_group=await make_group("gt-3"), number=number, created_at=NOON)


async def test_a_tag_of_no_meeting_makes_none_and_waits(app: Starlette, client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member("Camille Martin"))
    post = await write(client, thread, "[GT réunion 77] Former.")
    assert await count("meeting") == 0
    assert await unknown() == [(post.id, 77, "waiting")]
    assert re.search(r"GT réunion 77\s+<small>\(à confirmer\)", (await client.get(f"/fils/{thread.id}")).text)
    assert (await client.get(QUEUE)).status_code == 403
    async with visitor(app) as other:
        assert "à confirmer" not in (await other.get(f"/fils/{thread.id}")).text
        await sign_in(other, await a_moderator("Autre Groupe", "gt-4"))
        assert "GT réunion 77" not in (await other.get(QUEUE)).text
    async with visitor(app) as moderator:
        await sign_in(moderator, await a_moderator())
        page = (await moderator.get(QUEUE)).text
        assert "Créer la réunion 77" in page.replace("\xa0", " ")
        assert "Former." in page
        assert "Camille Martin" in page
        assert "Rien n’attend" not in page
        assert "1 étiquette à confirmer" in (await moderator.get("/reunions")).text.replace("\xa0", " ")
        assert f'href="{QUEUE}">GT réunion 77' in (await moderator.get(f"/fils/{thread.id}")).text


async def test_one_choice_creates_the_meeting_for_all_that_name_it(
    app: Starlette, client: AsyncClient, thread: Thread
) -> None:
    await sign_in(client, await make_member("Camille Martin"))
    first = await write(client, thread, "[GT réunion 77] Former.")
    second = await write(
        client, await make_thread(await make_theme(4, group=await make_group("gt-3"))), "[GT réunion 77] Recruter."
    )
    async with visitor(app) as moderator:
        await sign_in(moderator, await a_moderator())
        seen = await a_form(moderator)
        late = await write(client, thread, "[GT réunion 77] Équiper.")
        answer = await moderator.post(QUEUE, data={**seen, "acte": "creer"})
        assert answer.status_code == 303
        assert "La réunion est créée" in (await moderator.get(answer.headers["location"])).text
        # The one that was not on the page yet waits, like any tag of a meeting that exists.
        assert await tags() == [(first.id, 77, "confirmed"), (second.id, 77, "confirmed"), (late.id, 77, "waiting")]
        assert "Équiper." in (await moderator.get(QUEUE)).text
    assert await unknown() == []
    assert "GT réunion 77" in (await client.get("/reunions")).text
    acts = [(each["act"], each["after"]) for each in await rows("SELECT act, after FROM journal_entry ORDER BY id")]
    assert acts == [("create_meeting", "77"), ("confirm_tags", f"{first.id} {second.id}")]


async def test_a_corrected_number_ties_to_the_other_meeting_and_does_not_come_back(
    app: Starlette, client: AsyncClient, thread: Thread
) -> None:
    await a_meeting()
    await sign_in(client, await make_member("Camille Martin"))
    post = await write(client, thread, "[GT réunion 77] Former.")
    async with visitor(app) as moderator:
        await sign_in(moderator, await a_moderator())
        refused = await choose(moderator, "corriger")
        assert refused.status_code == 422
        assert 'id="reunion-error"' in refused.text
        assert (await choose(moderator, "corriger", reunion="8")).status_code == 422
        assert await unknown() == [(post.id, 77, "waiting")]
        assert (await choose(moderator, "corriger", reunion="7")).status_code == 303
        assert await tags() == [(post.id, 7, "confirmed")]
        await rewrite(client, post, "[GT réunion 77] Former mieux.")
        assert await unknown() == [(post.id, 77, "removed")]
        assert "réunion 77" not in (await moderator.get(QUEUE)).text.replace("\xa0", " ")
        assert await count("meeting") == 1
        # Nor by a meeting of that number, entered afterwards.
        form = {"numero": "77", "date": "2019-03-12"}
        assert (await moderator.post("/reunions/nouvelle", data=form)).status_code == 303
    await rewrite(client, post, "[GT réunion 77] Former encore mieux.")
    assert await tags() == [(post.id, 7, "confirmed"), (post.id, 77, "removed")]
    [entry] = await rows("SELECT before, after FROM journal_entry WHERE act = 'correct_tags'")
    assert dict(entry) == {
        "before": '{"meeting_number": 77}',
        "after": f'{{"meeting_number": 7, "posts": "{post.id}"}}',
    }


async def test_a_refused_tag_is_remembered(app: Starlette, client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member("Camille Martin"))
    post = await write(client, thread, "[GT réunion 77] Former.")
    async with visitor(app) as moderator:
        await sign_in(moderator, await a_moderator())
        assert (await choose(moderator, "ecarter")).status_code == 303
        assert "Rien n’attend" in (await moderator.get(QUEUE)).text
    assert "GT réunion 77" not in (await client.get(f"/fils/{thread.id}")).text.split("</ul>")[-1]
    await rewrite(client, post, "[GT réunion 77] Former mieux.")
    assert await unknown() == [(post.id, 77, "removed")]
    assert (await count("meeting"), await count("meeting_tag")) == (0, 0)
    preview = await client.post(
        f"/contributions/{post.id}/modifier", data={"source": "[GT réunion 77] Oui.", "version": "2", "acte": "apercu"}
    )
    assert "(à confirmer)" not in preview.text
    [entry] = await rows("SELECT act, thing, thing_id, before, after FROM journal_entry")
    assert tuple(dict(entry).values()) == ("untag_post", "post", post.id, "77 waiting", "77 removed")


async def test_an_edit_removes_or_changes_what_waits(app: Starlette, client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member("Camille Martin"))
    post = await write(client, thread, "[GT réunion 77] Former.")
    async with visitor(app) as moderator:
        await sign_in(moderator, await a_moderator())
        seen = await a_form(moderator)
        # The same number keeps its place: the page that the moderator looks at still holds.
        await rewrite(client, post, "[GT réunion 77] Former mieux.")
        assert await a_form(moderator) == seen
        await rewrite(client, post, "[GT réunion 78] Former mieux.")
        assert await unknown() == [(post.id, 78, "waiting")]
        answer = await moderator.post(QUEUE, data={**seen, "acte": "creer"})
        assert answer.status_code == 409
        assert "n’attendent plus" in answer.text
        await rewrite(client, post, "Former mieux.")
        assert "Rien n’attend" in (await moderator.get(QUEUE)).text
    assert (await unknown(), await count("meeting")) == ([], 0)


async def test_a_moderators_words_make_no_meeting_but_their_act_does(client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await a_moderator())
    form = {"source": "[GT réunion 77] Former.", "acte": "apercu"}
    preview = (await client.post(f"/fils/{thread.id}/repondre", data=form)).text
    assert "choisira ce que devient l’étiquette" in preview
    assert "(à confirmer)" in preview
    post = await write(client, thread, "[GT réunion 77] Former.")
    assert (await unknown(), await count("meeting")) == ([(post.id, 77, "waiting")], 0)
    act = {"reunion": "77", "acte": "etiqueter"}
    assert (await client.post(f"/contributions/{post.id}/reunions", data=act)).status_code == 303
    assert (await unknown(), await tags()) == ([], [(post.id, 77, "confirmed")])


async def test_a_meeting_that_is_entered_takes_the_tags_that_named_it(
    app: Starlette, client: AsyncClient, thread: Thread
) -> None:
    await sign_in(client, await make_member("Camille Martin"))
    post = await write(client, thread, "[GT réunion 77] Former.")
    async with visitor(app) as moderator:
        await sign_in(moderator, await a_moderator())
        before = (await Thread.get(id=thread.id)).version
        form = {"numero": "77", "date": "2019-03-12"}
        answer = await moderator.post("/reunions/nouvelle", data=form)
        assert answer.status_code == 303
        assert await tags() == [(post.id, 77, "waiting")]
        assert (await Thread.get(id=thread.id)).version == before + 1
        meeting = (await Meeting.get()).id
        assert f'href="/reunions/{meeting}">GT réunion 77' in (await moderator.get(f"/fils/{thread.id}")).text
    assert await unknown() == []


async def test_a_hidden_contribution_asks_nothing(client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await a_moderator())
    post = await write(client, thread, "[GT réunion 77] Former.")
    await Post.filter(id=post.id).update(state="hidden")
    assert "Rien n’attend" in (await client.get(QUEUE)).text
    assert "étiquette à confirmer" not in (await client.get("/reunions")).text


async def test_the_page_shows_the_oldest_and_says_so(
    client: AsyncClient, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknown_tags, "MOST_SHOWN", 2)
    monkeypatch.setattr(unknown_tags, "MOST_POSTS", 1)
    await sign_in(client, await a_moderator())
    for number in (9, 9, 9, 8, 7):
        await write(client, thread, f"[GT réunion {number}] Idée {await count('post')}.")
    page = (await client.get(QUEUE)).text.replace("\xa0", " ")
    assert re.findall(r"Créer la réunion (\d)", page) == ["9", "8"]
    assert "et 2 autres contributions" in page
    assert "Voici les 2 réunions" in page
    await choose(client, "ecarter", 9)
    assert [each[2] for each in await unknown()] == ["removed"] * 3 + ["waiting"] * 2


async def test_another_groups_moderator_and_nonsense_are_refused(
    app: Starlette, client: AsyncClient, thread: Thread
) -> None:
    await sign_in(client, await a_moderator())
    await write(client, thread, "[GT réunion 77] Former.")
    form = await a_form(client)
    async with visitor(app) as other:
        await sign_in(other, await a_moderator("Autre Groupe", "gt-4"))
        assert (await other.post(QUEUE, data={**form, "acte": "creer"})).status_code == 403
    for wrong, status in (
        ({"numero": "x"}, 422),
        ({"vu": "9" * 30}, 422),
        ({"vu": ""}, 409),
        ({"numero": "78"}, 409),
        ({"groupe": ""}, 403),
    ):
        assert (await client.post(QUEUE, data={**form, "acte": "creer", **wrong})).status_code == status, wrong
    assert await count("meeting") == 0


async def test_of_moderators_who_choose_at_once_one_is_heard_and_the_others_are_told(
    app: Starlette, client: AsyncClient, thread: Thread
) -> None:
    await a_meeting()
    author = await make_member("Camille Martin")
    await sign_in(client, author)
    posts = [await write(client, thread, f"[GT réunion 77] Idée {n}.") for n in range(3)]
    async with visitor(app) as one, visitor(app) as two:
        await sign_in(one, await a_moderator())
        await sign_in(two, await a_moderator("Omar Second"))
        seen = await a_form(one)
        answers = await asyncio.gather(
            *(
                moderator.post(QUEUE, data={**seen, "acte": act, "reunion": "7"})
                for moderator in (one, two)
                for act in ("creer", "corriger", "ecarter")
            ),
            two.post("/reunions/nouvelle", data={"numero": "78", "date": "2019-03-12"}),
            client.post(f"/fils/{thread.id}/repondre", data={"source": "[GT réunion 78] Pendant ce temps."}),
        )
    *chosen, entered, written = [each.status_code for each in answers]
    assert sorted(chosen) == [303] + [409] * 5
    assert (entered, written) == (303, 303)
    heard = [each for each in await tags() if each[0] in {post.id for post in posts}]
    # All three have become the same thing.
    assert len({each[1:] for each in heard}) <= 1
    assert len(heard) in (0, 3)
    # A tag that was written while its meeting was entered waits for it, whichever came first.
    late = await Post.get(source="[GT réunion 78] Pendant ce temps.")
    assert (late.id, 78, TagState.WAITING.value) in await tags()
    assert all(number != 78 for _, number, _ in await unknown())
