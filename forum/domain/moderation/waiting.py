"""How much waits for somebody who moderates? The two numbers of the masthead: contributions to treat, and cases and
complaints to decide. Others are asked for nothing."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from forum.database import known_row, places, rows
from forum.domain.harvest.inbox import count_untreated
from forum.permissions import Viewer, may_open_inbox, may_open_notices, may_read_notices

_WAITING: Final = """
    SELECT (SELECT COUNT(*) FROM moderation_case c WHERE c.closed_at IS NULL AND c.working_group_id IN ({groups}))
         + (SELECT COUNT(*) FROM moderation_complaint x JOIN moderation_decision d ON d.id = x.decision_id
              JOIN moderation_case c ON c.id = d.case_id
             WHERE x.answered_at IS NULL AND COALESCE(d.decided_by_id, 0) <> $1 AND c.working_group_id IN ({groups}))
           AS n"""


async def with_waiting(viewer: Viewer, now: datetime) -> Viewer:
    """The viewer with what waits for them."""
    if not may_open_notices(viewer, now) and not may_open_inbox(viewer, now):
        return viewer
    return replace(viewer, to_treat=await count_untreated(viewer, now), to_decide=await _count_to_decide(viewer, now))


async def _count_to_decide(viewer: Viewer, now: datetime) -> int:
    """Open cases of their groups, and complaints about decisions that they did not take."""
    groups = [each["id"] for each in await rows("SELECT id FROM working_group ORDER BY id")]
    mine = [group for group in groups if may_read_notices(viewer, group, now)]
    wanted = places(len(mine), after=1) or "NULL"
    return int((await known_row(_WAITING.format(groups=wanted), viewer.id, *mine))["n"])
