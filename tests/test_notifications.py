"""Notifications through the page: marked as read when the member says so, and only those that the page showed."""

import re

import pytest
from httpx2 import AsyncClient

from forum.models.members import Member
from forum.models.notifications import Event, Notification
from forum.models.threads import Thread
from tests.conftest import NOON
from tests.factories import make_member, make_post, sign_in
from tests.turning import link, turn

PAGE, READ = "/notifications", "/notifications/lues"


async def told(member: Member, thread: Thread) -> Notification:
    post = await make_post(thread, f"@{member.handle} voyez.")
    return await Notification.create(member=member, post=post, event=Event.MENTION, created_at=NOON)


async def told_often(member: Member, thread: Thread, times: int) -> list[int]:
    """Make this many notices, each about a different contribution; returns their ids, the newest first."""
    posts = [await make_post(thread, f"Contribution {number}.") for number in range(times)]
    for post in posts:
        await Notification.create(member=member, post=post, event=Event.MENTION, created_at=NOON)
    found = await Notification.filter(member=member).order_by("-id")
    return [each.id for each in found]


async def unread(client: AsyncClient) -> int:
    """How many notices the page says are new."""
    return (await client.get(PAGE)).text.split("<main")[1].count("Nouveau")


def to_mark(page: str) -> list[int]:
    """The notices that the button of a page will mark as read."""
    return [int(each) for each in re.findall(r'name="vues" value="(\d+)"', page)]


async def test_what_came_after_the_page_was_shown_stays_new(client: AsyncClient, thread: Thread) -> None:
    member = await make_member()
    await sign_in(client, member)
    for _ in range(2):
        await told(member, thread)
    shown = to_mark((await client.get(PAGE)).text)
    await told(member, thread)
    assert await unread(client) == 3
    answer = await client.post(READ, data={"vues": shown})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert await unread(client) == 1


async def test_sixty_notices_are_all_reached_and_only_those_shown_are_marked(
    client: AsyncClient, thread: Thread
) -> None:
    member = await make_member()
    await sign_in(client, member)
    every = await told_often(member, thread, 60)
    first = (await client.get(PAGE)).text
    assert to_mark(first) == every[:50]
    assert "Tout marquer comme lu sur cette page" in first
    assert await turn(client, PAGE, to_mark) == [every[:50], every[50:]]
    english = re.findall(r'href="(/en/notifications[^"]*)"', (await client.get(link(first, "next"))).text)
    assert to_mark((await client.get(english[0])).text) == every[50:]
    await client.post(READ, data={"vues": to_mark(first)})
    left = await Notification.filter(member=member, read_at=None).order_by("-id")
    assert [each.id for each in left] == every[50:]


async def test_marking_a_further_page_stays_on_it(client: AsyncClient, thread: Thread) -> None:
    member = await make_member()
    await sign_in(client, member)
    await told_often(member, thread, 52)
    further = link((await client.get(PAGE)).text, "next")
    page = (await client.get(further)).text
    action = re.findall(r'action="([^"]*lues[^"]*)"', page)[0]
    answer = await client.post(action, data={"vues": to_mark(page)})
    assert answer.headers["location"] == further
    assert "Nouveau" not in (await client.get(further)).text.split("<main")[1]


async def test_reading_ones_own_notices_reads_nobody_elses(client: AsyncClient, thread: Thread) -> None:
    first, second = await make_member("Première Membre"), await make_member("Second Membre")
    others = await told(first, thread)
    own = await told(second, thread)
    await sign_in(client, second)
    await client.post(READ, data={"vues": [others.id, own.id]})
    assert await unread(client) == 0
    await sign_in(client, first)
    assert await unread(client) == 1


@pytest.mark.parametrize("seen", ["", "abc", "-1", "9" * 30, [str(n) for n in range(1000, 1051)]])
async def test_what_names_no_notice_marks_nothing(client: AsyncClient, thread: Thread, seen: str | list[str]) -> None:
    member = await make_member()
    await sign_in(client, member)
    await told(member, thread)
    answer = await client.post(READ, data={"vues": seen})
    assert answer.status_code == 422
    assert await unread(client) == 1
