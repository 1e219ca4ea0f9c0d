"""What should be looked at before a synthesis is published? Its checklist.

Each line is a warning with a figure. To go past one needs words, which are a block of the synthesis like the others and
are printed in the annexes. What the documents hold of hidden or withdrawn words is no warning: composing them again
takes these out.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anyio import to_thread

from forum.database import Row, row
from forum.domain.syntheses.blocks import BlockPlace
from forum.domain.syntheses.syntheses import find_synthesis
from forum.domain.syntheses.written import WrittenWords, from_line
from forum.models.proposals import IN_FORCE
from forum.models.syntheses import BlockKind, Reserve
from forum.permissions import Viewer, demand, may_write_synthesis


@dataclass(frozen=True, slots=True)
class Warned:
    """A line of the checklist; `count` is 0 for something that is missing. Whether the documents hold the words that go
    past it."""

    reserve: Reserve
    count: int
    is_passed: bool

    @property
    def place(self) -> BlockPlace:
        """The block of its words."""
        return BlockPlace(BlockKind.RESERVE, self.reserve.value)


async def read_checklist(viewer: Viewer | None, synthesis: int, now: datetime) -> tuple[Warned, ...]:
    """The warnings of a synthesis as it was composed, in their order.

    Raises:
        NotFound: it does not exist, or this person may not write in it.
    """
    found = await find_synthesis(viewer, synthesis, now)
    demand(may_write_synthesis, viewer, now)
    return await warnings_of(found)


async def warnings_of(found: Row) -> tuple[Warned, ...]:
    """The warnings of a synthesis, of the row that `find_synthesis` gives."""
    frozen = await row("SELECT snapshot FROM synthesis WHERE id = $1", found["id"])
    words = from_line(found["written"])
    facts = await to_thread.run_sync(json.loads, frozen["snapshot"] if frozen else "{}")
    lines = [*_of_data(facts), (Reserve.TAGS, await _waiting_tags(found["theme_id"]))]
    return tuple(
        Warned(reserve, count, words.of(BlockKind.RESERVE, reserve.value) is not None)
        for reserve, count in sorted((*_of_words(words), *lines), key=lambda line: list(Reserve).index(line[0]))
        if count or reserve in (Reserve.ESSENTIALS, Reserve.INTRODUCTION)
    )


def _of_words(words: WrittenWords) -> Iterable[tuple[Reserve, int]]:
    if words.of(BlockKind.ESSENTIALS) is None:
        yield Reserve.ESSENTIALS, 0
    if words.of(BlockKind.INTRODUCTION) is None:
        yield Reserve.INTRODUCTION, 0


def _of_data(facts: dict[str, Any]) -> Iterable[tuple[Reserve, int]]:
    said = facts.get("participation", {})
    without = sum(each["posts"] for each in said.get("posts_without_follow_up", ()))
    yield Reserve.UNREAD, said.get("posts", 0) - said.get("posts_treated", 0) - without
    in_force = [each for each in facts.get("proposals", ()) if each["state"] in IN_FORCE]
    answered = {(each["theme"], question) for each in in_force for question in each["questions"]}
    asked = {(theme["number"], each["position"]) for theme in facts.get("themes", ()) for each in theme["questions"]}
    yield Reserve.QUESTIONS, len(asked - answered)
    yield Reserve.ANSWERS, sum(each["decision"] is None for each in in_force) if facts.get("kind") == "final" else 0


async def _waiting_tags(theme: int | None) -> int:
    found = await row(
        """SELECT (SELECT COUNT(*) FROM meeting_tag g JOIN post p ON p.id = g.post_id AND p.state = 'shown'
                     JOIN thread h ON h.id = p.thread_id
                    WHERE g.state = 'waiting' AND (CAST($1 AS INTEGER) IS NULL OR h.theme_id = $1))
                + (SELECT COUNT(*) FROM unknown_tag g JOIN post p ON p.id = g.post_id AND p.state = 'shown'
                     JOIN thread h ON h.id = p.thread_id
                    WHERE g.state = 'waiting' AND (CAST($1 AS INTEGER) IS NULL OR h.theme_id = $1)) AS waiting""",
        theme,
    )
    return int(found["waiting"]) if found else 0
