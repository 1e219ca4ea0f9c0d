"""Signing in with a real provider of identities, with the usual settings and with those that ProConnect documents."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.sign_in import providers
from forum.errors import Unavailable
from forum.models.members import Member
from forum.settings import Settings, settings
from tests.conftest import ADDRESS, Clock, visitor
from tests.factories import code_at, count, give_factor, make_member, sign_in
from tests.oidc import real

pytestmark = pytest.mark.slow

PASSWORD = "quatre mots pour entrer"


@pytest.fixture(scope="module", params=["standard", "proconnect"])
def provider(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A real provider of each kind: its kind, its issuer."""
    with real.serving(request.param, ADDRESS) as issuer:
        yield request.param, issuer


@pytest.fixture
def configured(configured: Settings, provider: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in real.environment(*provider).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    return settings()


@pytest.fixture
async def there() -> AsyncIterator[AsyncClient]:
    """The browser of the same person, at the provider."""
    async with AsyncClient() as one:
        yield one


def way_of(answer: Response) -> str:
    """The address at the provider that our page leads to."""
    assert answer.status_code == 200, answer.text
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    assert found, answer.text
    assert f'href="{found[1]}"' in answer.text
    return html.unescape(found[1])


async def go_there(client: AsyncClient, there: AsyncClient, clock: Clock, login: str, **form: str) -> str:
    """Press the button and sign in at the provider; returns the address that it sends back to."""
    clock.now = datetime.now(UTC)
    way = way_of(await client.post("/connexion/fournisseur", data=form))
    back = await real.Visitor(there, login).go(way, ADDRESS)
    clock.now = datetime.now(UTC)
    return back


async def enter(client: AsyncClient, there: AsyncClient, clock: Clock, login: str, **form: str) -> Response:
    return await client.get(await go_there(client, there, clock, login, **form))


async def make_account() -> members.NewMember:
    return await members.create_member(
        Particulars("Camille Martin", email="camille@exemple.fr", password=PASSWORD), now=datetime.now(UTC)
    )


async def test_whoever_has_an_account_links_it_once_then_signs_in_without_a_password(
    app: Starlette, client: AsyncClient, there: AsyncClient, clock: Clock
) -> None:
    account = await make_account()
    answer = await enter(client, there, clock, "camille.martin", suite="/aide")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion/premiere-fois")
    page = (await client.get("/connexion/premiere-fois")).text
    assert "Camille Martin" in page
    assert "camille.martin@exemple.fr" in page
    typed = {"identifiant": account.handle, "mot_de_passe": PASSWORD}
    linked = await client.post("/connexion/premiere-fois/relier", data=typed)
    assert (linked.status_code, linked.headers["location"]) == (303, "/aide")
    assert "visite" not in client.cookies
    assert [one["member_id"] for one in await rows("SELECT member_id FROM identity")] == [account.id]
    assert await count("provider_visit") == 0
    assert [one["template"] for one in await rows("SELECT template FROM mail")] == ["identity_linked"]
    async with visitor(app) as elsewhere:
        answer = await enter(elsewhere, there, clock, "camille.martin", suite="/themes/3")
        assert (answer.status_code, answer.headers["location"]) == (303, "/themes/3")
        assert "Camille Martin" in (await elsewhere.get("/aide")).text
    assert await count("identity") == 1


async def test_the_provider_is_asked_for_what_it_knows_and_nothing_else(
    client: AsyncClient, provider: tuple[str, str]
) -> None:
    way = way_of(await client.post("/connexion/fournisseur"))
    asked = parse_qs(urlsplit(way).query)
    known = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"}
    proof = {"code_challenge", "code_challenge_method"} if provider[0] == "standard" else set()
    assert asked.keys() == known | proof
    # ProConnect: 32 characters at least.
    assert min(len(asked["state"][0]), len(asked["nonce"][0])) >= 32
    assert asked["redirect_uri"] == [f"{ADDRESS}/connexion/retour"]


async def test_a_wrong_password_links_nothing(client: AsyncClient, there: AsyncClient, clock: Clock) -> None:
    account = await make_account()
    await enter(client, there, clock, "camille.martin")
    typed = {"identifiant": account.handle, "mot_de_passe": "pas le bon mot"}
    refused = await client.post("/connexion/premiere-fois/relier", data=typed)
    assert refused.status_code == 422
    assert f'value="{account.handle}"' in refused.text
    assert "pas le bon mot" not in refused.text
    assert await count("identity") == await count("session") == 0
    linked = await client.post("/connexion/premiere-fois/relier", data=typed | {"mot_de_passe": PASSWORD})
    assert linked.status_code == 303
    assert await count("identity") == 1


async def test_a_second_factor_is_proved_before_anything_is_linked_and_asked_for_ever_after(
    client: AsyncClient, there: AsyncClient, clock: Clock
) -> None:
    account = await make_account()
    await give_factor(await Member.get(id=account.id))
    await enter(client, there, clock, "camille.martin", suite="/themes/3")
    typed = {"identifiant": account.handle, "mot_de_passe": PASSWORD}
    asked = await client.post("/connexion/premiere-fois/relier", data=typed)
    assert asked.headers["location"] == "/connexion/code?suite=%2Fconnexion%2Fpremiere-fois"
    assert await count("identity") == 0
    suite = {"suite": "/connexion/premiere-fois"}
    entered = await client.post("/connexion/code", data=suite | {"code": code_at(clock.now)})
    assert entered.headers["location"] == "/connexion/premiere-fois"
    assert "mot_de_passe" not in (await client.get("/connexion/premiere-fois")).text
    linked = await client.post("/connexion/premiere-fois/relier")
    assert linked.headers["location"] == "/compte/securite?fait=identite-reliee"
    assert await count("identity") == 1
    client.cookies.clear()
    again = await enter(client, there, clock, "camille.martin", suite="/themes/3")
    assert again.headers["location"] == "/connexion/code?suite=%2Fthemes%2F3"
    assert "Camille Martin" not in (await client.get("/aide")).text


async def test_an_account_is_linked_from_its_own_page_after_a_proof(
    app: Starlette, client: AsyncClient, there: AsyncClient, clock: Clock, provider: tuple[str, str]
) -> None:
    account = await make_account()
    clock.now = datetime.now(UTC)
    await client.post("/connexion", data={"identifiant": account.handle, "mot_de_passe": PASSWORD})
    assert 'href="/compte/identites/relier"' in (await client.get("/compte/securite")).text
    refused = await client.post("/compte/identites/relier", data={"mot_de_passe_actuel": "pas le bon mot"})
    assert refused.status_code == 422
    assert await count("provider_visit") == 0
    way = way_of(await client.post("/compte/identites/relier", data={"mot_de_passe_actuel": PASSWORD}))
    back = await real.Visitor(there, "camille.martin").go(way, ADDRESS)
    linked = await client.get(back)
    assert linked.headers["location"] == "/compte/securite?fait=identite-reliee"
    page = (await client.get("/compte/securite")).text
    assert "/compte/identites/1/retirer" in page
    assert 'href="/compte/identites/relier"' not in page
    async with visitor(app) as elsewhere:
        assert (await enter(elsewhere, there, clock, "camille.martin")).headers["location"] == "/"
        assert "Camille Martin" in (await elsewhere.get("/aide")).text


async def test_an_identity_belongs_to_one_member(client: AsyncClient, there: AsyncClient, clock: Clock) -> None:
    first, second = await make_member("Malik Diallo"), await make_account()
    await enter(client, there, clock, "camille.martin")
    clock.now = datetime.now(UTC)
    await sign_in(client, first, now=clock.now)
    await rows("UPDATE session SET proved_at = $1", clock.now)
    await client.post("/connexion/premiere-fois/relier")
    client.cookies.clear()
    await client.post("/connexion", data={"identifiant": second.handle, "mot_de_passe": PASSWORD})
    way = way_of(await client.post("/compte/identites/relier", data={"mot_de_passe_actuel": PASSWORD}))
    refused = await client.get(await real.Visitor(there, "camille.martin").go(way, ADDRESS))
    assert refused.status_code == 422
    assert "déjà reliée à un autre compte" in html.unescape(refused.text)
    assert [one["member_id"] for one in await rows("SELECT member_id FROM identity")] == [first.id]


async def test_signing_out_here_signs_out_there(client: AsyncClient, there: AsyncClient, clock: Clock) -> None:
    account = await make_account()
    await enter(client, there, clock, "camille.martin")
    await client.post("/connexion/premiere-fois/relier", data={"identifiant": account.handle, "mot_de_passe": PASSWORD})
    # This session was opened by a password: there is nothing to end at the provider.
    assert (await client.post("/deconnexion")).headers["location"] == "/?fait=deconnecte"
    person = real.Visitor(there, "camille.martin")
    clock.now = datetime.now(UTC)
    await client.get(await person.go(way_of(await client.post("/connexion/fournisseur")), ADDRESS))
    assert person.pages == []
    assert await count("session") == 1
    left = await client.post("/deconnexion")
    assert await count("session") == 0
    assert "session" not in client.cookies
    assert "Camille" not in left.text
    back = await person.go(way_of(left), ADDRESS)
    assert back.startswith(f"{ADDRESS}/deconnexion/retour?state=")
    assert (await client.get(back)).headers["location"] == "/?fait=deconnecte"
    person.pages.clear()
    await person.go(way_of(await client.post("/connexion/fournisseur")), ADDRESS)
    assert 'name="login"' in person.pages[0]


async def test_a_provider_that_is_gone_keeps_nobody_signed_in(
    client: AsyncClient, there: AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await make_account()
    await enter(client, there, clock, "camille.martin")
    await client.post("/connexion/premiere-fois/relier", data={"identifiant": account.handle, "mot_de_passe": PASSWORD})
    await client.post("/deconnexion")
    await enter(client, there, clock, "camille.martin")

    async def fails(*_: object, **__: object) -> str:
        raise Unavailable("…")

    monkeypatch.setattr(providers, "metadata_of_provider", fails)
    assert (await client.post("/deconnexion")).headers["location"] == "/?fait=deconnecte"
    assert await count("session") == 0


async def test_an_english_reader_comes_back_in_english(client: AsyncClient, there: AsyncClient, clock: Clock) -> None:
    clock.now = datetime.now(UTC)
    way = way_of(await client.post("/en/connexion/fournisseur"))
    answer = await client.get(await real.Visitor(there, "camille.martin").go(way, ADDRESS))
    assert answer.headers["location"] == "/en/connexion/premiere-fois"


async def test_no_secret_of_a_visit_is_readable_in_the_database(
    client: AsyncClient, there: AsyncClient, clock: Clock
) -> None:
    back = await go_there(client, there, clock, "camille.martin")
    cookie, state = client.cookies["visite"], parse_qs(urlsplit(back).query)["state"][0]
    kept = str([dict(one) for one in await rows("SELECT * FROM provider_visit")])
    assert cookie not in kept
    assert state not in kept
    await client.get(back)
    kept = str([dict(one) for one in await rows("SELECT * FROM provider_visit")])
    assert "exemple.fr" not in kept
    assert client.cookies["visite"] not in kept


async def test_the_cookie_of_a_visit_lasts_ten_minutes_and_is_closed_to_scripts(client: AsyncClient) -> None:
    cookie = (await client.post("/connexion/fournisseur")).headers["set-cookie"]
    assert "Max-Age=600" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


JOINING = {"nom": "Camille Martin", "organisation": "Médiathèque", "charte": "1"}


async def test_somebody_new_joins_with_what_the_provider_says_of_them(
    client: AsyncClient, there: AsyncClient, clock: Clock, provider: tuple[str, str]
) -> None:
    """ProConnect never says that it verified an address: a mail does."""
    await enter(client, there, clock, "camille.martin", suite="/themes/3")
    assert 'value="Camille Martin"' in (await client.get("/connexion/premiere-fois")).text
    joined = await client.post("/connexion/premiere-fois", data=JOINING)
    member = await Member.get()
    assert (member.name, member.email, member.organisation) == (
        "Camille Martin",
        "camille.martin@exemple.fr",
        "Médiathèque",
    )
    assert member.password_hash is None
    assert member.charter_version
    mails = [one["template"] for one in await rows("SELECT template FROM mail")]
    if provider[0] == "standard":
        assert joined.headers["location"] == "/themes/3"
        assert member.confirmed_at == clock.now
        assert mails == []
        assert "Camille Martin" in (await client.get("/aide")).text
    else:
        assert "La suite est dans le courrier de camille.martin@exemple.fr" in html.unescape(joined.text)
        assert member.confirmed_at is None
        assert mails == ["confirm"]
        assert await count("session") == 0
    client.cookies.clear()
    assert (await enter(client, there, clock, "camille.martin")).headers["location"] == "/"
    assert (await count("member"), await count("identity")) == (1, 1)


async def test_the_address_of_a_member_lets_nobody_join_and_its_owner_is_told(
    client: AsyncClient, there: AsyncClient, clock: Clock
) -> None:
    """The answer is the same as for an address to be confirmed: the same page, no cookie, a mail in both cases."""
    await make_member("Malik Diallo", email="Camille.Martin@exemple.fr")
    await enter(client, there, clock, "camille.martin")
    answer = await client.post("/connexion/premiere-fois", data=JOINING)
    assert "La suite est dans le courrier de camille.martin@exemple.fr" in html.unescape(answer.text)
    assert (await count("member"), await count("identity"), await count("session")) == (1, 0, 0)
    mails = [(one["address"], one["template"]) for one in await rows("SELECT address, template FROM mail")]
    assert mails == [("Camille.Martin@exemple.fr", "already_member")]


async def test_an_address_that_was_not_verified_answers_alike_whoever_has_it(
    app: Starlette, there: AsyncClient, clock: Clock
) -> None:
    answers = []
    for number in range(2):
        async with visitor(app) as one:
            await enter(one, there, clock, "non.verifie")
            answers.append(await one.post("/connexion/premiere-fois", data=JOINING | {"nom": "Nom Vérifié"}))
            assert dict(one.cookies) == {}
        if number == 0:
            await rows("DELETE FROM identity")
            await rows("UPDATE member SET confirmed_at = $1, name = 'Quelqu’un', handle_key = 'x'", clock.now)
    first, second = answers
    assert first.status_code == second.status_code == 200
    assert first.text == second.text
    assert first.headers.keys() == second.headers.keys()
    assert [one["template"] for one in await rows("SELECT template FROM mail ORDER BY id")] == [
        "confirm",
        "already_member",
    ]


async def test_somebody_without_an_address_joins_and_is_not_confirmed(
    client: AsyncClient, there: AsyncClient, clock: Clock
) -> None:
    await enter(client, there, clock, "sans.adresse")
    joined = await client.post("/connexion/premiere-fois", data=JOINING | {"nom": "Sans Adresse"})
    assert joined.headers["location"] == "/"
    member = await Member.get()
    assert (member.email, member.confirmed_at) == (None, None)
    assert await count("mail") == 0


async def test_joining_asks_for_a_free_name_and_the_charter(
    client: AsyncClient, there: AsyncClient, clock: Clock
) -> None:
    await make_member("Camille Martin")
    await enter(client, there, clock, "camille.martin")
    typed = {"nom": "CAMILLE MARTIN", "organisation": "Médiathèque", "profession": "Roi", "territoire": "Corse"}
    refused = await client.post("/connexion/premiere-fois", data=typed)
    assert refused.status_code == 422
    assert [name for name in ("nom", "profession", "charte") if f'id="{name}-error"' in refused.text] == [
        "nom",
        "profession",
        "charte",
    ]
    assert 'value="CAMILLE MARTIN"' in refused.text
    assert 'value="Corse" selected' in refused.text
    assert (await count("member"), await count("identity")) == (1, 0)
    joined = await client.post("/connexion/premiere-fois", data=JOINING | {"nom": "Camille A. Martin"})
    assert joined.status_code in (200, 303)
    assert await count("identity") == 1
