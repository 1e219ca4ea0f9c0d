"""How does somebody contest a decision about their words, and who answers? Once, within six months, read by another
person than the one who decided; when the answer is that it was wrong, hidden words are shown again at once.

Whoever notified contests in the same way that nothing was done (DSA, article 20), a visitor by the link of their mail;
when that was wrong, the case is open again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Row, Transaction, known_row, on_postgres, row, rows, transaction
from forum.domain import journal
from forum.domain.mail import post_mail
from forum.domain.moderation import hiding, reviews
from forum.domain.moderation.cases import join_case
from forum.domain.moderation.decisions import DecisionPage, insert_decision, read_decision, reversal
from forum.domain.moderation.notices import (
    NoticeComplaint,
    NoticeNews,
    complaint_from,
    followed_notice,
    own_notice,
    tell_notifier,
)
from forum.domain.moderation.reminders import readers_of_complaint
from forum.domain.moderation.things import ModeratedThing, thing_of, words_in_case
from forum.domain.notifications import tell_of_moderation
from forum.domain.references import storable
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.moderation import Moderated
from forum.models.notifications import Event
from forum.permissions import Viewer, demand, may_answer_complaint, may_contest, may_contest_notice, may_hide
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
        readers = await readers_of_complaint(held["working_group_id"], now, held["decided_by_id"], viewer.id)
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
        decided, words = _answer(outcome, raw)
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
                assert held_thing.theme is not None, "it waits for a thread"
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


# Of those who notified, that nothing was done


async def notice_to_contest(viewer: Viewer | None, notice: int | None, token: str, now: datetime) -> NoticeNews:
    """The notice about which nothing was done, for whoever notified: a member by its number, a visitor by the link of a
    mail.

    Raises:
        Invalid: the link is not good (any more).
        SignInRequired, NotFound, NotAllowed: it is somebody else's; something was done, or six months have passed.
    """
    news = await _own_notice(viewer, notice, token, now)
    if news.complaint is None:
        may_contest_notice(viewer, news.contestable_until, now).require()
    return news


async def _own_notice(viewer: Viewer | None, notice: int | None, token: str, now: datetime) -> NoticeNews:
    if notice is None:
        return await followed_notice(token, now)
    return await own_notice(viewer, notice)


async def contest_no_action(viewer: Viewer | None, notice: int | None, token: str, raw: str, now: datetime) -> None:
    """Contest that nothing was done about what one notified, once.

    Raises:
        Invalid, SignInRequired, NotFound, NotAllowed: as `notice_to_contest`.
        InvalidForm: there is no word.
        Conflict: it was contested already.
    """
    async with transaction():
        found = (await _own_notice(viewer, notice, token, now)).id
        # A separate statement: the next one must see what was written while waiting for the notice.
        await on_postgres("SELECT id FROM moderation_notice WHERE id = $1 FOR UPDATE", found)
        news = await _own_notice(viewer, notice, token, now)
        if news.complaint is not None:
            raise Conflict("Vous avez déjà contesté cette décision.")
        may_contest_notice(viewer, news.contestable_until, now).require()
        words = _words(raw)
        about = await known_row(
            """SELECT d.id, d.decided_by_id, c.id AS case_id, c.thing, c.thing_id, c.working_group_id, n.member_id
                 FROM moderation_notice n JOIN moderation_case c ON c.id = n.case_id
                 JOIN moderation_decision d ON d.id = (
                      SELECT MAX(x.id) FROM moderation_decision x WHERE x.case_id = c.id) WHERE n.id = $1""",
            found,
        )
        await rows(
            "UPDATE moderation_notice SET complaint = $2, complained_at = $3, complained_of_id = $4 WHERE id = $1",
            *(found, words, now, about["id"]),
        )
        whose = about["decided_by_id"], about["member_id"], news.thing.author_id
        readers = {one.member for one in await readers_of_complaint(about["working_group_id"], now, *whose)}
        key = f"notice {found}"
        actor = viewer.id if viewer else None
        await tell_of_moderation(Event.CONTESTED, readers, now, key=key, decision=about["id"], actor=actor)
        # The journal never names who notified.
        await journal.record(
            None, "contest_no_action", about["thing"], about["thing_id"], group=about["working_group_id"], now=now
        )


@dataclass(frozen=True, slots=True)
class ContestedNotice:
    """The complaint of somebody who notified, as moderators read it."""

    notice: int
    decision: int
    thing: ModeratedThing
    words: str
    notified: str
    facts: str
    complaint: NoticeComplaint


async def notice_to_answer(viewer: Viewer | None, notice: int, now: datetime) -> ContestedNotice:
    """The complaint that this person may answer: what the form shows.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await _contested_notice(notice)
    thing = await thing_of(Moderated(found["thing"]), found["thing_id"])
    _demand_notice_answerer(viewer, found, thing, now)
    complaint = complaint_from(found)
    assert complaint is not None, "selected"
    words = await words_in_case(thing, found["created_at"])
    return ContestedNotice(notice, found["complained_of_id"], thing, words, found["words"], found["facts"], complaint)


