"""Syntheses: their list, the page that follows one from request to publication, and its documents to download."""

import base64
import hashlib
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.syntheses import documents, syntheses
from forum.domain.syntheses.documents import DocumentFile
from forum.errors import Invalid
from forum.web.plumbing.forms import Form, asked_turn, read_form
from forum.web.plumbing.page import has_already, page, refused, see_other

WHOLE = "tout"
"""What the form sends for the whole consultation; otherwise the number of a theme."""

# A downloaded file that is opened on our address all the same can neither run, nor send, nor ask for anything.
DOWNLOAD_POLICY = "default-src 'none'; sandbox"
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


async def index(request: Request) -> Response:
    """What is published; for agents, also what is not yet, and the form to ask for more."""
    return await page(request, "syntheses/index.html", {**await _index(request), "form": Form.empty(theme=WHOLE)})


async def _index(request: Request) -> dict[str, Any]:
    viewer, now = request.state.viewer, request.state.now
    return {
        "syntheses": await syntheses.list_syntheses(viewer, now, asked_turn(request)),
        "themes": await syntheses.themes_to_compile(viewer, now),
        "whole": WHOLE,
    }


async def ask(request: Request) -> Response:
    """Ask for the synthesis of a theme or of the whole consultation."""
    form = await read_form(request)
    try:
        asked = await syntheses.request_synthesis(request.state.viewer, _scope(form), request.state.now)
    except Invalid as problem:
        return await refused(request, "syntheses/index.html", await _index(request), form, problem)
    unchanged = "brouillon-inchange" if asked.draft else "synthese-inchangee"
    notice = "synthese-demandee" if asked.is_new else unchanged
    return see_other(request, "synthesis", synthesis=asked.id, notice=notice)


def _scope(form: Form) -> int | None:
    """The theme asked for, None for the whole; 0, which no theme bears, when it is anything else."""
    typed = form.text("theme")
    if typed == WHOLE:
        return None
    return int(typed) if re.fullmatch("[0-9]{1,4}", typed, re.ASCII) else 0


async def show(request: Request) -> Response:
    found = await syntheses.read_synthesis(request.state.viewer, request.path_params["synthesis"], request.state.now)
    return await page(request, "syntheses/show.html", {"synthesis": found, "form": Form.empty()})


async def publish(request: Request) -> Response:
    form = await read_form(request)
    viewer, now, synthesis = request.state.viewer, request.state.now, request.path_params["synthesis"]
    found = await syntheses.read_synthesis(viewer, synthesis, now)
    try:
        # Whoever may not publish is told that, and not to tick a box that their page does not have.
        if found.may_publish:
            form.require_confirmation()
        await syntheses.publish(viewer, synthesis, now)
    except Invalid as problem:
        return await refused(request, "syntheses/show.html", {"synthesis": found}, form, problem)
    return see_other(request, "synthesis", synthesis=synthesis, notice="synthese-publiee")


async def retry(request: Request) -> Response:
    synthesis = request.path_params["synthesis"]
    await syntheses.retry(request.state.viewer, synthesis, request.state.now)
    return see_other(request, "synthesis", synthesis=synthesis, notice="synthese-recommencee")


async def download(request: Request) -> Response:
    """A document as a file. Its name holds only letters, digits and hyphens, so both forms of RFC 6266 are the same."""
    asked = request.path_params
    document = await documents.read_document(
        request.state.viewer, asked["synthesis"], asked["filename"], request.state.now
    )
    name = document.file_name
    headers = {
        "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
        "Content-Security-Policy": DOWNLOAD_POLICY,
    }
    return _file(request, document, headers)


async def read(request: Request) -> Response:
    """The HTML document as a page of its own."""
    document = await documents.read_format(
        request.state.viewer, request.path_params["synthesis"], "html", request.state.now
    )
    return _file(request, document, {"Content-Security-Policy": _reading_policy(document.content)})


def _reading_policy(content: bytes) -> str:
    """Allows the style that the document brought when it was made, by its hash, and nothing else whatever.

    Read from the document and not from the renderer: a document published years ago keeps its own style.
    """
    hashes = [base64.b64encode(hashlib.sha256(style).digest()).decode() for style in _STYLE.findall(content)[:1]]
    allowed = "".join(f"; style-src 'sha256-{digest}'" for digest in hashes)
    return f"default-src 'none'{allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def _file(request: Request, document: DocumentFile, headers: dict[str, str]) -> Response:
    etag = f'"{document.sha256}"'
    kept = {"ETag": etag, "Cache-Control": "no-cache" if document.is_public else "private, no-cache"}
    if has_already(request, etag):
        return Response(status_code=304, headers={**headers, **kept})
    return Response(document.content, media_type=document.media_type, headers={**headers, **kept})
