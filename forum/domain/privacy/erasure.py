"""A person asks to be forgotten (GDPR, article 17): their account goes, their words stay, without their name anywhere.

What they wrote belongs to a consultation that people answered and voted on: it stays, its author is "Compte effacé".
Everything else of theirs is deleted, and their name, handle and address are taken out of everybody's words, in one
transaction (`redacted_words.py`). `COLUMNS` says what happens to every text of the database; a test compares it with
the schema. For published syntheses, see `syntheses/redactions.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from enum import StrEnum
from functools import partial
from typing import Final

import structlog
from anyio import to_thread

from forum.database import Transaction, is_sqlite, on_postgres, places, row, rows, transaction
from forum.domain import journal
from forum.domain.leftovers import ask_to_wipe
from forum.domain.links import forget_links
from forum.domain.mail import FAREWELL, forget_mails, post_mail
from forum.domain.members import invitations
from forum.domain.members.members import free_handle
from forum.domain.privacy.redacted_words import find_strangers, hold_all, opened, take_out, warm_up
from forum.domain.themes.themes import THEME_COLUMNS, theme_from
from forum.domain.votes.exclusions import was_never_published
from forum.errors import NotAllowed, NotFound
from forum.models.joining import Purpose
from forum.models.members import Role
from forum.permissions import Viewer
from forum.sealing import seal
from forum.settings import settings
from forum.text.folding import sort_key
from forum.text.mentions import handle_key
from forum.text.names import make_handle
from forum.text.redaction import RedactedPerson, Redactor, is_ordinary

NAME: Final = "Compte effacé"
"""The name shown from then on; pages translate it."""

log = structlog.get_logger()


class TextFate(StrEnum):
    """What happens to a text when somebody is erased."""

    WORDS = "words"  # anybody's words: the person's names are taken out
    OWN = "own"  # deleted with the person's row, or emptied in it
    SEALED = "sealed"  # opened, and deleted when it is about the person
    SYNTHESIS = "synthesis"  # made again without the names
    FOUND = "found"  # what words are found by: made again from those that stay
    SITE = "site"  # the organiser's own files, or codes of the program: hashes, names of formats


_SITE, _OWN, _WORDS, _SEALED, _SYNTHESIS, _FOUND = (
    TextFate.SITE,
    TextFate.OWN,
    TextFate.WORDS,
    TextFate.SEALED,
    TextFate.SYNTHESIS,
    TextFate.FOUND,
)

COLUMNS: Final[Mapping[str, Mapping[str, TextFate]]] = {
    "address_change": {"email": _OWN},
    "answer": {"decision": _SITE, "reason": _WORDS, "service": _WORDS},
    "archive": {"content": _OWN, "sha256": _OWN},
    "backup": {},
    "text_pass": {},
    "sign_of_life": {"who": _SITE},
    "ballot": {"opinion": _SITE, "profession": _SITE, "territory": _SITE},
    "ballot_change": {"opinion": _SITE},
    "ballot_key": {"secret": _OWN},
    "ballot_sheet": {"counts": _SITE, "salt": _SITE, "content": _SITE, "sha256": _SITE},
    "bounce": {"status": _SITE},
    "distinction": {},
    "document": {
        "format": _SITE,
        "media_type": _SITE,
        "content": _SYNTHESIS,
        "sha256": _SYNTHESIS,
        "error": _WORDS,
    },
    "extract": {"sha256": _WORDS, "nature": _SITE},
    "follow": {},
    "guiding_question": {"text": _SITE},
    "identification": {"sealed": _SEALED},
    "identity": {"issuer": _OWN, "subject": _OWN},
    "invitation": {
        "email": _OWN,
        "email_key": _OWN,
        "name": _OWN,
        "organisation": _WORDS,
        "profession": _SITE,
        "territory": _SITE,
        "locale": _SITE,
    },
    "invitation_batch": {"lines": _SEALED},
    "job": {"name": _SITE, "key": _SITE, "state": _SITE, "step": _SITE, "error": _WORDS, "trace_id": _SITE},
    "journal_entry": {
        "act": _SITE,
        "thing": _SITE,
        "before": _WORDS,
        "after": _WORDS,
        "reason": _WORDS,
        "salt": _SITE,
        "words_digest": _SITE,
        "chain": _SITE,
    },
    "journal_head": {"chain": _SITE},
    "link": {"token_hash": _OWN, "purpose": _SITE, "undelivered": _SITE},
    "mail_wish": {"kind": _SITE, "pace": _SITE},
    "mail": {"address": _OWN, "template": _SITE, "locale": _SITE, "content": _SEALED},
    "meeting": {"place": _WORDS, "attendance": _WORDS, "minutes": _WORDS},
    "meeting_tag": {"state": _SITE},
    "member": {
        "name": _OWN,
        "handle": _OWN,
        "handle_key": _OWN,
        "email": _OWN,
        "email_key": _OWN,
        "password_hash": _OWN,
        "role": _OWN,
        "organisation": _WORDS,
        "profession": _OWN,
        "territory": _OWN,
        "charter_version": _OWN,
        "locale": _OWN,
        "suspended_reason": _WORDS,
    },
    "mention": {"handle": _OWN, "handle_key": _OWN},
    "moderation_case": {"thing": _SITE, "open_key": _SITE},
    "moderation_complaint": {"words": _WORDS, "outcome": _SITE, "answer": _WORDS},
    "moderation_decision": {"act": _SITE, "ground": _SITE, "facts": _WORDS, "statement": _WORDS},
    "moderation_notice": {
        "thing": _SITE,
        "ground": _SITE,
        "words": _WORDS,
        "address": _SEALED,
        "locale": _SITE,
        "complaint": _WORDS,
        "outcome": _SITE,
        "answer": _WORDS,
    },
    "moderator": {},
    "moved_post": {},
    "notification": {"event": _SITE, "key": _SITE},
    "obligation": {"words": _WORDS, "done_words": _WORDS},
    "pending_post": {"title": _WORDS, "source": _WORDS, "state": _SITE},
    "post": {"kind": _SITE, "state": _SITE, "source": _WORDS, "html": _WORDS, "plain": _WORDS},
    "post_draft": {"kind": _SITE, "title": _WORDS, "source": _WORDS, "form_key": _SITE},
    "post_revision": {"source": _WORDS, "html": _WORDS, "plain": _WORDS},
    "proposal": {
        "wording": _WORDS,
        "body": _WORDS,
        "body_html": _WORDS,
        "body_plain": _WORDS,
        "state": _SITE,
        "state_reason": _WORDS,
        "origin": _SITE,
    },
    "proposal_merge": {"reason": _WORDS},
    "proposal_question": {},
    "proposal_turn": {"turn": _SITE, "reason": _WORDS},
    "proposal_version": {"wording": _WORDS, "body": _WORDS, "reason": _WORDS},
    "provider_visit": {"state_hash": _OWN, "browser_hash": _OWN, "sealed": _OWN},
    "excluded_vote": {"reason": _WORDS},
    "published_release": {"cells": _SITE},
    "kept_result": {"basis": _SITE, "facts": _SITE, "pairs": _SITE},
    "kept_place": {"facts": _SITE, "cells": _SITE},
    "quote": {"sha256": _WORDS},
    "reception": {"origin": _SITE, "channel": _WORDS, "name": _WORDS, "organisation": _WORDS},
    "recovery_code": {"code_hash": _OWN},
    "search_entry": {"kind": _SITE, "words": _FOUND, "lexemes": _FOUND},
    "second_factor": {"secret": _OWN},
    "sent_form": {"key": _OWN, "digest": _OWN},
    "session": {"token_hash": _OWN, "device": _OWN, "issuer": _OWN, "id_token": _OWN},
    "sign_up": {
        "name": _OWN,
        "email": _OWN,
        "password_hash": _OWN,
        "organisation": _OWN,
        "profession": _OWN,
        "territory": _OWN,
        "charter_version": _OWN,
        "locale": _OWN,
    },
    "signature": {
        "content": _SITE,
        "sha256": _SITE,
        "signed": _SITE,
        "signer": _SITE,
        "issuer": _SITE,
        "fingerprint": _SITE,
    },
    "synthesis": {
        "scope": _SITE,
        "state": _SITE,
        "snapshot": _SYNTHESIS,
        "snapshot_sha256": _SYNTHESIS,
        "written": _SYNTHESIS,
    },
    "synthesis_block": {"kind": _SITE, "subject": _SITE, "source": _WORDS, "html": _WORDS, "plain": _WORDS},
    "theme": {
        "title": _SITE,
        "introduction": _SITE,
        "introduction_html": _SITE,
        "voting": _SITE,
        "mentions": _SITE,
    },
    "thread": {"title": _WORDS, "import_key": _SITE},
    "thread_read": {},
    "thread_turn": {"act": _SITE, "before": _WORDS, "reason": _WORDS},
    "treatment": {"outcome": _SITE, "reason": _WORDS},
    "unknown_tag": {"state": _SITE},
    "withheld": {"thing": _SITE, "table_name": _SITE, "words": _WORDS, "ground": _SITE},
    "working_group": {"slug": _SITE, "name": _SITE},
}
"""Every text and every file of the database, by table and column."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The person, as they were until now."""

    id: int
    name: str
    handle: str
    email: str | None
    locale: str
    role: Role
    created_at: datetime
    active_at: datetime | None


