"""Who has an account, and what may administrators change about it? Role, groups moderated, suspension, second factor.
Each change is one transaction and a line in the journal, which holds numbers and roles, never a name or an address. A
change applies to the state that its author saw: if another one came first, they are told what changed. Nobody changes
their own rights; since the person acting is an administrator and remains one, there is always one left. An address is
shown only to administrators, one at a time, and each look is a line in the journal. What people do with their own
account is in other files."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forum.database import Row, is_sqlite, places, row, rows, transaction
from forum.domain import journal
from forum.domain.links import forget_links, make_link
from forum.domain.mail import HELD_BACK, may_mail
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.sign_in import proofs, second_factors, sessions
from forum.domain.sign_in.credentials import owner_to_tell, tell
from forum.domain.themes import themes
from forum.errors import Checks, Conflict, Invalid, NotFound, TooMany
from forum.models.joining import Purpose
from forum.models.members import Role
from forum.permissions import Viewer, demand, may_administer, may_read_address
from forum.text.addresses import address_key
from forum.text.folding import skeleton
from forum.text.labels import Labelled

SHOWN: Final = 50
LONGEST_SUSPENSION: Final = timedelta(days=366)
"""A year. A longer suspension must be decided again."""
MOST_WORDS: Final = 6
"""The most words of a search: a name has no more."""


class AccountState(Labelled):
    """The state of an account: the first of these that is true."""

    ERASED = "erased", "effacé"
    ABSENT = "absent", "sans accès"
    SUSPENDED = "suspended", "suspendu"
    UNCONFIRMED = "unconfirmed", "non confirmé"
    ACTIVE = "active", "en activité"


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One line of the list: everything that an administrator sees about somebody, except their address."""

    id: int
    name: str
    handle: str
    role: Role
    groups: tuple[str, ...]
    state: AccountState
    organisation: str
    example: bool
    created_at: datetime
    active_at: datetime | None
    suspended_until: datetime | None
    suspended_reason: str
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """The filters of a search: words of a name or handle; a role, a group, a state, each when not None."""

    words: str = ""
    role: Role | None = None
    group: int | None = None
    state: AccountState | None = None


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A page of people, by name."""

    people: Page[PersonLine]
    total: int
    wanted: PeopleFilter
    groups: tuple["PeopleGroup", ...]


@dataclass(frozen=True, slots=True)
class PeopleGroup:
    """A working group, in a filter or as a box to tick."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class PersonDesk:
    """What an administrator may do about somebody: `rights` is the state shown by the forms, see `Rights.mark`."""

    person: PersonLine
    rights: "Rights"
    all_groups: tuple[PeopleGroup, ...]
    has_address: bool
    has_factor: bool
    is_oneself: bool

    @property
    def may_change(self) -> bool:
        """Whether the account can be signed in to, and is not the administrator's own."""
        return not self.is_oneself and self.person.state not in (AccountState.ERASED, AccountState.ABSENT)


@dataclass(frozen=True, slots=True)
class Rights:
    """The present rights of somebody."""

    role: Role
    groups: frozenset[int]
    suspended_until: datetime | None

    @property
    def mark(self) -> str:
        """The mark of this state, which a form sends back."""
        until = self.suspended_until.isoformat() if self.suspended_until else ""
        return f"{self.role.value} {','.join(map(str, sorted(self.groups)))} {until}"


# --- the list

_ERASED = "m.erased_at IS NOT NULL"
# Nobody signs in to an account without an address: a person named by an imported text, or a voter of the example.
_ABSENT = "m.email_key IS NULL AND m.password_hash IS NULL"
_PERSON = f"""
    SELECT m.id, m.name, m.handle, m.role, m.organisation, m.example, m.created_at, m.active_at, m.suspended_until,
           m.suspended_reason, m.erased_at, m.confirmed_at, m.email,
           CASE WHEN {_ERASED} THEN 'erased'
                WHEN {_ABSENT} THEN 'absent'
                WHEN m.suspended_until > $1 THEN 'suspended'
                WHEN m.confirmed_at IS NULL THEN 'unconfirmed' ELSE 'active' END AS state
      FROM member m"""


_BY_NAME = SortOrder({"m.handle_key": str, "one.id": int})


