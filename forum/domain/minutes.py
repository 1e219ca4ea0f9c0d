"""Which lines of a meeting's minutes become proposals? A moderator pastes, ticks, corrects, and keeps them in one go.

Lines are read by `text/minutes.py`; nothing is written before the moderator has seen them. What was kept is a proposal
tagged with the meeting; the whole minutes stay on the meeting's page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.meetings import MeetingLine, find_meeting
from forum.domain.new_proposals import LONGEST_WORDING, NewProposal, write_proposals
from forum.domain.proposals import references_by_wording
from forum.domain.themes import THEME_COLUMNS, Hold, ThemeHead, hold_theme, theme_from
from forum.errors import Checks, Invalid
from forum.models.proposals import Origin
from forum.permissions import Viewer, may_add_proposals, may_moderate
from forum.text.folding import fold
from forum.text.minutes import rows_of
from forum.text.source import clean_line, clean_source

# A day's minutes are some twenty pages; a form carries no more than that.
LONGEST_MINUTES = 60_000
MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A line that the moderator keeps, in their words."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A line of pasted minutes: its words, whether to keep it, and the proposal that says the same already."""

    line: int
    text: str
    kept: bool
    already: str | None


@dataclass(frozen=True, slots=True)
class MinutesDesk:
    """The form of a meeting's minutes: the meeting, and the themes of its group that still take proposals."""

    meeting: MeetingLine
    themes: tuple[ThemeHead, ...]


async def minutes_desk(viewer: Viewer | None, meeting: int, now: datetime) -> MinutesDesk:
    """What the form of a meeting's minutes shows to a moderator of its group.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await find_meeting(viewer, meeting, now)
    may_moderate(viewer, found.group.id, now).require()
    themes = await rows(
        f"SELECT {THEME_COLUMNS} FROM theme t WHERE t.working_group_id = $1 ORDER BY t.number", found.group.id
    )
    heads = (theme_from(each) for each in themes)
    return MinutesDesk(found, tuple(each for each in heads if may_add_proposals(each.schedule, now)))


async def preview_minutes(
    viewer: Viewer | None, meeting: int, theme_number: int | None, source: str, now: datetime
) -> tuple[PreviewRow, ...]:
    """The lines of pasted minutes, before anything is written.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: no minutes, too many lines, or no theme of the meeting's group.
    """
    desk = await minutes_desk(viewer, meeting, now)
    checks = Checks()
    theme: ThemeHead | None = None
    with checks.field("theme"):
        theme = _theme_of(desk, theme_number)
    with checks.field("source"):
        source = clean_source(source, limit=LONGEST_MINUTES)
        found = rows_of(source)
        if len(found) > MOST_ROWS:
            raise Invalid(
                "Ce compte rendu a {rows} lignes, pour {most} au plus : collez-le en plusieurs fois.",
                values={"rows": len(found), "most": MOST_ROWS},
            )
    checks.done()
    assert theme is not None
    known = await _references_by_folded_wording(theme)
    return tuple(_preview(each.line, each.text, each.kept, known) for each in found)


def _theme_of(desk: MinutesDesk, number: int | None) -> ThemeHead:
    """The chosen theme, or the only one. Another group's theme is like one that does not exist."""
    if number is None and len(desk.themes) == 1:
        return desk.themes[0]
    for theme in desk.themes:
        if theme.number == number:
            return theme
    raise Invalid("Choisissez un thème du groupe dont les votes ne sont pas clos.")


async def _references_by_folded_wording(theme: ThemeHead) -> dict[str, str]:
    """The same words, whatever the accents, the case and the final full stop."""
    return {_folded(wording): ref for wording, ref in (await references_by_wording(theme)).items()}


def _folded(wording: str) -> str:
    return fold(wording).rstrip(" .;,")


def _preview(line: int, text: str, kept: bool, known: dict[str, str]) -> PreviewRow:
    already = known.get(_folded(text))
    return PreviewRow(line, text, kept and already is None, already)


async def keep_minutes(
    viewer: Viewer | None, meeting: int, theme_number: int | None, source: str, kept: Sequence[KeptRow], now: datetime
) -> list[str]:
    """Store the minutes and make a tagged proposal of each kept line, in one transaction; gives their references.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: nothing kept, or a line that cannot be a wording or is a proposal already; fields are "ligne-3".
    """
    desk = await minutes_desk(viewer, meeting, now)
    assert viewer is not None
    checks = Checks()
    with checks.field("theme"):
        theme = _theme_of(desk, theme_number)
    with checks.field("source"):
        source = clean_source(source, limit=LONGEST_MINUTES)
    checks.done()
    async with transaction():
        theme = await hold_theme(theme.number, Hold.ALONE, now)
        may_add_proposals(theme.schedule, now).require()
        new = await _checked(theme, kept, desk.meeting.id, viewer)
        await _store_minutes(desk.meeting.id, source)
        made = await write_proposals(theme, new, viewer, now)
        await journal.record(
            viewer,
            "keep_minutes",
            "meeting",
            desk.meeting.id,
            group=desk.meeting.group.id,
            after=" ".join(made),
            now=now,
        )
    return made


async def _checked(theme: ThemeHead, kept: Sequence[KeptRow], meeting: int, viewer: Viewer) -> list[NewProposal]:
    if not kept:
        raise Invalid("Gardez au moins une ligne.", field="lignes")
    known = await _references_by_folded_wording(theme)
    checks = Checks()
    new: list[NewProposal] = []
    for each in kept:
        with checks.field(f"ligne-{each.line}"):
            wording = clean_line(each.text, limit=LONGEST_WORDING)
            twin = known.setdefault(_folded(wording), f"ligne {each.line}")
            if twin != f"ligne {each.line}":
                raise Invalid("Déjà proposé : {twin}.", values={"twin": twin})
            new.append(NewProposal(wording, Origin.MEETING, meeting=meeting, promoter=viewer.id))
    checks.done()
    return new


async def _store_minutes(meeting: int, source: str) -> None:
    """Add the pasted minutes to those of the meeting, once."""
    # An UPDATE that changes nothing holds the row: two themes of a group may add to the same meeting at once.
    held = await row("UPDATE meeting SET minutes = minutes WHERE id = $1 RETURNING minutes", meeting)
    before = held["minutes"] if held else ""
    if source not in before:
        await rows("UPDATE meeting SET minutes = $2 WHERE id = $1", meeting, f"{before}\n\n{source}".strip())
