"""Syntheses: asked for, frozen and published through the doors."""

import re
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette
from tortoise.exceptions import IntegrityError

from forum.database import row, rows
from forum.domain.syntheses import requests, snapshot_queries, syntheses
from forum.domain.syntheses.documents import ORDER
from forum.domain.syntheses.snapshot_queries import hold_still
from forum.domain.syntheses.snapshots import from_json
from forum.models.members import Role
from forum.models.proposals import Origin, Proposal, ProposalState
from forum.models.syntheses import Synthesis, SynthesisState
from forum.models.themes import GuidingQuestion
from forum.ranking.tallies import Opinion
from forum.text.reading import Reading, read
from tests.compiled_syntheses import (
    DRAFT,
    Quick,
    ask,
    cast,
    compiled,
    fail_every_try,
    file_names,
    snapshot_json,
    voted_theme,
    work_off,
)
from tests.conftest import NOON, Clock, visitor
from tests.factories import CONFIRMED, count, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.turning import turn

pytestmark = pytest.mark.anyio


# Asking


async def test_an_agent_asks_for_a_theme_and_the_job_is_written_with_it(agent: AsyncClient) -> None:
    await voted_theme()
    answer = await ask(agent)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/syntheses/1?fait=synthese-demandee"
    page = await agent.get("/syntheses/1")
    assert page.status_code == 200
    assert 'data-progress-url="/api/v1/syntheses/1"' in page.text
    assert "<noscript>" in page.text
    assert (await agent.get("/api/v1/syntheses/1")).json() == {
        "version": 1, "draft": False, "state": "queued", "done": 0, "total": 0, "step": "", "label": "",
    }  # fmt: skip
    entry = await row("SELECT act, thing, thing_id FROM journal_entry")
    assert entry is not None
    assert (entry["act"], entry["thing"], entry["thing_id"]) == ("request", "synthesis", 1)


@pytest.mark.parametrize("role", [None, Role.MEMBER, Role.AGENT, Role.ADMINISTRATOR])
async def test_syntheses_that_are_not_public_exist_for_agents_and_administrators_only(
    agent: AsyncClient, app: Starlette, clock: Clock, quick: Quick, role: Role | None
) -> None:
    await voted_theme()
    await compiled(agent, clock)
    name = (await file_names(agent, "/syntheses/1"))[0]
    async with visitor(app) as reader:
        if role is not None:
            await sign_in(reader, await make_member("Une Autre Personne", role=role))
        may = role in (Role.AGENT, Role.ADMINISTRATOR)
        for path in ("/syntheses/1", "/syntheses/1/lire", f"/syntheses/1/{name}", "/api/v1/syntheses/1"):
            assert (await reader.get(path)).status_code == (200 if may else 404), path
        assert ("/syntheses/1" in (await reader.get("/syntheses")).text) is may
        assert ("/syntheses/demander" in (await reader.get("/syntheses")).text) is may
        before = await count("synthesis"), await count("journal_entry")
        assert (await ask(reader)).status_code == (303 if may else 404)
        assert (before == (await count("synthesis"), await count("journal_entry"))) or may


@pytest.mark.parametrize("theme", ["", "9", "abc", "-3", "3 ", "99999999999", "٣"])
async def test_a_theme_that_does_not_exist_is_refused_beside_the_form(agent: AsyncClient, theme: str) -> None:
    await voted_theme()
    answer = await ask(agent, theme)
    assert answer.status_code == 422
    assert "Ce thème n’existe pas." in answer.text
    assert await count("synthesis") == 0
    assert await count("job") == 0


