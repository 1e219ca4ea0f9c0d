"""What is new in what a member follows, between two moments? Asked when it is told, from what everybody sees then: no
row is written for each follower, and what was hidden, withdrawn or moved away meanwhile is not told.

What a notification already tells them is left out: one event is told once, for its strongest reason. One's own acts are
never news.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forum.database import Row, rows
from forum.domain.references import reference
from forum.domain.signatures import signed
from forum.models.proposals import Turn
from forum.permissions import Viewer, demand, may_follow

MOST: Final = 300
"""News of one window that are read: more would be no letter."""
FIRST_WORDS: Final = 200
WEEK: Final = timedelta(days=7)
SHOWN: Final = 5
"""News of one thread, proposal or theme that the page shows."""

TOLD: Final = (
    Turn.PROPOSED,
    Turn.AMENDED,
    Turn.MERGED,
    Turn.UNMERGED,
    Turn.WITHDRAWN,
    Turn.SET_ASIDE,
    Turn.TAKEN_BACK,
    Turn.ANSWERED,
    Turn.DONE,
    Turn.CARRIED_OUT,
)
"""The turns of a proposal that its followers are told of."""

POST, OPENING, VOTE_CLOSES, POSTS_CLOSE, SYNTHESIS = (
    "new post",
    "votes open",
    "votes close",
    "contributions close",
    "published synthesis",
)


@dataclass(frozen=True, slots=True)
class News:
    """One event: `what` is POST…SYNTHESIS, the value of a turn or of an `Event`; the rest is what it is about, as
    everybody sees it. `words` are the first ones, or the wording; `other` is the proposal that one was merged into;
    `at` is when it happened or, of a close, will."""

    what: str
    at: datetime
    author: str | None
    words: str
    post: int | None
    thread: int | None
    thread_title: str
    reference: str | None
    other: str | None
    theme: int | None
    theme_title: str
    synthesis: int | None
    thing: int | None = None
    """Of what moderators did: the case or the decision."""


@dataclass(frozen=True, slots=True)
class NewsGroup:
    """News of one thread, one proposal, or one theme, the oldest first; `more` are left out."""

    news: tuple[News, ...]
    more: int = 0

    @property
    def first(self) -> News:
        return self.news[0]


async def news_for(member: int, begin: datetime, end: datetime, *, lead: timedelta) -> list[News]:
    """What is new for a member after `begin`, up to and including `end`, the oldest first, MOST of it. A close is told
    `lead` before, once, unless it is over by then."""
    told = await rows(_ALL, member, begin, end, begin + lead, end + lead)
    return _once(news_from(each) for each in told)


async def latest_news(viewer: Viewer | None, now: datetime) -> tuple[NewsGroup, ...]:
    """What is new this week in what a member follows, for the page of what they follow. Raises SignInRequired."""
    viewer = demand(may_follow, viewer)
    return grouped(await news_for(viewer.id, now - WEEK, now, lead=WEEK), most=SHOWN)


def _once(found: Iterable[News]) -> list[News]:
    """Each contribution once: it may be new, and of a meeting that is followed."""
    kept: dict[object, News] = {}
    for place, each in enumerate(found):
        kept.setdefault(("post", each.post) if each.what == POST else place, each)
    return list(kept.values())


def news_from(found: Row) -> News:
    """Of a row that has the columns of `_ALL`."""
    theme = found["theme_number"]

    def named(number: int | None) -> str | None:
        return None if number is None else reference(theme, number)

    return News(
        what=found["what"],
        at=found["at"],
        author=found["author"],
        words=" ".join((found["words"] or "").split()),
        post=found["post_id"],
        thread=found["thread_id"],
        thread_title=found["thread_title"] or "",
        reference=named(found["proposal_number"]),
        other=named(found["other_number"]),
        theme=theme,
        theme_title=found["theme_title"] or "",
        synthesis=found["synthesis_id"],
    )


def grouped(news: Sequence[News], *, most: int) -> tuple[NewsGroup, ...]:
    """By thread, proposal or theme, in the order of their first news; `most` in each."""
    groups: dict[tuple[object, ...], list[News]] = {}
    for each in news:
        key = (each.thread, each.reference, each.synthesis, each.theme if not (each.thread or each.reference) else None)
        groups.setdefault(key, []).append(each)
    return tuple(NewsGroup(tuple(some[:most]), max(0, len(some) - most)) for some in groups.values())


_OF_POST: Final = f"""
    h.id AS thread_id, h.title AS thread_title, {signed("p.id", "a")} AS author,
    substr(p.plain, 1, {FIRST_WORDS}) AS words, t.number AS theme_number, t.title AS theme_title,
    CAST(NULL AS INTEGER) AS proposal_number, CAST(NULL AS INTEGER) AS other_number,
    CAST(NULL AS INTEGER) AS synthesis_id
      FROM post p JOIN thread h ON h.id = p.thread_id JOIN theme t ON t.id = h.theme_id
      LEFT JOIN member a ON a.id = p.author_id"""
_UNTOLD_POST: Final = """
       p.state = 'shown' AND COALESCE(p.author_id, 0) <> $1
       AND NOT EXISTS (SELECT 1 FROM notification n WHERE n.member_id = $1 AND n.post_id = p.id)"""

_POSTS: Final = f"""
    SELECT '{POST}' AS what, p.created_at AS at, p.id AS post_id, {_OF_POST}
     WHERE p.created_at > $2 AND p.created_at <= $3 AND {_UNTOLD_POST}
       AND EXISTS (SELECT 1 FROM follow f WHERE f.member_id = $1 AND f.created_at <= p.created_at
                                            AND (f.thread_id = h.id OR f.theme_id = h.theme_id))"""

_TAGGED: Final = f"""
    SELECT '{POST}' AS what, g.created_at AS at, p.id AS post_id, {_OF_POST}
      JOIN meeting_tag g ON g.post_id = p.id AND g.state = 'confirmed'
      JOIN follow f ON f.meeting_id = g.meeting_id AND f.member_id = $1 AND f.created_at <= g.created_at
     WHERE g.created_at > $2 AND g.created_at <= $3 AND {_UNTOLD_POST}"""

_TURNS: Final = f"""
    SELECT x.turn AS what, x.at AS at, CAST(NULL AS INTEGER) AS post_id, CAST(NULL AS INTEGER) AS thread_id,
           '' AS thread_title, CAST(NULL AS VARCHAR) AS author, p.wording AS words, t.number AS theme_number,
           t.title AS theme_title, p.number AS proposal_number, o.number AS other_number,
           CAST(NULL AS INTEGER) AS synthesis_id
      FROM proposal_turn x JOIN proposal p ON p.id = x.proposal_id JOIN theme t ON t.id = p.theme_id
      LEFT JOIN proposal o ON o.id = x.other_id
     WHERE x.at > $2 AND x.at <= $3 AND x.turn IN ({", ".join(f"'{each.value}'" for each in TOLD)})
       AND COALESCE(x.member_id, 0) <> $1 AND p.state NOT IN ('draft', 'hidden')
       AND EXISTS (SELECT 1 FROM follow f WHERE f.member_id = $1 AND f.created_at <= x.at
                    AND (f.proposal_id IN (p.id, o.id) OR f.theme_id = p.theme_id
                         OR (x.turn = '{Turn.PROPOSED.value}' AND f.meeting_id = p.meeting_id)))
       AND NOT EXISTS (SELECT 1 FROM notification n WHERE n.member_id = $1 AND n.proposal_id IN (p.id, o.id)
                                                      AND n.created_at = x.at)"""

_FOLLOWED_THEME: Final = """
       EXISTS (SELECT 1 FROM follow f LEFT JOIN proposal fp ON fp.id = f.proposal_id
                                      LEFT JOIN thread fh ON fh.id = f.thread_id
                WHERE f.member_id = $1 AND t.id IN (f.theme_id, fp.theme_id, fh.theme_id))"""


def _moments(what: str, column: str, begin: str, end: str, more: str = "") -> str:
    """A moment of the schedule of a theme that is followed, or something of it."""
    return f"""
    SELECT '{what}' AS what, t.{column} AS at, CAST(NULL AS INTEGER) AS post_id, CAST(NULL AS INTEGER) AS thread_id,
           '' AS thread_title, CAST(NULL AS VARCHAR) AS author, '' AS words, t.number AS theme_number,
           t.title AS theme_title, CAST(NULL AS INTEGER) AS proposal_number, CAST(NULL AS INTEGER) AS other_number,
           CAST(NULL AS INTEGER) AS synthesis_id
      FROM theme t WHERE t.{column} > {begin} AND t.{column} <= {end} {more} AND {_FOLLOWED_THEME}"""


_SYNTHESES: Final = """
    SELECT 'published synthesis' AS what, s.published_at AS at, CAST(NULL AS INTEGER) AS post_id,
           CAST(NULL AS INTEGER) AS thread_id, '' AS thread_title, CAST(NULL AS VARCHAR) AS author, '' AS words,
           t.number AS theme_number, t.title AS theme_title, CAST(NULL AS INTEGER) AS proposal_number,
           CAST(NULL AS INTEGER) AS other_number, s.id AS synthesis_id
      FROM synthesis s LEFT JOIN theme t ON t.id = s.theme_id
     WHERE s.state = 'published' AND s.published_at > $2 AND s.published_at <= $3
       AND EXISTS (SELECT 1 FROM follow f LEFT JOIN proposal fp ON fp.id = f.proposal_id
                                          LEFT JOIN thread fh ON fh.id = f.thread_id
                    WHERE f.member_id = $1
                      AND (s.theme_id IS NULL OR s.theme_id IN (f.theme_id, fp.theme_id, fh.theme_id)))"""

_PARTS: Final = (
    _POSTS,
    _TAGGED,
    _TURNS,
    _moments(OPENING, "votes_open_at", "$2", "$3"),
    _moments(VOTE_CLOSES, "votes_close_at", "$4", "$5", "AND t.votes_close_at > $3"),
    _moments(POSTS_CLOSE, "contributions_close_at", "$4", "$5", "AND t.contributions_close_at > $3"),
    _SYNTHESES,
)

_ALL: Final = f"""
    SELECT x.what, x.at::timestamptz AS at, x.post_id, x.thread_id, x.thread_title, x.author, x.words, x.theme_number,
           x.theme_title, x.proposal_number, x.other_number, x.synthesis_id
      FROM ({" UNION ALL ".join(_PARTS)}) x ORDER BY x.at, x.post_id, x.proposal_number LIMIT {MOST}"""
