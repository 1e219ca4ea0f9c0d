"""Drafts: visible only to their author until they are submitted, then proposals like any other."""

import asyncio
import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.syntheses import snapshot_queries
from forum.models.members import Role
from forum.models.proposals import Proposal, ProposalState
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, make_proposal, make_theme, sign_in

SECRET = "Une idée qui n’est pas mûre"
WORDS = {"formulation": SECRET, "expose_des_motifs": "Des motifs *à finir*.", "questions": ["2"]}
DRAFT = {"acte": "brouillon"}


async def a_draft(client: AsyncClient, **changed: object) -> int:
    """Save a draft through the form; returns its number in addresses."""
    answer = await client.post("/themes/3/proposer", data={**WORDS, **DRAFT, **changed})
    assert answer.headers["location"] == "/compte/brouillons?fait=brouillon-garde", answer.text
    return int((await rows("SELECT MAX(id) AS id FROM proposal WHERE state = 'draft'"))[0]["id"])


async def test_a_draft_keeps_all_that_was_typed_and_is_sent_later(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    await sign_in(client, await make_member())
    draft = await a_draft(client)
    assert SECRET in (await client.get("/compte/brouillons")).text
    page = (await client.get(f"/compte/brouillons/{draft}")).text
    assert f">\n{SECRET}</textarea>" in page
    assert ">\nDes motifs *à finir*.</textarea>" in page
    assert 'value="2" checked' in page
    changed = {"formulation": "Une idée mûre", "expose_des_motifs": "Des motifs finis.", "questions": ["1"]}
    await client.post(f"/compte/brouillons/{draft}", data={**changed, **DRAFT})
    assert 'value="1" checked' in (await client.get(f"/compte/brouillons/{draft}")).text
    await make_proposal(await theme.get(id=theme.id), "Une autre, faite entre-temps")
    clock.pass_(hours=3)
    sent = await client.post(f"/compte/brouillons/{draft}", data=changed)
    assert sent.headers["location"] == "/propositions/T3-002?fait=proposition-faite"
    page = (await client.get("/propositions/T3-002")).text
    assert "<h1>Une idée mûre</h1>" in page
    assert "Des motifs finis." in page
    assert "Proposée par Camille Martin." in page
    made = await Proposal.get(id=draft)
    assert (made.number, made.state, made.created_at) == (2, "open", clock.now)
    assert await count("proposal_version") == 2
    assert SECRET not in (await client.get("/compte/brouillons")).text
    assert (await client.get(f"/compte/brouillons/{draft}")).status_code == 404


async def test_a_draft_sent_twice_is_one_proposal(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    draft = await a_draft(client)
    answers = await asyncio.gather(*(client.post(f"/compte/brouillons/{draft}", data=WORDS) for _ in range(4)))
    assert {answer.headers["location"] for answer in answers} == {"/propositions/T3-001?fait=proposition-faite"}
    assert (await count("proposal"), await count("proposal_version"), await count("proposal_turn")) == (1, 1, 1)
    # Too late to keep it as a draft, or to delete it.
    for path, form in (
        (f"/compte/brouillons/{draft}", {**WORDS, **DRAFT}),
        (f"/compte/brouillons/{draft}/supprimer", {}),
    ):
        assert (await client.post(path, data=form)).status_code == 404
    assert await count("proposal") == 1


async def test_drafts_leave_no_hole_among_references(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    first = await a_draft(client)
    second = await a_draft(client, formulation="Une deuxième")
    assert {each["number"] for each in await rows("SELECT number FROM proposal")} == {-1, -2}
    await client.post(f"/compte/brouillons/{first}/supprimer")
    third = await a_draft(client, formulation="Une troisième")
    for draft, reference in ((third, "T3-001"), (second, "T3-002")):
        answer = await client.post(f"/compte/brouillons/{draft}", data={"formulation": f"La {reference}"})
        assert answer.headers["location"].startswith(f"/propositions/{reference}?")
    assert (
        (await client.post("/themes/3/proposer", data={"formulation": "Droit au but"}))
        .headers["location"]
        .startswith("/propositions/T3-003")
    )


async def test_a_draft_kept_twice_is_one(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    answers = await asyncio.gather(*(client.post("/themes/3/proposer", data={**WORDS, **DRAFT}) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert await count("proposal") == 1


async def test_nobody_else_knows_of_a_draft(app: Starlette, client: AsyncClient) -> None:
    theme = await make_theme(3)
    author = await make_member()
    await sign_in(client, author)
    draft = await a_draft(client)
    others = (
        await make_member("Une Modératrice", moderates=[await make_group("gt-3")]),
        await make_member("Une Administratrice", role=Role.ADMINISTRATOR),
        await make_member("Une Agente", role=Role.AGENT),
        await make_member("Une Membre"),
    )
    for other in (None, *others):
        async with visitor(app) as guest:
            if other:
                await sign_in(guest, other)
            for path in ("/", "/themes/3", "/themes/3/propositions", "/compte/brouillons"):
                assert SECRET not in (await guest.get(path)).text, path
            for path, form in (
                (f"/compte/brouillons/{draft}", WORDS),
                (f"/compte/brouillons/{draft}", {**WORDS, **DRAFT}),
                (f"/compte/brouillons/{draft}/supprimer", {}),
            ):
                assert (await guest.post(path, data=form)).status_code == (404 if other else 403), path
            if other:
                assert (await guest.get(f"/compte/brouillons/{draft}")).status_code == 404
    for reference in ("T3--01", "T3--001", "T3-000", "T3-001"):
        assert (await client.get(f"/propositions/{reference}")).status_code == 404
    assert "Aucune proposition" in (await client.get("/themes/3/propositions")).text
    assert "0 proposition" in (await client.get("/themes/3")).text
    snapshot = await snapshot_queries.freeze(theme.id, NOON, await snapshot_queries.read_introductions())
    assert snapshot.proposals == ()
    assert SECRET not in repr(snapshot)
    assert (await Proposal.get(id=draft)).state == ProposalState.DRAFT


@pytest.mark.parametrize(
    ("windows", "keeps", "sends"),
    [
        ({}, True, True),
        ({"contributions": "later", "votes": "later"}, True, False),
        ({"contributions": "unset", "votes": "unset"}, True, False),
        ({"contributions": "closed"}, False, False),
        ({"votes": "closed"}, False, False),
    ],
)
async def test_a_draft_may_be_kept_before_contributions_open_and_not_after_they_close(
    client: AsyncClient, windows: dict[str, str], keeps: bool, sends: bool
) -> None:
    await make_theme(3, **windows)  # type: ignore[arg-type] # states of windows
    await sign_in(client, await make_member())
    page = await client.get("/themes/3/proposer")
    assert (page.status_code == 200) is keeps
    assert ("Enregistrer en brouillon" in page.text) is keeps
    assert ("Soumettre ma proposition" in page.text) is sends
    kept = await client.post("/themes/3/proposer", data={**WORDS, **DRAFT})
    assert kept.status_code == (303 if keeps else 403)
    assert (await client.post("/themes/3/proposer", data=WORDS)).status_code == (303 if sends else 403)
    assert await count("proposal") == keeps + sends


async def test_a_draft_that_is_too_late_can_only_be_read_and_deleted(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    member = await make_member()
    await sign_in(client, member)
    draft = await a_draft(client)
    assert theme.contributions_close_at is not None
    clock.now = theme.contributions_close_at
    await sign_in(client, member, now=clock.now)
    page = (await client.get(f"/compte/brouillons/{draft}")).text
    assert SECRET in page
    assert "Soumettre ma proposition" not in page
    assert "Enregistrer en brouillon" not in page
    for form in (WORDS, {**WORDS, **DRAFT}):
        assert (await client.post(f"/compte/brouillons/{draft}", data=form)).status_code == 403
    assert (await client.post(f"/compte/brouillons/{draft}/supprimer")).status_code == 303
    assert (await count("proposal"), await count("proposal_question")) == (0, 0)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"formulation": "", "expose_des_motifs": ""}, "formulation"),
        ({"formulation": "x" * 301}, "formulation"),
        ({"expose_des_motifs": "{{citation 1@1 0-4}}"}, "expose_des_motifs"),
        ({"questions": "9"}, "questions"),
    ],
)
async def test_a_refused_draft_keeps_what_was_typed(client: AsyncClient, typed: dict[str, str], field: str) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    draft = await a_draft(client)
    for path in ("/themes/3/proposer", f"/compte/brouillons/{draft}"):
        answer = await client.post(path, data={**WORDS, **DRAFT, **typed})
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert str({**WORDS, **typed}["formulation"]) in answer.text
    assert await count("proposal") == 1


async def test_reasons_alone_are_enough_for_a_draft_and_not_for_a_proposal(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    draft = await a_draft(client, formulation="")
    assert "Sans titre" in (await client.get("/compte/brouillons")).text
    answer = await client.post(f"/compte/brouillons/{draft}", data={**WORDS, "formulation": ""})
    assert answer.status_code == 422
    assert re.search(r"Écrivez au moins un mot", answer.text)


async def test_what_staff_propose_comes_from_the_organiser(client: AsyncClient) -> None:
    await make_theme(3)
    for number, (role, origin) in enumerate(
        ((Role.MEMBER, "member"), (Role.AGENT, "organiser"), (Role.ADMINISTRATOR, "organiser")), start=1
    ):
        await sign_in(client, await make_member(f"Personne {role}", role=role))
        await client.post("/themes/3/proposer", data={"formulation": f"De {role}"})
        draft = await a_draft(client, formulation=f"Brouillon de {role}")
        await client.post(f"/compte/brouillons/{draft}", data={"formulation": f"Mûrie par {role}"})
        origins = await rows("SELECT origin FROM proposal WHERE number > 0 ORDER BY number")
        assert [each["origin"] for each in origins][-2:] == [origin, origin]
        said = "pour l’organisateur" in (await client.get(f"/propositions/T3-{2 * number:03}")).text
        assert said is (origin == "organiser")
