"""Read what mail servers say of mails that did not arrive."""

import mailbox
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forum.commands.running import commands, run_open, say
from forum.domain.members.bounces import BounceFate, note_bounce
from forum.text.bounces import read_bounces


@commands.command("read-bounces")
def read_bounces_command(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Boîte au format Maildir ; sans elle, un message lu sur l’entrée.", exists=True, file_okay=False
        ),
    ] = None,
) -> None:
    """Lire les avis de non-remise (RFC 3464) : l’adresse refusée pour de bon, ou deux fois en une semaine, est marquée.

    Les messages lus d’une boîte y sont marqués comme lus, et ne sont pas relus.
    """
    now = datetime.now(UTC)
    fates = Counter(run_open(lambda: note_all(unread(folder) if folder else iter([sys.stdin.buffer.read()]), now)))
    marked, noted, left = (fates[each] for each in BounceFate)
    say(f"Adresses marquées : {marked} ; premiers refus notés : {noted} ; sans effet : {left}")


async def note_all(messages: Iterator[bytes], now: datetime) -> list[BounceFate]:
    """What became of each report in these messages; one without any is left."""
    fates = []
    for raw in messages:
        reports = read_bounces(raw)
        fates += [await note_bounce(each, now) for each in reports] or [BounceFate.LEFT]
    return fates


def unread(folder: Path) -> Iterator[bytes]:
    """The messages of a Maildir that nobody has read; each is marked once it was dealt with."""
    box = mailbox.Maildir(folder, factory=None, create=False)
    for key in list(box.iterkeys()):
        message = box.get_message(key)
        if "S" in message.get_flags():
            continue
        yield box.get_bytes(key)
        message.set_subdir("cur")
        message.add_flag("S")
        box[key] = message
