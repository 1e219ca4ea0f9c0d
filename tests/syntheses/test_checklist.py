"""Before publication: what the checklist warns of, how words go past it, and the review, when nobody writes."""

import pytest
from httpx2 import AsyncClient

from forum.database import rows, transaction
from forum.domain.chapters.outlines import outline_of
from forum.domain.moderation.hiding import hide, hold_thing
from forum.domain.syntheses.written import WrittenBlock, WrittenWords, from_line
from forum.models.moderation import Ground, Moderated
from forum.models.syntheses import BlockKind, Reserve, Synthesis
from tests.compiled_syntheses import agent, compiled, public, quick, voted_theme, work_off, worker_clock
from tests.conftest import NOON, Clock
from tests.document_samples import small_snapshot
from tests.factories import make_post, make_thread
from tests.syntheses.test_blocks import write

__all__ = ["agent", "public", "quick", "worker_clock"]
pytestmark = pytest.mark.usefixtures("quick")

WARNED = (
    "essentiel-manquant",
    "introduction-manquante",
    "contributions-a-lire",
    "questions-sans-proposition",
    "propositions-sans-reponse",
)


async def composed(agent: AsyncClient, address: str, clock: Clock) -> None:
    assert (await agent.post(f"{address}/composer")).status_code == 303
    await work_off(clock)


async def test_a_synthesis_goes_to_review_when_each_warning_is_settled_or_passed_in_words(
    agent: AsyncClient, public: AsyncClient, worker_clock: Clock
) -> None:
    theme = await voted_theme()
    post = await make_post(await make_thread(theme, "Un fil"), "Former tout le monde.")
    address = await compiled(agent, worker_clock)
    page = (await agent.get(f"{address}/textes")).text
    assert all(f"{address}/textes/reserve-{each}" in page for each in WARNED)
    assert "Contributions qui restent à lire" in page
    assert "reserve-etiquettes-en-attente" not in page
    refused = await agent.post(f"{address}/relecture")
    assert refused.status_code == 409
    assert "Il reste des points à régler" in refused.text
    assert await write(agent, address, "essentiel", f"{{{{citation {post.id}@1 0-6}}}}") == 303
    for each in WARNED[1:]:
        assert await write(agent, address, f"reserve-{each}", "Le calendrier **ne le permet pas**.") == 303
    assert "composez d’abord les documents" in (await agent.post(f"{address}/relecture")).text
    await composed(agent, address, worker_clock)
    async with transaction():
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.CHARTER, NOON)
    assert "qui ne sont plus affichés" in (await agent.post(f"{address}/relecture")).text
    await composed(agent, address, worker_clock)
    quote = from_line((await Synthesis.get()).written).blocks[0].quotes[0]
    assert quote.words == ""
    sent = await agent.post(f"{address}/relecture")
    assert sent.status_code == 303, sent.text
    assert sent.headers["location"] == f"{address}?fait=synthese-en-relecture"
    assert (await public.get(address)).status_code == 404
    assert await write(agent, address, "conclusion", "Trop tard.") == 409
    assert (await agent.post(f"{address}/composer")).status_code == 409
    assert "en relecture" in (await agent.get("/syntheses")).text
    assert (await agent.post(f"{address}/reprendre")).status_code == 303
    assert await write(agent, address, "conclusion", "À temps.") == 303
    await composed(agent, address, worker_clock)
    assert (await agent.post(f"{address}/relecture")).status_code == 303
    assert (await agent.post(f"{address}/publier", data={"confirmation": "1"})).status_code == 303
    assert (await public.get(address)).status_code == 200
    assert (await agent.post(f"{address}/relecture")).status_code == 409
    acts = [each["act"] for each in await rows("SELECT act FROM journal_entry WHERE thing = 'synthesis' ORDER BY id")]
    assert acts == ["request", "compose", "compose", "review", "resume", "compose", "review", "publish"]


def test_words_that_go_past_a_warning_are_printed_in_the_annexes() -> None:
    block = WrittenBlock(BlockKind.RESERVE, Reserve.UNREAD.value, 1, "Le temps a *manqué*.")
    annexes = outline_of(small_snapshot(), WrittenWords((block,))).chapters[-1]
    assert annexes.sections[0].title == "Réserves de l’organisateur"
    assert "manqué" in str(annexes.sections[0])
    assert "Réserves" not in str(outline_of(small_snapshot()))
