"""Contributions: reply with quotes, edit, look up, read at a revision.

What their forms share with that of a new thread is in `writing.py`.
"""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import post_writing, posts, threads, withdrawals
from forum.domain.discussion.newcomers import must_wait
from forum.domain.discussion.pending_posts import Waiting
from forum.domain.discussion.post_writing import Preview, Written
from forum.domain.discussion.posts import OnePost, PostPlace, Revision
from forum.domain.discussion.thread_pages import page_start
from forum.domain.discussion.threads import Piece
from forum.errors import Invalid
from forum.settings import settings
from forum.text.quotes import QuoteMark
from forum.web.discussion.threads import TREE
from forum.web.discussion.writing import asks_to_publish, fields_of, marks_of, read_marks, source_of, writing
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_integer, asked_text
from forum.web.plumbing.page import page, refused, see_other, to_place

_REPLY = "posts/reply.html"


async def look_up(request: Request) -> Response:
    """The stable address of a contribution leads to its place in its thread, in line or in the tree."""
    post, tree = request.path_params["post"], asked_text(request, "vue") == TREE
    return to_place(request, post, *await threads.find_post(post, tree=tree), view=TREE if tree else None)


def _to_written(request: Request, written: Written | Waiting, notice: str) -> Response:
    if isinstance(written, Waiting):
        return see_other(request, "pending_post", pending=written.id, notice="contribution-en-attente")
    return to_place(request, written.id, written.thread, page_start(written.number), notice=notice)


async def _replying(request: Request, form: Form | None) -> Desk:
    """The desk of a reply: the form begins with what the address quotes and answers."""
    answered = form.values["en_reponse_a"] if form else asked_text(request, "en_reponse_a", limit=20)
    place = await posts.place_to_reply(
        request.state.viewer, request.path_params["thread"], request.state.now, answered=_number(answered)
    )
    marks = read_marks(request.query_params.getlist("citation"))
    first = _reply_form(marks, asked_integer(request, "en_reponse_a", least=1), asked_text(request, "source"))
    return Desk(await _reply_context(request, place, form or first), first)


@form_door(_REPLY, _replying)
async def reply(request: Request, form: Form) -> Response:
    """The form of a reply, its preview and its answer."""
    if not asks_to_publish(form):
        return await _rework(request, form)
    thread, answered = request.path_params["thread"], form.integer("en_reponse_a")
    written = await post_writing.reply(
        request.state.viewer, thread, source_of(form), request.state.now, reply_to=answered
    )
    return _to_written(request, written, "contribution-publiee")


async def _rework(request: Request, form: Form) -> Response:
    """Do what a button other than publishing asks: show a preview, remove a quote, shorten a quote."""
    viewer, now = request.state.viewer, request.state.now
    action, marks, answered = form.text("acte"), marks_of(form), form.integer("en_reponse_a")
    place = await posts.place_to_reply(viewer, request.path_params["thread"], now, answered=answered)
    if action.startswith("retirer-"):
        kept = [m for i, m in enumerate(marks) if action != f"retirer-{i}"]
        return await _reply_page(request, place, _reply_form(kept, answered, form.text("source")))
    if action.startswith("couper-"):
        cut = [await _cut(m, form) if action == f"couper-{i}" else m for i, m in enumerate(marks)]
        return await _reply_page(request, place, _reply_form(cut, answered, form.text("source")))
    preview = await post_writing.preview_reply(viewer, place.thread, source_of(form), now, reply_to=answered)
    return await _reply_page(request, place, form, preview)


async def _cut(mark: QuoteMark, form: Form) -> QuoteMark:
    return posts.mark_words(await posts.read_post(mark.post), form.text("mots"))


async def _reply_page(request: Request, place: PostPlace, form: Form, preview: Preview | None = None) -> Response:
    return await page(request, _REPLY, {**await _reply_context(request, place, form, preview), "form": form})


async def _reply_context(
    request: Request, place: PostPlace, form: Form, preview: Preview | None = None
) -> dict[str, Any]:
    answered, viewer = form.values["en_reponse_a"], request.state.viewer
    return {
        **await writing(form, preview),
        "place": place,
        "waits_first": viewer is not None and await must_wait(viewer, place.theme.group, request.state.now),
        "answered": await posts.read_post(number) if (number := _number(answered)) else None,
    }


