"""Who was invited, by whom, and did they come? Invitations one by one and by file, and joining by them. One invitation
per address: nobody who is already a member, or whose invitation is still good, gets another mail, so that the same file
sent twice sends nothing twice. A file is first read and shown line by line; its lines wait sealed, and are sent by
`send_batch`. What a file may hold is in `invitation_files.py`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from anyio import to_thread

from forum.database import Row, insert_rows, known_row, places, row, rows, transaction
from forum.domain import journal, legal, links, mail
from forum.domain.members import joining
from forum.domain.members.invitation_files import Guest, GuestList, guests_in, read_guests
from forum.domain.members.members import NewAccount, NewMember
from forum.domain.members.particulars import Particulars, check_particulars
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, page_among, read_page
from forum.domain.sign_in import passwords
from forum.errors import Checks, Conflict, Invalid, NotFound, TooMany
from forum.models.joining import Purpose
from forum.permissions import Viewer, demand, may_administer
from forum.sealing import seal, unseal
from forum.text.labels import Labelled

SHOWN: Final = 50
LINES_SHOWN: Final = 200
"""Lines of a file on one page: five thousand would make a page of a megabyte."""
BATCHES_KEPT: Final = timedelta(days=7)
EXPIRED_KEPT: Final = timedelta(days=30)
"""An address that did not answer is kept this long after the end of its invitation, to be invited again, then
deleted."""
ASKED_TOGETHER: Final = 500
"""How many addresses one statement looks up."""


# Invitations whose mail will never arrive; a correlated question would read every link for each of them.
_UNDELIVERED = "(SELECT subject FROM link WHERE purpose = 'invitation' AND undelivered IS NOT NULL)"


class InvitationState(Labelled):
    """The state of an invitation."""

    WAITING = "waiting", "en attente"
    ACCEPTED = "accepted", "acceptées"
    EXPIRED = "expired", "expirées"
    UNDELIVERED = "undelivered", "refusées"


class LineOutcome(StrEnum):
    """What sending a file would do with one of its lines."""

    REFUSED = "refused"
    TWICE = "twice"
    MEMBER = "member"
    WAITING = "waiting"
    AGAIN = "again"
    NEW = "new"

    @property
    def is_sent(self) -> bool:
        return self in (LineOutcome.NEW, LineOutcome.AGAIN)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line of a file; `first` is an earlier line with the same address, if there is one."""

    guest: Guest
    outcome: LineOutcome
    first: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """A file that was read, and sent or not. Its lines are those to send; once sent, those that were not."""

    id: int
    created_at: datetime
    sent_at: datetime | None
    sent: int
    lines: tuple[FileLine, ...]
    passed_over: tuple[str, ...] = ()
    """Heads of the columns whose content was not read."""

    def counts(self) -> dict[LineOutcome, int]:
        """How many lines have each outcome."""
        outcomes = [line.outcome for line in self.lines]
        return {outcome: outcomes.count(outcome) for outcome in LineOutcome}

    @property
    def to_send(self) -> int:
        return sum(line.outcome.is_sent for line in self.lines)

    def page(self, turn: PageTurn) -> Page[FileLine]:
        """Some of its lines: wrong ones first, then people already known, then those to send."""
        found = [line for line in self.lines if not (self.sent_at and line.outcome.is_sent)]
        found.sort(key=lambda line: list(LineOutcome).index(line.outcome))
        return page_among(found, lambda line: line.guest.number, turn, LINES_SHOWN)


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """An invitation in the list. An accepted one says who joined, and no longer has an address."""

    id: int
    state: InvitationState
    email: str
    name: str
    inviter: str
    created_at: datetime
    expires_at: datetime
    member: int | None
    accepted_at: datetime | None
    undelivered: str
    """Why its mail will never arrive; empty while it may."""


@dataclass(frozen=True, slots=True)
class InvitationList:
    """A page of invitations in one state, newest first; `counts` are for all states."""

    invitations: Page[InvitationLine]
    counts: Mapping[InvitationState, int]
    state: InvitationState


@dataclass(frozen=True, slots=True)
class Opened:
    """An invitation as shown to the person who follows its link."""

    id: int
    guest: Guest
    inviter: str
    is_member: bool


# --- reading a file, then sending it


