"""What agents write in a synthesis: its versions, two of them at once, and where it stands in the documents."""

import json
import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.syntheses.written import NOTHING, from_line, to_line
from forum.models.members import Role
from forum.models.syntheses import Synthesis, SynthesisBlock
from tests.compiled_syntheses import agent, compiled, public, quick, voted_theme, work_off, worker_clock
from tests.conftest import Clock, visitor
from tests.factories import make_member, make_post, make_thread, sign_in

__all__ = ["agent", "public", "quick", "worker_clock"]
pytestmark = pytest.mark.usefixtures("quick")

SAVE = {"acte": "publier"}


async def write(client: AsyncClient, address: str, block: str, source: str, version: int = 0) -> int:
    data = SAVE | {"source": source, "version": str(version)}
    return (await client.post(f"{address}/textes/{block}", data=data)).status_code


async def test_a_block_is_written_in_versions_with_their_authors(agent: AsyncClient, worker_clock: Clock) -> None:
    await voted_theme()
    address = await compiled(agent, worker_clock)
    assert await write(agent, address, "introduction", "Une **consultation** ouverte.") == 303
    assert await write(agent, address, "introduction", "Une grande consultation ouverte.", 1) == 303
    listed = (await agent.get(f"{address}/textes")).text
    assert "version 2" in listed
    assert "Agathe Agent" in listed
    page = (await agent.get(f"{address}/textes/introduction/versions")).text
    assert re.search(r"<ins>.*grande ", page)
    assert re.search(r"<del>.*\*\*", page)
    again = await agent.post(f"{address}/textes/introduction", data=SAVE | {"source": "Autre.", "version": "2"})
    assert again.headers["location"] == f"{address}/textes?fait=texte-enregistre"
    same = await agent.post(f"{address}/textes/introduction", data=SAVE | {"source": "Autre.", "version": "9"})
    assert same.headers["location"] == f"{address}/textes?fait=texte-inchange"


async def test_who_comes_second_reads_both_texts_and_writes_over_the_first(
    app: Starlette, agent: AsyncClient, worker_clock: Clock
) -> None:
    await voted_theme()
    address = await compiled(agent, worker_clock)
    async with visitor(app) as other:
        await sign_in(other, await make_member("Bruno Agent", role=Role.AGENT))
        assert await write(other, address, "introduction", "Les mots de Bruno.") == 303
    late = await agent.post(
        f"{address}/textes/introduction", data=SAVE | {"source": "Les mots d’Agathe.", "version": "0"}
    )
    assert late.status_code == 409
    for said in ("Bruno Agent", "Les mots de Bruno.", "Les mots d’Agathe.</textarea>"):
        assert said in late.text
    assert 'name="version" value="1"' in late.text
    assert await write(agent, address, "introduction", "Les mots d’Agathe.", 1) == 303
    assert await write(agent, address, "divergences", "Un autre texte, sans heurt.") == 303


async def test_words_that_cannot_be_kept_come_back(agent: AsyncClient, worker_clock: Clock) -> None:
    await voted_theme()
    address = await compiled(agent, worker_clock)
    for source, sentence in (
        ("Trop long. " * 2000, "trop long"),
        ("{{citation 999@1 0-4}}\n\nSans source.", "Une citation ne correspond à aucune contribution"),
    ):
        refused = await agent.post(f"{address}/textes/conclusion", data=SAVE | {"source": source, "version": "0"})
        assert refused.status_code == 422
        assert sentence in refused.text
        assert source.strip()[:30] in refused.text
    preview = await agent.post(
        f"{address}/textes/conclusion", data={"acte": "apercu", "source": "*Vu*.", "version": "0"}
    )
    assert "<em>Vu</em>" in preview.text
    assert await SynthesisBlock.all().count() == 0


