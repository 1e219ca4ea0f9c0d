"""The second factor of one's own account: set up or replace, other codes on paper, turn off.

The key is shown as a picture of our own drawing, squares in the page itself, so that no policy is widened for it.
Codes on paper are the answer to the form that drew them, and are shown nowhere else.
"""

from dataclasses import dataclass

import segno
from starlette.requests import Request
from starlette.responses import Response

from forum.domain.sign_in import proofs, second_factors
from forum.errors import Invalid
from forum.permissions import Viewer, demand, may_turn_factor_off
from forum.settings import settings
from forum.web.plumbing.callers import own
from forum.web.plumbing.forms import Form, read_form
from forum.web.plumbing.middleware import keep_session
from forum.web.plumbing.page import page, refused, see_other, unkept

# Light squares around, without which a camera does not find the others (ISO/IEC 18004, 5.3.8).
QUIET = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A QR code: `side` squares wide and high, the dark ones as one SVG path."""

    side: int
    path: str


def picture_of(text: str) -> Picture:
    """The QR code of a text."""
    code = segno.make(text, error="m", micro=False)
    lines = [bytes(line) for line in code.matrix_iter(border=QUIET)]
    dark = [f"M{x} {y}h1v1h-1z" for y, line in enumerate(lines) for x, square in enumerate(line) if square]
    return Picture(len(lines), "".join(dark))


async def set_up(request: Request) -> Response:
    """A key to be scanned, and the code of it that makes it count."""
    viewer = own(request)
    if request.method != "POST":
        return unkept(await page(request, "second_factor/set_up.html", await _offered(request, viewer, Form.empty())))
    form = await read_form(request)
    try:
        renewed = await second_factors.set_up(
            viewer,
            request.state.token,
            sealed=form.text("code_cle"),
            code=form.text("code"),
            current=form.text("code_actuel"),
            password=form.text(proofs.FIELD),
            now=request.state.now,
        )
    except Invalid as problem:
        context = await _offered(request, viewer, form)
        return unkept(await refused(request, "second_factor/set_up.html", context, form, problem))
    response = await _codes(request, renewed.codes)
    keep_session(response, request.app.state.settings, renewed.token)
    return response


async def _offered(request: Request, viewer: Viewer, form: Form) -> dict[str, object]:
    draft = second_factors.draft(viewer, request.state.now, sealed=form.text("code_cle"))
    return {
        "form": form,
        "draft": draft,
        "picture": picture_of(draft.address),
        "factor": await second_factors.factor_of(viewer.id),
        "has_password": await proofs.has_password(viewer),
    }


async def renew_codes(request: Request) -> Response:
    """Ten other codes on paper."""
    viewer = own(request)
    context = await _known(viewer)
    if request.method != "POST":
        return unkept(await page(request, "second_factor/renew_codes.html", context | {"form": Form.empty()}))
    form = await read_form(request)
    try:
        codes = await second_factors.renew_codes(
            viewer,
            request.state.token,
            code=form.text("code"),
            password=form.text(proofs.FIELD),
            now=request.state.now,
        )
    except Invalid as problem:
        return unkept(await refused(request, "second_factor/renew_codes.html", context, form, problem))
    return await _codes(request, codes)


async def turn_off(request: Request) -> Response:
    """Back to the password alone."""
    viewer = own(request)
    demand(may_turn_factor_off, viewer, required=settings().sign_in.second_factor_for_staff)
    context = await _known(viewer)
    if request.method != "POST":
        return unkept(await page(request, "second_factor/turn_off.html", context | {"form": Form.empty()}))
    form = await read_form(request)
    try:
        token = await second_factors.turn_off(
            viewer,
            request.state.token,
            code=form.text("code"),
            password=form.text(proofs.FIELD),
            now=request.state.now,
        )
    except Invalid as problem:
        return unkept(await refused(request, "second_factor/turn_off.html", context, form, problem))
    response = see_other(request, "security", notice="facteur-retire")
    keep_session(response, request.app.state.settings, token)
    return response


async def _known(viewer: Viewer) -> dict[str, object]:
    """What the page of a change says of the factor that there is.

    Raises:
        NotFound: there is none.
    """
    factor = await second_factors.required_factor_of(viewer.id)
    return {"factor": factor, "has_password": await proofs.has_password(viewer)}


async def _codes(request: Request, codes: tuple[str, ...]) -> Response:
    return unkept(await page(request, "second_factor/codes.html", {"codes": codes}))
