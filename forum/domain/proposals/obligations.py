"""What the administration commits itself to do about a proposal that it answered: by when, done or postponed, and why.

It is public with the answer (`answers.py`), lateness included. Moving a due date needs a public reason; the journal
holds the former dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.notifications import tell_of_proposal
from forum.domain.proposals.answers import concerned_by, today
from forum.domain.proposals.held import HeldProposal, hold_proposal, show_change
from forum.domain.references import storable
from forum.domain.themes.proposal_states import Step, take, tell_turn
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.models.notifications import Event
from forum.models.proposals import ProposalState, Turn
from forum.permissions import Viewer, demand, may_answer
from forum.text.source import clean_line

LONGEST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Promise:
    """An obligation as typed in a form; `row` says which line of the form, from 1."""

    words: str
    due_on: date | None
    row: int = 1


@dataclass(frozen=True, slots=True)
class OwnedObligation:
    """An obligation as its form shows it, with the proposal that it is about."""

    id: int
    proposal: HeldProposal
    words: str
    due_on: date
    done_on: date | None


def checked_promises(promises: Sequence[Promise], day: date, checks: Checks) -> list[Promise]:
    """The obligations that are not empty, each checked; problems are reported for `engagement-N` and `echeance-N`."""
    sound = []
    for each in promises:
        if not each.words.strip() and each.due_on is None:
            continue
        words = ""
        with checks.field(f"engagement-{each.row}"):
            if not each.words.strip():
                raise Invalid("Dites à quoi l’administration s’engage.")
            words = clean_line(each.words, limit=LONGEST_WORDS)
        with checks.field(f"echeance-{each.row}"):
            refuse_past(each.due_on, day)
        sound.append(Promise(words, each.due_on, each.row))
    return sound


def refuse_past(due_on: date | None, day: date) -> None:
    """Refuse a missing or past due date. Raises Invalid."""
    if due_on is None:
        raise Invalid("Indiquez une échéance.")
    if due_on < day:
        raise Invalid("L’échéance ne peut pas être un jour passé.")


async def insert_obligation(viewer: Viewer, held: HeldProposal, promise: Promise, now: datetime) -> None:
    """Write an obligation and its line of the journal, inside the caller's transaction, which holds the theme."""
    made = await row(
        """
        INSERT INTO obligation (proposal_id, words, due_on, done_words, agent_id, created_at)
        VALUES ($1, $2, $3, '', $4, $5) RETURNING id""",
        held.id,
        promise.words,
        promise.due_on,
        viewer.id,
        now,
    )
    assert made is not None
    due = promise.due_on.isoformat() if promise.due_on else ""
    await _journal(viewer, "promise_obligation", held, made["id"], after=due, reason=promise.words, now=now)


async def _journal(
    viewer: Viewer,
    act: str,
    held: HeldProposal,
    obligation: int,
    *,
    before: str = "",
    after: str = "",
    reason: str = "",
    now: datetime,
) -> None:
    await journal.record(
        viewer,
        act,
        "obligation",
        obligation,
        group=held.theme.group,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )


async def promise(viewer: Viewer | None, ref: str, promises: Sequence[Promise], now: datetime) -> None:
    """Add an obligation of the administration about a proposal that it answered.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: nothing is said, or a date is missing or past.
        Conflict: the proposal has no answer yet.
    """
    async with transaction():
        viewer, held = await _held(viewer, ref, now)
        if await row("SELECT 1 AS one FROM answer WHERE proposal_id = $1 LIMIT 1", held.id) is None:
            raise Conflict("Répondez d’abord à la proposition : un engagement accompagne une réponse.")
        checks = Checks()
        sound = checked_promises(promises, today(now), checks)
        if not sound:
            with checks.field("engagement-1"):
                raise Invalid("Dites à quoi l’administration s’engage.")
        checks.done()
        await show_change(held)
        for each in sound:
            await insert_obligation(viewer, held, each, now)


async def _held(viewer: Viewer | None, ref: str, now: datetime) -> tuple[Viewer, HeldProposal]:
    """The agent, and the proposal, with its theme held."""
    held = await hold_proposal(ref, now)
    return demand(may_answer, viewer, held.theme.schedule, now, state=held.state), held


