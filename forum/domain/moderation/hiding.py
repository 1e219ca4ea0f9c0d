"""How are words hidden, and shown again? Inside the transaction of a decision.

Their words go where no page, document or mail finds them (`withheld.py`). What points to them stays: answers, quotes,
extracts, ballots, merges. A hidden proposal is out of the vote, its ballots wait; hidden once results are published,
it keeps its rank and its figures among them, so that no other figure changes: their difference would tell ballots.
Minutes take nothing with them, and of an official answer the decision stays. Shown again, everything is as it was.
"""

from dataclasses import dataclass
from datetime import datetime

from forum.database import known_row, row, rows
from forum.domain.discussion.posts import read_post
from forum.domain.discussion.withdrawals import make_stale
from forum.domain.moderation.things import thing_of
from forum.domain.proposals.held import hold_proposal
from forum.domain.references import reference, storable
from forum.domain.search.index import refresh_thing
from forum.domain.themes.themes import Hold, ThemeHead, find_theme, hold_theme
from forum.domain.withheld import aside, bring_back, keep_aside
from forum.errors import Conflict, NotFound
from forum.models.moderation import Ground, Moderated
from forum.models.posts import PendingState, PostState
from forum.models.proposals import IN_FORCE, ProposalState


@dataclass(frozen=True, slots=True)
class HeldThing:
    """A thing as a decision must judge it; `opens_thread`: its thread's title may go with it. One that waits is
    `is_hidden` once it is refused. `theme` is None for minutes, which no kept page of a theme shows."""

    kind: Moderated
    id: int
    theme: ThemeHead | None
    author: int | None
    is_hidden: bool
    opens_thread: bool = False
    is_judged: bool = False
    """A proposal whose result is published."""


async def hold_thing(kind: Moderated, thing_id: int, now: datetime, *, hold: Hold | None = Hold.ALONE) -> HeldThing:
    """The thing, its theme or its meeting held alone until the commit; `hold` None only reads it, for a form.

    Raises:
        NotFound: there is no such thing, or it is a draft.
    """
    if kind is Moderated.POST:
        post = await read_post(thing_id, hold=hold)
        is_hidden = post.state is PostState.HIDDEN
        return HeldThing(kind, post.id, post.place.theme, post.author_id, is_hidden, post.number == 1)
    if kind is Moderated.PENDING:
        return await _hold_pending(thing_id, now, hold)
    if kind is Moderated.MINUTES:
        return await _hold_minutes(thing_id, hold)
    found = await row(
        f"""SELECT t.number AS theme, p.number FROM proposal p JOIN theme t ON t.id = p.theme_id
            WHERE p.id = {"(SELECT proposal_id FROM answer WHERE id = $1)" if kind is Moderated.ANSWER else "$1"}
              AND p.number > 0""",
        storable(thing_id),
    )
    if found is None:
        raise NotFound
    held = await hold_proposal(reference(found["theme"], found["number"]), now, hold=hold)
    if kind is Moderated.ANSWER:
        given = await known_row("SELECT agent_id FROM answer WHERE id = $1", thing_id)
        return HeldThing(kind, thing_id, held.theme, given["agent_id"], await _is_aside(kind, thing_id))
    is_judged = held.state in IN_FORCE and held.theme.schedule.votes_are_counted(now)
    is_hidden = held.state is ProposalState.HIDDEN
    return HeldThing(kind, held.id, held.theme, held.owner, is_hidden, is_judged=is_judged)


async def _hold_pending(pending: int, now: datetime, hold: Hold | None) -> HeldThing:
    found = await row(
        """SELECT t.number FROM pending_post x LEFT JOIN thread f ON f.id = x.thread_id
             JOIN theme t ON t.id = COALESCE(f.theme_id, x.theme_id) WHERE x.id = $1""",
        storable(pending),
    )
    if found is None:
        raise NotFound
    theme = await (hold_theme(found["number"], hold, now) if hold else find_theme(found["number"]))
    # A separate statement: it must see what its author did while this one waited for the theme.
    held = await known_row("SELECT author_id, state FROM pending_post WHERE id = $1", pending)
    is_refused = held["state"] == PendingState.REFUSED.value
    return HeldThing(Moderated.PENDING, pending, theme, held["author_id"], is_refused)


async def _hold_minutes(meeting: int, hold: Hold | None) -> HeldThing:
    # An UPDATE that changes nothing locks the row, as for whoever keeps lines of them.
    held = await row(
        "UPDATE meeting SET minutes = minutes WHERE id = $1 RETURNING id"
        if hold
        else "SELECT id FROM meeting WHERE id = $1",
        storable(meeting),
    )
    if held is None:
        raise NotFound
    keeper = (await thing_of(Moderated.MINUTES, meeting)).author_id
    return HeldThing(Moderated.MINUTES, meeting, None, keeper, await _is_aside(Moderated.MINUTES, meeting))


async def _is_aside(kind: Moderated, thing: int) -> bool:
    """Whether the words of minutes or of an official answer are hidden."""
    return await aside(kind, thing) is not None


async def hide(held: HeldThing, ground: Ground, now: datetime, *, title: bool = False) -> None:
    """Hide a thing that the caller's transaction holds alone. `title`: also that of the thread that it opened.

    Raises:
        Conflict: somebody was quicker.
    """
    if held.is_hidden:
        raise Conflict("Quelqu’un l’a masqué entre-temps.")
    await _make_stale(held)
    if held.is_judged:
        await rows("UPDATE proposal SET judged = TRUE WHERE id = $1", held.id)
    await keep_aside(held.kind, held.id, now, ground=ground, title=title and held.opens_thread)
    await refresh_thing(held.kind, held.id)


async def unhide(held: HeldThing) -> None:
    """Show a thing again, unless its author withdrew it meanwhile; the caller's transaction holds it alone.

    Raises:
        Conflict: it is not hidden (any more).
    """
    if not held.is_hidden:
        raise Conflict("Quelqu’un l’a affiché de nouveau entre-temps.")
    await _make_stale(held)
    if held.kind is Moderated.PROPOSAL:
        await rows("UPDATE proposal SET judged = FALSE WHERE id = $1", held.id)
    await bring_back(held.kind, held.id, hidden=True)
    await refresh_thing(held.kind, held.id)


async def _make_stale(held: HeldThing) -> None:
    if held.theme is not None:
        await make_stale(held.theme, post=held.id if held.kind is Moderated.POST else None)
