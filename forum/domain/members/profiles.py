"""What members say about themselves, and may change: their name, where they work, what they do, where, their language.

A name is looked up wherever it is shown, so a new one appears everywhere at once, even on old contributions. The handle
follows the name: an earlier mention stays as it was typed and still refers to the same person, but the old handle,
typed from now on, mentions nobody.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from limits import RateLimitItemPerDay
from tortoise.exceptions import IntegrityError

from forum.database import known_row, row, rows, transaction
from forum.domain import legal
from forum.domain.links import why_undelivered
from forum.domain.members.members import free_handle
from forum.domain.members.particulars import NAME_TAKEN, Particulars, check_particulars, mark_of, refuse_taken_name
from forum.domain.themes import themes
from forum.domain.throttle import throttle
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.language import LOCALES
from forum.models.joining import Purpose
from forum.models.members import Role
from forum.permissions import Viewer
from forum.text.mentions import handle_key
from forum.text.names import make_handle

CHANGES_A_DAY: Final = 5
"""Changes of name or organisation per day: a name that changes all the time identifies nobody, and each change makes
every cached page stale."""


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """A member as they see themselves. `charter` says whether they accepted its present version."""

    said: Particulars
    handle: str
    is_confirmed: bool
    bounced_at: datetime | None
    """Since when mail servers refuse the address."""
    undelivered: str
    """Why the mail that asks to confirm the address will never arrive; empty while it may."""
    locale: str
    role: Role
    groups: tuple[str, ...]
    created_at: datetime
    charter_accepted_at: datetime | None
    accepts_charter: bool


async def own_profile(viewer: Viewer) -> OwnProfile:
    """Raises:
    NotFound: the account is gone.
    """
    found = await row(
        """SELECT name, handle, email, confirmed_at, bounced_at, organisation, profession, territory, locale, role,
                  created_at, charter_version, charter_accepted_at FROM member WHERE id = $1 AND erased_at IS NULL""",
        viewer.id,
    )
    if found is None:
        raise NotFound
    groups = await rows(
        """SELECT g.name FROM moderator m JOIN working_group g ON g.id = m.working_group_id
            WHERE m.member_id = $1 ORDER BY g.name""",
        viewer.id,
    )
    return OwnProfile(
        said=Particulars(found["name"], found["organisation"], found["profession"], found["territory"], found["email"]),
        handle=found["handle"],
        is_confirmed=found["confirmed_at"] is not None,
        bounced_at=found["bounced_at"],
        undelivered=await why_undelivered(Purpose.CONFIRM, viewer.id),
        locale=found["locale"],
        role=Role(found["role"]),
        groups=tuple(one["name"] for one in groups),
        created_at=found["created_at"],
        charter_accepted_at=found["charter_accepted_at"],
        accepts_charter=found["charter_version"] == legal.charter_version(),
    )


async def change_profile(viewer: Viewer, typed: Particulars, *, locale: str, seen: str) -> None:
    """Change a member's profile. A choice that has left its list since may stay. `seen` is the mark of the name and the
    organisation that the form showed, empty where none is known.

    Raises:
        InvalidForm: what was typed cannot be accepted, the name is another member's, or was changed too often today.
        Conflict: the name or the organisation changed since: an administrator corrected them, or somebody was erased.
    """
    known = await own_profile(viewer)
    checks = Checks()
    said = await check_particulars(checks, typed, known=known.said, member=viewer.id)
    with checks.field("langue"):
        if locale not in LOCALES:
            raise Invalid("Ce choix n’existe pas.")
    checks.done()
    is_shown = (said.name, said.organisation) != (known.said.name, known.said.organisation)
    if is_shown:
        await _count_change(viewer.id)
    try:
        async with transaction():
            if is_shown:
                await themes.raise_every_version()
            held = await known_row("UPDATE member SET id = id WHERE id = $1 RETURNING name, organisation", viewer.id)
            now_said = mark_of(held["name"], held["organisation"])
            if now_said != mark_of(known.said.name, known.said.organisation) or seen not in ("", now_said):
                raise Conflict(
                    "Votre nom ou votre organisation ont changé depuis que cette page est ouverte. Relisez-les : ce que"
                    " vous avez saisi est gardé ci-dessous."
                )
            if said.name != known.said.name:
                await rename(viewer.id, said.name, was=known.said.name, handle=known.handle)
            await rows(
                "UPDATE member SET organisation = $2, profession = $3, territory = $4, locale = $5 WHERE id = $1",
                viewer.id,
                said.organisation,
                said.profession,
                said.territory,
                locale,
            )
    except IntegrityError:
        # Somebody who joined at the same moment has the handle: the database refuses it, and the person reads why.
        raise Invalid(NAME_TAKEN, field="nom") from None


async def rename(member: int, name: str, *, was: str, handle: str) -> None:
    """Give a member another name, inside the caller's transaction, which makes every cached page stale; the handle
    follows it, unless both names make the same.

    Raises:
        Invalid: somebody else has that name.
        IntegrityError: somebody took its handle at the same moment.
    """
    await refuse_taken_name(name, member=member)
    is_same = handle_key(make_handle(name)) == handle_key(make_handle(was))
    handle = handle if is_same else await free_handle(name)
    await rows(
        "UPDATE member SET name = $2, handle = $3, handle_key = $4 WHERE id = $1",
        member,
        name,
        handle,
        handle_key(handle),
    )


async def _count_change(member: int) -> None:
    if not await throttle().count(RateLimitItemPerDay(CHANGES_A_DAY), f"profile {member}"):
        raise Invalid(
            "Votre nom et votre organisation ont déjà changé {times} fois depuis hier. Réessayez demain.",
            field="nom",
            values={"times": CHANGES_A_DAY},
        )


async def must_read_charter_again(viewer: Viewer) -> bool:
    """Whether the charter changed since they accepted it. Members who never accepted it have it on their account
    page."""
    found = await row("SELECT charter_version FROM member WHERE id = $1", viewer.id)
    return found is not None and found["charter_version"] not in ("", legal.charter_version())


async def accept_charter(viewer: Viewer, version: str, *, now: datetime) -> None:
    """Accept the charter, in the version that the member read.

    Raises:
        Invalid: it has changed since.
    """
    if version != legal.charter_version():
        raise Invalid("La charte vient de changer. Relisez-la avant de l’accepter.")
    await rows(
        "UPDATE member SET charter_version = $2, charter_accepted_at = $3 WHERE id = $1", viewer.id, version, now
    )