async def list_people(viewer: Viewer | None, wanted: PeopleFilter, now: datetime, turn: PageTurn = FIRST) -> PeopleList:
    """A page of the matching people, by name; erased accounts only when asked for.

    Raises:
        SignInRequired, NotAllowed: not an administrator.
    """
    demand(may_administer, viewer, now)
    where, values = _conditions(wanted)
    people = f"FROM ({_PERSON}) AS one JOIN member m ON m.id = one.id WHERE {where}"
    counted = await row(f"SELECT COUNT(*) AS n {people}", now, *values)
    found = await read_page(f"SELECT one.*, m.handle_key {people}", [now, *values], _BY_NAME, turn, SHOWN)
    groups = await _groups_of([one["id"] for one in found.shown])
    return PeopleList(
        people=found.of(_person(one, [group.name for group in groups.get(one["id"], ())]) for one in found.shown),
        total=counted["n"] if counted else 0,
        wanted=wanted,
        groups=await _all_groups(),
    )


def _conditions(wanted: PeopleFilter) -> tuple[str, list[object]]:
    """The conditions of the search, for a statement whose $1 is now."""
    conditions: list[str] = []
    values: list[object] = []

    def ask(condition: str, value: object) -> None:
        values.append(value)
        conditions.append(condition.format(f"${len(values) + 1}"))

    for word in skeleton(wanted.words).replace("@", " ").split()[:MOST_WORDS]:
        ask("m.handle_key LIKE {} ESCAPE '!'", f"%{_literal(word)}%")
    if wanted.role is not None:
        ask("one.role = {}", wanted.role.value)
    if wanted.group is not None:
        ask("EXISTS (SELECT 1 FROM moderator o WHERE o.member_id = one.id AND o.working_group_id = {})", wanted.group)
    if wanted.state is not None:
        ask("one.state = {}", wanted.state.value)
    else:
        conditions.append("one.state <> 'erased'")
    return " AND ".join(conditions), values


def _literal(word: str) -> str:
    """A word for LIKE, with % and _ taken literally."""
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")


async def find_by_address(viewer: Viewer | None, address: str, now: datetime) -> int:
    """The member with exactly this address, which the administrator already knows.

    Raises:
        SignInRequired, NotAllowed: not an administrator.
        Invalid: no member has it.
    """
    demand(may_administer, viewer, now)
    found = await row("SELECT id FROM member WHERE email_key = $1", address_key(address))
    if found is None:
        raise Invalid("Aucun membre n’a cette adresse.", field="adresse")
    return int(found["id"])


def _person(found: Row, groups: Sequence[str]) -> PersonLine:
    return PersonLine(
        id=found["id"],
        name=found["name"],
        handle=found["handle"],
        role=Role(found["role"]),
        groups=tuple(groups),
        state=AccountState(found["state"]),
        organisation=found["organisation"],
        example=found["example"],
        created_at=found["created_at"],
        active_at=found["active_at"],
        suspended_until=found["suspended_until"],
        suspended_reason=found["suspended_reason"],
        erased_at=found["erased_at"],
    )


async def _groups_of(members: Collection[int]) -> dict[int, list[PeopleGroup]]:
    if not members:
        return {}
    found = await rows(
        f"""SELECT o.member_id, g.id, g.name FROM moderator o JOIN working_group g ON g.id = o.working_group_id
             WHERE o.member_id IN ({places(len(members))}) ORDER BY g.name, g.id""",
        *members,
    )
    groups: dict[int, list[PeopleGroup]] = {}
    for one in found:
        groups.setdefault(one["member_id"], []).append(PeopleGroup(one["id"], one["name"]))
    return groups


async def _all_groups() -> tuple[PeopleGroup, ...]:
    found = await rows("SELECT id, name FROM working_group ORDER BY name, id")
    return tuple(PeopleGroup(one["id"], one["name"]) for one in found)


# --- one person


async def person_desk(viewer: Viewer | None, member: int, now: datetime) -> PersonDesk:
    """Raises:
    SignInRequired, NotAllowed, NotFound: not an administrator; nobody has this number.
    """
    viewer = demand(may_administer, viewer, now)
    found = await row(
        f"""SELECT one.*, EXISTS (SELECT 1 FROM second_factor f WHERE f.member_id = one.id)::bool AS has_factor
              FROM ({_PERSON}) AS one WHERE one.id = $2""",
        now,
        member,
    )
    if found is None:
        raise NotFound
    groups = (await _groups_of([member])).get(member, [])
    person = _person(found, [group.name for group in groups])
    return PersonDesk(
        person=person,
        rights=Rights(person.role, frozenset(group.id for group in groups), person.suspended_until),
        all_groups=await _all_groups(),
        has_address=bool(found["email"]),
        has_factor=found["has_factor"],
        is_oneself=member == viewer.id,
    )


