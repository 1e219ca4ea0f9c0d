"""Signing in with a provider of identities: a real one, as any provider is, and set up as ProConnect documents."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain import members
from forum.settings import Settings, settings
from tests.conftest import ADDRESS, Clock, visitor
from tests.factories import count, make_member, sign_in
from tests.oidc import real

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
    """The same person's browser, at the provider."""
    async with AsyncClient() as one:
        yield one


def way_of(answer: Response) -> str:
    """Where the page that leads to the provider leads."""
    assert answer.status_code == 200, answer.text
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    assert found, answer.text
    assert f'href="{found[1]}"' in answer.text
    return html.unescape(found[1])


async def go_there(client: AsyncClient, there: AsyncClient, clock: Clock, login: str, **form: str) -> str:
    """Press the button, sign in at the provider: the address that it sends back to."""
    clock.now = datetime.now(UTC)
    way = way_of(await client.post("/connexion/fournisseur", data=form))
    back = await real.Visitor(there, login).go(way, ADDRESS)
    clock.now = datetime.now(UTC)
    return back


async def enter(client: AsyncClient, there: AsyncClient, clock: Clock, login: str, **form: str) -> Response:
    return await client.get(await go_there(client, there, clock, login, **form))


async def make_account(clock: Clock) -> members.NewMember:
    return await members.create_member(
        "Camille Martin", email="camille@exemple.fr", password=PASSWORD, now=datetime.now(UTC)
    )


async def test_whoever_has_an_account_links_it_once_then_signs_in_without_a_password(
    app: Starlette, client: AsyncClient, there: AsyncClient, clock: Clock
) -> None:
    account = await make_account(clock)
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