async def _contested_notice(notice: int) -> Row:
    found = await row(
        """SELECT n.id, n.words, n.created_at, n.member_id, n.address, n.locale, n.case_id, n.complaint,
                  n.complained_at, n.complained_of_id, n.outcome, n.answer, n.answered_at, d.decided_by_id,
                  d.facts, c.thing, c.thing_id,
                  c.working_group_id
             FROM moderation_notice n JOIN moderation_decision d ON d.id = n.complained_of_id
             JOIN moderation_case c ON c.id = d.case_id WHERE n.id = $1""",
        storable(notice),
    )
    if found is None:
        raise NotFound
    return found


def _demand_notice_answerer(viewer: Viewer | None, found: Row, thing: ModeratedThing, now: datetime) -> Viewer:
    if viewer is not None and viewer.id == thing.author_id:
        demand(may_hide, viewer, thing.group, thing.author_id, now)
    whose = found["decided_by_id"], found["member_id"]
    return demand(may_answer_complaint, viewer, found["working_group_id"], *whose, now)


async def answer_notice(viewer: Viewer | None, notice: int, outcome: str, raw: str, now: datetime) -> None:
    """Answer somebody who contests that nothing was done; when that was wrong, the case is open again, to be decided.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual, or they took the decision themselves, or notified.
        InvalidForm: no outcome, or no words.
        Conflict: somebody else answered meanwhile.
    """
    async with transaction() as tx:
        await on_postgres("SELECT id FROM moderation_notice WHERE id = $1 FOR UPDATE", storable(notice))
        found = await _contested_notice(notice)
        thing = await thing_of(Moderated(found["thing"]), found["thing_id"])
        viewer = _demand_notice_answerer(viewer, found, thing, now)
        if found["answered_at"] is not None:
            raise Conflict("Une autre personne a répondu entre-temps.")
        decided, words = _answer(outcome, raw)
        await rows(
            """UPDATE moderation_notice SET answered_by_id = $2, answered_at = $3, outcome = $4, answer = $5
                WHERE id = $1""",
            *(notice, viewer.id, now, decided.value, words),
        )
        await journal.record(
            viewer,
            "answer_notice",
            found["thing"],
            found["thing_id"],
            group=found["working_group_id"],
            after=decided.value,
            now=now,
        )
        if decided is ComplaintOutcome.REVERSED:
            case = await join_case(thing, now)
            await rows("UPDATE moderation_notice SET case_id = $2 WHERE case_id = $1", found["case_id"], case)
        told = await tell_notifier(tx, found, now)
        key = f"notice answer:{notice}"
        await tell_of_moderation(Event.NOTICE_DECIDED, told, now, key=key, case=found["case_id"], actor=viewer.id)


def _answer(outcome: str, raw: str) -> tuple[ComplaintOutcome, str]:
    checks = Checks()
    with checks.field("issue"):
        decided = _outcome(outcome)
    with checks.field("explication"):
        words = clean_source(raw, limit=LONGEST_WORDS)
    checks.done()
    return decided, words
