"""Many tags at once, through the forms: waiting tags of members, a selection of contributions tagged and untagged."""

import asyncio
import html
import json
import re

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain.meetings import bulk_tags, waiting_tags
from forum.models.meetings import Meeting, MeetingTag, TagState
from forum.models.members import Member
from forum.models.posts import Post
from forum.models.proposals import Extract, Origin, Proposal
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import count, make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.statements import heard
from tests.turning import link, turn

QUEUE, SELECT = "/reunions/a-confirmer", "/themes/3/etiqueter"


async def a_moderator(group: str = "gt-3") -> Member:
    return await make_member(f"Modération {group}", moderates=[await make_group(group)])


async def waiting(number: int = 1, group: str = "gt-3", theme: int = 3) -> MeetingTag:
    """A tag that a member wrote in a contribution of that theme."""
    found = await Theme.get_or_none(number=theme) or await make_theme(theme)
    post = await make_post(await make_thread(found), f"Ce que la réunion {number} du thème {theme} a dit.")
    meeting, _ = await Meeting.get_or_create(
        working_group=await make_group(group), number=number, defaults={"created_at": NOON}
    )
    return await MeetingTag.create(post=post, meeting=meeting, state=TagState.WAITING, created_at=NOON)


async def states() -> list[str]:
    return [each.state.value for each in await MeetingTag.all().order_by("id")]


async def test_the_queue_shows_the_tags_waiting_in_the_moderators_own_groups(
    app: Starlette, client: AsyncClient
) -> None:
    await waiting()
    await waiting(group="gt-4", theme=4)
    assert (await client.get(QUEUE)).status_code == 303
    await sign_in(client, await a_moderator())
    page = (await client.get(QUEUE)).text
    assert "du thème 3" in page
    assert "du thème 4" not in page
    assert "1 étiquette à confirmer" in (await client.get("/reunions")).text.replace("\xa0", " ")
    async with visitor(app) as member:
        await sign_in(member, await make_member())
        assert (await member.get(QUEUE)).status_code == 403


async def test_tags_are_settled_one_by_one_and_many_at_once(client: AsyncClient) -> None:
    tags = [await waiting(number) for number in (1, 1, 2, 2)]
    theme = await Theme.get()
    await sign_in(client, await a_moderator())
    assert (await client.post(QUEUE, data={"acte": f"refuser:{tags[3].id}"})).status_code == 303
    assert (await states())[3] == "removed"
    chosen = {"etiquettes": [str(each.id) for each in tags[:3]], "acte": "confirmer"}
    assert (await client.post(QUEUE, data=chosen)).status_code == 303
    assert await states() == ["confirmed", "confirmed", "confirmed", "removed"]
    assert (await Theme.get()).version == theme.version + 2
    assert [each.version for each in await Thread.all()] == [2, 2, 2, 2]
    acts = [(each["act"], each["after"]) for each in await rows("SELECT act, after FROM journal_entry ORDER BY id")]
    posts = [each.post_id for each in tags]
    assert acts == [
        ("refuse_tags", f"{posts[3]}"),
        ("confirm_tags", f"{posts[0]} {posts[1]}"),
        ("confirm_tags", f"{posts[2]}"),
    ]
    assert "Rien n’attend" in (await client.get(QUEUE)).text
    # Sent again, the form finds no waiting tag and changes nothing.
    assert (await client.post(QUEUE, data=chosen | {"acte": "refuser"})).status_code == 303
    assert await states() == ["confirmed", "confirmed", "confirmed", "removed"]
    assert await count("journal_entry") == 3


