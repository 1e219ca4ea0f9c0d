"""A synthesis that holds words hidden since says so on its page, and its documents stay as they are."""

from httpx2 import AsyncClient

from forum.database import rows, transaction
from forum.domain.moderation.hiding import hide, hold_thing, unhide
from forum.models.moderation import Ground, Moderated
from forum.models.proposals import Origin, Proposal
from tests.compiled_syntheses import Quick, compiled, voted_theme
from tests.conftest import NOON, Clock
from tests.factories import CONFIRMED, make_extract, make_post, make_thread

WARNING = "Ce document contient des mots qui ne sont plus affichés."


async def test_the_page_of_a_synthesis_says_what_was_hidden_since(
    agent: AsyncClient, public: AsyncClient, worker_clock: Clock, quick: Quick
) -> None:
    theme = await voted_theme()
    post = await make_post(await make_thread(theme), "Des mots cités.")
    other = await make_post(await make_thread(theme), "Des mots dont rien ne vient.")
    extract = await make_extract(post)
    await Proposal.filter(number=2).update(extract_id=extract.id, origin=Origin.EXTRACT)
    address = await compiled(agent, worker_clock)
    assert WARNING not in (await agent.get(address)).text
    first = await Proposal.get(number=1)
    things = ((Moderated.POST, post.id), (Moderated.POST, other.id), (Moderated.PROPOSAL, first.id))
    before = await rows("SELECT format, sha256 FROM document ORDER BY id")
    for kind, number in things:
        async with transaction():
            await hide(await hold_thing(kind, number, NOON), Ground.CHARTER, NOON)
    page = (await agent.get(address)).text
    assert WARNING in page
    assert "Demandez une nouvelle synthèse" in page
    assert f"Contribution C-{post.id}</a>, masquée le 23 novembre 2026" in page
    assert "Proposition T3-001</a>, masquée le 23 novembre 2026" in page
    assert f"C-{other.id}<" not in page
    assert (await agent.post(f"{address}/publier", data=CONFIRMED)).status_code == 303
    page = (await public.get(address)).text
    assert WARNING in page
    assert "Un document publié ne change pas." in page
    assert await rows("SELECT format, sha256 FROM document ORDER BY id") == before
    again = await compiled(agent, worker_clock)
    assert again != address
    assert WARNING not in (await agent.get(again)).text
    for kind, number in things:
        async with transaction():
            await unhide(await hold_thing(kind, number, NOON))
    assert WARNING not in (await public.get(address)).text
