"""Following: a button on each page, a list of what one follows, nothing for visitors."""

import re

import pytest
from httpx2 import AsyncClient

from forum.models.following import Follow
from forum.models.meetings import Meeting
from forum.models.members import Member
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON
from tests.factories import count, make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.factories import thread as thread
from tests.statements import heard

pytestmark = pytest.mark.anyio

STOP = {"acte": "arreter"}


@pytest.fixture
async def member(client: AsyncClient) -> Member:
    """Somebody who is signed in."""
    member = await make_member("Camille Martin")
    await sign_in(client, member)
    return member


async def things(thread: Thread) -> dict[str, str]:
    """One thing of each kind, by the address of its page, and the word of its button."""
    proposal = await make_proposal(await Theme.get(number=3), "Embaucher.")
    meeting = await Meeting.create(
        working_group=await make_group("gt-3"), number=1, held_on=NOON.date(), created_at=NOON
    )
    return {
        f"/fils/{thread.id}": "Suivre ce fil",
        f"/propositions/T3-{proposal.number:03}": "Suivre cette proposition",
        f"/reunions/{meeting.id}": "Suivre cette réunion",
        "/themes/3": "Suivre ce thème",
    }


async def test_each_page_has_a_button_that_follows_and_one_that_stops(
    client: AsyncClient, member: Member, thread: Thread
) -> None:
    for address, word in (await things(thread)).items():
        assert f">{word}</button>" in (await client.get(address)).text
        for _ in range(2):  # a double click follows once
            answer = await client.post(f"{address}/suivre", data={"acte": "suivre"})
            assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?fait=suivi")
        page = (await client.get(address)).text
        assert f">{word}</button>" not in page
        assert f">{word.replace('Suivre', 'Ne plus suivre')}</button>" in page
    assert await count("follow") == 4
    listed = (await client.get("/compte/suivis")).text
    assert all(f'href="{address}"' in listed for address in await _addresses())
    for address in await _addresses():
        answer = await client.post(f"{address}/suivre", data={**STOP, "suite": "/compte/suivis"})
        assert answer.headers["location"] == "/compte/suivis"
        assert (await client.post(f"{address}/suivre", data=STOP)).status_code == 303
    assert await count("follow") == 0
    assert "Vous ne suivez rien pour l’instant" in (await client.get("/compte/suivis")).text


async def _addresses() -> list[str]:
    proposal, meeting, thread = await Proposal.get(), await Meeting.get(), await Thread.get()
    return ["/themes/3", f"/fils/{thread.id}", f"/propositions/T3-{proposal.number:03}", f"/reunions/{meeting.id}"]


async def test_what_is_not_there_cannot_be_followed(client: AsyncClient, member: Member, thread: Thread) -> None:
    draft = await make_proposal(await Theme.get(number=3), "Une ébauche.", state=ProposalState.DRAFT)
    absent = ("/themes/9", "/fils/999", "/reunions/999", "/propositions/T3-099", f"/propositions/T3-{draft.number:03}")
    for address in absent:
        assert (await client.post(f"{address}/suivre", data={})).status_code == 404
    assert await count("follow") == 0


async def test_visitors_have_no_button_and_are_asked_to_sign_in(client: AsyncClient, thread: Thread) -> None:
    for address in await things(thread):
        assert not re.search("Suivre [^<]*</button>", (await client.get(address)).text)
        answer = await client.post(f"{address}/suivre", data={})
        assert (answer.status_code, "Se connecter" in answer.text) == (403, True)
    assert await count("follow") == 0


async def test_a_thread_costs_its_member_one_statement_and_a_visitor_none(client: AsyncClient, thread: Thread) -> None:
    await make_post(thread)
    address = f"/fils/{thread.id}"
    await client.get(address)
    with heard() as visited:
        await client.get(address)
    assert not [each for each in visited if "follow" in each or "thread_read" in each]
    await sign_in(client, await make_member("Camille Martin"))
    await client.get(address)
    with heard() as statements:
        await client.get(address)
    assert len([each for each in statements if "follow" in each or "thread_read" in each]) == 1


async def test_the_theme_of_a_thread_is_followed_with_its_threads(
    client: AsyncClient, member: Member, thread: Thread
) -> None:
    await client.post("/themes/3/suivre", data={})
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "Vous suivez le thème de ce fil." in page
    assert "Suivre ce fil</button>" not in page


async def test_who_follows_a_thread_follows_the_one_that_it_is_joined_to(client: AsyncClient) -> None:
    group = await make_group("gt-3")
    theme = await make_theme(3, group=group)
    source, other = await make_thread(theme, "Un fil"), await make_thread(theme, "Un autre fil")
    await make_post(source)
    reader, moderator = await make_member("Camille Martin"), await make_member("Odile Garde", moderates=[group])
    await sign_in(client, reader)
    await client.post(f"/fils/{source.id}/suivre", data={})
    await sign_in(client, moderator)
    form = {"fil": str(other.id), "motif": "La même question.", "vu": "0"}
    answer = await client.post(f"/fils/{source.id}/reunir", data=form)
    assert answer.status_code == 303, answer.text
    assert await Follow.filter(member=reader, thread=other).count() == 1
    await sign_in(client, reader)
    page = (await client.get("/compte/suivis")).text
    assert "Un autre fil" in page
    assert "Un fil<" not in page
    assert "Suivre ce fil</button>" not in (await client.get(f"/fils/{source.id}")).text
    await client.post(f"/fils/{source.id}/suivre", data=STOP)
    assert not await Follow.exists(member=reader, thread=other), "an old address leads to the new place"
