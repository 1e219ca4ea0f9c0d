"""Contributions: reply with quotes, edit, look up, read at a revision.

What their forms share with that of a new thread is in `writing.py`.
"""

from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import called_people, post_drafts, post_writing, posts, threads, withdrawals
from forum.domain.discussion.newcomers import must_wait
from forum.domain.discussion.pending_posts import Waiting
from forum.domain.discussion.post_drafts import DraftPlace
from forum.domain.discussion.post_writing import Preview, Written
from forum.domain.discussion.posts import OnePost, PostPlace, Revision
from forum.domain.discussion.thread_pages import page_start
from forum.domain.discussion.threads import Piece
from forum.errors import Invalid
from forum.models.post_drafts import DraftKind
from forum.settings import settings
from forum.text.differences import differences
from forum.text.quotes import QuoteMark
from forum.web.discussion.threads import TREE
from forum.web.discussion.writing import (
    asks_to_publish,
    asks_to_save,
    begun_form,
    draft_beside,
    fields_of,
    marks_of,
    newer_of,
    read_marks,
    save,
    sending_of,
    source_of,
    writing,
)
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
    """The desk of a reply: the form begins with one's draft, and what the address quotes and answers."""
    viewer, now, thread = request.state.viewer, request.state.now, request.path_params["thread"]
    asked = None if form else asked_integer(request, "brouillon", least=1)
    answered = _number(form.values["en_reponse_a"] if form else asked_text(request, "en_reponse_a", limit=20))
    draft = await post_drafts.draft_at(viewer, _reply_at(thread, answered), asked)
    if asked and draft and draft.place.kind is DraftKind.ANSWER:
        answered = draft.place.thing
    place = await posts.place_to_reply(viewer, thread, now, answered=answered)
    if draft is None and place.thread != thread:
        draft = await post_drafts.draft_at(viewer, _reply_at(place.thread, answered))
    marks = read_marks(request.query_params.getlist("citation"))
    first = begun_form(draft, source=asked_text(request, "source"), en_reponse_a=answered)
    kept = marks_of(first)
    first = first.with_values(citation=[mark.marker() for mark in dict.fromkeys([*kept, *marks])])
    others = [each for each in await post_drafts.list_post_drafts(viewer) if each.thread] if marks else []
    context = {
        **await _reply_context(request, place, form or first),
        **await draft_beside(draft, form),
        "others": [each for each in others if draft is None or each.draft.id != draft.id],
        "added": [mark.marker() for mark in marks],
        "unsaved": bool(set(marks) - set(kept)),
    }
    return Desk(context, first, newer=newer_of(draft))


def _reply_at(thread: int, answered: int | None) -> DraftPlace:
    return DraftPlace(DraftKind.ANSWER, answered) if answered else DraftPlace(DraftKind.IN_THREAD, thread)


@form_door(_REPLY, _replying)
async def reply(request: Request, form: Form) -> Response:
    """The form of a reply, its draft, its preview and its answer."""
    if asks_to_save(form):
        return await _save_reply(request, form)
    if not asks_to_publish(form):
        return await _rework(request, form)
    thread, answered = request.path_params["thread"], form.integer("en_reponse_a")
    written = await post_writing.reply(
        *(request.state.viewer, thread, source_of(form), request.state.now),
        reply_to=answered,
        sending=sending_of(form),
    )
    return _to_written(request, written, "contribution-publiee")


async def _save_reply(request: Request, form: Form) -> Response:
    """Keep the draft of a reply, then show it again or lead to what it will quote next."""
    answered = form.integer("en_reponse_a")
    place = await posts.open_place(request.path_params["thread"], answered=answered)
    said = await save(request, _reply_at(place.thread, answered), form)
    if said is not None:
        return said
    if form.text("acte") == "citer":
        return see_other(request, "thread", thread=place.thread, notice="citer-aussi")
    return see_other(request, "reply", thread=place.thread, en_reponse_a=answered, notice="brouillon-garde")


async def _rework(request: Request, form: Form) -> Response:
    """Do what a button other than publishing asks: show a preview, remove a quote, shorten a quote."""
    viewer, now = request.state.viewer, request.state.now
    action, marks, answered = form.text("acte"), marks_of(form), form.integer("en_reponse_a")
    place = await posts.place_to_reply(viewer, request.path_params["thread"], now, answered=answered)
    if action.startswith("retirer-"):
        kept = [m for i, m in enumerate(marks) if action != f"retirer-{i}"]
        return await _reply_page(request, place, form.with_values(citation=[m.marker() for m in kept]))
    if action.startswith("couper-"):
        cut = [await _cut(m, form) if action == f"couper-{i}" else m for i, m in enumerate(marks)]
        return await _reply_page(request, place, form.with_values(citation=[m.marker() for m in cut]))
    preview = await post_writing.preview_reply(viewer, place.thread, source_of(form), now, reply_to=answered)
    return await _reply_page(request, place, form, preview)


