"""How do the words of a proposal change, and which votes count afterwards?

A new version counts as a change of substance until a moderator certifies that it is only a correction: until then,
ballots on earlier versions wait for confirmation by their voters, who are notified; they count again if it is
certified. `Proposal.substance` is the version since which it asks for the same thing: always the newest version that no
moderator certified. Nothing changes once the votes are closed, so that a tally stays what people voted on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.newcomers import refuse_links
from forum.domain.notifications import tell_of_proposal
from forum.domain.proposals.held import HeldProposal, hold_proposal, show_change, voters_of_proposal
from forum.domain.proposals.history import Versions, read_versions
from forum.domain.proposals.new_proposals import ProposalWords, answer_questions, check_words
from forum.domain.references import storable
from forum.domain.search.index import refresh
from forum.domain.themes.proposal_states import tell_turn
from forum.domain.themes.themes import ThemeQuestion, questions_of
from forum.errors import Conflict, NotFound
from forum.models.notifications import Event
from forum.models.proposals import ProposalState, Turn
from forum.models.search import SearchKind
from forum.permissions import Schedule, Viewer, demand, may_amend_proposal, may_certify


@dataclass(frozen=True, slots=True)
class AmendForm:
    """What the form of an amendment shows: the present words, and whether votes depend on them.

    `answered` are positions of `questions`. `needs_reason`: people may have voted on these words already.
    """

    held: HeldProposal
    questions: tuple[ThemeQuestion, ...]
    answered: tuple[int, ...]
    needs_reason: bool


async def amend_form(viewer: Viewer | None, ref: str, now: datetime) -> AmendForm:
    """What the form shows to somebody who may send it.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    held = await hold_proposal(ref, now, hold=None)
    _judge(viewer, held, now)
    return AmendForm(
        held=held,
        questions=await questions_of(held.theme.id),
        answered=await _answered(held.id),
        needs_reason=_began(held.theme.schedule, now),
    )


def _judge(viewer: Viewer | None, held: HeldProposal, now: datetime) -> Viewer:
    return demand(may_amend_proposal, viewer, held.owner, held.theme.schedule, now, state=held.state)


def _began(schedule: Schedule, now: datetime) -> bool:
    return schedule.votes_open_at is not None and schedule.votes_open_at <= now


async def _answered(proposal: int) -> tuple[int, ...]:
    found = await rows(
        """
        SELECT q.position FROM proposal_question a JOIN guiding_question q ON q.id = a.question_id
         WHERE a.proposal_id = $1 ORDER BY q.position""",
        proposal,
    )
    return tuple(each["position"] for each in found)


async def amend(
    viewer: Viewer | None,
    ref: str,
    wording: str,
    body: str,
    questions: Sequence[int],
    reason: str,
    version: int,
    now: datetime,
) -> bool:
    """Change the words of one's own proposal; returns whether there is a new version.

    `version` is the mark that was on the form.

    Changing only the questions that it answers makes no version; sending the same words changes nothing.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: something cannot be accepted, or people vote and there is no reason.
        Conflict: it was changed meanwhile, in another window for instance, or lost a passage.
    """
    form = await amend_form(viewer, ref, now)
    words = await check_words(wording, body, questions, form.questions)
    async with transaction():
        held = await hold_proposal(ref, now)
        viewer = _judge(viewer, held, now)
        is_new = (held.wording, held.body) != (words.wording, words.body)
        if is_new and held.mark != version:
            raise Conflict("Cette proposition a été modifiée entre-temps. Votre texte est gardé ci-dessous.")
        await refuse_links(viewer, held.theme.group, words.reading.html, now, field="expose_des_motifs")
        if is_new:
            asked = "Dites aux votants ce qui change, et pourquoi." if _began(held.theme.schedule, now) else ""
            given = journal.reason_of(reason, required=asked)
            await _write_version(held, words, viewer, given, now)
        if is_new or await _answered(held.id) != words.questions:
            await show_change(held)
            await answer_questions(held.id, held.theme, words.questions)
    return is_new


