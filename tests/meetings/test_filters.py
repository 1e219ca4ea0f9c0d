"""Filters by meeting: the threads of a theme, the contributions of a thread, proposals filtered and sorted."""

import re

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.models.meetings import Meeting, MeetingTag, TagState
from forum.models.posts import Post
from forum.models.proposals import Proposal
from forum.models.themes import Theme
from forum.ranking.tallies import Opinion
from forum.web.plumbing.kept import KeptPages, Weighed
from tests.compiled_syntheses import cast
from tests.conftest import NOON, visitor
from tests.factories import make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in

LIST = "/themes/3/propositions"


async def meeting_of(number: int, group: str = "gt-3") -> Meeting:
    found, _ = await Meeting.get_or_create(
        working_group=await make_group(group), number=number, defaults={"held_on": NOON.date(), "created_at": NOON}
    )
    return found


async def tag(post: Post, number: int, state: TagState = TagState.CONFIRMED) -> None:
    await MeetingTag.create(post=post, meeting=await meeting_of(number), state=state, created_at=NOON)


def posts_in(text: str) -> list[str]:
    return re.findall(r'<article class="post noted" id="c-(\d+)"', text)


async def test_a_thread_shows_what_comes_from_one_meeting_with_its_place(app: Starlette, client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    posts = [await make_post(thread, f"Idée {n}.") for n in range(45)]
    for place in (1, 3, *range(20, 42)):
        await tag(posts[place], 3)
    await tag(posts[0], 3, TagState.WAITING)
    await tag(posts[2], 3, TagState.REMOVED)
    first = await client.get(f"/fils/{thread.id}?reunion=3")
    shown = [posts[place] for place in (1, 3, *range(20, 42))]
    assert posts_in(first.text) == [str(each.id) for each in shown[:20]]
    assert f'<a class="number" href="/contributions/{posts[3].id}">' in first.text
    assert "24 contributions viennent de la réunion 3" in first.text.replace("\xa0", " ")
    assert f'href="/fils/{thread.id}?apres={posts[37].number}&amp;reunion=3" rel="next"' in first.text
    second = await client.get(f"/fils/{thread.id}?reunion=3&apres={posts[37].number}")
    assert posts_in(second.text) == [str(each.id) for each in shown[20:]]
    assert len(posts_in((await client.get(f"/fils/{thread.id}")).text)) == 20
    # The filter does not reveal a waiting tag, not even to people who may read it elsewhere.
    await sign_in(client, await make_member("Nadia Berthier", moderates=[await make_group("gt-3")]))
    assert posts_in((await client.get(f"/fils/{thread.id}?reunion=3")).text) == [str(each.id) for each in shown[:20]]


async def test_a_filter_without_matches_says_so_and_an_invalid_one_is_ignored(client: AsyncClient) -> None:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    post = await make_post(thread)
    await tag(post, 8, TagState.WAITING)
    await make_proposal(theme)
    for number in ("8", "999"):
        assert "Aucune contribution de ce fil" in (await client.get(f"/fils/{thread.id}?reunion={number}")).text
        assert "Aucun fil n’a de contribution" in (await client.get(f"/themes/3?reunion={number}")).text
        assert "Aucune proposition ne vient" in (await client.get(f"{LIST}?reunion={number}")).text
    for foolish in ("x", "0", "1000", "99999999999", "-1"):
        assert posts_in((await client.get(f"/fils/{thread.id}?reunion={foolish}")).text) == [str(post.id)]
        assert f'href="/fils/{thread.id}"' in (await client.get(f"/themes/3?reunion={foolish}")).text
        assert "T3-001" in (await client.get(f"{LIST}?reunion={foolish}")).text


async def test_a_theme_lists_the_threads_tagged_with_a_meeting(client: AsyncClient) -> None:
    theme = await make_theme(3)
    heard, other = await make_thread(theme, "Fil entendu"), await make_thread(theme, "Autre fil")
    for n in range(3):
        await tag(await make_post(heard, f"Dit {n}."), 2)
    await make_post(heard, "Pas dit.")
    await make_post(other, "Ailleurs.")
    page = (await client.get("/themes/3?reunion=2")).text
    assert f'href="/fils/{heard.id}?reunion=2"' in page
    assert "3 contributions de cette réunion, sur 4" in page.replace("\xa0", " ")
    assert "Autre fil" not in page
    whole = (await client.get("/themes/3")).text
    assert 'href="/themes/3?reunion=2#fils"' in whole
    assert "Autre fil" in whole


async def of_meetings(theme: Theme, *numbers: int | None) -> None:
    """Proposals T3-001, T3-002… that come from these meetings."""
    for place, number in enumerate(numbers, start=1):
        proposal = await make_proposal(theme, f"Idée {place}")
        meeting = await meeting_of(number) if number else None
        await Proposal.filter(id=proposal.id).update(meeting_id=meeting and meeting.id)


def references(text: str) -> list[str]:
    return re.findall(r'<(?:article)[^>]* id="(T3-\d+)"', text)


async def test_proposals_are_sorted_and_filtered_by_meeting_before_the_vote(client: AsyncClient) -> None:
    await of_meetings(await make_theme(3, votes="later"), 2, None, 1, 2)
    assert references((await client.get(LIST)).text) == ["T3-001", "T3-002", "T3-003", "T3-004"]
    page = (await client.get(LIST)).text
    assert f'href="{LIST}?tri=reunion"' in page
    assert f'href="{LIST}?reunion=1"' in page
    assert references((await client.get(f"{LIST}?tri=reunion")).text) == ["T3-003", "T3-001", "T3-004", "T3-002"]
    assert references((await client.get(f"{LIST}?reunion=2")).text) == ["T3-001", "T3-004"]


async def test_during_the_vote_a_filter_keeps_the_random_order_and_sorting_is_ignored(client: AsyncClient) -> None:
    await of_meetings(await make_theme(3), *(1 if n % 2 else 2 for n in range(12)))
    await sign_in(client, await make_member())
    drawn = references((await client.get(LIST)).text)
    assert len(drawn) == 12
    assert references((await client.get(f"{LIST}?tri=reunion")).text) == drawn
    filtered = references((await client.get(f"{LIST}?reunion=1")).text)
    assert filtered == [each for each in drawn if each in filtered]
    assert len(filtered) == 6
    assert "tri=reunion" not in (await client.get(LIST)).text


async def test_after_the_close_a_filter_keeps_the_ranks_of_the_whole_theme(client: AsyncClient) -> None:
    await of_meetings(await make_theme(3, votes="closed"), 1, 2, 2)
    voter = await make_member()
    for proposal in await Proposal.all():
        await cast(proposal, voter.id, Opinion.FOR)
    page = (await client.get(f"{LIST}?reunion=2")).text
    assert references(page) == ["T3-002", "T3-003"]
    assert references((await client.get(f"{LIST}?tri=reunion")).text) == references((await client.get(LIST)).text)


async def test_a_filtered_page_is_never_served_in_place_of_the_whole_one(app: Starlette, client: AsyncClient) -> None:
    theme = await make_theme(3, votes="later")
    await of_meetings(theme, 1, 2)
    thread = await make_thread(theme)
    await tag(await make_post(thread, "Dit."), 1)
    await make_post(thread, "Pas dit.")
    async with visitor(app) as other:
        for path in (LIST, f"/fils/{thread.id}"):
            whole, some = (await client.get(path)), (await client.get(f"{path}?reunion=1"))
            assert (await other.get(path)).content == whole.content
            assert (await other.get(f"{path}?reunion=1")).content == some.content
            assert whole.content != some.content
            again = await other.get(f"{path}?reunion=1", headers={"If-None-Match": whole.headers["etag"]})
            assert again.status_code == 200
    kept: KeptPages[Weighed] = app.state.kept
    assert len(kept._pages) == 3  # the two pages, and the roll of the theme
