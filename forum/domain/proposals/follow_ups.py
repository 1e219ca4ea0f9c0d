"""What has the administration made of a theme? Every proposal in force with its answer or without, every obligation.

Nothing is stored: it is counted from the answers each time, so that its figures add up to the number of proposals.
Ranks come from `proposals.py`, which knows when they are public.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from forum.domain.proposals.answers import Answers, OfficialAnswer, ShownObligation, answers_in_theme
from forum.domain.proposals.proposals import ListedProposal, drawn_order, list_proposals
from forum.domain.themes.themes import ThemeHead, find_theme
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
class FollowUp:
    """The follow-up of a theme; there is nothing in it until it `has_begun`.

    `answered` has every decision as a key, in the order to show them; proposals are by rank. `owed`: late ones first,
    then by due date, done ones last. `total` counts the proposals in force, answered or not.
    """

    theme: ThemeHead
    has_begun: bool
    total: int
    answered: Mapping[Decision, tuple[AnsweredProposal, ...]]
    unanswered: tuple[ListedProposal, ...]
    owed: tuple[Owed, ...]
    may_answer: Verdict

    @property
    def late(self) -> int:
        """How many obligations are late."""
        return sum(each.obligation.is_late for each in self.owed)


async def read_follow_up(viewer: Viewer | None, number: int, now: datetime) -> FollowUp:
    """What was answered in a theme and what was not. It begins once the theme is over, or has an answer.

    Raises:
        NotFound: there is no such theme.
    """
    theme = await find_theme(number)
    answers = await answers_in_theme(theme.id, now)
    has_begun = theme.schedule.is_over(now) or bool(answers)
    in_order = await _in_order(viewer, theme, now) if has_begun else ()
    return FollowUp(
        theme=theme,
        has_begun=has_begun,
        total=len(in_order),
        answered=_by_decision(in_order, answers),
        unanswered=tuple(each for each in in_order if not _latest(each, answers)),
        owed=_owed(in_order, answers),
        may_answer=may_answer(viewer, theme.schedule, now),
    )


async def _in_order(viewer: Viewer | None, theme: ThemeHead, now: datetime) -> tuple[ListedProposal, ...]:
    """The proposals in force by rank, then unranked ones; where the vote is open again, in its order."""
    listed = await list_proposals(theme, now)
    return (*drawn_order(listed, viewer, now), *listed.below_quorum)


def _latest(each: ListedProposal, answers: Mapping[int, Answers]) -> OfficialAnswer | None:
    found = answers.get(each.line.id)
    return found.latest if found else None


def _by_decision(
    in_order: tuple[ListedProposal, ...], answers: Mapping[int, Answers]
) -> dict[Decision, tuple[AnsweredProposal, ...]]:
    found: dict[Decision, list[AnsweredProposal]] = {decision: [] for decision in Decision}
    for each in in_order:
        latest = _latest(each, answers)
        if latest is not None:
            owes = answers[each.line.id].obligations
            late = sum(one.is_late for one in owes)
            found[latest.decision].append(AnsweredProposal(each, latest, len(owes), late))
    return {decision: tuple(each) for decision, each in found.items()}


def _owed(in_order: tuple[ListedProposal, ...], answers: Mapping[int, Answers]) -> tuple[Owed, ...]:
    every = [
        Owed(each, one) for each in in_order if each.line.id in answers for one in answers[each.line.id].obligations
    ]
    return tuple(sorted(every, key=lambda owed: _urgency(owed.obligation)))


def _urgency(obligation: ShownObligation) -> tuple[bool, date, int]:
    """The sort key of an obligation: open ones by due date, so late ones first; then done ones."""
    return obligation.done_on is not None, obligation.due_on, obligation.id
