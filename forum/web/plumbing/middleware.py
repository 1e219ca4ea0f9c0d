"""What every request passes before a door, in one pure ASGI layer, since each layer slows reading down.

Host, language, origin, session in; request id and security headers out. Size limits are in the reader of bodies
(`forms.read_form`), rights in the domain.

Cross-site requests: an unsafe method passes when the browser says that it comes from our own pages (`Sec-Fetch-Site`),
or, in older browsers, when its `Origin` is ours. Without either header it is not a browser, so it passes only without a
session that could be abused. Same rule as simonw/datasette `datasette/csrf.py`.
"""

import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Protocol

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forum.permissions import Viewer
from forum.settings import Settings
from forum.storage import noted_on_the_way
from forum.web.plumbing.addresses import ENGLISH
from forum.web.plumbing.watch import Watch

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# Two years, as browsers' preload lists require.
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"
# Where a page does not say: one of a visitor may be stored and revalidated, one of a member is private, and one
# that tells who somebody is stays on no disk. Drafts are words: whoever left a form and comes back finds them again.
VISITOR_CACHE, MEMBER_CACHE, PERSONAL_CACHE = b"no-cache", b"private, no-cache", b"no-store"
PERSONAL, WORDS = ("/compte", "/administration", "/notifications", "/journal"), "/compte/brouillons"
_LOCAL_HOST = re.compile(rb"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")
# For programs that know this process by its own address; nothing in them tells of which site it is.
FIGURES = "/metriques"
_ANY_HOST = frozenset({FIGURES, "/sante/vivant", "/sante/pret"})
# Programs of mail send this POST for their reader, from anywhere (RFC 8058). Its token alone counts, never a session.
ONE_CLICK = "/courriels/arreter"
# The router and the assets; nothing here depends on a session.
_WITHOUT_SESSION = ("/static/", "/sante/", FIGURES)

logger = structlog.get_logger()


def security_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """What every answer says to browsers."""
    headers = SECURITY_HEADERS | ({"strict-transport-security": STRICT_TRANSPORT} if settings.site.secure else {})
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class ViewerOf(Protocol):
    """Finds the person of a session's token, with their present rights."""

    async def __call__(self, token: str, *, now: datetime) -> Viewer | None: ...


Refuse = Callable[[Request, int, str], Awaitable[Response]]
Fail = Callable[[Request, Exception], Awaitable[Response]]


@dataclass(slots=True)
class RequestHead:
    """The headers of a request that we use, read in one pass."""

    host: bytes = b""
    token: str = ""
    site: bytes | None = None
    origin: bytes | None = None