async def read_file(viewer: Viewer | None, content: bytes, now: datetime) -> int:
    """Read a file and keep what sending it would do; returns its number. Nothing is sent.

    Raises:
        SignInRequired, NotAllowed: not an administrator.
        Invalid: the file as a whole cannot be read; the sentence says why.
    """
    viewer = demand(may_administer, viewer, now)
    return await _keep_batch(viewer, await to_thread.run_sync(read_guests, content), now)


async def read_pasted(viewer: Viewer | None, text: str, now: datetime) -> int:
    """Read a pasted list and keep what sending it would do; returns its number. Nothing is sent.

    Raises:
        As `read_file`.
    """
    viewer = demand(may_administer, viewer, now)
    return await _keep_batch(viewer, await to_thread.run_sync(guests_in, text), now)


async def _keep_batch(viewer: Viewer, listed: GuestList, now: datetime) -> int:
    kept = _sealed(await _judged(listed.guests, now), listed.passed_over)
    found = await known_row(
        "INSERT INTO invitation_batch (member_id, lines, created_at, sent) VALUES ($1, $2, $3, 0) RETURNING id",
        viewer.id,
        kept,
        now,
    )
    return int(found["id"])


async def _judged(guests: Sequence[Guest], now: datetime) -> list[FileLine]:
    """What sending would do with each person now."""
    members, waiting, expired = await _known([guest.key for guest in guests if not guest.problems], now)
    first: dict[str, int] = {}
    lines = []
    for guest in guests:
        if guest.problems:
            lines.append(FileLine(guest, LineOutcome.REFUSED))
        elif guest.key in first:
            lines.append(FileLine(guest, LineOutcome.TWICE, first[guest.key]))
        else:
            first[guest.key] = guest.number
            known = guest.key in members, guest.key in waiting, guest.key in expired
            outcomes = (LineOutcome.MEMBER, LineOutcome.WAITING, LineOutcome.AGAIN)
            lines.append(
                FileLine(guest, next((o for o, is_so in zip(outcomes, known, strict=True) if is_so), LineOutcome.NEW))
            )
    return lines


async def _known(keys: Sequence[str], now: datetime) -> tuple[set[str], set[str], set[str]]:
    """The addresses, among these, of members, of waiting invitations, and of those that ended or never arrived."""
    members: set[str] = set()
    waiting: set[str] = set()
    expired: set[str] = set()
    for start in range(0, len(keys), ASKED_TOGETHER):
        some = keys[start : start + ASKED_TOGETHER]
        for found in await rows(f"SELECT email_key FROM member WHERE email_key IN ({places(len(some))})", *some):
            members.add(found["email_key"])
        asked = f"""SELECT email_key, expires_at, (id IN {_UNDELIVERED})::bool AS lost FROM invitation
                     WHERE email_key IN ({places(len(some))})"""
        for found in await rows(asked, *some):
            (waiting if now < found["expires_at"] and not found["lost"] else expired).add(found["email_key"])
    return members, waiting, expired


async def find_batch(viewer: Viewer | None, batch: int, now: datetime) -> Batch:
    """Raises:
    SignInRequired, NotAllowed, NotFound: not an administrator; no such file, or it was forgotten.
    """
    demand(may_administer, viewer, now)
    found = await row("SELECT id, lines, created_at, sent_at, sent FROM invitation_batch WHERE id = $1", batch)
    if found is None:
        raise NotFound
    kept = unseal(found["lines"])
    if isinstance(kept, list):  # read by an earlier version: a batch is kept for a week
        kept = {"lines": kept, "passed_over": []}
    return Batch(
        id=found["id"],
        created_at=found["created_at"],
        sent_at=found["sent_at"],
        sent=found["sent"],
        lines=tuple(_read_back(kept["lines"])),
        passed_over=tuple(kept["passed_over"]),
    )


