"""Whom may somebody mean, who types @ and a few letters? Those who wrote in this thread come first.

Only people whose contributions everybody reads: their names are public, and the list tells of nobody else.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import rows
from forum.domain.discussion.posts import place_to_reply
from forum.permissions import Viewer, demand, may_contribute
from forum.text.mentions import LONGEST_HANDLE, handle_key

SHOWN: Final = 6
"""People in the list: as many as one reads at a glance."""


@dataclass(frozen=True, slots=True)
class CalledPerson:
    name: str
    handle: str


async def people_to_call(viewer: Viewer | None, thread: int, begun: str, now: datetime) -> tuple[CalledPerson, ...]:
    """People whose handle, or a part of it, begins so: those who wrote in the thread, the latest first, then others
    where at least one letter was typed.

    Raises:
        NotFound, SignInRequired, NotAllowed: one cannot write there.
    """
    place = await place_to_reply(viewer, thread, now)
    viewer = demand(may_contribute, viewer, place.theme.schedule, now, locked=place.locked)
    letters = _literal(handle_key(begun[:LONGEST_HANDLE]))
    found = await rows(
        f"""SELECT x.name, x.handle FROM (
               SELECT m.name, m.handle, COALESCE((SELECT MAX(h.number) FROM post h WHERE h.author_id = m.id
                         AND h.thread_id = $1 AND h.state = 'shown'), 0) AS place
                 FROM member m
                WHERE m.id <> $2 AND m.erased_at IS NULL
                  AND (m.password_hash IS NOT NULL OR EXISTS (SELECT 1 FROM identity i WHERE i.member_id = m.id))
                  AND (m.handle_key LIKE $3 ESCAPE '!' OR m.handle_key LIKE $4 ESCAPE '!')
                  AND EXISTS (SELECT 1 FROM post p WHERE p.author_id = m.id AND p.state = 'shown')) AS x
            WHERE x.place > 0 OR $5 = 1 ORDER BY x.place DESC, x.name, x.handle LIMIT {SHOWN}""",
        *(place.thread, viewer.id, f"{letters}%", f"%-{letters}%", int(bool(letters))),
    )
    return tuple(CalledPerson(each["name"], each["handle"]) for each in found)


def _literal(word: str) -> str:
    """A word for LIKE, with % and _ taken literally."""
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
