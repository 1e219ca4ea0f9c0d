"""The provider of identities (OpenID Connect): where does a visit to it begin, and who came back?

authlib and joserfc verify signatures and claims; what is fetched, from where, how much and how long is decided here.
Only the address of the settings and those that its answer gives are requested, without redirects, within a limit of
size and time. The provider's metadata and keys are cached for an hour; an unknown key is looked for once.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import structlog
from anyio import fail_after
from authlib.oauth2.claims import JWTClaims
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from httpx2 import AsyncClient, HTTPError, InvalidURL
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, OctKey

from forum.errors import NotAllowed, Unavailable
from forum.settings import settings

# An answer of a provider is a few thousand bytes; this is the time for the whole of it.
LARGEST: Final = 256 * 1024
SECONDS: Final = 10
KEPT: Final = timedelta(hours=1)
# Invented key names must not make us fetch the keys each time.
KEYS_ASKED_EVERY: Final = timedelta(minutes=1)
# Clocks of two servers never agree to the second.
LEEWAY: Final = 30
# OpenID Connect Core 2: a subject is at most this many ASCII characters.
LONGEST_SUBJECT: Final = 255
# The exceptions that a malicious token can cause in a parser, besides the library's own.
_UNREADABLE = (JoseError, ValueError, TypeError, KeyError, RecursionError, OverflowError)

DOWN = "Le service {name} ne répond pas pour l’instant. Réessayez plus tard, ou connectez-vous avec un mot de passe."
UNSOUND = (
    "La réponse de {name} n’a pas pu être vérifiée : elle est refusée, et rien n’a été ouvert. "
    "Recommencez ; si cela dure, prévenez l’administrateur du site."
)
REFUSED = "La connexion par {name} a été interrompue ou refusée. Rien n’a été ouvert ; vous pouvez recommencer."
TOO_LATE = "Cette connexion par {name} a trop attendu, ou a déjà servi. Recommencez."

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part that we read of a provider's metadata (OpenID Connect Discovery 3)."""

    authorization: str
    token: str
    userinfo: str
    keys: str
    end_session: str
    secret_in_body: bool
    """client_secret_post, for a provider that does not take the secret in a header."""
    names_itself: bool
    """Its answers contain its name (RFC 9207), so that one provider's cannot pass for another's."""


@dataclass(frozen=True, slots=True)
class ProvenPerson:
    """Somebody as the provider identified them: `issuer` and `subject` identify them, the rest are their details."""

    issuer: str
    subject: str
    name: str
    email: str
    email_verified: bool
    id_token: str


class _Provider:
    """The provider's metadata and keys as cached by this process, and since when."""

    def __init__(self) -> None:
        self.metadata: Metadata | None = None
        self.keys: KeySet | None = None
        self.metadata_at = self.keys_at = datetime.min.replace(tzinfo=UTC)


known_providers: dict[str, _Provider] = {}


def enabled() -> bool:
    """Whether people may sign in with a provider."""
    return settings().oidc.enabled


def name() -> str:
    """The provider's name on pages."""
    return settings().oidc.name


def return_address() -> str:
    """The address where the provider sends people back to, registered there; the same for all languages."""
    return settings().site.base_url + "/connexion/retour"


def sign_out_address() -> str:
    """The address where it sends people after they signed out there; also registered."""
    return settings().site.base_url + "/deconnexion/retour"