async def test_the_queue_goes_on_and_settling_a_page_stays_on_it(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_tags, "MOST_AT_ONCE", 2)
    tags = [str((await waiting()).id) for _ in range(5)]
    await sign_in(client, await a_moderator())
    assert await turn(client, QUEUE, listed_tags) == [tags[:2], tags[2:4], tags[4:]]
    second = (await client.get(link((await client.get(QUEUE)).text, "next"))).text
    assert "5 étiquettes" in second.replace("\xa0", " ")
    action = html.unescape(re.findall(rf'action="({QUEUE}[^"]*)"', second)[0])
    assert (await client.post(action, data={"acte": "confirmer"})).text.count('name="etiquettes"') == 2
    answer = await client.post(action, data={"etiquettes": tags[2:4], "acte": "confirmer"})
    assert listed_tags((await client.get(answer.headers["location"])).text) == tags[4:]
    await client.post(QUEUE, data={"etiquettes": tags[4:], "acte": "refuser"})
    # Nothing is left after this page: the last page is shown.
    assert listed_tags((await client.get(answer.headers["location"])).text) == tags[:2]


def listed_tags(page: str) -> list[str]:
    return re.findall(r'name="etiquettes" value="(\d+)"', page)


async def test_one_tag_of_another_group_refuses_the_whole_selection(client: AsyncClient) -> None:
    own, other = await waiting(), await waiting(group="gt-4", theme=4)
    await sign_in(client, await a_moderator())
    chosen = {"etiquettes": [str(own.id), str(other.id)], "acte": "confirmer"}
    assert (await client.post(QUEUE, data=chosen)).status_code == 403
    assert await states() == ["waiting", "waiting"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"acte": "confirmer"}, "Cochez au moins une étiquette."),
        ({"acte": "confirmer", "etiquettes": [str(n) for n in range(1, 202)]}, "Au plus 200"),
        ({"acte": "autre", "etiquettes": "1"}, "Choisissez ce qu’il faut faire."),
        ({"acte": "confirmer", "etiquettes": "x"}, "Ce choix n’existe pas."),
    ],
)
async def test_an_impossible_settling_is_refused(
    client: AsyncClient, fields: dict[str, str | list[str]], sentence: str
) -> None:
    await waiting()
    await sign_in(client, await a_moderator())
    answer = await client.post(QUEUE, data=fields)
    assert answer.status_code == 422
    assert sentence in answer.text.replace("\xa0", " ")
    assert await states() == ["waiting"]


async def a_theme_to_tag() -> tuple[Theme, list[Post], int]:
    """A theme with three contributions in two threads, a proposal made of the first, and one that a member wrote
    directly."""
    theme = await make_theme(3)
    one, two = await make_thread(theme, "Premier fil"), await make_thread(theme, "Second fil")
    posts = [await make_post(one, "Former."), await make_post(one, "Recruter."), await make_post(two, "Équiper.")]
    extract = await Extract.create(post=posts[0], revision=1, start=0, stop=7, sha256="0" * 64, created_at=NOON)
    made = await make_proposal(theme, "Former")
    await Proposal.filter(id=made.id).update(extract_id=extract.id, origin=Origin.POST)
    await make_proposal(theme, "Ouvrir le samedi")
    meeting = await Meeting.create(
        working_group=await make_group("gt-3"), number=1, held_on=NOON.date(), created_at=NOON
    )
    return theme, posts, meeting.id


async def meetings_of_proposals() -> list[int | None]:
    return [each.meeting_id for each in await Proposal.all().order_by("number")]


async def send(client: AsyncClient, meeting: int, act: str, **ticked: list[str]) -> Response:
    return await client.post(SELECT, data={"reunion": str(meeting), "acte": act, **ticked})


