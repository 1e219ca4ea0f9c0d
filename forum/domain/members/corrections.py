"""Names and organisations that administrators correct: an insult, somebody else's name, an institution that is not
theirs. The person is told what was corrected, by which rule and why, and may change it again by themselves.

In one transaction the words change, every cached page becomes stale, waiting mails greet anew, the person is told and
the journal has its line. That line has the rule and the reason, never the old words nor the new ones: they may be the
insult, and the journal is for ever. Nothing keeps the old ones.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tortoise.exceptions import IntegrityError

from forum.database import Row, Transaction, is_sqlite, row, rows, transaction
from forum.domain import journal
from forum.domain.mail import rename_in_mails
from forum.domain.members.particulars import NAME_TAKEN, Particulars, check_particulars, mark_of
from forum.domain.members.people import PersonDesk, person_desk
from forum.domain.members.profiles import rename
from forum.domain.notifications import tell_of_correction
from forum.domain.references import storable
from forum.domain.sign_in.credentials import owner_to_tell, tell
from forum.domain.themes import themes
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.language import worded
from forum.models.members import Corrected
from forum.models.moderation import Ground
from forum.models.notifications import Event
from forum.permissions import Viewer, demand, may_correct_person, may_keep_own_account
from forum.text.redaction import PassageCleaner

GROUNDS: Final = (Ground.CHARTER, Ground.ILLEGAL, Ground.PERSONAL_DATA)
"""The rules that a name can break; nobody is called off topic."""
_TELLING: Final = 4
"""Letters: shorter words of a name are everybody's."""
_COPIED: Final = "Ne recopiez aucun des noms, anciens ou nouveaux : le journal garde cette raison pour toujours."
_CHANGED: Final = "Ce nom ou cette organisation viennent de changer. Relisez-les avant de corriger."


@dataclass(frozen=True, slots=True)
class TypedCorrection:
    """What an administrator typed; `seen` is the mark of the words that they saw, see `mark_of`."""

    name: str
    organisation: str
    ground: str
    reason: str
    seen: str


@dataclass(frozen=True, slots=True)
class OwnCorrection:
    """What the person reads in their account."""

    at: datetime
    part: Corrected
    ground: Ground
    reason: str


