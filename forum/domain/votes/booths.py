"""What is a person's progress in the votes of a theme, and which proposal is next for them?

A booth shows every proposal of a theme in a random order of the person's own. Ballots are cast one by one, in
`votes.py`; everything here is about the person's own votes, so it may be shown while the vote is sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forum.database import places, rows
from forum.domain.references import parse_reference, reference
from forum.domain.themes.ballots import LAST_PLACE, OwnBallot, Rules, takes_quota
from forum.domain.votes.rolls import Roll, RollEntry
from forum.models.themes import Voting

MOST_RANKED: Final = 2 * LAST_PLACE
"""How many of the proposals that somebody ranked stand beside their booth: every place, with some that are equal."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A proposal with the place that the person gave it."""

    place: int
    reference: str
    wording: str = ""


@dataclass(frozen=True, slots=True)
class BoothProgress:
    """Somebody's progress: `judged` of `total` proposals, of which `to_confirm` changed and must be confirmed.

    `next` is the reference of the first one, in their own order, that waits for their vote; None when none does.
    `supports` counts the ballots that the quota limits; `ranked` holds the proposals that they ranked, the first place
    first, as many as stand beside the booth.
    """

    theme: int
    rules: Rules
    total: int
    judged: int
    to_confirm: int
    supports: int
    next: str | None
    ranked: tuple[Ranked, ...]
    meeting: int | None = None
    """The number of the meeting whose proposals alone these are."""
    has_pages: bool = False
    """Whether these proposals are on several pages."""


async def progress_in(roll: Roll, own: Mapping[int, OwnBallot], *, after: str | None = None) -> BoothProgress:
    """This person's progress in a theme, whose roll is in their order; `after` as for `progress_of`. One statement at
    most, for the words of what they ranked."""
    asked = [each for each in roll.shown if each.is_open]
    behind = parse_reference(after)[1] if after else None
    come = progress_of(roll.theme.number, roll.theme.rules, asked, own, after=behind)
    come = replace(come, meeting=roll.meeting, has_pages=roll.has_pages)
    if not come.ranked:
        return come
    wordings = {
        reference(roll.theme.number, each["number"]): each["wording"]
        for each in await rows(
            f"""SELECT number, wording FROM proposal
                 WHERE theme_id = $1 AND number IN ({places(len(come.ranked), after=1)})""",
            roll.theme.id,
            *(parse_reference(each.reference)[1] for each in come.ranked),
        )
    }
    return replace(come, ranked=tuple(replace(each, wording=wordings[each.reference]) for each in come.ranked))


def progress_of(
    theme: int,
    rules: Rules,
    asked: Sequence[RollEntry],
    own: Mapping[int, OwnBallot],
    *,
    after: int | None = None,
) -> BoothProgress:
    """A person's progress with these proposals, in their own order; `own` are their ballots. With `after`, a number,
    the next one is looked for behind it first."""
    judged = [(each, own[each.id]) for each in asked if each.id in own]
    stale = [each for each, ballot in judged if ballot.version < each.substance]
    changed = {each.id for each in stale}
    waiting = (each.number for each in _from(asked, after) if each.id in changed or each.id not in own)
    supports = sum(takes_quota(rules.voting, ballot.opinion) for _, ballot in judged)
    is_done = rules.quota and supports >= rules.quota and rules.voting is not Voting.OPINIONS and not stale
    following = None if is_done else next(waiting, None)
    return BoothProgress(
        theme=theme,
        rules=rules,
        total=len(asked),
        judged=len(judged) - len(stale),
        to_confirm=len(stale),
        supports=supports,
        next=reference(theme, following) if following else None,
        ranked=_in_order(theme, judged)[:MOST_RANKED] if rules.voting is Voting.RANKING else (),
    )


def _from(asked: Sequence[RollEntry], after: int | None) -> Sequence[RollEntry]:
    """These proposals from the one after that number on, and round to it."""
    start = next((place for place, each in enumerate(asked, start=1) if each.number == after), 0) if after else 0
    return (*asked[start:], *asked[:start]) if start else asked


def _in_order(theme: int, judged: Sequence[tuple[RollEntry, OwnBallot]]) -> tuple[Ranked, ...]:
    in_order = sorted(judged, key=lambda each: (int(each[1].opinion), each[0].number))
    return tuple(Ranked(int(ballot.opinion), reference(theme, each.number)) for each, ballot in in_order)
