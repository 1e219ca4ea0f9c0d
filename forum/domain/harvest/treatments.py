"""Has a contribution been fully read, and with what outcome? The desk where it is read, and the progress of a theme.

Every contribution ends up treated, with the extracts that were kept of it, or without follow-up, with a reason that its
author reads. If it is edited afterwards, it must be read again. Extracts are kept in `harvest.py`; waiting
contributions are in `inbox.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.extracts import ShownExtract, extracts_of, highlighted
from forum.domain.discussion.posts import OnePost, QuotedWords, read_post, read_revision
from forum.domain.discussion.threads import Piece, pieces_of
from forum.domain.harvest.anchored import Offer, offers_for
from forum.domain.harvest.harvest import may_change, refuse_instruction
from forum.domain.references import reference
from forum.domain.themes.themes import Hold, as_settled
from forum.errors import Conflict, Invalid
from forum.models.posts import Outcome
from forum.models.proposals import IN_FORCE_SQL
from forum.permissions import Verdict, Viewer, demand, may_harvest, may_reuse, may_treat


@dataclass(frozen=True, slots=True)
class ShownTreatment:
    """How the reading of a post ended; `fits` says that the post was not edited since."""

    outcome: Outcome
    reason: str
    member: str | None
    treated_at: datetime
    fits: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A proposal in force that an extract may support."""

    reference: str
    wording: str


@dataclass(frozen=True, slots=True)
class TreatmentDesk:
    """Everything that the desk shows of one post: its words on the left, its extracts on the right."""

    post: OnePost
    pieces: tuple[Piece, ...]
    extracts: tuple[ShownExtract, ...]
    offers: dict[int, Offer]
    mine: frozenset[int]
    """The extracts that the reader may change."""
    treatment: ShownTreatment | None
    may_treat: Verdict
    proposals: tuple[Choice, ...]
    next: int | None
    seen: str
    """The state shown by the form that ends the reading, see `treat`."""


async def read_desk(viewer: Viewer | None, post: int, now: datetime) -> TreatmentDesk:
    """The desk of one post.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also for the organiser's instruction.
    """
    source = await read_post(post)
    theme = source.place.theme
    demand(may_harvest, viewer, theme.group, source.author_id, theme.schedule, now)
    refuse_instruction(source)
    extracts = (await extracts_of([source.id])).get(source.id, ())
    found = await _treatment(source.id)
    treats = may_treat(viewer, theme.group, now)
    return TreatmentDesk(
        post=source,
        pieces=pieces_of(highlighted(source.html, source.plain, extracts), await _quoted(source)),
        extracts=extracts,
        offers=await offers_for(source, extracts),
        mine=frozenset(each.id for each in extracts if may_change(viewer, source, each, now)),
        treatment=_treatment_from(found, source.revision) if found else None,
        may_treat=treats,
        proposals=await _choices(theme.id, theme.number),
        next=await _next(theme.group, source.id) if treats else None,
        seen=_seen(source, extracts, found),
    )


async def _quoted(post: OnePost) -> Sequence[QuotedWords]:
    return (await read_revision(post.id, post.revision)).quoted


async def _treatment(post: int) -> Row | None:
    return await row(
        """SELECT t.outcome, t.reason, t.revision, t.treated_at, t.member_id, m.name FROM treatment t
             LEFT JOIN member m ON m.id = t.member_id WHERE t.post_id = $1""",
        post,
    )


def _treatment_from(found: Row, revision: int) -> ShownTreatment:
    return ShownTreatment(
        Outcome(found["outcome"]),
        found["reason"],
        found["name"],
        found["treated_at"],
        fits=found["revision"] >= revision,
    )


def _seen(post: OnePost, extracts: Sequence[ShownExtract], treatment: Row | None) -> str:
    """The state shown by the desk, short enough for a field: the revision, the extracts, the last treatment."""
    last = treatment["treated_at"].isoformat() if treatment else ""
    return f"{post.revision}|{','.join(str(each) for each in sorted(each.id for each in extracts))}|{last}"


async def _choices(theme_id: int, theme_number: int) -> tuple[Choice, ...]:
    found = await rows(
        f"SELECT number, wording FROM proposal WHERE theme_id = $1 AND state IN {IN_FORCE_SQL} ORDER BY number",
        theme_id,
    )
    return tuple(Choice(reference(theme_number, each["number"]), each["wording"]) for each in found)


# A contribution, shown, that nobody has finished reading, or that its author changed since.
UNTREATED = "c.kind = 'contribution' AND c.state = 'shown' AND (d.id IS NULL OR d.revision < c.revision)"

TABLES = """
      FROM post c JOIN thread h ON h.id = c.thread_id JOIN theme t ON t.id = h.theme_id
      LEFT JOIN treatment d ON d.post_id = c.id"""