async def send_batch(viewer: Viewer | None, batch: int, now: datetime) -> None:
    """Invite the people announced in the report, except those who joined or were invited since.

    A second time does nothing.

    Raises:
        SignInRequired, NotAllowed, NotFound: as `find_batch`.
    """
    viewer = demand(may_administer, viewer, now)
    found = await find_batch(viewer, batch, now)
    if found.sent_at is not None:
        return
    wanted = [line.guest for line in found.lines if line.outcome.is_sent]
    within = await mail.who_may_be_mailed(Purpose.INVITATION, [guest.key for guest in wanted])
    async with transaction():
        mine = "UPDATE invitation_batch SET sent_at = $2 WHERE id = $1 AND sent_at IS NULL RETURNING id"
        if await row(mine, batch, now) is None:
            return
        sent = await _invite(viewer, [guest for guest in wanted if guest.key in within], now)
        left = [line for line in found.lines if line.guest.key not in sent]
        kept = _sealed(left, found.passed_over)
        await rows("UPDATE invitation_batch SET sent = $2, lines = $3 WHERE id = $1", batch, len(sent), kept)
        after = _listed(sent.values())
        await journal.record(viewer, "invite_file", "invitation_batch", batch, group=None, after=after, now=now)


async def _invite(viewer: Viewer, guests: Sequence[Guest], now: datetime) -> dict[str, int]:
    """Invitations, links and mails in the caller's transaction, for those who are neither members nor invited already.

    Returns the invitation of each address that gets a mail.
    """
    members, _, _ = await _known([guest.key for guest in guests], now)
    by_key = {guest.key: guest for guest in guests if guest.key not in members}
    found = await insert_rows(
        "invitation (email, email_key, name, organisation, profession, territory, locale, inviter_id, created_at,"
        " expires_at)",
        [
            (g.email, g.key, g.name, g.organisation, g.profession, g.territory, g.locale, viewer.id, now, _end(now))
            for g in by_key.values()
        ],
        # One that has ended or never arrived starts again; one that is still good is left alone, and returns no row.
        f"""ON CONFLICT (email_key) DO UPDATE
              SET email = excluded.email, name = excluded.name, organisation = excluded.organisation,
                  profession = excluded.profession, territory = excluded.territory, locale = excluded.locale,
                  inviter_id = excluded.inviter_id, created_at = excluded.created_at, expires_at = excluded.expires_at
            WHERE invitation.expires_at <= excluded.created_at OR invitation.id IN {_UNDELIVERED}
           RETURNING id, email_key""",
    )
    sent = {one["email_key"]: int(one["id"]) for one in found}
    await links.forget_undelivered(Purpose.INVITATION, list(sent.values()))
    tokens = await links.make_links(Purpose.INVITATION, list(sent.values()), now)
    letters = [
        mail.Letter(by_key[key].email, by_key[key].locale, _words(by_key[key].name, viewer, token))
        for key, token in zip(sent, tokens, strict=True)
    ]
    await mail.post_mails("invitation", letters, now)
    return sent


def _words(name: str, viewer: Viewer, token: str) -> dict[str, str]:
    return {"name": name, "inviter": viewer.name, "token": token}


def _end(now: datetime) -> datetime:
    return now + links.LENGTHS[Purpose.INVITATION]


def _listed(ids: Iterator[int] | Sequence[int] | Any) -> str:
    """Invitations as the journal keeps them: how many, and their numbers, "12-40" for a run of them."""
    ordered = sorted(ids)
    ends = [0, *(place for place, (one, two) in enumerate(pairwise(ordered), 1) if two != one + 1), len(ordered)]
    runs = [(ordered[a], ordered[b - 1]) for a, b in pairwise(ends) if a < b]
    numbers = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
    return json.dumps({"count": len(ordered), "invitations": numbers})


def _sealed(lines: Sequence[FileLine], passed_over: Sequence[str]) -> str:
    return seal({"lines": _written(lines), "passed_over": list(passed_over)})


def _written(lines: Sequence[FileLine]) -> list[Any]:
    """Lines as JSON values."""
    return [
        [
            *(one.guest.number, one.guest.email, one.guest.name, one.guest.organisation, one.guest.profession),
            *(one.guest.territory, one.guest.locale, one.outcome.value, one.first),
            [[problem.message, problem.field, problem.values] for problem in one.guest.problems],
        ]
        for one in lines
    ]


def _read_back(written: list[Any]) -> Iterator[FileLine]:
    for number, email, name, organisation, profession, territory, locale, outcome, first, problems in written:
        told = tuple(Invalid(message, field=field, values=values) for message, field, values in problems)
        guest = Guest(number, email, name, organisation, profession, territory, locale, told)
        yield FileLine(guest, LineOutcome(outcome), first)


# --- one by one


