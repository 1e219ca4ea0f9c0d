"""When does a synthesis become public, for good?

No older one of its scope is published after it, and none while a sealed vote of its scope is open again.
"""

from datetime import datetime

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.syntheses.blocks import read_writing
from forum.domain.syntheses.checklist import read_checklist
from forum.domain.syntheses.documents import DocumentLine, document_lines
from forum.domain.syntheses.frozen_data import has_frozen_data
from forum.domain.syntheses.not_shown import no_longer_shown
from forum.domain.syntheses.states import PUBLIC, SynthesisStep, take_or_refuse
from forum.domain.syntheses.syntheses import SynthesisLine, find_synthesis, is_publishable, line_of
from forum.errors import Conflict
from forum.permissions import Viewer, demand, may_publish


async def send_to_review(viewer: Viewer | None, synthesis: int, now: datetime) -> None:
    """Let nobody write in a synthesis any more, so that it is read as it will be published.

    Raises:
        NotFound: this person may not know of it.
        Conflict: its documents are not made, or do not hold what is written now, or hold words that are not shown any
            more; or a warning of its checklist is not passed in words.
    """
    async with transaction():
        desk = await read_writing(viewer, synthesis, now)
        await take_or_refuse(SynthesisStep.REVIEW, synthesis)
        if desk.is_behind:
            raise Conflict("Des textes ont changé depuis : composez d’abord les documents.")
        if await no_longer_shown(synthesis):
            raise Conflict("Les documents contiennent des mots qui ne sont plus affichés : composez-les de nouveau.")
        if not all(each.is_passed for each in await read_checklist(viewer, synthesis, now)):
            raise Conflict("Il reste des points à régler, ou à passer avec des mots.")
        await _record(viewer, "review", synthesis, now)


async def resume_writing(viewer: Viewer | None, synthesis: int, now: datetime) -> None:
    """Let people write again in a synthesis that was in review. Raises NotFound, Conflict."""
    async with transaction():
        await read_writing(viewer, synthesis, now)
        await take_or_refuse(SynthesisStep.RESUME, synthesis)
        await _record(viewer, "resume", synthesis, now)


async def _record(viewer: Viewer | None, act: str, synthesis: int, now: datetime) -> None:
    found = await find_synthesis(viewer, synthesis, now)
    await journal.record(viewer, act, "synthesis", synthesis, group=found["working_group_id"], now=now)


async def publish(viewer: Viewer | None, synthesis: int, now: datetime) -> None:
    """Publish a final synthesis, which then never changes.

    Raises:
        SignInRequired, NotAllowed, NotFound: only agents and administrators publish; for others drafts do not exist.
        Conflict: it is a working draft, has no document yet, is published already, is older than a published one,
            contains the tallies of a sealed vote that was, or will be, opened again, or was made by a former version
            of the program, whose ranks counted masked groups.
    """
    async with transaction():
        found = await find_synthesis(viewer, synthesis, now)
        demand(may_publish, viewer, now)
        _require_publishable(line_of(found), await document_lines(synthesis))
        if not await has_frozen_data(synthesis):
            raise Conflict(
                "Cette synthèse a été faite par une version antérieure du logiciel, dont les rangs pouvaient dire les "
                "votes de groupes de quelques personnes. Redemandez-la, puis publiez la nouvelle."
            )
        await _refuse_while_sealed(found["number"], now)
        await _refuse_out_of_order(found["scope"], found["version"])
        await _replace(found["scope"])
        await take_or_refuse(SynthesisStep.PUBLISH, synthesis)
        await rows("UPDATE synthesis SET published_at = $2 WHERE id = $1", synthesis, now)
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


async def _replace(scope: str) -> None:
    """The published one of the scope, if any, is replaced from now on."""
    for one in await rows("SELECT id FROM synthesis WHERE scope = $1 AND state = 'published'", scope):
        await take_or_refuse(SynthesisStep.REPLACE, one["id"])


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
        f"SELECT version FROM synthesis WHERE scope = $1 AND version > $2 AND state IN {PUBLIC} "
        "ORDER BY version DESC LIMIT 1",
        scope,
        version,
    )
    if newer is not None:
        raise Conflict(
            "La version {version}, plus récente, est déjà publiée : celle-ci ne peut plus l’être.",
            values={"version": newer["version"]},
        )


def _require_publishable(line: SynthesisLine, documents: tuple[DocumentLine, ...]) -> None:
    if line.state.is_public:
        raise Conflict("Cette synthèse est déjà publiée. Une synthèse publiée ne change plus.")
    if line.draft:
        raise Conflict("Un document de travail ne se publie pas. Demandez la synthèse quand les votes seront clos.")
    if not is_publishable(line, documents):
        raise Conflict("Cette synthèse n’a pas encore de document à publier.")
