"""Who moves the windows of a theme, sets how people vote in it, closes its votes? Each move is one transaction and a
line in the journal; one that changes announced votes notifies the people whom the theme concerns, and is shown on its
page.

What the windows allow is decided in `forum/permissions.py`; how a write locks them is in `themes.py`, how moves are
made public in `schedule_changes.py`.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.notifications import tell_of_theme
from forum.domain.themes.ballots import Rules
from forum.domain.themes.themes import Hold, ThemeHead, find_theme, hold_theme, raise_all_versions
from forum.errors import Checks, Conflict, Invalid
from forum.models.notifications import Event
from forum.permissions import Schedule, Viewer, demand, may_schedule

OnReopening = Callable[[ThemeHead, datetime], Awaitable[None]]
"""Keeps the results of a theme, as of a moment: `votes/results.py`, which this package must not know, does it."""


async def schedule_to_change(viewer: Viewer | None, number: int, now: datetime) -> ThemeHead:
    """The theme whose schedule this person may set: what the form shows.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    theme = await find_theme(number)
    demand(may_schedule, viewer, now)
    return theme


async def set_schedule(
    viewer: Viewer | None,
    number: int,
    wanted: Schedule,
    reason: str,
    now: datetime,
    *,
    on_reopening: OnReopening,
    rules: Rules | None = None,
) -> None:
    """Set or move the windows of a theme and the rules of its vote, and record it in the journal; None keeps the rules.

    Moving announced votes notifies everybody whom the theme concerns. Votes that were closed are opened again only
    after `on_reopening` has kept what their close published.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: the windows do not make sense, the votes have begun under other rules, or a reason is missing.
    """
    async with transaction():
        theme = await hold_theme(number, Hold.ALONE, now)
        viewer = demand(may_schedule, viewer, now)
        wanted = _to_the_second(theme.schedule, wanted)
        after = replace(theme, schedule=wanted)
        if rules is not None:
            after = replace(after, voting=rules.voting, mentions=rules.mentions, quota=rules.quota)
        given = _checked(theme, after, reason, now, has_ballots=await _has_ballots(theme.id))
        if theme.schedule.votes_are_closed(now) and not wanted.votes_are_closed(now):
            await on_reopening(theme, now)
        await _store(after)
        await raise_all_versions(theme.id)
        if _are_moved(theme.schedule, wanted):
            await _announce(theme, Event.SCHEDULED, now, actor=viewer.id)
        await journal.record(
            viewer,
            "set_schedule",
            "theme",
            theme.id,
            group=theme.group,
            before=_written(theme),
            after=_written(after),
            reason=given,
            now=now,
        )


def _to_the_second(before: Schedule, wanted: Schedule) -> Schedule:
    """The wanted windows, with the seconds that a form does not show: votes that were closed by hand end within a
    minute, and whoever leaves that field alone moves nothing."""

    def keep(known: datetime | None, given: datetime | None) -> datetime | None:
        return known if known is not None and given == known.replace(second=0, microsecond=0) else given

    return replace(
        wanted,
        contributions_open_at=keep(before.contributions_open_at, wanted.contributions_open_at),
        contributions_close_at=keep(before.contributions_close_at, wanted.contributions_close_at),
        votes_open_at=keep(before.votes_open_at, wanted.votes_open_at),
        votes_close_at=(close := keep(before.votes_close_at, wanted.votes_close_at)),
        closed_by_hand=before.closed_by_hand and close == before.votes_close_at,
    )


async def _store(theme: ThemeHead) -> None:
    await rows(
        """
        UPDATE theme SET contributions_open_at = $2, contributions_close_at = $3,
                         votes_open_at = $4, votes_close_at = $5, sealed = $6, voting = $7, mentions = $8, quota = $9,
                         closed_by_hand = $10
         WHERE id = $1""",
        theme.id,
        theme.schedule.contributions_open_at,
        theme.schedule.contributions_close_at,
        theme.schedule.votes_open_at,
        theme.schedule.votes_close_at,
        theme.schedule.sealed,
        theme.voting.value,
        "\n".join(theme.mentions),
        theme.quota,
        theme.schedule.closed_by_hand,
    )


def _are_moved(before: Schedule, after: Schedule) -> bool:
    """Whether announced votes now open or end at another moment."""
    opens = before.votes_open_at is not None and before.votes_open_at != after.votes_open_at
    ends = before.votes_close_at is not None and before.votes_close_at != after.votes_close_at
    return opens or ends


async def _announce(theme: ThemeHead, event: Event, now: datetime, *, actor: int) -> None:
    """Notify everybody who voted, proposed or contributed in the theme, in the caller's transaction."""
    concerned = await rows(
        """
        SELECT b.voter_id AS member FROM ballot b JOIN proposal p ON p.id = b.proposal_id WHERE p.theme_id = $1
         UNION SELECT p.author_id FROM proposal p WHERE p.theme_id = $1 AND p.number > 0
         UNION SELECT p.promoter_id FROM proposal p WHERE p.theme_id = $1 AND p.number > 0
         UNION SELECT c.author_id FROM post c JOIN thread h ON h.id = c.thread_id WHERE h.theme_id = $1""",
        theme.id,
    )
    members = {each["member"] for each in concerned} - {None}
    await tell_of_theme(theme.id, event, members, now, key=now.isoformat(), actor=actor)


