"""Signing in and out through the form, with real passwords, and what the cookie allows from then on."""

from datetime import timedelta

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.sign_in import passwords, sessions
from forum.errors import Invalid, InvalidForm
from forum.models.joining import SignUp
from forum.models.members import Role
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, sign_in

PASSWORD = "quatre mots pour entrer"
WRONG = "Le nom, l’adresse ou le mot de passe n’est pas le bon, ou l’adresse n’est pas encore confirmée."


@pytest.fixture
async def account(database: object) -> members.NewMember:
    return await members.create_member(
        Particulars("Camille Martin", email="Camille@Exemple.fr", password=PASSWORD), now=NOON
    )


async def enter(client: AsyncClient, identifier: str, password: str = PASSWORD, **fields: str) -> Response:
    return await client.post("/connexion", data={"identifiant": identifier, "mot_de_passe": password, **fields})


@pytest.mark.parametrize(
    "identifier", ["Camille-Martin", "camille-martin", "\u200b@Camille-Martin", "<camille@exemple.fr\u200b>"]
)
async def test_a_member_signs_in_by_handle_or_address(
    client: AsyncClient, account: members.NewMember, identifier: str
) -> None:
    answer = await enter(client, identifier)
    assert answer.status_code == 303
    assert "Camille Martin" in (await client.get("/aide")).text


async def test_signing_in_leads_back_to_the_page_before(client: AsyncClient, account: members.NewMember) -> None:
    form = await client.get("/connexion?suite=/fils/1?page=2")
    assert 'value="/fils/1?page=2"' in form.text
    assert (await enter(client, "Camille-Martin", suite="/fils/1?page=2")).headers["location"] == "/fils/1?page=2"


async def test_the_sign_in_page_leads_to_an_account_and_keeps_no_password(client: AsyncClient) -> None:
    page = (await client.get("/connexion")).text
    assert 'href="/inscription"' in page
    assert 'href="/mot-de-passe-oublie"' in page
    refused = await client.post("/connexion", data={"identifiant": "personne", "mot_de_passe": "une phrase secrète"})
    assert "Il reste à corriger" in refused.text
    assert "Votre saisie est gardée" not in refused.text
    assert "une phrase secrète" not in refused.text


@pytest.mark.parametrize(
    "elsewhere",
    ["https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs.example", "/\t/ailleurs", "javascript:1"],
)
async def test_signing_in_never_leads_elsewhere(
    client: AsyncClient, account: members.NewMember, elsewhere: str
) -> None:
    assert (await enter(client, "Camille-Martin", suite=elsewhere)).headers["location"] == "/"
    assert "ailleurs" not in (await client.get("/connexion", params={"suite": elsewhere})).text


async def test_the_page_before_is_kept_when_it_is_ours(client: AsyncClient) -> None:
    ours = await client.get("/connexion", headers={"Referer": "http://127.0.0.1:8000/themes/3?x=1"})
    foreign = await client.get("/connexion", headers={"Referer": "http://ailleurs.example/themes/3"})
    assert 'name="suite" value="/themes/3?x=1"' in ours.text
    assert 'name="suite" value=""' in foreign.text


