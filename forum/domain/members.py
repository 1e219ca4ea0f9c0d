"""People: who exists, under which name and handle, in which role, moderating which working groups.

Nobody signs up yet: accounts are made from the command line, by the example, or by an import (without password).
"""

import re
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, moment, row, rows, transaction
from forum.domain import passwords
from forum.errors import Checks, Invalid, NotFound
from forum.models.members import Member, Moderator, Role
from forum.permissions import Viewer
from forum.text.folding import sort_key
from forum.text.mentions import handle_key
from forum.text.names import clean_name, make_handle
from forum.text.source import clean_line

# RFC 5321: the longest address that can be delivered.
LONGEST_ADDRESS = 254
LONGEST_ORGANISATION = 120
_ADDRESS = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]+")


@dataclass(frozen=True, slots=True)
class NewMember:
    """Somebody who now has an account."""

    id: int
    name: str
    handle: str
    role: Role


async def create_member(
    name: str,
    *,
    email: str | None = None,
    role: Role = Role.MEMBER,
    password: str | None = None,
    password_hash: str | None = None,
    organisation: str = "",
    moderates: tuple[str, ...] = (),
    example: bool = False,
    now: datetime,
) -> NewMember:
    """An account, confirmed at once: whoever makes it from here answers for the address.

    `moderates` are slugs of working groups. Without a password one cannot sign in; `password_hash` comes in its place
    from a caller who hashed it before its own transaction, since that takes a fifth of a second.

    Raises:
        InvalidForm: name, address, password or organisation is refused; each problem names its field.
        Invalid: the address is taken, or the name is somebody else's to the eye.
        Invalid: no working group has that slug; the sentence gives those that exist.
    """
    checks = Checks()
    with checks.field("name"):
        name = clean_name(name)
    with checks.field("email"):
        email = clean_address(email) if email else None
    with checks.field("password"):
        if password is not None:
            passwords.check_password(password, about=(name, email or ""))
    with checks.field("organisation"):
        organisation = clean_line(organisation, limit=LONGEST_ORGANISATION) if organisation.strip() else ""
    checks.done()
    kept = await passwords.hash_password(password) if password is not None else password_hash
    groups = [await _group(slug) for slug in moderates]
    async with transaction():
        if email and await row("SELECT id FROM member WHERE email_key = $1", email.lower()):
            raise Invalid("Un compte existe déjà avec cette adresse.", field="email")
        await _refuse_look_alike(name)
        handle = await free_handle(name)
        member = await Member.create(
            name=name,
            handle=handle,
            handle_key=handle_key(handle),
            email=email,
            email_key=email.lower() if email else None,
            password_hash=kept,
            role=role,
            organisation=organisation,
            confirmed_at=now,
            example=example,
            created_at=now,
        )
        for group in groups:
            await Moderator.create(member_id=member.id, working_group_id=group)
    return NewMember(member.id, name, handle, role)


async def set_password(identifier: str, password: str) -> str:
    """Give a member, by handle or address, a new password; their sessions end. Gives their name.

    Raises:
        Invalid: nobody has that handle or address, or the password is refused.
    """
    found = await find_account(identifier)
    passwords.check_password(password, about=(found["name"], found["handle"], found["email"] or ""))
    kept = await passwords.hash_password(password)
    async with transaction():
        await rows("UPDATE member SET password_hash = $2 WHERE id = $1", found["id"], kept)
        await rows("DELETE FROM session WHERE member_id = $1", found["id"])
    return str(found["name"])


async def find_account(identifier: str) -> Row:
    """Id, name, handle and email of the account of that handle or address, for the command line.

    Raises:
        Invalid: nobody has that handle or address.
    """
    key = handle_key(identifier.strip().removeprefix("@"))
    found = await row(
        "SELECT id, name, handle, email FROM member WHERE handle_key = $1 OR email_key = $2",
        key,
        identifier.strip().lower(),
    )
    if found is None:
        raise Invalid("Aucun compte ne porte cet identifiant ni cette adresse.", field="identifiant")
    return found


async def _refuse_look_alike(name: str) -> None:
    """Two people may bear one name; nobody bears a name that only looks like somebody's ("MaIik", "Malik")."""
    for other in await rows("SELECT name FROM member WHERE handle_key = $1", handle_key(make_handle(name))):
        if sort_key(other["name"]) != sort_key(name):
            raise Invalid("Ce nom se confond, à l’œil, avec celui d’un autre membre.", field="name")


async def free_handle(name: str) -> str:
    """The handle of a name; a namesake gets a number: Malik-Diallo, Malik-Diallo-2. Call it inside the transaction."""
    first = make_handle(name)
    handle, number = first, 1
    while await row("SELECT id FROM member WHERE handle_key = $1", handle_key(handle)):
        number += 1
        handle = f"{first}-{number}"
    return handle


def clean_address(raw: str) -> str:
    """An e-mail address that looks like one; whether it is read is shown by a confirmation, not by a pattern.

    Raises:
        Invalid: it does not look like an address.
    """
    address = raw.strip()
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise Invalid("Indiquez une adresse électronique, par exemple prenom.nom@exemple.fr.")
    return address


async def load_viewer(member: int) -> Viewer:
    """A member as the one who asks, for work that no browser asked for (command line, imports).

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
        suspended_until=moment(found["suspended_until"]),
        suspended_reason=found["suspended_reason"],
        locale=found["locale"],
    )


async def has_examples() -> bool:
    """Whether invented people live here: said on every page, refused in production."""
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
