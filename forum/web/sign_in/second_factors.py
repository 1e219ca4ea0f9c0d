"""The second factor of one's own account: set up or replace it, get new recovery codes, turn it off.

The key is shown as a picture that we draw ourselves, as squares in the page, so that no policy has to be relaxed for
it. Recovery codes are in the answer to the form that generated them, and are shown nowhere else.
"""

from dataclasses import dataclass

import segno
from starlette.requests import Request
from starlette.responses import Response

from forum.domain.sign_in import proofs, second_factors
from forum.permissions import demand, may_turn_factor_off
from forum.settings import settings
from forum.web.plumbing.callers import own
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.middleware import keep_session
from forum.web.plumbing.page import page, see_other, unkept

# Light squares around the picture, without which a camera does not find it (ISO/IEC 18004, 5.3.8).
QUIET = 4


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code: `side` squares wide and high, the dark ones as one SVG path."""

    side: int
    path: str


def picture_of(text: str) -> QrCode:
    """The QR code of a text."""
    code = segno.make(text, error="m", micro=False)
    lines = [bytes(line) for line in code.matrix_iter(border=QUIET)]
    dark = [f"M{x} {y}h1v1h-1z" for y, line in enumerate(lines) for x, square in enumerate(line) if square]
    return QrCode(len(lines), "".join(dark))


async def _offered(request: Request, form: Form | None) -> Desk:
    """The key that the form holds, or a new one."""
    viewer = own(request)
    draft = second_factors.draft(viewer, request.state.now, sealed=form.values["code_cle"] if form else "")
    context = {
        "draft": draft,
        "picture": picture_of(draft.address),
        "factor": await second_factors.factor_of(viewer.id),
        "has_password": await proofs.has_password(viewer),
    }
    return Desk(context)


@form_door("second_factor/set_up.html", _offered, kept=unkept)
async def set_up(request: Request, form: Form) -> Response:
    """Show a key to scan; one of its codes makes it the second factor."""
    renewed = await second_factors.set_up(
        own(request),
        request.state.token,
        sealed=form.text("code_cle"),
        code=form.text("code"),
        current=form.text("code_actuel"),
        password=form.text(proofs.FIELD),
        now=request.state.now,
    )
    response = await _codes(request, renewed.codes)
    keep_session(response, request.app.state.settings, renewed.token)
    return response


async def _known(request: Request, _: Form | None) -> Desk:
    """What the page of a change says about the present factor.

    Raises:
        NotFound: there is none.
    """
    viewer = own(request)
    factor = await second_factors.required_factor_of(viewer.id)
    return Desk({"factor": factor, "has_password": await proofs.has_password(viewer)})


@form_door("second_factor/renew_codes.html", _known, kept=unkept)
async def renew_codes(request: Request, form: Form) -> Response:
    """Generate ten new recovery codes."""
    codes = await second_factors.renew_codes(
        own(request),
        request.state.token,
        code=form.text("code"),
        password=form.text(proofs.FIELD),
        now=request.state.now,
    )
    return await _codes(request, codes)


async def _to_turn_off(request: Request, form: Form | None) -> Desk:
    required = settings().sign_in.second_factor_for_staff
    demand(may_turn_factor_off, own(request), required=required)
    return await _known(request, form)


@form_door("second_factor/turn_off.html", _to_turn_off, kept=unkept)
async def turn_off(request: Request, form: Form) -> Response:
    """Turn the second factor off."""
    token = await second_factors.turn_off(
        own(request),
        request.state.token,
        code=form.text("code"),
        password=form.text(proofs.FIELD),
        now=request.state.now,
    )
    response = see_other(request, "security", notice="facteur-retire")
    keep_session(response, request.app.state.settings, token)
    return response


async def _codes(request: Request, codes: tuple[str, ...]) -> Response:
    return unkept(await page(request, "second_factor/codes.html", {"codes": codes}))
