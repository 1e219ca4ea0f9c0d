"""/compte: a member's own profile, name, charter and address, changed through the forms."""

import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain import legal
from forum.domain.members import members
from forum.domain.members.members import NewMember
from forum.domain.members.particulars import Particulars
from forum.models.members import Member, Role
from forum.models.threads import Thread
from forum.sealing import unseal
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from workers import mail, running

PASSWORD = "quatre mots pour entrer"
PROFILE = {
    "nom": "Camille Martin",
    "organisation": "Médiathèque de Brest",
    "profession": "Bibliothécaire",
    "territoire": "Bretagne",
    "langue": "fr",
}


@pytest.fixture
async def camille(client: AsyncClient) -> NewMember:
    """A member with a real password, signed in."""
    member = await members.create_member(
        Particulars("Camille Martin", email="camille@exemple.fr", password=PASSWORD), now=NOON
    )
    await sign_in(client, await Member.get(id=member.id))
    return member


async def save(client: AsyncClient, **changed: str) -> Response:
    return await client.post("/compte", data=PROFILE | changed)


async def mails() -> list[dict[str, Any]]:
    found = await rows("SELECT address, template, content FROM mail ORDER BY id")
    return [dict(one) | {"values": unseal(one["content"])} for one in found]


async def token_to(address: str) -> str:
    """The token of the last mail to an address."""
    token: str = [mail for mail in await mails() if mail["address"] == address][-1]["values"]["token"]
    return token


async def ask(client: AsyncClient, email: str = "neuve@exemple.fr", password: str = PASSWORD) -> Response:
    return await client.post("/compte/adresse", data={"nouvelle_adresse": email, "mot_de_passe_actuel": password})


async def agree(client: AsyncClient, end: str, token: str) -> Response:
    return await client.post(f"/compte/adresse/{end}", data={"jeton": token})


async def address_of(member: int) -> str | None:
    found = await row("SELECT email FROM member WHERE id = $1", member)
    assert found is not None
    return str(found["email"]) if found["email"] else None


# --- the profile


@pytest.mark.parametrize("path", ["/compte", "/compte/adresse", "/compte/confirmer?jeton=x"])
async def test_the_account_page_is_for_signed_in_members(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/connexion?suite=%2Fcompte")


async def test_the_account_page_shows_role_groups_and_address(client: AsyncClient) -> None:
    group = await make_group(name="Formation et acteurs")
    member = await make_member("Nadia Berthier", role=Role.AGENT, moderates=[group], email="nadia@exemple.fr")
    await sign_in(client, member)
    page = (await client.get("/compte")).text
    for words in ("@Nadia-Berthier", "nadia@exemple.fr", "Agent", "Formation et acteurs", "24 octobre 2026"):
        assert words in page
    for path in ("/compte", "/compte/securite", "/compte/donnees", "/notifications"):
        assert f'href="{path}"' in page
        assert 'action="/deconnexion"' in (await client.get(path)).text


async def test_the_corner_leads_to_the_account_and_to_unread_notifications(
    client: AsyncClient, camille: NewMember
) -> None:
    page = (await client.get("/aide")).text
    assert 'class="own-name" href="/compte"' in page
    assert "Mes notifications" not in page


async def test_a_profile_is_kept(client: AsyncClient, camille: NewMember) -> None:
    answer = await save(client, langue="en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte?fait=profil-garde")
    found = await row("SELECT organisation, profession, territory, locale FROM member WHERE id = $1", camille.id)
    assert found is not None
    kept = (found["organisation"], found["profession"], found["territory"], found["locale"])
    assert kept == ("Médiathèque de Brest", "Bibliothécaire", "Bretagne", "en")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("nom", "", "de 2 à 60"),
        ("nom", "Modération", "réservé"),
        ("nom", "Compte effacé", "réservé"),
        ("profession", "Roi de France", "dans la liste"),
        ("territoire", "Atlantide", "dans la liste"),
        ("langue", "de", "n’existe pas"),
    ],
)
async def test_what_is_refused_is_said_beside_its_field(
    client: AsyncClient, camille: NewMember, field: str, value: str, reason: str
) -> None:
    answer = await save(client, **{field: value})
    assert answer.status_code == 422
    assert reason in answer.text
    assert f'href="#{field}"' in answer.text
    found = await row("SELECT name, organisation FROM member WHERE id = $1", camille.id)
    assert found is not None
    assert (found["name"], found["organisation"]) == ("Camille Martin", "")


