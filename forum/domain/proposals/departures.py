"""How does a proposal leave the vote, and come back? Withdrawn by its owner, set aside by the moderators of its group.

It stays readable, listed apart with the reason; its ballots stay too, and count again if it comes back. Nothing changes
once the votes are closed. For merging, see `merges.py`.
"""

from datetime import datetime

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.notifications import tell_of_proposal
from forum.domain.proposals.held import HeldProposal, hold_proposal, show_change, voters_of_proposal
from forum.domain.proposals.history import OtherProposal
from forum.domain.references import parse_reference, reference
from forum.domain.themes.proposal_states import Step, take, tell_turn
from forum.domain.themes.themes import ThemeHead
from forum.errors import Invalid, NotFound
from forum.models.notifications import Event
from forum.models.proposals import IN_FORCE_SQL, ProposalState, Turn
from forum.permissions import Viewer, demand, may_set_aside, may_withdraw_proposal


async def proposal_to_withdraw(viewer: Viewer | None, ref: str, now: datetime) -> HeldProposal:
    """What the form of a withdrawal shows to somebody who may send it.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    held = await hold_proposal(ref, now, hold=None)
    demand(may_withdraw_proposal, viewer, held.owner, held.theme.schedule, now)
    return held


async def others_in_force(held: HeldProposal) -> tuple[OtherProposal, ...]:
    """The proposals of the theme in whose favour this one may be withdrawn."""
    found = await rows(
        f"""
        SELECT number, wording FROM proposal
         WHERE theme_id = $1 AND id <> $2 AND state IN {IN_FORCE_SQL} ORDER BY number""",
        held.theme.id,
        held.id,
    )
    return tuple(OtherProposal(reference(held.theme.number, each["number"]), each["wording"]) for each in found)


async def withdraw_proposal(
    viewer: Viewer | None, ref: str, now: datetime, *, in_favour_of: str = "", reason: str = ""
) -> None:
    """Withdraw one's own proposal while contributions are open, perhaps in favour of another. Idempotent.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Invalid: the other is no proposal in force of this theme, or the reason is too long.
        Conflict: it was merged or set aside meanwhile.
    """
    async with transaction():
        held = await hold_proposal(ref, now)
        demand(may_withdraw_proposal, viewer, held.owner, held.theme.schedule, now)
        given = journal.reason_of(reason)
        other = await _preferred(held.theme, held.id, in_favour_of.strip()) if in_favour_of.strip() else None
        await show_change(held)
        if held.state is ProposalState.WITHDRAWN:
            return
        await take(Step.WITHDRAW, held.id, reason=given)
        await rows("UPDATE proposal SET in_favour_of_id = $2 WHERE id = $1", held.id, other)
        actor = viewer.id if viewer else None
        await tell_turn(held.id, Turn.WITHDRAWN, actor, now, other=other, reason=given)
        await _tell(held, Event.WITHDRAWN, viewer, now)
        await journal.record(
            viewer,
            "withdraw_proposal",
            "proposal",
            held.id,
            group=held.theme.group,
            after=in_favour_of.strip() if other else "",
            reason=given,
            now=now,
        )


async def _preferred(theme: ThemeHead, proposal: int, ref: str) -> int:
    """A different proposal, in force in that theme.

    Raises:
        Invalid: it is not one.
    """
    wrong = Invalid("Choisissez une autre proposition de ce thème, soumise au vote.", field="au_profit_de")
    try:
        theme_number, number = parse_reference(ref)
    except NotFound:
        raise wrong from None
    found = await row(
        f"SELECT id FROM proposal WHERE theme_id = $1 AND number = $2 AND id <> $3 AND state IN {IN_FORCE_SQL}",
        theme.id,
        number,
        proposal,
    )
    if found is None or theme_number != theme.number:
        raise wrong
    return int(found["id"])


async def proposal_to_set_aside(viewer: Viewer | None, ref: str, now: datetime) -> HeldProposal:
    """What the form that sets a proposal aside, or puts it back to the vote, shows to somebody who may send it.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    held = await hold_proposal(ref, now, hold=None)
    demand(may_set_aside, viewer, held.theme.group, held.theme.schedule, now)
    return held


async def set_aside(viewer: Viewer | None, ref: str, reason: str, now: datetime) -> None:
    """Take a proposal out of the vote, for a public reason; its author and voters are notified.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Invalid: there is no reason.
        Conflict: it is no longer put to the vote.
    """
    why = "Dites pourquoi : tout le monde le lira, son auteur d’abord."
    await _move(viewer, ref, Step.SET_ASIDE, Turn.SET_ASIDE, Event.SET_ASIDE, reason, why, now)


async def take_back(viewer: Viewer | None, ref: str, reason: str, now: datetime) -> None:
    """Put a proposal that was set aside to the vote again, with the ballots that it had.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Invalid: there is no reason.
        Conflict: it is not set aside.
    """
    why = "Dites pourquoi elle est de nouveau soumise au vote."
    await _move(viewer, ref, Step.TAKE_BACK, Turn.TAKEN_BACK, Event.TAKEN_BACK, reason, why, now)


async def _move(
    viewer: Viewer | None, ref: str, step: Step, turn: Turn, event: Event, reason: str, why: str, now: datetime
) -> None:
    async with transaction():
        held = await hold_proposal(ref, now)
        viewer = demand(may_set_aside, viewer, held.theme.group, held.theme.schedule, now)
        given = journal.reason_of(reason, required=why)
        await show_change(held)
        await take(step, held.id, reason=given if step is Step.SET_ASIDE else "")
        await tell_turn(held.id, turn, viewer.id, now, reason=given)
        await _tell(held, event, viewer, now)
        await journal.record(
            viewer,
            "set_aside_proposal" if step is Step.SET_ASIDE else "take_back_proposal",
            "proposal",
            held.id,
            group=held.theme.group,
            reason=given,
            now=now,
        )


async def _tell(held: HeldProposal, event: Event, viewer: Viewer | None, now: datetime) -> None:
    """Notify its author, its promoter and its voters, each time that it happens."""
    concerned = held.makers | await voters_of_proposal(held.id)
    actor = viewer.id if viewer else None
    await tell_of_proposal(held.id, event, concerned, now, key=now.isoformat(), actor=actor)
