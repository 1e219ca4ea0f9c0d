"""What a member is told, through the door: read when they say so, and only what their page showed."""

import re

import pytest
from httpx2 import AsyncClient

from forum.models.members import Member
from forum.models.notifications import Event, Notification
from forum.models.threads import Thread
from tests.conftest import NOON
from tests.factories import make_member, make_post, sign_in


async def told(member: Member, thread: Thread) -> Notification:
    post = await make_post(thread, f"@{member.handle} voyez.")
    return await Notification.create(member=member, post=post, event=Event.MENTION, created_at=NOON)


async def unread(client: AsyncClient) -> int:
    """How many notices the page says are new."""
    return (await client.get("/notifications")).text.split("<main")[1].count("Nouveau")


async def test_what_came_after_the_page_was_shown_stays_new(client: AsyncClient, thread: Thread) -> None:
    member = await make_member()
    await sign_in(client, member)
    for _ in range(2):
        await told(member, thread)
    page = (await client.get("/notifications")).text
    newest = re.findall(r'name="jusqua" value="(\d+)"', page)
    await told(member, thread)
    assert await unread(client) == 3
    answer = await client.post("/notifications/lues", data={"jusqua": newest[0]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/notifications")
    assert await unread(client) == 1


async def test_reading_ones_own_notices_reads_nobody_elses(client: AsyncClient, thread: Thread) -> None:
    first, second = await make_member("Première Membre"), await make_member("Second Membre")
    await told(first, thread)
    newest = await told(second, thread)
    await sign_in(client, second)
    await client.post("/notifications/lues", data={"jusqua": str(newest.id)})
    assert await unread(client) == 0
    await sign_in(client, first)
    assert await unread(client) == 1


@pytest.mark.parametrize("jusqua", ["", "abc", "-1", "9" * 30])
async def test_what_names_no_notice_marks_nothing(client: AsyncClient, thread: Thread, jusqua: str) -> None:
    member = await make_member()
    await sign_in(client, member)
    await told(member, thread)
    answer = await client.post("/notifications/lues", data={"jusqua": jusqua})
    assert answer.status_code in (303, 404, 422)
    assert await unread(client) == 1
