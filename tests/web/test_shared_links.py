"""What a message shows of a link to a page: its title and a sentence."""

import html
import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.models.posts import Post
from tests.conftest import visitor
from tests.world import World


async def shared(client: AsyncClient, path: str) -> dict[str, str]:
    """The properties that a page tells to those who show a link to it."""
    text = (await client.get(path)).text
    found = re.findall(
        r'<meta property="og:(\w+)"(?: name="description")? content="([^"]*)">', text.split("</head>")[0]
    )
    return {name: html.unescape(words) for name, words in found}


@pytest.mark.one_database
async def test_a_link_to_a_page_tells_what_it_is_about(app: Starlette, world: World) -> None:
    places = world.guests["visitor"].places
    async with visitor(app) as client:
        thread, proposal = f"/fils/{places['thread']}", "/propositions/{proposal}".format(**places)
        told = {path: await shared(client, path) for path in ("/", "/themes/3", thread, proposal, "/aide")}
        assert all(each["title"] and each["site_name"] == "Cahier" for each in told.values())
        assert told["/"]["description"].startswith("Lisez, écrivez, proposez, votez")
        assert "description" not in told["/aide"]
        assert told[proposal]["description"].startswith("Proposition du thème 3")

        first = await Post.filter(thread_id=places["thread"]).order_by("number").first()
        assert first
        assert told[thread]["description"] == " ".join(first.plain[:80].split())