async def test_nobody_changes_more_of_themselves_than_the_form_offers(client: AsyncClient, camille: NewMember) -> None:
    await save(client, role="administrator", email="autre@exemple.fr", confirmed_at="", handle="Autre", id="99")
    found = await row("SELECT role, email, handle FROM member WHERE id = $1", camille.id)
    assert found is not None
    assert (found["role"], found["email"], found["handle"]) == ("member", "camille@exemple.fr", "Camille-Martin")


async def test_a_choice_that_left_its_list_may_stay(client: AsyncClient, camille: NewMember) -> None:
    await rows("UPDATE member SET profession = $2 WHERE id = $1", camille.id, "Archiviste")
    assert 'value="Archiviste" selected' in (await client.get("/compte")).text
    assert (await save(client, profession="Archiviste")).status_code == 303


async def test_a_new_name_is_everywhere_at_once(app: Starlette, client: AsyncClient, camille: NewMember) -> None:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    member = await Member.get(id=camille.id)
    await make_post(thread, author=member)
    await make_proposal(theme, author=member)
    pages = (f"/fils/{thread.id}", "/propositions/T3-001")
    async with visitor(app) as reader:
        for path in pages:
            assert "Camille Martin" in (await reader.get(path)).text
        assert (await save(client, nom="Camille Aubry")).status_code == 303
        for path in pages:
            page = (await reader.get(path)).text
            assert "Camille Aubry" in page
            assert "Camille Martin" not in page
    found = await row("SELECT handle, handle_key FROM member WHERE id = $1", camille.id)
    assert found is not None
    assert (found["handle"], found["handle_key"]) == ("Camille-Aubry", "camille-aubry")


async def test_another_spelling_of_ones_own_name_keeps_the_handle(client: AsyncClient, camille: NewMember) -> None:
    await make_member("Camille Martin-2")
    assert (await save(client, nom="Camille MARTIN")).status_code == 303
    found = await row("SELECT name, handle FROM member WHERE id = $1", camille.id)
    assert found is not None
    assert (found["name"], found["handle"]) == ("Camille MARTIN", "Camille-Martin")


@pytest.mark.parametrize("name", ["Malik Diallo", "malik diallo", "MaIik Diallo", "Ma\u0302lik Diallo"])
async def test_nobody_takes_the_name_of_another(client: AsyncClient, camille: NewMember, name: str) -> None:
    await make_member("Malik Diallo")
    answer = await save(client, nom=name)
    assert answer.status_code == 422
    assert "déjà porté par un autre membre" in answer.text


async def test_a_name_does_not_change_all_day(client: AsyncClient, camille: NewMember) -> None:
    names = ["Camille Aubry", "Camille Brun", "Camille Colin", "Camille Denis", "Camille Evrard"]
    assert [(await save(client, nom=name)).status_code for name in names] == [303] * 5
    last = await save(client, nom="Camille Faure")
    assert last.status_code == 422
    assert "déjà changé 5 fois" in last.text
    assert (await save(client, nom="Camille Evrard", territoire="Corse")).status_code == 303


# --- the charter


async def test_a_form_of_before_brings_no_corrected_or_erased_name_back(
    client: AsyncClient, camille: NewMember
) -> None:
    assert (await save(client)).status_code == 303
    mark = re.search(r'name="vu" value="(\w+)"', (await client.get("/compte")).text)
    assert mark
    # An administrator corrects the name; or somebody is erased, whose name the organisation was.
    for corrected in ({"name": "Camille Corrigée"}, {"organisation": "(nom)"}):
        await Member.filter(id=camille.id).update(**corrected)
        stale = await save(client, vu=mark[1], profession="Autre")
        assert stale.status_code == 409
        for said in ("ont changé depuis que cette page est ouverte", next(iter(corrected.values()))):
            assert said in stale.text
        assert 'value="Camille Martin"' in stale.text, "what was typed is kept"
    member = await Member.get(id=camille.id)
    assert (member.name, member.organisation, member.profession) == ("Camille Corrigée", "(nom)", "Bibliothécaire")
    newer = re.search(r'name="vu" value="(\w+)"', stale.text)
    assert newer
    assert (await save(client, vu=newer[1])).status_code == 303
    assert (await Member.get(id=camille.id)).organisation == "Médiathèque de Brest"


