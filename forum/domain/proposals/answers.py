"""What did the administration answer to each proposal, what did it commit itself to do, and how late is that?

Answers are only added: a later one replaces the one before, which stays readable. Answers are written in
`new_answers.py`, obligations in `obligations.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from forum.database import Row, places, rows
from forum.domain.withheld import ASIDE_COLUMNS, Aside, aside_from, aside_of
from forum.models.answers import Decision, Fate, fate_of
from forum.models.moderation import Moderated
from forum.models.proposals import ProposalState
from forum.text.typography import PARIS


@dataclass(frozen=True, slots=True)
class OfficialAnswer:
    """One answer, the `number`-th of its proposal, that the member `agent` gave; `reason` is plain text, or what stands
    in its place while it is `aside`."""

    number: int
    decision: Decision
    reason: str
    service: str
    decided_on: date
    created_at: datetime
    agent: int | None = None
    aside: Aside | None = None


@dataclass(frozen=True, slots=True)
class Postponement:
    """A due date that was moved, when and why."""

    at: datetime
    before: date
    after: date
    reason: str


@dataclass(frozen=True, slots=True)
class ShownObligation:
    """Something to be done by a day. `days_late`: how late it was done, or is by now; 0 when in time."""

    id: int
    words: str
    due_on: date
    done_on: date | None
    done_words: str
    days_late: int
    postponed: tuple[Postponement, ...]

    @property
    def is_late(self) -> bool:
        """Whether it should have been done by now."""
        return self.done_on is None and self.days_late > 0


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one proposal, the newest first, and its obligations, the most urgent first."""

    given: tuple[OfficialAnswer, ...] = ()
    obligations: tuple[ShownObligation, ...] = ()

    @property
    def latest(self) -> OfficialAnswer | None:
        """The answer that counts."""
        return self.given[0] if self.given else None

    @property
    def earlier(self) -> tuple[OfficialAnswer, ...]:
        """The answers that it replaced."""
        return self.given[1:]

    @property
    def all_kept(self) -> bool:
        """Whether there were obligations, and all are done."""
        return bool(self.obligations) and all(each.done_on for each in self.obligations)


UNANSWERED = Answers()


def decision_column(proposal: str) -> str:
    """SQL for the decision of the latest answer to a proposal, whose table has that name in the query; for
    `fate_from`."""
    return f"(SELECT v.decision FROM answer v WHERE v.proposal_id = {proposal}.id ORDER BY v.number DESC LIMIT 1)"


def fate_from(state: str, decision: str | None) -> Fate:
    """What has become of a proposal, from the two columns that say it."""
    return fate_of(ProposalState(state), Decision(decision) if decision else None)


async def answers_of(proposals: Sequence[int], now: datetime) -> dict[int, Answers]:
    """The answers to these proposals, by id, for those that have any; three statements."""
    return await _read(f"p.id IN ({places(len(proposals))})", tuple(proposals), now) if proposals else {}


async def answers_in_theme(theme: int, now: datetime) -> dict[int, Answers]:
    """The answers to all the proposals of a theme, by id, for those that have any."""
    return await _read("p.theme_id = $1", (theme,), now)


async def _read(which: str, values: tuple[int, ...], now: datetime) -> dict[int, Answers]:
    given = await rows(
        f"""
        SELECT a.proposal_id, a.number, a.decision, a.reason, a.service, a.decided_on, a.created_at, a.agent_id,
               {ASIDE_COLUMNS}
          FROM answer a JOIN proposal p ON p.id = a.proposal_id {aside_of(Moderated.ANSWER, "a")}
         WHERE {which} ORDER BY a.number DESC""",
        *values,
    )
    owed = await rows(
        f"""
        SELECT o.id, o.proposal_id, o.words, o.due_on, o.done_on, o.done_words
          FROM obligation o JOIN proposal p ON p.id = o.proposal_id
         WHERE {which} ORDER BY o.due_on, o.id""",
        *values,
    )
    moved = await _postponements(which, values) if owed else {}
    found: dict[int, tuple[list[OfficialAnswer], list[ShownObligation]]] = {}
    for each in given:
        found.setdefault(each["proposal_id"], ([], []))[0].append(_answer(each))
    for each in owed:
        found.setdefault(each["proposal_id"], ([], []))[1].append(_obligation(each, moved.get(each["id"], ()), now))
    return {proposal: Answers(tuple(answers), tuple(owes)) for proposal, (answers, owes) in found.items()}


async def _postponements(which: str, values: tuple[int, ...]) -> Mapping[int, tuple[Postponement, ...]]:
    """How the due dates moved, according to the journal: former dates are kept nowhere else."""
    moved: dict[int, tuple[Postponement, ...]] = {}
    for each in await rows(
        f"""
        SELECT j.thing_id, j.at, j.before, j.after, j.reason
          FROM journal_entry j
          JOIN obligation o ON o.id = j.thing_id
          JOIN proposal p ON p.id = o.proposal_id
         WHERE j.thing = 'obligation' AND j.act = 'postpone_obligation' AND {which} ORDER BY j.id""",
        *values,
    ):
        before, after = date.fromisoformat(each["before"]), date.fromisoformat(each["after"])
        one = Postponement(each["at"], before, after, each["reason"])
        moved[each["thing_id"]] = (*moved.get(each["thing_id"], ()), one)
    return moved


def _answer(found: Row) -> OfficialAnswer:
    return OfficialAnswer(
        number=found["number"],
        decision=Decision(found["decision"]),
        reason=found["reason"],
        service=found["service"],
        decided_on=found["decided_on"],
        created_at=found["created_at"],
        agent=found["agent_id"],
        aside=aside_from(found),
    )


def _obligation(found: Row, postponed: tuple[Postponement, ...], now: datetime) -> ShownObligation:
    due_on, done_on = found["due_on"], found["done_on"]
    return ShownObligation(
        id=found["id"],
        words=found["words"],
        due_on=due_on,
        done_on=done_on,
        done_words=found["done_words"],
        days_late=max(0, ((done_on or today(now)) - due_on).days),
        postponed=postponed,
    )


def today(now: datetime) -> date:
    """The day on the site's clock."""
    return now.astimezone(PARIS).date()


async def concerned_by(proposal: int) -> set[int]:
    """The people whom an answer concerns: the author and the promoter of the proposal, its voters, the authors of its
    words; likewise for the proposals merged into it. For notifications, never to be counted on a page."""
    found = await rows(
        """
        WITH asked AS (SELECT id, author_id, promoter_id, extract_id FROM proposal WHERE id = $1 OR merged_into_id = $1)
        SELECT author_id AS member FROM asked
         UNION SELECT promoter_id FROM asked
         UNION SELECT b.voter_id FROM ballot b JOIN asked ON asked.id = b.proposal_id
         UNION SELECT c.author_id
                 FROM post c JOIN extract e ON e.post_id = c.id
                 JOIN asked ON asked.id = e.proposal_id OR asked.extract_id = e.id""",
        proposal,
    )
    return {each["member"] for each in found if each["member"] is not None}
