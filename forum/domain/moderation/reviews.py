"""What becomes of a contribution that waits to be read? Its author reads it, changes it or gives it up; a moderator
accepts it, and it takes its place then, or refuses it for a reason (`decisions.py`).

Where it waits, and who must wait, is in `discussion/pending_posts.py`. Who is quoted, answered or mentioned is notified
once it is accepted, never before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Row, row, rows, transaction
from forum.domain.discussion.newcomers import refuse_links
from forum.domain.discussion.post_writing import AnswerTarget, clean, prepare, read_source, write_post
from forum.domain.discussion.posts import PostPlace, open_place, quoted_in
from forum.domain.discussion.threads import Piece, insert_thread, pieces_of
from forum.domain.moderation.hiding import hold_thing
from forum.domain.references import storable
from forum.domain.themes.themes import Hold, ThemeHead, find_theme
from forum.errors import Checks, Conflict, NotFound
from forum.models.moderation import Moderated
from forum.models.posts import PendingState
from forum.permissions import Verdict, Viewer, demand, may_edit_post, may_read_pending, may_withdraw_post
from forum.text.source import clean_line


@dataclass(frozen=True, slots=True)
class PendingPage:
    """A contribution that waits, or waited, as its author or a moderator reads it. `thread` is where it will go, None
    for a new one of that `title`; `case` is for moderators, `decision` the one that refused it."""

    id: int
    theme: ThemeHead
    thread: int | None
    title: str
    source: str
    state: PendingState
    version: int
    created_at: datetime
    post: int | None
    case: int
    decision: int | None
    is_own: bool
    may_edit: Verdict

    @property
    def waits(self) -> bool:
        return self.state is PendingState.WAITING


_PAGE: Final = """
    SELECT x.id, x.thread_id, COALESCE(f.title, x.title) AS title, x.source, x.state, x.version, x.created_at,
           x.post_id, x.author_id, t.number AS theme, c.id AS case_id,
           (SELECT MAX(d.id) FROM moderation_decision d WHERE d.case_id = c.id) AS decision
      FROM pending_post x LEFT JOIN thread f ON f.id = x.thread_id
      JOIN theme t ON t.id = COALESCE(f.theme_id, x.theme_id)
      JOIN moderation_case c ON c.thing = 'pending' AND c.thing_id = x.id
     WHERE x.id = $1"""


async def read_pending(viewer: Viewer | None, pending: int, now: datetime) -> PendingPage:
    """A contribution that waits, for its author and the moderators of the group.

    Raises:
        NotFound, SignInRequired: as usual; for others it does not exist.
    """
    found = await row(_PAGE, storable(pending))
    if found is None:
        raise NotFound
    theme = await find_theme(found["theme"])
    viewer = demand(may_read_pending, viewer, theme.group, found["author_id"], now)
    return PendingPage(
        id=pending,
        theme=theme,
        thread=found["thread_id"],
        title=found["title"],
        source=found["source"],
        state=PendingState(found["state"]),
        version=found["version"],
        created_at=found["created_at"],
        post=found["post_id"],
        case=found["case_id"],
        decision=found["decision"],
        is_own=found["author_id"] == viewer.id,
        may_edit=may_edit_post(viewer, found["author_id"], theme.schedule, now),
    )


async def pieces_of_source(source: str) -> tuple[Piece, ...]:
    """A contribution as it will be read, with the words that it quotes."""
    return pieces_of((await read_source(source)).html, await quoted_in(source)) if source else ()


async def edit_pending(
    viewer: Viewer | None, pending: int, title: str, source: str, version: int | None, now: datetime
) -> None:
    """Change one's own words while they wait; `version` is the one that was on the form, `title` that of a new thread.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also once contributions are closed.
        InvalidForm: the title or the text cannot be accepted.
        Conflict: it was changed in another window, or moderators read it meanwhile.
    """
    page = await read_pending(viewer, pending, now)
    checks = Checks()
    if page.thread is None:
        with checks.field("titre"):
            title = clean_line(title, limit=200)
    with checks.field("source"):
        draft = await prepare(source)
        source = draft.source
        if viewer is not None:
            await refuse_links(viewer, page.theme.group, draft.reading.html, now)
    checks.done()
    async with transaction():
        held = await _hold(viewer, pending, now)
        demand(may_edit_post, viewer, held["author_id"], page.theme.schedule, now)
        if held["version"] != version:
            raise Conflict("Cette contribution a été modifiée entre-temps. Votre texte est gardé ci-dessous.")
        await rows(
            """UPDATE pending_post SET title = $2, source = $3, version = version + 1, edited_at = $4 WHERE id = $1""",
            *(pending, "" if page.thread else title, source, now),
        )


async def give_up(viewer: Viewer | None, pending: int, now: datetime) -> None:
    """Take one's own words back while they wait: they are forgotten, and moderators have nothing to decide any more.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Conflict: moderators read it meanwhile.
    """
    await read_pending(viewer, pending, now)
    async with transaction():
        held = await _hold(viewer, pending, now)
        demand(may_withdraw_post, viewer, held["author_id"], now)
        await rows(
            "UPDATE pending_post SET state = $2, title = '', source = '' WHERE id = $1",
            *(pending, PendingState.GIVEN_UP.value),
        )
        await rows(
            """UPDATE moderation_case SET closed_at = $2, open_key = NULL
                WHERE thing = $3 AND thing_id = $1 AND closed_at IS NULL""",
            *(pending, now, Moderated.PENDING.value),
        )


async def _hold(viewer: Viewer | None, pending: int, now: datetime) -> Row:
    """The waiting contribution, its theme held alone. Raises Conflict: it does not wait any more."""
    await hold_thing(Moderated.PENDING, pending, now)
    found = await row("SELECT author_id, state, version FROM pending_post WHERE id = $1", pending)
    if found is None:
        raise NotFound
    if found["state"] == PendingState.GIVEN_UP.value:
        raise Conflict("Cette contribution n’attend plus : vous l’avez retirée.")
    if found["state"] != PendingState.WAITING.value:
        raise Conflict("Cette contribution n’attend plus : l’équipe de modération vient de décider.")
    return found


async def refuse(pending: int) -> None:
    """Let a contribution wait no more and go nowhere; its author and the moderators still read it. Inside the
    transaction of the decision."""
    await rows("UPDATE pending_post SET state = $2 WHERE id = $1", pending, PendingState.REFUSED.value)


async def publish(pending: int, theme: ThemeHead, now: datetime) -> None:
    """Give a contribution its place, in its thread or in the new one that it opens, and notify those whom it concerns.
    Inside the transaction of the decision, which holds the theme alone."""
    found = await row(
        "SELECT thread_id, title, source, reply_to_id, author_id, created_at FROM pending_post WHERE id = $1", pending
    )
    if found is None:
        raise NotFound
    author = Viewer(found["author_id"], "", "")
    place = await _place(found, theme)
    draft = await prepare(clean(found["source"]))
    answered = await _answered(found["reply_to_id"], place.thread)
    written = await write_post(
        author.id, place, draft, now, written_at=found["created_at"], answered=answered, moderates=author
    )
    await rows(
        "UPDATE pending_post SET state = $2, post_id = $3, title = '', source = '' WHERE id = $1",
        *(pending, PendingState.ACCEPTED.value, written.id),
    )


async def _place(found: Row, theme: ThemeHead) -> PostPlace:
    if found["thread_id"] is not None:
        return await open_place(found["thread_id"], hold=Hold.ALONE, answered=found["reply_to_id"])
    thread = await insert_thread(theme.id, found["title"], found["author_id"], found["created_at"])
    return PostPlace(thread, found["title"], theme)


async def _answered(post: int | None, thread: int) -> AnswerTarget | None:
    """The contribution that is answered, unless moderators moved it to another thread since."""
    found = post and await row("SELECT author_id FROM post WHERE id = $1 AND thread_id = $2", post, thread)
    return AnswerTarget(post, found["author_id"]) if post and found else None
