"""Who asks for a synthesis, who sees it, and when does it become public?

Asking freezes the data, stores it and asks for the job in one transaction: what is compiled later is what was true
then. If nothing changed since the newest of the same scope and kind, that one is returned, not a duplicate. Working
drafts and final syntheses are numbered apart. A published synthesis never changes, and no older one of its scope is
published after it; only an erasure changes it, see `redactions.py`. Its documents are in `documents.py`, the frozen
data in `snapshot_queries.py`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.jobs import JobProgress, progress_of
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import storable
from forum.domain.syntheses.documents import DocumentLine, document_lines
from forum.domain.syntheses.frozen_data import has_frozen_data, with_ballots
from forum.domain.syntheses.not_shown import NotShown, no_longer_shown
from forum.domain.syntheses.snapshot_queries import freeze, hold_still, read_introductions
from forum.domain.syntheses.snapshots import Snapshot, SynthesisKind, instant, sha256, to_json
from forum.errors import Conflict, Invalid, NotFound
from forum.jobs import JobName, enqueue
from forum.models.syntheses import SynthesisState
from forum.permissions import Viewer, demand, may_compile, may_publish, may_read_synthesis

WHOLE: Final = "all"
"""Scope of a synthesis of the whole consultation; that of a theme is "theme:3"."""
DRAFTS: Final = " draft"
"""Suffix of the scope of a working draft, so that one UNIQUE constraint numbers drafts and versions separately."""


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
    may_retry: bool
    has_frozen_data: bool
    not_shown: tuple[NotShown, ...]
    """What it holds that was hidden or withdrawn since."""

    @property
    def is_under_way(self) -> bool:
        return self.progress is not None and not self.progress.is_over

    @property
    def is_bare(self) -> bool:
        """Published, but without documents until they are made again without the name that was taken out."""
        return self.line.state is SynthesisState.PUBLISHED and not self.documents

    @property
    def has_failed(self) -> bool:
        return self.line.state is SynthesisState.FAILED and not self.is_under_way

    @property
    def job_state(self) -> str:
        """The state of its job, which only agents see; visitors see only published syntheses, whose job is done."""
        return "done" if self.progress is None else self.progress.state


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """The result of asking: `is_new` is False when nothing had changed and the newest of its kind is returned."""

    id: int
    version: int
    draft: bool
    is_new: bool


# Asking


async def request_synthesis(viewer: Viewer | None, theme: int | None, now: datetime) -> SynthesisRequest:
    """Ask for the synthesis of the theme of that number, or of the whole consultation.

    Raises:
        NotFound: for others than agents and administrators this does not exist.
        Invalid: no theme has that number.
        Conflict: the themes were loaded again at the same moment.
    """
    demand(may_compile, viewer, now)
    return await _ask(viewer, theme, now)


async def request_from_shell(theme: int | None, now: datetime) -> SynthesisRequest:
    """Ask for a synthesis from the command line, whose user could read the database itself: rights are not checked.

    Raises:
        Invalid: no theme has that number.
    """
    return await _ask(None, theme, now)


async def _ask(viewer: Viewer | None, number: int | None, now: datetime) -> SynthesisRequest:
    introductions = await read_introductions()
    async with transaction() as tx:
        await hold_still()
        theme = None if number is None else await _theme(number)
        snapshot = await with_ballots(await freeze(None if theme is None else theme["id"], now, introductions))
        draft = snapshot.kind is SynthesisKind.WORKING_DRAFT
        subject = WHOLE if number is None else f"theme:{number}"
        scope = f"{subject}{DRAFTS}" if draft else subject
        newest = await row(_NEWEST, scope)
        if newest is not None and _says_the_same(snapshot, newest):
            if newest["state"] == SynthesisState.FAILED.value:
                await _start(newest["id"])
                await enqueue(tx, JobName.COMPILE_SYNTHESIS, newest["id"], key=job_key(newest["id"]), now=now)
            return SynthesisRequest(newest["id"], newest["version"], draft, is_new=False)
        snapshot = replace(snapshot, version=1 if newest is None else newest["version"] + 1)
        synthesis = await _insert(snapshot, scope, theme, viewer, now)
        await enqueue(tx, JobName.COMPILE_SYNTHESIS, synthesis, key=job_key(synthesis), now=now)
        await journal.record(
            viewer,
            "request",
            "synthesis",
            synthesis,
            group=None if theme is None else theme["working_group_id"],
            after=f"{subject} {'brouillon' if draft else 'version'} {snapshot.version}",
            now=now,
        )
    return SynthesisRequest(synthesis, snapshot.version, draft, is_new=True)


_NEWEST: Final = """
    SELECT id, version, state, requested_at, snapshot_sha256 FROM synthesis
     WHERE scope = $1 ORDER BY version DESC LIMIT 1"""


def job_key(synthesis: int) -> str:
    """The key of the job that compiles a synthesis."""
    return f"synthesis:{synthesis}"


async def _theme(number: int) -> Row:
    found = await row("SELECT id, working_group_id FROM theme WHERE number = $1", number)
    if found is None:
        raise Invalid("Ce thème n’existe pas.", field="theme")
    return found


def _says_the_same(snapshot: Snapshot, newest: Row) -> bool:
    """Whether the newest of its kind was made from the same facts: only its number and its instant may differ.

    Both are in its row, so the two are compared without reading the former snapshot while everybody waits.
    """
    taken_at = instant(newest["requested_at"])
    as_before = replace(snapshot, version=newest["version"], taken_at=taken_at)
    return bool(sha256(as_before) == newest["snapshot_sha256"])


async def _insert(snapshot: Snapshot, scope: str, theme: Row | None, viewer: Viewer | None, now: datetime) -> int:
    draft = snapshot.kind is SynthesisKind.WORKING_DRAFT
    inserted = await rows(
        """INSERT INTO synthesis (theme_id, version, scope, state, draft, snapshot, snapshot_sha256, requester_id,
                                  requested_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id""",
        None if theme is None else theme["id"],
        snapshot.version,
        scope,
        SynthesisState.REQUESTED.value,
        draft,
        to_json(snapshot).decode(),
        sha256(snapshot),
        None if viewer is None else viewer.id,
        now,
    )
    return int(inserted[0]["id"])


async def retry(viewer: Viewer | None, synthesis: int, now: datetime) -> None:
    """Compile again what failed, wholly or for one of its formats, from the same frozen data.

    Raises:
        NotFound: this person may not know of it.
        Conflict: it is under way, or complete, or published: there is nothing to make again.
    """
    async with transaction() as tx:
        page = await read_synthesis(viewer, synthesis, now)
        if not page.may_retry:
            raise Conflict("Cette synthèse est déjà en cours, ou complète : il n’y a rien à recommencer.")
        if not page.is_bare:
            await _start(synthesis)
        await enqueue(tx, JobName.COMPILE_SYNTHESIS, synthesis, key=job_key(synthesis), now=now)
        theme = await row(
            "SELECT t.working_group_id FROM synthesis s JOIN theme t ON t.id = s.theme_id WHERE s.id = $1", synthesis
        )
        group = None if theme is None else theme["working_group_id"]
        await journal.record(viewer, "retry", "synthesis", synthesis, group=group, now=now)


async def _start(synthesis: int) -> None:
    """Put it back to the start, unless it was published meanwhile: then it never changes again."""
    started = await rows(
        "UPDATE synthesis SET state = $2 WHERE id = $1 AND state <> $3 RETURNING id",
        synthesis,
        SynthesisState.REQUESTED.value,
        SynthesisState.PUBLISHED.value,
    )
    if not started:
        raise Conflict("Cette synthèse vient d’être publiée. Une synthèse publiée ne change plus.")


# Reading


_LINE: Final = """
    SELECT s.id, s.scope, s.version, s.draft, s.state, s.requested_at, s.published_at, s.redacted_at, s.snapshot_sha256,
           th.number, th.title, th.working_group_id, m.name AS requester,
           newer.id AS newer, newer.version AS newer_version, newer.published_at AS newer_published_at
      FROM synthesis s LEFT JOIN theme th ON th.id = s.theme_id LEFT JOIN member m ON m.id = s.requester_id
      LEFT JOIN synthesis newer ON newer.scope = s.scope AND newer.version > s.version AND newer.state = 'published'
            AND NOT EXISTS (SELECT 1 FROM synthesis newest WHERE newest.scope = s.scope AND newest.state = 'published'
                                                             AND newest.version > newer.version)"""


_NEWEST_FIRST: Final = SortOrder({"s.id": int}, newest_first=True)
SHOWN: Final = 50


async def list_syntheses(viewer: Viewer | None, now: datetime, turn: PageTurn = FIRST) -> Page[SynthesisLine]:
    """A page of published syntheses, the newest first; for agents and administrators the others too."""
    only = "TRUE" if may_compile(viewer, now) else f"s.state = '{SynthesisState.PUBLISHED.value}'"
    found = await read_page(f"{_LINE} WHERE {only}", [], _NEWEST_FIRST, turn, SHOWN)
    return found.of(map(_line, found.shown))


async def newest_published(theme: int) -> SynthesisLine | None:
    """The synthesis that a theme's pages link to: the newest published one of the theme or, if none, of the whole
    consultation."""
    found = await row(
        f"""{_LINE} WHERE s.state = $2 AND (s.theme_id = $1 OR s.theme_id IS NULL)
             ORDER BY CASE WHEN s.theme_id IS NULL THEN 1 ELSE 0 END, s.version DESC LIMIT 1""",
        theme,
        SynthesisState.PUBLISHED.value,
    )
    return None if found is None else _line(found)


async def themes_to_compile(viewer: Viewer | None, now: datetime) -> tuple[ThemeChoice, ...]:
    """The themes that this person may ask a synthesis of: none for those who may not ask."""
    if not may_compile(viewer, now):
        return ()
    return tuple(ThemeChoice(r["number"], r["title"]) for r in await rows("SELECT number, title FROM theme ORDER BY 1"))


async def read_synthesis(viewer: Viewer | None, synthesis: int, now: datetime) -> SynthesisPage:
    """The page of a synthesis. Raises NotFound: it does not exist, or this person may not know that it does."""
    found = await _find(viewer, synthesis, now)
    line = _line(found)
    documents = await document_lines(synthesis)
    for_agents = bool(may_compile(viewer, now))
    progress = await progress_of(job_key(synthesis)) if for_agents else None
    is_complete = bool(documents) and not any(document.error for document in documents)
    is_over = progress is None or progress.is_over
    is_fixed = line.state is SynthesisState.PUBLISHED and bool(documents)
    is_readable = await has_frozen_data(synthesis)
    return SynthesisPage(
        line=line,
        snapshot_sha256=found["snapshot_sha256"],
        requester=found["requester"] if for_agents else None,
        documents=documents,
        progress=progress,
        may_publish=bool(may_publish(viewer, now)) and _is_publishable(line, documents) and is_readable,
        may_retry=for_agents and is_over and not is_complete and not is_fixed,
        has_frozen_data=is_readable,
        not_shown=await no_longer_shown(synthesis),
    )


def _is_publishable(line: SynthesisLine, documents: tuple[DocumentLine, ...]) -> bool:
    has_some = any(not document.error for document in documents if not document.verifies)
    return line.state is SynthesisState.READY and not line.draft and has_some


async def _find(viewer: Viewer | None, synthesis: int, now: datetime) -> Row:
    found = await row(f"{_LINE} WHERE s.id = $1", storable(synthesis))
    if found is None:
        raise NotFound
    may_read_synthesis(viewer, found["state"] == SynthesisState.PUBLISHED.value, now).require()
    return found


def _line(found: Row) -> SynthesisLine:
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


# Publishing


async def publish(viewer: Viewer | None, synthesis: int, now: datetime) -> None:
    """Publish a final synthesis, which then never changes.

    Raises:
        SignInRequired, NotAllowed, NotFound: only agents and administrators publish; for others drafts do not exist.
        Conflict: it is a working draft, has no document yet, is published already, is older than a published one,
            contains the tallies of a sealed vote that was, or will be, opened again, or was made by a former version
            of the program, whose ranks counted masked groups.
    """
    async with transaction():
        found = await _find(viewer, synthesis, now)
        demand(may_publish, viewer, now)
        _require_publishable(_line(found), await document_lines(synthesis))
        if not await has_frozen_data(synthesis):
            raise Conflict(
                "Cette synthèse a été faite par une version antérieure du logiciel, dont les rangs pouvaient dire les "
                "votes de groupes de quelques personnes. Redemandez-la, puis publiez la nouvelle."
            )
        await _refuse_while_sealed(found["number"], now)
        await _refuse_out_of_order(found["scope"], found["version"])
        published = await rows(
            "UPDATE synthesis SET state = $2, published_at = $3 WHERE id = $1 AND state = $4 RETURNING id",
            synthesis,
            SynthesisState.PUBLISHED.value,
            now,
            SynthesisState.READY.value,
        )
        if not published:
            raise Conflict("Cette synthèse vient de changer d’état. Rechargez la page.")
        # The page of every theme concerned says that a synthesis is public.
        await rows(
            "UPDATE theme SET version = version + 1 WHERE $1 OR number = $2 RETURNING id",
            found["number"] is None,
            found["number"] or 0,
        )
        await journal.record(
            viewer,
            "publish",
            "synthesis",
            synthesis,
            group=found["working_group_id"],
            after=found["snapshot_sha256"],
            now=now,
        )


async def _refuse_while_sealed(theme: int | None, now: datetime) -> None:
    """Refuse while a vote is open again, or will be: the tallies of the first one would influence the second."""
    open_again = await row(
        """SELECT number FROM theme
            WHERE ($1 OR number = $2) AND sealed AND (votes_close_at IS NULL OR votes_close_at > $3)
              AND (votes_open_at IS NOT NULL OR EXISTS (
                    SELECT 1 FROM ballot b JOIN proposal p ON p.id = b.proposal_id WHERE p.theme_id = theme.id))
            ORDER BY number LIMIT 1""",
        theme is None,
        theme or 0,
        now,
    )
    if open_again is not None:
        raise Conflict(
            "Les votes du thème {number} sont sous scellés, ouverts ou à venir : publiez la synthèse quand ils seront "
            "clos.",
            values={"number": open_again["number"]},
        )


async def _refuse_out_of_order(scope: str, version: int) -> None:
    newer = await row(
        "SELECT version FROM synthesis WHERE scope = $1 AND version > $2 AND state = $3 ORDER BY version DESC LIMIT 1",
        scope,
        version,
        SynthesisState.PUBLISHED.value,
    )
    if newer is not None:
        raise Conflict(
            "La version {version}, plus récente, est déjà publiée : celle-ci ne peut plus l’être.",
            values={"version": newer["version"]},
        )


def _require_publishable(line: SynthesisLine, documents: tuple[DocumentLine, ...]) -> None:
    if line.state is SynthesisState.PUBLISHED:
        raise Conflict("Cette synthèse est déjà publiée. Une synthèse publiée ne change plus.")
    if line.draft:
        raise Conflict("Un document de travail ne se publie pas. Demandez la synthèse quand les votes seront clos.")
    if not _is_publishable(line, documents):
        raise Conflict("Cette synthèse n’a pas encore de document à publier.")
