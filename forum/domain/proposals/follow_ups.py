"""What has the administration made of a theme? Every proposal in force with its answer or without, every obligation.

Nothing is stored: it is counted from the answers each time, so that its figures add up to the number of proposals. Only
what one page shows is read with its words. Ranks come from the roll, which knows when they are public.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from forum.database import rows
from forum.domain.pages import FIRST, Page, PageTurn, page_among
from forum.domain.proposals.answers import Answers, OfficialAnswer, ShownObligation, answers_of, today
from forum.domain.proposals.proposals import ListedProposal, read_lines
from forum.domain.themes.themes import ThemeHead
from forum.domain.votes.rolls import ON_A_PAGE, Roll, RollEntry
from forum.models.answers import Decision
from forum.permissions import Verdict, Viewer, may_answer


@dataclass(frozen=True, slots=True)
class AnsweredProposal:
    """A proposal with the answer that counts; `late` is how many of its obligations are late."""

    listed: ListedProposal
    answer: OfficialAnswer
    obligations: int
    late: int


@dataclass(frozen=True, slots=True)
class Owed:
    """An obligation and the proposal that it is about."""

    listed: ListedProposal
    obligation: ShownObligation


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a follow-up, by numbers: a proposal with its latest decision, or without any, or an obligation."""

    entry: RollEntry
    decision: Decision | None = None
    obligation: int | None = None

    @property
    def key(self) -> int:
        """Even for a proposal, odd for an obligation."""
        return 2 * self.obligation + 1 if self.obligation else 2 * self.entry.number

    @property
    def is_waiting(self) -> bool:
        """Whether it is a proposal without answer."""
        return not (self.decision or self.obligation)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One page of the follow-up of a theme; there is nothing in it until it `has_begun`.

    First the answered proposals by decision and rank, then what is `owed`: late ones first, then by due date, done ones
    last; then those without answer. `total` counts the proposals in force, answered or not, `counted` those of each
    decision, in the order to show them, `owing` the obligations. `first_owed` is the key of the first obligation,
    `next` the first proposal without answer, on whatever page they are.
    """

    theme: ThemeHead
    has_begun: bool
    total: int
    counted: Mapping[Decision, int]
    owing: int
    late: int
    first_owed: int | None
    next: ListedProposal | None
    may_answer: Verdict
    turns: Page[Item]
    answered: Mapping[Decision, tuple[AnsweredProposal, ...]]
    owed: tuple[Owed, ...]
    unanswered: tuple[ListedProposal, ...]

    @property
    def waiting(self) -> int:
        """How many proposals have no answer."""
        return self.total - sum(self.counted.values())


@dataclass(frozen=True, slots=True)
class _Due:
    """What the place of an obligation in the list depends on."""

    id: int
    proposal: int
    due_on: date
    is_done: bool

    @property
    def urgency(self) -> tuple[bool, date, int]:
        """Open ones by due date, so late ones first; then done ones."""
        return self.is_done, self.due_on, self.id


async def read_follow_up(viewer: Viewer | None, roll: Roll, now: datetime, turn: PageTurn = FIRST) -> FollowUp:
    """What was answered in a theme and what was not, one page of it, in seven statements at most. It begins once the
    theme is over, or has an answer."""
    decisions, dues = await _decisions(roll.theme.id), await _dues(roll.theme.id)
    has_begun = roll.theme.schedule.is_over(now) or bool(decisions) or bool(dues)
    drawn = roll.seen_by(viewer, now)
    entries = {each.id: each for each in (*drawn.shown, *drawn.unranked)} if has_begun else {}
    owing = [each for each in dues if each.proposal in entries]
    items = _in_order(entries, decisions, owing)
    turns = page_among(items, lambda each: each.key, turn, ON_A_PAGE)
    waiting = [each.entry for each in items if each.is_waiting][:1]
    named = {each.id: each for each in (*(item.entry for item in turns.shown), *waiting)}
    lines = await read_lines(roll, tuple(named.values()), now)
    answers = await answers_of(tuple({each.entry.id for each in turns.shown if not each.is_waiting}), now)
    return FollowUp(
        theme=roll.theme,
        has_begun=has_begun,
        total=len(entries),
        counted={one: sum(decisions.get(each) is one for each in entries) for one in Decision},
        owing=len(owing),
        late=sum(not each.is_done and each.due_on < today(now) for each in owing),
        first_owed=next((each.key for each in items if each.obligation), None),
        next=lines[waiting[0].id] if waiting else None,
        may_answer=may_answer(viewer, roll.theme.schedule, now),
        turns=turns,
        answered=_by_decision(turns.shown, lines, answers),
        owed=_owed(turns.shown, lines, answers),
        unanswered=tuple(lines[each.entry.id] for each in turns.shown if each.is_waiting),
    )


async def _decisions(theme: int) -> dict[int, Decision]:
    """The latest decision on each proposal of a theme that has one."""
    found = await rows(
        """
        SELECT a.proposal_id, a.decision FROM answer a JOIN proposal p ON p.id = a.proposal_id
         WHERE p.theme_id = $1 ORDER BY a.number""",
        theme,
    )
    return {each["proposal_id"]: Decision(each["decision"]) for each in found}


async def _dues(theme: int) -> list[_Due]:
    """The obligations of a theme, the most urgent first."""
    found = await rows(
        """
        SELECT o.id, o.proposal_id, o.due_on, o.done_on FROM obligation o JOIN proposal p ON p.id = o.proposal_id
         WHERE p.theme_id = $1""",
        theme,
    )
    every = [_Due(each["id"], each["proposal_id"], each["due_on"], each["done_on"] is not None) for each in found]
    return sorted(every, key=lambda each: each.urgency)


def _in_order(entries: Mapping[int, RollEntry], decisions: Mapping[int, Decision], owing: Sequence[_Due]) -> list[Item]:
    """Every line of the follow-up."""
    by_decision: dict[Decision | None, list[Item]] = {one: [] for one in (*Decision, None)}
    for each in entries.values():
        by_decision[found := decisions.get(each.id)].append(Item(each, found))
    waiting = by_decision.pop(None)
    owed = [Item(entries[each.proposal], decisions.get(each.proposal), each.id) for each in owing]
    return [*chain.from_iterable(by_decision.values()), *owed, *waiting]


def _by_decision(
    items: Sequence[Item], lines: Mapping[int, ListedProposal], answers: Mapping[int, Answers]
) -> dict[Decision, tuple[AnsweredProposal, ...]]:
    found: dict[Decision, list[AnsweredProposal]] = {decision: [] for decision in Decision}
    for each in items:
        if each.decision and not each.obligation and (latest := answers[each.entry.id].latest):
            owes = answers[each.entry.id].obligations
            late = sum(one.is_late for one in owes)
            found[each.decision].append(AnsweredProposal(lines[each.entry.id], latest, len(owes), late))
    return {decision: tuple(each) for decision, each in found.items()}


def _owed(
    items: Sequence[Item], lines: Mapping[int, ListedProposal], answers: Mapping[int, Answers]
) -> tuple[Owed, ...]:
    known = {one.id: one for each in answers.values() for one in each.obligations}
    return tuple(Owed(lines[each.entry.id], known[each.obligation]) for each in items if each.obligation)
