"""Providers that lie, and attackers on the way: each is refused with a sentence, nobody is signed in, nothing is
kept."""

import hmac
import html
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from functools import partial
from json import dumps
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from joserfc.jwk import OctKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from forum.database import rows
from forum.domain.sign_in import providers
from forum.settings import Settings, settings
from tests.conftest import Clock, visitor
from tests.factories import count, make_member, sign_in
from tests.oidc import hostile
from tests.oidc.hostile import CLIENT, KEY, OTHER_KEY, SECRET, Provider, as_jwt, signed

pytestmark = pytest.mark.one_database

DISCOVERY = "/.well-known/openid-configuration"
UNSOUND = "n’a pas pu être vérifiée"
DOWN = "ne répond pas pour l’instant"
STRANGE = "n’est pas partie de ce navigateur"


@pytest.fixture
async def provider(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Provider]:
    monkeypatch.setattr(providers, "known_providers", {})
    async with hostile.serving(clock) as one:
        yield one


@pytest.fixture
def configured(configured: Settings, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in provider.environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    return settings()


@pytest.fixture
def ask_for_signed_details(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with ProConnect, require the person's details as a signed token."""
    chosen = configured.oidc.model_copy(update={"userinfo_signed": True})
    changed = configured.model_copy(update={"oidc": chosen})
    monkeypatch.setattr(providers, "settings", lambda: changed)


async def leave(client: AsyncClient, provider: Provider) -> str:
    """Press the button; returns the state that the provider must send back."""
    answer = await client.post("/connexion/fournisseur")
    found = re.search(r'content="0; url=([^"]+)"', answer.text)
    assert found, answer.text
    return provider.see(html.unescape(found[1]))


async def come_back(client: AsyncClient, state: str, **said: str) -> Response:
    return await client.get("/connexion/retour", params={"code": "un-code", "state": state, **said})


async def assert_refused(client: AsyncClient, answer: Response, sentence: str, status: int = 403) -> None:
    assert (answer.status_code, sentence in html.unescape(answer.text)) == (status, True), answer.text
    assert "session" not in client.cookies
    assert answer.headers["cache-control"] == "no-store"
    # Even the visit is deleted, so that nothing can be tried a second time.
    for table in ("session", "identity", "member", "provider_visit", "mail", "sign_up"):
        assert await count(table) == 0, table
    assert 'href="/connexion"' in answer.text


async def test_a_correct_answer_is_accepted(client: AsyncClient, provider: Provider) -> None:
    """This shows that the other tests are refused only for what they change."""
    answer = await come_back(client, await leave(client, provider), iss=provider.issuer)
    assert answer.headers["location"] == "/connexion/premiere-fois"
    page = (await client.get("/connexion/premiere-fois")).text
    assert "Camille Martin, camille@exemple.fr" in page


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda said: {key: value for key, value in said.items() if key != name}


def as_part(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    return ".".join([as_part(dumps({"alg": "none"}).encode()), as_part(dumps(claims).encode()), ""])


def with_public_key_as_secret(claims: dict[str, Any]) -> str:
    """Made by hand, because the library that signs here refuses to do it."""
    words = ".".join(as_part(dumps(part).encode()) for part in ({"alg": "HS256", "kid": "une"}, claims))
    return f"{words}.{as_part(hmac.digest(KEY.as_pem(private=False), words.encode(), 'sha256'))}"


def with_changed_words(claims: dict[str, Any]) -> str:
    head, _, signature = signed(claims).split(".")
    body = as_part(dumps(claims | {"sub": "quelqu’un"}).encode())
    return ".".join([head, body, signature])


LIES: dict[str, Callable[[Provider], object]] = {
    "wrong nonce": lambda p: setattr(p, "claims", lambda said: said | {"nonce": "n" * 43}),
    "no nonce": lambda p: setattr(p, "claims", without("nonce")),
    "algorithm none": lambda p: setattr(p, "sign", unsigned),
    "public key as secret": lambda p: setattr(p, "sign", with_public_key_as_secret),
    "secret where keys are asked": lambda p: setattr(
        p, "sign", lambda said: signed(said, key=OctKey.import_key(SECRET, {"kid": "une"}), alg="HS256")
    ),
    "an algorithm that is not allowed": lambda p: setattr(p, "sign", lambda said: signed(said, alg="PS256")),
    "words changed after signing": lambda p: setattr(p, "sign", with_changed_words),
    "another key under the same name": lambda p: setattr(
        p, "sign", lambda said: signed(said, key=OTHER_KEY, kid="une")
    ),
    "unknown key": lambda p: setattr(p, "sign", lambda said: signed(said, key=OTHER_KEY)),
    "a key that the token brings itself": lambda p: setattr(
        p, "sign", lambda said: signed(said, key=OTHER_KEY, kid="une", jwk=OTHER_KEY.as_dict(private=False))
    ),
    "wrong audience": lambda p: setattr(p, "claims", lambda said: said | {"aud": "un-autre-site"}),
    "no audience": lambda p: setattr(p, "claims", without("aud")),
    "several audiences, no party": lambda p: setattr(p, "claims", lambda said: said | {"aud": [CLIENT, "autre"]}),
    "another authorised party": lambda p: setattr(p, "claims", lambda said: said | {"azp": "autre"}),
    "wrong issuer": lambda p: setattr(p, "claims", lambda said: said | {"iss": "https://ailleurs.example"}),
    "no issuer": lambda p: setattr(p, "claims", without("iss")),
    "expired": lambda p: setattr(p, "claims", lambda said: said | {"exp": said["iat"] - 60}),
    "never expires": lambda p: setattr(p, "claims", without("exp")),
    "expires at no number": lambda p: setattr(p, "claims", lambda said: said | {"exp": "demain"}),
    "from the future": lambda p: setattr(p, "claims", lambda said: said | {"iat": said["iat"] + 3600}),
    "no subject": lambda p: setattr(p, "claims", without("sub")),
    "subject of no text": lambda p: setattr(p, "claims", lambda said: said | {"sub": ["une-personne"]}),
    "empty subject": lambda p: setattr(p, "subject", ""),
    "subject that no column holds": lambda p: setattr(p, "subject", "a\0b"),
    "subject too long": lambda p: setattr(p, "subject", "a" * 256),
    "another token's hash": lambda p: setattr(p, "claims", lambda said: said | {"at_hash": hostile.half_hash("x")}),
    "details of somebody else": lambda p: setattr(p, "userinfo", lambda said: JSONResponse(said | {"sub": "autre"})),
    "details of nobody": lambda p: setattr(p, "userinfo", lambda said: JSONResponse(without("sub")(said))),
    "details that are no object": lambda p: setattr(p, "userinfo", lambda said: JSONResponse([said])),
    "details badly signed": lambda p: setattr(
        p, "userinfo", lambda said: as_jwt(signed(said | {"iss": p.issuer, "aud": CLIENT}, key=OTHER_KEY, kid="une"))
    ),
    "details for another site": lambda p: setattr(
        p, "userinfo", lambda said: as_jwt(signed(said | {"iss": p.issuer, "aud": "autre"}))
    ),
    "no tokens": lambda p: setattr(p, "token", {"id_token": None}),
    "a token of no text": lambda p: setattr(p, "token", {"id_token": {"a": 1}}),
    "a token of another type": lambda p: setattr(p, "token", {"token_type": "MAC"}),
    "a token that never ends": lambda p: setattr(p, "token", {"id_token": "[" * 100_000}),
    "tokens elsewhere": lambda p: p.answers.update({"/token": RedirectResponse("http://127.0.0.1:9/token")}),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_is_refused(client: AsyncClient, provider: Provider, lie: str) -> None:
    state = await leave(client, provider)
    LIES[lie](provider)
    await assert_refused(client, await come_back(client, state), UNSOUND)


def say_signed(sign: Callable[[dict[str, Any]], str], said: dict[str, Any]) -> PlainTextResponse:
    return as_jwt(sign(said))


@pytest.mark.usefixtures("ask_for_signed_details")
async def test_details_must_be_signed_where_the_settings_say_so(client: AsyncClient, provider: Provider) -> None:
    await assert_refused(client, await come_back(client, await leave(client, provider)), UNSOUND)
    between = {"iss": provider.issuer, "aud": CLIENT}
    wrongs: list[Callable[[dict[str, Any]], str]] = [
        lambda said: unsigned(said | between),
        lambda said: with_public_key_as_secret(said | between),
        lambda said: signed(said | between, key=OTHER_KEY),
        lambda said: signed(said | between | {"sub": "autre"}),
        lambda said: signed(said),
    ]
    for wrong in wrongs:
        provider.userinfo = partial(say_signed, wrong)
        await assert_refused(client, await come_back(client, await leave(client, provider)), UNSOUND)
    provider.userinfo = lambda said: as_jwt(signed(said | between))
    answer = await come_back(client, await leave(client, provider))
    assert answer.headers["location"] == "/connexion/premiere-fois"


async def test_a_state_works_once(app: Starlette, client: AsyncClient, provider: Provider) -> None:
    state = await leave(client, provider)
    cookie = client.cookies["visite"]
    member = await make_member()
    await rows(
        "INSERT INTO identity (member_id, issuer, subject, created_at) VALUES ($1, $2, $3, $4)",
        member.id,
        provider.issuer,
        provider.subject,
        member.created_at,
    )
    assert (await come_back(client, state)).headers["location"] == "/"
    assert await count("session") == 1
    async with visitor(app) as again:
        again.cookies.set("visite", cookie)
        answer = await come_back(again, state)
        assert (answer.status_code, STRANGE in html.unescape(answer.text)) == (403, True)
        assert "session" not in again.cookies
    assert await count("session") == 1
    assert provider.asked.count("/token") == 1


async def test_a_state_belongs_to_one_browser(app: Starlette, client: AsyncClient, provider: Provider) -> None:
    """An attacker who sends their own return address to another person does not sign that person in as somebody
    else."""
    state = await leave(client, provider)
    async with visitor(app) as victim:
        answer = await come_back(victim, state)
        assert (answer.status_code, STRANGE in html.unescape(answer.text)) == (403, True)
        await leave(victim, provider)
        answer = await come_back(victim, state)
        assert (answer.status_code, STRANGE in html.unescape(answer.text)) == (403, True)
        assert "session" not in victim.cookies
    assert provider.asked.count("/token") == 0
    assert await count("session") == 0


@pytest.mark.parametrize("state", ["", "x", "x" * 5000, "é", "\0"])
async def test_a_forged_state_is_refused(client: AsyncClient, provider: Provider, state: str) -> None:
    await assert_refused(client, await come_back(client, state), STRANGE)


async def test_a_visit_ends_after_ten_minutes(client: AsyncClient, provider: Provider, clock: Clock) -> None:
    state = await leave(client, provider)
    clock.pass_(minutes=10)
    answer = await come_back(client, state)
    assert (answer.status_code, STRANGE in html.unescape(answer.text)) == (403, True)
    assert provider.asked.count("/token") == 0
    clock.pass_(minutes=-1)
    assert (await come_back(client, state)).headers["location"] == "/connexion/premiere-fois"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"code": "un-vieux-code"}, "a trop attendu, ou a déjà servi"),
        ({"code": ""}, UNSOUND),
        ({"error": "access_denied", "code": ""}, "interrompue ou refusée"),
        ({"error": "<script>alert(1)</script>", "code": ""}, "interrompue ou refusée"),
        ({"iss": "https://ailleurs.example"}, UNSOUND),
        ({"iss": "https://ailleurs.example", "error": "access_denied"}, UNSOUND),
    ],
)
async def test_what_comes_back_with_the_browser_is_not_trusted(
    client: AsyncClient, provider: Provider, said: dict[str, str], sentence: str
) -> None:
    answer = await come_back(client, await leave(client, provider), **said)
    await assert_refused(client, answer, sentence)
    assert "<script>alert" not in answer.text
    assert provider.asked.count("/token") == ("code" in said and said["code"] != "")


