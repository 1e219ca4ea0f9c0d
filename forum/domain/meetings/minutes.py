"""Which lines of a meeting's minutes become proposals?

A moderator sends the minutes, chooses and corrects lines, and keeps them in one go.

Lines are read by `text/minutes.py`, files by `text/minutes_files.py`; nothing is written before the moderator has seen
them. A line becomes a proposal tagged with the meeting, or adds the meeting to a proposal without one that already says
the same, or is left out; the whole minutes stay on the meeting's page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from anyio.to_thread import run_sync

from forum.database import known_row, places, row, rows, transaction
from forum.domain import journal
from forum.domain.meetings.meetings import MeetingLine, find_meeting
from forum.domain.proposals.likenesses import Suggestion, compared, suggest
from forum.domain.proposals.new_proposals import LONGEST_WORDING, NewProposal, write_proposals
from forum.domain.proposals.proposals import references_by_wording
from forum.domain.references import parse_reference
from forum.domain.search.index import refresh_meeting, refresh_proposals
from forum.domain.themes.themes import THEME_COLUMNS, Hold, ThemeHead, hold_theme, raise_versions, theme_from
from forum.domain.withheld import aside
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.models.moderation import Moderated
from forum.models.proposals import IN_FORCE_SQL, Origin
from forum.permissions import Viewer, demand, may_add_proposals, may_moderate
from forum.text.line_ends import with_hanging_breaks
from forum.text.minutes import rows_of
from forum.text.minutes_files import read_minutes
from forum.text.source import clean_line, clean_source

# A day's minutes are some twenty pages; a form carries no more than that.
LONGEST_MINUTES = 60_000
MOST_ROWS = 300
HIDDEN = "L’équipe de modération a masqué le compte rendu de cette réunion : rien ne s’y ajoute tant qu’il l’est."


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A line that the moderator keeps, in their words."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class JoinedRow:
    """A line that says the same as a proposal, to which the meeting is then added."""

    line: int
    reference: str


# What the moderator chooses for a line: a new proposal, nothing, or the reference of a proposal that says the same.
NEW, LEFT_OUT = "1", ""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A line of the minutes: its words, the choice made for it (`NEW`, `LEFT_OUT`, a reference), and similar
    proposals."""

    line: int
    text: str
    choice: str
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class MinutesDesk:
    """The form of a meeting's minutes: the meeting, and the themes of its group that still accept proposals. `mark` is
    that of the words kept so far, `are_hidden` that moderators hid them: nothing is added meanwhile."""

    meeting: MeetingLine
    themes: tuple[ThemeHead, ...]
    mark: str
    are_hidden: bool


async def minutes_desk(viewer: Viewer | None, meeting: int, now: datetime) -> MinutesDesk:
    """What the form of a meeting's minutes shows to a moderator of its group.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    found = await find_meeting(viewer, meeting, now)
    demand(may_moderate, viewer, found.group.id, now)
    themes = await rows(
        f"SELECT {THEME_COLUMNS} FROM theme t WHERE t.working_group_id = $1 ORDER BY t.number", found.group.id
    )
    heads = (theme_from(each) for each in themes)
    open_themes = tuple(each for each in heads if may_add_proposals(each.schedule, now))
    kept = await known_row("SELECT minutes FROM meeting WHERE id = $1", found.id)
    are_hidden = await aside(Moderated.MINUTES, found.id) is not None
    return MinutesDesk(found, open_themes, _mark(kept["minutes"]), are_hidden)


def _mark(minutes: str) -> str:
    """A short mark of kept minutes: a form that was opened on other words must not bring these back."""
    return sha256(minutes.encode()).hexdigest()[:16]


async def read_file(content: bytes) -> str:
    """The text of a file of minutes, off the event loop.

    Raises:
        Invalid: `text/minutes_files.py` does not read such a file.
    """
    return await run_sync(read_minutes, content)


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
        source = clean_source(with_hanging_breaks(source), limit=LONGEST_MINUTES)
        found = await run_sync(rows_of, source)
        if len(found) > MOST_ROWS:
            raise Invalid(
                "Ce compte rendu a {rows} lignes, pour {most} au plus : collez-le en plusieurs fois.",
                values={"rows": len(found), "most": MOST_ROWS},
            )
    checks.done()
    assert theme is not None
    near = await suggest(theme, [each.text for each in found])
    return tuple(
        PreviewRow(each.line, each.text, _first_choice(each.kept, some), some)
        for each, some in zip(found, near, strict=True)
    )


def _first_choice(kept: bool, suggestions: Sequence[Suggestion]) -> str:
    """The initial choice for a line. Repeated words make one proposal; about similar words, the moderator decides."""
    twin = next((each.proposal for each in suggestions if each.is_same), None)
    if twin is None:
        return NEW if kept else LEFT_OUT
    return twin.reference if kept and twin.meeting is None else LEFT_OUT


async def with_suggestions(
    desk: MinutesDesk, theme_number: int | None, typed: Sequence[PreviewRow]
) -> tuple[PreviewRow, ...]:
    """The lines as the moderator left them, with similar proposals as before; none without a theme."""
    try:
        theme = _theme_of(desk, theme_number)
    except Invalid:
        return tuple(typed)
    near = await suggest(theme, [each.text for each in typed])
    return tuple(replace(each, suggestions=some) for each, some in zip(typed, near, strict=True))


def _theme_of(desk: MinutesDesk, number: int | None) -> ThemeHead:
    """The chosen theme, or the only one. Another group's theme counts as one that does not exist."""
    if number is None and len(desk.themes) == 1:
        return desk.themes[0]
    for theme in desk.themes:
        if theme.number == number:
            return theme
    raise Invalid("Choisissez un thème du groupe dont les votes ne sont pas clos.")


