"""How is a case decided, and who is told what? Hidden, shown again, left, or a passage of it taken out for good, always
for a reason in words.

The person whose words it is about reads a statement (`statements.py`) that the moderator saw before sending it: `seen`
is the mark of that text, so nobody sends one that they did not read. In one transaction the words are hidden, the case
closes, the statement is kept, the author and those who notified are told, and the journal has its line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from hashlib import sha256
from typing import Final

from forum.database import Row, Transaction, known_row, row, rows, transaction
from forum.domain import journal
from forum.domain.mail import post_mail
from forum.domain.moderation import hiding, passages, reviews
from forum.domain.moderation.cases import SINCE, hold_case, refuse_taken, since_of
from forum.domain.moderation.hiding import HeldThing
from forum.domain.moderation.notices import NoticeComplaint, complaint_from, tell_notifiers
from forum.domain.moderation.passages import PassagePreview, WarmPassage
from forum.domain.moderation.reminders import readers_of_complaint
from forum.domain.moderation.statements import Circumstances, statement_of
from forum.domain.moderation.things import (
    ModeratedThing,
    WordsElsewhere,
    thing_of,
    words_elsewhere,
    words_in_case,
    words_of,
)
from forum.domain.notifications import tell_of_moderation
from forum.domain.privacy.redacted_words import hold_all
from forum.domain.references import storable
from forum.domain.withheld import LABELS, hidden_titles
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.language import worded
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.moderation import Ground, Moderated
from forum.models.notifications import Event
from forum.permissions import (
    Viewer,
    demand,
    may_answer_complaint,
    may_contest,
    may_hide,
    may_keep_own_account,
    may_read_decision,
)
from forum.text.redaction import PassageCleaner

CONTESTABLE: Final = timedelta(days=183)
"""Six months at least (DSA, article 20)."""
_CHANGED: Final = "Ce que vous avez choisi a changé depuis l’aperçu. Voyez l’aperçu, puis envoyez la décision."
REVERSED: Final = "Une réclamation a été acceptée."
"""The reason of the decision that a complaint leads to; pages say it in the language of their reader."""
_COPIED: Final = "Ne recopiez pas le passage dans la raison : elle reste lisible, et figure au journal."
_WHY: Final = "Donnez la raison en quelques mots : la personne concernée la lira."

_WITH_GROUND: Final = (DecisionAct.HIDE.value, DecisionAct.REFUSE.value)
CONTESTED: Final = (DecisionAct.HIDE, DecisionAct.REDACT, DecisionAct.REFUSE)
"""What takes something away from somebody, who may contest it."""

RECORDED: Final[Mapping[DecisionAct, str]] = {
    DecisionAct.HIDE: "hide",
    DecisionAct.UNHIDE: "unhide",
    DecisionAct.REDACT: "redact_passage",
    DecisionAct.NO_ACTION: "leave_shown",
    DecisionAct.ACCEPT: "accept_post",
    DecisionAct.REFUSE: "refuse_post",
}
"""What the journal calls each act."""


@dataclass(frozen=True, slots=True)
class TypedDecision:
    """What a moderator chose and typed; `title`: the title of the thread goes too; `passage`: what to take out.
    `seen` is the mark of the text that they were shown, empty before that."""

    act: str
    ground: str
    facts: str
    title: bool = False
    passage: str = ""
    seen: str = ""

    @property
    def redacts(self) -> bool:
        return self.act == DecisionAct.REDACT.value


@dataclass(frozen=True, slots=True)
class PreparedDecision:
    """A decision, checked, with the text that its author will read."""

    act: DecisionAct
    ground: Ground | None
    facts: str
    title: bool
    statement: str
    until: datetime | None
    cleaner: PassageCleaner | None = None
    preview: PassagePreview | None = None
    """What takes the passage out, and what will be read then."""
    pending: str = ""
    """The words that wait, which their author may change until the decision."""

    @property
    def mark(self) -> str:
        """The mark of what was shown."""
        passage = self.cleaner.passage if self.cleaner else ""
        what = f"{self.act} {self.ground} {self.title} {self.facts}"
        shown = f"{what}\n{self.statement}\n{passage}\n{self.preview}\n{self.pending}"
        return sha256(shown.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class ReadComplaint:
    """A complaint and its answer, if any; `answered_by` is for moderators only."""

    words: str
    created_at: datetime
    outcome: ComplaintOutcome | None
    answer: str
    answered_at: datetime | None
    answered_by: str | None


@dataclass(frozen=True, slots=True)
class NotifierComplaint:
    """The complaint of somebody who notified; `member` is their name, None for a visitor."""

    notice: int
    member: str | None
    complaint: NoticeComplaint
    answered_by: str | None
    may_answer: bool


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """One decision as its author or a moderator reads it. `decided_by` and `affected` are names for moderators only;
    `words` are those decided about, as they are kept aside or stand."""

    id: int
    case: int
    thing: ModeratedThing
    act: DecisionAct
    ground: Ground | None
    facts: str
    statement: str
    decided_at: datetime
    decided_by: str | None
    affected: str | None
    is_own: bool
    until: datetime | None
    words: str
    complaint: ReadComplaint | None
    may_contest: bool
    may_answer: bool
    lacks_answerer: bool = False
    """Nobody is left who may answer the complaint: somebody must be given the right to."""
    elsewhere: tuple[WordsElsewhere, ...] = ()
    """Where the words of something hidden may be read too: for moderators only."""
    contested: tuple[NotifierComplaint, ...] = ()
    """By those who notified, since nothing was done: for moderators only."""
    is_readable: bool = True
    """Its words were not withdrawn before its case."""


async def prepare(viewer: Viewer | None, case: int, typed: TypedDecision, now: datetime) -> PreparedDecision:
    """The decision with the text that its author will read; nothing is written.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: something is missing.
        Conflict: somebody else decided it, or takes charge of it.
    """
    async with transaction():
        held = await hold_case(case)
        thing = await thing_of(Moderated(held["thing"]), held["thing_id"])
        viewer = demand(may_hide, viewer, thing.group, thing.author_id, now)
        _refuse_decided(viewer, held, now)
        return await _prepared(held, thing, await hiding.hold_thing(thing.kind, thing.id, now, hold=None), typed, now)


async def decide(viewer: Viewer | None, case: int, typed: TypedDecision, now: datetime) -> int:
    """Decide a case as it was shown; returns the decision.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: something is missing.
        Conflict: somebody else decided it or takes charge of it, or the text is not the one that was shown.
    """
    warm = await _warm(viewer, case, typed, now) if typed.redacts else None
    async with transaction() as tx:
        about = await _about(case)
        if warm:
            await hold_all()
        # Its theme first: every write locks it before anything else.
        held_thing = await hiding.hold_thing(*about, now)
        held = await hold_case(case)
        thing = await thing_of(*about)
        viewer = demand(may_hide, viewer, thing.group, thing.author_id, now)
        _refuse_decided(viewer, held, now)
        prepared = await _prepared(held, thing, held_thing, typed, now)
        if typed.seen != prepared.mark:
            raise Conflict(_CHANGED)
        if warm:
            await passages.redact(tx, thing, *warm, now)
        return await _write(tx, viewer, held, thing, held_thing, prepared, now)


async def _warm(viewer: Viewer | None, case: int, typed: TypedDecision, now: datetime) -> WarmPassage:
    """Read everything before the lock, for who may decide alone."""
    prepared = await prepare(viewer, case, typed, now)
    assert prepared.cleaner is not None, "it redacts"
    if typed.seen != prepared.mark:
        raise Conflict(_CHANGED)
    return await passages.warm(prepared.cleaner)


async def _about(case: int) -> tuple[Moderated, int]:
    found = await row("SELECT thing, thing_id FROM moderation_case WHERE id = $1", storable(case))
    if found is None:
        raise NotFound
    return Moderated(found["thing"]), found["thing_id"]


def _refuse_decided(viewer: Viewer, held: Row, now: datetime) -> None:
    if held["closed_at"] is not None:
        raise Conflict("Ce dossier est clos : il n’y a plus rien à décider.")
    refuse_taken(viewer, held, now)


async def _prepared(
    held: Row, thing: ModeratedThing, held_thing: HeldThing, typed: TypedDecision, now: datetime
) -> PreparedDecision:
    checks = Checks()
    with checks.field("mesure"):
        act = _act(typed.act, thing, since_of(held))
    ground = Ground.PERSONAL_DATA if typed.redacts else None
    with checks.field("regle"):
        ground = _ground(typed.ground) if typed.act in _WITH_GROUND else ground
    cleaner = preview = None
    with checks.field("passage"):
        if typed.redacts:
            cleaner = await passages.passage_of(thing, typed.passage)
            preview = await passages.preview(thing, cleaner)
    with checks.field("motif"):
        facts = journal.reason_of(typed.facts, required="" if typed.act == DecisionAct.ACCEPT.value else _WHY)
        if cleaner is not None and cleaner.names(facts):
            raise Invalid(_COPIED)
    checks.done()
    until = now + CONTESTABLE if act in CONTESTED else None
    if preview is not None and preview.title:
        thing = replace(thing, thread_title=preview.title)
    return PreparedDecision(
        act=act,
        ground=ground,
        facts=facts,
        title=typed.title and act is DecisionAct.HIDE and held_thing.opens_thread,
        statement=statement_of(act, thing, ground, facts, await _circumstances(held, thing, held_thing, now, until)),
        until=until,
        cleaner=cleaner,
        preview=preview,
        pending=thing.source if thing.is_pending else "",
    )


def _act(value: str, thing: ModeratedThing, since: datetime) -> DecisionAct:
    if value not in {act.value for act in possible_acts(thing, since)}:
        raise Invalid("Choisissez ce que vous décidez.")
    return DecisionAct(value)


def possible_acts(thing: ModeratedThing, since: datetime) -> tuple[DecisionAct, ...]:
    """What can be decided, in a case that is about it since then, about something shown, hidden, withdrawn, or that
    waits."""
    if not thing.was_open_to(since):
        return (DecisionAct.NO_ACTION,)
    if thing.is_pending:
        return DecisionAct.ACCEPT, DecisionAct.REFUSE
    return (DecisionAct.UNHIDE if thing.is_hidden else DecisionAct.HIDE, DecisionAct.REDACT, DecisionAct.NO_ACTION)


def _ground(value: str) -> Ground:
    try:
        return Ground(value)
    except ValueError:
        raise Invalid("Choisissez la règle que vous appliquez.") from None


async def _circumstances(
    held: Row, thing: ModeratedThing, held_thing: HeldThing, now: datetime, until: datetime | None
) -> Circumstances:
    notified = await row("SELECT id FROM moderation_notice WHERE case_id = $1 LIMIT 1", held["id"])
    author = await row("SELECT locale FROM member WHERE id = $1", thing.author_id)
    return Circumstances(
        notified=notified is not None,
        decided_at=now,
        until=until,
        locale=author["locale"] if author else "fr",
        is_judged=held_thing.is_judged,
    )


async def _write(
    tx: Transaction,
    viewer: Viewer,
    held: Row,
    thing: ModeratedThing,
    held_thing: HeldThing,
    prepared: PreparedDecision,
    now: datetime,
) -> int:
    if prepared.act is DecisionAct.HIDE:
        assert prepared.ground is not None, "checked"
        await hiding.hide(held_thing, prepared.ground, now, title=prepared.title)
    elif prepared.act is DecisionAct.UNHIDE:
        await hiding.unhide(held_thing)
    elif prepared.act is DecisionAct.ACCEPT:
        assert held_thing.theme is not None, "it waits for a thread"
        await reviews.publish(thing.id, held_thing.theme, now)
    elif prepared.act is DecisionAct.REFUSE:
        await reviews.refuse(thing.id)
    decision = await insert_decision(viewer, held["id"], thing, prepared, now)
    await rows(
        """UPDATE moderation_case SET closed_at = $2, open_key = NULL, claimed_by_id = $3,
                  claimed_at = COALESCE(claimed_at, $2) WHERE id = $1""",
        held["id"],
        now,
        viewer.id,
    )
    await tell_author(tx, viewer, thing, decision, prepared, now)
    members = await tell_notifiers(tx, held["id"], now)
    key = f"notice:{held['id']}"
    await tell_of_moderation(Event.NOTICE_DECIDED, members, now, key=key, case=held["id"], actor=viewer.id)
    return decision


async def insert_decision(
    viewer: Viewer, case: int, thing: ModeratedThing, prepared: PreparedDecision, now: datetime
) -> int:
    """Keep a decision with its text, in the caller's transaction, with its line in the journal."""
    kept = await known_row(
        """INSERT INTO moderation_decision (case_id, act, ground, facts, decided_by_id, decided_at, affected_id,
                                            statement, contest_until)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id""",
        *(case, prepared.act.value, prepared.ground and prepared.ground.value, prepared.facts, viewer.id, now),
        *(thing.author_id, prepared.statement, prepared.until),
    )
    await journal.record(
        viewer,
        RECORDED[prepared.act],
        thing.kind.value,
        thing.id,
        group=thing.group,
        after=prepared.ground.value if prepared.ground else "",
        reason=prepared.facts,
        now=now,
    )
    return int(kept["id"])