async def test_asking_again_when_nothing_changed_gives_the_same_version(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    theme = await voted_theme()
    clock.pass_(microseconds=1)
    await compiled(agent, clock)
    clock.pass_(hours=1)
    again = await ask(agent)
    assert again.headers["location"] == "/syntheses/1?fait=synthese-inchangee"
    await make_proposal(theme, "Une proposition de plus.")
    assert (await ask(agent)).headers["location"] == "/syntheses/2?fait=synthese-demandee"
    assert [r["version"] for r in await rows("SELECT version FROM synthesis ORDER BY id")] == [1, 2]


async def test_markdown_is_read_before_any_lock(agent: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await voted_theme()
    done: list[str] = []

    async def held() -> None:
        done.append("hold")
        await hold_still()

    def reading(source: str, *, wrapped: bool) -> Reading:
        done.append("read")
        return read(source, wrapped=wrapped)

    monkeypatch.setattr(requests, "hold_still", held)
    monkeypatch.setattr(snapshot_queries, "read", reading)
    await ask(agent)
    assert done == ["read", "hold"]
    assert from_json(await snapshot_json()).themes[0].introduction == "Une introduction."


async def test_themes_loaded_at_the_same_moment_ask_to_start_again(
    agent: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await voted_theme()

    async def before() -> dict[str, str]:
        return {"L’ancienne introduction.": "L’ancienne introduction."}

    monkeypatch.setattr(requests, "read_introductions", before)
    assert (await ask(agent)).status_code == 409
    assert await count("synthesis") == 0


async def test_asking_again_after_a_failure_restarts_it(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    await voted_theme()
    await ask(agent)
    await fail_every_try(clock, quick)
    assert "La compilation a échoué" in (await agent.get("/syntheses/1")).text
    assert (await ask(agent)).headers["location"] == "/syntheses/1?fait=synthese-inchangee"
    del quick["pdf"]
    await work_off(clock)
    assert len(await file_names(agent, "/syntheses/1")) == len(ORDER)


# What is frozen


async def test_a_final_synthesis_of_closed_votes_holds_the_tallies(agent: AsyncClient) -> None:
    await voted_theme()
    await ask(agent)
    snapshot = from_json(await snapshot_json())
    assert snapshot.kind == "final"
    first, second = snapshot.proposals
    assert first.tally is not None
    assert (first.tally.for_, first.tally.against, first.tally.abstain) == (2, 1, 0)
    assert second.tally is not None
    assert second.tally.abstain == 1
    assert (snapshot.participation.voters, snapshot.participation.ballots) == (3, 4)


async def test_ballots_on_a_withdrawn_proposal_are_counted_separately(agent: AsyncClient) -> None:
    theme = await voted_theme()
    proposal = await make_proposal(theme, "Retirée après le vote.", state=ProposalState.WITHDRAWN)
    await cast(proposal, (await make_member("Seule Sur Celle-Ci")).id, Opinion.AGAINST)
    await ask(agent)
    snapshot = from_json(await snapshot_json())
    withdrawn = snapshot.proposals[-1].tally
    assert withdrawn is not None
    assert withdrawn.against == 1
    assert (snapshot.participation.voters, snapshot.participation.ballots) == (3, 4)


async def test_while_votes_are_open_it_is_a_working_draft_that_votes_do_not_change(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    theme = await voted_theme(votes=DRAFT)
    address = await compiled(agent, clock)
    before = await snapshot_json()
    assert b'"tally":{' not in before
    assert b'"voters":null' in before
    proposal = await Proposal.get(theme=theme, number=2)
    await cast(proposal, (await make_member("Votante De Plus")).id, Opinion.AGAINST)
    clock.pass_(minutes=5)
    again = await ask(agent)
    assert again.headers["location"] == f"{address}?fait=brouillon-inchange"
    assert "Rien n’a changé depuis ce brouillon" in (await agent.get(again.headers["location"])).text
    assert await snapshot_json() == before
    page = await agent.get(address)
    assert "Document de travail." in page.text
    assert "/publier" not in page.text


async def test_drafts_and_versions_are_numbered_apart_in_each_scope(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    """Two drafts, the votes close, a version, the votes open again, a third draft, then a second version."""
    theme = await voted_theme(votes=DRAFT)
    await compiled(agent, clock)
    await make_proposal(theme, "Une proposition de plus.")
    await compiled(agent, clock)
    await compiled(agent, clock, "tout")
    clock.pass_(days=11)
    await sign_in_again(agent, clock)
    await compiled(agent, clock)
    await rows("UPDATE theme SET votes_close_at = NULL")
    await compiled(agent, clock)
    await rows("UPDATE theme SET votes_close_at = $1", clock())
    clock.pass_(minutes=1)
    await compiled(agent, clock)
    expected = [
        ("theme:3 draft", 1), ("theme:3 draft", 2), ("all draft", 1), ("theme:3", 1), ("theme:3 draft", 3),
        ("theme:3", 2),
    ]  # fmt: skip
    found = await rows("SELECT id, scope, version, draft, snapshot FROM synthesis ORDER BY id")
    assert [(r["scope"], r["version"]) for r in found] == expected
    written = await rows("SELECT after FROM journal_entry ORDER BY id")
    listed = (await agent.get("/syntheses")).text
    journal = (await agent.get("/journal")).text
    for one, entry in zip(found, written, strict=True):
        word = "brouillon" if one["draft"] else "version"
        assert entry["after"] == f"{one['scope'].removesuffix(' draft')} {word} {one['version']}"
        assert f"synthèse {one['id']}, {word} {one['version']}<" in journal
        assert from_json(one["snapshot"].encode()).version == one["version"]
        page = (await agent.get(f"/syntheses/{one['id']}")).text
        assert (f"Brouillon {one['version']}." if one["draft"] else f"Synthèse, version {one['version']}.") in page
        told = (await agent.get(f"/api/v1/syntheses/{one['id']}")).json()
        assert (told["version"], told["draft"]) == (one["version"], one["draft"])
        mark = "brouillon" if one["draft"] else "v"
        names = await file_names(agent, f"/syntheses/{one['id']}")
        assert all(f"-{mark}{one['version']}-2026-" in name for name in names)
    for words, times in (("Brouillon 1,", 2), ("Brouillon 2,", 1), ("Brouillon 3,", 1), ("Version 1,", 1)):
        assert listed.count(words) == times
    assert "Publier la version 1" in (await agent.get("/syntheses/4")).text


async def test_the_database_refuses_a_number_twice_in_a_series(agent: AsyncClient) -> None:
    await voted_theme(votes=DRAFT)
    await ask(agent)
    again = """INSERT INTO synthesis (theme_id, version, scope, state, draft, snapshot, snapshot_sha256, requested_at)
               SELECT theme_id, $1, scope, state, draft, snapshot, snapshot_sha256, requested_at
                 FROM synthesis WHERE id = 1 RETURNING id"""
    with pytest.raises(IntegrityError):
        await rows(again, 1)
    assert await rows(again, 2)


async def sign_in_again(client: AsyncClient, clock: Clock) -> None:
    member = await row("SELECT id FROM member WHERE role = 'agent' ORDER BY id LIMIT 1")
    assert member is not None
    await sign_in(client, await make_member("Agente Du Soir", role=Role.AGENT), now=clock())


@pytest.mark.parametrize(
    ("votes_of_1", "proposals_in_1", "is_draft"),
    [("closed", 1, False), ("open", 0, True), ("later", 0, True), ("unset", 0, False), ("unset", 1, True)],
)
async def test_the_whole_consultation_is_final_when_no_theme_has_votes_to_come(
    agent: AsyncClient, votes_of_1: str, proposals_in_1: int, is_draft: bool
) -> None:
    await voted_theme()
    first = await make_theme(1, contributions="closed", votes=votes_of_1)  # type: ignore[arg-type] # a parameter
    for n in range(proposals_in_1):
        await make_proposal(first, f"Autre proposition {n}.")
    await ask(agent, "tout")
    snapshot = from_json(await snapshot_json())
    assert (snapshot.kind == "working draft") is is_draft
    assert [theme.number for theme in snapshot.themes] == [1, 3]
    assert all((proposal.tally is None) is is_draft for proposal in snapshot.proposals)


async def test_a_consultation_without_any_vote_is_no_final_document(agent: AsyncClient) -> None:
    await make_theme(3, contributions="unset", votes="unset")
    await ask(agent, "tout")
    assert from_json(await snapshot_json()).kind == "working draft"


async def test_the_snapshot_says_where_each_proposal_comes_from(agent: AsyncClient) -> None:
    theme = await make_theme(3, contributions="closed", votes="closed")
    thread = await make_thread(theme)
    first = await make_post(thread, "Former les agents. Embaucher.", author=await make_member("Malik Diallo"))
    await make_post(thread, "Une réponse.", reply_to=first, written_at=None)
    proposal = await make_proposal(theme, "Embaucher.")
    extract = await rows(
        """INSERT INTO extract (post_id, revision, start, stop, sha256, created_at)
           VALUES ($1, 1, 19, 29, 'x', $2) RETURNING id""",
        first.id,
        NOON,
    )
    await Proposal.filter(id=proposal.id).update(extract_id=extract[0]["id"], origin=Origin.EXTRACT)
    question = await GuidingQuestion.get(theme=theme, position=2)
    await rows("INSERT INTO proposal_question (proposal_id, question_id) VALUES ($1, $2)", proposal.id, question.id)
    await make_proposal(theme, "Retirée.", state=ProposalState.WITHDRAWN)
    await ask(agent)
    snapshot = from_json(await snapshot_json())
    source = snapshot.proposals[0].source
    assert source is not None
    assert (source.post, source.revision, source.words) == (first.id, 1, "Embaucher.")
    assert snapshot.proposals[0].questions == (2,)
    assert [v.words for v in snapshot.verbatims] == ["Former les agents. Embaucher."]
    assert b"Malik Diallo" not in await snapshot_json()
    facts = snapshot.participation
    assert (facts.posts, facts.known_authors, facts.unknown_author_posts, facts.replies) == (2, 1, 1, 1)
    assert [(day.day, day.posts) for day in facts.per_day] == [("2026-11-23", 1)]
    assert facts.posts_used == 1
    assert [p.state.value for p in snapshot.proposals] == ["open", "withdrawn"]


# Publishing


async def test_a_published_synthesis_is_public_and_never_changes(
    agent: AsyncClient, public: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await voted_theme()
    address = await compiled(agent, clock)
    names = await file_names(agent, address)
    assert "cette version ne changera plus" in (await agent.get(address)).text
    assert "Lire la synthèse publiée" not in (await public.get("/themes/3/propositions")).text
    unconfirmed = await agent.post(f"{address}/publier")
    assert unconfirmed.status_code == 422
    assert "Cochez la case pour confirmer." in unconfirmed.text
    assert (await public.get(address)).status_code == 404
    made_public = await agent.post(f"{address}/publier", data=CONFIRMED)
    assert made_public.headers["location"] == f"{address}?fait=synthese-publiee"
    for path in ("/themes/3", "/themes/3/propositions"):
        assert f'<a href="{address}">Lire la synthèse publiée</a>' in (await public.get(path)).text
    assert "The documents are in French." in (await public.get(f"/en{address}")).text
    page = await public.get(address)
    assert page.status_code == 200
    assert "Agathe" not in page.text
    assert address in (await public.get("/syntheses")).text
    for name in names:
        assert (await public.get(f"{address}/{name}")).status_code == 200
    before = [tuple(r) for r in await rows("SELECT id, sha256 FROM document ORDER BY id")]
    assert (await agent.post(f"{address}/publier", data=CONFIRMED)).status_code == 409
    assert (await agent.post(f"{address}/recommencer")).status_code == 409
    await rows("UPDATE job SET state = 'queued'")
    await work_off(clock)
    assert [tuple(r) for r in await rows("SELECT id, sha256 FROM document ORDER BY id")] == before
    acts = [r["act"] for r in await rows("SELECT act FROM journal_entry ORDER BY id")]
    assert acts == ["request", "publish"]


async def test_a_synthesis_is_not_published_while_its_vote_is_open_again(
    agent: AsyncClient, public: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await voted_theme()
    address = await compiled(agent, clock)
    for again in (
        "votes_close_at = NULL",
        "votes_open_at = '2027-01-01T00:00:00+00:00', votes_close_at = '2027-02-01T00:00:00+00:00'",
        "votes_open_at = NULL, votes_close_at = NULL",
    ):
        await rows(f"UPDATE theme SET {again}")
        refused = await agent.post(f"{address}/publier", data=CONFIRMED)
        assert refused.status_code == 409
        assert "sous scellés" in refused.text
        assert (await public.get(address)).status_code == 404
    await rows("UPDATE theme SET sealed = $1", False)
    assert (await agent.post(f"{address}/publier", data=CONFIRMED)).status_code == 303


async def test_no_version_is_published_after_a_newer_one(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    theme = await voted_theme()
    first = await compiled(agent, clock)
    await make_proposal(theme, "Une proposition de plus.")
    second = await compiled(agent, clock)
    assert (await agent.post(f"{second}/publier", data=CONFIRMED)).status_code == 303
    refused = await agent.post(f"{first}/publier", data=CONFIRMED)
    assert refused.status_code == 409
    assert "La version 2, plus récente, est déjà publiée" in refused.text


async def test_a_replaced_version_says_so_wherever_it_is_read(
    agent: AsyncClient, public: AsyncClient, clock: Clock, quick: Quick
) -> None:
    theme = await voted_theme()
    addresses = []
    for number in range(3):
        await make_proposal(theme, f"Une proposition de plus, {number}.")
        addresses.append(await compiled(agent, clock))
        clock.pass_(seconds=1)
    first, second, third = addresses
    for address in (first, second):
        assert (await agent.post(f"{address}/publier", data=CONFIRMED)).status_code == 303
    files = {name: (await public.get(f"{first}/{name}")).content for name in await file_names(public, first)}
    assert "remplacée" not in (await public.get(second)).text
    assert (await agent.post(f"{third}/publier", data=CONFIRMED)).status_code == 303
    for address in (first, second):
        page = (await public.get(address)).text
        assert "Cette version est remplacée." in page
        assert f'<a href="{third}">Lire la version 3, publiée le' in page
    assert f'href="/en{third}"' in (await public.get(f"/en{first}")).text
    listed = (await public.get("/syntheses")).text
    assert listed.count("remplacée par la version 3") == 2
    assert "remplacée" not in (await public.get(third)).text
    for name, content in files.items():
        assert (await public.get(f"{first}/{name}")).content == content


async def test_the_last_ballots_are_waited_for_when_votes_close_by_themselves(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    """A ballot that arrived in time may be written after the close; closing by hand waits for it."""
    theme = await voted_theme(votes=DRAFT)
    theme.votes_close_at = NOON
    await theme.save()
    refused = await ask(agent)
    assert refused.status_code == 422
    assert "Les votes du thème 3 viennent de fermer" in refused.text
    clock.pass_(seconds=60)
    assert (await ask(agent)).status_code == 303
    theme.votes_close_at = NOON + timedelta(days=1)
    await theme.save()
    assert (await agent.post("/themes/3/clore-les-votes", data=CONFIRMED)).status_code == 303
    clock.pass_(seconds=1)
    assert (await ask(agent)).status_code == 303


async def test_a_draft_and_a_synthesis_without_documents_are_not_published(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await voted_theme(votes=DRAFT)
    address = await compiled(agent, clock)
    assert (await agent.post(f"{address}/publier", data=CONFIRMED)).status_code == 409
    clock.pass_(days=11)
    await sign_in_again(agent, clock)
    await ask(agent)
    assert (await agent.post("/syntheses/2/publier", data=CONFIRMED)).status_code == 409
    assert await rows("SELECT id FROM synthesis WHERE state = 'published'") == []


@pytest.mark.parametrize("role", [None, Role.MEMBER])
async def test_only_agents_and_administrators_publish(
    agent: AsyncClient, app: Starlette, clock: Clock, quick: Quick, role: Role | None
) -> None:
    await voted_theme()
    address = await compiled(agent, clock)
    async with visitor(app) as other:
        if role is not None:
            await sign_in(other, await make_member("Une Autre Personne", role=role))
        assert (await other.post(f"{address}/publier", data=CONFIRMED)).status_code == 404
        assert (await other.post(f"{address}/recommencer")).status_code == 404
    assert await rows("SELECT id FROM synthesis WHERE state = 'published'") == []


async def test_syntheses_are_listed_page_by_page(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntheses, "SHOWN", 2)
    theme = await make_theme(3)
    for version in range(1, 6):
        await Synthesis.create(
            theme=theme,
            version=version,
            scope="theme:3",
            state=SynthesisState.PUBLISHED if version < 5 else SynthesisState.READY,
            draft=False,
            snapshot="{}",
            snapshot_sha256="0" * 64,
            requested_at=NOON,
            published_at=NOON if version < 5 else None,
        )
    pages = await turn(client, "/syntheses", lambda page: re.findall(r"Version (\d)", page))
    assert pages == [["4", "3"], ["2", "1"]]