async def test_a_comment_is_about_a_proposal_of_the_synthesis(agent: AsyncClient, worker_clock: Clock) -> None:
    await voted_theme()
    address = await compiled(agent, worker_clock)
    chosen = await agent.post(f"{address}/textes", data={"proposition": "T3-001"})
    assert chosen.headers["location"] == f"{address}/textes/T3-001"
    assert "Proposition numéro 1." in (await agent.get(f"{address}/textes/T3-001")).text
    assert await write(agent, address, "T3-001", "Elle rejoint un plan.") == 303
    assert "Commentaire de T3-001" in (await agent.get(f"{address}/textes")).text
    refused = await agent.post(f"{address}/textes", data={"proposition": "T3-099"})
    assert refused.status_code == 422
    for unknown in ("T3-099", "T03-001", "rien"):
        assert (await agent.get(f"{address}/textes/{unknown}")).status_code == 404


async def test_documents_hold_what_was_written_when_they_were_composed(
    agent: AsyncClient, public: AsyncClient, worker_clock: Clock
) -> None:
    theme = await voted_theme()
    post = await make_post(await make_thread(theme, "Un fil"), "Former tout le monde.")
    address = await compiled(agent, worker_clock)
    source = f"Tous le disent.\n\n{{{{citation {post.id}@1 0-6}}}}"
    assert await write(agent, address, "convergences", source) == 303
    assert await write(agent, address, "essentiel", "L’essentiel.") == 303
    assert "pas encore dans les documents" in (await agent.get(f"{address}/textes")).text
    composed = await agent.post(f"{address}/composer")
    assert composed.headers["location"].endswith("?fait=synthese-composee")
    await work_off(worker_clock)
    assert "pas encore dans les documents" not in (await agent.get(f"{address}/textes")).text
    line = (await Synthesis.get()).written
    kept = from_line(line)
    assert to_line(kept) == line
    assert [(each.kind.label, each.version) for each in kept.blocks] == [("l’essentiel", 1), ("convergences", 1)]
    (quote,) = kept.blocks[1].quotes
    assert (quote.post, quote.words) == (post.id, "Former")
    assert await write(agent, address, "essentiel", "", 1) == 303
    assert "encore dans les documents" in (await agent.get(f"{address}/textes")).text
    assert (await public.get(f"{address}/textes")).status_code == 404


async def test_composing_takes_the_present_data_and_begins_a_job_under_way_again(
    agent: AsyncClient, worker_clock: Clock
) -> None:
    theme = await voted_theme()
    address = await compiled(agent, worker_clock)
    (before,) = await rows("SELECT version, snapshot_sha256 FROM synthesis")
    await make_post(await make_thread(theme, "Un fil"), "Une de plus.")
    worker_clock.pass_(minutes=1)
    assert (await agent.post(f"{address}/composer")).status_code == 303
    assert (await agent.post(f"{address}/composer")).status_code == 303
    await work_off(worker_clock)
    (after,) = await rows("SELECT version, snapshot_sha256, state, snapshot FROM synthesis")
    assert (after["version"], after["state"]) == (before["version"], "ready")
    assert after["snapshot_sha256"] != before["snapshot_sha256"]
    assert json.loads(after["snapshot"])["participation"]["posts"] == 1


async def test_a_published_one_keeps_its_words_and_the_next_begins_with_them(
    agent: AsyncClient, worker_clock: Clock
) -> None:
    theme = await voted_theme()
    address = await compiled(agent, worker_clock)
    assert await write(agent, address, "introduction", "Les premiers mots.") == 303
    assert (await agent.post(f"{address}/composer")).status_code == 303
    await work_off(worker_clock)
    assert (await agent.post(f"{address}/publier", data={"confirmation": "1"})).status_code == 303
    assert await write(agent, address, "introduction", "D’autres mots.", 1) == 409
    assert (await agent.post(f"{address}/composer")).status_code == 409
    await make_post(await make_thread(theme, "Un fil"), "Une de plus.")
    worker_clock.pass_(minutes=1)
    following = await compiled(agent, worker_clock)
    assert following != address
    page = (await agent.get(f"{following}/textes/introduction")).text
    assert "Les premiers mots.</textarea>" in page
    newest = await Synthesis.all().order_by("-id").first()
    assert newest is not None
    assert [each.markdown for each in from_line(newest.written).blocks] == ["Les premiers mots."]


def test_nothing_written_is_an_empty_line() -> None:
    assert to_line(NOTHING) == ""
    assert from_line("") == NOTHING