async def obligation_to_keep(viewer: Viewer | None, ref: str, obligation: int, now: datetime) -> OwnedObligation:
    """What the form that marks an obligation as kept, or postpones it, shows to an agent who may send it.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    held = await hold_proposal(ref, now, hold=None)
    demand(may_answer, viewer, held.theme.schedule, now, state=held.state)
    return _owned(held, await _find(held, obligation))


async def _find(held: HeldProposal, obligation: int) -> Row:
    found = await row(
        "SELECT id, words, due_on, done_on FROM obligation WHERE id = $1 AND proposal_id = $2",
        storable(obligation),
        held.id,
    )
    if found is None:
        raise NotFound
    return found


def _owned(held: HeldProposal, found: Row) -> OwnedObligation:
    return OwnedObligation(found["id"], held, found["words"], found["due_on"], found["done_on"])


async def _to_change(viewer: Viewer | None, ref: str, obligation: int, now: datetime) -> tuple[Viewer, OwnedObligation]:
    """The agent, and an obligation that is still open, with its theme held.

    Raises:
        Conflict: it is done already.
    """
    viewer, held = await _held(viewer, ref, now)
    owned = _owned(held, await _find(held, obligation))
    if owned.done_on is not None:
        raise Conflict("Cet engagement est déjà tenu.")
    return viewer, owned


async def keep(
    viewer: Viewer | None, ref: str, obligation: int, done_on: date | None, done_words: str, now: datetime
) -> None:
    """Mark an obligation as kept, since when and how; everybody concerned by the answer is notified.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: it is not said when or what, or the day is to come.
        Conflict: it is met already.
    """
    async with transaction():
        viewer, owned = await _to_change(viewer, ref, obligation, now)
        checks = Checks()
        words = ""
        with checks.field("tenu_le"):
            if done_on is None:
                raise Invalid("Indiquez le jour où c’est fait.")
            if done_on > today(now):
                raise Invalid("Un engagement ne peut pas être tenu un jour à venir.")
        with checks.field("realisation"):
            if not done_words.strip():
                raise Invalid("Dites ce qui a été fait.")
            words = clean_line(done_words, limit=LONGEST_WORDS)
        checks.done()
        assert done_on is not None
        held = owned.proposal
        await show_change(held)
        await rows("UPDATE obligation SET done_on = $2, done_words = $3 WHERE id = $1", owned.id, done_on, words)
        await tell_turn(held.id, Turn.DONE, viewer.id, now)
        concerned = await concerned_by(held.id)
        await tell_of_proposal(held.id, Event.DONE, concerned, now, key=owned.id, actor=viewer.id)
        await _journal(viewer, "keep_obligation", held, owned.id, after=done_on.isoformat(), reason=words, now=now)


async def reopen(viewer: Viewer | None, ref: str, obligation: int, reason: str, now: datetime) -> None:
    """Mark a kept obligation as open again, for a public reason.

    A proposal that was carried out goes back to being retained.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Invalid: there is no reason.
        Conflict: it is not said to be met.
    """
    async with transaction():
        viewer, held = await _held(viewer, ref, now)
        owned = _owned(held, await _find(held, obligation))
        if owned.done_on is None:
            raise Conflict("Cet engagement n’est pas encore tenu.")
        given = journal.reason_of(reason, required="Dites pourquoi il n’est pas tenu : tout le monde le lira.")
        await show_change(held)
        await rows("UPDATE obligation SET done_on = NULL, done_words = '' WHERE id = $1", owned.id)
        if held.state is ProposalState.DONE:
            await take(Step.RETAIN, held.id)
        await tell_turn(held.id, Turn.NOT_DONE, viewer.id, now, reason=given)
        before = owned.done_on.isoformat()
        await _journal(viewer, "reopen_obligation", held, owned.id, before=before, reason=given, now=now)


async def postpone(
    viewer: Viewer | None, ref: str, obligation: int, due_on: date | None, reason: str, now: datetime
) -> None:
    """Move the due date of an obligation, for a public reason; the former date stays readable.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: there is no reason, or the date is missing, past or the same.
        Conflict: it is met already.
    """
    async with transaction():
        viewer, owned = await _to_change(viewer, ref, obligation, now)
        checks = Checks()
        given = ""
        with checks.field("echeance"):
            refuse_past(due_on, today(now))
            if due_on == owned.due_on:
                raise Invalid("C’est déjà l’échéance.")
        with checks.field("motif"):
            given = journal.reason_of(reason, required="Dites pourquoi l’échéance change : tout le monde le lira.")
        checks.done()
        assert due_on is not None
        await show_change(owned.proposal)
        await rows("UPDATE obligation SET due_on = $2 WHERE id = $1", owned.id, due_on)
        await _journal(
            viewer,
            "postpone_obligation",
            owned.proposal,
            owned.id,
            before=owned.due_on.isoformat(),
            after=due_on.isoformat(),
            reason=given,
            now=now,
        )


async def carry_out(viewer: Viewer | None, ref: str, now: datetime) -> None:
    """Mark a retained proposal as carried out: all the administration's obligations about it are kept.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Conflict: it is not retained, nothing was promised, or something is still to be done.
    """
    async with transaction():
        viewer, held = await _held(viewer, ref, now)
        owed = await row(
            """
            SELECT COUNT(*) AS every, COUNT(done_on) AS kept FROM obligation WHERE proposal_id = $1""",
            held.id,
        )
        if owed is None or not owed["every"] or owed["kept"] < owed["every"]:
            raise Conflict("Une proposition est mise en œuvre quand tous ses engagements sont tenus.")
        await show_change(held)
        await take(Step.CARRY_OUT, held.id)
        await tell_turn(held.id, Turn.CARRIED_OUT, viewer.id, now)
        await journal.record(viewer, "carry_out_proposal", "proposal", held.id, group=held.theme.group, now=now)
