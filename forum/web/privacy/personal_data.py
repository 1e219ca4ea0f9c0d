"""/compte/donnees: everything that the site knows about a member, in one file. /compte/effacer: erasing it for good."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.privacy import erasure, personal_data
from forum.domain.sign_in import proofs
from forum.errors import Invalid
from forum.settings import settings
from forum.text.folding import fold
from forum.text.mentions import handle_key
from forum.web.plumbing.callers import own
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.middleware import forget_session
from forum.web.plumbing.page import see_other, unkept

WORD = "effacer"
"""The word to type as confirmation, in any case; the member's own handle works too."""


async def _archive(request: Request, _: Form | None) -> Desk:
    return Desk(
        {
            "archive": await personal_data.own_archive(request.state.viewer, request.state.now),
            "archive_days": settings().retention.archive_days,
            "inactive_months": settings().retention.inactive_months,
        }
    )


@form_door("personal_data/show.html", _archive, kept=unkept)
async def show(request: Request, _: Form) -> Response:
    """The page to ask for the archive, to download it, and to erase the account; sending it asks for the archive."""
    await personal_data.ask_for_archive(request.state.viewer, request.state.now)
    return see_other(request, "own_data", notice="archive-demandee")


async def download(request: Request) -> Response:
    """Download one's own archive: its address is the same for everybody and never leads to somebody else's."""
    content = await personal_data.read_archive(request.state.viewer, request.state.now)
    return unkept(
        Response(
            content,
            media_type="application/zip",
            headers={
                "Content-Disposition": 'attachment; filename="mes-donnees.zip"',
                "Content-Security-Policy": "default-src 'none'; sandbox",
            },
        )
    )


async def _leaving(request: Request, _: Form | None) -> Desk:
    viewer = own(request)
    return Desk(
        {
            "has_password": await proofs.has_password(viewer),
            "is_last": await erasure.is_last_administrator(viewer.id),
            "kept_days": settings().retention.identification_days,
        }
    )


@form_door("personal_data/erase.html", _leaving, kept=unkept)
async def erase(request: Request, form: Form) -> Response:
    """Say what is deleted and what stays; then, with confirmation and proof, erase the account."""
    viewer = own(request)
    _require_confirmation(form, viewer.handle)
    await proofs.require_proof(viewer, request.state.token, form.text(proofs.FIELD), now=request.state.now)
    await erasure.erase(viewer.id, actor=viewer, now=request.state.now)
    response = see_other(request, "home", notice="compte-efface")
    forget_session(response, request.app.state.settings)
    return response


def _require_confirmation(form: Form, handle: str) -> None:
    typed = form.text("confirmation").strip()
    if fold(typed) != WORD and (not typed or handle_key(typed.removeprefix("@")) != handle_key(handle)):
        raise Invalid("Tapez EFFACER, ou votre nom d’utilisateur, pour confirmer.", field="confirmation")
