"""What the administration commits itself to do: announced with an answer or later, late or in time, postponed, done."""

from datetime import timedelta

import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.models.members import Role
from forum.models.proposals import ProposalState
from tests.conftest import Clock
from tests.factories import count, make_member, make_proposal, sign_in
from tests.proposals.test_answers import ANSWER, REPLY, closed_theme, everybody_concerned, make_agent, plain, told

PROPOSAL = "/propositions/T3-001"
DUE = {"engagement-1": "Former vingt agents", "echeance-1": "2026-12-01"}


async def owed(client: AsyncClient, *, decision: str = "retenue") -> str:
    """Write an answer with one obligation, due on 1 December; returns the address of the obligation."""
    await sign_in(client, await make_agent())
    assert (await client.post(ANSWER, data={**REPLY, "decision": decision, **DUE})).status_code == 303
    return f"{PROPOSAL}/engagements/{(await rows('SELECT MAX(id) AS id FROM obligation'))[0]['id']}"


async def test_an_obligation_is_shown_with_its_answer_and_is_late_from_the_day_after(
    client: AsyncClient, clock: Clock
) -> None:
    await make_proposal(await closed_theme())
    await owed(client)
    assert "Former vingt agents Échéance le 1er décembre 2026." in plain((await client.get(PROPOSAL)).text)
    clock.pass_(days=8)  # the due date itself
    agent = await make_agent("Autre Agent")
    await sign_in(client, agent, now=clock())
    assert "En retard" not in (await client.get(PROPOSAL)).text
    clock.pass_(days=1)
    assert "En retard de 1 jour : l’échéance était le 1er décembre 2026." in plain((await client.get(PROPOSAL)).text)
    clock.pass_(days=11)
    assert "En retard de 12 jours" in plain((await client.get(PROPOSAL)).text)


