"""Turn the pages of a list by its links, as a reader does: to the end, then back to the beginning."""

import html
import re
from collections.abc import Callable
from typing import TypeVar

from httpx2 import AsyncClient

T = TypeVar("T")


def link(page: str, rel: str) -> str:
    """The address that a page goes on to ("next"), or back to ("prev"); empty where it does not."""
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
    return html.unescape(found[1]) if found else ""


async def turn(client: AsyncClient, address: str, read: Callable[[str], list[T]]) -> list[list[T]]:
    """What each page of a list shows; on the way back each one must be the same, at addresses of the same list."""
    pages, seen = [], []
    while address:
        page = (await client.get(address)).text
        seen.append(read(page))
        pages.append(page)
        address = link(page, "next")
    assert link(pages[0], "prev") == ""
    for expected in reversed(seen[:-1]):
        pages.append((await client.get(link(pages[-1], "prev"))).text)
        assert read(pages[-1]) == expected
    assert len(seen) == 1 or link(pages[-1], "prev") == ""
    return seen
