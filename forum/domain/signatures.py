"""Under which name is a contribution shown? That of the member who wrote it or, of one that was received elsewhere, the
name that its author wishes (`receptions/receptions.py`). NULL: the text names nobody.

Expressions for any query that shows a name: they look for another one only where no member is the author.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from forum.database import Row
from forum.models.posts import ReceptionOrigin

ANONYMOUS: Final = "Anonyme"
"""The name of those who wish to give none."""
ERASED: Final = "Nom effacé"
"""The name of those who asked to be erased."""
NAMELESS: Final = (ANONYMOUS, ERASED)


@dataclass(frozen=True, slots=True)
class Received:
    """Where a contribution comes from that was not written on the site: the name and organisation that its author
    wishes, the way by which it came (`channel` says what OTHER is) and the day."""

    name: str
    organisation: str
    origin: ReceptionOrigin
    channel: str
    on: date

    @property
    def is_named(self) -> bool:
        return self.name not in NAMELESS


RECEIVED: Final = "LEFT JOIN reception v ON v.post_id = p.id"
RECEIVED_COLUMNS: Final = "v.name AS signature, v.organisation AS signed_for, v.origin, v.channel, v.received_on"
RECEIVED_SHOWN: Final = """(SELECT COUNT(*) FROM reception rv JOIN post rp ON rp.id = rv.post_id
                   WHERE rp.thread_id = {} AND rp.state = 'shown')"""
"""How many contributions of a thread that are shown were received elsewhere; the argument is its id."""


def received_from(found: Row) -> Received | None:
    """Of a row with RECEIVED_COLUMNS; None: it was written on the site."""
    if found["origin"] is None:
        return None
    return Received(
        found["signature"],
        found["signed_for"],
        ReceptionOrigin(found["origin"]),
        found["channel"],
        found["received_on"],
    )


def signed(post: str, member: str) -> str:
    """The name under a contribution; the arguments are the expression of its id, and the alias of its author."""
    return f"COALESCE({member}.name, (SELECT rv.name FROM reception rv WHERE rv.post_id = {post}))"


def proposed_by(proposal: str, member: str) -> str:
    """The name under a proposal, which may be made of such a contribution, while that is shown; the arguments are two
    aliases."""
    return f"""COALESCE({member}.name, (SELECT rv.name FROM reception rv JOIN extract rx ON rx.post_id = rv.post_id
                                  JOIN post rp ON rp.id = rv.post_id AND rp.state = 'shown'
                                 WHERE rx.id = {proposal}.extract_id))"""