async def see_address(viewer: Viewer | None, member: int, now: datetime) -> str:
    """Somebody's address, with a line in the journal that it was seen; for non-administrators it does not exist.

    Raises:
        NotFound: not an administrator; nobody has this number; they have no address.
    """
    demand(may_read_address, viewer, now)
    async with transaction():
        found = await row("SELECT email FROM member WHERE id = $1 AND email IS NOT NULL", member)
        if found is None:
            raise NotFound
        await journal.record(viewer, "see_address", "member", member, group=None, now=now)
    return str(found["email"])


@dataclass(frozen=True, slots=True)
class Asking:
    """The person who changes somebody's rights: their browser, their password, and the state that they saw
    (`Rights.mark`)."""

    viewer: Viewer | None
    token: str
    password: str
    mark: str


async def set_rights(
    asking: Asking, member: int, role: Role, groups: Collection[int], reason: str, now: datetime
) -> None:
    """Set somebody's role and the groups that they moderate, from their next request on.

    Raises:
        SignInRequired, NotAllowed, NotFound: not an administrator; nobody has this number.
        Invalid: oneself, or somebody who cannot sign in; a group that does not exist; the password is not right.
        Conflict: somebody else was quicker.
        TooMany: other tries of the password are under way.
    """
    viewer = asking.viewer
    viewer = demand(may_administer, viewer, now)
    checks = Checks()
    given = ""
    with checks.field("groupes"):
        if not set(groups) <= {group.id for group in await _all_groups()}:
            raise Invalid("Ce choix n’existe pas.")
    with checks.field("motif"):
        given = journal.reason_of(reason)
    with checks.field(proofs.FIELD):
        await proofs.require_proof(viewer, asking.token, asking.password, now=now)
    checks.done()
    async with transaction():
        # A role is shown beside every contribution; themes are locked before members.
        await themes.raise_every_version()
        before = await _hold(viewer, member, asking.mark, now)
        if role is not before.role:
            await rows("UPDATE member SET role = $2 WHERE id = $1", member, role.value)
            await journal.record(
                viewer,
                "set_role",
                "member",
                member,
                group=None,
                before=before.role.value,
                after=role.value,
                reason=given,
                now=now,
            )
        await _set_groups(viewer, member, before.groups, frozenset(groups), given, now)


async def _set_groups(
    viewer: Viewer, member: int, before: frozenset[int], after: frozenset[int], reason: str, now: datetime
) -> None:
    """A line in the journal for each group, which its moderators read."""
    for group in sorted(before - after):
        await rows("DELETE FROM moderator WHERE member_id = $1 AND working_group_id = $2", member, group)
        await journal.record(viewer, "remove_moderator", "member", member, group=group, reason=reason, now=now)
    for group in sorted(after - before):
        await rows("INSERT INTO moderator (member_id, working_group_id) VALUES ($1, $2)", member, group)
        await journal.record(viewer, "add_moderator", "member", member, group=group, reason=reason, now=now)


async def suspend(
    viewer: Viewer | None, member: int, until: datetime | None, reason: str, mark: str, now: datetime
) -> None:
    """Suspend somebody until a moment, excluded: they may read, export and erase, but not write; a mail tells them why.

    Raises:
        SignInRequired, NotAllowed, NotFound: not an administrator; nobody has this number.
        Invalid: no end, one that is past or more than a year away; no reason; oneself, or somebody who cannot sign in.
        Conflict: somebody else was quicker.
    """
    viewer = demand(may_administer, viewer, now)
    checks = Checks()
    given = ""
    with checks.field("jusqua"):
        if until is None or until <= now:
            raise Invalid("Indiquez une fin à venir.")
        if until > now + LONGEST_SUSPENSION:
            raise Invalid("Une suspension dure un an au plus.")
    with checks.field("motif"):
        given = journal.reason_of(reason, required="Dites pourquoi : la personne le lira.")
    checks.done()
    assert until is not None
    owner = await owner_to_tell(member)
    async with transaction() as tx:
        before = await _hold(viewer, member, mark, now)
        await _set_suspension(viewer, member, "suspend", before, until, given, now)
        await tell(tx, owner, "suspended", now=now, until=until.isoformat(), reason=given)


async def lift_suspension(viewer: Viewer | None, member: int, reason: str, mark: str, now: datetime) -> None:
    """End a suspension before its end.

    Raises:
        SignInRequired, NotAllowed, NotFound, Conflict: like `suspend`; this person is no longer suspended.
        Invalid: the reason is too long.
    """
    viewer = demand(may_administer, viewer, now)
    given = journal.reason_of(reason)
    async with transaction():
        before = await _hold(viewer, member, mark, now)
        if before.suspended_until is None or before.suspended_until <= now:
            raise Conflict("Cette suspension a déjà pris fin.")
        await _set_suspension(viewer, member, "lift_suspension", before, None, given, now)


