"""From the files of `themes/` to the themes of the consultation.

Each file is Markdown under TOML front matter between two +++ lines. Every field is checked and an unknown one is
refused: a typing mistake in a date or a title stops the start, with the file, the field and the reason, rather than
opening a consultation that nobody intended. What a file changes in the database is decided in `domain/themes/files.py`.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from forum.domain.themes.ballots import Rules, checked_rules
from forum.domain.themes.files import Adoption, Chapter, adopt
from forum.domain.themes.schedules import refuse_backwards
from forum.errors import CannotStart, Invalid, plain_reason
from forum.models.themes import Voting
from forum.permissions import Schedule
from forum.settings import reasons

_FRONT_MATTER = re.compile(
    r"\A\+\+\+[ \t]*\n(?P<toml>.*?)^\+\+\+[ \t]*(?:\n|\Z)(?P<body>.*)\Z", re.DOTALL | re.MULTILINE
)

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x1f]+$")]
Moment = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


class Strict(BaseModel):
    """A table of the front matter, which refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ThemeGroup(Strict):
    """The working group whose meetings the theme's tags refer to."""

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)
    name: Annotated[Line, Field(max_length=120)]


class ThemeFile(Strict):
    """The front matter of a theme. Without dates the schedule is left for agents to fix."""

    number: int = Field(ge=1, le=99)
    title: Annotated[Line, Field(max_length=200)]
    questions: list[Annotated[Line, Field(max_length=500)]] = Field(min_length=1, max_length=50)
    working_group: ThemeGroup
    contributions_open_at: Moment | None = None
    contributions_close_at: Moment | None = None
    votes_open_at: Moment | None = None
    votes_close_at: Moment | None = None
    sealed: bool = True
    quorum: int = Field(default=0, ge=0)
    voting: str = Voting.OPINIONS.value
    mentions: list[Line] = Field(default_factory=list, description="of a judgment, from the worst to the best")
    quota: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading the folder did, theme by theme."""

    adopted: tuple[Adoption, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """One sentence for each theme that changed, and for each question kept although its file dropped it."""
        said = [f"thème {each.number} : {_WHAT[each.created]}" for each in self.adopted if each.changed]
        kept = [
            f"thème {each.number} : la question {position} a quitté le fichier, mais on y a répondu ; gardée"
            for each in self.adopted
            for position in each.kept
        ]
        return (*said, *kept)


_WHAT = {True: "créé", False: "mis à jour"}


async def load_themes(folder: Path) -> LoadReport:
    """Create or update the themes that the files of a folder describe. Idempotent.

    Every file is read and checked before the first one changes anything.

    Raises:
        CannotStart: no folder, no file, or a broken one: names the file, the field and the reason.
    """
    chapters = read_folder(folder)
    return LoadReport(tuple([await _adopt(path, chapter) for path, chapter in chapters]))


def read_folder(folder: Path) -> list[tuple[Path, Chapter]]:
    """The themes of a folder, by file name. Raises CannotStart like `load_themes`."""
    if not folder.is_dir():
        raise CannotStart(f"thèmes : le dossier {folder} n’existe pas")
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise CannotStart(f"thèmes : le dossier {folder} ne contient aucun thème (*.md)")
    chapters = [(path, read_chapter(path)) for path in paths]
    _refuse_twins(chapters)
    return chapters


def read_chapter(path: Path) -> Chapter:
    """The theme that a file describes.

    Raises:
        CannotStart: names the file, the field and the reason.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise _broken(path, "fichier", _unread(problem)) from problem
    parts = _FRONT_MATTER.match(text.replace("\r\n", "\n"))
    if parts is None:
        raise _broken(path, "en-tête", "le fichier commence par du TOML entre deux lignes +++")
    try:
        fields = ThemeFile.model_validate(tomllib.loads(parts["toml"]))
    except tomllib.TOMLDecodeError as problem:
        raise _broken(path, "en-tête", f"TOML illisible, {problem}") from problem
    except ValidationError as problem:
        raise CannotStart(f"{path.parent.name}/{path.name} : {reasons(problem)}") from problem
    if not parts["body"].strip():
        raise _broken(path, "introduction", "rien n’est écrit sous l’en-tête")
    _refuse_backwards(path, fields)
    return Chapter(
        number=fields.number,
        title=fields.title,
        introduction=parts["body"].strip(),
        group_slug=fields.working_group.slug,
        group_name=fields.working_group.name,
        questions=tuple(fields.questions),
        schedule=Schedule(
            fields.contributions_open_at,
            fields.contributions_close_at,
            fields.votes_open_at,
            fields.votes_close_at,
            fields.sealed,
        ),
        quorum=fields.quorum,
        rules=_rules(path, fields),
    )


def _broken(path: Path, field: str, reason: str) -> CannotStart:
    return CannotStart(f"{path.parent.name}/{path.name} : {field} : {reason}")


def _unread(problem: OSError | UnicodeDecodeError) -> str:
    return "ce n’est pas du texte en UTF-8" if isinstance(problem, UnicodeDecodeError) else plain_reason(problem)


def _refuse_backwards(path: Path, fields: ThemeFile) -> None:
    windows = (
        ("contributions_close_at", fields.contributions_open_at, fields.contributions_close_at),
        ("votes_close_at", fields.votes_open_at, fields.votes_close_at),
    )
    for name, start, end in windows:
        try:
            refuse_backwards(start, end)
        except Invalid as problem:
            raise _broken(path, name, str(problem)) from problem


def _rules(path: Path, fields: ThemeFile) -> Rules:
    try:
        return checked_rules(fields.voting, fields.mentions, fields.quota)
    except Invalid as problem:
        raise _broken(path, _KEYS[problem.field or ""], str(problem)) from problem


# What a theme's file calls the fields of the form.
_KEYS = {"mode_de_vote": "voting", "mentions": "mentions", "quota": "quota"}


def _refuse_twins(chapters: list[tuple[Path, Chapter]]) -> None:
    seen: dict[int, Path] = {}
    for path, chapter in chapters:
        if chapter.number in seen:
            raise _broken(path, "number", f"{seen[chapter.number].name} porte déjà le numéro {chapter.number}")
        seen[chapter.number] = path


async def _adopt(path: Path, chapter: Chapter) -> Adoption:
    try:
        return await adopt(chapter)
    except Invalid as problem:
        raise _broken(path, problem.field or "fichier", str(problem)) from problem
