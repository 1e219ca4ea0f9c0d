"""The entrance and the pages of refusal: what applies to every request, whoever sends it and whatever is in it."""

import re
from html.parser import HTMLParser

import asyncpg
import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from forum.app import build
from forum.domain.sign_in.sessions import open_session
from forum.domain.upkeep import health
from forum.models.members import Role
from forum.routes import routes
from forum.sealing import make_key
from forum.server import configuration
from forum.settings import Settings, settings
from tests.conftest import ADDRESS, Clock, visitor
from tests.factories import count, make_member, make_proposal, make_theme, make_thread, sign_in

PATHS = ["/", "/aide", "/en/aide", "/connexion", "/nulle-part", "/api/v1/syntheses/1", "/sante/vivant", "/static/x"]


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_has_the_security_headers(client: AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    for directive in (
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ):
        assert directive in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in headers
    assert "server" not in headers
    assert not [name for name in headers if name.startswith("access-control-")]


async def test_every_answer_says_what_it_is_and_in_which_letters(client: AsyncClient) -> None:
    await make_theme()
    page = (await client.get("/aide")).text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(files) >= 3
    for path in [*PATHS, *files, "/reunions.ics", "/themes/3/resultats.csv"]:
        said = (await client.get(path)).headers["content-type"]
        assert said.endswith("; charset=utf-8") or said.startswith(("application/", "font/")), path


async def test_each_answer_has_its_own_request_id(client: AsyncClient) -> None:
    ids = {(await client.get("/aide")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


async def test_no_cookie_is_set_before_signing_in(client: AsyncClient) -> None:
    for path in PATHS:
        assert "set-cookie" not in (await client.get(path)).headers


async def test_production_is_strict_about_transport_and_cookies(
    database: Settings, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setenv("FORUM_SITE__ENVIRONMENT", "production")
    monkeypatch.setenv("FORUM_SITE__BASE_URL", "https://cahier.exemple.fr")
    monkeypatch.setenv("FORUM_SERVER__TRUSTED_PROXIES", "192.0.2.1")
    monkeypatch.setenv("FORUM_SECURITY__KEY", make_key())
    monkeypatch.setenv("FORUM_MAIL__URL", "smtps://courrier.exemple.fr")
    monkeypatch.setenv("FORUM_MAIL__SENDER", "cahier@exemple.fr")
    settings.cache_clear()
    app = build(settings(), clock=clock)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="https://cahier.exemple.fr") as client:
        answer = await client.get("/aide")
        assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
        member = await make_member()
        token = await open_session(member.id, now=clock.now)
        client.cookies.set("__Host-session", token)
        assert "Camille Martin" in (await client.get("/aide")).text
        own = await client.post("/deconnexion", headers={"Origin": "https://cahier.exemple.fr"})
        assert own.status_code == 303
        assert "__Host-session" in own.headers["set-cookie"]
        assert "Secure" in own.headers["set-cookie"]
        for host in ("127.0.0.1:8000", "localhost", "cahier.exemple.fr.ailleurs.example"):
            assert (await client.get("/aide", headers={"Host": host})).status_code == 400


@pytest.mark.parametrize(
    "host", ["ailleurs.example", "127.0.0.1.ailleurs.example", "", "localhost:x", "127.0.0.1:8000, x"]
)
async def test_an_unknown_host_gets_400(client: AsyncClient, host: str) -> None:
    answer = await client.get("/aide", headers={"Host": host})
    assert answer.status_code == 400
    assert "Cette adresse n’est pas celle du site." in answer.text


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"}, False),
        ({"Origin": "http://127.0.0.1:8000"}, True),
        ({"Origin": "http://127.0.0.1:9000"}, False),
        ({"Origin": "http://ailleurs.example"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
)
async def test_a_form_of_another_site_changes_nothing(app: Starlette, headers: dict[str, str], passes: bool) -> None:
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://127.0.0.1:8000") as client:
        await sign_in(client, await make_member())
        answer = await client.post("/deconnexion", headers=headers)
    assert answer.status_code == (303 if passes else 403)
    assert await count("session") == (0 if passes else 1)


async def test_a_program_without_session_need_not_say_where_it_comes_from(app: Starlette) -> None:
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://127.0.0.1:8000") as client:
        assert (await client.post("/connexion", data={"identifiant": "x"})).status_code == 422


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_an_unsafe_method_on_a_page_gets_405(client: AsyncClient, method: str) -> None:
    answer = await client.request(method, "/aide")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/propositions/%00",
        "/propositions/%FF",
        "/propositions/%ED%A0%80",
        "/fils/99999999999999999999",
        "/fils/-1",
        "/fils/2147483648",
        "/themes/99999",
        "/themes/٣",
        "/en/en/aide",
        "/aide/",
        "/static/../forum/settings.py",
        "/static/%2e%2e/settings.toml",
        "/" + "a" * 20_000,
    ],
)
async def test_an_address_that_does_not_exist_gets_404(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_an_address_with_a_line_feed_behind_it_is_another_one(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme())
    paths = {re.sub(r"\{\w+(:\w+)?\}", "1", str(getattr(one, "path", ""))) for one in routes()}
    for path in (f"/fils/{thread.id}", f"/en/fils/{thread.id}", *sorted(paths)):
        answer = await client.get(path + "%0A")
        assert answer.status_code == 404, path


@pytest.mark.parametrize("query", ["suite=%FF", "suite=%00", "fait=%FF", "fait=<script>", "page=-1", "&&=&", "%"])
async def test_a_query_that_cannot_be_read_is_ignored(client: AsyncClient, query: str) -> None:
    answer = await client.get(f"/connexion?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text


async def test_only_our_own_sentences_are_shown_as_notices(client: AsyncClient) -> None:
    assert "Votre session est fermée." in (await client.get("/aide?fait=deconnecte")).text
    assert 'role="status">Votre' not in (await client.get("/aide?fait=Votre+compte+est+bloqué")).text


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"identifiant=%FF", "application/x-www-form-urlencoded", 400),
        (b"identifiant=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(3000)), "application/x-www-form-urlencoded", 400),
        (b"identifiant=a&identifiant=b", "application/x-www-form-urlencoded", 422),
        (b"identifiant=%00", "application/x-www-form-urlencoded", 422),
        (b"", "application/x-www-form-urlencoded", 422),
        (b"{}", "text/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"a=" + b"x" * 262_144, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused(
    client: AsyncClient, content: bytes, media_type: str, status: int
) -> None:
    answer = await client.post("/connexion", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert "<h1>" in answer.text


@pytest.mark.parametrize(("path", "heading"), [("/rien", "Page introuvable"), ("/en/rien", 'lang="en"')])
async def test_a_refusal_is_a_page_in_the_readers_language(client: AsyncClient, path: str, heading: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert heading in answer.text


async def test_a_refusal_of_the_json_door_is_json(client: AsyncClient) -> None:
    answer = await client.get("/api/v1/syntheses/1")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


async def test_a_form_sent_after_the_session_ended_is_sent_again_from_the_refusal(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme())
    words = "Court <b>mais</b> à moi.\nDeux lignes."
    address = f"/fils/{thread.id}/repondre"
    quoted = "{{citation 1@1:0-4}}"
    answer = await client.post(address, data={"source": words, "acte": "publier", "citation": quoted})
    assert answer.status_code == 403
    assert "Votre session a pris fin" in answer.text
    assert 'href="/connexion" target="_blank"' in answer.text
    assert await count("post") == 0
    page = Refused(answer.text)
    assert page.action == address
    assert page.hidden == [("source", words), ("acte", "publier"), ("citation", quoted)]
    assert page.shown == [words]
    await sign_in(client, await make_member())
    hidden = [each for each in page.hidden if each[0] != "citation"]
    assert (await client.post(page.action, data=dict(hidden))).status_code == 303
    assert await count("post") == 1


async def test_a_vote_cast_after_the_session_ended_is_sent_again(client: AsyncClient) -> None:
    await make_proposal(await make_theme())
    back = "/themes/3/propositions#T3-001"
    answer = await client.post("/en/propositions/T3-001/vote", data={"avis": "contre", "suite": back})
    page = Refused(answer.text)
    assert (page.action, page.hidden, page.shown) == (
        "/en/propositions/T3-001/vote",
        [("avis", "contre"), ("suite", back)],
        [],
    )
    await sign_in(client, await make_member())
    assert (await client.post(page.action, data=dict(page.hidden))).headers["location"] == back
    assert await count("ballot") == 1


async def test_a_refused_form_gives_back_words_and_never_a_password(client: AsyncClient, app: Starlette) -> None:
    await make_theme(3, contributions="closed")
    await sign_in(client, await make_member())
    typed = {
        "formulation": "Bref",
        "expose_des_motifs": "Pourquoi",
        "mot_de_passe": "une phrase bien secrète",
        "suite": "/themes/3/x/y/z",
    }
    answer = await client.post("/themes/3/proposer", data=typed, headers={"Referer": f"{ADDRESS}/themes/3?apres=2"})
    assert answer.status_code == 403
    page = Refused(answer.text)
    assert page.shown == ["Pourquoi", "Bref"]
    assert page.hidden == []
    assert '<a href="/themes/3?apres=2">Revenir à la page précédente</a>' in answer.text
    async with visitor(app) as other:
        refused = await other.post(
            "/themes/3/proposer", data=typed, headers={"Referer": "https://ailleurs.fr/themes/3"}
        )
    assert "Envoyer à nouveau" in refused.text
    assert "bien secrète" not in refused.text
    assert "Revenir à la page précédente" not in refused.text


class Refused(HTMLParser):
    """A page of refusal as a browser reads it: its words, and the form that sends everything again."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: list[tuple[str, str]] = []
        self.shown: list[str] = []
        self._in_words = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and "/deconnexion" not in given["action"]:
            self.action = given["action"]
        if given.get("type") == "hidden":
            self.hidden.append((given["name"], given["value"]))
        self._in_words = tag == "textarea"

    def handle_data(self, data: str) -> None:
        if self._in_words:
            self.shown.append(data.removeprefix("\n"))
            self._in_words = False


async def test_a_page_of_members_leads_a_visitor_to_the_sign_in_page_and_back(client: AsyncClient) -> None:
    answer = await client.get("/en/notifications?page=2")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/en/connexion?suite=%2Fen%2Fnotifications%3Fpage%3D2"


async def test_a_failure_is_reported_and_logged_with_its_number_and_shows_nothing_internal(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise ZeroDivisionError("secret du serveur")

    monkeypatch.setattr(health, "touch_database", broken)
    with capture_logs() as logged:
        answer = await client.get("/sante/pret")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    number = answer.headers["x-request-id"]
    assert number in answer.text
    assert [each["event"] for each in logged] == ["failure"]


async def test_a_client_that_leaves_is_not_our_failure(app: Starlette, caplog: pytest.LogCaptureFixture) -> None:
    """Twenty of them, with half a form each, wrote 53 kB of traceback."""
    sent: list[Message] = []
    parts: list[Message] = [
        {"type": "http.request", "body": b"identifiant=", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return parts.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/connexion",
        "raw_path": b"/connexion",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/x-www-form-urlencoded")],
        "client": ("127.0.0.1", 4000),
    }
    with capture_logs() as logged:
        await app(scope, receive, send)
    assert sent == []
    assert parts == []
    assert logged == []
    assert caplog.records == []


@pytest.mark.parametrize("lost", [ConnectionRefusedError(), asyncpg.CannotConnectNowError("starting up")])
async def test_a_database_that_went_away_is_503_with_a_time_to_come_back(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, lost: Exception
) -> None:
    async def away() -> None:
        raise lost

    monkeypatch.setattr(health, "touch_database", away)
    answer = await client.get("/sante/pret")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_members_page_is_kept_by_nobody_else(app: Starlette, client: AsyncClient) -> None:
    await sign_in(client, await make_member())
    mine = await client.get("/aide")
    assert mine.headers["cache-control"].startswith("private")
    assert "cookie" in mine.headers["vary"].lower()
    async with visitor(app) as other:
        assert "Camille" not in (await other.get("/aide")).text


async def test_what_tells_who_somebody_is_stays_on_no_disk(client: AsyncClient) -> None:
    await sign_in(client, await make_member(role=Role.ADMINISTRATOR))
    for path in ("/compte", "/compte/securite", "/compte/donnees", "/en/notifications", "/journal", "/administration"):
        assert (await client.get(path)).headers["cache-control"] == "no-store", path
    for path in ("/compte/brouillons", "/syntheses"):
        assert (await client.get(path)).headers["cache-control"] == "private, no-cache", path


@pytest.mark.parametrize(("proxy", "told"), [("192.0.2.1", "203.0.113.9"), ("198.51.100.7", "198.51.100.7")])
async def test_only_the_proxy_of_the_settings_says_who_asks(
    database: Settings, monkeypatch: pytest.MonkeyPatch, proxy: str, told: str
) -> None:
    """Whoever asks may write the header too: what a proxy found there comes first, and what it saw itself last."""
    monkeypatch.setenv("FORUM_SERVER__TRUSTED_PROXIES", "192.0.2.1")
    settings.cache_clear()
    seen = []

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["client"][0])
        await Response()(scope, receive, send)

    config = configuration(Starlette(routes=[Mount("/", asked)]), settings())
    config.load()
    headers = {"X-Forwarded-For": "127.0.0.1, 203.0.113.9", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    transport = ASGITransport(app=config.loaded_app, client=(proxy, 4000))
    async with AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
        await client.get("/")
    assert seen == [told]


async def test_static_files_are_kept_for_ever_under_their_content(client: AsyncClient) -> None:
    page = (await client.get("/aide")).text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    sheet = await client.get(address)
    assert sheet.status_code == 200
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    assert (await client.get(address.replace("/static/", "/static/0"))).status_code == 404
    font = sheet.text.split('url("')[1].split('"')[0]
    assert (await client.get(font)).headers["content-type"] == "font/woff2"


async def test_health_is_shown_without_a_session(client: AsyncClient) -> None:
    assert (await client.get("/sante/vivant")).text == "vivant\n"
    assert (await client.get("/sante/pret")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Referer": "http://["}, {"Referer": "http://127.0.0.1:8000/%"}],
)
async def test_a_broken_referer_is_no_failure(client: AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.get("/connexion", headers=headers)).status_code == 200
    assert (await client.get("/nulle-part", headers=headers)).status_code == 404


@pytest.mark.parametrize("origin", ["http://[", "\xff", "null", "http://evil.example"])
async def test_a_broken_or_foreign_origin_is_refused(client: AsyncClient, origin: str) -> None:
    client.headers.pop("Sec-Fetch-Site")
    answer = await client.post("/connexion", headers=[(b"Origin", origin.encode("latin-1"))], data={})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/en//evil.example/x", "/en/%5Cevil.example", "//evil.example/x"])
async def test_no_page_of_ours_links_to_a_site_that_the_address_names(client: AsyncClient, path: str) -> None:
    page = (await client.get(path)).text
    assert not re.search(r'href="(//|/\\)', page)


async def test_an_impossible_reference_is_not_found(client: AsyncClient) -> None:
    for reference in ("T99999-001", "T32768-001", "T3-999999999"):
        assert (await client.get(f"/propositions/{reference}")).status_code == 404
