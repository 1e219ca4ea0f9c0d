"""What does a report on a mail that was not delivered say? Read as RFC 3464 writes it, with nothing guessed: a message
in free words, however plain to a person, says nothing here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parseaddr
from typing import Final

_STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
_ACTIONS: Final = {"5": {"failed"}, "4": {"failed", "delayed"}}
"""What was done about the mail, by the first digit of its status, for it to count: a mail that was passed on does
not."""


@dataclass(frozen=True, slots=True)
class BounceReport:
    """One recipient whom a mail did not reach: the status (RFC 3463), the addresses by which the report and the mail
    name them, and the Message-ID of the mail, empty when it was not sent back."""

    status: str
    addresses: tuple[str, ...]
    message_id: str


def read_bounces(raw: bytes) -> tuple[BounceReport, ...]:
    """What a message reports; nothing when it is no report, or an unreadable one."""
    message = message_from_bytes(raw, policy=policy.default)
    if message.get_content_type() != "multipart/report" or message.get_param("report-type") != "delivery-status":
        return ()
    message_id, to = _original(message)
    return tuple(
        BounceReport(status, tuple(dict.fromkeys(filter(None, (to, *addresses)))), message_id)
        for status, addresses in _recipients(message)
    )


def _recipients(message: Message) -> Iterator[tuple[str, list[str]]]:
    """The status and the addresses of each recipient."""
    for block in _blocks(message, "message/delivery-status"):
        status = _STATUS.match(_said(block, "Status"))
        if status is not None and _said(block, "Action").lower() in _ACTIONS.get(status[0][0], ()):
            yield status[0], [_address(_said(block, name)) for name in ("Original-Recipient", "Final-Recipient")]


def _original(message: Message) -> tuple[str, str]:
    """The Message-ID and the recipient of the mail that comes back, whole or by its headers alone."""
    for found in (*_blocks(message, "message/rfc822"), *_headers(message)):
        return _said(found, "Message-ID"), parseaddr(_said(found, "To"))[1].lower()
    return "", ""


def _blocks(message: Message, kind: str) -> Iterator[Message]:
    """The messages, or blocks of fields, inside the parts of that kind."""
    for part in message.walk():
        inside = part.get_payload()
        if part.get_content_type() == kind and isinstance(inside, list):
            yield from (each for each in inside if isinstance(each, Message))


def _headers(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            raw = part.get_payload(decode=True)
            yield message_from_bytes(raw if isinstance(raw, bytes) else b"")


def _said(block: Message, name: str) -> str:
    """A header as text, empty without it or when it cannot be read."""
    try:
        return str(block.get(name, "")).strip()
    except (ValueError, IndexError, AttributeError, TypeError):
        return ""


def _address(said: str) -> str:
    """Of `rfc822; somebody@exemple.fr`."""
    kind, _, address = said.partition(";")
    return address.strip().strip("<>").lower() if kind.strip().lower() in ("rfc822", "utf-8") else ""