async def correction_desk(viewer: Viewer | None, member: int, now: datetime) -> PersonDesk:
    """The person whose words are corrected, as administrators see them.

    Raises:
        SignInRequired, NotAllowed: not an administrator, or oneself.
        NotFound: nobody has this number, or nobody signs in to that account.
    """
    demand(may_correct_person, viewer, member, now)
    desk = await person_desk(viewer, storable(member), now)
    if not desk.may_change:
        raise NotFound
    return desk


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A correction, checked."""

    was: Particulars
    said: Particulars
    part: Corrected
    ground: Ground
    reason: str


async def correct_person(viewer: Viewer | None, member: int, typed: TypedCorrection, now: datetime) -> None:
    """Give somebody another name or organisation.

    Raises:
        SignInRequired, NotAllowed, NotFound: as `correction_desk` says.
        InvalidForm: nothing changes, the words cannot be accepted, or the rule or the reason is missing.
        Conflict: the person, or another administrator, has just changed them.
    """
    person = (await correction_desk(viewer, member, now)).person
    viewer = demand(may_correct_person, viewer, member, now)
    prepared = await _prepared(member, Particulars(person.name, person.organisation), typed)
    try:
        async with transaction() as tx:
            await themes.raise_every_version()
            await _write(member, prepared, typed.seen)
            await _tell(tx, member, prepared, now)
            after = json.dumps({"corrected": prepared.part.value, "ground": prepared.ground.value})
            reason = prepared.reason
            await journal.record(
                viewer, "correct_person", "member", member, group=None, after=after, reason=reason, now=now
            )
    except IntegrityError:
        # Somebody who joined at the same moment has the handle.
        raise Invalid(NAME_TAKEN, field="nom") from None


async def _prepared(member: int, was: Particulars, typed: TypedCorrection) -> _Prepared:
    checks = Checks()
    said = await check_particulars(checks, Particulars(typed.name, typed.organisation), known=was, member=member)
    part, ground = None, next((each for each in GROUNDS if each.value == typed.ground), None)
    with checks.field("nom"):
        part = _part(was, said)
    with checks.field("regle"):
        if ground is None:
            raise Invalid("Choisissez la règle appliquée.")
    with checks.field("motif"):
        reason = journal.reason_of(typed.reason, required="Dites pourquoi : la personne le lira.")
        if any(PassageCleaner(words, ()).names(reason) for words in _not_to_copy(was, said)):
            raise Invalid(_COPIED)
    checks.done()
    assert part is not None, "checked"
    assert ground is not None, "checked"
    return _Prepared(was, said, part, ground, reason)


async def _write(member: int, prepared: _Prepared, seen: str) -> None:
    """Change the words, of which `seen` is the mark. Raises Conflict: they are not any more what the form showed."""
    held = await row(
        f"""SELECT name, handle, organisation, email FROM member
             WHERE id = $1 AND erased_at IS NULL{"" if is_sqlite() else " FOR NO KEY UPDATE"}""",
        member,
    )
    if held is None:
        raise NotFound
    was, said = prepared.was, prepared.said
    if not seen == mark_of(held["name"], held["organisation"]) == mark_of(was.name, was.organisation):
        raise Conflict(_CHANGED)
    if said.name != was.name:
        await rename(member, said.name, was=was.name, handle=held["handle"])
        await rename_in_mails(was.name, said.name, to=held["email"])
    await rows("UPDATE member SET organisation = $2 WHERE id = $1", member, said.organisation)


async def _tell(tx: Transaction, member: int, prepared: _Prepared, now: datetime) -> None:
    """On the site and by mail, under the new name."""
    await tell_of_correction(member, now)
    owner = await owner_to_tell(member)
    if owner is None:
        return
    await tell(
        tx,
        owner,
        "name_corrected",
        now=now,
        what=prepared.part.value,
        rule=worded(prepared.ground.label, {}, owner.locale),
        reason=prepared.reason,
        new_name=prepared.said.name,
        organisation=prepared.said.organisation,
    )


def _part(was: Particulars, said: Particulars) -> Corrected:
    """Raises Invalid: nothing changes."""
    if said.name != was.name:
        return Corrected.NAME if said.organisation == was.organisation else Corrected.BOTH
    if said.organisation == was.organisation:
        raise Invalid("Changez le nom ou l’organisation.")
    return Corrected.ORGANISATION


def _not_to_copy(was: Particulars, said: Particulars) -> Iterator[str]:
    """What the reason must not repeat."""
    if said.name != was.name:
        yield from filter(None, (was.name, said.name))
        yield from (word for word in was.name.split() if len(word) >= _TELLING)
    if said.organisation != was.organisation:
        yield from filter(None, (was.organisation, said.organisation))


async def own_correction(viewer: Viewer | None) -> OwnCorrection | None:
    """The latest correction of the reader's own name or organisation, as long as its notification is kept.

    Raises:
        SignInRequired: nobody is signed in.
    """
    viewer = demand(may_keep_own_account, viewer)
    found = await row(
        """SELECT j.at, j.after, j.reason FROM notification n
             JOIN journal_entry j ON j.at = n.created_at AND j.thing = 'member' AND j.thing_id = n.member_id
            WHERE n.member_id = $1 AND n.event = $2 AND j.act = 'correct_person' ORDER BY j.id DESC LIMIT 1""",
        *(viewer.id, Event.CORRECTED.value),
    )
    return None if found is None else _own(found)


def _own(found: Row) -> OwnCorrection:
    said = json.loads(found["after"])
    return OwnCorrection(found["at"], Corrected(said["corrected"]), Ground(said["ground"]), found["reason"])