async def invite(viewer: Viewer | None, guest: Guest, now: datetime) -> None:
    """Invite one person (`invitation_files.clean_guest`).

    Raises:
        SignInRequired, NotAllowed: not an administrator.
        Invalid: they are a member, or invited already.
        TooMany: three invitations went to that address within an hour.
    """
    viewer = demand(may_administer, viewer, now)
    line = (await _judged([guest], now))[0]
    if line.outcome is LineOutcome.MEMBER:
        raise Invalid("Cette adresse est celle d’un membre.", field="adresse")
    if line.outcome is LineOutcome.WAITING:
        raise Invalid("Cette adresse a reçu une invitation, qui est encore valable.", field="adresse")
    await _require_mail(guest.key)
    async with transaction():
        sent = await _invite(viewer, [guest], now)
        if not sent:
            raise Invalid("Cette adresse a reçu une invitation, qui est encore valable.", field="adresse")
        await journal.record(viewer, "invite", "invitation", sent[guest.key], group=None, now=now)


async def _require_mail(address: str) -> None:
    if not await mail.may_mail(Purpose.INVITATION, address):
        raise TooMany(mail.HELD_BACK, retry_after=3600)


async def invite_again(viewer: Viewer | None, invitation: int, now: datetime) -> None:
    """Send a new link to somebody whose invitation has ended or got lost; the former link stops working.

    Raises:
        SignInRequired, NotAllowed, NotFound: not an administrator; no such invitation.
        Conflict: it was accepted meanwhile.
        TooMany: three invitations went to that address within an hour.
    """
    viewer = demand(may_administer, viewer, now)
    found = await _find(invitation)
    await _require_mail(found["email_key"])
    async with transaction() as tx:
        renewed = await row(
            """UPDATE invitation SET expires_at = $2, inviter_id = $3
                WHERE id = $1 AND accepted_at IS NULL RETURNING email, name, locale""",
            invitation,
            _end(now),
            viewer.id,
        )
        if renewed is None:
            raise Conflict("Cette invitation vient d’être acceptée.")
        await links.forget_links(Purpose.INVITATION, invitation)
        words = _words(renewed["name"], viewer, await links.make_link(Purpose.INVITATION, invitation, now))
        await mail.post_mail(tx, "invitation", renewed["email"], locale=renewed["locale"], now=now, **words)
        await journal.record(viewer, "invite_again", "invitation", invitation, group=None, now=now)


async def withdraw(viewer: Viewer | None, invitation: int, now: datetime) -> None:
    """Withdraw an invitation: its link stops working and its address is deleted.

    Raises:
        SignInRequired, NotAllowed, NotFound: not an administrator; no such invitation.
        Conflict: it was accepted meanwhile.
    """
    viewer = demand(may_administer, viewer, now)
    await _find(invitation)
    async with transaction():
        gone = "DELETE FROM invitation WHERE id = $1 AND accepted_at IS NULL RETURNING id"
        if await row(gone, invitation) is None:
            raise Conflict("Cette invitation vient d’être acceptée.")
        await links.forget_links(Purpose.INVITATION, invitation)
        await journal.record(viewer, "withdraw_invitation", "invitation", invitation, group=None, now=now)


async def _find(invitation: int) -> Row:
    """An invitation that waits or has ended.

    Raises:
        NotFound: there is none.
        Conflict: it was accepted.
    """
    found = await row(
        """SELECT i.email_key, i.accepted_at, m.id AS member FROM invitation i
             LEFT JOIN member m ON m.email_key = i.email_key WHERE i.id = $1""",
        invitation,
    )
    if found is None:
        raise NotFound
    if found["accepted_at"] is not None or found["member"] is not None:
        raise Conflict("Cette personne est devenue membre.")
    return found


# --- the list

_STATE = f"""CASE WHEN i.accepted_at IS NOT NULL OR m.id IS NOT NULL THEN 'accepted'
                 WHEN i.id IN {_UNDELIVERED} THEN 'undelivered'
                 WHEN i.expires_at <= $1 THEN 'expired' ELSE 'waiting' END"""
_JOINED = "invitation i LEFT JOIN member m ON m.id = i.member_id OR m.email_key = i.email_key"


_NEWEST_FIRST = SortOrder({"i.created_at": datetime, "i.id": int}, newest_first=True)


