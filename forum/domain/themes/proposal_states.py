"""What can happen to a proposal, and what happened to it? Its states, the steps between them, the turns of its history.

A step is taken in one statement, while the theme is held; `permissions.py` says who may take it. Every turn is public
on the proposal's page; acts of moderation are in the journal as well.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from forum.database import row, rows
from forum.domain.search.index import refresh_proposals
from forum.errors import Conflict
from forum.models.proposals import IN_FORCE, ProposalState, Turn


class Step(StrEnum):
    """A change of a proposal from one state to another."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    SET_ASIDE = "set aside"
    TAKE_BACK = "take back"
    MERGE = "merge"
    UNMERGE = "unmerge"
    RETAIN = "retain"
    RECONSIDER = "reconsider"
    CARRY_OUT = "carry out"


STEPS: Final[Mapping[Step, tuple[frozenset[ProposalState], ProposalState]]] = {
    Step.SUBMIT: (frozenset({ProposalState.DRAFT}), ProposalState.OPEN),
    Step.WITHDRAW: (frozenset({ProposalState.OPEN}), ProposalState.WITHDRAWN),
    Step.SET_ASIDE: (frozenset({ProposalState.OPEN}), ProposalState.SET_ASIDE),
    Step.TAKE_BACK: (frozenset({ProposalState.SET_ASIDE}), ProposalState.OPEN),
    Step.MERGE: (frozenset({ProposalState.OPEN}), ProposalState.MERGED),
    Step.UNMERGE: (frozenset({ProposalState.MERGED}), ProposalState.OPEN),
    Step.RETAIN: (IN_FORCE, ProposalState.RETAINED),
    Step.RECONSIDER: (IN_FORCE, ProposalState.OPEN),
    Step.CARRY_OUT: (frozenset({ProposalState.RETAINED}), ProposalState.DONE),
}
"""From which states each step leads, and to which one; what is not here cannot happen."""


async def take(step: Step, proposal: int, *, reason: str = "") -> ProposalState:
    """Take a step, inside the caller's transaction, which holds the theme alone; returns the former state.

    Raises:
        Conflict: the proposal is not (any more) in a state from which the step leads.
    """
    before, after = STEPS[step]
    found = await row("SELECT state FROM proposal WHERE id = $1", proposal)
    if found is None or ProposalState(found["state"]) not in before:
        raise Conflict("L’état de cette proposition a changé entre-temps. Relisez sa page, puis recommencez.")
    await rows(
        "UPDATE proposal SET state = $2, state_reason = $3 WHERE id = $1",
        proposal,
        after.value,
        reason,
    )
    await refresh_proposals(proposal)
    return ProposalState(found["state"])


async def tell_turn(
    proposal: int,
    turn: Turn,
    member: int | None,
    now: datetime,
    *,
    other: int | None = None,
    version: int | None = None,
    reason: str = "",
) -> None:
    """Add a turn to the history of a proposal, inside the caller's transaction."""
    await rows(
        """
        INSERT INTO proposal_turn (proposal_id, turn, member_id, other_id, version, reason, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        proposal,
        turn.value,
        member,
        other,
        version,
        reason,
        now,
    )
