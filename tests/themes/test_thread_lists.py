"""The threads of a theme in the order that a reader wants."""

import re
from datetime import timedelta

import pytest
from httpx2 import AsyncClient

from forum.domain.themes import thread_lists
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON
from tests.factories import make_post, make_thread

ORDERS = {
    "": ["épinglé", "neuf", "ancien", "court"],
    "activite": ["épinglé", "neuf", "ancien", "court"],
    "derniers-ouverts": ["épinglé", "neuf", "court", "ancien"],
    "plus-fournis": ["épinglé", "ancien", "neuf", "court"],
    "sans-reponse": ["épinglé", "court"],
    "n’importe quoi": ["épinglé", "neuf", "ancien", "court"],
}


async def listed(client: AsyncClient, path: str) -> tuple[list[str], str]:
    """The titles of the threads on a page, and the address of the next one."""
    text = (await client.get(path)).text.partition('id="fils"')[2]
    following = re.search(r'href="([^"]+)" rel="next"', text)
    address = following[1].replace("&amp;", "&") if following else ""
    return re.findall(r"<strong>([^<]+)</strong></a>", text), address


async def test_threads_are_listed_as_one_wants_them(
    client: AsyncClient, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = await Theme.get(id=thread.theme_id)
    await Thread.filter(id=thread.id).update(title="ancien")
    for number, title in enumerate(("court", "neuf", "épinglé")):
        made = await make_thread(theme, title)
        for _ in range({"court": 1, "neuf": 2, "épinglé": 0}[title]):
            await make_post(made)
        last = NOON + timedelta(hours=2 * number)
        await Thread.filter(id=made.id).update(last_post_at=last, pinned=title == "épinglé")
    for _ in range(3):
        await make_post(thread)
    await Thread.filter(id=thread.id).update(last_post_at=NOON + timedelta(hours=1))

    assert thread_lists.THREADS_A_PAGE >= 4
    for sort, titles in ORDERS.items():
        assert await listed(client, f"/themes/{theme.number}?tri={sort}") == (titles, ""), sort

    monkeypatch.setattr(thread_lists, "THREADS_A_PAGE", 2)
    for sort, titles in ORDERS.items():
        found, address = await listed(client, f"/themes/{theme.number}?tri={sort}")
        further, _ = await listed(client, address) if address else ([], "")
        assert found + further == titles, sort
