"""What does a mail about news say? Decided when it is sent, from what everybody sees then and what its reader wishes:
what was hidden, withdrawn or moved away since is left out, and nothing leaves to somebody who was suspended or erased,
who has refused these mails, or who has read everything on the site.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from forum.database import Row, places, row, rows
from forum.domain.following.digests import TEMPLATE
from forum.domain.following.news import FIRST_WORDS, News, NewsGroup, grouped, news_for, news_from
from forum.domain.following.wishes import FIRST, MAY_BE_MAILED, stop_token
from forum.domain.mail import Listed, WaitingMail
from forum.domain.notifications import STANDS
from forum.domain.signatures import signed
from forum.models.following import MailKind, Pace

SHOWN: Final = 3
"""News of one thread, proposal or theme that a mail tells, each in a line."""
GROUPS: Final = 20
"""Threads, proposals and themes that it tells of."""


def is_of_news(mail: WaitingMail) -> bool:
    return mail.template == TEMPLATE


async def written(mail: WaitingMail, now: datetime) -> WaitingMail | None:
    """The mail with its address and its words, as things are now; None when it has nothing to say any more."""
    kind, member = MailKind(mail.values["kind"]), int(mail.values["member"])
    reader = await _reader(member, kind, now)
    if reader is None:
        return None
    news = await news_told(kind, member, mail.values)
    if not news:
        return None
    groups = grouped(news, most=SHOWN)
    return replace(
        mail,
        address=reader["email"],
        locale=reader["locale"],
        values={
            "name": reader["name"],
            "kind": kind.value,
            "groups": groups[:GROUPS],
            "more": len(groups) > GROUPS,
            "count": len(news),
            "token": (token := stop_token(member, kind, now)),
        },
        listed=Listed(kind.value, _topic(kind, groups), token),
    )


async def _reader(member: int, kind: MailKind, now: datetime) -> Row | None:
    """Who reads it, if a mail of this kind may leave to them."""
    return await row(
        f"""SELECT m.name, m.email, m.locale FROM member m
              LEFT JOIN mail_wish w ON w.member_id = m.id AND w.kind = $3
             WHERE m.id = $2 AND {MAY_BE_MAILED} AND COALESCE(w.pace, '{FIRST[kind]}') <> '{Pace.NEVER}'""",
        now,
        member,
        kind.value,
    )


async def news_told(kind: MailKind, member: int, values: Mapping[str, str]) -> Sequence[News]:
    """What a mail of those values tells its reader, as things are now."""
    if kind is MailKind.ADDRESSED:
        return await _notices(member, [int(each) for each in values["told"].split()])
    begin, end = (datetime.fromisoformat(values[name]) for name in ("begin", "end"))
    return await news_for(member, begin, end, lead=timedelta(days=int(values["lead"])))


def _topic(kind: MailKind, groups: Sequence[NewsGroup]) -> str:
    """What the mail is about, for programs that put mails together: one thing, or all of that kind."""
    first = groups[0].first
    if len(groups) > 1 or kind is MailKind.FOLLOWED:
        return kind.value
    return f"thread-{first.thread}" if first.thread else first.reference or kind.value


async def _notices(member: int, notices: Sequence[int]) -> list[News]:
    """Notifications as news: those that stand, and that their reader has not seen."""
    found = await rows(
        f"""SELECT n.event AS what, n.created_at AS at, n.post_id, h.id AS thread_id, h.title AS thread_title,
                   {signed("p.id", "a")} AS author, COALESCE(substr(p.plain, 1, {FIRST_WORDS}), q.wording, '') AS words,
                   t.number AS theme_number, t.title AS theme_title, q.number AS proposal_number,
                   CAST(NULL AS INTEGER) AS other_number, CAST(NULL AS INTEGER) AS synthesis_id,
                   COALESCE(n.decision_id, n.case_id) AS thing
              FROM notification n
              LEFT JOIN post p ON p.id = n.post_id LEFT JOIN thread h ON h.id = COALESCE(p.thread_id, n.thread_id)
              LEFT JOIN member a ON a.id = p.author_id
              LEFT JOIN proposal q ON q.id = n.proposal_id
              LEFT JOIN theme t ON t.id = COALESCE(n.theme_id, q.theme_id, h.theme_id)
             WHERE n.member_id = $1 AND n.id IN ({places(len(notices), after=1)}) AND n.read_at IS NULL AND {STANDS}
               AND (q.id IS NULL OR q.state <> 'hidden') ORDER BY n.created_at, n.id""",
        member,
        *notices,
    )
    return [replace(news_from(each), thing=each["thing"]) for each in found]