async def test_a_selection_is_tied_to_a_meeting_then_untied(client: AsyncClient) -> None:
    theme, posts, meeting = await a_theme_to_tag()
    await sign_in(client, await a_moderator())
    page = (await client.get(f"{SELECT}?reunion={meeting}")).text
    assert f'<option value="{meeting}" selected>' in page
    assert page.count('name="contributions"') == 3
    version = (await Theme.get(id=theme.id)).version
    ticked = {"contributions": [str(each.id) for each in posts], "propositions": ["T3-002"]}
    answer = await send(client, meeting, "etiqueter", **ticked)
    assert answer.status_code == 303
    told = (await client.get(answer.headers["location"])).text
    assert "contributions étiquetées, 3 ; propositions, 1." in told.replace("\xa0", " ").replace("\u202f", " ")
    assert await states() == ["confirmed"] * 3
    # The proposal made of a contribution gets its meeting too.
    assert await meetings_of_proposals() == [meeting, meeting]
    assert (await Theme.get(id=theme.id)).version == version + 1
    assert [each.version for each in await Thread.all().order_by("id")] == [2, 2]
    answer = await send(client, meeting, "etiqueter", **ticked)
    assert "4 étaient déjà ainsi." in (await client.get(answer.headers["location"])).text.replace("\xa0", " ")
    assert (await Theme.get(id=theme.id)).version == version + 1
    some = {"contributions": [str(posts[0].id)], "propositions": ["T3-002"]}
    assert (await send(client, meeting, "retirer", **some)).status_code == 303
    assert await states() == ["removed", "confirmed", "confirmed"]
    assert await meetings_of_proposals() == [None, None]
    entry = await row("SELECT after FROM journal_entry WHERE act = 'untag_selection'")
    assert entry is not None
    done = {"meeting_number": 1, "posts": str(posts[0].id), "proposals": "T3-002", "unchanged": 0}
    assert json.loads(entry["after"]) == done


async def test_a_selection_is_tied_in_the_same_number_of_statements_whatever_its_size(client: AsyncClient) -> None:
    theme, posts, meeting = await a_theme_to_tag()
    thread = await Thread.get(id=posts[0].thread_id)
    many = [str((await make_post(thread, f"Idée {n}.")).id) for n in range(150)]
    await sign_in(client, await a_moderator())
    with heard() as asked:
        assert (await send(client, meeting, "etiqueter", contributions=many[:1])).status_code == 303
    with heard() as asked_for_many:
        assert (await send(client, meeting, "etiqueter", contributions=many[1:])).status_code == 303
    assert len(asked) == len(asked_for_many)
    assert await count("meeting_tag") == 150
    assert theme.number == 3


async def test_a_selection_is_refused_whole_and_kept(app: Starlette, client: AsyncClient) -> None:
    _, posts, meeting = await a_theme_to_tag()
    elsewhere = await make_theme(4)
    stranger = await make_post(await make_thread(elsewhere), "Ailleurs.")
    await make_proposal(elsewhere, "Ailleurs")
    other = await Meeting.create(working_group=await make_group("gt-4"), number=1, held_on=NOON.date(), created_at=NOON)
    await sign_in(client, await a_moderator())
    mine = str(posts[1].id)
    refusals = [
        (await send(client, meeting, "etiqueter"), "Cochez au moins une contribution"),
        (await send(client, meeting, "etiqueter", contributions=[mine, str(stranger.id)]), "n’est pas de ce thème"),
        (await send(client, meeting, "etiqueter", contributions=[mine], propositions=["T4-001"]), "pas de ce thème"),
        (await send(client, meeting, "etiqueter", contributions=[mine], propositions=["x"]), "pas de ce thème"),
        (await send(client, other.id, "etiqueter", contributions=[mine]), "Choisissez une réunion de ce groupe."),
        (await send(client, meeting, "brûler", contributions=[mine]), "Choisissez ce qu’il faut faire."),
        (await send(client, meeting, "etiqueter", contributions=[str(n) for n in range(1, 202)]), "Au plus 200"),
    ]
    for answer, sentence in refusals:
        assert answer.status_code == 422
        assert sentence in answer.text.replace("\xa0", " ")
    assert f'value="{mine}" checked' in refusals[1][0].text
    assert (await count("meeting_tag"), await count("journal_entry")) == (0, 0)
    async with visitor(app) as voisine:
        await sign_in(voisine, await a_moderator("gt-4"))
        assert (await voisine.get(SELECT)).status_code == 403
        assert (await send(voisine, meeting, "etiqueter", contributions=[mine])).status_code == 403
    assert await count("meeting_tag") == 0