async def _set_suspension(
    viewer: Viewer, member: int, act: str, before: Rights, until: datetime | None, reason: str, now: datetime
) -> None:
    await rows(
        "UPDATE member SET suspended_until = $2, suspended_reason = $3 WHERE id = $1",
        member,
        until,
        reason if until else "",
    )
    await journal.record(
        viewer,
        act,
        "member",
        member,
        group=None,
        before=before.suspended_until.isoformat() if before.suspended_until else "",
        after=until.isoformat() if until else "",
        reason=reason,
        now=now,
    )


async def remove_second_factor(viewer: Viewer | None, member: int, reason: str, now: datetime) -> None:
    """Remove the second factor of somebody who lost telephone and recovery codes: the password alone then signs in.

    Raises:
        SignInRequired, NotAllowed, NotFound: not an administrator; nobody has this number, or no second factor.
        Invalid: oneself, whose own page asks for a code; no reason.
    """
    viewer = demand(may_administer, viewer, now)
    if member == viewer.id:
        raise Invalid("Pour votre propre compte, passez par la page « Connexion et sécurité » de votre compte.")
    journal.reason_of(reason, required="Dites comment vous vous êtes assuré de l’identité de la personne.")
    await second_factors.remove(viewer, member, reason=reason, now=now)


async def send_reset(viewer: Viewer | None, member: int, now: datetime) -> None:
    """Mail somebody a link to choose a new password; the administrator never sees it.

    Raises:
        SignInRequired, NotAllowed, NotFound: not an administrator; nobody has this number, or no address.
        TooMany: administrators sent this person three within an hour.
    """
    viewer = demand(may_administer, viewer, now)
    owner = await owner_to_tell(member)
    if owner is None or not (await person_desk(viewer, member, now)).has_address:
        raise NotFound
    if not await may_mail(Purpose.RESET, f"member {member}"):
        raise TooMany(HELD_BACK, retry_after=3600)
    async with transaction() as tx:
        await forget_links(Purpose.RESET, member)
        token = await make_link(Purpose.RESET, member, now)
        await tell(tx, owner, "reset", now=now, token=token)
        await journal.record(viewer, "send_reset", "member", member, group=None, now=now)


async def close_sessions(viewer: Viewer | None, member: int, now: datetime) -> None:
    """Sign somebody out everywhere, at once: a telephone was lost, or an account was broken into (ASVS 7.4.5).

    Raises:
        SignInRequired, NotAllowed, NotFound: not an administrator; nobody has this number.
    """
    demand(may_administer, viewer, now)
    async with transaction():
        if await row("SELECT id FROM member WHERE id = $1", member) is None:
            raise NotFound
        await sessions.close_all(member)
        await journal.record(viewer, "close_sessions", "member", member, group=None, now=now)


async def _hold(viewer: Viewer, member: int, mark: str, now: datetime) -> Rights:
    """Lock two members until the end of the transaction: the one who acts, still an administrator, and the other.

    `mark` is the state that the author of the change saw.

    Raises:
        NotFound: nobody has this number, or their account is erased.
        Invalid: the person acts on themselves, or on somebody who cannot sign in, who can be granted nothing.
        Conflict: the rights of either changed meanwhile.
    """
    held = "" if is_sqlite() else " ORDER BY id FOR NO KEY UPDATE"
    both = await rows(
        f"""SELECT id, role, suspended_until, erased_at, email_key, password_hash FROM member
             WHERE id IN ($1, $2){held}""",
        viewer.id,
        member,
    )
    by_id = {one["id"]: one for one in both}
    actor, found = by_id.get(viewer.id), by_id.get(member)
    ends = actor["suspended_until"] if actor else None
    if actor is None or actor["role"] != Role.ADMINISTRATOR.value or (ends is not None and now < ends):
        raise Conflict("Vos propres droits viennent de changer. Rechargez la page.")
    if found is None or found["erased_at"] is not None:
        raise NotFound
    if found is actor:
        raise Invalid("On ne change pas ses propres droits : demandez-le à un autre administrateur.")
    if found["email_key"] is None and found["password_hash"] is None:
        raise Invalid("Cette personne ne peut pas se connecter : elle n’a ni adresse ni mot de passe.")
    groups = await rows("SELECT working_group_id FROM moderator WHERE member_id = $1", member)
    rights = Rights(Role(found["role"]), frozenset(one["working_group_id"] for one in groups), found["suspended_until"])
    if mark != rights.mark:
        raise Conflict("Quelqu’un d’autre vient de changer les droits de cette personne. Voici ce qu’ils sont.")
    return rights
