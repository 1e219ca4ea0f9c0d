"""Which syntheses are there, and who sees them? The lists, and the page of one.

Only published ones exist for others than agents and administrators. Asking for one is in `requests.py`, what people
write in it in `blocks.py`, its publication in `publication.py`, its documents in `documents.py`, the frozen data in
`snapshot_queries.py`. A published synthesis never changes, but for an erasure, see `redactions.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Row, row, rows
from forum.domain.jobs import JobProgress, progress_of
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import storable
from forum.domain.syntheses.documents import DocumentLine, document_lines
from forum.domain.syntheses.frozen_data import has_frozen_data
from forum.domain.syntheses.not_shown import NotShown, no_longer_shown
from forum.domain.syntheses.signing import SignatureLine, read_signature
from forum.domain.syntheses.states import PUBLIC
from forum.errors import NotFound
from forum.models.syntheses import SynthesisState
from forum.permissions import Viewer, may_compile, may_publish, may_read_synthesis, may_write_synthesis


@dataclass(frozen=True, slots=True)
class Replacement:
    """The newest published version of a synthesis that has several."""

    id: int
    version: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class SynthesisLine:
    """A synthesis in a list. Without a theme, it is of the whole consultation."""

    id: int
    theme_number: int | None
    theme_title: str | None
    version: int
    """Its number among the working drafts of its scope when it is a `draft`, among the final syntheses otherwise."""
    draft: bool
    state: SynthesisState
    requested_at: datetime
    published_at: datetime | None
    redacted_at: datetime | None = None
    """When a name was last taken out of it, because somebody asked to be erased."""
    replaced_by: Replacement | None = None


@dataclass(frozen=True, slots=True)
class ThemeChoice:
    """A theme that a synthesis may be asked for."""

    number: int
    title: str


@dataclass(frozen=True, slots=True)
class SynthesisPage:
    """Everything that the page of a synthesis shows to this viewer."""

    line: SynthesisLine
    snapshot_sha256: str
    requester: str | None
    documents: tuple[DocumentLine, ...]
    progress: JobProgress | None
    may_publish: bool
    may_write: bool
    """Whether this person prepares it: what is written, its review."""
    may_retry: bool
    may_sign: bool
    signature: SignatureLine | None
    has_frozen_data: bool
    not_shown: tuple[NotShown, ...]
    """What it holds that was hidden or withdrawn since."""

    @property
    def is_under_way(self) -> bool:
        return self.progress is not None and not self.progress.is_over

    @property
    def is_bare(self) -> bool:
        """Published, but without documents until they are made again without the name that was taken out."""
        return self.line.state.is_public and not self.documents

    @property
    def has_failed(self) -> bool:
        return self.line.state is SynthesisState.FAILED and not self.is_under_way

    @property
    def job_state(self) -> str:
        """The state of its job, which only agents see; visitors see only published syntheses, whose job is done."""
        return "done" if self.progress is None else self.progress.state


_LINE: Final = """
    SELECT s.id, s.scope, s.version, s.draft, s.state, s.requested_at, s.published_at, s.redacted_at, s.snapshot_sha256,
           s.theme_id, s.written, th.number, th.title, th.working_group_id, m.name AS requester,
           newer.id AS newer, newer.version AS newer_version, newer.published_at AS newer_published_at
      FROM synthesis s LEFT JOIN theme th ON th.id = s.theme_id LEFT JOIN member m ON m.id = s.requester_id
      LEFT JOIN synthesis newer ON s.state = 'replaced' AND newer.scope = s.scope AND newer.state = 'published'"""


_NEWEST_FIRST: Final = SortOrder({"s.id": int}, newest_first=True)
SHOWN: Final = 50


async def list_syntheses(viewer: Viewer | None, now: datetime, turn: PageTurn = FIRST) -> Page[SynthesisLine]:
    """A page of published syntheses, the newest first; for agents and administrators the others too."""
    only = "TRUE" if may_compile(viewer, now) else f"s.state IN {PUBLIC}"
    found = await read_page(f"{_LINE} WHERE {only}", [], _NEWEST_FIRST, turn, SHOWN)
    return found.of(map(line_of, found.shown))


async def newest_published(theme: int) -> SynthesisLine | None:
    """The synthesis that a theme's pages link to: the newest published one of the theme or, if none, of the whole
    consultation."""
    found = await row(
        f"""{_LINE} WHERE s.state = $2 AND (s.theme_id = $1 OR s.theme_id IS NULL)
             ORDER BY CASE WHEN s.theme_id IS NULL THEN 1 ELSE 0 END, s.version DESC LIMIT 1""",
        theme,
        SynthesisState.PUBLISHED.value,
    )
    return None if found is None else line_of(found)


async def themes_to_compile(viewer: Viewer | None, now: datetime) -> tuple[ThemeChoice, ...]:
    """The themes that this person may ask a synthesis of: none for those who may not ask."""
    if not may_compile(viewer, now):
        return ()
    return tuple(ThemeChoice(r["number"], r["title"]) for r in await rows("SELECT number, title FROM theme ORDER BY 1"))


def job_key(synthesis: int) -> str:
    """The key of the job that compiles a synthesis."""
    return f"synthesis:{synthesis}"


async def read_synthesis(viewer: Viewer | None, synthesis: int, now: datetime) -> SynthesisPage:
    """The page of a synthesis. Raises NotFound: it does not exist, or this person may not know that it does."""
    found = await find_synthesis(viewer, synthesis, now)
    line = line_of(found)
    documents = await document_lines(synthesis)
    for_agents = bool(may_compile(viewer, now))
    progress = await progress_of(job_key(synthesis)) if for_agents else None
    is_complete = bool(documents) and not any(document.error for document in documents)
    is_over = progress is None or progress.is_over
    is_fixed = line.state.is_public and bool(documents)
    is_readable = await has_frozen_data(synthesis)
    signature = await read_signature(synthesis)
    return SynthesisPage(
        line=line,
        snapshot_sha256=found["snapshot_sha256"],
        requester=found["requester"] if for_agents else None,
        documents=documents,
        progress=progress,
        may_publish=bool(may_publish(viewer, now)) and is_publishable(line, documents) and is_readable,
        may_write=bool(may_write_synthesis(viewer, now)) and not line.state.is_public,
        may_retry=for_agents and is_over and not is_complete and not is_fixed,
        may_sign=bool(may_publish(viewer, now)) and is_fixed and signature is None,
        signature=signature,
        has_frozen_data=is_readable,
        not_shown=await no_longer_shown(synthesis),
    )


def is_publishable(line: SynthesisLine, documents: tuple[DocumentLine, ...]) -> bool:
    """Whether it could be published as it stands."""
    has_some = any(not document.error for document in documents if not document.verifies)
    return line.state in (SynthesisState.READY, SynthesisState.REVIEW) and not line.draft and has_some


async def find_synthesis(viewer: Viewer | None, synthesis: int, now: datetime) -> Row:
    """Its row. Raises NotFound: it does not exist, or this person may not know that it does."""
    found = await row(f"{_LINE} WHERE s.id = $1", storable(synthesis))
    if found is None:
        raise NotFound
    may_read_synthesis(viewer, SynthesisState(found["state"]).is_public, now).require()
    return found


def line_of(found: Row) -> SynthesisLine:
    """A synthesis of a list, of the row that `find_synthesis` gives."""
    return SynthesisLine(
        id=found["id"],
        theme_number=found["number"],
        theme_title=found["title"],
        version=found["version"],
        draft=found["draft"],
        state=SynthesisState(found["state"]),
        requested_at=found["requested_at"],
        published_at=found["published_at"],
        redacted_at=found["redacted_at"],
        replaced_by=None
        if found["newer"] is None
        else Replacement(found["newer"], found["newer_version"], found["newer_published_at"]),
    )
