"""Agents write in a synthesis, one block at a time."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.syntheses import blocks, checklist, publication
from forum.domain.syntheses.blocks import BlockDesk
from forum.errors import Invalid
from forum.settings import settings
from forum.text.differences import differences
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import page, see_other


async def _writing(request: Request, _: Form | None) -> Desk:
    asked = request.path_params["synthesis"]
    viewer, now = request.state.viewer, request.state.now
    warned = await checklist.read_checklist(viewer, asked, now)
    return Desk({"desk": await blocks.read_writing(viewer, asked, now), "warned": warned})


@form_door("syntheses/texts.html", _writing)
async def desk(request: Request, form: Form) -> Response:
    """The blocks of a synthesis; the answer leads to the comment of the proposal that was chosen."""
    asked = request.path_params["synthesis"]
    shown = await blocks.read_writing(request.state.viewer, asked, request.state.now)
    wanted = form.text("proposition")
    if wanted not in dict(shown.proposals):
        raise Invalid("Choisissez une proposition de cette synthèse.", field="proposition")
    return see_other(request, "synthesis_text", synthesis=asked, block=wanted)


@button
async def send_to_review(request: Request, _: Form) -> Response:
    """Let nobody write in it any more, so that it is read as it will be published."""
    synthesis = request.path_params["synthesis"]
    await publication.send_to_review(request.state.viewer, synthesis, request.state.now)
    return see_other(request, "synthesis", synthesis=synthesis, notice="synthese-en-relecture")


@button
async def resume(request: Request, _: Form) -> Response:
    """Write in it again."""
    synthesis = request.path_params["synthesis"]
    await publication.resume_writing(request.state.viewer, synthesis, request.state.now)
    return see_other(request, "synthesis_texts", synthesis=synthesis, notice="synthese-reprise")


async def _block(request: Request, form: Form | None) -> Desk:
    """The desk of a block; if somebody else was quicker, with their words and what the typed ones would change."""
    shown = await _desk_of(request)
    present = shown.newest.source if shown.newest else ""
    other = form is not None and form.values["remplace"] != ""
    beside = differences(present, form.values["source"]) if form is not None and other else ()
    context = {"desk": shown, "other": other, "beside": beside, "limit": settings().limits.post_characters}
    first = Form.empty(source=present, version=shown.mark)
    return Desk({**context, "preview": ()}, first, newer={"version": shown.mark, "remplace": 1})


async def _desk_of(request: Request) -> BlockDesk:
    asked = request.path_params
    return await blocks.read_block(request.state.viewer, asked["synthesis"], asked["block"], request.state.now)


@form_door("syntheses/text.html", _block)
async def write(request: Request, form: Form) -> Response:
    """The form of a block, its preview and its answer."""
    viewer, now, asked = request.state.viewer, request.state.now, request.path_params
    place = asked["synthesis"], asked["block"]
    if form.text("acte") == "apercu":
        preview = await blocks.preview_block(viewer, *place, form.text("source"), now)
        shown = await _block(request, form)
        return await page(request, "syntheses/text.html", {**shown.context, "preview": preview, "form": form})
    version = form.integer("version") or 0
    is_new = await blocks.write_block(viewer, *place, form.text("source"), version, now)
    notice = "texte-enregistre" if is_new else "texte-inchange"
    return see_other(request, "synthesis_texts", synthesis=place[0], notice=notice)


async def versions(request: Request) -> Response:
    """Every version of a block, and what it changed in the one before."""
    asked = request.path_params
    shown, found = await blocks.read_block_versions(
        request.state.viewer, asked["synthesis"], asked["block"], request.state.now
    )
    return await page(request, "syntheses/versions.html", {"desk": shown, "versions": found})