def reversal(act: DecisionAct) -> PreparedDecision:
    """The decision that shows words because a complaint was right; its author reads it in the answer."""
    return PreparedDecision(act, None, REVERSED, title=False, statement="", until=None)


async def tell_author(
    tx: Transaction, viewer: Viewer, thing: ModeratedThing, decision: int, prepared: PreparedDecision, now: datetime
) -> None:
    """Tell the person whose words are hidden or shown again, on the site and by mail, in the caller's transaction."""
    if prepared.act is DecisionAct.NO_ACTION or thing.author_id is None:
        return
    author = {thing.author_id}
    await tell_of_moderation(
        Event.MODERATED, author, now, key=f"decision:{decision}", decision=decision, actor=viewer.id
    )
    is_still_withdrawn = prepared.act is DecisionAct.UNHIDE and thing.withdrawn_at is not None
    found = await row(
        "SELECT name, email, locale FROM member WHERE id = $1 AND confirmed_at IS NOT NULL", thing.author_id
    )
    if found is not None and found["email"]:
        await post_mail(
            tx,
            "moderated",
            found["email"],
            locale=found["locale"],
            now=now,
            name=found["name"],
            what=f"{prepared.act} withdrawn" if is_still_withdrawn else prepared.act.value,
            reason=prepared.facts,
            date=prepared.until.date().isoformat() if prepared.until else "",
            decision=str(decision),
        )


