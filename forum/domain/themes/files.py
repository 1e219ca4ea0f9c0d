"""What does a file of `themes/` change in the database?

It owns title, introduction and questions; it only sets the initial schedule and rules of the vote. The files are read
and checked in `importing/themes.py`.
"""

from dataclasses import dataclass, field

from forum.database import known_row, row, rows, transaction
from forum.domain.themes.ballots import Rules
from forum.domain.themes.themes import THEME_COLUMNS, questions_of, raise_all_versions
from forum.errors import Invalid
from forum.permissions import Schedule
from forum.text.reading import read


@dataclass(frozen=True, slots=True)
class Chapter:
    """A theme as its file describes it; schedule, quorum and rules count only when the theme is new here."""

    number: int
    title: str
    introduction: str
    group_slug: str
    group_name: str
    questions: tuple[str, ...]
    schedule: Schedule
    quorum: int = 0
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True)
class Adoption:
    """The result of adopting a file. `kept` are positions of questions that the file dropped but proposals answer."""

    number: int
    created: bool
    changed: bool
    kept: tuple[int, ...]


async def adopt(chapter: Chapter) -> Adoption:
    """Create the theme of a file, or bring its title, introduction and questions up to date. Idempotent.

    Raises:
        Invalid: the file gives the theme to another working group than the one whose meetings it already has.
    """
    html = read(chapter.introduction, wrapped=True).html
    async with transaction():
        group, renamed = await _group_of(chapter)
        found = await row(
            f"SELECT {THEME_COLUMNS}, t.introduction, t.introduction_html FROM theme t WHERE t.number = $1",
            chapter.number,
        )
        if found is None:
            theme_id = await _create(chapter, group, html)
            await _adopt_questions(theme_id, chapter.questions)
            return Adoption(chapter.number, created=True, changed=True, kept=())
        if found["working_group_id"] != group:
            raise Invalid("un thème ne change pas de groupe de travail", field="working_group.slug")
        theme_id = found["theme_id"]
        before = (found["theme_title"], found["introduction"], found["introduction_html"])
        after = (chapter.title, chapter.introduction, html)
        if before != after:
            await rows(
                "UPDATE theme SET title = $2, introduction = $3, introduction_html = $4 WHERE id = $1", theme_id, *after
            )
        questions_changed, kept = await _adopt_questions(theme_id, chapter.questions)
        changed = before != after or questions_changed or renamed
        if changed:
            await raise_all_versions(theme_id)
    return Adoption(chapter.number, created=False, changed=changed, kept=kept)


async def _group_of(chapter: Chapter) -> tuple[int, bool]:
    """The id of the chapter's working group, created if needed, and whether its name changed."""
    before = await row("SELECT name FROM working_group WHERE slug = $1", chapter.group_slug)
    kept = await known_row(
        """INSERT INTO working_group (slug, name) VALUES ($1, $2)
           ON CONFLICT (slug) DO UPDATE SET name = excluded.name RETURNING id""",
        chapter.group_slug,
        chapter.group_name,
    )
    return kept["id"], before is not None and before["name"] != chapter.group_name


async def _create(chapter: Chapter, group: int, html: str) -> int:
    made = await row(
        """
        INSERT INTO theme (number, title, introduction, introduction_html, working_group_id, contributions_open_at,
                           contributions_close_at, votes_open_at, votes_close_at, sealed, quorum,
                           voting, mentions, quota, last_proposal_number, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, 1) RETURNING id""",
        chapter.number,
        chapter.title,
        chapter.introduction,
        html,
        group,
        chapter.schedule.contributions_open_at,
        chapter.schedule.contributions_close_at,
        chapter.schedule.votes_open_at,
        chapter.schedule.votes_close_at,
        chapter.schedule.sealed,
        chapter.quorum,
        chapter.rules.voting.value,
        "\n".join(chapter.rules.mentions),
        chapter.rules.quota,
    )
    assert made is not None
    return int(made["id"])


async def _adopt_questions(theme_id: int, wanted: tuple[str, ...]) -> tuple[bool, tuple[int, ...]]:
    """Whether a question changed, and the positions kept because proposals answer them.

    A question keeps its position when its words change: proposals that answer it refer to the position.
    """
    current = {each.position: each.text for each in await questions_of(theme_id)}
    after = dict(enumerate(wanted, start=1))
    changed = False
    for position, text in after.items():
        if current.get(position) != text:
            changed = True
            await rows(
                """
                INSERT INTO guiding_question (theme_id, position, text) VALUES ($1, $2, $3)
                ON CONFLICT (theme_id, position) DO UPDATE SET text = excluded.text""",
                theme_id,
                position,
                text,
            )
    kept: list[int] = []
    for position in sorted(current.keys() - after.keys()):
        gone = await rows(
            """
            DELETE FROM guiding_question
             WHERE theme_id = $1 AND position = $2
               AND NOT EXISTS (SELECT 1 FROM proposal_question a WHERE a.question_id = guiding_question.id)
            RETURNING id""",
            theme_id,
            position,
        )
        if gone:
            changed = True
        else:
            kept.append(position)
    return changed, tuple(kept)


async def open_unscheduled(schedule: Schedule) -> None:
    """Give these windows to every theme that has none at all, as the example does on its first run."""
    await rows(
        """
        UPDATE theme SET contributions_open_at = $1, contributions_close_at = $2, votes_open_at = $3,
                         votes_close_at = $4, version = version + 1
         WHERE contributions_open_at IS NULL AND contributions_close_at IS NULL
           AND votes_open_at IS NULL AND votes_close_at IS NULL""",
        schedule.contributions_open_at,
        schedule.contributions_close_at,
        schedule.votes_open_at,
        schedule.votes_close_at,
    )