async def test_unknown_accounts_and_wrong_passwords_get_the_same_answer(
    client: AsyncClient, account: members.NewMember
) -> None:
    await make_member("Sans Mot", password_hash=None)
    answers = [
        await enter(client, identifier, "pas le bon mot")
        for identifier in ("Camille-Martin", "Personne", "Sans-Mot", "inconnue@exemple.fr")
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert all(WRONG in answer.text for answer in answers)
    assert 'value="Personne"' in answers[1].text
    assert all("pas le bon mot" not in answer.text for answer in answers)


async def test_a_sign_up_that_waits_for_its_confirmation_gets_the_same_answer(client: AsyncClient) -> None:
    """Not even the password chosen at the sign-up reveals that there is one."""
    await SignUp.create(
        name="Malik Diallo",
        email="malik@exemple.fr",
        password_hash=await passwords.hash_password(PASSWORD, asker="tests"),
        charter_version="1",
        created_at=NOON,
        expires_at=NOON + timedelta(days=2),
    )
    waiting, unknown = await enter(client, "malik@exemple.fr"), await enter(client, "inconnu@exemple.fr")
    assert waiting.status_code == unknown.status_code == 422
    assert waiting.text.replace("malik@", "inconnu@") == unknown.text
    assert WRONG in waiting.text


async def test_a_verification_is_made_even_when_there_is_no_account(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str | None] = []

    async def verify(password: str, kept: str | None, *, asker: str, is_known: bool) -> bool:
        verified.append(kept)
        return False

    monkeypatch.setattr(passwords, "verify", verify)
    await enter(client, "Personne")
    assert verified == [None]


async def test_the_cookie_is_closed_to_scripts_and_the_table_keeps_only_its_hash(
    client: AsyncClient, account: members.NewMember
) -> None:
    cookie = (await enter(client, "Camille-Martin")).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    token = client.cookies["session"]
    assert len(token) >= 43
    kept = (await rows("SELECT token_hash FROM session"))[0]["token_hash"]
    assert kept == sessions.hashed(token) != token


async def test_signing_in_again_ends_the_session_of_this_browser(
    client: AsyncClient, account: members.NewMember
) -> None:
    await enter(client, "Camille-Martin")
    first = client.cookies["session"]
    await enter(client, "Camille-Martin")
    assert client.cookies["session"] != first
    assert await count("session") == 1


async def test_signing_out_ends_the_session_on_the_server(app: Starlette, client: AsyncClient) -> None:
    await sign_in(client, await make_member())
    token = client.cookies["session"]
    answer = await client.post("/deconnexion")
    assert answer.status_code == 303
    assert answer.headers["clear-site-data"] == '"cache"'
    async with visitor(app) as thief:
        thief.cookies.set("session", token)
        assert "Se connecter" in (await thief.get("/aide")).text
    assert await count("session") == 0


async def test_a_new_password_ends_the_sessions_of_the_old_one(client: AsyncClient, account: members.NewMember) -> None:
    assert (await enter(client, account.handle)).status_code == 303
    assert await members.set_password("camille@exemple.fr", "quatre mots bien choisis", now=NOON) == account.name
    assert account.name not in (await client.get("/aide")).text
    assert (await enter(client, account.handle)).status_code == 422
    typed = {"identifiant": account.handle, "mot_de_passe": "quatre mots bien choisis"}
    assert (await client.post("/connexion", data=typed)).status_code == 303


async def test_signing_out_is_not_a_link(client: AsyncClient) -> None:
    await sign_in(client, await make_member())
    assert (await client.get("/deconnexion")).status_code == 405
    assert await count("session") == 1


async def test_a_session_ends_when_it_is_not_used(client: AsyncClient, clock: Clock) -> None:
    await sign_in(client, await make_member())
    clock.pass_(hours=71)
    assert "Camille Martin" in (await client.get("/aide")).text
    clock.pass_(hours=71)
    assert "Camille Martin" in (await client.get("/aide")).text
    clock.pass_(hours=72)
    assert "Camille Martin" not in (await client.get("/aide")).text


async def test_a_session_ends_eventually_however_much_it_is_used(client: AsyncClient, clock: Clock) -> None:
    await sign_in(client, await make_member())
    for _ in range(12):
        clock.pass_(hours=60)
        page = (await client.get("/aide")).text
    assert "Camille Martin" not in page


async def test_a_lost_right_is_lost_at_the_next_request(client: AsyncClient) -> None:
    group = await make_group()
    member = await make_member(moderates=[group])
    await sign_in(client, member)
    token = client.cookies["session"]
    before = await sessions.viewer_of(token, now=NOON)
    await rows("DELETE FROM moderator")
    after = await sessions.viewer_of(token, now=NOON)
    assert before is not None
    assert after is not None
    assert (before.groups, after.groups) == (frozenset({group.id}), frozenset())


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 5000, '"; DROP TABLE session'])
async def test_a_forged_cookie_signs_nobody_in(client: AsyncClient, token: str) -> None:
    answer = await client.get("/aide", headers={b"Cookie": f"session={token}".encode()})
    assert answer.status_code == 200
    assert "Se connecter" in answer.text


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("onze signes", "au moins 12"),
        ("x" * 1025, "au plus 1\xa0024|au plus 1024"),
        ("motdepasse1234", "facile"),
        ("MotDePasse 2026 !", "facile"),
        ("bibliothèque2026", "facile"),
        ("abababababab", "facile"),
        ("camille-martin-1", "facile"),
        ("camille@2026!", "facile"),
        ("Cahier2026!!", "facile"),
        ("M0tdep@$$e_75", "facile"),
        ("Soleil-Bonjour-26", "facile"),
    ],
)
async def test_a_weak_password_is_refused(database: object, password: str, reason: str) -> None:
    with pytest.raises(InvalidForm, match=reason) as refusal:
        await members.create_member(
            Particulars("Camille Martin", email="camille@exemple.fr", password=password), now=NOON
        )
    assert refusal.value.field == "mot_de_passe"
    assert await count("member") == 0


