"""Joining through the forms: asking for an account, the mail, its link; and a new password for people who lost
theirs."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain import legal
from forum.domain.members import lost_passwords
from forum.domain.sign_in import passwords
from forum.sealing import unseal
from tests.conftest import ADDRESS, Clock, visitor
from tests.factories import count, give_factor, make_member, sign_in

PASSWORD = "quatre mots pour entrer"
ANOTHER = "cinq mots bien choisis ensemble"
TYPED = {
    "nom": "Camille Martin",
    "adresse": "camille@exemple.fr",
    "mot_de_passe": PASSWORD,
    "organisation": "Médiathèque de Brest",
    "profession": "Bibliothécaire",
    "territoire": "Bretagne",
    "charte": "1",
}


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Nobody waits; the waiting times are noted instead."""
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(lost_passwords, "pause", pause)
    return iter([waited])


async def ask(client: AsyncClient, **changed: str) -> Response:
    return await client.post("/inscription", data=TYPED | changed)


async def mails(template: str = "") -> list[dict[str, Any]]:
    """The mails that wait to be sent, the oldest first."""
    found = await rows("SELECT address, template, locale, content FROM mail ORDER BY id")
    read = [dict(one) | {"values": unseal(one["content"])} for one in found]
    return [one for one in read if template in ("", one["template"])]


async def last_token(template: str) -> str:
    token: str = (await mails(template))[-1]["values"]["token"]
    return token


async def confirm(client: AsyncClient, token: str, **fields: str) -> Response:
    return await client.post("/inscription/confirmer", data={"jeton": token, "mot_de_passe": PASSWORD} | fields)


async def enter(client: AsyncClient, password: str = PASSWORD, identifier: str = "camille@exemple.fr") -> Response:
    return await client.post("/connexion", data={"identifiant": identifier, "mot_de_passe": password})


# --- asking


async def test_a_person_signs_up_confirms_and_is_a_member(client: AsyncClient, clock: Clock) -> None:
    answer = await ask(client, adresse=" Camille@Exemple.fr ")
    assert answer.status_code == 200
    assert "Regardez votre courrier" in answer.text
    assert "Camille@Exemple.fr" in answer.text
    assert await count("member") == 0
    assert "set-cookie" not in answer.headers
    [mail] = await mails()
    assert (mail["address"], mail["template"], mail["locale"]) == ("Camille@exemple.fr", "sign_up", "fr")
    page = await client.get("/inscription/confirmer", params={"jeton": mail["values"]["token"]})
    assert "Camille Martin" in page.text
    assert await count("member") == 0
    clock.pass_(hours=47)
    opened = await confirm(client, mail["values"]["token"])
    assert (opened.status_code, opened.headers["location"]) == (303, "/compte?fait=compte-ouvert")
    found = await row("SELECT * FROM member")
    assert found is not None
    assert (found["name"], found["handle"], found["email"]) == (
        "Camille Martin",
        "Camille-Martin",
        "Camille@exemple.fr",
    )
    declared = found["organisation"], found["profession"], found["territory"]
    assert declared == ("Médiathèque de Brest", "Bibliothécaire", "Bretagne")
    assert found["charter_version"] == legal.charter_version()
    assert found["charter_accepted_at"] is not None
    assert found["confirmed_at"] is not None
    assert await count("sign_up") == await count("link") == 0
    assert "Bienvenue" in (await client.get("/compte?fait=compte-ouvert")).text
    await client.post("/deconnexion")
    assert (await enter(client)).status_code == 303


async def test_an_address_that_has_an_account_gets_the_same_answer_and_its_owner_a_mail(client: AsyncClient) -> None:
    fresh = await ask(client)
    await make_member("Dominique Petit", email="Dominique@Exemple.fr")
    known = await ask(client, nom="Autre Personne", adresse="dominique@exemple.fr")
    assert (known.status_code, dict(known.headers).keys()) == (fresh.status_code, dict(fresh.headers).keys())
    assert known.text.replace("dominique@exemple.fr", "camille@exemple.fr") == fresh.text
    told = (await mails())[-1]
    assert (told["template"], told["address"]) == ("already_member", "Dominique@Exemple.fr")
    assert told["values"] == {"name": "Dominique Petit"}
    assert await count("sign_up") == 1


