"""A provider that behaves correctly until it is told to lie: a test can change any of its answers in one line."""

import asyncio
import socket
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.conftest import PATIENCE

CLIENT, SECRET = "cahier", "un-secret-de-test-assez-long-pour-hs256"
KEY = RSAKey.generate_key(2048, {"kid": "une"}, private=True)
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "autre"}, private=True)


class Provider:
    """A provider whose answers tests change: `claims`, `sign`, `userinfo` (functions of the truth), `metadata`,
    `answers`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.issuer = ""
        self.nonce = self.challenge = ""
        self.keys: list[Any] = [KEY]
        self.subject, self.email, self.verified = "une-personne", "camille@exemple.fr", True
        self.metadata: dict[str, Any] = {}
        self.claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda said: said
        self.sign: Callable[[dict[str, Any]], str] = signed
        self.userinfo: Callable[[dict[str, Any]], Response] = JSONResponse
        self.token: dict[str, Any] = {}
        self.answers: dict[str, Response] = {}
        self.slow = ""
        self.asked: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a site that signs in with it."""
        return {
            "FORUM_OIDC__DISCOVERY_URL": f"{self.issuer}/.well-known/openid-configuration",
            "FORUM_OIDC__CLIENT_ID": CLIENT,
            "FORUM_OIDC__CLIENT_SECRET": SECRET,
        }

    def see(self, way: str) -> str:
        """Somebody arrives there by this address; returns the state."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(way).query).items()}
        self.nonce, self.challenge = asked["nonce"], asked.get("code_challenge", "")
        return asked["state"]

    def all_claims(self) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        return {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": self.nonce,
            "at_hash": half_hash("un-jeton"),
        }

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        self.asked.append(path)
        if path == self.slow:
            await asyncio.sleep(PATIENCE)
        if path in self.answers:
            return self.answers[path]
        return await {
            "/.well-known/openid-configuration": self._discovery,
            "/jwks": self._jwks,
            "/token": self._token,
            "/me": self._userinfo,
        }[path](request)

    async def _discovery(self, request: Request) -> Response:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/me",
            "jwks_uri": f"{self.issuer}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        return JSONResponse({name: value for name, value in (said | self.metadata).items() if value is not None})

    async def _jwks(self, request: Request) -> Response:
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form["code"] != "un-code" or form["client_secret"] != SECRET:
            return JSONResponse({"error": "invalid_grant"}, 400)
        proof = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if self.challenge and proof != self.challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        said = {
            "access_token": "un-jeton",
            "token_type": "Bearer",
            "id_token": self.sign(self.claims(self.all_claims())),
        }
        return JSONResponse({name: value for name, value in (said | self.token).items() if value is not None})

    async def _userinfo(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer un-jeton":
            return PlainTextResponse("", 401)
        person = {"given_name": "Camille", "usual_name": "Martin", "email": self.email, "email_verified": self.verified}
        return self.userinfo({"sub": self.subject, **person})


def signed(claims: dict[str, Any], *, key: Any = KEY, alg: str = "RS256", **header: Any) -> str:
    """A token as the provider signs it, or as it should not."""
    return jwt.encode({"alg": alg, "kid": key.kid, **header}, claims, key, [alg])


def as_jwt(token: str) -> PlainTextResponse:
    return PlainTextResponse(token, media_type="application/jwt")


def half_hash(value: str) -> str:
    """OpenID Connect Core 3.1.3.6."""
    return urlsafe_b64encode(sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


@asynccontextmanager
async def serving(clock: Callable[[], datetime]) -> AsyncIterator[Provider]:
    """The provider on a free port, as long as the block."""
    provider = Provider(clock)
    paths = ["/.well-known/openid-configuration", "/jwks", "/token", "/me"]
    app = Starlette(routes=[Route(path, provider.answer, methods=["GET", "POST"]) for path in paths])
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        provider.issuer = f"http://127.0.0.1:{bound.getsockname()[1]}"
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=0)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server._serve([bound]))
        async with asyncio.timeout(PATIENCE):
            while not server.started:
                await asyncio.sleep(0.01)
        yield provider
        server.should_exit = True
        await running