# Reading


async def own_decision_about(viewer: Viewer | None, thing: ModeratedThing) -> int:
    """The latest decision that the reader may read about their own words, which they reach from where these were.

    Raises:
        SignInRequired, NotFound: nothing was decided about them, or they are somebody else's.
    """
    viewer = demand(may_keep_own_account, viewer)
    found = await row(
        """SELECT MAX(d.id) AS id FROM moderation_decision d JOIN moderation_case c ON c.id = d.case_id
            WHERE c.thing = $1 AND c.thing_id = $2 AND d.affected_id = $3 AND d.statement <> ''""",
        *(thing.kind.value, thing.id, viewer.id),
    )
    if found is None or found["id"] is None:
        raise NotFound
    return int(found["id"])


async def read_decision(viewer: Viewer | None, decision: int, now: datetime) -> DecisionPage:
    """One decision, for the person whose words it is about and for the moderators of the group.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
    """
    found = await row(
        f"""SELECT d.id, d.case_id, d.act, d.ground, d.facts, d.decided_by_id, d.decided_at, d.affected_id, d.statement,
                  d.contest_until, {SINCE}, c.thing, c.thing_id, c.working_group_id, m.name AS decided_by,
                  a.name AS affected, a.locale,
                  x.words, x.created_at, x.outcome, x.answer, x.answered_at, b.name AS answered_by
             FROM moderation_decision d JOIN moderation_case c ON c.id = d.case_id
             LEFT JOIN member m ON m.id = d.decided_by_id LEFT JOIN member a ON a.id = d.affected_id
             LEFT JOIN moderation_complaint x ON x.decision_id = d.id LEFT JOIN member b ON b.id = x.answered_by_id
            WHERE d.id = $1""",
        storable(decision),
    )
    if found is None:
        raise NotFound
    group = found["working_group_id"]
    viewer = demand(may_read_decision, viewer, group, found["affected_id"], now)
    is_own = found["affected_id"] == viewer.id
    if is_own and not found["statement"]:
        raise NotFound
    thing = await thing_of(Moderated(found["thing"]), found["thing_id"])
    complaint = _complaint(found, named=not is_own)
    said = await (words_of(thing) if is_own else words_in_case(thing, since_of(found)))
    return DecisionPage(
        id=decision,
        case=found["case_id"],
        thing=thing,
        act=DecisionAct(found["act"]),
        ground=Ground(found["ground"]) if found["ground"] else None,
        facts=found["facts"],
        statement=await _as_told(found, thing, is_own=is_own),
        decided_at=found["decided_at"],
        decided_by=None if is_own else found["decided_by"],
        affected=None if is_own else found["affected"],
        is_own=is_own,
        until=found["contest_until"],
        words=said,
        is_readable=is_own or thing.was_open_to(since_of(found)),
        elsewhere=await words_elsewhere(thing, said) if thing.is_hidden and not is_own else (),
        complaint=complaint,
        may_contest=complaint is None
        and bool(may_contest(viewer, group, found["affected_id"], found["contest_until"], now)),
        may_answer=complaint is not None
        and complaint.answered_at is None
        and bool(may_answer_complaint(viewer, group, found["decided_by_id"], found["affected_id"], now)),
        contested=() if is_own else await _contested(viewer, decision, thing, found["decided_by_id"], now),
        lacks_answerer=complaint is not None
        and complaint.answered_at is None
        and not await readers_of_complaint(group, now, found["decided_by_id"], found["affected_id"]),
    )


