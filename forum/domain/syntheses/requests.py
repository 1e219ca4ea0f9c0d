"""Who asks for a synthesis, and from which data is it made?

Asking freezes the data, stores it and asks for the job in one transaction: what is compiled later is what was true
then. If nothing changed since the newest of the same scope and kind, that one is returned, not a duplicate. Working
drafts and final syntheses are numbered apart. A new one begins with the words that people wrote in the last one of its
subject. Until it is published it is composed again as often as needed, from the present data and words.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forum.database import Row, Transaction, row, rows, transaction
from forum.domain import jobs, journal
from forum.domain.syntheses.blocks import copy_blocks, freeze_words
from forum.domain.syntheses.frozen_data import with_ballots
from forum.domain.syntheses.snapshot_queries import freeze, hold_still, read_introductions
from forum.domain.syntheses.snapshots import Snapshot, SynthesisKind, instant, sha256, to_json
from forum.domain.syntheses.states import SynthesisStep, take_or_refuse
from forum.domain.syntheses.syntheses import find_synthesis, job_key, read_synthesis
from forum.errors import Conflict, Invalid
from forum.jobs import JobName, enqueue
from forum.models.syntheses import SynthesisState
from forum.permissions import Viewer, demand, may_compile, may_write_synthesis

WHOLE: Final = "all"
"""Scope of a synthesis of the whole consultation; that of a theme is "theme:3"."""
DRAFTS: Final = " draft"
"""Suffix of the scope of a working draft, so that one UNIQUE constraint numbers drafts and versions separately."""


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """The result of asking: `is_new` is False when nothing had changed and the newest of its kind is returned."""

    id: int
    version: int
    draft: bool
    is_new: bool


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
                await _compile(tx, newest["id"], now)
            return SynthesisRequest(newest["id"], newest["version"], draft, is_new=False)
        snapshot = replace(snapshot, version=1 if newest is None else newest["version"] + 1)
        synthesis = await _insert(snapshot, scope, theme, viewer, now)
        await copy_blocks(synthesis, None if theme is None else theme["id"])
        await freeze_words(synthesis)
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
        if page.is_bare:
            await enqueue(tx, JobName.COMPILE_SYNTHESIS, synthesis, key=job_key(synthesis), now=now)
        else:
            await _compile(tx, synthesis, now)
        theme = await row(
            "SELECT t.working_group_id FROM synthesis s JOIN theme t ON t.id = s.theme_id WHERE s.id = $1", synthesis
        )
        group = None if theme is None else theme["working_group_id"]
        await journal.record(viewer, "retry", "synthesis", synthesis, group=group, now=now)


async def _compile(tx: Transaction, synthesis: int, now: datetime) -> None:
    """Put it back to the start, unless it was published meanwhile: then it never changes again."""
    await take_or_refuse(SynthesisStep.COMPOSE, synthesis)
    await jobs.begin_again(job_key(synthesis), now)
    await enqueue(tx, JobName.COMPILE_SYNTHESIS, synthesis, key=job_key(synthesis), now=now)


# Composing again


async def compose(viewer: Viewer | None, synthesis: int, now: datetime) -> None:
    """Make the documents of an unpublished synthesis again, from the present data and from what is written in it now.

    Its data stay as they were frozen when votes opened or closed since: then it would be another kind of document.

    Raises:
        NotFound: this person may not know of it.
        Conflict: it is published, or in review.
        Invalid: votes closed a moment ago, and the last ballots may still be on their way.
    """
    introductions = await read_introductions()
    async with transaction() as tx:
        await hold_still()
        found = await find_synthesis(viewer, synthesis, now)
        viewer = demand(may_write_synthesis, viewer, now)
        if found["state"] == SynthesisState.REVIEW.value:
            raise Conflict("Cette synthèse est en relecture : reprenez d’abord l’écriture.")
        await _refresh(found, now, introductions)
        await freeze_words(synthesis)
        await rows("DELETE FROM document WHERE synthesis_id = $1", synthesis)
        await _compile(tx, synthesis, now)
        await journal.record(viewer, "compose", "synthesis", synthesis, group=found["working_group_id"], now=now)


async def _refresh(found: Row, now: datetime, introductions: dict[str, str]) -> None:
    frozen = await with_ballots(await freeze(found["theme_id"], now, introductions))
    snapshot = replace(frozen, version=found["version"])
    if _says_the_same(snapshot, found) or (snapshot.kind is SynthesisKind.WORKING_DRAFT) != found["draft"]:
        return
    await rows(
        "UPDATE synthesis SET snapshot = $2, snapshot_sha256 = $3, requested_at = $4 WHERE id = $1",
        found["id"],
        to_json(snapshot).decode(),
        sha256(snapshot),
        now,
    )
