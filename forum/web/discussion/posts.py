"""Contributions: reply with quotes, edit, look up, read at a revision.

What their forms have in common with that of a new thread is in `writing.py`.
"""

import re
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import post_writing, posts, threads
from forum.domain.discussion.post_writing import Preview, Written
from forum.domain.discussion.posts import OnePost, Place, Revision
from forum.domain.discussion.threads import Piece
from forum.errors import Conflict, Invalid
from forum.settings import settings
from forum.text.quotes import MARKER, QuoteMark
from forum.web.discussion.writing import asks_to_publish, marks_of, read_marks, source_of, writing
from forum.web.plumbing.forms import Form, asked_integer, asked_text, read_form
from forum.web.plumbing.page import page, refused, see_other, to_place

_OPENING_MARKS = re.compile(rf"\A(?:\s*{MARKER.pattern}[^\S\n]*(?:\n|\Z))+")


async def look_up(request: Request) -> Response:
    """The stable address of a contribution leads to its place in its thread."""
    post = request.path_params["post"]
    return to_place(request, post, *await threads.find_post(post))


def _to_written(request: Request, written: Written, notice: str) -> Response:
    return to_place(request, written.id, written.thread, threads.page_of(written.number), notice=notice)


async def reply(request: Request) -> Response:
    """The form of a reply, its preview and its answer."""
    if request.method == "GET":
        place = await _place(request)
        marks = read_marks(request.query_params.getlist("citation"))
        answered = asked_integer(request, "en_reponse_a", least=1)
        return await _reply_page(request, place, _reply_form(marks, answered, asked_text(request, "source")))
    # The form is read before anything is refused, so that a refusal can give the words back.
    form = await read_form(request)
    try:
        if asks_to_publish(form):
            return await _publish(request, form)
        return await _rework(request, await _place(request), form)
    except Invalid as problem:
        return await _refused_reply(request, await _place(request), form, problem)


async def _place(request: Request) -> Place:
    return await posts.place_to_reply(request.state.viewer, request.path_params["thread"], request.state.now)


async def _publish(request: Request, form: Form) -> Response:
    thread, answered = request.path_params["thread"], form.integer("en_reponse_a")
    written = await post_writing.reply(
        request.state.viewer, thread, source_of(form), request.state.now, reply_to=answered
    )
    return _to_written(request, written, "contribution-publiee")


async def _rework(request: Request, place: Place, form: Form) -> Response:
    """What a button of the form asks other than publishing: a preview, one quote less, fewer words of a quote."""
    action = form.text("acte")
    marks = marks_of(form)
    if action.startswith("retirer-"):
        kept = [m for i, m in enumerate(marks) if action != f"retirer-{i}"]
        return await _reply_page(request, place, _reply_form(kept, form.integer("en_reponse_a"), form.text("source")))
    if action.startswith("couper-"):
        cut = [await _cut(m, form) if action == f"couper-{i}" else m for i, m in enumerate(marks)]
        return await _reply_page(request, place, _reply_form(cut, form.integer("en_reponse_a"), form.text("source")))
    preview = await post_writing.preview_reply(
        request.state.viewer, place.thread, source_of(form), request.state.now, reply_to=form.integer("en_reponse_a")
    )
    return await _reply_page(request, place, form, preview)


async def _cut(mark: QuoteMark, form: Form) -> QuoteMark:
    return posts.mark_words(await posts.read_post(mark.post), form.text("mots"))


async def _reply_page(request: Request, place: Place, form: Form, preview: Preview | None = None) -> Response:
    return await page(request, "posts/reply.html", {**await _reply_context(place, form, preview), "form": form})


async def _refused_reply(request: Request, place: Place, form: Form, problem: Invalid) -> Response:
    return await refused(request, "posts/reply.html", await _reply_context(place, form), form, problem)


async def _reply_context(place: Place, form: Form, preview: Preview | None = None) -> dict[str, Any]:
    answered = form.values["en_reponse_a"]
    return {
        **await writing(form, preview),
        "place": place,
        "answered": await posts.read_post(int(answered)) if answered.isdecimal() and len(answered) < 10 else None,
    }


