"""People: who exists, under which name and handle, in which role, moderating which working groups.

People who join must have a distinct name: one that looks like somebody else's is refused. Only accounts made from the
command line, by the example or by an import may be namesakes, told apart by the number in their handle.
"""

from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.links import forget_links
from forum.domain.members.particulars import Particulars, clean_particulars
from forum.domain.sign_in import passwords
from forum.errors import Checks, Invalid, NotFound
from forum.models.joining import Purpose
from forum.models.members import Role
from forum.permissions import Viewer
from forum.text.addresses import address_key
from forum.text.characters import seen
from forum.text.folding import looks, sort_key
from forum.text.mentions import handle_key
from forum.text.names import LONGEST, make_handle


@dataclass(frozen=True, slots=True)
class NewMember:
    """A new account."""

    id: int
    name: str
    handle: str
    role: Role


async def create_member(
    typed: Particulars,
    *,
    role: Role = Role.MEMBER,
    password_hash: str | None = None,
    moderates: tuple[str, ...] = (),
    example: bool = False,
    now: datetime,
) -> NewMember:
    """Create an account, confirmed at once: its creator vouches for the address.

    `moderates` are slugs of working groups. Without a password nobody can sign in; `password_hash` replaces it when the
    caller hashed it before its own transaction, since that takes a fifth of a second.

    Raises:
        InvalidForm: name, address, password or organisation is refused; each problem names its field.
        Invalid: the address is taken, or the name looks like somebody else's.
        Invalid: no working group has that slug; the sentence lists those that exist.
    """
    checks = Checks()
    said = clean_particulars(checks, typed, staff=role is not Role.MEMBER)
    checks.done()
    if said.password is not None:
        password_hash = await passwords.hash_password(said.password, asker=passwords.OUR_OWN)
    groups = [await _group(slug) for slug in moderates]
    async with transaction():
        await _refuse_look_alike(said.name)
        member = await insert_member(NewAccount(said, password_hash=password_hash, role=role, example=example), now=now)
        for group in groups:
            await rows("INSERT INTO moderator (member_id, working_group_id) VALUES ($1, $2)", member.id, group)
            await journal.record(None, "add_moderator", "member", member.id, group=group, now=now)
        if role is not Role.MEMBER:
            await journal.record(None, "set_role", "member", member.id, group=None, after=role.value, now=now)
    return member


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The data of an account to create, already cleaned; a `confirmed` address was proved to be theirs."""

    said: Particulars
    password_hash: str | None = None
    role: Role = Role.MEMBER
    charter_version: str = ""
    locale: str = "fr"
    confirmed: bool = True
    example: bool = False


async def insert_member(new: NewAccount, *, now: datetime) -> NewMember:
    """Insert an account, in the caller's transaction; a namesake gets a handle with a number.

    Raises:
        Invalid: the address belongs to another account, even one created at the same moment.
    """
    said, key = new.said, new.said.email.lower() if new.said.email else None
    while True:
        if key and await row("SELECT id FROM member WHERE email_key = $1", key):
            raise Invalid("Un compte existe déjà avec cette adresse.", field="adresse")
        handle = await free_handle(said.name)
        made = await row(
            """INSERT INTO member (name, handle, handle_key, email, email_key, password_hash, role, organisation,
                                   profession, territory, charter_version, charter_accepted_at, locale, confirmed_at,
                                   example, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
               ON CONFLICT DO NOTHING RETURNING id""",
            *(said.name, handle, handle_key(handle), said.email, key),
            *(new.password_hash, new.role.value, said.organisation, said.profession, said.territory),
            *(new.charter_version, now if new.charter_version else None, new.locale, now if new.confirmed else None),
            *(new.example, now),
        )
        # Somebody else took the handle or the address between the check and the insertion: both are checked again.
        if made is not None:
            return NewMember(made["id"], said.name, handle, new.role)


async def set_password(identifier: str, password: str, *, now: datetime) -> str:
    """Give a member, by handle or address, a new password, with a line in the journal; their sessions end. Returns
    their name.

    Raises:
        Invalid: nobody has that handle or address, or the password is refused.
    """
    found = await find_account(identifier)
    passwords.check_password(password, about=(found["name"], found["handle"], found["email"] or ""))
    kept = await passwords.hash_password(password, asker=passwords.OUR_OWN)
    async with transaction():
        await keep_password(found["id"], kept)
        await journal.record(None, "set_password", "member", found["id"], group=None, now=now)
    return str(found["name"])


async def find_account(identifier: str) -> Row:
    """Id, name, handle and email of the account of that handle or address, for the command line.

    Raises:
        Invalid: nobody has that handle or address.
    """
    key = handle_key(seen(identifier).removeprefix("@"))
    found = await row(
        "SELECT id, name, handle, email FROM member WHERE handle_key = $1 OR email_key = $2",
        key,
        address_key(identifier),
    )
    if found is None:
        raise Invalid("Aucun compte ne porte cet identifiant ni cette adresse.", field="identifiant")
    return found


async def keep_password(member: int, password_hash: str) -> None:
    """Store a new password, in the caller's transaction: every session of the old one ends, as does every link to set
    another."""
    await rows("UPDATE member SET password_hash = $2 WHERE id = $1", member, password_hash)
    await rows("DELETE FROM session WHERE member_id = $1", member)
    await forget_links(Purpose.RESET, member)


async def _refuse_look_alike(name: str) -> None:
    """Refuse a name that only looks like somebody's ("MaIik", "Malik"); two people may have the same name."""
    for look in looks(make_handle(name)):
        for other in await rows("SELECT name FROM member WHERE REPLACE(handle_key, 'rn', 'm') = $1", look):
            if sort_key(other["name"]) != sort_key(name):
                raise Invalid("Ce nom se confond, à l’œil, avec celui d’un autre membre.", field="nom")


async def free_handle(name: str) -> str:
    """The handle of a name; a namesake gets a number: Malik-Diallo, Malik-Diallo-2. Call it inside the transaction."""
    first = make_handle(name)
    handle, number = first, 1
    while await row("SELECT id FROM member WHERE handle_key = $1", handle_key(handle)):
        number += 1
        handle = f"{first[: LONGEST - len(str(number)) - 1]}-{number}"
    return handle


async def load_viewer(member: int) -> Viewer:
    """A member as a viewer, for work that comes from no browser (command line, imports).

    Raises:
        NotFound: there is no such member.
    """
    found = await row(
        """SELECT id, name, handle, role, confirmed_at, suspended_until, suspended_reason, locale FROM member
            WHERE id = $1""",
        member,
    )
    if found is None:
        raise NotFound
    groups = await rows("SELECT working_group_id FROM moderator WHERE member_id = $1", member)
    return Viewer(
        id=found["id"],
        name=found["name"],
        handle=found["handle"],
        role=Role(found["role"]),
        groups=frozenset(one["working_group_id"] for one in groups),
        confirmed=found["confirmed_at"] is not None,
        suspended_until=found["suspended_until"],
        suspended_reason=found["suspended_reason"],
        locale=found["locale"],
    )


async def has_examples() -> bool:
    """Whether there are invented people: every page says so, and production refuses them."""
    return await row("SELECT id FROM member WHERE example = $1 LIMIT 1", True) is not None


async def _group(slug: str) -> int:
    found = await row("SELECT id FROM working_group WHERE slug = $1", slug)
    if found is None:
        known = await rows("SELECT slug FROM working_group ORDER BY slug")
        raise Invalid(
            "Aucun groupe de travail ne porte le nom court {slug}. Noms courts connus : {known}.",
            field="moderates",
            values={"slug": slug, "known": ", ".join(one["slug"] for one in known) or "aucun, chargez les thèmes"},
        )
    group: int = found["id"]
    return group