async def erase(
    member: int, *, actor: Viewer | None, now: datetime, unless_active_after: datetime | None = None
) -> None:
    """Forget a person, at once and everywhere; `actor` is who asked, None for the daily work (inactive accounts).

    The caller has checked the right and the proof.

    Raises:
        NotFound: there is no such account (any more), or its owner came back after `unless_active_after`.
        NotAllowed: this is the last administrator: nobody could appoint another one.
    """
    person = await _person(member)
    redactor, strangers = await _redactor(person)
    await warm_up(redactor, strangers)
    async with transaction() as tx:
        await hold_all()
        person = await _person(member, hold=True)
        if unless_active_after is not None and person.active_at is not None and person.active_at > unless_active_after:
            raise NotFound
        await _refuse_last_administrator(person)
        await _keep_identification(person, now)
        await _withdraw_ballots(person.id, now)
        await _delete_own(person, now)
        await _anonymise(person, now)
        await take_out(tx, redactor, strangers, now)
        await journal.record(actor, "erase", "member", person.id, group=None, now=now)
        await _say_farewell(tx, person, now)
        await ask_to_wipe(tx, now)
        tx.after_commit(partial(to_thread.run_sync, _delete_written_mails, redactor))
    log.info("account erased", member=person.id, asked_by="owner" if actor else "retention")