async def test_a_charter_that_changed_must_be_accepted_again(
    client: AsyncClient, camille: NewMember, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = (await client.get("/compte")).text
    assert "pas encore accepté la charte" in page
    answer = await client.post("/compte/charte", data={"version": legal.charter_version()})
    assert answer.headers["location"] == "/compte?fait=charte-acceptee"
    assert "accepté la charte" not in (await client.get("/compte")).text
    monkeypatch.setattr(legal, "charter_version", lambda: "une autre")
    assert "La charte a changé" in (await client.get("/compte")).text
    assert (await client.get("/aide")).status_code == 200
    stale = await client.post("/compte/charte", data={"version": "celle d’avant"})
    assert (stale.status_code, "vient de changer" in stale.text) == (422, True)
    assert (await client.post("/compte/charte", data={"version": "une autre"})).status_code == 303


async def test_a_charter_that_changed_is_shown_at_the_next_visit(
    client: AsyncClient, camille: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.post("/compte/charte", data={"version": legal.charter_version()})
    typed = {"identifiant": "camille@exemple.fr", "mot_de_passe": PASSWORD, "suite": "/aide"}
    assert (await client.post("/connexion", data=typed)).headers["location"] == "/aide"
    monkeypatch.setattr(legal, "charter_version", lambda: "une autre")
    led = (await client.post("/connexion", data=typed)).headers["location"]
    assert led == "/compte?suite=%2Faide&fait=charte-changee"
    assert '<a href="/aide">Continuer sans l’accepter</a>' in (await client.get(led)).text
    assert "ailleurs" not in (await client.get("/compte?suite=//ailleurs.example")).text


@pytest.mark.parametrize("path", ["/compte", "/compte/adresse", "/inscription", "/mot-de-passe-oublie"])
async def test_looking_at_the_head_of_a_page_changes_nothing(
    client: AsyncClient, camille: NewMember, path: str
) -> None:
    if path == "/inscription":
        client.cookies.clear()
    assert (await client.head(path)).status_code == 200
    assert await count("mail") == 0


# --- the address


async def test_an_address_changes_once_both_mailboxes_agreed(
    app: Starlette, client: AsyncClient, camille: NewMember
) -> None:
    answer = await ask(client)
    assert answer.headers["location"] == "/compte/adresse?fait=adresse-demandee"
    assert [(mail["template"], mail["address"]) for mail in await mails()] == [
        ("old_address", "camille@exemple.fr"),
        ("new_address", "neuve@exemple.fr"),
    ]
    assert "neuve@exemple.fr" in (await client.get("/compte")).text
    old, new = await token_to("camille@exemple.fr"), await token_to("neuve@exemple.fr")
    async with visitor(app) as elsewhere:
        shown = await elsewhere.get("/compte/adresse/nouvelle", params={"jeton": new})
        assert "neuve@exemple.fr" in shown.text
        assert shown.headers.get_list("referrer-policy") == ["no-referrer"]
        assert "l’autre lien" in (await agree(elsewhere, "nouvelle", new)).text
        assert await address_of(camille.id) == "camille@exemple.fr"
        assert (await agree(elsewhere, "nouvelle", new)).status_code == 410
        assert "est changée" in (await agree(elsewhere, "ancienne", old)).text
    assert await address_of(camille.id) == "neuve@exemple.fr"
    assert (await mails())[-1]["template"] == "address_changed"
    assert (await mails())[-1]["address"] == "camille@exemple.fr"
    assert await count("address_change") == await count("link") == 0


async def test_two_mailboxes_that_agree_at_once_change_the_address(
    app: Starlette, client: AsyncClient, camille: NewMember
) -> None:
    await ask(client)
    old, new = await token_to("camille@exemple.fr"), await token_to("neuve@exemple.fr")
    async with visitor(app) as other:
        await asyncio.gather(agree(client, "ancienne", old), agree(other, "nouvelle", new))
    assert await address_of(camille.id) == "neuve@exemple.fr"


async def test_one_mailbox_alone_changes_nothing_and_the_change_may_be_given_up(
    client: AsyncClient, camille: NewMember
) -> None:
    await ask(client)
    new = await token_to("neuve@exemple.fr")
    assert (await client.post("/compte/adresse/abandonner")).status_code == 303
    assert (await agree(client, "nouvelle", new)).status_code == 410
    assert await count("address_change") == await count("link") == 0
    assert await address_of(camille.id) == "camille@exemple.fr"


async def test_a_link_of_an_earlier_change_agrees_to_no_later_one(client: AsyncClient, camille: NewMember) -> None:
    await ask(client, "voleur@exemple.fr")
    stolen, first = await token_to("voleur@exemple.fr"), await token_to("camille@exemple.fr")
    await ask(client, "neuve@exemple.fr")
    assert (await agree(client, "nouvelle", stolen)).status_code == 410
    assert (await agree(client, "ancienne", first)).status_code == 410


async def test_a_change_asks_for_the_current_password(client: AsyncClient, camille: NewMember) -> None:
    answer = await ask(client, password="ce n’est pas le bon")
    assert answer.status_code == 422
    assert "pas votre mot de passe actuel" in answer.text
    assert "ce n’est pas le bon" not in answer.text
    assert 'value="neuve@exemple.fr"' in answer.text
    assert await count("address_change") == await count("mail") == 0


@pytest.mark.parametrize("email", ["camille@exemple.fr", "CAMILLE@exemple.fr", "pas une adresse", ""])
async def test_a_change_is_to_another_address(client: AsyncClient, camille: NewMember, email: str) -> None:
    assert (await ask(client, email)).status_code == 422
    assert await count("address_change") == 0


async def test_the_address_of_another_member_gets_the_same_answer(client: AsyncClient, camille: NewMember) -> None:
    await make_member("Dominique Petit", email="prise@exemple.fr")
    free, taken = await ask(client, "libre@exemple.fr"), await ask(client, "prise@exemple.fr")
    assert (free.status_code, free.headers["location"]) == (taken.status_code, taken.headers["location"])
    pages = [(await client.get("/compte/adresse")).text]
    await ask(client, "libre@exemple.fr")
    pages.append((await client.get("/compte/adresse")).text.replace("libre@", "prise@"))
    assert pages[0] == pages[1]
    told = [mail for mail in await mails() if mail["address"] == "prise@exemple.fr"]
    assert [mail["template"] for mail in told] == ["already_member"]


async def test_an_address_taken_meanwhile_stays_its_owners(client: AsyncClient, camille: NewMember) -> None:
    await ask(client)
    old, new = await token_to("camille@exemple.fr"), await token_to("neuve@exemple.fr")
    await agree(client, "ancienne", old)
    await make_member("Dominique Petit", email="neuve@exemple.fr")
    answer = await agree(client, "nouvelle", new)
    assert (answer.status_code, "un autre compte" in answer.text) == (410, True)
    assert await address_of(camille.id) == "camille@exemple.fr"


async def test_a_change_ends_after_two_days(client: AsyncClient, camille: NewMember, clock: Clock) -> None:
    await ask(client)
    token = await token_to("neuve@exemple.fr")
    clock.pass_(hours=48)
    assert (await agree(client, "nouvelle", token)).status_code == 410
    assert "neuve@exemple.fr" not in (await client.get("/compte")).text


async def test_a_link_for_a_password_does_not_outlive_the_address(client: AsyncClient, camille: NewMember) -> None:
    await client.post("/mot-de-passe-oublie", data={"adresse": "camille@exemple.fr"})
    reset = await token_to("camille@exemple.fr")
    await ask(client)
    await agree(client, "nouvelle", await token_to("neuve@exemple.fr"))
    await agree(client, "ancienne", await token_to("camille@exemple.fr"))
    assert await address_of(camille.id) == "neuve@exemple.fr"
    typed = {"jeton": reset, "nouveau_mot_de_passe": "cinq mots bien choisis ensemble"}
    assert (await client.post("/mot-de-passe/nouveau", data=typed)).status_code == 410


# --- an address that nobody confirmed


async def brought(client: AsyncClient, now: datetime = NOON) -> Member:
    """A member whose provider gave their address without verifying it, just signed in."""
    member = await make_member("Camille Martin", email="camille@exemple.fr", confirmed=False, password_hash=None)
    await sign_in(client, member)
    await rows("UPDATE session SET proved_at = $1", now)
    return member


async def test_an_unconfirmed_member_reads_and_confirms(client: AsyncClient, thread: Thread) -> None:
    member = await brought(client)
    assert "n’est pas confirmée" in (await client.get("/compte")).text
    assert (await client.post(f"/fils/{thread.id}/repondre", data={"source": "Bonjour"})).status_code == 403
    answer = await client.post("/compte/confirmer/envoyer")
    assert answer.headers["location"] == "/compte?fait=confirmation-envoyee"
    token = await token_to("camille@exemple.fr")
    assert "jeton" in (await client.get("/compte/confirmer", params={"jeton": token})).text
    before = await row("SELECT confirmed_at FROM member WHERE id = $1", member.id)
    assert before is not None
    assert before["confirmed_at"] is None
    assert (await client.post("/compte/confirmer", data={"jeton": token})).status_code == 303
    assert (await client.post(f"/fils/{thread.id}/repondre", data={"source": "Bonjour"})).status_code == 303
    assert (await client.post("/compte/confirmer", data={"jeton": token})).status_code == 410
    assert (await client.post("/compte/confirmer/envoyer")).status_code == 404


async def test_the_owner_of_a_mailbox_confirms_only_their_own_account(app: Starlette, client: AsyncClient) -> None:
    """An account with the address of somebody else must not be confirmed by that person."""
    member = await brought(client)
    await client.post("/compte/confirmer/envoyer")
    token = await token_to("camille@exemple.fr")
    async with visitor(app) as owner:
        assert (await owner.post("/compte/confirmer", data={"jeton": token})).status_code == 403
        await sign_in(owner, await make_member("Dominique Petit"))
        answer = await owner.post("/compte/confirmer", data={"jeton": token})
        assert (answer.status_code, "d’un autre compte" in answer.text) == (410, True)
    found = await row("SELECT confirmed_at FROM member WHERE id = $1", member.id)
    assert found is not None
    assert found["confirmed_at"] is None


async def test_an_address_without_proof_has_no_say_in_its_change(client: AsyncClient) -> None:
    member = await brought(client)
    assert (await ask(client, password="")).status_code == 303
    assert [mail["template"] for mail in await mails()] == ["new_address"]
    await agree(client, "nouvelle", await token_to("neuve@exemple.fr"))
    assert await address_of(member.id) == "neuve@exemple.fr"
    found = await row("SELECT confirmed_at FROM member WHERE id = $1", member.id)
    assert found is not None
    assert found["confirmed_at"] is not None


async def test_a_member_without_password_signs_in_again_before_the_change(client: AsyncClient) -> None:
    await brought(client, NOON - timedelta(minutes=11))
    answer = await ask(client, password="")
    assert (answer.status_code, "reconnectez-vous" in answer.text) == (422, True)
    assert await count("address_change") == 0


# --- mails that never arrive


async def test_whoever_has_a_mail_sent_that_never_arrives_reads_why(
    client: AsyncClient, camille: NewMember, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(waiting: object) -> str:
        raise mail.MailRefused("Le serveur de courrier refuse ce courriel ({code}).", values={"code": "550 5.1.1"})

    monkeypatch.setattr(mail, "deliver", refuse)
    monkeypatch.setattr(running, "clock", clock)
    await ask(client)
    told = "Le courriel n’a pas pu être remis. Le serveur de courrier refuse ce courriel (550 5.1.1)."
    assert told not in (await client.get("/compte/adresse")).text.replace("\xa0", " ")
    for job in await rows("SELECT id FROM job WHERE name = 'send_mail' ORDER BY id DESC LIMIT 1"):
        await running.run(job["id"], mail.WORK)
    page = (await client.get("/compte/adresse")).text.replace("\xa0", " ")
    assert page.count(told) == 1
    assert page.index("Nouvelle adresse") < page.index(told)
    await client.post("/compte/adresse/abandonner")
    await rows("UPDATE member SET confirmed_at = NULL")
    await client.post("/compte/confirmer/envoyer")
    for job in await rows("SELECT id FROM job WHERE name = 'send_mail' ORDER BY id DESC LIMIT 1"):
        await running.run(job["id"], mail.WORK)
    assert "Le message de confirmation n’a pas pu être remis." in (await client.get("/compte")).text
