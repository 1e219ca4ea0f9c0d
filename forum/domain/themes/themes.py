"""What is asked, until when, and with what result: the themes, their questions and their windows.

Title, introduction and questions come from the files of `themes/`; the schedule belongs to the database once it is set,
and is moved in `schedules.py`. Files are adopted in `files.py`; proposals and votes, which a theme only counts, are in
`proposals.py` and `votes.py`.

Concurrent writes lock in one order, theme, then thread, then meeting, then member: two that locked the same rows in
different orders would deadlock. A write holds its theme (`Hold`) before it checks the schedule, so that it sees what
somebody closed while it waited.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from forum.database import Row, is_sqlite, on_postgres, row, rows
from forum.domain.pages import FIRST, Page, PageTurn
from forum.domain.references import LARGEST_THEME, storable
from forum.domain.themes.ballots import Rules, scale
from forum.domain.themes.thread_lists import ThreadLine, ThreadSort, threads_of
from forum.domain.withheld import NOT_SHOWN
from forum.errors import NotFound
from forum.models.proposals import IN_FORCE_SQL, JUDGED_SQL
from forum.models.themes import Voting
from forum.permissions import COUNTING, Schedule
from forum.text.reading import read

THEME_COLUMNS = """
    t.id AS theme_id, t.number AS theme_number, t.title AS theme_title, t.working_group_id,
    t.contributions_open_at, t.contributions_close_at, t.votes_open_at, t.votes_close_at, t.sealed, t.closed_by_hand,
    t.quorum, t.voting, t.mentions, t.quota, t.version AS theme_version"""


@dataclass(frozen=True, slots=True)
class ThemeHead:
    """What every page and rule about a theme needs."""

    id: int
    number: int
    title: str
    group: int
    schedule: Schedule
    quorum: int
    version: int
    voting: Voting = Voting.OPINIONS
    mentions: tuple[str, ...] = ()
    """For a judgment: the mentions, from the worst to the best."""
    quota: int = 0
    """How many proposals one person may support or rank; 0: all."""

    @property
    def rules(self) -> Rules:
        """How people vote here."""
        return Rules(self.voting, self.mentions, self.quota)


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """A theme on the home page; `summary` is the first paragraph of its introduction, as text."""

    theme: ThemeHead
    summary: str
    threads: int
    posts: int
    proposals: int
    received: int = 0
    """Contributions, among the others, that were received elsewhere."""


@dataclass(frozen=True, slots=True)
class ThemeQuestion:
    """A guiding question and how many proposals claim to answer it."""

    position: int
    text: str
    proposals: int = 0


@dataclass(frozen=True, slots=True)
class ThemePage:
    """Everything that the page of a theme shows.

    `meetings` are the numbers of the meetings that contributions of the theme publicly come from.
    """

    theme: ThemeHead
    introduction_html: str
    questions: tuple[ThemeQuestion, ...]
    threads: Page[ThreadLine]
    meetings: tuple[int, ...]
    open_proposals: int
    proposals_apart: int


def theme_from(found: Row) -> ThemeHead:
    """The theme in a row that selects THEME_COLUMNS."""
    return ThemeHead(
        id=found["theme_id"],
        number=found["theme_number"],
        title=found["theme_title"],
        group=found["working_group_id"],
        schedule=Schedule(
            contributions_open_at=found["contributions_open_at"],
            contributions_close_at=found["contributions_close_at"],
            votes_open_at=found["votes_open_at"],
            votes_close_at=found["votes_close_at"],
            sealed=found["sealed"],
            closed_by_hand=found["closed_by_hand"],
        ),
        quorum=found["quorum"],
        version=found["theme_version"],
        voting=(voting := Voting(found["voting"])),
        mentions=scale(voting, found["mentions"].splitlines()),
        quota=found["quota"],
    )


class Hold(StrEnum):
    """How a write locks a theme until its commit.

    Shared, for writes that do not change the theme's row. Alone, for those that will: two that shared it first would
    deadlock.
    """

    SHARED = " FOR SHARE OF t"
    ALONE = " FOR NO KEY UPDATE OF t"


def holding(hold: Hold | None) -> str:
    """The end of a SELECT that reads THEME_COLUMNS; empty on SQLite, where a transaction locks everything."""
    return "" if hold is None or is_sqlite() else hold.value


async def find_theme(number: int) -> ThemeHead:
    """Raises:
    NotFound: no theme has this number.
    """
    return await _find(number, None)


async def hold_theme(number: int, hold: Hold, now: datetime) -> ThemeHead:
    """The theme as the caller's transaction must judge it, held until the commit.

    Raises:
        NotFound: no theme has this number.
    """
    return as_settled(await _find(number, hold), now)


async def _find(number: int, hold: Hold | None) -> ThemeHead:
    found = await row(f"SELECT {THEME_COLUMNS} FROM theme t WHERE t.number = $1{holding(hold)}", _theme_number(number))
    if found is None:
        raise NotFound
    return theme_from(found)


def as_settled(theme: ThemeHead, now: datetime) -> ThemeHead:
    """A held theme, with its votes closed for a write that began just before somebody closed them by hand. At its hour
    the close takes what arrived before, and publishes nothing until that is written."""
    if not theme.schedule.closed_by_hand:
        return theme
    close = theme.schedule.votes_close_at
    if close is None or not now < close <= now + COUNTING:
        return theme
    return replace(theme, schedule=replace(theme.schedule, votes_close_at=now))


def _theme_number(number: int) -> int:
    if number > LARGEST_THEME:
        raise NotFound
    return storable(number)


async def questions_of(theme_id: int) -> tuple[ThemeQuestion, ...]:
    """The guiding questions in their order, each with the number of open proposals that answer it."""
    found = await rows(
        f"""
        SELECT q.position, q.text, COUNT(p.id) AS proposals
          FROM guiding_question q
          LEFT JOIN proposal_question a ON a.question_id = q.id
          LEFT JOIN proposal p ON p.id = a.proposal_id AND p.state IN {IN_FORCE_SQL}
         WHERE q.theme_id = $1
         GROUP BY q.id, q.position, q.text
         ORDER BY q.position""",
        theme_id,
    )
    return tuple(ThemeQuestion(each["position"], each["text"], each["proposals"]) for each in found)


async def list_themes() -> tuple[ThemeLine, ...]:
    """The consultation in order, for the home page."""
    found = await rows(
        f"""
        SELECT {THEME_COLUMNS}, t.introduction,
               (SELECT COUNT(*) FROM thread h WHERE h.theme_id = t.id AND h.moved_into_id IS NULL) AS threads,
               (SELECT CAST(COALESCE(SUM(h.posts_count - {NOT_SHOWN.format("h")}), 0) AS INTEGER)
                  FROM thread h WHERE h.theme_id = t.id) AS posts,
               (SELECT COUNT(*) FROM reception v JOIN post c ON c.id = v.post_id AND c.state = 'shown'
                  JOIN thread h ON h.id = c.thread_id WHERE h.theme_id = t.id) AS received,
               (SELECT COUNT(*) FROM proposal p WHERE p.theme_id = t.id AND {JUDGED_SQL}) AS proposals
          FROM theme t
         ORDER BY t.number"""
    )
    return tuple(
        ThemeLine(
            theme_from(each),
            _first_paragraph(each["introduction"]),
            each["threads"],
            each["posts"],
            each["proposals"],
            each["received"],
        )
        for each in found
    )


@lru_cache(maxsize=64)
def _first_paragraph(introduction: str) -> str:
    return read(introduction, wrapped=True).plain.split("\n\n")[0]


async def read_theme(
    number: int, turn: PageTurn = FIRST, *, meeting: int | None = None, sort: ThreadSort = ThreadSort.ACTIVITY
) -> ThemePage:
    """Everything that the page shows; `meeting`: only threads with words from the meeting of that number are listed.
    Raises NotFound."""
    theme = await find_theme(number)
    counted = await row(
        f"""
        SELECT t.introduction_html,
               (SELECT COUNT(*) FROM proposal p WHERE p.theme_id = t.id AND {JUDGED_SQL})
                 AS open_proposals,
               (SELECT COUNT(*) FROM proposal p
                 WHERE p.theme_id = t.id AND p.number > 0 AND NOT {JUDGED_SQL}) AS proposals_apart
          FROM theme t WHERE t.id = $1""",
        theme.id,
    )
    if counted is None:
        raise NotFound
    return ThemePage(
        theme=theme,
        introduction_html=counted["introduction_html"],
        questions=await questions_of(theme.id),
        threads=await threads_of(theme.id, turn, sort, meeting),
        meetings=await _meetings_of(theme.id),
        open_proposals=counted["open_proposals"],
        proposals_apart=counted["proposals_apart"],
    )


async def _meetings_of(theme_id: int) -> tuple[int, ...]:
    found = await rows(
        """
        SELECT DISTINCT m.number FROM meeting m
          JOIN meeting_tag g ON g.meeting_id = m.id AND g.state = 'confirmed'
          JOIN post c ON c.id = g.post_id AND c.state = 'shown' JOIN thread h ON h.id = c.thread_id
         WHERE h.theme_id = $1 ORDER BY m.number""",
        theme_id,
    )
    return tuple(each["number"] for each in found)


async def raise_versions(*, theme: int | None = None, thread: int | None = None) -> None:
    """Make the cached pages of a theme, of a thread or of both stale, inside the caller's transaction."""
    if theme is not None:
        await rows("UPDATE theme SET version = version + 1 WHERE id = $1", theme)
    if thread is not None:
        await rows("UPDATE thread SET version = version + 1 WHERE id = $1", thread)


async def raise_all_versions(theme: int) -> None:
    """Make the cached pages of a theme and of all its threads stale, inside the caller's transaction."""
    await raise_versions(theme=theme)
    await rows("UPDATE thread SET version = version + 1 WHERE theme_id = $1", theme)


async def raise_every_version() -> None:
    """Make every cached page stale, inside the caller's transaction: for somebody's name, which may be on any of
    them. It locks every theme, so it comes before any lock on a member."""
    # In one order: an UPDATE of all takes them as it finds them.
    await on_postgres("SELECT id FROM theme ORDER BY id FOR NO KEY UPDATE")
    await rows("UPDATE theme SET version = version + 1")
    await rows("UPDATE thread SET version = version + 1")