async def test_the_password_is_hashed_before_the_address_is_looked_up(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the fifth of a second that hashing takes would reveal who has an account."""
    await make_member("Dominique Petit", email="camille@exemple.fr")
    hashed: list[str] = []

    async def hash_password(password: str, *, asker: str) -> str:
        hashed.append(password)
        return "condensé"

    monkeypatch.setattr(passwords, "hash_password", hash_password)
    await ask(client)
    await ask(client, adresse="autre@exemple.fr")
    assert hashed == [PASSWORD, PASSWORD]


async def test_more_than_three_mails_an_hour_change_nothing_in_the_answer(app: Starlette) -> None:
    answers = []
    for number in range(5):
        transport = ASGITransport(app=app, client=(f"192.0.2.{number}", 40000))
        async with AsyncClient(transport=transport, base_url=ADDRESS) as client:
            answers.append(await ask(client))
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    assert len(await mails()) == 3


async def test_asking_again_sends_another_link_and_both_lead_to_one_account(client: AsyncClient) -> None:
    await ask(client)
    await ask(client)
    first, second = [mail["values"]["token"] for mail in await mails()]
    assert first != second
    assert (await confirm(client, second)).status_code == 303
    late = await confirm(client, first)
    assert late.status_code == 410
    assert "Connectez-vous" in late.text
    assert await count("member") == 1


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("nom", "", "de 2 à 60"),
        ("nom", "Administrateur", "réservé"),
        ("nom", "www.exemple.fr", "adresse de site"),
        ("nom", "Ca\u202emille", "se compose de"),
        ("nom", "Camille\u200b Martin", "se compose de"),
        ("nom", "דוד Martin", "un seul alphabet"),
        ("nom", "Z\u0301\u0302\u0303\u0304\u0305algo", "au plus trois"),
        ("adresse", "camille", "prenom.nom@exemple.fr"),
        ("adresse", "a@b.fr\r\nBcc: tous@exemple.fr", "prenom.nom@exemple.fr"),
        ("mot_de_passe", "court", "au moins 12"),
        ("mot_de_passe", "camille martin", "trop facile"),
        ("mot_de_passe", "x" * 200_000, "au plus 1"),
        ("profession", "Roi de France", "dans la liste"),
        ("territoire", "Atlantide", "dans la liste"),
        ("charte", "", "Acceptez la charte"),
        ("organisation", "x" * 121, "trop long"),
    ],
)
async def test_what_is_refused_is_said_beside_its_field(
    client: AsyncClient, field: str, value: str, reason: str
) -> None:
    answer = await ask(client, **{field: value})
    assert answer.status_code == 422
    assert reason in answer.text
    assert f'href="#{field}"' in answer.text
    assert PASSWORD not in answer.text
    assert "Médiathèque de Brest" in answer.text or field == "organisation"
    assert await count("sign_up") == await count("mail") == 0


async def test_a_password_of_a_megabyte_is_not_read(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hash_password(password: str, *, asker: str) -> str:
        raise AssertionError("a password of that length must not be hashed")

    monkeypatch.setattr(passwords, "hash_password", hash_password)
    assert (await ask(client, mot_de_passe="x" * 1_000_000)).status_code == 413
    assert (await ask(client, mot_de_passe="x" * 200_000)).status_code == 422


async def test_a_field_of_one_value_takes_no_list(client: AsyncClient) -> None:
    for field in ("nom", "adresse", "mot_de_passe", "profession", "charte"):
        twice = await client.post("/inscription", data=TYPED | {field: [TYPED[field], TYPED[field]]})
        assert twice.status_code == 422, field
        listed = await client.post("/inscription", json=TYPED | {field: [TYPED[field]]})
        assert listed.status_code == 422, field
        nested = await client.post("/inscription", json=TYPED | {field: {"a": "b"}})
        assert nested.status_code == 422, field
    assert await count("sign_up") == 0


@pytest.mark.parametrize("name", ["Malik Diallo", "MALIK  DIALLO", "MaIik Diallo", "Malik-Dial1o", "Mâlik Diallo"])
async def test_a_name_that_looks_taken_is_refused(client: AsyncClient, name: str) -> None:
    await make_member("Malik Diallo", confirmed=False)
    assert (await ask(client, nom=name)).status_code == 200
    await rows("UPDATE member SET confirmed_at = created_at")
    answer = await ask(client, nom=name, adresse="autre@exemple.fr")
    assert answer.status_code == 422
    assert "déjà porté par un autre membre" in answer.text


async def test_a_place_that_asks_for_too_many_accounts_waits(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hash_password(password: str, *, asker: str) -> str:
        return "condensé"

    monkeypatch.setattr(passwords, "hash_password", hash_password)
    statuses = [(await ask(client, adresse=f"p{n}@exemple.fr")).status_code for n in range(21)]
    assert statuses == [200] * 20 + [429]
    assert "Réessayez dans une heure" in (await ask(client)).text


async def test_no_page_for_visitors_sets_a_cookie(client: AsyncClient) -> None:
    for path in ("/inscription", "/mot-de-passe-oublie", "/inscription/confirmer?jeton=x", "/connexion"):
        assert "set-cookie" not in (await client.get(path)).headers


async def test_a_foreign_host_is_refused_before_any_mail(client: AsyncClient) -> None:
    answer = await client.post("/inscription", data=TYPED, headers={"Host": "ailleurs.example"})
    assert answer.status_code == 400
    assert await count("mail") == 0


async def test_english_readers_get_english_mails(client: AsyncClient) -> None:
    answer = await client.post("/en/inscription", data=TYPED)
    assert "camille@exemple.fr" in answer.text
    assert [mail["locale"] for mail in await mails()] == ["en"]
    await confirm(client, await last_token("sign_up"))
    assert (await rows("SELECT locale FROM member"))[0]["locale"] == "en"


# --- confirming


async def test_the_link_alone_opens_nothing(client: AsyncClient) -> None:
    """Somebody else may have signed up with this address: its owner must not confirm an account whose password the
    other knows."""
    await ask(client)
    token = await last_token("sign_up")
    answer = await confirm(client, token, mot_de_passe="un autre mot de passe")
    assert answer.status_code == 422
    assert "le mot de passe choisi à l’inscription" in answer.text
    assert await count("member") == 0
    assert (await confirm(client, token)).status_code == 303


async def test_two_confirmations_at_once_make_one_member(app: Starlette, client: AsyncClient) -> None:
    await ask(client)
    token = await last_token("sign_up")
    async with visitor(app) as other:
        answers = await asyncio.gather(confirm(client, token), confirm(other, token))
    assert sorted(answer.status_code for answer in answers) == [303, 410]
    assert await count("member") == 1


async def test_two_links_of_one_address_at_once_make_one_member(app: Starlette, client: AsyncClient) -> None:
    await ask(client)
    await ask(client, nom="Dominique Petit")
    first, second = [mail["values"]["token"] for mail in await mails()]
    async with visitor(app) as other:
        answers = await asyncio.gather(confirm(client, first), confirm(other, second))
    assert sorted(answer.status_code for answer in answers)[0] == 303
    assert await count("member") == 1


async def test_of_two_who_take_one_name_at_once_the_second_chooses_another(app: Starlette, client: AsyncClient) -> None:
    await ask(client)
    await ask(client, adresse="homonyme@exemple.fr")
    first, second = [mail["values"]["token"] for mail in await mails()]
    async with visitor(app) as other:
        answers = await asyncio.gather(confirm(client, first), confirm(other, second))
        assert sorted(answer.status_code for answer in answers) == [303, 422]
        late = next(
            (one, token)
            for one, token, answer in zip((client, other), (first, second), answers, strict=True)
            if answer.status_code == 422
        )
        assert 'id="nom"' in (await late[0].get("/inscription/confirmer", params={"jeton": late[1]})).text
        assert (await confirm(late[0], late[1], nom="Camille J. Martin")).status_code == 303
    assert {one["name"] for one in await rows("SELECT name FROM member")} == {"Camille Martin", "Camille J. Martin"}


@pytest.mark.parametrize("path", ["/inscription/confirmer", "/mot-de-passe/nouveau"])
async def test_an_invalid_link_says_what_to_do(client: AsyncClient, path: str) -> None:
    for token in ("", "x", "é" * 3000, "\N{REPLACEMENT CHARACTER}"):
        for answer in (
            await client.get(path, params={"jeton": token}),
            await client.post(path, data={"jeton": token, "mot_de_passe": PASSWORD}),
        ):
            assert answer.status_code == 410
            assert "Ce lien a déjà servi, ou n’est plus valable" in answer.text
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers.get_list("referrer-policy") == ["no-referrer"]


async def test_a_link_ends_after_two_days(client: AsyncClient, clock: Clock) -> None:
    await ask(client)
    clock.pass_(hours=48)
    assert (await confirm(client, await last_token("sign_up"))).status_code == 410
    assert await count("member") == 0


async def test_a_link_of_one_kind_does_not_work_as_another(client: AsyncClient) -> None:
    await ask(client)
    token = await last_token("sign_up")
    answer = await client.post("/mot-de-passe/nouveau", data={"jeton": token, "nouveau_mot_de_passe": ANOTHER})
    assert answer.status_code == 410


async def test_an_address_that_nobody_proved_yields_to_its_owner(client: AsyncClient) -> None:
    """A provider may give an address that it did not verify: that must not lock its owner out."""
    squatter = await make_member("Quelqu’un d’autre", email="camille@exemple.fr", confirmed=False)
    await ask(client)
    assert [mail["template"] for mail in await mails()] == ["sign_up"]
    assert (await confirm(client, await last_token("sign_up"))).status_code == 303
    found = await row("SELECT email, email_key FROM member WHERE id = $1", squatter.id)
    assert found is not None
    assert (found["email"], found["email_key"]) == (None, None)


# --- a lost password


async def test_a_lost_password_is_replaced_and_every_session_ends(client: AsyncClient) -> None:
    member = await make_member(email="camille@exemple.fr")
    await sign_in(client, member)
    await sign_in(client, member)
    client.cookies.clear()
    answer = await client.post("/mot-de-passe-oublie", data={"adresse": "CAMILLE@exemple.fr"})
    assert "Regardez votre courrier" in answer.text
    await client.post("/mot-de-passe-oublie", data={"adresse": "camille@exemple.fr"})
    first, second = [mail["values"]["token"] for mail in await mails("reset")]
    assert "Camille Martin" in (await client.get("/mot-de-passe/nouveau", params={"jeton": first})).text
    weak = await client.post("/mot-de-passe/nouveau", data={"jeton": first, "nouveau_mot_de_passe": "camille"})
    assert (weak.status_code, "au moins 12" in weak.text) == (422, True)
    done = await client.post("/mot-de-passe/nouveau", data={"jeton": first, "nouveau_mot_de_passe": ANOTHER})
    assert (done.status_code, done.headers["location"]) == (303, "/connexion?fait=mot-de-passe-choisi")
    assert "set-cookie" not in done.headers
    assert await count("session") == 0
    assert [mail["template"] for mail in await mails()] == ["reset", "reset", "password_changed"]
    for dead in (first, second):
        again = await client.post("/mot-de-passe/nouveau", data={"jeton": dead, "nouveau_mot_de_passe": PASSWORD})
        assert again.status_code == 410
    assert (await enter(client, ANOTHER)).status_code == 303


async def test_asking_for_a_link_reveals_nothing(client: AsyncClient, unhurried: Iterator[list[float]]) -> None:
    await make_member(email="camille@exemple.fr")
    await make_member("Pas Confirmée", email="pas@exemple.fr", confirmed=False)
    addresses = ["camille@exemple.fr", "pas@exemple.fr", "personne@exemple.fr"]
    answers = [await client.post("/mot-de-passe-oublie", data={"adresse": address}) for address in addresses]
    assert len({answer.text.replace(address, "") for answer, address in zip(answers, addresses, strict=True)}) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert [mail["address"] for mail in await mails()] == ["camille@exemple.fr"]
    assert len(next(unhurried)) == 3


async def test_a_link_for_a_password_is_good_for_an_hour(client: AsyncClient, clock: Clock) -> None:
    await make_member(email="camille@exemple.fr")
    await client.post("/mot-de-passe-oublie", data={"adresse": "camille@exemple.fr"})
    clock.pass_(minutes=60)
    typed = {"jeton": await last_token("reset"), "nouveau_mot_de_passe": ANOTHER}
    assert (await client.post("/mot-de-passe/nouveau", data=typed)).status_code == 410


async def test_a_new_password_does_not_replace_the_second_factor(client: AsyncClient) -> None:
    await give_factor(await make_member(email="camille@exemple.fr"))
    await client.post("/mot-de-passe-oublie", data={"adresse": "camille@exemple.fr"})
    typed = {"jeton": await last_token("reset"), "nouveau_mot_de_passe": ANOTHER}
    await client.post("/mot-de-passe/nouveau", data=typed)
    answer = await enter(client, ANOTHER)
    assert answer.headers["location"].startswith("/connexion/code")
    assert "Camille Martin" not in (await client.get("/aide")).text


async def test_a_member_who_never_had_a_password_sets_one_by_mail(client: AsyncClient) -> None:
    await make_member(email="camille@exemple.fr", password_hash=None)
    await client.post("/mot-de-passe-oublie", data={"adresse": "camille@exemple.fr"})
    typed = {"jeton": await last_token("reset"), "nouveau_mot_de_passe": ANOTHER}
    assert (await client.post("/mot-de-passe/nouveau", data=typed)).status_code == 303
    assert (await enter(client, ANOTHER)).status_code == 303