class Entrance:
    """The layer. `viewer_of` finds the person behind a cookie; `refuse` and `fail` make the pages of a refusal and of a
    failure: see `plumbing/refusals.py`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        clock: Callable[[], datetime],
        viewer_of: ViewerOf,
        refuse: Refuse,
        fail: Fail,
        watch: Watch,
    ) -> None:
        self.app = app
        self.clock = clock
        self.viewer_of = viewer_of
        self.refuse = refuse
        self.fail = fail
        self.watch = watch
        self._cookie = cookie_name(settings).encode() + b"="
        self._host = settings.site.host.encode()
        self._origin = settings.site.base_url.encode()
        self._development = settings.site.environment == "development"
        self._headers = security_headers(settings)
        self._other_headers = [pair for pair in self._headers if pair[0] != b"content-security-policy"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = self._read(scope)
        locale = self._take_language(scope)
        if scope["path"] == ONE_CLICK and scope["method"] == "POST":
            told = RequestHead(told.host)
        state = scope.setdefault("state", {})
        state |= {
            "now": self.clock(),
            "viewer": None,
            "token": "",
            "form": None,
            "started": perf_counter(),
            "request_id": os.urandom(8).hex(),
            "refusal": "",
            "locale": locale,
        }
        self.watch.begin(scope)
        answering = _Answer(self, scope, send)
        try:
            refusal = await self._refusal(scope, told)
            if refusal is None:
                if told.token and not scope["path"].startswith(_WITHOUT_SESSION):
                    state["token"] = told.token
                    state["viewer"] = await self.viewer_of(told.token, now=state["now"])
                await self.app(scope, receive, answering)
            else:
                state["refusal"] = refusal[1]
                await (await self.refuse(Request(scope, receive), *refusal))(scope, receive, answering)
        except ClientDisconnect:
            # Whoever left hears no answer, and nothing of ours has failed.
            return
        except Exception as problem:
            fault = noted_on_the_way(problem)
            if fault is None:
                logger.exception("failure", route=scope.get("route"), method=scope["method"])
            if answering.status:
                self.watch.tell(scope, 500)
                raise
            await (await self.fail(Request(scope, receive), fault or problem))(scope, receive, answering)
        self.watch.tell(scope, answering.status)

    def _read(self, scope: Scope) -> RequestHead:
        told = RequestHead()
        for name, value in scope["headers"]:
            if name == b"host":
                # Programs differ on which of two to use: such a request counts as having none.
                told.host = b"" if told.host else value
            elif name == b"cookie":
                told.token = self._token(value) or told.token
            elif name == b"sec-fetch-site":
                told.site = value
            elif name == b"origin":
                told.origin = value
        return told

    def _token(self, cookies: bytes) -> str:
        for cookie in cookies.split(b";"):
            one = cookie.strip()
            if one.startswith(self._cookie):
                return one[len(self._cookie) :].decode("latin-1")
        return ""

    def _take_language(self, scope: Scope) -> str:
        """/en is the same site in English: doors never see the prefix; `address` keeps what was asked."""
        path: str = scope["path"]
        scope["address"] = path
        if path != ENGLISH and not path.startswith(ENGLISH + "/"):
            return "fr"
        scope["path"] = path[len(ENGLISH) :] or "/"
        scope["raw_path"] = scope["path"].encode()
        return "en"

    async def _refusal(self, scope: Scope, told: RequestHead) -> tuple[int, str] | None:
        if (
            not (scope["path"] in _ANY_HOST and scope["method"] in ("GET", "HEAD"))
            and told.host != self._host
            and not (self._development and _LOCAL_HOST.fullmatch(told.host))
        ):
            return 400, "Cette adresse n’est pas celle du site."
        # No address of ours holds a sign that does not print; the router would overlook a line feed at the end.
        if not scope["path"].isprintable() or "\N{REPLACEMENT CHARACTER}" in scope["path"]:
            return 404, ""
        if scope["method"] not in SAFE_METHODS and not self._is_ours(told):
            return 403, "Cette action a été demandée depuis un autre site. Refaites-la depuis cette page."
        return None

    def _is_ours(self, told: RequestHead) -> bool:
        if told.site is not None:
            return told.site in (b"same-origin", b"none")
        if told.origin is not None:
            here = (b"http://" + told.host, b"https://" + told.host) if self._development else ()
            return told.origin == self._origin or told.origin in here
        return not told.token


class _Answer:
    """The answer on its way out: adds our headers to its first message."""

    __slots__ = ("entrance", "scope", "send", "status")

    def __init__(self, entrance: Entrance, scope: Scope, send: Send) -> None:
        self.entrance, self.scope, self.send, self.status = entrance, scope, send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            state = self.scope["state"]
            headers = message["headers"] = list(message["headers"])
            names = {name for name, _ in headers}
            # A document served for download has a stricter policy of its own.
            fixed = self.entrance._other_headers if b"content-security-policy" in names else self.entrance._headers
            # A page whose address holds a link's token must not reveal it to others.
            headers += [one for one in fixed if one[0] not in names] if b"referrer-policy" in names else fixed
            headers.append((b"x-request-id", state["request_id"].encode()))
            if b"cache-control" not in names:
                headers.append((b"cache-control", VISITOR_CACHE if state["viewer"] is None else self._of_member()))
        await self.send(message)

    def _of_member(self) -> bytes:
        path = self.scope["path"]
        return PERSONAL_CACHE if path.startswith(PERSONAL) and not path.startswith(WORDS) else MEMBER_CACHE


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to this host and to https; plain http exists in development only."""
    return host_cookie(settings, "session")


def host_cookie(settings: Settings, name: str) -> str:
    """The name of a cookie that no other host and no plain http can set."""
    return f"__Host-{name}" if settings.site.secure else name


def keep_session(response: Response, settings: Settings, token: str) -> None:
    """The session's cookie: unreadable by scripts, not sent by other sites' forms."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=settings.sessions.absolute_hours * 3600,
        path="/",
        secure=settings.site.secure,
        httponly=True,
        samesite="lax",
    )


def forget_session(response: Response, settings: Settings) -> None:
    """Delete the cookie, and with it the pages that this browser cached."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.site.secure, httponly=True, samesite="lax")
    MutableHeaders(raw=response.raw_headers)["Clear-Site-Data"] = '"cache"'
