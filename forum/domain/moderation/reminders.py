"""Who is told that a case or a complaint has waited for two days? The moderators of its group, once; administrators
where a group has none. Workers look every hour for what waits so long; the key of a job says that it was called to
mind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import row, rows, transaction
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.mail import Letter, post_mails
from forum.domain.moderation.cases import LATE_AFTER
from forum.domain.notifications import tell_of_moderation
from forum.jobs import JobName, enqueue
from forum.models.notifications import Event


@dataclass(frozen=True, slots=True)
class CaseReader:
    """Somebody who reads the cases of a group."""

    member: int
    name: str
    email: str | None
    locale: str


async def moderators_of(group: int) -> list[CaseReader]:
    """The moderators of a group; the administrators where it has none."""
    moderators = await rows(
        """SELECT m.id, m.name, m.email, m.locale FROM moderator x JOIN member m ON m.id = x.member_id
            WHERE x.working_group_id = $1 AND m.erased_at IS NULL ORDER BY m.id""",
        group,
    )
    found = moderators or await rows(
        "SELECT id, name, email, locale FROM member WHERE role = 'administrator' AND erased_at IS NULL ORDER BY id"
    )
    return [CaseReader(each["id"], each["name"], each["email"], each["locale"]) for each in found]


_LATE: Final = """
    SELECT c.id, 'remind:case:' || c.id AS key FROM moderation_case c WHERE c.closed_at IS NULL AND c.opened_at <= $1
    UNION ALL
    SELECT d.case_id, 'remind:complaint:' || x.id FROM moderation_complaint x
      JOIN moderation_decision d ON d.id = x.decision_id WHERE x.answered_at IS NULL AND x.created_at <= $1"""


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
            """SELECT c.id, c.working_group_id FROM moderation_case c WHERE c.id = $1
                  AND (c.closed_at IS NULL OR EXISTS (
                       SELECT 1 FROM moderation_decision d JOIN moderation_complaint x ON x.decision_id = d.id
                        WHERE d.case_id = c.id AND x.answered_at IS NULL))""",
            claim.subject,
        )
        if case is None:
            return
        readers = await moderators_of(case["working_group_id"])
        members = {one.member for one in readers}
        key = f"waits:{claim.job}"
        await tell_of_moderation(Event.CASE_WAITS, members, now, key=key, case=case["id"], actor=None)
        letters = [
            Letter(one.email, one.locale, {"name": one.name, "case": str(case["id"])}) for one in readers if one.email
        ]
        await post_mails("case_waits", letters, now)
