"""An agent answers a proposal for the administration: what an answer must say, and what it changes.

Only a proposal in force can be answered, once the votes are over. Of two agents at once, the second one reads the first
one's answer before replacing it. Everybody concerned is notified, once for each answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from textwrap import shorten

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.notifications import tell_of_proposal
from forum.domain.proposals.answers import concerned_by, today
from forum.domain.proposals.held import HeldProposal, hold_proposal, show_change
from forum.domain.proposals.obligations import Promise, checked_promises, insert_obligation
from forum.domain.proposals.proposals import ProposalPage, read_proposal
from forum.domain.search.index import refresh_proposals
from forum.domain.themes.proposal_states import Step, take, tell_turn
from forum.errors import Checks, Conflict, Invalid
from forum.models.answers import Decision
from forum.models.notifications import Event
from forum.models.proposals import ProposalState, Turn
from forum.permissions import Viewer, demand, may_answer
from forum.text.source import clean_line, clean_source

LONGEST_REASON = 5_000
LONGEST_SERVICE = 200
KEEPS = frozenset({Decision.RETAINED, Decision.PARTLY})
"""The decisions by which a proposal is retained."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as typed in the form."""

    decision: str
    reason: str
    service: str
    decided_on: date | None
    promises: Sequence[Promise] = ()


async def proposal_to_answer(viewer: Viewer | None, ref: str, now: datetime) -> ProposalPage:
    """What the form shows to an agent who may send it: the proposal, its result, its answers so far.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    shown = await read_proposal(viewer, ref, now)
    shown.may_answer.require()
    return shown


async def answer(viewer: Viewer | None, ref: str, reply: Reply, seen_number: int, now: datetime) -> None:
    """Answer a proposal for the administration, perhaps with obligations; its makers and its voters are notified.

    `seen_number` is the number of the newest answer that the agent saw, 0 for none.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also before the votes close and for a proposal that
            is not in force.
        InvalidForm: something is missing, too long, or dated in the future.
        Conflict: another agent answered meanwhile.
    """
    async with transaction():
        held = await hold_proposal(ref, now)
        viewer = demand(may_answer, viewer, held.theme.schedule, now, state=held.state)
        given, promises = _checked(reply, now)
        before = await row(
            "SELECT number, decision FROM answer WHERE proposal_id = $1 ORDER BY number DESC LIMIT 1", held.id
        )
        if (before["number"] if before else 0) != seen_number:
            raise Conflict("Un autre agent a répondu entre-temps : lisez sa réponse, puis décidez.")
        await show_change(held)
        await _insert(held, viewer, seen_number + 1, given, now)
        for promise in promises:
            await insert_obligation(viewer, held, promise, now)
        await _move(held, given.decision)
        await tell_turn(held.id, Turn.ANSWERED, viewer.id, now)
        concerned = await concerned_by(held.id)
        await tell_of_proposal(held.id, Event.ANSWERED, concerned, now, key=seen_number + 1, actor=viewer.id)
        await journal.record(
            viewer,
            "answer_proposal",
            "proposal",
            held.id,
            group=held.theme.group,
            before=before["decision"] if before else "",
            after=given.decision.value,
            reason=shorten(given.reason, journal.LONGEST_REASON, placeholder=" […]"),
            now=now,
        )


@dataclass(frozen=True, slots=True)
class _GivenAnswer:
    decision: Decision
    reason: str
    service: str
    decided_on: date


def _checked(reply: Reply, now: datetime) -> tuple[_GivenAnswer, list[Promise]]:
    """The answer to write, once all of it is checked."""
    checks = Checks()
    decision, reason, service = Decision.UNDER_STUDY, "", ""
    with checks.field("decision"):
        decision = _decision(reply.decision)
    with checks.field("motif"):
        if not reply.reason.strip():
            raise Invalid("Dites pourquoi : les personnes qui ont proposé et voté le liront.")
        reason = clean_source(reply.reason, limit=LONGEST_REASON)
    with checks.field("service"):
        if not reply.service.strip():
            raise Invalid("Indiquez le service qui répond.")
        service = clean_line(reply.service, limit=LONGEST_SERVICE)
    with checks.field("decide_le"):
        if reply.decided_on is None:
            raise Invalid("Indiquez le jour de la décision.")
        if reply.decided_on > today(now):
            raise Invalid("La décision ne peut pas être datée d’un jour à venir.")
    promises = checked_promises(reply.promises, today(now), checks)
    checks.done()
    assert reply.decided_on is not None
    return _GivenAnswer(decision, reason, service, reply.decided_on), promises


def _decision(said: str) -> Decision:
    try:
        return Decision(said)
    except ValueError:
        raise Invalid("Choisissez l’une des quatre réponses.") from None


async def _insert(held: HeldProposal, viewer: Viewer, number: int, given: _GivenAnswer, now: datetime) -> None:
    await rows(
        """
        INSERT INTO answer (proposal_id, number, decision, reason, service, decided_on, agent_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        held.id,
        number,
        given.decision.value,
        given.reason,
        given.service,
        given.decided_on,
        viewer.id,
        now,
    )
    await refresh_proposals(held.id)


async def _move(held: HeldProposal, decision: Decision) -> None:
    """Move the proposal to the state of the decision: one already done stays so when it is retained once more."""
    if decision in KEEPS and held.state is ProposalState.OPEN:
        await take(Step.RETAIN, held.id)
    elif decision not in KEEPS and held.state is not ProposalState.OPEN:
        await take(Step.RECONSIDER, held.id)
