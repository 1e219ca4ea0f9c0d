"""How are the windows of a theme shown? What is open, since or until when, and how many days are left.

Days are those of the site's calendar: what closes tonight closes "today", whatever the hour.
"""

from dataclasses import dataclass
from datetime import date, datetime

from starlette.requests import Request

from forum.permissions import Schedule
from forum.text.typography import PARIS


@dataclass(frozen=True, slots=True)
class Window:
    """One window: `kind` is contributions or votes, `state` unset, later, open or closed; `days` before it closes."""

    kind: str
    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    days: int | None


def windows(request: Request, schedule: Schedule) -> tuple[Window, Window]:
    """The two windows of a theme, as its pages show them."""
    return (
        _window(request, "contributions", schedule.contributions_open_at, schedule.contributions_close_at),
        _window(request, "votes", schedule.votes_open_at, schedule.votes_close_at),
    )


def _window(request: Request, kind: str, opens_at: datetime | None, closes_at: datetime | None) -> Window:
    now: datetime = request.state.now
    if opens_at is None:
        state = "unset"
    elif now < opens_at:
        state = "later"
    else:
        state = "open" if closes_at is None or now < closes_at else "closed"
    days = (_day(closes_at) - _day(now)).days if closes_at else None
    return Window(kind, state, opens_at, closes_at, days)


def _day(instant: datetime) -> date:
    return instant.astimezone(PARIS).date()
