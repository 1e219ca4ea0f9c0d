"""Which mails does a member want about what concerns them, and how often?

Two kinds can be chosen and refused: what is addressed to them (answers, quotes, mentions, what becomes of their words
and votes), and what they follow. Mails about the account and about decisions of moderators are none of these. Each mail
of a kind holds a token that ends it, without signing in: signed, for one member and one kind, for a year.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from forum.database import known_row, row, rows, transaction
from forum.errors import Invalid
from forum.models.following import MailKind, Pace
from forum.permissions import Viewer, demand, may_follow, may_stop_mails
from forum.sealing import is_signed, sign
from forum.text.characters import seen
from forum.text.typography import PARIS

FIRST: Final[Mapping[MailKind, Pace]] = {MailKind.ADDRESSED: Pace.AT_ONCE, MailKind.FOLLOWED: Pace.WEEKLY}
"""What everybody begins with."""

HOUR: Final = time(7)
"""When a digest leaves, in Paris: an hour that no change of clocks skips or repeats."""

SOON: Final = timedelta(minutes=10)
"""Between two looks for news of those who want them at once."""

GOOD_FOR: Final = timedelta(days=365)
_TOKEN: Final = re.compile(r"([1-9][0-9]{0,9})-([a-z]+)-([0-9]{8})-([0-9a-f]{32})", re.ASCII)
_DEAD: Final = "Ce lien n’est plus valable. Choisissez vos courriels sur la page « Mes notifications »."

MAY_BE_MAILED: Final = """(m.email IS NOT NULL AND m.confirmed_at IS NOT NULL AND m.erased_at IS NULL
        AND m.bounced_at IS NULL AND (m.suspended_until IS NULL OR m.suspended_until <= $1))"""
"""Of a member `m`, at the moment $1, that mails about news may leave to them."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How often somebody wants each kind."""

    addressed: Pace
    followed: Pace
    email: str
    bounced_at: datetime | None
    """Since when mail servers refuse their address, so that no mail leaves."""


async def own_wishes(viewer: Viewer | None) -> Wishes:
    """What this member wants. Raises SignInRequired."""
    viewer = demand(may_follow, viewer)
    found = await rows("SELECT kind, pace FROM mail_wish WHERE member_id = $1", viewer.id)
    paces = {**FIRST, **{MailKind(each["kind"]): Pace(each["pace"]) for each in found}}
    about = await known_row("SELECT email, bounced_at FROM member WHERE id = $1", viewer.id)
    return Wishes(paces[MailKind.ADDRESSED], paces[MailKind.FOLLOWED], about["email"] or "", about["bounced_at"])


async def choose_mails(viewer: Viewer | None, wanted: Mapping[MailKind, str], now: datetime) -> None:
    """Choose how often each kind is sent.

    Raises:
        SignInRequired: nobody is signed in.
        Invalid: there is no such pace.
    """
    viewer = demand(may_follow, viewer)
    paces = {kind: _pace(said) for kind, said in wanted.items()}
    async with transaction():
        for kind, pace in paces.items():
            await _set(viewer.id, kind, pace, now)


def _pace(said: str) -> Pace:
    try:
        return Pace(said)
    except ValueError:
        raise Invalid("Ce choix n’existe pas.") from None


async def _set(member: int, kind: MailKind, pace: Pace, now: datetime) -> None:
    """Who changes their mind loses no news, except those of the time when they wanted none."""
    await rows(
        """INSERT INTO mail_wish (member_id, kind, pace, since, due_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (member_id, kind) DO UPDATE
              SET pace = excluded.pace, due_at = excluded.due_at,
                  since = CASE mail_wish.pace WHEN 'no mail' THEN excluded.since ELSE mail_wish.since END
            WHERE mail_wish.pace <> excluded.pace""",
        member,
        kind.value,
        pace.value,
        now,
        next_due(pace, now),
    )


async def begin_to_follow(member: int, now: datetime) -> None:
    """News of what this member follows are told from now on, unless they were already, in the caller's transaction."""
    pace = FIRST[MailKind.FOLLOWED]
    await rows(
        """INSERT INTO mail_wish (member_id, kind, pace, since, due_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (member_id, kind) DO NOTHING""",
        *(member, MailKind.FOLLOWED.value, pace.value, now, next_due(pace, now)),
    )


def next_due(pace: Pace, now: datetime) -> datetime:
    """When news are looked for again: soon, next morning, or on Monday morning, in Paris."""
    if pace in (Pace.AT_ONCE, Pace.NEVER):
        return now + SOON
    today = now.astimezone(PARIS)
    days = 0 if pace is Pace.DAILY else -today.weekday() % 7
    due = _morning(today.date() + timedelta(days=days))
    return due if due > now else _morning(today.date() + timedelta(days=days + (1 if pace is Pace.DAILY else 7)))


def _morning(day: date) -> datetime:
    return datetime.combine(day, HOUR, PARIS).astimezone(UTC)


def lead_of(pace: Pace) -> timedelta:
    """How long before a close it is told: a day, or a week to those who are written to once a week."""
    return timedelta(days=7 if pace is Pace.WEEKLY else 1)


# The link that ends a kind of mail


def stop_token(member: int, kind: MailKind, now: datetime) -> str:
    """The token of the link that ends mails of a kind to a member."""
    until = f"{now + GOOD_FOR:%Y%m%d}"
    return f"{member}-{kind}-{until}-{sign('stop mails', member, kind, until)}"


@dataclass(frozen=True, slots=True)
class StopLink:
    """What such a link is about; `stopped`: it has ended already."""

    member: int
    kind: MailKind
    stopped: bool


async def read_stop_link(viewer: Viewer | None, token: str, now: datetime) -> StopLink:
    """What a link would end; changes nothing.

    Raises:
        Invalid: it is not one of ours, or older than a year.
    """
    may_stop_mails(viewer).require()
    found = _TOKEN.fullmatch(seen(token))
    if found is None or not is_signed(found[4], "stop mails", *found.groups()[:3]) or f"{now:%Y%m%d}" > found[3]:
        raise Invalid(_DEAD)
    member, kind = int(found[1]), MailKind(found[2])
    stopped = await row(
        "SELECT id FROM mail_wish WHERE member_id = $1 AND kind = $2 AND pace = 'no mail'", member, kind.value
    )
    return StopLink(member, kind, stopped is not None)


async def stop_mails(viewer: Viewer | None, token: str, now: datetime) -> StopLink:
    """End mails of this kind, for whoever has the link; done twice, it is done. Raises as `read_stop_link` does."""
    link = await read_stop_link(viewer, token, now)
    async with transaction():
        if await row("SELECT id FROM member WHERE id = $1 AND erased_at IS NULL", link.member):
            await _set(link.member, link.kind, Pace.NEVER, now)
    return link