async def test_obligations_are_added_later_but_not_before_an_answer(client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    await sign_in(client, await make_agent())
    early = await client.post(f"{PROPOSAL}/engagements", data=DUE)
    assert early.status_code == 409
    assert "Répondez d’abord à la proposition" in early.text
    await client.post(ANSWER, data=REPLY)
    assert (await client.get(f"{PROPOSAL}/engagements")).status_code == 200
    assert (await client.post(f"{PROPOSAL}/engagements", data={})).status_code == 422
    past = await client.post(f"{PROPOSAL}/engagements", data={**DUE, "echeance-1": "2026-11-01"})
    assert past.status_code == 422
    assert 'value="Former vingt agents"' in past.text
    assert await count("obligation") == 0
    assert (await client.post(f"{PROPOSAL}/engagements", data=DUE)).status_code == 303
    assert (await client.post(f"{PROPOSAL}/engagements", data=DUE)).status_code == 303
    assert await count("obligation") == 2


async def test_members_neither_add_obligations_nor_mark_them_as_kept(client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    obligation = await owed(client)
    await sign_in(client, await make_member())
    done = {"tenu_le": "2026-11-23", "realisation": "Fait"}
    moved = {"echeance": "2027-01-01", "motif": "Retard"}
    for path, form in (
        (f"{PROPOSAL}/engagements", DUE),
        (f"{obligation}/tenu", done),
        (f"{obligation}/echeance", moved),
        (f"{PROPOSAL}/mise-en-oeuvre", {}),
    ):
        assert (await client.post(path, data=form)).status_code == 403, path
    found = await rows("SELECT due_on, done_on FROM obligation")
    assert [(str(each["due_on"]), each["done_on"]) for each in found] == [("2026-12-01", None)]


async def test_a_kept_obligation_shows_its_delay_and_is_notified_once(client: AsyncClient, clock: Clock) -> None:
    _, concerned, _ = await everybody_concerned(await closed_theme())
    obligation = await owed(client)
    clock.pass_(days=10)
    await sign_in(client, await make_agent("Autre Agent"), now=clock())
    done = {"tenu_le": "2026-12-03", "realisation": "Vingt-deux agents sont formés."}
    for wrong, sentence in (
        ({"tenu_le": "2026-12-04"}, "Un engagement ne peut pas être tenu un jour à venir."),
        ({"tenu_le": ""}, "Indiquez le jour où c’est fait."),
        ({"realisation": " "}, "Dites ce qui a été fait."),
    ):
        refused = await client.post(f"{obligation}/tenu", data={**done, **wrong})
        assert refused.status_code == 422
        assert sentence in refused.text
    assert await told("done") == []
    assert (await client.post(f"{obligation}/tenu", data=done)).status_code == 303
    page = plain((await client.get(PROPOSAL)).text)
    assert "Tenu le 3 décembre 2026, avec 2 jours de retard. Vingt-deux agents sont formés." in page
    assert "Un engagement de l’administration a été marqué comme tenu." in page
    assert "En retard" not in page
    assert (await client.post(f"{obligation}/tenu", data=done)).status_code == 409
    assert await told("done") == sorted(member.id for member in concerned)
    await sign_in(client, concerned[0], now=clock())
    assert "Un engagement pris sur T3-001 a été marqué comme tenu" in (await client.get("/notifications")).text


async def test_a_due_date_moves_for_a_reason_that_everybody_reads(client: AsyncClient) -> None:
    await make_proposal(await closed_theme())
    obligation = await owed(client)
    for wrong, sentence in (
        ({"motif": ""}, "Dites pourquoi l’échéance change"),
        ({"echeance": "2026-11-22"}, "L’échéance ne peut pas être un jour passé."),
        ({"echeance": "2026-12-01"}, "C’est déjà l’échéance."),
    ):
        refused = await client.post(
            f"{obligation}/echeance", data={"echeance": "2027-03-01", "motif": "Le marché est infructueux.", **wrong}
        )
        assert refused.status_code == 422
        assert sentence in refused.text
    moved = {"echeance": "2027-03-01", "motif": "Le marché est infructueux."}
    assert (await client.post(f"{obligation}/echeance", data=moved)).status_code == 303
    await client.post(f"{obligation}/echeance", data={"echeance": "2027-02-01", "motif": "Il reprend."})
    client.cookies.clear()
    page = plain((await client.get(PROPOSAL)).text)
    assert "Échéance le 1er février 2027." in page
    first = "Échéance repoussée du 1er décembre 2026 au 1er mars 2027 : Le marché est infructueux."
    assert page.index(first) < page.index("Échéance avancée du 1er mars 2027 au 1er février 2027 : Il reprend.")
    await sign_in(client, await make_agent("Lectrice"))
    journal = plain((await client.get("/journal")).text)
    assert "a changé l’échéance d’un engagement : T3-001" in journal
    assert "de « 1 décembre 2026 » à « 1 mars 2027 »" in journal.replace("1er", "1")


async def test_a_retained_proposal_is_carried_out_once_all_obligations_are_kept(client: AsyncClient) -> None:
    proposal = await make_proposal(await closed_theme())
    obligation = await owed(client)
    early = await client.post(f"{PROPOSAL}/mise-en-oeuvre", data={})
    assert early.status_code == 409
    assert "Marquer comme mise en œuvre" not in (await client.get(PROPOSAL)).text
    await client.post(f"{obligation}/tenu", data={"tenu_le": "2026-11-23", "realisation": "Fait."})
    assert "Marquer comme mise en œuvre" in (await client.get(PROPOSAL)).text
    assert (await client.post(f"{PROPOSAL}/mise-en-oeuvre", data={})).status_code == 303
    await proposal.refresh_from_db()
    assert proposal.state is ProposalState.DONE
    page = (await client.get(PROPOSAL)).text
    assert "Retenue, mise en œuvre" in plain(page)
    assert "Marquer comme mise en œuvre" not in page
    assert (await client.post(f"{PROPOSAL}/mise-en-oeuvre", data={})).status_code == 409


async def test_an_obligation_marked_as_kept_by_mistake_is_owed_again(client: AsyncClient) -> None:
    proposal = await make_proposal(await closed_theme())
    obligation = await owed(client)
    assert (await client.post(f"{obligation}/non-tenu", data={"motif": "Erreur."})).status_code == 409
    await client.post(f"{obligation}/tenu", data={"tenu_le": "2026-11-23", "realisation": "Fait."})
    await client.post(f"{PROPOSAL}/mise-en-oeuvre", data={})
    assert "Cet engagement est dit tenu depuis le 23 novembre 2026." in plain(
        (await client.get(f"{obligation}/tenu")).text
    )
    refused = await client.post(f"{obligation}/non-tenu", data={"motif": " "})
    assert refused.status_code == 422
    assert "Dites pourquoi il n’est pas tenu" in refused.text
    assert (await client.post(f"{obligation}/non-tenu", data={"motif": "C’était un autre."})).status_code == 303
    await proposal.refresh_from_db()
    assert proposal.state is ProposalState.RETAINED
    page = plain((await client.get(PROPOSAL)).text)
    assert "Échéance le 1er décembre 2026." in page
    assert "Un engagement dit tenu ne l’était pas. Raison : C’était un autre." in page
    assert "Retenue, mise en œuvre" not in page


@pytest.mark.parametrize("decision", ["etude", "non retenue"])
async def test_what_is_not_retained_is_not_carried_out(client: AsyncClient, decision: str) -> None:
    proposal = await make_proposal(await closed_theme())
    obligation = await owed(client, decision=decision)
    await client.post(f"{obligation}/tenu", data={"tenu_le": "2026-11-23", "realisation": "Fait."})
    assert "Marquer comme mise en œuvre" not in (await client.get(PROPOSAL)).text
    assert (await client.post(f"{PROPOSAL}/mise-en-oeuvre", data={})).status_code == 409
    await proposal.refresh_from_db()
    assert proposal.state is ProposalState.OPEN


async def test_an_obligation_belongs_to_its_proposal(client: AsyncClient) -> None:
    theme = await closed_theme()
    await make_proposal(theme)
    await make_proposal(theme, "Une autre")
    obligation = await owed(client)
    elsewhere = obligation.replace("T3-001", "T3-002")
    assert (await client.get(f"{elsewhere}/tenu")).status_code == 404
    assert (await client.get(f"{obligation}9/tenu")).status_code == 404
    assert (await client.get(f"{obligation}/tenu")).status_code == 200


async def test_an_administrator_marks_obligations_as_kept_like_an_agent(client: AsyncClient, clock: Clock) -> None:
    await make_proposal(await closed_theme())
    obligation = await owed(client)
    clock.pass_(hours=1)
    await sign_in(client, await make_member("Adèle", role=Role.ADMINISTRATOR), now=clock() - timedelta(minutes=1))
    done = {"tenu_le": "2026-11-23", "realisation": "Fait."}
    assert (await client.post(f"{obligation}/tenu", data=done)).status_code == 303
