"""What is new in what somebody follows: each event once, theirs never, nothing that is no longer there."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.domain.following.news import News, grouped, news_for
from forum.domain.notifications import tell_of_proposal
from forum.domain.themes.proposal_states import tell_turn
from forum.models.following import Follow
from forum.models.meetings import Meeting, MeetingTag, TagState
from forum.models.members import Member
from forum.models.notifications import Event, Notification
from forum.models.posts import Post, PostState
from forum.models.proposals import Proposal, ProposalState, Turn
from forum.models.syntheses import Synthesis, SynthesisState
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON
from tests.factories import make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.factories import thread as thread

pytestmark = pytest.mark.anyio

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE = NOON - 8 * DAY


@pytest.fixture
async def reader(client: AsyncClient) -> Member:
    """Somebody who has followed things for long."""
    return await make_member("Camille Martin")


async def told(reader: Member, begin: timedelta = DAY, *, lead: timedelta = DAY) -> list[News]:
    return await news_for(reader.id, NOON - begin, NOON, lead=lead)


async def test_new_contributions_of_a_thread_and_of_a_theme_are_told_once(reader: Member, thread: Thread) -> None:
    author = await make_member("Paul Durand")
    post = await make_post(thread, "Former les\nbibliothécaires.", author=author)
    assert await told(reader) == []
    await Follow.create(member=reader, thread=thread, created_at=BEFORE)
    await Follow.create(member=reader, theme_id=thread.theme_id, created_at=BEFORE)
    (news,) = await told(reader)
    assert (news.what, news.post, news.thread, news.author) == ("new post", post.id, thread.id, "Paul Durand")
    assert (news.words, news.thread_title, news.theme) == ("Former les bibliothécaires.", thread.title, 3)
    assert await news_for(reader.id, NOON, NOON + DAY, lead=DAY) == [], "the window is open where it begins"


async def test_ones_own_words_hidden_ones_and_what_a_notification_tells_are_no_news(
    reader: Member, thread: Thread
) -> None:
    await Follow.create(member=reader, thread=thread, created_at=BEFORE)
    author = await make_member("Paul Durand")
    await make_post(thread, "Mes mots.", author=reader)
    hidden, answer = await make_post(thread, "Masqués.", author=author), await make_post(thread, "Oui.", author=author)
    await Post.filter(id=hidden.id).update(state=PostState.HIDDEN)
    await Notification.create(member=reader, post=answer, event=Event.REPLY, created_at=NOON)
    assert await told(reader) == []


async def test_a_contribution_that_was_moved_away_is_told_where_it_is(reader: Member, thread: Thread) -> None:
    other = await make_thread(await Theme.get(number=3), "Ailleurs")
    post = await make_post(thread, "Je déménage.", author=await make_member("Paul Durand"))
    await Follow.create(member=reader, thread=thread, created_at=BEFORE)
    assert len(await told(reader)) == 1
    await Post.filter(id=post.id).update(thread=other)
    assert await told(reader) == []


async def test_what_came_before_one_followed_is_no_news(reader: Member, thread: Thread) -> None:
    await make_post(thread, "Avant.", author=await make_member("Paul Durand"))
    await Follow.create(member=reader, thread=thread, created_at=NOON + HOUR)
    assert await told(reader) == []


async def test_followers_of_a_meeting_are_told_what_comes_from_it(reader: Member, thread: Thread) -> None:
    meeting = await Meeting.create(working_group=await make_group("gt-3"), number=1, created_at=NOON)
    await Follow.create(member=reader, meeting=meeting, created_at=BEFORE)
    post = await make_post(thread, "Dit en réunion.", author=await make_member("Paul Durand"))
    tag = await MeetingTag.create(post=post, meeting=meeting, state=TagState.WAITING, created_at=NOON)
    proposal = await make_proposal(await Theme.get(number=3))
    await Proposal.filter(id=proposal.id).update(meeting=meeting)
    await tell_turn(proposal.id, Turn.PROPOSED, None, NOON)
    assert [each.what for each in await told(reader)] == ["proposed"]
    await MeetingTag.filter(id=tag.id).update(state=TagState.CONFIRMED)
    assert sorted(each.what for each in await told(reader)) == ["new post", "proposed"]


async def test_followers_of_a_proposal_are_told_of_its_turns(reader: Member, thread: Thread) -> None:
    theme = await Theme.get(number=3)
    proposal, other = await make_proposal(theme), await make_proposal(theme, "Une autre.")
    await Follow.create(member=reader, proposal=proposal, created_at=BEFORE)
    for turn in (Turn.AMENDED, Turn.ANSWERED, Turn.CERTIFIED):
        await tell_turn(proposal.id, turn, None, NOON - HOUR)
    await tell_turn(other.id, Turn.ANSWERED, None, NOON)
    await tell_turn(other.id, Turn.MERGED, None, NOON, other=proposal.id)
    news = await told(reader)
    assert [(each.what, each.reference, each.other) for each in news] == [
        ("amended", "T3-001", None),
        ("answered", "T3-001", None),
        ("merged", "T3-002", "T3-001"),
    ]
    assert [len(group.news) for group in grouped(news, most=1)] == [1, 1]
    assert grouped(news, most=1)[0].more == 1
    await Proposal.filter(id=proposal.id).update(state=ProposalState.HIDDEN)
    assert [each.reference for each in await told(reader)] == ["T3-002"]


async def test_what_a_voter_is_notified_of_is_not_told_again(reader: Member, thread: Thread) -> None:
    proposal = await make_proposal(await Theme.get(number=3))
    await Follow.create(member=reader, theme_id=proposal.theme_id, created_at=BEFORE)
    await tell_turn(proposal.id, Turn.AMENDED, None, NOON, version=2)
    assert len(await told(reader)) == 1
    await tell_of_proposal(proposal.id, Event.AMENDED, {reader.id}, NOON, key=2, actor=None)
    assert await told(reader) == []


@pytest.mark.parametrize("follows", ["theme", "thread", "proposal"])
async def test_votes_that_open_and_close_are_told(client: AsyncClient, reader: Member, follows: str) -> None:
    theme = await make_theme(3)
    things: dict[str, Any] = {
        "theme": theme,
        "thread": await make_thread(theme),
        "proposal": await make_proposal(theme),
    }
    await Follow.create(member=reader, created_at=BEFORE, **{follows: things[follows]})
    moments = {"votes_open_at": NOON - HOUR, "contributions_close_at": NOON + 23 * HOUR}
    await Theme.filter(id=theme.id).update(votes_close_at=NOON + 2 * DAY, **moments)
    assert [each.what for each in await told(reader)] == ["votes open", "contributions close"]
    assert [each.what for each in await told(reader, lead=7 * DAY)] == ["votes open"], "told six days ago"
    assert [each.what for each in await told(reader, 7 * DAY, lead=7 * DAY)] == [
        *("votes open", "contributions close", "votes close"),
    ]


async def test_a_close_that_is_over_is_not_announced(reader: Member, thread: Thread) -> None:
    await Follow.create(member=reader, theme_id=thread.theme_id, created_at=BEFORE)
    await rows("UPDATE theme SET votes_close_at = $1, contributions_close_at = $1", NOON - HOUR)
    assert await told(reader, 7 * DAY) == []


async def test_a_synthesis_is_told_once_it_is_published(reader: Member, thread: Thread) -> None:
    await Follow.create(member=reader, thread=thread, created_at=BEFORE)
    one: dict[str, Any] = {"draft": False, "snapshot": "{}", "snapshot_sha256": "", "requested_at": NOON, "version": 1}
    for scope, theme in (("all", None), ("theme:3", thread.theme_id)):
        await Synthesis.create(scope=scope, theme_id=theme, state=SynthesisState.READY, **one)
    assert await told(reader) == []
    await rows("UPDATE synthesis SET state = 'published', published_at = $1", NOON)
    assert [(each.what, each.theme) for each in await told(reader)] == [
        ("published synthesis", None),
        ("published synthesis", 3),
    ]


async def test_the_page_shows_what_is_new_this_week(client: AsyncClient, reader: Member, thread: Thread) -> None:
    await sign_in(client, reader)
    await Follow.create(member=reader, thread=thread, created_at=BEFORE)
    assert "Rien de nouveau depuis une semaine." in (await client.get("/compte/suivis")).text
    for number in range(7):
        await make_post(thread, f"Une idée {number}.", author=await make_member(f"Paul Durand {number}"))
    await tell_turn((await make_proposal(await Theme.get(number=3))).id, Turn.PROPOSED, None, NOON)
    page = (await client.get("/compte/suivis")).text
    assert "Une idée 0." in page
    assert "et 2 autres" in page
    assert "Nouvelle proposition" not in page
