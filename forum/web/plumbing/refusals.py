"""The pages of a refusal: what happened in plain words, what to do next, and what was typed, shown again. Programs get
the same as a problem of RFC 9457 (`problems.py`).

One template for all; status codes are accurate (400 403 404 405 408 409 413 415 422 429 500 503). A visitor who must be
signed in is led to the sign-in page and back, or, if they sent a form, sees its words again and may send it once more
from this very page when they have signed in beside it.
"""

from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import (
    CahierError,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    SignInRequired,
    TooMany,
    Unavailable,
    Unreadable,
)
from forum.language import catalogue
from forum.web.plumbing.addresses import page_before
from forum.web.plumbing.fields import SECRET
from forum.web.plumbing.forms import written_in
from forum.web.plumbing.middleware import SAFE_METHODS
from forum.web.plumbing.page import href, page, reasons, sentence
from forum.web.plumbing.problems import problem as as_problem
from forum.web.plumbing.problems import speaks_json, title

SENTENCES = {
    400: "L’adresse ou le texte envoyé n’est pas lisible. Vérifiez l’adresse, puis recommencez.",
    403: "Vous n’avez pas le droit de faire cette action.",
    404: "Cette page n’existe pas ou n’est pas publique.",
    405: "Cette adresse ne se consulte pas ainsi. Revenez à la page précédente et utilisez ses boutons.",
    408: "Votre envoi n’est pas arrivé en entier à temps. Vérifiez votre connexion, puis recommencez.",
    413: "Ce que vous avez envoyé dépasse la taille permise. Raccourcissez-le ou envoyez-le en plusieurs fois.",
    415: "Ce formulaire n’a pas été envoyé dans un format que le site connaît.",
    500: "La page n’a pas pu être préparée. L’incident est noté ; rien de ce qui était enregistré n’est perdu.",
    503: "Le site ne joint pas sa base de données. Réessayez dans quelques instants.",
}
STATUSES: dict[type[CahierError], int] = {
    NotFound: 404,
    SignInRequired: 403,
    NotAllowed: 403,
    Unreadable: 400,
    Invalid: 422,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
}
# Seconds before a browser or a robot may try again: about what a database takes to start.
RETRY_AFTER = 10


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a refused request, in the reader's language."""

    status: int
    heading: str
    sentence: str
    headers: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    """The reasons by field, where a form was refused."""


def refusal(request: Request, status: int, words: str = "", headers: dict[str, str] | None = None) -> Refusal:
    """A refusal by its status; `words` is a sentence of the catalogue, the status's own when empty."""
    words = words or SENTENCES.get(status, SENTENCES[400])
    return Refusal(status, title(request, status), catalogue(request.state.locale).gettext(words), headers or {})


def refusal_of(request: Request, problem: Exception) -> Refusal:
    """A refusal of the domain, of the router (404, 405) or of the reading of a form (400, 408, 413, 415)."""
    if isinstance(problem, HTTPException):
        return refusal(request, problem.status_code, headers=dict(problem.headers or {}))
    status = next((status for kind, status in STATUSES.items() if isinstance(problem, kind)), 500)
    if not isinstance(problem, CahierError) or status == 500:
        return refusal(request, status)
    by_field = reasons(request, problem) if isinstance(problem, Invalid) else {}
    return Refusal(status, title(request, status), sentence(request, problem), _retry_headers(problem), by_field)


def _retry_headers(problem: CahierError) -> dict[str, str]:
    if isinstance(problem, TooMany):
        return {"Retry-After": str(problem.retry_after)}
    return {"Retry-After": str(RETRY_AFTER)} if isinstance(problem, Unavailable) else {}


async def answer(request: Request, refusal: Refusal) -> Response:
    """The answer for a refusal: a page for people, or a problem for programs."""
    if not speaks_json(request):
        return await show(request, refusal)
    return as_problem(request, refusal.status, refusal.sentence, refusal.reasons, refusal.headers)


async def show(request: Request, refusal: Refusal, *, sign_in: bool = False) -> Response:
    """A refusal as a page; what was typed or chosen is on it, to be sent again where that may help."""
    context = {
        "refusal": refusal,
        "typed": written_in(request.state.form),
        "chosen": _chosen(request),
        "request_id": request.state.request_id,
        "again": _again(request) if sign_in or _may_pass_later(request, refusal) else None,
        "signs_in": sign_in,
        "back": _back(request),
    }
    response = await page(request, "errors/show.html", context, refusal.status)
    response.headers.update(refusal.headers)
    return response


async def lead_to_sign_in(request: Request, problem: SignInRequired) -> Response:
    """Lead a visitor who asked for a members' page to the sign-in page and back; one who sent a form keeps it here."""
    if speaks_json(request):
        return await answer(request, refusal_of(request, problem))
    if request.method in SAFE_METHODS:
        return RedirectResponse(href(request, "sign_in", suite=_asked(request)), 303)
    return await show(request, refusal_of(request, problem), sign_in=True)


@dataclass(frozen=True, slots=True)
class Again:
    """The form that was sent, to be sent again: its address and all its values, in order."""

    address: str
    values: tuple[tuple[str, str], ...]


def _again(request: Request) -> Again:
    """The form to send again. Another site cannot use it in a member's name: the entrance checks where a form comes
    from."""
    form = request.state.form
    sent = form.raw.items() if form else ()
    kept = ((name, value) for name, values in sent if not SECRET.search(name) for value in values)
    return Again(_asked(request), tuple(kept))


def _may_pass_later(request: Request, refusal: Refusal) -> bool:
    """Whether the same form may be taken in a moment; a file would have to be chosen again."""
    form = request.state.form
    return refusal.status == 503 and form is not None and not form.file and bool(form.raw)


def _chosen(request: Request) -> str:
    """What somebody chose in the form of a vote."""
    form = request.state.form
    return form.values["avis"] if form is not None and request.scope.get("route") == "vote" else ""


def _asked(request: Request) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return str(request.scope["address"]) + (f"?{query}" if query else "")


def _back(request: Request) -> str:
    """The page with the refused link or button, unless it is this page."""
    back = page_before(request)
    return "" if back == _asked(request) else back