async def list_invitations(
    viewer: Viewer | None, state: InvitationState, now: datetime, turn: PageTurn = FIRST
) -> InvitationList:
    """A page of the invitations in that state, the newest first.

    Raises:
        SignInRequired, NotAllowed: not an administrator.
    """
    demand(may_administer, viewer, now)
    counted = await rows(f"SELECT {_STATE} AS state, COUNT(*) AS n FROM {_JOINED} GROUP BY 1", now)
    found = await read_page(
        f"""SELECT i.id, i.email, i.name, i.created_at, i.expires_at, i.accepted_at, m.id AS member,
                   m.name AS member_name, inviter.name AS inviter,
                   (SELECT MAX(undelivered) FROM link WHERE purpose = 'invitation' AND subject = i.id) AS undelivered
              FROM {_JOINED} LEFT JOIN member inviter ON inviter.id = i.inviter_id
             WHERE {_STATE} = $2""",
        [now, state.value],
        _NEWEST_FIRST,
        turn,
        SHOWN,
    )
    return InvitationList(
        invitations=found.of(_invitation(one, state) for one in found.shown),
        counts={InvitationState(one["state"]): one["n"] for one in counted},
        state=state,
    )


def _invitation(found: Row, state: InvitationState) -> InvitationLine:
    return InvitationLine(
        id=found["id"],
        state=state,
        email=(found["email"] or "") if state is not InvitationState.ACCEPTED else "",
        name=found["member_name"] or found["name"],
        inviter=found["inviter"] or "",
        created_at=found["created_at"],
        expires_at=found["expires_at"],
        member=found["member"],
        accepted_at=found["accepted_at"],
        undelivered=found["undelivered"] or "",
    )


# --- accepting one


async def opened_by(token: str, now: datetime) -> Opened:
    """The invitation behind a link, without using it.

    Raises:
        Invalid: it was accepted, was withdrawn, or has ended.
    """
    found = await row(
        """SELECT i.*, inviter.name AS inviter, m.id AS member
             FROM invitation i
             LEFT JOIN member inviter ON inviter.id = i.inviter_id
             LEFT JOIN member m ON m.email_key = i.email_key
            WHERE i.id = $1 AND i.accepted_at IS NULL""",
        await links.subject_of(token, Purpose.INVITATION, now),
    )
    if found is None:
        raise Invalid("Cette invitation n’est plus valable. Demandez-en une autre à la personne qui vous a invité.")
    said = (found[name] for name in ("email", "name", "organisation", "profession", "territory", "locale"))
    return Opened(
        id=found["id"],
        guest=Guest(0, *said),
        inviter=found["inviter"] or "",
        is_member=found["member"] is not None,
    )


async def accept(token: str, typed: Particulars, *, locale: str, now: datetime) -> NewMember:
    """Make the invited person a member: the link was sent to the address, which is thereby confirmed. The details given
    by the administrator were only the initial values of the form.

    Raises:
        Invalid: the link is no longer good, or the address has an account meanwhile.
        InvalidForm: a field is refused: nom, mot_de_passe, organisation, profession, territoire, charte.
    """
    email = (await opened_by(token, now)).guest.email
    checks = Checks()
    said = await check_particulars(checks, replace(typed, email=email))
    checks.done()
    if said.password is None:
        raise TypeError("an invitation is accepted with a password")
    kept = await passwords.hash_password(said.password, asker=f"invitation {email}")
    new = NewAccount(said, password_hash=kept, charter_version=legal.charter_version(), locale=locale)
    async with transaction():
        invitation = await links.use_link(token, Purpose.INVITATION, now)
        member = await joining.join(new, now=now)
        await rows(
            """UPDATE invitation SET accepted_at = $2, member_id = $3, email = NULL, email_key = NULL, name = '',
                                     organisation = '', profession = '', territory = '' WHERE id = $1""",
            invitation,
            now,
            member.id,
        )
        await links.forget_links(Purpose.INVITATION, invitation)
    return member


# --- forgetting


async def purge(now: datetime) -> None:
    """Delete what is no longer kept: files after a week, invitations a month after their end."""
    async with transaction():
        await rows("DELETE FROM invitation_batch WHERE created_at <= $1", now - BATCHES_KEPT)
        await rows("DELETE FROM invitation WHERE accepted_at IS NULL AND expires_at <= $1", now - EXPIRED_KEPT)


async def forget_address(address: str) -> None:
    """Delete an address from all invitations, in the caller's transaction: its owner erases their account."""
    await rows("DELETE FROM invitation WHERE email_key = $1", address.lower())