async def way_in(*, state: str, nonce: str, verifier: str, now: datetime) -> str:
    """The address at the provider where somebody signs in (OpenID Connect Core 3.1.2.1); PKCE by the settings.

    It has no other parameters: ProConnect refuses those that it does not know.

    Raises:
        Unavailable: the provider cannot be reached, or its metadata are not acceptable.
    """
    chosen, metadata = settings().oidc, await metadata_of_provider(now)
    asked = {
        "response_type": "code",
        "client_id": chosen.client_id,
        "redirect_uri": return_address(),
        "scope": chosen.scopes,
        "state": state,
        "nonce": nonce,
    }
    if chosen.pkce:
        asked |= {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
    return _with_query(metadata.authorization, asked)


async def way_out(id_token: str, *, state: str, now: datetime) -> str:
    """The address at the provider where its own session is ended (RP-Initiated Logout 2); "" when it has none.

    Raises:
        Unavailable: the provider cannot be reached.
    """
    metadata = await metadata_of_provider(now)
    if not metadata.end_session:
        return ""
    asked = {"id_token_hint": id_token, "state": state, "post_logout_redirect_uri": sign_out_address()}
    return _with_query(metadata.end_session, asked)


async def check_answer(answer: Mapping[str, str], now: datetime) -> str:
    """The code in the provider's answer, checked before anything else is trusted.

    Raises:
        NotAllowed: it is an error, comes from another provider (RFC 9207), or holds no code.
        Unavailable: the provider cannot be reached, or says itself that it cannot answer.
    """
    metadata = await metadata_of_provider(now)
    issuer = answer.get("iss", "")
    if issuer != settings().oidc.issuer and (issuer or metadata.names_itself):
        raise _unsound("the answer bears the name of another provider")
    if answer.get("error"):
        logger.info("provider refused", error=answer["error"][:80])
        if answer["error"] in ("server_error", "temporarily_unavailable"):
            raise _unavailable("the provider says that it cannot answer")
        raise NotAllowed(REFUSED, values={"name": name()})
    if not answer.get("code"):
        raise _unsound("the answer holds no code")
    return answer["code"]


async def identify(code: str, *, nonce: str, verifier: str, now: datetime) -> ProvenPerson:
    """The person who came back, from the ID token and the provider's details, both verified.

    Raises:
        NotAllowed: the code is not good any more, or something in the answers is wrong.
        Unavailable: the provider cannot be reached.
    """
    metadata = await metadata_of_provider(now)
    tokens = await _exchange(metadata, code, verifier)
    proved = await _verified_id_token(tokens, nonce, now)
    said = await _userinfo(metadata, tokens["access_token"], proved, now)
    return ProvenPerson(
        issuer=settings().oidc.issuer,
        subject=proved["sub"],
        name=_name(said),
        email=_words(said, "email", 254).strip(),
        email_verified=said.get("email_verified") is True,
        id_token=tokens["id_token"],
    )


async def _exchange(metadata: Metadata, code: str, verifier: str) -> dict[str, str]:
    """The tokens of a code (OpenID Connect Core 3.1.3)."""
    chosen = settings().oidc
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": return_address()}
    headers = {}
    if chosen.pkce:
        form["code_verifier"] = verifier
    if metadata.secret_in_body:
        form |= {"client_id": chosen.client_id, "client_secret": chosen.client_secret}
    else:
        # RFC 6749, 2.3.1: both are encoded as in a form, then joined.
        pair = f"{quote_plus(chosen.client_id)}:{quote_plus(chosen.client_secret)}"
        headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    status, _, body = await _ask("POST", metadata.token, form=form, headers=headers)
    said = _object(body)
    if status != 200:
        logger.warning("provider refused a code", status=status, error=str(said.get("error"))[:80])
        if said.get("error") == "invalid_grant":
            raise NotAllowed(TOO_LATE, values={"name": name()})
        raise _unsound("no tokens")
    tokens = {one: str(said.get(one) or "") for one in ("access_token", "id_token", "token_type")}
    if not all(tokens.values()) or tokens["token_type"].lower() != "bearer":
        raise _unsound("tokens are missing, or of another type")
    return tokens


async def _verified_id_token(tokens: Mapping[str, str], nonce: str, now: datetime) -> dict[str, Any]:
    """The claims of an ID token: signature, issuer, audience, authorised party, times, nonce, hash of its companion."""
    signed = await _signed(tokens["id_token"], now)
    claims = CodeIDToken(
        signed.claims,
        signed.header,
        _from_the_provider_to_us(),
        {"nonce": nonce, "client_id": settings().oidc.client_id, "access_token": tokens["access_token"]},
    )
    _validate(claims, now)
    subject = claims["sub"]
    if not (0 < len(subject) <= LONGEST_SUBJECT and subject.isascii() and subject.isprintable()):
        raise _unsound("the subject cannot be kept")
    return dict(claims)


async def _userinfo(metadata: Metadata, access_token: str, proved: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What the provider says of the person, signed where the settings ask for it (OpenID Connect Core 5.3).

    An unsigned answer is trusted because of the connection; an unrequested signature is verified all the same.
    """
    if not metadata.userinfo:
        if settings().oidc.userinfo_signed:
            raise _unsound("the provider tells nothing of people")
        return proved
    headers = {"Authorization": f"Bearer {access_token}"}
    status, kind, body = await _ask("GET", metadata.userinfo, headers=headers)
    if status != 200:
        raise _unsound("the provider tells nothing of this person")
    if kind == "application/jwt":
        signed = await _signed(body.decode("latin-1").strip(), now)
        claims = JWTClaims(signed.claims, signed.header, _from_the_provider_to_us())
        _validate(claims, now)
        said = dict(claims)
    elif settings().oidc.userinfo_signed:
        raise _unsound("what is said of the person is not signed")
    else:
        said = _object(body)
    # OpenID Connect Core 5.3.2: without this check one person's details pass for another's.
    if said.get("sub") != proved["sub"]:
        raise _unsound("what is said is of somebody else")
    return said


def _from_the_provider_to_us() -> dict[str, Any]:
    chosen = settings().oidc
    return {
        "iss": {"essential": True, "value": chosen.issuer},
        "aud": {"essential": True, "value": chosen.client_id},
    }


def _validate(claims: JWTClaims, now: datetime) -> None:
    try:
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    except _UNREADABLE as problem:
        raise _unsound(f"claims: {problem}") from problem


async def _signed(token: str, now: datetime) -> jwt.Token:
    """The claims of a token, once its signature is verified as the provider's, with an algorithm of the settings."""
    chosen = settings().oidc
    try:
        if chosen.algorithms == "HS256":
            return jwt.decode(token, OctKey.import_key(chosen.client_secret), ["HS256"])
        allowed = chosen.algorithms.split(",")
        try:
            return jwt.decode(token, await _keys(now), allowed)
        except InvalidKeyIdError:
            return jwt.decode(token, await _keys(now, anew=True), allowed)
    except _UNREADABLE as problem:
        raise _unsound(f"token: {problem}") from problem


async def _keys(now: datetime, *, anew: bool = False) -> KeySet:
    """The keys that the provider signs with; `anew` fetches them again, unless they were just fetched."""
    known = _known()
    if known.keys is None or now - known.keys_at >= (KEYS_ASKED_EVERY if anew else KEPT):
        said = await _document((await metadata_of_provider(now)).keys)
        try:
            known.keys, known.keys_at = KeySet.import_key_set({"keys": said["keys"]}), now
        except _UNREADABLE as problem:
            raise _unavailable(f"keys: {problem}") from problem
    return known.keys


async def metadata_of_provider(now: datetime) -> Metadata:
    known = _known()
    if known.metadata is None or now - known.metadata_at >= KEPT:
        known.metadata, known.metadata_at = _read_metadata(await _document(settings().oidc.discovery_url)), now
    return known.metadata


def _read_metadata(said: dict[str, Any]) -> Metadata:
    if said.get("issuer") != settings().oidc.issuer:
        raise _unavailable("the provider says that it is another one")
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" not in methods and "client_secret_post" not in methods:
        raise _unavailable("the provider takes no secret")
    return Metadata(
        authorization=_address(said, "authorization_endpoint"),
        token=_address(said, "token_endpoint"),
        userinfo=_address(said, "userinfo_endpoint", required=False),
        keys=_address(said, "jwks_uri", required=settings().oidc.algorithms != "HS256"),
        end_session=_address(said, "end_session_endpoint", required=False),
        secret_in_body="client_secret_basic" not in methods,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(said: dict[str, Any], which: str, *, required: bool = True) -> str:
    """An address given by the provider: must be https if the provider's own is."""
    given = said.get(which) or ""
    schemes = ("https",) if settings().oidc.discovery_url.startswith("https:") else ("https", "http")
    try:
        sound = isinstance(given, str) and given.isprintable() and urlsplit(given).scheme in schemes
    except ValueError:
        sound = False
    if not (sound or (given == "" and not required)):
        raise _unavailable(f"no sound {which}")
    return str(given)


async def _document(address: str) -> dict[str, Any]:
    """A public document of the provider."""
    status, _, body = await _ask("GET", address, headers={})
    if status != 200:
        raise _unavailable(f"{address} answers {status}")
    try:
        return _object(body)
    except NotAllowed as problem:
        raise _unavailable(f"{address} is not a document") from problem


async def _ask(
    method: str, address: str, *, headers: Mapping[str, str], form: Mapping[str, str] | None = None
) -> tuple[int, str, bytes]:
    """Status, media type and body of an answer; no redirect is followed, nothing is decompressed.

    Raises:
        Unavailable: no answer, an answer that is too long or too slow, or the provider's own failure.
    """
    asked = {"Accept": "application/json, application/jwt", "Accept-Encoding": "identity", **headers}
    body = bytearray()
    try:
        with fail_after(SECONDS):
            async with (
                AsyncClient(follow_redirects=False, timeout=SECONDS) as client,
                client.stream(method, address, headers=asked, data=form) as answer,
            ):
                async for chunk in answer.aiter_raw():
                    body += chunk
                    if len(body) > LARGEST:
                        raise _unavailable(f"{address} answers too much")
    except (HTTPError, InvalidURL, OSError, TimeoutError) as problem:
        raise _unavailable(f"{address}: {problem!r}") from problem
    if answer.status_code >= 500:
        raise _unavailable(f"{address} answers {answer.status_code}")
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    return answer.status_code, kind, bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise _unsound("an answer is not JSON") from problem
    if not isinstance(read, dict):
        raise _unsound("an answer is not an object")
    return read


def _name(said: dict[str, Any]) -> str:
    """A name to suggest: `name`, or a first and a last one (ProConnect: given_name, usual_name)."""
    whole = _words(said, "name", 60)
    last = _words(said, "usual_name", 60) or _words(said, "family_name", 60)
    return " ".join((whole or f"{_words(said, 'given_name', 60)} {last}").split())


def _words(said: dict[str, Any], which: str, limit: int) -> str:
    """A text among the claims that a page can show; empty for anything else."""
    given = said.get(which)
    if not isinstance(given, str):
        return ""
    return "".join(one for one in given[:limit] if one.isprintable())


def _with_query(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"


def _known() -> _Provider:
    return known_providers.setdefault(settings().oidc.discovery_url, _Provider())


def _unsound(reason: str) -> NotAllowed:
    """The refusal of an unsound answer: the log says why; the person only reads that it was refused."""
    logger.warning("provider not believed", reason=reason)
    return NotAllowed(UNSOUND, values={"name": name()})


def _unavailable(reason: str) -> Unavailable:
    logger.warning("provider unavailable", reason=reason)
    return Unavailable(DOWN, values={"name": name()})