async def _next(group: int, post: int) -> int | None:
    """The next contribution to treat in the same group; after the last, the first one."""
    found = await row(
        f"""SELECT c.id {TABLES} WHERE t.working_group_id = $1 AND c.id <> $2 AND {UNTREATED}
             ORDER BY CASE WHEN c.id > $2 THEN 0 ELSE 1 END, c.id LIMIT 1""",
        group,
        post,
    )
    return int(found["id"]) if found else None


async def treat(viewer: Viewer | None, post: int, outcome: Outcome, reason: str, seen: str, now: datetime) -> None:
    """End the reading of a post: treated, with its extracts, or without follow-up, for a reason. Idempotent.

    `seen` is the state that the form showed (`Desk.seen`).

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also for the organiser's instruction.
        Conflict: somebody else was quicker, or the post changed meanwhile.
        Invalid: a treated post has no extract, one without follow-up has some, or its reason is missing.
    """
    async with transaction():
        source = await read_post(post, hold=Hold.ALONE)
        theme = as_settled(source.place.theme, now)
        viewer = demand(may_treat, viewer, theme.group, now)
        refuse_instruction(source)
        may_reuse(source.state).require()
        extracts = (await extracts_of([source.id])).get(source.id, ())
        last = await _treatment(source.id)
        why = _checked_reason(outcome, reason, len(extracts))
        if last is not None and _is_same(last, viewer, source, outcome, why):
            return
        if seen != _seen(source, extracts, last):
            raise Conflict(
                "Quelqu’un a été plus rapide, ou la contribution a changé. Relisez où elle en est, puis décidez."
            )
        await rows(
            """INSERT INTO treatment (post_id, outcome, revision, reason, member_id, treated_at)
               VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (post_id) DO UPDATE SET outcome = excluded.outcome, revision = excluded.revision,
                      reason = excluded.reason, member_id = excluded.member_id, treated_at = excluded.treated_at""",
            source.id,
            outcome.value,
            source.revision,
            why,
            viewer.id,
            now,
        )
        before = last["outcome"] if last else ""
        after = outcome.value
        await journal.record(
            viewer,
            "treat_post",
            "post",
            source.id,
            group=theme.group,
            before=before,
            after=after,
            reason=why,
            now=now,
        )


def _checked_reason(outcome: Outcome, reason: str, extracts: int) -> str:
    if outcome is Outcome.TREATED:
        if not extracts:
            raise Invalid("Rien n’est retenu de cette contribution : retenez des mots, ou classez-la sans suite.")
        return ""
    if extracts:
        raise Invalid("Des mots de cette contribution sont retenus : terminez, ou retirez-les d’abord.")
    return journal.reason_of(reason, required="Dites pourquoi : l’auteur de la contribution le lira.")


def _is_same(last: Row, viewer: Viewer, post: OnePost, outcome: Outcome, reason: str) -> bool:
    told = (last["member_id"], last["outcome"], last["revision"], last["reason"])
    return bool(told == (viewer.id, outcome.value, post.revision, reason))


async def reopen(viewer: Viewer | None, post: int, now: datetime) -> None:
    """Put a post back among those to treat. Repeating it changes nothing.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    async with transaction():
        source = await read_post(post, hold=Hold.ALONE)
        theme = source.place.theme
        demand(may_treat, viewer, theme.group, now)
        gone = await row("DELETE FROM treatment WHERE post_id = $1 RETURNING outcome", source.id)
        if gone is not None:
            await journal.record(
                viewer, "reopen_post", "post", source.id, group=theme.group, before=gone["outcome"], now=now
            )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many contributions of a theme were read: those without follow-up by reason, the most frequent first.
    `received` is the sum of the others."""

    received: int
    treated: int
    no_follow_up: tuple[tuple[str, int], ...]
    untreated: int


async def coverage(theme: int) -> Coverage:
    """The coverage of the theme with that id, in one query; a contribution edited after its reading counts as
    untreated."""
    found = await rows(
        f"""
        SELECT CASE WHEN {UNTREATED} THEN '' ELSE d.outcome END AS outcome,
               CASE WHEN {UNTREATED} THEN '' ELSE d.reason END AS reason, COUNT(*) AS n
          {TABLES} WHERE t.id = $1 AND c.kind = 'contribution' AND c.state = 'shown'
         GROUP BY 1, 2 ORDER BY 3 DESC, 2""",
        theme,
    )
    counts = {outcome: sum(each["n"] for each in found if each["outcome"] == outcome) for outcome in ("", "treated")}
    closed = tuple((each["reason"], each["n"]) for each in found if each["outcome"] == Outcome.NO_FOLLOW_UP)
    return Coverage(sum(each["n"] for each in found), counts["treated"], closed, counts[""])
