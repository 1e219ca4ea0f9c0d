"""What waits for somebody who moderates, and who is told that it has waited for two days?

The masthead has two numbers: contributions to treat, and cases and complaints to decide. A case or a complaint that has
waited for two days is called to mind, once, among the moderators of its group; administrators where a group has none.
Workers look every hour for what waits so long; the key of a job says that it was called to mind.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forum.database import known_row, places, row, rows, transaction
from forum.domain import jobs
from forum.domain.harvest.inbox import count_untreated
from forum.domain.jobs import Claim
from forum.domain.mail import Letter, post_mails
from forum.domain.moderation.cases import LATE_AFTER, UNANSWERED
from forum.domain.moderation.things import thing_of
from forum.domain.notifications import tell_of_moderation
from forum.jobs import JobName, enqueue
from forum.models.moderation import Moderated
from forum.models.notifications import Event
from forum.permissions import Viewer, may_open_inbox, may_open_notices, may_read_notices


@dataclass(frozen=True, slots=True)
class CaseReader:
    """Somebody who reads the cases of a group."""

    member: int
    name: str
    email: str | None
    locale: str


async def moderators_of(group: int, now: datetime, *, but: Collection[int | None] = ()) -> list[CaseReader]:
    """The moderators of a group who can act now; the administrators where there is none. `but` leaves people out."""
    for who in (_OF_GROUP, _ADMINISTRATORS):
        found = await rows(
            f"""SELECT m.id, m.name, m.email, m.locale FROM member m
                 WHERE {who} AND m.erased_at IS NULL AND (m.suspended_until IS NULL OR m.suspended_until <= $2)
                 ORDER BY m.id""",
            group,
            now,
        )
        able = [CaseReader(each["id"], each["name"], each["email"], each["locale"]) for each in found]
        if left := [one for one in able if one.member not in but]:
            return left
    return []


# The group is named in both, since a statement is given as many values as it names.
_OF_GROUP: Final = "EXISTS (SELECT 1 FROM moderator x WHERE x.member_id = m.id AND x.working_group_id = $1)"
_ADMINISTRATORS: Final = "m.role = 'administrator' AND CAST($1 AS INTEGER) IS NOT NULL"


async def readers_of_complaint(group: int, now: datetime, *concerned: int | None) -> list[CaseReader]:
    """Who may answer a complaint: other moderators of the group, else administrators; empty where neither is left. Not
    those who are `concerned`: who decided, who contests, whose words it is about."""
    return await moderators_of(group, now, but=concerned)


_LATE: Final = f"""
    SELECT c.id, 'remind:case:' || c.id AS key FROM moderation_case c WHERE c.closed_at IS NULL AND c.opened_at <= $1
    UNION ALL
    SELECT d.case_id, 'remind:' || x.key FROM {UNANSWERED} x
      JOIN moderation_decision d ON d.id = x.decision_id WHERE x.created_at <= $1"""


async def ask_for_reminders(now: datetime) -> None:
    """Ask for a reminder of each case and complaint that waits for too long, unless it was asked for already."""
    late = await rows(
        f"SELECT id, key FROM ({_LATE}) late WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.key = late.key) LIMIT 100",
        now - LATE_AFTER,
    )
    for one in late:
        async with transaction() as tx:
            await enqueue(tx, JobName.REMIND_MODERATORS, one["id"], key=one["key"], now=now)


async def remind(claim: Claim, now: datetime) -> None:
    """Tell them, if the case of this job is still open or its complaint unanswered, and end the job.

    Raises:
        LostLease: another worker took the job up meanwhile: nothing is written.
    """
    async with transaction():
        await jobs.finish(claim, now)
        case = await row(
            f"""SELECT c.id, c.thing, c.thing_id, c.working_group_id, d.decided_by_id
                 FROM moderation_case c LEFT JOIN moderation_decision d ON d.id = (
                      SELECT MIN(w.id) FROM moderation_decision w JOIN {UNANSWERED} x ON x.decision_id = w.id
                       WHERE w.case_id = c.id)
                WHERE c.id = $1 AND (c.closed_at IS NULL OR d.id IS NOT NULL)""",
            claim.subject,
        )
        if case is None:
            return
        # Nobody decides about their own words; who decided answers no complaint.
        whose = {case["decided_by_id"]}
        whose.add((await thing_of(Moderated(case["thing"]), case["thing_id"])).author_id)
        readers = await moderators_of(case["working_group_id"], now, but=whose)
        members = {one.member for one in readers}
        key = f"waits:{claim.job}"
        await tell_of_moderation(Event.CASE_WAITS, members, now, key=key, case=case["id"], actor=None)
        letters = [
            Letter(one.email, one.locale, {"name": one.name, "case": str(case["id"])}) for one in readers if one.email
        ]
        await post_mails("case_waits", letters, now)


# The numbers of the masthead


def _waiting(groups: str) -> str:
    """How many cases and complaints wait for the person $1, in these groups."""
    return f"""
    SELECT (SELECT COUNT(*) FROM moderation_case c WHERE c.closed_at IS NULL AND c.working_group_id IN ({groups}))
         + (SELECT COUNT(*) FROM {UNANSWERED} x JOIN moderation_decision d ON d.id = x.decision_id
              JOIN moderation_case c ON c.id = d.case_id
             WHERE COALESCE(d.decided_by_id, 0) <> $1 AND COALESCE(x.member_id, 0) <> $1
               AND c.working_group_id IN ({groups})) AS n"""


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
    return int((await known_row(_waiting(wanted), viewer.id, *mine))["n"])