async def _write_version(held: HeldProposal, words: ProposalWords, editor: Viewer, reason: str, now: datetime) -> None:
    number = held.version + 1
    await rows(
        """
        UPDATE proposal SET wording = $2, body = $3, body_html = $4, body_plain = $5, version = $6, substance = $6
         WHERE id = $1""",
        held.id,
        words.wording,
        words.body,
        words.reading.html,
        words.reading.plain,
        number,
    )
    await rows(
        """
        INSERT INTO proposal_version (proposal_id, number, wording, body, editor_id, substantive, reason, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        held.id,
        number,
        words.wording,
        words.body,
        editor.id,
        True,
        reason,
        now,
    )
    refresh(SearchKind.PROPOSAL, held.id)
    await tell_turn(held.id, Turn.AMENDED, editor.id, now, version=number, reason=reason)
    voters = await voters_of_proposal(held.id)
    await tell_of_proposal(held.id, Event.AMENDED, voters, now, key=number, actor=editor.id)


async def version_to_certify(viewer: Viewer | None, ref: str, version: int, now: datetime) -> Versions:
    """The versions, for a person who may certify that one is only a correction.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await read_versions(viewer, ref, now)
    found.find(version).may_certify.require()
    return found


async def certify(viewer: Viewer | None, ref: str, version: int, reason: str, now: datetime) -> None:
    """Certify that a version is only a correction: ballots on earlier ones count again, and voters are notified.

    Idempotent.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also to whoever wrote the version.
        Invalid: there is no reason.
    """
    required = "Dites en quoi cette version ne fait que corriger."
    await _decide(viewer, ref, version, reason, required, now, substantive=False)


async def uncertify(viewer: Viewer | None, ref: str, version: int, reason: str, now: datetime) -> None:
    """Undo the certification of a version: ballots on earlier ones wait for confirmation again.

    Raises: as `certify`.
    """
    await _decide(viewer, ref, version, reason, "Dites ce que cette version change.", now, substantive=True)


async def _decide(
    viewer: Viewer | None, ref: str, version: int, reason: str, required: str, now: datetime, *, substantive: bool
) -> None:
    async with transaction():
        held = await hold_proposal(ref, now)
        found = await row(
            "SELECT substantive, editor_id FROM proposal_version WHERE proposal_id = $1 AND number = $2 AND number > 1",
            held.id,
            storable(version),
        )
        if found is None:
            raise NotFound
        is_open = held.state is ProposalState.OPEN
        theme = held.theme
        viewer = demand(may_certify, viewer, theme.group, found["editor_id"], theme.schedule, now, is_open=is_open)
        given = journal.reason_of(reason, required=required)
        if found["substantive"] == substantive:
            return
        await _mark(held.id, version, None if substantive else viewer.id, now)
        await show_change(held)
        await tell_turn(
            held.id,
            Turn.UNCERTIFIED if substantive else Turn.CERTIFIED,
            viewer.id,
            now,
            version=version,
            reason=given,
        )
        await _tell_whose_ballots_moved(held, viewer, now)
        await journal.record(
            viewer,
            "uncertify_correction" if substantive else "certify_correction",
            "proposal",
            held.id,
            group=theme.group,
            after=f"version {version}",
            reason=given,
            now=now,
        )


async def _mark(proposal: int, version: int, certifier: int | None, now: datetime) -> None:
    await rows(
        """
        UPDATE proposal_version SET substantive = $3, certifier_id = $4, certified_at = $5
         WHERE proposal_id = $1 AND number = $2""",
        proposal,
        version,
        certifier is None,
        certifier,
        None if certifier is None else now,
    )
    await rows(
        """
        UPDATE proposal SET substance = (SELECT MAX(v.number) FROM proposal_version v
                                          WHERE v.proposal_id = $1 AND (v.substantive OR v.number = 1))
         WHERE id = $1""",
        proposal,
    )


async def _tell_whose_ballots_moved(held: HeldProposal, actor: Viewer, now: datetime) -> None:
    """Notify voters whose ballot counts again, or waits again: those on a version between the former and the new
    substance."""
    found = await row("SELECT substance FROM proposal WHERE id = $1", held.id)
    assert found is not None
    substance = int(found["substance"])
    moved = await rows(
        "SELECT voter_id FROM ballot WHERE proposal_id = $1 AND proposal_version >= $2 AND proposal_version < $3",
        held.id,
        min(substance, held.substance),
        max(substance, held.substance),
    )
    event = Event.CERTIFIED if substance < held.substance else Event.AMENDED
    voters = {each["voter_id"] for each in moved}
    await tell_of_proposal(held.id, event, voters, now, key=now.isoformat(), actor=actor.id)