def _reply_form(marks: Sequence[QuoteMark], answered: int | None, source: str) -> Form:
    return Form.empty(source=source, en_reponse_a=answered, citation=[m.marker() for m in marks])


async def quote(request: Request) -> Response:
    """From a contribution, or from words selected in it, to the reply that quotes them."""
    post = await posts.post_to_quote(request.state.viewer, request.path_params["post"], request.state.now)
    wanted = asked_text(request, "mots", limit=settings().limits.post_characters) or None
    try:
        mark = posts.mark_words(post, wanted, near=asked_integer(request, "pres", 0) or 0)
    except Invalid as problem:
        form = _reply_form([], post.id, "")
        return await _refused_reply(request, post.place, form, Invalid(problem.message))
    return see_other(request, "reply", thread=post.place.thread, en_reponse_a=post.id, citation=mark.marker())


async def edit(request: Request) -> Response:
    """The form that edits one's own contribution, its preview and its answer; 409 when it changed meanwhile."""
    viewer, now, post = request.state.viewer, request.state.now, request.path_params["post"]
    if request.method == "GET":
        shown = await posts.post_to_edit(viewer, post, now)
        return await _edit_page(request, shown, _edit_form(shown))
    form = await read_form(request)
    try:
        if not asks_to_publish(form):
            preview = await post_writing.preview_edit(viewer, post, source_of(form), now)
            return await _edit_page(request, await posts.post_to_edit(viewer, post, now), form, preview)
        written = await post_writing.edit(viewer, post, source_of(form), form.integer("version") or 0, now)
    except (Invalid, Conflict) as problem:
        return await _refused_edit(request, await posts.post_to_edit(viewer, post, now), form, problem)
    return _to_written(request, written, "contribution-modifiee")


async def _refused_edit(request: Request, post: OnePost, form: Form, problem: Invalid | Conflict) -> Response:
    if isinstance(problem, Invalid):
        return await refused(request, "posts/edit.html", await _edit_context(post, form), form, problem)
    # Sent again, it replaces the words that are shown beside it, until it is published.
    form = form.with_values(version=post.revision, remplace=1)
    context = await _edit_context(post, form)
    return await refused(request, "posts/edit.html", context, form, Invalid(problem.message), status=409)


def _edit_form(post: OnePost) -> Form:
    opening = _OPENING_MARKS.match(post.source)
    marks = [QuoteMark(*map(int, m)) for m in MARKER.findall(opening.group())] if opening else []
    own = post.source[opening.end() :].lstrip("\n") if opening else post.source
    return Form.empty(source=own, version=post.revision, citation=[m.marker() for m in marks])


async def _edit_page(request: Request, post: OnePost, form: Form, preview: Preview | None = None) -> Response:
    return await page(request, "posts/edit.html", {**await _edit_context(post, form, preview), "form": form})


async def _edit_context(post: OnePost, form: Form, preview: Preview | None = None) -> dict[str, Any]:
    other = _pieces_of(await posts.read_revision(post.id, post.revision)) if form.values["remplace"] else ()
    return {**await writing(form, preview), "post": post, "other": other}


async def history(request: Request) -> Response:
    """Every revision of a contribution, the newest first."""
    post = await posts.read_post(request.path_params["post"])
    revisions = [(each, _pieces_of(each)) for each in await posts.read_revisions(post.id)]
    return await page(request, "posts/history.html", {"post": post, "revisions": revisions})


async def revision(request: Request) -> Response:
    """The words of a contribution at one revision: as they were shown, or plain with a quoted or extracted range."""
    post = await posts.read_post(request.path_params["post"])
    one = await posts.read_revision(post.id, request.path_params["revision"])
    start = min(asked_integer(request, "de", 0) or 0, len(one.plain))
    stop = min(asked_integer(request, "a", 0) or 0, len(one.plain))
    parts = (one.plain[:start], one.plain[start:stop], one.plain[stop:]) if start < stop else None
    context = {"post": post, "revision": one, "parts": parts, "pieces": _pieces_of(one)}
    return await page(request, "posts/revision.html", context)


def _pieces_of(revision: Revision) -> tuple[Piece, ...]:
    """What a revision shows: its own words and, between them, those that it quotes."""
    return threads.pieces_of(revision.html, revision.quoted)
