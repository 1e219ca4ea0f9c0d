"""Threads: read one, open one. The page of a thread is cached (`kept.py`); its slots are filled for each reader."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.domain.discussion import post_drafts, threads
from forum.domain.discussion.newcomers import must_wait
from forum.domain.discussion.pending_posts import PendingLine, Waiting, waiting_in
from forum.domain.discussion.post_drafts import DraftPlace, KeptDraft
from forum.domain.discussion.threads import ThreadPage, ThreadState
from forum.domain.following.follows import OwnThread, own_thread
from forum.domain.themes.ballots import OwnBallot
from forum.domain.themes.themes import find_theme
from forum.domain.votes import votes
from forum.models.post_drafts import DraftKind
from forum.permissions import (
    Viewer,
    demand,
    may_arrange,
    may_contribute,
    may_edit_post,
    may_enter_received,
    may_forget_received,
    may_harvest,
    may_moderate,
    may_propose_from_post,
    may_read_waiting_tags,
    may_treat,
    may_withdraw_post,
)
from forum.settings import settings
from forum.web.discussion.writing import (
    asks_to_publish,
    asks_to_save,
    begun_form,
    draft_beside,
    newer_of,
    save,
    sending_of,
    source_of,
    writing,
)
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn
from forum.web.plumbing.kept import KeptPage, KeptPages, to_visitors
from forum.web.plumbing.page import href, html, notice, own_slot, page, prepare, render, see_other, wanted
from forum.web.themes.filters import asked_meeting

# No contribution has this author.
NOBODY = 0
# What a thread is to a visitor.
UNKNOWN = OwnThread()
NO_ANSWER: Mapping[str, str] = {"drafts": "", "typed": "", "sending": ""}
TREE: Final = "reponses"
"""What asks for the tree in an address (?vue=reponses)."""
PRINTED: Final = 200
"""Contributions on one page to be printed, some eighty sheets; a longer thread is printed in parts."""


def asked_start(request: Request) -> int:
    """The number after which the page of a thread begins (?apres=40); ?page=3 is how addresses said it before."""
    turn = asked_turn(request)
    if not turn.key:
        return ((asked_integer(request, "page", least=1) or 1) - 1) * settings().limits.posts_per_page
    return int(turn.key) if turn.key.isascii() and turn.key.isdecimal() and not turn.back else 0


async def show(request: Request) -> Response:
    """One page of a thread: for visitors the same cached bytes, for others the same page with their own parts filled
    in."""
    viewer: Viewer | None = request.state.viewer
    state = await threads.thread_state(request.path_params["thread"])
    kept = await _ready(request, state)
    if viewer is None and b"fait=" not in request.scope["query_string"]:
        return to_visitors(request, kept.page, _slots(request, kept, {}, state))
    own = await votes.own_votes(viewer, tuple(kept.lines))
    waiting = await waiting_in(viewer, state.id) if viewer else ()
    mine = await own_thread(viewer, state)
    drafts = await post_drafts.drafts_in(viewer, state.id) if viewer and kept.may_write else ()
    answer = await _answer(request, drafts, state)
    return html(request, kept.page.ready.filled(_slots(request, kept, own, state, waiting, mine, answer)))


async def show_titled(request: Request) -> Response:
    """An address that somebody made readable (/fils/12-titre): the same thread, whatever the title."""
    asked, path = request.url.query, href(request, "thread", thread=request.path_params["thread"])
    return RedirectResponse(f"{path}?{asked}" if asked else path, 301)


async def printed(request: Request) -> Response:
    """A whole thread on one page, to be printed: without anything to press, the same for everybody."""
    state = await threads.thread_state(request.path_params["thread"])
    now, after = request.state.now, asked_start(request)
    key, version = ("printed", state.id, after, request.state.locale), (state.version, state.theme.schedule.phase(now))
    pages: KeptPages[ReadyThread] = request.app.state.kept
    kept = pages.get(key, version)
    if kept is None:
        shown = await threads.read_thread(state, after, now, size=PRINTED)
        ready = prepare(request, "threads/print.html", {"thread": shown})
        kept = pages.keep(key, ReadyThread(KeptPage(ready), shown), version)
    if request.state.viewer is None:
        return to_visitors(request, kept.page)
    return html(request, kept.page.ready.filled(lambda name: own_slot(request, name)))


BYTES_A_POST = 1500
"""About what the slots of a page know of each contribution and its proposals."""


class ReadyThread:
    """A cached page of a thread, with what its slots need: the posts it shows, their authors, their proposals."""

    __slots__ = ("_known", "authors", "hidden", "last", "lines", "may_write", "page", "places", "post_of", "waiting")

    def __init__(self, page: KeptPage, shown: ThreadPage, *, may_write: bool = False) -> None:
        self.page = page
        self.may_write = may_write
        self.places = {post.id for post in shown.posts}
        self._known = len(shown.posts) * BYTES_A_POST
        # In the tree one has not read up to a number.
        self.last = 0 if shown.tree else shown.numbers[1]
        self.authors = {post.id: post.author_id for post in shown.posts if post.author_id is not None}
        self.waiting = {post.id: tuple(tag.number for tag in post.tags if tag.waiting) for post in shown.posts}
        self.lines = {line.id: line for post in shown.posts for line in post.proposals}
        self.hidden = {post.id for post in shown.posts if post.aside and post.aside.hidden_at}
        self.post_of = {line.id: post.id for post in shown.posts for line in post.proposals}

    @property
    def size(self) -> int:
        """Bytes in memory, of the page and of what its slots need."""
        return self.page.size + self._known


async def _ready(request: Request, state: ThreadState) -> ReadyThread:
    viewer: Viewer | None = request.state.viewer
    now = request.state.now
    after, meeting = asked_start(request), asked_meeting(request)
    tree = not meeting and asked_text(request, "vue") == TREE
    may_write = may_contribute(viewer, state.theme.schedule, now, locked=state.locked)
    may_extract = may_propose_from_post(viewer, state.theme.group, None, state.theme.schedule, now)
    moderates = bool(may_moderate(viewer, state.theme.group, now))
    treats = bool(may_treat(viewer, state.theme.group, now))
    arranges = bool(may_arrange(viewer, state.theme.group, now))
    sees_waiting = bool(may_read_waiting_tags(viewer, state.theme.group, now))
    enters = bool(may_forget_received(viewer, state.theme.group, now))
    may_receive = not state.locked and bool(may_enter_received(viewer, state.theme.group, state.theme.schedule, now))
    waits_first = viewer is not None and bool(may_write) and await must_wait(viewer, state.theme.group, now)
    # Everything that the cached page depends on, and nothing else: two readers with the same key may see the same.
    rights = (
        viewer is None,
        may_write,
        may_extract,
        moderates,
        sees_waiting,
        treats,
        arranges,
        enters,
        may_receive,
        waits_first,
    )
    key = (state.id, after, tree, request.state.locale, *rights)
    version = (state.version, state.theme.schedule.phase(now))
    pages: KeptPages[ReadyThread] = request.app.state.kept
    # The filtered page is different, and rarely asked for: it is rendered each time.
    found = None if meeting else pages.get(key, version)
    if found is not None:
        return found
    shown = await threads.read_thread(state, after, now, meeting=meeting, tree=tree)
    context = {
        "thread": shown,
        "limit": settings().limits.post_characters,
        "may_write": may_write,
        "may_extract": may_extract,
        "moderates": moderates,
        "treats": treats,
        "arranges": arranges,
        "sees_waiting": sees_waiting,
        "enters": enters,
        "may_receive": may_receive,
        "waits_first": waits_first,
    }
    ready = prepare(request, "threads/show.html", context)
    if meeting:
        return ReadyThread(KeptPage(ready), shown, may_write=bool(may_write))
    return pages.keep(key, ReadyThread(KeptPage(ready), shown, may_write=bool(may_write)), version)


def _slots(
    request: Request,
    kept: ReadyThread,
    own: dict[int, OwnBallot],
    state: ThreadState,
    waiting: Sequence[PendingLine] = (),
    mine: OwnThread = UNKNOWN,
    answer: Mapping[str, str] = NO_ANSWER,
) -> Callable[[str], str]:
    """The content of each slot of a thread's page for this reader, whose ballots are `own`, whose contributions that
    moderators have not read yet are `waiting`, and what the thread is to them; `answer` holds the parts of their
    form."""
    viewer: Viewer | None = request.state.viewer
    reader = viewer.id if viewer else NOBODY
    here = _told_here(request, kept)

    def fill(name: str) -> str:
        kind, _, number = name.partition(":")
        if kind == "told":
            return notice(request) if int(number) == here else ""
        if kind == "notice" and here:
            return wanted(request)
        if kind in ("unread", "read"):
            asked = mine.unread and (kept.last or kind == "unread")
            return _reading(request, kept, f"threads/_{kind}.html", state, mine.unread) if asked else ""
        if kind == "follow":
            return _follow(request, kept, state, mine)
        if kind in answer:
            return answer[kind]
        if kind == "vote":
            return _vote(request, kept, int(number), own.get(int(number)))
        if kind == "mine":
            return _mine(request, kept, int(number), state) if kept.authors.get(int(number)) == reader else ""
        if kind == "aside":
            return _aside(request, kept, int(number)) if kept.authors.get(int(number)) == reader else ""
        if kind == "pending":
            return render(request, "posts/_pending.html", {"waiting": waiting}) if waiting else ""
        if kind == "waiting":
            return _waiting(request, kept, int(number)) if kept.authors.get(int(number)) == reader else ""
        return own_slot(request, name)

    return fill


def _told_here(request: Request, kept: ReadyThread) -> int | None:
    """The contribution of this page that what was just done is said beside."""
    if b"ici=" not in request.scope["query_string"]:
        return None
    post = asked_integer(request, "ici", least=1)
    return post if post in kept.places else None


async def _answer(request: Request, drafts: Sequence[KeptDraft], state: ThreadState) -> dict[str, str]:
    """The form of this reader under the thread: its key, their draft for it, their other drafts in the thread."""
    own = next((each for each in drafts if each.place.kind is DraftKind.IN_THREAD), None)
    form = begun_form(own)
    hidden = Markup('<input type="hidden" name="cle" value="{}">').format(form.values["cle"])
    if not drafts:
        return {"drafts": "", "typed": "", "sending": hidden}
    context = {
        "form": form,
        "state": state,
        "others": [each for each in drafts if each is not own],
        "own": own,
        **await writing(form),
    }
    return {
        "drafts": render(request, "threads/_drafts.html", context),
        "typed": str(escape(form.values["source"])),
        "sending": hidden + Markup(render(request, "threads/_draft.html", context)) if own else hidden,  # noqa: S704
    }


def _reading(request: Request, kept: ReadyThread, template: str, state: ThreadState, unread: int) -> str:
    """Where a member goes on reading, or says how far they have come."""
    context = {"thread_id": state.id, "unread": unread, "last": kept.last}
    return kept.page.once((template, unread), lambda: render(request, template, context))


def _follow(request: Request, kept: ReadyThread, state: ThreadState, mine: OwnThread) -> str:
    """Whether this reader follows the thread."""
    context = {"thread_id": state.id, "own": mine}
    key = "follow", mine.follows, mine.follows_theme
    return kept.page.once(key, lambda: render(request, "threads/_follow.html", context))


def _aside(request: Request, kept: ReadyThread, post: int) -> str:
    """What the author of a contribution that is not shown may do."""
    context = {"post_id": post, "is_hidden": post in kept.hidden}
    return kept.page.once(("aside", post), lambda: render(request, "posts/_own_aside.html", context))


def _waiting(request: Request, kept: ReadyThread, post: int) -> str:
    """The waiting tags of a contribution, shown to its author."""
    context = {"numbers": kept.waiting[post]}
    return kept.page.once(("waiting", post), lambda: render(request, "posts/_waiting_tags.html", context))


def _vote(request: Request, kept: ReadyThread, proposal: int, own: OwnBallot | None) -> str:
    """The vote of one proposal: the same for all readers with the same ballot and the same rights."""
    line = kept.lines[proposal]
    verdict = votes.verdict_of(request.state.viewer, line, request.state.now)
    # Where there is neither a vote to cast nor a result to read, the head of the page says why, once.
    if not (verdict or own or line.count):
        return ""

    def make() -> str:
        back = href(request, "post", post=kept.post_of[proposal])
        context = {"line": votes.seen_with(line, own, verdict), "back": back, "in_booth": False}
        return render(request, "votes/_vote.html", context)

    return kept.page.once((proposal, own, verdict), make)


def _mine(request: Request, kept: ReadyThread, post: int, state: ThreadState) -> str:
    """What the author of a contribution may do with it. Moderators already have "Proposer" under every contribution."""
    viewer: Viewer | None = request.state.viewer
    author, theme, now = kept.authors[post], state.theme, request.state.now
    may_edit = bool(may_edit_post(viewer, author, theme.schedule, now))
    may_extract = bool(may_propose_from_post(viewer, theme.group, None, theme.schedule, now))
    may_propose = not may_extract and bool(may_propose_from_post(viewer, theme.group, author, theme.schedule, now))
    harvests = not may_treat(viewer, theme.group, now) and bool(
        may_harvest(viewer, theme.group, author, theme.schedule, now)
    )
    may_withdraw = bool(may_withdraw_post(viewer, author, now))
    context = {
        "post_id": post,
        "may_edit": may_edit,
        "may_propose": may_propose,
        "may_harvest": harvests,
        "may_withdraw": may_withdraw,
    }
    return kept.page.once(
        ("mine", post, may_edit, may_propose, harvests, may_withdraw),
        lambda: render(request, "posts/_own_actions.html", context),
    )


async def _opening(request: Request, form: Form | None) -> Desk:
    theme = await find_theme(request.path_params["number"])
    viewer = demand(may_contribute, request.state.viewer, theme.schedule, request.state.now)
    waits_first = await must_wait(viewer, theme.group, request.state.now)
    draft = await post_drafts.draft_at(viewer, DraftPlace(DraftKind.OPENING, theme.number))
    first = begun_form(draft)
    context = {"theme": theme, "title": "", "waits_first": waits_first, **await writing(form or first)}
    return Desk({**context, **await draft_beside(draft, form)}, first, newer=newer_of(draft))


@form_door("threads/new.html", _opening)
async def open_new(request: Request, form: Form) -> Response:
    """The form that opens a thread in a theme, its draft, its preview and its answer."""
    viewer, now, number = request.state.viewer, request.state.now, request.path_params["number"]
    if asks_to_save(form):
        said = await save(request, DraftPlace(DraftKind.OPENING, number), form, title=form.text("titre"))
        return said or see_other(request, "new_thread", number=number, notice="brouillon-garde")
    typed = form.text("titre"), source_of(form)
    if asks_to_publish(form):
        thread = await threads.open_thread(viewer, number, *typed, now, sending=sending_of(form))
        if isinstance(thread, Waiting):
            return see_other(request, "pending_post", pending=thread.id, notice="contribution-en-attente")
        return see_other(request, "thread", thread=thread, notice="fil-ouvert")
    title, preview = await threads.preview_thread(viewer, number, *typed, now)
    desk = await _opening(request, form)
    assert isinstance(desk, Desk)
    previewed = {**desk.context, "title": title, **await writing(form, preview)}
    return await page(request, "threads/new.html", {**previewed, "form": form})
