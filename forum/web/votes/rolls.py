"""The roll of a theme, read once for all its readers, and the address of the page where one of its proposals stands."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from sys import getsizeof
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from forum.domain.pages import PageTurn
from forum.domain.proposals.proposals import ListedProposal, read_lines
from forum.domain.references import parse_reference
from forum.domain.themes.themes import ThemeHead
from forum.domain.votes.rolls import Roll, RollEntry, read_roll
from forum.errors import NotFound
from forum.permissions import Viewer
from forum.web.plumbing.forms import asked_text, asked_turn
from forum.web.plumbing.kept import KeptPages
from forum.web.plumbing.page import href
from forum.web.themes.filters import meeting_in

MOST_SHARED: Final = 500_000
"""Bytes of each kind that a roll keeps beside itself: orders drawn, lines, fragments."""
BYTES_AN_ENTRY, BYTES_A_LINE, BYTES_A_PLACE = 250, 1500, 8


class KeptRoll:
    """A roll, with what was made of its proposals so far: their lines by id, and fragments of pages."""

    __slots__ = ("_drawn", "_fragments", "_lines", "_shared", "roll")

    def __init__(self, roll: Roll) -> None:
        self.roll = roll
        self._lines: dict[int, ListedProposal] = {}
        self._shared = 0
        self._fragments: dict[Hashable, str] = {}
        self._drawn: dict[Hashable, Roll] = {}

    async def read(self, request: Request, entries: Sequence[RollEntry]) -> list[ListedProposal]:
        """These proposals, those that nobody asked for yet read from the database."""
        known = {each.id: self._lines[each.id] for each in entries if each.id in self._lines}
        missing = [each for each in entries if each.id not in known]
        found = await read_lines(self.roll, missing, request.state.now)
        if (len(self._lines) + len(found)) * BYTES_A_LINE > MOST_SHARED:
            self._lines.clear()
        self._lines |= found
        return [found.get(each.id) or known[each.id] for each in entries]

    def seen_by(self, viewer: Viewer | None, now: datetime) -> Roll:
        """The roll in the order that this reader sees; those of the last readers stay drawn."""
        if not self.roll.shuffled:
            return self.roll
        who = (viewer.id, None) if viewer else (0, now.date())
        if who not in self._drawn:
            if len(self._drawn) * self.roll.listed * BYTES_A_PLACE > MOST_SHARED:
                self._drawn.clear()
            self._drawn[who] = self.roll.seen_by(viewer, now)
        return self._drawn[who]

    def once(self, key: Hashable, make: Callable[[], str]) -> str:
        """A fragment that many readers share: it depends only on its key."""
        found = self._fragments.get(key)
        if found is None:
            found = make()
            if self._shared > MOST_SHARED:
                self._fragments.clear()
                self._shared = 0
            self._fragments[key] = found
            self._shared += getsizeof(found)
        return found

    @property
    def size(self) -> int:
        """Bytes in memory."""
        entries = self.roll.listed * (BYTES_AN_ENTRY + len(self._drawn) * BYTES_A_PLACE)
        return entries + len(self._lines) * BYTES_A_LINE + self._shared


async def kept_roll(request: Request, theme: ThemeHead) -> KeptRoll:
    """The roll of a theme at its version, read once for all who wait for it: just after a close, with its results. A
    sealed ballot raises no version, and changes nothing here."""
    pages: KeptPages[KeptRoll] = request.app.state.kept
    key, version = ("roll", theme.id), (theme.version, theme.schedule.phase(request.state.now))

    async def make() -> KeptRoll:
        roll = await read_roll(theme, request.state.now)
        return pages.keep(key, KeptRoll(roll), version)

    return await pages.once(key, version, make)


def asked_place(request: Request) -> PageTurn:
    """The page of a list of proposals that the address asks for: by its keys, or where one of them stands
    (?voir=T3-041)."""
    try:
        number = parse_reference(asked_text(request, "voir"))[1]
    except NotFound:
        return asked_turn(request)
    return PageTurn(str(number), holds=True)


def place_of(request: Request, roll: Roll, reference: str) -> str:
    """The address where a proposal stands in the list of its theme, whatever page holds it for whom."""
    path = href(
        request,
        "theme_proposals",
        number=roll.theme.number,
        reunion=roll.meeting,
        voir=reference if roll.has_pages else None,
    )
    return f"{path}#{reference}"


def roll_of_address(roll: Roll, address: str) -> Roll:
    """The roll as the page of that address, one of ours, filters it."""
    asked = parse_qs(urlsplit(address).query).get("reunion", [""])[-1]
    return roll.only(meeting_in(asked))