async def test_namesakes_get_different_handles(database: object) -> None:
    first = await members.create_member(Particulars("Malik Diallo"), now=NOON)
    second = await members.create_member(Particulars("malik diallo"), now=NOON)
    assert (first.handle, second.handle) == ("Malik-Diallo", "malik-diallo-2")


@pytest.mark.parametrize("name", ["MaIik Diallo", "Malik Dial1o", "Mal\N{LATIN SMALL LETTER DOTLESS I}k Diall0"])
async def test_nobody_takes_a_name_that_only_looks_like_somebodys(database: object, name: str) -> None:
    await members.create_member(Particulars("Malik Diallo"), now=NOON)
    with pytest.raises(Invalid, match="se confond") as refusal:
        await members.create_member(Particulars(name), now=NOON)
    assert refusal.value.field == "nom"
    assert await count("member") == 1


async def test_a_name_is_the_same_however_its_accents_are_composed(database: object) -> None:
    first = await members.create_member(Particulars("Aurélien Moreau"), now=NOON)
    second = await members.create_member(Particulars("AURE\N{COMBINING ACUTE ACCENT}LIEN MOREAU"), now=NOON)
    assert (first.name, second.name) == ("Aurélien Moreau", "AURÉLIEN MOREAU")
    assert second.handle.endswith("-2")


async def test_an_address_belongs_to_one_account(account: members.NewMember) -> None:
    with pytest.raises(Invalid, match="existe déjà"):
        await members.create_member(Particulars("Autre Personne", email="CAMILLE@exemple.fr"), now=NOON)


async def test_every_problem_of_an_account_is_reported_at_once(database: object) -> None:
    with pytest.raises(InvalidForm) as refusal:
        await members.create_member(Particulars("administrateur", email="pas une adresse", password="court"), now=NOON)
    assert [problem.field for problem in refusal.value.problems] == ["nom", "adresse", "mot_de_passe"]


async def test_a_generated_password_is_accepted(database: object) -> None:
    password = passwords.generate()
    member = await members.create_member(Particulars("Camille Martin", password=password), role=Role.AGENT, now=NOON)
    assert await sessions.sign_in("Camille-Martin", password, address="", now=NOON)
    assert (await members.load_viewer(member.id)).role is Role.AGENT
    await rows("UPDATE member SET suspended_until = $1 WHERE id = $2", NOON, member.id)
    assert (await members.load_viewer(member.id)).suspended_until == NOON


@pytest.mark.parametrize(
    "password", ["soleil bonjour vacances cahier", "le chat du voisin 7", "Zq7!kd0pWm4x", "k7mn-x2pq-9rst-wz4a-h3cd"]
)
def test_a_phrase_or_random_characters_make_a_password(password: str) -> None:
    assert passwords.check_password(password, about=("Camille Martin", "camille@exemple.fr")) == password