async def keep_minutes(
    viewer: Viewer | None,
    meeting: int,
    theme_number: int | None,
    source: str,
    kept: Sequence[KeptRow],
    joined: Sequence[JoinedRow],
    seen: str,
    now: datetime,
) -> list[str]:
    """Store the minutes, make tagged proposals of kept lines, add the meeting to those that lines were joined to.

    In one transaction; returns the references of the new proposals. `seen` is the mark of the desk that the form was
    filled from, empty where none is known.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: nothing kept, a line that cannot be a wording or is already a proposal, a proposal that is not in
            force or comes from another meeting; fields are "ligne-3".
        Conflict: the kept minutes are hidden, or changed meanwhile.
    """
    desk = await minutes_desk(viewer, meeting, now)
    viewer = demand(may_moderate, viewer, desk.meeting.group.id, now)
    checks = Checks()
    with checks.field("theme"):
        theme = _theme_of(desk, theme_number)
    with checks.field("source"):
        source = clean_source(with_hanging_breaks(source), limit=LONGEST_MINUTES)
    checks.done()
    async with transaction():
        theme = await hold_theme(theme.number, Hold.ALONE, now)
        may_add_proposals(theme.schedule, now).require()
        new, others = await _checked(theme, kept, joined, desk.meeting, viewer)
        await _store_minutes(desk.meeting.id, source, seen)
        made = await write_proposals(theme, new, viewer, now) if new else []
        await _give_meeting(theme, others, desk.meeting.id)
        await journal.record(
            viewer,
            "keep_minutes",
            "meeting",
            desk.meeting.id,
            group=desk.meeting.group.id,
            after=" ".join([*made, *dict.fromkeys(each.reference for each in joined)]),
            now=now,
        )
    return made


async def _checked(
    theme: ThemeHead, kept: Sequence[KeptRow], joined: Sequence[JoinedRow], meeting: MeetingLine, viewer: Viewer
) -> tuple[list[NewProposal], list[int]]:
    """The proposals to write, and the ids of those that the meeting is added to."""
    if not kept and not joined:
        raise Invalid("Gardez au moins une ligne.", field="lignes")
    known = {compared(wording): ref for wording, ref in (await references_by_wording(theme)).items()}
    checks = Checks()
    new: list[NewProposal] = []
    for each in kept:
        with checks.field(f"ligne-{each.line}"):
            wording = clean_line(each.text, limit=LONGEST_WORDING)
            twin = known.setdefault(compared(wording), f"ligne {each.line}")
            if twin != f"ligne {each.line}":
                raise Invalid("Déjà proposé : {twin}.", values={"twin": twin})
            new.append(NewProposal(wording, Origin.MEETING, meeting=meeting.id, promoter=viewer.id))
    others: list[int] = []
    for one in joined:
        with checks.field(f"ligne-{one.line}"):
            others.append(await _joinable(theme, one.reference, meeting))
    checks.done()
    return new, others


async def _joinable(theme: ThemeHead, ref: str, meeting: MeetingLine) -> int:
    """The id of a proposal in force of this theme that comes from no meeting, or from this one."""
    try:
        of_theme, number = parse_reference(ref)
    except NotFound:
        of_theme = number = 0
    found = await row(
        f"""
        SELECT p.id, m.id AS meeting_id, m.number AS meeting
          FROM proposal p LEFT JOIN meeting m ON m.id = p.meeting_id
         WHERE p.theme_id = $1 AND p.number = $2 AND p.state IN {IN_FORCE_SQL}""",
        theme.id,
        number if of_theme == theme.number else 0,
    )
    if found is None:
        raise Invalid("Cette proposition n’est plus à rattacher : choisissez autre chose pour cette ligne.")
    if found["meeting_id"] not in (None, meeting.id):
        raise Invalid(
            "{reference} vient déjà de la réunion {number} : laissez cette ligne de côté.",
            values={"reference": ref, "number": found["meeting"]},
        )
    return int(found["id"])


async def _give_meeting(theme: ThemeHead, proposals: Sequence[int], meeting: int) -> None:
    if not proposals:
        return
    await raise_versions(theme=theme.id)
    await rows(
        f"UPDATE proposal SET meeting_id = $1 WHERE id IN ({places(len(proposals), after=1)})", meeting, *proposals
    )
    await refresh_proposals(*proposals)


async def _store_minutes(meeting: int, source: str, seen: str) -> None:
    """Add the pasted minutes to those of the meeting, once.

    Raises:
        Conflict: these are hidden, or not any more those that were `seen`.
    """
    # An UPDATE that changes nothing locks the row: two themes of a group may add to the same meeting at once.
    held = await known_row("UPDATE meeting SET minutes = minutes WHERE id = $1 RETURNING minutes", meeting)
    if await aside(Moderated.MINUTES, meeting) is not None:
        raise Conflict(HIDDEN)
    before = held["minutes"]
    if seen and _mark(before) != seen:
        raise Conflict(
            "Le compte rendu de cette réunion a changé entre-temps : relisez-le sur sa page. Votre saisie est gardée"
            " ci-dessous."
        )
    if source not in before:
        await rows("UPDATE meeting SET minutes = $2 WHERE id = $1", meeting, f"{before}\n\n{source}".strip())
        refresh_meeting(meeting)
