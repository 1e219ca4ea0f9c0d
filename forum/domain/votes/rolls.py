"""In which order does a theme list its proposals, and which of them are on one page?

A roll names every proposal of a theme by numbers alone, so that thousands of them cost little; the words of those on
one page are read in `proposals/proposals.py`. Proposals in force come first: by reference before the vote, in an order
drawn for each reader while it is open, by rank once it is over. Then those without rank, then those no longer in force.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from forum.database import rows
from forum.domain.pages import FIRST, Page, PageTurn, page_among
from forum.domain.references import reference
from forum.domain.themes.ballots import Count
from forum.domain.themes.themes import ThemeHead
from forum.domain.votes.results import Results, read_results
from forum.domain.votes.standings import JudgedProposal, RankedPlace
from forum.domain.votes.votes import counts_of
from forum.models.proposals import IN_FORCE, ProposalState
from forum.permissions import Viewer

ON_A_PAGE: Final = 50
"""Proposals on one page of a list."""
IN_A_BOOTH: Final = 20
"""On one page while people vote: what one sitting judges."""

APART: Final = (ProposalState.WITHDRAWN, ProposalState.SET_ASIDE, ProposalState.MERGED, ProposalState.HIDDEN)
"""The states of proposals that are listed apart, in the order to list them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A proposal in a roll: what its place and a person's progress need. `meeting` is the number of that which it comes
    from."""

    id: int
    number: int
    substance: int
    state: ProposalState
    was_judged: bool
    meeting: int | None

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
    shown: tuple[Entry, ...]
    unranked: tuple[Entry, ...]
    apart: tuple[Entry, ...]
    shuffled: bool
    results: Results | None
    places: Mapping[str, RankedPlace]
    """What the results say of each proposal, by reference; empty before."""
    meeting: int | None = None
    """The number of the meeting that the roll is filtered by; None: not filtered."""

    @property
    def total(self) -> int:
        """How many are listed in force, with those of the results that were hidden since."""
        return len(self.shown) + len(self.unranked)

    @property
    def listed(self) -> int:
        """The same with those that are listed apart."""
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

    def reference(self, entry: Entry) -> str:
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

    def page(self, turn: PageTurn) -> Page[Entry]:
        """One page of it. Its keys are the numbers of proposals; those of `apart` are higher than any, so that the key
        of one that was withdrawn since still leads to where it stood."""
        if turn.holds and turn.key in {str(each.number) for each in self.apart}:
            turn = replace(turn, key=str(int(turn.key) + _BEHIND))
        return page_among(self._every, self._key, turn, self.size)

    def turn_to(self, start: int) -> PageTurn:
        """The turn to the page that begins behind so many."""
        return PageTurn(str(self._key(self._every[start - 1]))) if start else FIRST

    @property
    def _every(self) -> tuple[Entry, ...]:
        return *self.shown, *self.unranked, *self.apart

    def _key(self, entry: Entry) -> int:
        is_apart = not (entry.is_in_force or (entry.was_judged and self.results))
        return entry.number + _BEHIND * is_apart

    def ranked_page(self, turn: PageTurn) -> Page[Entry]:
        """One page of those that have a rank alone."""
        return page_among(self.shown, lambda each: each.number, turn, self.size)


_BEHIND: Final = 10**9
"""No proposal has so high a number."""


def draw(theme_id: int, viewer: Viewer | None, now: datetime) -> Callable[[int], bytes]:
    """The sort key of a proposal, by id: random between people, the same at each visit of one person.

    Visitors share one order per day, so that their page can be cached and no proposal is always first.
    """
    who = f"member {viewer.id}" if viewer else f"visitors {now.date().isoformat()}"
    return lambda proposal: sha256(f"{who}|{theme_id}|{proposal}".encode()).digest()


async def read_roll(theme: ThemeHead, now: datetime) -> Roll:
    """The roll of a theme, without anything that belongs to one reader."""
    is_counted = theme.schedule.votes_are_counted(now)
    listed: list[Entry] = []
    apart: list[Entry] = []
    for each in await rows(
        """
        SELECT p.id, p.number, p.substance, p.state, p.judged, m.number AS meeting
          FROM proposal p LEFT JOIN meeting m ON m.id = p.meeting_id
         WHERE p.theme_id = $1 AND p.number > 0
         ORDER BY p.number""",
        theme.id,
    ):
        state, judged = _STATES[each["state"]], each["judged"]
        entry = Entry(each["id"], each["number"], each["substance"], state, judged, each["meeting"])
        (listed if entry.is_in_force or (judged and is_counted) else apart).append(entry)
    results = await _results(theme, listed, now) if is_counted else None
    shown, unranked = _in_order(theme, listed, results)
    return Roll(
        theme=theme,
        shown=shown,
        unranked=unranked,
        apart=tuple(sorted(apart, key=lambda each: APART.index(each.state))),
        shuffled=theme.schedule.votes_are_open(now),
        results=results,
        places=_places(results),
    )


_STATES: Final = {each.value: each for each in ProposalState}
"""Each state by its value: calling the class takes longer than reading the row."""


async def _results(theme: ThemeHead, listed: Sequence[Entry], now: datetime) -> Results:
    counts = await counts_of(theme, now) or {}
    judged = {
        each.id: JudgedProposal(reference(theme.number, each.number), counts.get(each.id, Count())) for each in listed
    }
    return await read_results(theme, judged, now)


def _places(results: Results | None) -> dict[str, RankedPlace]:
    if results is None:
        return {}
    return {each.reference: each for each in (*results.standing.ranked, *results.standing.unranked)}


def _in_order(
    theme: ThemeHead, listed: Sequence[Entry], results: Results | None
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Those by rank, or by reference without results; separately, those without rank."""
    if results is None:
        return tuple(listed), ()
    by_reference = {reference(theme.number, each.number): each for each in listed}
    ranked, unranked = (
        tuple(by_reference[place.reference] for place in places)
        for places in (results.standing.ranked, results.standing.unranked)
    )
    return ranked, unranked