async def _say_farewell(tx: Transaction, person: Erased, now: datetime) -> None:
    """Tell them that it is done; not in a file, which would be the last one that names them."""
    if person.email and not settings().mail.to_files:
        await post_mail(tx, FAREWELL, person.email, locale=person.locale, now=now, name=person.name)


def _delete_written_mails(redactor: Redactor) -> None:
    """Delete mails in files, to the person or about them: development writes some, production none."""
    for path in settings().site.mail_path.glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        said = [str(value) for value in message.values()]
        said += [str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"]
        if any(redactor.clean(words) != words for words in said):
            path.unlink()


# Who they are


async def is_last_administrator(member: int) -> bool:
    """Whether this is the last administrator: such an account is kept until there is another one."""
    return await row(
        "SELECT id FROM member WHERE id = $1 AND role = 'administrator' AND erased_at IS NULL", member
    ) is not None and not await row(
        """SELECT id FROM member WHERE id <> $1 AND role = 'administrator' AND erased_at IS NULL
                                   AND confirmed_at IS NOT NULL LIMIT 1""",
        member,
    )


async def _person(member: int, *, hold: bool = False) -> Erased:
    held = " FOR UPDATE" if hold and not is_sqlite() else ""
    found = await row(
        f"""SELECT id, name, handle, email, locale, role, created_at, active_at FROM member
             WHERE id = $1 AND erased_at IS NULL{held}""",
        member,
    )
    if found is None:
        raise NotFound
    return Erased(
        id=found["id"],
        name=found["name"],
        handle=found["handle"],
        email=found["email"],
        locale=found["locale"],
        role=Role(found["role"]),
        created_at=found["created_at"],
        active_at=found["active_at"],
    )


async def _refuse_last_administrator(person: Erased) -> None:
    if person.role is Role.ADMINISTRATOR:
        # Of two administrators who leave at once, the second waits here, and finds that they are the last.
        await on_postgres("SELECT id FROM member WHERE role = 'administrator' ORDER BY id FOR UPDATE")
    if await is_last_administrator(person.id):
        raise NotAllowed(
            "Vous êtes le dernier administrateur : nommez-en un autre, puis effacez votre compte.",
        )


async def _redactor(person: Erased) -> tuple[Redactor, frozenset[str]]:
    """The redactor of the person, and the keys of the handles that will belong to no member."""
    key = handle_key(person.handle)
    written = await rows("SELECT DISTINCT handle FROM mention WHERE member_id = $1", person.id)
    others = await rows("SELECT name, handle_key FROM member WHERE id <> $1 AND erased_at IS NULL", person.id)
    names = frozenset(sort_key(one["name"]) for one in others)
    about = RedactedPerson(
        name=person.name,
        others=names,
        handles=tuple(dict.fromkeys((person.handle, *(one["handle"] for one in written)))),
        email=person.email,
        ordinary=await is_ordinary_name(person.name),
        shared=sort_key(person.name) in names,
    )
    begun = tuple({key, *(handle_key(make_handle(name)) for name in about.spellings())})
    about = replace(
        about, namesakes=frozenset(one["handle_key"] for one in others if one["handle_key"].startswith(begun))
    )
    return Redactor(about), await find_strangers() | {key}


async def is_ordinary_name(name: str) -> bool:
    """Whether a name is also made of words that people write here."""
    texts = [one["plain"] for one in await rows("SELECT plain FROM post")]
    return await to_thread.run_sync(is_ordinary, name, texts)


# What goes


async def _keep_identification(person: Erased, now: datetime) -> None:
    """What a host must be able to tell a court of those who left (LCEN, art. 6; decree 2021-1362), when it is kept."""
    days = settings().retention.identification_days
    if days <= 0:
        return
    known = {
        "name": person.name,
        "handle": person.handle,
        "email": person.email,
        "created_at": person.created_at.isoformat(),
        "active_at": person.active_at.isoformat() if person.active_at else None,
        "erased_at": now.isoformat(),
    }
    await rows(
        "INSERT INTO identification (member_id, sealed, created_at, purge_at) VALUES ($1, $2, $3, $4)",
        person.id,
        seal(known),
        now,
        now + timedelta(days=days),
    )


async def _withdraw_ballots(member: int, now: datetime) -> None:
    """Withdraw ballots in votes of which no total was ever published, as the voter could; the others stay.

    Everybody can see that an account is erased: a published total that falls by one at that moment would tell what its
    owner had voted on each proposal, where the vote is not sealed as where it was closed and opened again.
    """
    themes = [theme_from(one) for one in await rows(f"SELECT {THEME_COLUMNS} FROM theme t")]
    under_way = [theme.id for theme in themes if await was_never_published(theme, now)]
    if not under_way:
        return
    withdrawn = await rows(
        f"""DELETE FROM ballot WHERE voter_id = $1 AND proposal_id IN (
                SELECT id FROM proposal WHERE theme_id IN ({places(len(under_way), after=1)}))
            RETURNING proposal_id, proposal_version""",
        member,
        *under_way,
    )
    for one in withdrawn:
        await rows(
            """INSERT INTO ballot_change (proposal_id, voter_id, opinion, proposal_version, changed_at)
               VALUES ($1, $2, NULL, $3, $4)""",
            one["proposal_id"],
            member,
            one["proposal_version"],
            now,
        )


# Tables whose rows belong to the person alone.
_OWN_ROWS: Final = (
    "session",
    "second_factor",
    "recovery_code",
    "identity",
    "provider_visit",
    "address_change",
    "archive",
    "notification",
    "thread_read",
    "post_draft",
    "sent_form",
    "follow",
    "mail_wish",
    "bounce",
    "mention",
    "moderator",
    "invitation_batch",
    "ballot_key",
)


async def _delete_own(person: Erased, now: datetime) -> None:
    changes = await rows("SELECT id FROM address_change WHERE member_id = $1", person.id)
    subjects = [(purpose, one["id"]) for one in changes for purpose in (Purpose.OLD_ADDRESS, Purpose.NEW_ADDRESS)]
    subjects += [(Purpose.RESET, person.id), (Purpose.CONFIRM, person.id)]
    for table in _OWN_ROWS:
        await rows(f"DELETE FROM {table} WHERE member_id = $1", person.id)
    await rows("DELETE FROM job WHERE key = $1", f"archive:{person.id}")
    if person.email:
        address = person.email.lower()
        asked = await rows("SELECT id FROM sign_up WHERE LOWER(email) = $1", address)
        subjects += [(Purpose.SIGN_UP, one["id"]) for one in asked]
        await rows("DELETE FROM sign_up WHERE LOWER(email) = $1", address)
        await rows("DELETE FROM address_change WHERE LOWER(email) = $1", address)
        await forget_mails(person.email)
        await invitations.forget_address(person.email)
        await _forget_batches(address)
        await _forget_notifier(address)
    await rows("UPDATE invitation SET name = '' WHERE member_id = $1", person.id)
    await _delete_drafts(person.id)
    await _delete_pending(person.id, now)
    for purpose, subject in subjects:
        await rows("DELETE FROM link WHERE purpose = $1 AND subject = $2", purpose.value, subject)


async def _delete_drafts(member: int) -> None:
    """Delete their drafts, which nobody else has seen."""
    drafts = "SELECT id FROM proposal WHERE author_id = $1 AND state = 'draft'"
    for table in ("proposal_question", "proposal_version", "proposal_turn"):
        await rows(f"DELETE FROM {table} WHERE proposal_id IN ({drafts})", member)
    await rows("DELETE FROM proposal WHERE author_id = $1 AND state = 'draft'", member)


async def _delete_pending(member: int, now: datetime) -> None:
    """Delete what they wrote that waits or was refused: hardly anybody has seen it. Moderators have nothing to decide
    about it any more."""
    theirs = "SELECT id FROM pending_post WHERE author_id = $1"
    await rows(
        f"""UPDATE moderation_case SET closed_at = $2, open_key = NULL
             WHERE closed_at IS NULL AND thing = 'pending' AND thing_id IN ({theirs})""",
        member,
        now,
    )
    await rows(
        """UPDATE pending_post SET title = '', source = '',
                  state = CASE state WHEN 'waiting' THEN 'given up' ELSE state END WHERE author_id = $1""",
        member,
    )


async def _forget_batches(address: str) -> None:
    """Delete unsent files of invitations that contain this address."""
    for batch in await rows("SELECT id, lines FROM invitation_batch"):
        lines = opened(batch["lines"])
        if lines is None or address in json.dumps(lines, ensure_ascii=False).lower():
            await rows("DELETE FROM invitation_batch WHERE id = $1", batch["id"])


async def _forget_notifier(address: str) -> None:
    """Delete this address where it was left with a notice, without signing in."""
    for notice in await rows("SELECT id, address FROM moderation_notice WHERE address <> ''"):
        left = opened(notice["address"])
        if left is None or left.lower() == address:
            await rows("UPDATE moderation_notice SET address = '' WHERE id = $1", notice["id"])
            for purpose in (Purpose.NOTICE, Purpose.NOTICE_OUTCOME):
                await forget_links(purpose, notice["id"])


async def _anonymise(person: Erased, now: datetime) -> None:
    handle = await free_handle(f"efface-{person.id}")
    await rows("UPDATE excluded_vote SET reason = '' WHERE member_id = $1", person.id)
    await rows(
        """UPDATE member SET name = $2, handle = $3, handle_key = $4, email = NULL, email_key = NULL,
                  password_hash = NULL, role = 'member', organisation = '', profession = '', territory = '',
                  charter_version = '', charter_accepted_at = NULL, locale = 'fr', suspended_until = NULL,
                  suspended_reason = '', active_at = NULL, warnings = 0, warned_at = NULL, bounced_at = NULL,
                  erased_at = $5
            WHERE id = $1""",
        person.id,
        NAME,
        handle,
        handle_key(handle),
        now,
    )
