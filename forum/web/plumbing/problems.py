"""A refusal for programs (RFC 9457): at the JSON door, and elsewhere for clients that send or accept JSON."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.language import catalogue
from forum.web.plumbing.bodies import JSON, media_type

TITLES = {
    400: "Demande incompréhensible",
    403: "Action refusée",
    404: "Page introuvable",
    405: "Action impossible ici",
    408: "Envoi trop lent",
    409: "Ce n’est pas possible en l’état",
    410: "Lien qui n’est plus valable",
    413: "Envoi trop volumineux",
    415: "Format d’envoi inconnu",
    422: "Saisie à corriger",
    429: "Trop d’essais",
    500: "Une erreur de notre part",
    503: "Service momentanément indisponible",
}
JSON_DOOR = "/api/"
MEDIA_TYPE = "application/problem+json"


def title(request: Request, status: int) -> str:
    """What a status means, in the reader's language."""
    return catalogue(request.state.locale).gettext(TITLES.get(status, TITLES[400]))


def speaks_json(request: Request) -> bool:
    """Whether the client is a program: it is at the JSON door, sends JSON, or accepts JSON and no page."""
    accepted = request.headers.get("accept", "")
    if request.url.path.startswith(JSON_DOOR):
        return True
    return media_type(request) == JSON or ("json" in accepted and "html" not in accepted)


def problem(
    request: Request, status: int, detail: str, errors: Mapping[str, str], headers: Mapping[str, str]
) -> Response:
    """The refusal; `errors` are the reasons by field, where a form was refused; `request` is its number in the log."""
    said: dict[str, object] = {
        "type": "about:blank",
        "status": status,
        "title": title(request, status),
        "detail": detail,
    }
    # What may not be known answers like what does not exist, to the letter.
    if status != 404:
        said["request"] = request.state.request_id
    by_field = {name: reason for name, reason in errors.items() if name}
    if by_field:
        said["errors"] = by_field
    return JSONResponse(said, status, {"Vary": "Accept, Cookie", **headers}, media_type=MEDIA_TYPE)
