"""How does somebody contest a decision about their words, and who answers? Once, within six months, read by another
person than the one who decided; when the answer is that it was wrong, hidden words are shown again at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from forum.database import Row, Transaction, on_postgres, row, rows, transaction
from forum.domain import journal
from forum.domain.mail import post_mail
from forum.domain.moderation import hiding, reviews
from forum.domain.moderation.decisions import DecisionPage, insert_decision, read_decision, reversal
from forum.domain.moderation.reminders import readers_of_complaint
from forum.domain.moderation.things import thing_of
from forum.domain.notifications import tell_of_moderation
from forum.domain.references import storable
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.moderation import Moderated
from forum.models.notifications import Event
from forum.permissions import Viewer, demand, may_answer_complaint, may_contest
from forum.text.source import clean_source

LONGEST_WORDS: Final = 5000
_UNDONE_BY: Final[Mapping[str, DecisionAct]] = {
    DecisionAct.HIDE.value: DecisionAct.UNHIDE,
    DecisionAct.REFUSE.value: DecisionAct.ACCEPT,
}


async def decision_to_contest(viewer: Viewer | None, decision: int, now: datetime) -> DecisionPage:
    """The decision that this person may contest: what the form shows.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await _facts(decision)
    demand(may_contest, viewer, found["working_group_id"], found["affected_id"], found["contest_until"], now)
    return await read_decision(viewer, decision, now)


async def decision_to_answer(viewer: Viewer | None, decision: int, now: datetime) -> DecisionPage:
    """The contested decision that this person may answer for: what the form shows.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await _facts(decision)
    _demand_answerer(viewer, found, now)
    if found["complaint_id"] is None:
        raise NotFound
    return await read_decision(viewer, decision, now)


def _demand_answerer(viewer: Viewer | None, found: Row, now: datetime) -> Viewer:
    whose = found["decided_by_id"], found["affected_id"]
    return demand(may_answer_complaint, viewer, found["working_group_id"], *whose, now)


async def contest(viewer: Viewer | None, decision: int, raw: str, now: datetime) -> None:
    """Contest a decision about one's own words, once.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual, or six months have passed.
        InvalidForm: there is no word.
        Conflict: it was contested already.
    """
    async with transaction():
        held = await _hold(decision)
        viewer = demand(may_contest, viewer, held["working_group_id"], held["affected_id"], held["contest_until"], now)
        words = _words(raw)
        if held["complaint_id"] is not None:
            raise Conflict("Vous avez déjà contesté cette décision.")
        await rows(
            """INSERT INTO moderation_complaint (decision_id, member_id, words, created_at, answer)
               VALUES ($1, $2, $3, $4, '')""",
            decision,
            viewer.id,
            words,
            now,
        )
        readers = await readers_of_complaint(held["working_group_id"], held["decided_by_id"], viewer.id, now)
        others = {one.member for one in readers}
        await tell_of_moderation(Event.CONTESTED, others, now, key=str(decision), decision=decision, actor=viewer.id)
        await journal.record(
            viewer, "contest", held["thing"], held["thing_id"], group=held["working_group_id"], now=now
        )


def _words(raw: str) -> str:
    checks = Checks()
    with checks.field("explication"):
        words = clean_source(raw, limit=LONGEST_WORDS)
    checks.done()
    return words


async def answer(viewer: Viewer | None, decision: int, outcome: str, raw: str, now: datetime) -> None:
    """Answer a complaint; when the decision was wrong, what it hid is shown again.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual, or they took the decision themselves.
        InvalidForm: no outcome, or no words.
        Conflict: somebody else answered meanwhile.
    """
    async with transaction() as tx:
        about = await row(
            """SELECT c.thing, c.thing_id FROM moderation_decision d JOIN moderation_case c ON c.id = d.case_id
                WHERE d.id = $1""",
            storable(decision),
        )
        if about is None:
            raise NotFound
        kind = Moderated(about["thing"])
        held_thing = await hiding.hold_thing(kind, about["thing_id"], now)
        held = await _hold(decision)
        viewer = _demand_answerer(viewer, held, now)
        if held["complaint_id"] is None:
            raise NotFound
        if held["answered_at"] is not None:
            raise Conflict("Une autre personne a répondu entre-temps.")
        checks = Checks()
        with checks.field("issue"):
            decided = _outcome(outcome)
        with checks.field("explication"):
            words = clean_source(raw, limit=LONGEST_WORDS)
        checks.done()
        await rows(
            """UPDATE moderation_complaint SET answered_by_id = $2, answered_at = $3, outcome = $4, answer = $5
                WHERE id = $1""",
            *(held["complaint_id"], viewer.id, now, decided.value, words),
        )
        await journal.record(
            viewer,
            "answer_complaint",
            held["thing"],
            held["thing_id"],
            group=held["working_group_id"],
            after=decided.value,
            now=now,
        )
        # A passage that was taken out is nowhere any more: the answer says what the author can do.
        if decided is ComplaintOutcome.REVERSED and held["act"] in _UNDONE_BY and held_thing.is_hidden:
            if kind is Moderated.PENDING:
                await reviews.publish(held_thing.id, held_thing.theme, now)
            else:
                await hiding.unhide(held_thing)
            thing = await thing_of(kind, about["thing_id"])
            await insert_decision(viewer, held["case_id"], thing, reversal(_UNDONE_BY[held["act"]]), now)
        await _tell(tx, held, decision, viewer, now)


def _outcome(value: str) -> ComplaintOutcome:
    try:
        return ComplaintOutcome(value)
    except ValueError:
        raise Invalid("Dites si la décision est maintenue ou annulée.") from None


async def _hold(decision: int) -> Row:
    """A decision with its complaint, held until the end of the caller's transaction. Raises NotFound."""
    # A separate statement: the next one must see what was written while waiting for the decision.
    await on_postgres("SELECT id FROM moderation_decision WHERE id = $1 FOR UPDATE", storable(decision))
    return await _facts(decision)


async def _facts(decision: int) -> Row:
    found = await row(
        """SELECT d.case_id, d.act, d.affected_id, d.decided_by_id, d.contest_until, c.thing, c.thing_id,
                  c.working_group_id, x.id AS complaint_id, x.answered_at
             FROM moderation_decision d JOIN moderation_case c ON c.id = d.case_id
             LEFT JOIN moderation_complaint x ON x.decision_id = d.id WHERE d.id = $1""",
        storable(decision),
    )
    if found is None:
        raise NotFound
    return found


async def _tell(tx: Transaction, held: Row, decision: int, viewer: Viewer, now: datetime) -> None:
    """Tell the person who contested that they have their answer, on the site and by mail."""
    key = f"answer:{decision}"
    author = {held["affected_id"]}
    await tell_of_moderation(Event.RECONSIDERED, author, now, key=key, decision=decision, actor=viewer.id)
    found = await row("SELECT name, email, locale FROM member WHERE id = $1", held["affected_id"])
    if found is not None and found["email"]:
        await post_mail(
            tx,
            "reconsidered",
            found["email"],
            locale=found["locale"],
            now=now,
            name=found["name"],
            decision=str(decision),
        )