async def _cut(mark: QuoteMark, form: Form) -> QuoteMark:
    return posts.mark_words(await posts.read_post(mark.post), form.text("mots"))


async def _reply_page(request: Request, place: PostPlace, form: Form, preview: Preview | None = None) -> Response:
    context = await _reply_context(request, place, form, preview)
    return await page(request, _REPLY, {**context, "form": form, "unsaved": True})


async def _reply_context(
    request: Request, place: PostPlace, form: Form, preview: Preview | None = None
) -> dict[str, Any]:
    answered, viewer = form.values["en_reponse_a"], request.state.viewer
    return {
        **await writing(form, preview),
        "place": place,
        "waits_first": viewer is not None and await must_wait(viewer, place.theme.group, request.state.now),
        "answered": await posts.read_post(number) if (number := _number(answered)) else None,
        "beside": None,
        "others": (),
        "added": (),
        "unsaved": False,
    }


def _number(typed: str) -> int | None:
    """The number of a contribution, for a page that is shown again whatever was typed."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else None


async def quote(request: Request) -> Response:
    """From a contribution, or from words selected in it, to the answer in progress in its thread, or to a new one. A
    script asks for the quote alone."""
    viewer = request.state.viewer
    post = await posts.post_to_quote(viewer, request.path_params["post"], request.state.now)
    wanted = asked_text(request, "mots", limit=settings().limits.post_characters) or None
    draft = await post_drafts.answer_in_progress(viewer, post.place.thread)
    answered: int | None = post.id
    if draft is not None:
        answered = draft.place.thing if draft.place.kind is DraftKind.ANSWER else None
    try:
        mark = posts.mark_words(post, wanted, near=asked_integer(request, "pres", 0) or 0)
    except Invalid as problem:
        form = begun_form(draft, en_reponse_a=answered)
        return await refused(
            request,
            _REPLY,
            await _reply_context(request, post.place, form),
            form,
            Invalid(problem.message, values=problem.values),
        )
    if request.headers.get("x-fragment") == "citation":
        (quoted,) = await posts.quoted_words([mark])
        return await page(request, "posts/_quoted.html", {"quoted": quoted, "place": 0})
    return see_other(request, "reply", thread=post.place.thread, en_reponse_a=answered, citation=mark.marker())


async def people(request: Request) -> Response:
    """Whom the letters after an @ may mean, for the script of the field where one writes."""
    thread, begun = request.path_params["thread"], asked_text(request, "personne", limit=100)
    found = await called_people.people_to_call(request.state.viewer, thread, begun, request.state.now)
    return await page(request, "posts/_people.html", {"people": found})


async def _editing(request: Request, form: Form | None) -> Desk:
    """The desk of an edit, which begins with one's draft; if another window was quicker, it shows its words, which the
    form replaces if sent again."""
    viewer, post = request.state.viewer, request.path_params["post"]
    found = await posts.post_to_edit(viewer, post, request.state.now)
    draft = await post_drafts.draft_at(viewer, DraftPlace(DraftKind.EDIT, found.id))
    version = draft.base if draft else found.version
    first = begun_form(draft, version=version, **({} if draft else fields_of(found.source)))
    newer = newer_of(draft)
    if form is not None and form.values["version"] != str(found.version):
        newer = {"version": found.version, "remplace": 1}
    context = {**await _edit_context(found, form or first), **await draft_beside(draft, form)}
    return Desk(context, first, newer=newer)


@form_door("posts/edit.html", _editing)
async def edit(request: Request, form: Form) -> Response:
    """The form that edits one's own contribution, its draft, its preview and its answer."""
    viewer, now, post = request.state.viewer, request.state.now, request.path_params["post"]
    version = form.integer("version") or 0
    if asks_to_save(form):
        said = await save(request, DraftPlace(DraftKind.EDIT, post), form, base=version)
        return said or see_other(request, "edit_post", post=post, notice="brouillon-garde")
    if asks_to_publish(form):
        written = await post_writing.edit(viewer, post, source_of(form), version, now, sending=sending_of(form))
        return _to_written(request, written, "contribution-modifiee")
    preview = await post_writing.preview_edit(viewer, post, source_of(form), now)
    shown = await posts.post_to_edit(viewer, post, now)
    return await page(request, "posts/edit.html", {**await _edit_context(shown, form, preview), "form": form})


async def _edit_context(post: OnePost, form: Form, preview: Preview | None = None) -> dict[str, Any]:
    """`other`: the words saved meanwhile, which the form would replace, and how its words differ from them."""
    context = {**await writing(form, preview), "post": post, "other": (), "beside": None}
    if form.values["remplace"] != "1":
        return context
    current = await posts.read_revision(post.id, post.revision)
    changed = await run_sync(differences, post.source, source_of(form))
    return {**context, "other": _pieces_of(current), "changed": changed}


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