async def test_a_provider_that_names_itself_does_so_each_time(client: AsyncClient, provider: Provider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    await assert_refused(client, await come_back(client, await leave(client, provider)), UNSOUND)
    answer = await come_back(client, await leave(client, provider), iss=provider.issuer)
    assert answer.headers["location"] == "/connexion/premiere-fois"


FAILURES: dict[str, Callable[[Provider], object]] = {
    "discovery leads elsewhere": lambda p: p.answers.update({DISCOVERY: RedirectResponse("http://127.0.0.1:9/")}),
    "discovery is huge": lambda p: p.answers.update({DISCOVERY: PlainTextResponse(" " * 300_000)}),
    "discovery is slow": lambda p: setattr(p, "slow", DISCOVERY),
    "discovery is no document": lambda p: p.answers.update({DISCOVERY: PlainTextResponse("<h1>Bientôt</h1>")}),
    "discovery is a list": lambda p: p.answers.update({DISCOVERY: JSONResponse([])}),
    "discovery is deep": lambda p: p.answers.update({DISCOVERY: PlainTextResponse("[" * 200_000)}),
    "discovery fails": lambda p: p.answers.update({DISCOVERY: PlainTextResponse("", 500)}),
    "another issuer": lambda p: setattr(p, "metadata", {"issuer": "https://ailleurs.example"}),
    "no way in": lambda p: setattr(p, "metadata", {"authorization_endpoint": None}),
    "a script as the way in": lambda p: setattr(p, "metadata", {"authorization_endpoint": "javascript:alert(1)"}),
    "a way in of no text": lambda p: setattr(p, "metadata", {"authorization_endpoint": ["http://x"]}),
    "no secret taken": lambda p: setattr(p, "metadata", {"token_endpoint_auth_methods_supported": ["none"]}),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_without_its_provider_the_site_still_takes_passwords(
    client: AsyncClient, provider: Provider, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    monkeypatch.setattr(providers, "SECONDS", 0.5)
    FAILURES[failure](provider)
    answer = await client.post("/connexion/fournisseur")
    await assert_refused(client, answer, DOWN, 503)
    assert answer.headers["retry-after"]
    assert 'name="mot_de_passe"' in (await client.get("/connexion")).text


@pytest.mark.parametrize("path", ["/token", "/me", "/jwks"])
@pytest.mark.parametrize("answer", ["slow", "huge", "failing", "dropped"])
async def test_a_provider_that_fails_on_the_way_back_signs_nobody_in(
    client: AsyncClient, provider: Provider, monkeypatch: pytest.MonkeyPatch, path: str, answer: str
) -> None:
    state = await leave(client, provider)
    if answer == "slow":
        monkeypatch.setattr(providers, "SECONDS", 0.5)
        provider.slow = path
    else:
        lies = {"huge": (" " * 300_000, 200), "failing": ("", 502), "dropped": ("", 418)}
        provider.answers[path] = PlainTextResponse(*lies[answer])
    refused = await come_back(client, state)
    if answer == "dropped" and path != "/jwks":
        await assert_refused(client, refused, UNSOUND)
    else:
        await assert_refused(client, refused, DOWN, 503)


async def test_new_keys_are_asked_for_once_a_minute_at_most(
    client: AsyncClient, provider: Provider, clock: Clock
) -> None:
    await come_back(client, await leave(client, provider))
    provider.sign = lambda said: signed(said, key=OTHER_KEY)
    clock.pass_(minutes=2)
    for _ in range(3):
        assert UNSOUND in html.unescape((await come_back(client, await leave(client, provider))).text)
    assert provider.asked.count("/jwks") == 2
    provider.keys = [KEY, OTHER_KEY]
    clock.pass_(minutes=2)
    assert (await come_back(client, await leave(client, provider))).status_code == 303
    assert provider.asked.count("/jwks") == 3
    assert provider.asked.count(DISCOVERY) == 1
    clock.pass_(hours=1)
    assert (await come_back(client, await leave(client, provider))).status_code == 303
    assert provider.asked.count(DISCOVERY) == 2


async def test_a_secret_signs_where_the_settings_say_so(
    client: AsyncClient, provider: Provider, configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = configured.model_copy(update={"oidc": configured.oidc.model_copy(update={"algorithms": "HS256"})})
    monkeypatch.setattr(providers, "settings", lambda: changed)
    await assert_refused(client, await come_back(client, await leave(client, provider)), UNSOUND)
    provider.sign = lambda said: signed(said, key=OctKey.import_key(SECRET), alg="HS256", kid="secret")
    assert (await come_back(client, await leave(client, provider))).status_code == 303


async def test_nothing_begins_or_ends_with_a_link(client: AsyncClient, provider: Provider) -> None:
    state = await leave(client, provider)
    assert (await client.get("/connexion/fournisseur")).status_code == 405
    looked = await client.head("/connexion/retour", params={"code": "un-code", "state": state})
    assert looked.status_code == 405
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert (await client.post("/connexion/fournisseur", headers=foreign)).status_code == 403
    assert (await come_back(client, state)).status_code == 303


async def test_a_pending_identity_belongs_to_one_browser(
    app: Starlette, client: AsyncClient, provider: Provider, clock: Clock
) -> None:
    await come_back(client, await leave(client, provider))
    async with visitor(app) as other:
        answer = await other.get("/connexion/premiere-fois")
        assert (answer.status_code, STRANGE in html.unescape(answer.text)) == (403, True)
        await sign_in(other, await make_member())
        answer = await other.post("/connexion/premiere-fois/relier")
        assert answer.status_code == 403
    assert await count("identity") == 0
    clock.pass_(minutes=30)
    assert (await client.get("/connexion/premiere-fois")).status_code == 403


async def test_an_address_alone_links_nobody(client: AsyncClient, provider: Provider) -> None:
    member = await make_member(email="camille@exemple.fr")
    answer = await come_back(client, await leave(client, provider))
    assert answer.headers["location"] == "/connexion/premiere-fois"
    assert await count("session") == await count("identity") == 0
    assert member.email == provider.email


async def test_a_visit_to_link_one_account_does_not_link_another(
    client: AsyncClient, provider: Provider, clock: Clock
) -> None:
    first, second = await make_member(password_hash=None), await make_member("Malik Diallo")
    await sign_in(client, first)
    await rows("UPDATE session SET proved_at = $1", clock.now)
    left = await client.post("/compte/identites/relier")
    found = re.search(r'content="0; url=([^"]+)"', left.text)
    assert found, left.text
    state = provider.see(html.unescape(found[1]))
    await sign_in(client, second)
    answer = await come_back(client, state)
    assert (answer.status_code, STRANGE in html.unescape(answer.text)) == (403, True)
    assert await count("identity") == 0
