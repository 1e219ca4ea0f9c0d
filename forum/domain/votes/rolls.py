"""In which order does a theme list its proposals, and which of them are on one page?

A roll names every proposal of a theme by numbers alone, so that thousands of them cost little; the words of those on
one page are read in `proposals/proposals.py`. Proposals in force come first: by reference before the vote, in an order
drawn for each reader while it is open, by rank once it is over. Then those without rank, then those no longer in force.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import chain
from operator import attrgetter
from typing import Final

from forum.database import rows
from forum.domain.pages import FIRST, Page, PageTurn, page_among
from forum.domain.references import reference
from forum.domain.themes.themes import ThemeHead
from forum.domain.votes.kept_results import KeptResults, find_results
from forum.models.proposals import IN_FORCE, ProposalState
from forum.permissions import Viewer

ON_A_PAGE: Final = 50
"""Proposals on one page of a list."""
IN_A_BOOTH: Final = 20
"""On one page while people vote: what one sitting judges."""

APART: Final = (ProposalState.WITHDRAWN, ProposalState.SET_ASIDE, ProposalState.MERGED, ProposalState.HIDDEN)
"""The states of proposals that are listed apart, in the order to list them."""


@dataclass(slots=True)
class RollEntry:
    """A proposal in a roll: what its place and a person's progress need; nobody changes it. There are thousands, and a
    frozen one takes five times as long to make. `meeting` is the number of that which it comes from, `key` its number
    or, for one that is listed apart, a higher one."""

    id: int
    number: int
    substance: int
    state: ProposalState
    meeting: int | None
    key: int

    @property
    def is_open(self) -> bool:
        """Whether people vote on it while the vote is open."""
        return self.state is ProposalState.OPEN

    @property
    def is_in_force(self) -> bool:
        """False for one of the results that was hidden since."""
        return self.state in IN_FORCE


@dataclass(frozen=True, slots=True)
class Roll:
    """The proposals of a theme in the order to list them; `shown` are by rank once there are `results`, by reference
    before. `shuffled`: the order of `shown` must be drawn for each reader."""

    theme: ThemeHead
    shown: tuple[RollEntry, ...]
    unranked: tuple[RollEntry, ...]
    apart: tuple[RollEntry, ...]
    shuffled: bool
    results: KeptResults | None
    meeting: int | None = None
    """The number of the meeting that the roll is filtered by; None: not filtered."""

    @property
    def total(self) -> int:
        """How many are listed in force, with those of the results that were hidden since."""
        return len(self.shown) + len(self.unranked)

    @property
    def listed(self) -> int:
        """How many are listed, those apart included."""
        return self.total + len(self.apart)

    @property
    def size(self) -> int:
        """How many are on one page."""
        return IN_A_BOOTH if self.shuffled else ON_A_PAGE

    @property
    def has_pages(self) -> bool:
        """Whether one page does not hold it all."""
        return self.listed > self.size

    @property
    def hidden(self) -> tuple[str, ...]:
        """The references of those of the results that were hidden since these were published."""
        return tuple(self.reference(each) for each in (*self.shown, *self.unranked) if not each.is_in_force)

    @property
    def meetings(self) -> tuple[int, ...]:
        """The numbers of the meetings that these proposals come from."""
        every = (*self.shown, *self.unranked, *self.apart)
        return tuple(sorted({each.meeting for each in every if each.meeting}))

    def reference(self, entry: RollEntry) -> str:
        """The reference of one of them."""
        return reference(self.theme.number, entry.number)

    def only(self, meeting: int | None) -> "Roll":
        """Those of one meeting; a number is exactly one, since a theme belongs to one working group. Ranks stay those
        of the whole theme."""
        if meeting is None:
            return self
        shown, unranked, apart = (
            tuple(each for each in some if each.meeting == meeting) for some in (self.shown, self.unranked, self.apart)
        )
        return replace(self, shown=shown, unranked=unranked, apart=apart, meeting=meeting)

    def by_meeting(self) -> "Roll":
        """Sorted by meeting, those of none last; a roll that is ranked, or drawn for each reader, stays as it is."""
        if self.shuffled or self.results:
            return self
        return replace(
            self, shown=tuple(sorted(self.shown, key=lambda each: (each.meeting is None, each.meeting or 0)))
        )

    def seen_by(self, viewer: Viewer | None, now: datetime) -> "Roll":
        """In the order that this reader sees: see `draw`."""
        if not self.shuffled:
            return self
        place = draw(self.theme.id, viewer, now)
        return replace(self, shown=tuple(sorted(self.shown, key=lambda each: place(each.id))))

    def page(self, turn: PageTurn) -> Page[RollEntry]:
        """One page of it. Its keys are the numbers of proposals; those of `apart` are higher than any, so that the key
        of one that was withdrawn since still leads to where it stood."""
        if turn.holds and any(str(each.number) == turn.key for each in self.apart):
            turn = replace(turn, key=str(int(turn.key) + _BEHIND))
        return page_among(self._every, _KEY, turn, self.size)

    def turn_to(self, start: int) -> PageTurn:
        """The turn to the page that begins behind so many."""
        return PageTurn(str(self._every[start - 1].key)) if start else FIRST

    @property
    def _every(self) -> tuple[RollEntry, ...]:
        return *self.shown, *self.unranked, *self.apart

    def ranked_page(self, turn: PageTurn) -> Page[RollEntry]:
        """One page of those that have a rank alone."""
        return page_among(self.shown, _KEY, turn, self.size)


_BEHIND: Final = 10**9
"""No proposal has so high a number."""
_KEY: Final = attrgetter("key")


def draw(theme_id: int, viewer: Viewer | None, now: datetime) -> Callable[[int], bytes]:
    """The sort key of a proposal, by id: random between people, the same at each visit of one person.

    Visitors share one order per day, so that their page can be cached and no proposal is always first.
    """
    who = f"member {viewer.id}" if viewer else f"visitors {now.date().isoformat()}"
    return lambda proposal: sha256(f"{who}|{theme_id}|{proposal}".encode()).digest()


async def read_roll(theme: ThemeHead, now: datetime) -> Roll:
    """The roll of a theme, without anything that belongs to one reader."""
    is_counted = theme.schedule.votes_are_counted(now)
    listed: list[RollEntry] = []
    apart: list[RollEntry] = []
    for each in await rows(
        """
        SELECT p.id, p.number, p.substance, p.state, p.judged, m.number AS meeting
          FROM proposal p LEFT JOIN meeting m ON m.id = p.meeting_id
         WHERE p.theme_id = $1 AND p.number > 0 AND p.state <> 'draft'
         ORDER BY p.number""",
        theme.id,
    ):
        state, number = _STATES[each["state"]], each["number"]
        if state in IN_FORCE or (is_counted and each["judged"]):
            listed.append(RollEntry(each["id"], number, each["substance"], state, each["meeting"], number))
        else:  # one of `APART`
            apart.append(RollEntry(each["id"], number, each["substance"], state, each["meeting"], number + _BEHIND))
    results = await find_results(theme, now) if is_counted else None
    shown, unranked = _in_order(theme, listed, results)
    return Roll(
        theme=theme,
        shown=shown,
        unranked=unranked,
        apart=tuple(sorted(apart, key=lambda each: APART.index(each.state))),
        shuffled=theme.schedule.votes_are_open(now),
        results=results,
    )


_STATES: Final = {each.value: each for each in ProposalState}
"""Each state by its value: calling the class takes longer than reading the row."""


def _in_order(
    theme: ThemeHead, listed: Sequence[RollEntry], results: KeptResults | None
) -> tuple[tuple[RollEntry, ...], tuple[RollEntry, ...]]:
    """Those by rank, or by reference without results; separately, those without rank."""
    if results is None:
        return tuple(listed), ()
    by_reference = {reference(theme.number, each.number): each for each in listed}
    ranked, unranked = chain.from_iterable(results.ranked.values()), results.unranked
    # Of one that is shown again just now, one statement may know and the other not: the next reading has both.
    shown, below = (tuple(by_reference[name] for name in some if name in by_reference) for some in (ranked, unranked))
    return shown, below