async def _has_ballots(theme: int) -> bool:
    found = await row(
        "SELECT 1 AS one FROM ballot b JOIN proposal p ON p.id = b.proposal_id WHERE p.theme_id = $1 LIMIT 1", theme
    )
    return found is not None


def _checked(theme: ThemeHead, after: ThemeHead, reason: str, now: datetime, *, has_ballots: bool) -> str:
    """The reason, once the new windows and rules are checked against the old ones."""
    before, wanted = theme.schedule, after.schedule
    checks = Checks()
    with checks.field("cloture_des_contributions"):
        refuse_backwards(wanted.contributions_open_at, wanted.contributions_close_at)
    with checks.field("cloture_des_votes"):
        refuse_backwards(wanted.votes_open_at, wanted.votes_close_at)
        if before.votes_are_open(now) and not wanted.votes_are_open(now):
            # Moving a close into the past would invalidate ballots cast after it.
            raise Invalid("Les votes sont ouverts : pour les arrêter, utilisez « Clore les votes ».")
    # Ballots are checked, not only the window: it can be moved into the future after people cast sealed votes.
    began = has_ballots or (before.votes_open_at is not None and before.votes_open_at <= now)
    for field, changes in (
        ("scelle", wanted.sealed != before.sealed),
        ("mode_de_vote", after.voting != theme.voting),
        ("mentions", after.mentions != theme.mentions),
        ("quota", after.quota != theme.quota),
    ):
        with checks.field(field):
            if began and changes:
                raise Invalid("Les premiers votants se sont prononcés sous cette règle : elle ne change plus.")
    given = ""
    with checks.field("motif"):
        given = journal.reason_of(reason, required=_why(before, wanted, now))
    checks.done()
    return given


def _why(before: Schedule, wanted: Schedule, now: datetime) -> str:
    """The sentence that asks for a reason, empty where none is needed."""
    if before.votes_are_closed(now) and not wanted.votes_are_closed(now):
        return "Dites pourquoi vous rouvrez des votes qui étaient clos."
    if _are_moved(before, wanted):
        return "Dites pourquoi les votes changent de date : ce sera annoncé avec le changement."
    return ""


def refuse_backwards(start: datetime | None, end: datetime | None) -> None:
    """Refuse a window that closes without opening, or before it opens. Raises Invalid."""
    if start is None and end is not None:
        raise Invalid("Indiquez aussi l’ouverture.")
    if start is not None and end is not None and end <= start:
        raise Invalid("La clôture doit venir après l’ouverture.")


def _written(theme: ThemeHead) -> str:
    """A schedule and its rules as the journal keeps them: JSON, moments in UTC."""
    schedule = theme.schedule
    return json.dumps(
        {
            name: value if isinstance(value, bool | int) or value is None else str(value)
            for name, value in (
                ("contributions_open_at", _instant(schedule.contributions_open_at)),
                ("contributions_close_at", _instant(schedule.contributions_close_at)),
                ("votes_open_at", _instant(schedule.votes_open_at)),
                ("votes_close_at", _instant(schedule.votes_close_at)),
                ("sealed", schedule.sealed),
                ("voting", theme.voting),
                ("mentions", ", ".join(theme.mentions) or None),
                ("quota", theme.quota),
            )
        },
        ensure_ascii=False,
    )


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


async def close_votes(viewer: Viewer | None, number: int, reason: str, now: datetime) -> None:
    """End the vote of a theme now: from this transaction on no ballot is accepted and tallies are public.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Conflict: the votes are not open.
        Invalid: the reason is too long.
    """
    async with transaction():
        theme = await hold_theme(number, Hold.ALONE, now)
        viewer = demand(may_schedule, viewer, now)
        if theme.schedule.votes_are_closed(now):
            raise Conflict("Les votes de ce thème sont déjà clos.")
        if not theme.schedule.votes_are_open(now):
            raise Conflict("Les votes de ce thème ne sont pas encore ouverts.")
        given = journal.reason_of(reason)
        await rows("UPDATE theme SET votes_close_at = $2, closed_by_hand = $3 WHERE id = $1", theme.id, now, True)
        await raise_all_versions(theme.id)
        await _announce(theme, Event.CLOSED, now, actor=viewer.id)
        await journal.record(
            viewer,
            "close_votes",
            "theme",
            theme.id,
            group=theme.group,
            before=_written(theme),
            after=_written(replace(theme, schedule=replace(theme.schedule, votes_close_at=now))),
            reason=given,
            now=now,
        )