def _number(typed: str) -> int | None:
    """The number of a contribution, for a page that is shown again whatever was typed."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else None


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
        return await refused(
            request,
            _REPLY,
            await _reply_context(request, post.place, form),
            form,
            Invalid(problem.message, values=problem.values),
        )
    return see_other(request, "reply", thread=post.place.thread, en_reponse_a=post.id, citation=mark.marker())


async def _editing(request: Request, form: Form | None) -> Desk:
    """The desk of an edit; if somebody else was quicker, it shows their words, which the form replaces if sent
    again."""
    post = await posts.post_to_edit(request.state.viewer, request.path_params["post"], request.state.now)
    first = _edit_form(post)
    return Desk(await _edit_context(post, form or first), first, newer={"version": post.version, "remplace": 1})


@form_door("posts/edit.html", _editing)
async def edit(request: Request, form: Form) -> Response:
    """The form that edits one's own contribution, its preview and its answer."""
    viewer, now, post = request.state.viewer, request.state.now, request.path_params["post"]
    if asks_to_publish(form):
        written = await post_writing.edit(viewer, post, source_of(form), form.integer("version") or 0, now)
        return _to_written(request, written, "contribution-modifiee")
    preview = await post_writing.preview_edit(viewer, post, source_of(form), now)
    shown = await posts.post_to_edit(viewer, post, now)
    return await page(request, "posts/edit.html", {**await _edit_context(shown, form, preview), "form": form})


def _edit_form(post: OnePost) -> Form:
    return Form.empty(version=post.version, **fields_of(post.source))


async def _edit_context(post: OnePost, form: Form, preview: Preview | None = None) -> dict[str, Any]:
    other = _pieces_of(await posts.read_revision(post.id, post.revision)) if form.values["remplace"] else ()
    return {**await writing(form, preview), "post": post, "other": other}


async def _withdrawing(request: Request, _: Form | None) -> Desk:
    own = await withdrawals.post_to_withdraw(request.state.viewer, request.path_params["post"], request.state.now)
    return Desk({"own": own, "post": own.post})


@form_door("posts/withdraw.html", _withdrawing)
async def withdraw(request: Request, form: Form) -> Response:
    """The form with which somebody takes their own words back, or shows them again."""
    viewer, now, post = request.state.viewer, request.state.now, request.path_params["post"]
    if form.text("acte") == "remettre":
        held = await withdrawals.put_post_back(viewer, post, now)
        is_hidden = held.aside is not None and held.aside.hidden_at is not None
        notice = "contribution-remise-masquee" if is_hidden else "contribution-remise"
    else:
        form.require_confirmation()
        held = await withdrawals.withdraw_post(viewer, post, now)
        notice = "contribution-retiree"
    return to_place(request, held.id, *await threads.find_post(held.id), notice=notice)


async def history(request: Request) -> Response:
    """Every revision of a contribution, the newest first, with what it changed; the first one is shown whole."""
    post = await posts.read_post(request.path_params["post"])
    changes = [] if post.aside else await posts.read_history(post.id)
    first = _pieces_of(changes[-1].revision) if changes else ()
    return await page(request, "posts/history.html", {"post": post, "changes": changes, "pieces": first})


async def revision(request: Request) -> Response:
    """The words of a contribution at one revision: as they were shown, or as plain text with a quoted or extracted
    range."""
    post = await posts.read_post(request.path_params["post"])
    one = await posts.read_revision(post.id, request.path_params["revision"])
    start = min(asked_integer(request, "de", 0) or 0, len(one.plain))
    stop = min(asked_integer(request, "a", 0) or 0, len(one.plain))
    parts = (one.plain[:start], one.plain[start:stop], one.plain[stop:]) if start < stop else None
    context = {"post": post, "revision": one, "parts": parts, "pieces": _pieces_of(one)}
    return await page(request, "posts/revision.html", context)


def _pieces_of(revision: Revision) -> tuple[Piece, ...]:
    """The pieces of a revision: its own words and, between them, those that it quotes."""
    return threads.pieces_of(revision.html, revision.quoted)
