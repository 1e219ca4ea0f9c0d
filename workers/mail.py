"""Send a mail: to the mail server of the settings, or to a file in the data folder when there is none.

A mail is sent at least once: its row is deleted after the server accepted it, so if a worker dies in between, another
sends it again under the same Message-ID. If the server is unreachable, sending is retried for two days, or until the
link in the mail expires; a permanent refusal (5xx, RFC 5321) is not retried. No log line and no job contains an
address, which would outlive its account there.
"""

import os
import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib
import anyio.to_thread
import structlog
from aiosmtplib.errors import SMTPDataError, SMTPNotSupported, SMTPRecipientsRefused, SMTPResponseException

from forum.domain.following import letters
from forum.domain.jobs import Claim
from forum.domain.mail import WaitingMail, finish_mail, give_mail_up, is_too_late, mail_to_send
from forum.errors import Invalid, Unavailable, plain_reason
from forum.jobs import JobName
from forum.settings import Settings, settings
from workers import running
from workers.letters import UnwritableAddress, message_of
from workers.running import Work

TRIES: Final = 200
"""Nine within a quarter of an hour, then four an hour: a mail server may be away for two days."""

LONGEST_PAUSE: Final = timedelta(minutes=15)

REST: Final = 20.0
"""Seconds for which a mail server that does not answer is left alone: thousands of mails waiting for it in turn would
keep every other job waiting."""

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")

log = structlog.get_logger()

rests_until = 0.0


class MailRefused(Invalid):
    """This mail will never be accepted, however often it is sent."""


class MailServerAway(Unavailable):
    """The mail was not accepted this time; a later try may succeed."""


async def send_mail(claim: Claim) -> None:
    """Send the mail that a job is about. Does nothing if it was already sent, or must no longer be.

    Raises:
        MailServerAway: not this time.
        LostLease: another worker took the job up meanwhile.
    """
    mail = await mail_to_send(claim)
    if mail is not None and letters.is_of_news(mail):
        mail = await letters.written(mail, running.clock())
    if mail is not None:
        try:
            if is_too_late(mail, running.clock()):
                raise MailRefused("Le lien de ce courriel n’est plus valable.")
            await deliver(mail)
        except MailRefused as refusal:
            log.warning("mail given up", mail=mail.id, template=mail.template, reason=str(refusal))
            await give_mail_up(claim, str(refusal), "", running.clock())
            return
    await finish_mail(claim, running.clock())


WORK: Final[Mapping[str, Work]] = {
    JobName.SEND_MAIL: Work(send_mail, give_mail_up, tries=TRIES, longest_pause=LONGEST_PAUSE)
}


async def send_test(address: str, now: datetime) -> str:
    """Send a test mail, from the shell; returns where it went.

    Raises:
        MailRefused, MailServerAway: it was not sent; the sentence says why.
    """
    return await deliver(WaitingMail(0, address, "test", "fr", {}, now))


async def deliver(mail: WaitingMail) -> str:
    """Make the mail and hand it over; returns where it went: a mail server, or a file.

    Raises:
        MailRefused: it will never be taken.
        MailServerAway: it was not taken this time.
    """
    try:
        message = message_of(mail)
    except UnwritableAddress:
        raise MailRefused("L’adresse de ce courriel ne peut pas s’écrire dans un en-tête.") from None
    known = settings()
    if known.mail.to_files:
        name = f"{mail.created_at:%Y%m%d-%H%M%S}-{mail.id}-{mail.template}.eml"
        return str(await anyio.to_thread.run_sync(_write, known.site.mail_path / name, message.as_bytes()))
    await _hand_over(message, known)
    return urlsplit(known.mail.url).netloc.rpartition("@")[2]


def _write(path: Path, content: bytes) -> Path:
    """Write the mail to a file that appears complete, readable by its owner alone; the same mail again is the same
    file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


async def _hand_over(message: EmailMessage, known: Settings) -> None:
    """Give the mail to the server. Servers often repeat the address in their errors: only codes are kept, and no error
    is chained to another."""
    global rests_until  # one process, one mail server
    if time.monotonic() < rests_until:
        raise MailServerAway("Le serveur de courrier ne répondait pas à l’instant.")
    try:
        await talk(message, known)
    except SMTPRecipientsRefused as refusal:
        raise _refusal(refusal.recipients[0]) from None
    except SMTPDataError as refusal:
        raise _refusal(refusal) from None
    except SMTPNotSupported:
        raise MailRefused("Le serveur de courrier ne connaît pas les adresses accentuées (SMTPUTF8).") from None
    except SMTPResponseException as problem:
        raise MailServerAway("Le serveur de courrier répond {code}.", values={"code": _code(problem)}) from None
    except (aiosmtplib.SMTPException, OSError) as problem:
        rests_until = time.monotonic() + REST
        reason = plain_reason(problem.__cause__ or problem)
        raise MailServerAway("Le serveur de courrier ne répond pas ({reason}).", values={"reason": reason}) from None


async def talk(message: EmailMessage, known: Settings) -> None:
    server = urlsplit(known.mail.url)
    encrypted = server.scheme == "smtps"
    await aiosmtplib.send(
        message,
        sender=known.mail.sender,
        recipients=[message["To"].addresses[0].addr_spec],
        hostname=server.hostname,
        port=server.port,
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=encrypted,
        start_tls=known.mail.starttls and not encrypted,
        local_hostname=known.site.host.partition(":")[0],
        timeout=known.mail.timeout_seconds,
    )


def _refusal(answer: SMTPResponseException) -> MailRefused | MailServerAway:
    kind = MailRefused if answer.code >= 500 else MailServerAway
    return kind("Le serveur de courrier refuse ce courriel ({code}).", values={"code": _code(answer)})


def _code(answer: SMTPResponseException) -> str:
    """The code of a refusal: 550, or 550 5.1.1 when the server says more."""
    more = _ENHANCED.match(answer.message)
    return f"{answer.code} {more[0]}" if more else str(answer.code)