async def _as_told(found: Row, thing: ModeratedThing, *, is_own: bool) -> str:
    """The statement as it was sent, without the titles of the thread that are kept aside now; whoever gave the thread
    its title reads it in their own."""
    statement: str = found["statement"]
    post = thing.id if thing.is_post else thing.post
    if post is None or (is_own and thing.number == 1):
        return statement
    instead = worded(LABELS["title"], {}, found["locale"] or "fr")
    return reduce(lambda said, title: said.replace(title, instead), await hidden_titles(post), statement)


async def _contested(
    viewer: Viewer, decision: int, thing: ModeratedThing, decided_by: int | None, now: datetime
) -> tuple[NotifierComplaint, ...]:
    found = await rows(
        """SELECT n.id, n.member_id, m.name, n.complaint, n.complained_at, n.outcome, n.answer, n.answered_at,
                  b.name AS answered_by
             FROM moderation_notice n LEFT JOIN member m ON m.id = n.member_id
             LEFT JOIN member b ON b.id = n.answered_by_id WHERE n.complained_of_id = $1 ORDER BY n.id""",
        decision,
    )
    return tuple(
        NotifierComplaint(
            each["id"],
            each["name"],
            complaint,
            each["answered_by"],
            complaint.answered_at is None
            and bool(may_hide(viewer, thing.group, thing.author_id, now))
            and bool(may_answer_complaint(viewer, thing.group, decided_by, each["member_id"], now)),
        )
        for each in found
        if (complaint := complaint_from(each)) is not None
    )


def _complaint(found: Row, *, named: bool) -> ReadComplaint | None:
    if found["created_at"] is None:
        return None
    return ReadComplaint(
        words=found["words"],
        created_at=found["created_at"],
        outcome=ComplaintOutcome(found["outcome"]) if found["outcome"] else None,
        answer=found["answer"],
        answered_at=found["answered_at"],
        answered_by=found["answered_by"] if named else None,
    )
