"""Who is written to about news, and when? Looked for every minute; each event leads to one mail at most.

What is addressed to a member is a notification, which notes that a mail was asked for (`mailed_at`). Of what they
follow, a window is told: `since` moves to its end in the transaction that posts the mail, and only if nobody moved it
meanwhile. So two workers, a kill or clocks that change give one mail; nothing new gives none.

A mail that waits says which notifications or which window it tells, never their words: they are asked for when it is
sent (`letters.py`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from forum.database import Row, places, row, rows, transaction
from forum.domain import jobs
from forum.domain.following.news import news_for
from forum.domain.following.wishes import FIRST, MAY_BE_MAILED, lead_of, next_due
from forum.domain.jobs import Claim
from forum.domain.mail import Letter, post_mails
from forum.jobs import JobName, enqueue
from forum.models.following import MailKind, Pace
from forum.models.notifications import Event

TEMPLATE: Final = "news"
KEY: Final = "letters"
"""The key of the job: there is one."""

GATHER: Final = timedelta(minutes=2)
"""What is addressed to somebody waits so long for what follows it, and for its author to mend it."""
SETTLED: Final = timedelta(minutes=2)
"""A window ends so long ago: whatever began before is written, since no transaction lasts longer."""
AT_ONCE: Final = 100
"""Members of one transaction."""

WITH_A_MAIL: Final = (Event.MODERATED, Event.RECONSIDERED, Event.CASE_WAITS, Event.CORRECTED)
"""What has a mail of its own, which nobody can refuse."""

_ADDRESSED: Final = f"""
    SELECT DISTINCT n.member_id, COALESCE(w.pace, '{FIRST[MailKind.ADDRESSED]}') AS pace, m.locale,
           {MAY_BE_MAILED} AS may_be_mailed
      FROM notification n JOIN member m ON m.id = n.member_id
      LEFT JOIN mail_wish w ON w.member_id = n.member_id AND w.kind = 'addressed'
     WHERE n.mailed_at IS NULL AND n.created_at <= $2 AND (w.id IS NULL OR w.pace = 'no mail' OR w.due_at <= $1)
     ORDER BY n.member_id LIMIT {AT_ONCE}"""

_FOLLOWED: Final = f"""
    SELECT w.id, w.member_id, w.pace, w.since, w.due_at, m.locale, {MAY_BE_MAILED} AS may_be_mailed
      FROM mail_wish w JOIN member m ON m.id = w.member_id
     WHERE w.kind = 'followed' AND w.pace <> 'no mail' AND w.due_at <= $1 ORDER BY w.due_at, w.id LIMIT {AT_ONCE}"""


async def ask_for_letters(now: datetime) -> None:
    """Ask that letters be posted, if any may be due; the same job as long as it waits."""
    if await rows(_ADDRESSED, now, now - GATHER) or await rows(_FOLLOWED, now):
        async with transaction() as tx:
            await enqueue(tx, JobName.POST_LETTERS, 0, key=KEY, now=now)


async def post_letters(claim: Claim, now: datetime) -> None:
    """Post all the letters that are due, a hundred members at a time, and end the job.

    Raises:
        LostLease: another worker took the job up meanwhile; what was posted stays posted, and is not posted again.
    """
    while await post_addressed(now) or await post_followed(now):
        await jobs.advance(claim, 0, 0, "")
    async with transaction():
        await jobs.finish(claim, now)


async def post_addressed(now: datetime) -> bool:
    """Post a letter to each of some members about what was addressed to them; False when nothing is due."""
    due = await rows(_ADDRESSED, now, now - GATHER)
    if not due:
        return False
    members = [each["member_id"] for each in due]
    async with transaction():
        told = await rows(
            f"""UPDATE notification SET mailed_at = $1
                 WHERE mailed_at IS NULL AND member_id IN ({places(len(members), after=1)})
                 RETURNING id, member_id, event""",
            now,
            *members,
        )
        letters = [_addressed(each, told) for each in due]
        await post_mails(TEMPLATE, [each for each in letters if each], now)
        for each in due:
            await rows(
                "UPDATE mail_wish SET due_at = $2 WHERE member_id = $1 AND kind = 'addressed'",
                each["member_id"],
                next_due(Pace(each["pace"]), now) if each["pace"] != Pace.AT_ONCE else now,
            )
    return True


def _addressed(due: Row, told: Sequence[Row]) -> Letter | None:
    """The letter to a member, with the numbers of their notifications."""
    wanted = [
        each["id"] for each in told if each["member_id"] == due["member_id"] and Event(each["event"]) not in WITH_A_MAIL
    ]
    if not wanted or due["pace"] == Pace.NEVER or not due["may_be_mailed"]:
        return None
    return _letter(due, MailKind.ADDRESSED, told=" ".join(map(str, sorted(wanted))))


async def post_followed(now: datetime) -> bool:
    """Post a letter to each of some members who follow something where something is new; False when nobody is due."""
    due = await rows(_FOLLOWED, now)
    if not due:
        return False
    end, letters = now - SETTLED, {}
    stirred: dict[tuple[datetime, timedelta], bool] = {}
    for each in due:
        begin, lead = each["since"], lead_of(Pace(each["pace"]))
        if (begin, lead) not in stirred:
            stirred[begin, lead] = await _has_stirred(begin, end, lead)
        if stirred[begin, lead] and each["may_be_mailed"] and await news_for(each["member_id"], begin, end, lead=lead):
            window = {"begin": begin.isoformat(), "end": end.isoformat(), "lead": str(lead.days)}
            letters[each["id"]] = _letter(each, MailKind.FOLLOWED, **window)
    async with transaction():
        moved = [each for each in due if await _move(each, max(end, each["since"]), now)]
        await post_mails(TEMPLATE, [letters[each["id"]] for each in moved if each["id"] in letters], now)
    return True


async def _move(due: Row, end: datetime, now: datetime) -> bool:
    """Move somebody's window to its end; False when another worker has done so, and posts the letter."""
    moved = await row(
        "UPDATE mail_wish SET since = $2, due_at = $3 WHERE id = $1 AND since = $4 AND due_at = $5 RETURNING id",
        *(due["id"], end, next_due(Pace(due["pace"]), now), due["since"], due["due_at"]),
    )
    return moved is not None


async def _has_stirred(begin: datetime, end: datetime, lead: timedelta) -> bool:
    """Whether anything at all happened: otherwise thousands of followers are not asked for one by one."""
    found = await row(
        """SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM post WHERE created_at > $1 AND created_at <= $2)
               OR EXISTS (SELECT 1 FROM proposal_turn WHERE at > $1 AND at <= $2)
               OR EXISTS (SELECT 1 FROM meeting_tag WHERE created_at > $1 AND created_at <= $2)
               OR EXISTS (SELECT 1 FROM synthesis WHERE published_at > $1 AND published_at <= $2)
               OR EXISTS (SELECT 1 FROM theme WHERE (votes_open_at > $1 AND votes_open_at <= $2)
                                                 OR (votes_close_at > $3 AND votes_close_at <= $4)
                                                 OR (contributions_close_at > $3 AND contributions_close_at <= $4))""",
        *(begin, end, begin + lead, end + lead),
    )
    return found is not None


def _letter(due: Row, kind: MailKind, **values: str) -> Letter:
    """Without an address, which is asked for when it is sent."""
    return Letter("", due["locale"], {"kind": kind.value, "member": str(due["member_id"]), **values})
