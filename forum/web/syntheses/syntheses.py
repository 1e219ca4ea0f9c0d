"""Syntheses: the list, the page of one from request to publication, and its documents to download."""

import base64
import hashlib
import re
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.syntheses import documents, frozen_data, publication, requests, signing, syntheses
from forum.domain.syntheses.documents import DocumentFile
from forum.permissions import demand, may_publish
from forum.verification.cms import LONGEST
from forum.web.plumbing.doors import Desk, button, form_door
from forum.web.plumbing.forms import Form, asked_turn
from forum.web.plumbing.page import has_already, page, render, see_other, unkept

WHOLE = "tout"
"""The value in the form for the whole consultation; otherwise it is the number of a theme."""

# A file that a browser displays at our address instead of saving it can neither run, send nor fetch anything.
DOWNLOAD_POLICY = "default-src 'none'; sandbox"
_COVER = b'<header class="cover">'
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


async def _index(request: Request, _: Form | None) -> Desk:
    viewer, now = request.state.viewer, request.state.now
    context = {
        "syntheses": await syntheses.list_syntheses(viewer, now, asked_turn(request)),
        "themes": await syntheses.themes_to_compile(viewer, now),
        "whole": WHOLE,
    }
    return Desk(context, Form.empty(theme=WHOLE))


async def index(request: Request) -> Response:
    """The published syntheses; for agents, also unpublished ones, and the form to ask for more."""
    desk = await _index(request, None)
    return await page(request, "syntheses/index.html", {**desk.context, "form": desk.first})


@form_door("syntheses/index.html", _index)
async def ask(request: Request, form: Form) -> Response:
    """Ask for the synthesis of a theme or of the whole consultation."""
    asked = await requests.request_synthesis(request.state.viewer, _scope(form), request.state.now)
    unchanged = "brouillon-inchange" if asked.draft else "synthese-inchangee"
    notice = "synthese-demandee" if asked.is_new else unchanged
    return see_other(request, "synthesis", synthesis=asked.id, notice=notice)


def _scope(form: Form) -> int | None:
    """The theme asked for, None for the whole consultation; 0, which no theme has, for anything else."""
    typed = form.text("theme")
    if typed == WHOLE:
        return None
    return int(typed) if re.fullmatch("[0-9]{1,4}", typed, re.ASCII) else 0


async def _one(request: Request, _: Form | None) -> Desk:
    asked = request.path_params["synthesis"]
    return Desk({"synthesis": await syntheses.read_synthesis(request.state.viewer, asked, request.state.now)})


async def _to_sign(request: Request, form: Form | None) -> Desk:
    demand(may_publish, request.state.viewer, request.state.now)
    return await _one(request, form)


async def show(request: Request) -> Response:
    """One synthesis, from request to publication."""
    desk = await _one(request, None)
    return await page(request, "syntheses/show.html", {**desk.context, "form": desk.first})


@form_door("syntheses/show.html", _one)
async def publish(request: Request, form: Form) -> Response:
    """Publish it, for good."""
    viewer, now, synthesis = request.state.viewer, request.state.now, request.path_params["synthesis"]
    # People who may not publish are told so, rather than to tick a box that their page does not have.
    if (await syntheses.read_synthesis(viewer, synthesis, now)).may_publish:
        form.require_confirmation()
    await publication.publish(viewer, synthesis, now)
    return see_other(request, "synthesis", synthesis=synthesis, notice="synthese-publiee")


@button
async def retry(request: Request, _: Form) -> Response:
    """Compile it again, after a failure."""
    synthesis = request.path_params["synthesis"]
    await requests.retry(request.state.viewer, synthesis, request.state.now)
    return see_other(request, "synthesis", synthesis=synthesis, notice="synthese-recommencee")


@button
async def compose(request: Request, _: Form) -> Response:
    """Make its documents again, from the present data and from what is written in it now."""
    synthesis = request.path_params["synthesis"]
    await requests.compose(request.state.viewer, synthesis, request.state.now)
    return see_other(request, "synthesis", synthesis=synthesis, notice="synthese-composee")


async def download(request: Request) -> Response:
    """A document as a file. Its name holds only letters, digits and hyphens, so both forms of RFC 6266 are the same."""
    asked = request.path_params
    document = await documents.read_document(
        request.state.viewer, asked["synthesis"], asked["filename"], request.state.now
    )
    return _attachment(request, document)


async def download_data(request: Request) -> Response:
    """The frozen data as a file: the one whose SHA-256 the documents print."""
    asked = request.path_params["synthesis"]
    return _attachment(request, await frozen_data.read_frozen_data(request.state.viewer, asked, request.state.now))


@form_door("syntheses/sign.html", _to_sign, upload=LONGEST)
async def sign(request: Request, form: Form) -> Response:
    """Deposit a signature that was made outside."""
    synthesis = request.path_params["synthesis"]
    await signing.deposit_signature(request.state.viewer, synthesis, form.file, request.state.now)
    return see_other(request, "synthesis", synthesis=synthesis, notice="synthese-signee")


async def download_signature(request: Request) -> Response:
    """The signature of the hashes, as a file."""
    asked = request.path_params["synthesis"]
    return _attachment(request, await signing.download_signature(request.state.viewer, asked, request.state.now))


async def own_ballots(request: Request) -> Response:
    """Where the reader's own votes stand in the data."""
    viewer, now, asked = request.state.viewer, request.state.now, request.path_params["synthesis"]
    ballots = await frozen_data.own_ballots(viewer, asked, now)
    line = (await syntheses.read_synthesis(viewer, asked, now)).line
    return unkept(await page(request, "syntheses/own_ballots.html", {"line": line, "ballots": ballots}))


def _attachment(request: Request, document: DocumentFile) -> Response:
    name = document.file_name
    headers = {
        "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
        "Content-Security-Policy": DOWNLOAD_POLICY,
    }
    return _file(request, document, headers)


async def read(request: Request) -> Response:
    """The HTML document as a page of its own. Its file never changes; here, a replaced one says so above its title."""
    viewer, now, synthesis = request.state.viewer, request.state.now, request.path_params["synthesis"]
    document = await documents.read_format(viewer, synthesis, "html", now)
    line = (await syntheses.read_synthesis(viewer, synthesis, now)).line
    if line.replaced_by:
        notice = render(request, "syntheses/_replaced.html", {"line": line}).encode()
        content = document.content.replace(_COVER, _COVER + notice, 1)
        document = replace(document, content=content, sha256=hashlib.sha256(content).hexdigest())
    return _file(request, document, {"Content-Security-Policy": _reading_policy(document.content)})


def _reading_policy(content: bytes) -> str:
    """A policy that allows only the style that was put in the document, by its hash. It is read from the document and
    not from the renderer: a document published years ago keeps its own style."""
    hashes = [base64.b64encode(hashlib.sha256(style).digest()).decode() for style in _STYLE.findall(content)[:1]]
    allowed = "".join(f"; style-src 'sha256-{digest}'" for digest in hashes)
    return f"default-src 'none'{allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def _file(request: Request, document: DocumentFile, headers: dict[str, str]) -> Response:
    etag = f'"{document.sha256}"'
    kept = {"ETag": etag, "Cache-Control": "no-cache" if document.is_public else "private, no-cache"}
    if has_already(request, etag):
        return Response(status_code=304, headers={**headers, **kept})
    return Response(document.content, media_type=document.media_type, headers={**headers, **kept})