async def test_untagged_contributions_are_listed_thread_by_thread(client: AsyncClient) -> None:
    _, posts, meeting = await a_theme_to_tag()
    await sign_in(client, await a_moderator())
    await send(client, meeting, "etiqueter", contributions=[str(posts[0].id)])
    untagged = (await client.get(f"{SELECT}?voir=sans")).text
    assert f'name="contributions" value="{posts[0].id}"' not in untagged
    assert f'name="contributions" value="{posts[1].id}"' in untagged
    assert "Ouvrir le samedi" in untagged
    assert 'value="T3-001"' not in untagged
    of_thread = (await client.get(f"{SELECT}?fil={posts[2].thread_id}")).text
    assert of_thread.count('name="contributions"') == 1
    assert "Ouvrir le samedi" not in of_thread


async def test_what_may_be_ticked_follows_from_page_to_page_with_its_filters(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_tags, "MOST_AT_ONCE", 2)
    _, posts, meeting = await a_theme_to_tag()
    one, two, three = (str(each.id) for each in posts)
    await sign_in(client, await a_moderator())
    assert await turn(client, SELECT, listed_boxes) == [[one, two], [three, "T3-001"], ["T3-002"]]
    assert await turn(client, f"{SELECT}?quoi=contributions", listed_boxes) == [[one, two], [three]]
    assert await turn(client, f"/en{SELECT}?quoi=propositions", listed_boxes) == [["T3-001", "T3-002"]]
    further = link((await client.get(f"{SELECT}?voir=sans")).text, "next")
    action = html.unescape(re.findall(rf'action="({SELECT}\?[^"]*)"', (await client.get(further)).text)[0])
    assert action == further
    ticked = {"reunion": str(meeting), "acte": "etiqueter", "propositions": "T3-001"}
    answer = await client.post(action, data=ticked)
    assert answer.headers["location"] == f"{further}&fait=selection-etiquetee"
    assert listed_boxes((await client.get(answer.headers["location"])).text) == [three, "T3-002"]
    for wrong in ("x", "0~1", "0~1~", f"0~{10**12}~1", "~~"):
        assert listed_boxes((await client.get(f"{SELECT}?apres={wrong}")).text) == [one, two]


def listed_boxes(page: str) -> list[str]:
    return re.findall(r'name="(?:contributions|propositions)" value="([^"]+)"', page)


async def test_moderators_who_settle_and_tag_the_same_contributions_at_once_do_not_deadlock(
    app: Starlette, client: AsyncClient
) -> None:
    theme, posts, meeting = await a_theme_to_tag()
    for post in posts:
        await MeetingTag.create(post=post, meeting_id=meeting, state=TagState.WAITING, created_at=NOON)
    tags = [str(each.id) for each in await MeetingTag.all()]
    ticked = [str(each.id) for each in posts]
    await sign_in(client, await a_moderator())
    async with visitor(app) as other:
        await sign_in(other, await make_member("Autre Modératrice", moderates=[await make_group("gt-3")]))
        answers = await asyncio.gather(
            send(client, meeting, "etiqueter", contributions=ticked, propositions=["T3-001", "T3-002"]),
            other.post(QUEUE, data={"etiquettes": tags[::-1], "acte": "confirmer"}),
            send(other, meeting, "etiqueter", contributions=ticked[::-1], propositions=["T3-002"]),
            client.post(f"/contributions/{posts[1].id}/reunions", data={"reunion": "1", "acte": "etiqueter"}),
        )
    assert [each.status_code for each in answers] == [303] * 4
    assert await states() == ["confirmed"] * 3
    assert await meetings_of_proposals() == [meeting, meeting]
    assert (await Theme.get(id=theme.id)).version > theme.version
