"""How are two proposals merged, and a merge undone? By a moderator, until the votes close.

The source leads to the destination and is voted on there; its own ballots stay where they are and are carried
(`carried_ballots.py`). `proposal_merge` says what was merged into what, for ever; `proposal.merged_into_id` leads
directly to the proposal in force, however long the chain. Everybody concerned is notified, without any count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, places, row, rows, transaction
from forum.domain import journal
from forum.domain.journal import reason_of
from forum.domain.notifications import tell_of_proposal
from forum.domain.proposals.duplicates import Near, nearest
from forum.domain.references import parse_reference, reference
from forum.domain.signatures import proposed_by
from forum.domain.themes.proposal_states import Step, take, tell_turn
from forum.domain.themes.themes import THEME_COLUMNS, Hold, ThemeHead, hold_theme, raise_versions, theme_from
from forum.domain.votes.carried_ballots import carry_again
from forum.domain.votes.votes import ProposalLine, voter_id
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.models.notifications import Event
from forum.models.proposals import Origin, ProposalState, Turn
from forum.permissions import Verdict, Viewer, demand, may_merge

WHY_MERGED = "Dites pourquoi ces propositions demandent la même chose : leurs auteurs le liront."
WHY_PARTED = "Dites pourquoi ces propositions se séparent : leurs auteurs le liront."


@dataclass(frozen=True, slots=True)
class Party:
    """A proposal of a merge, source or destination; `into` is the one in force that it leads to."""

    id: int
    reference: str
    wording: str
    version: int
    state: ProposalState
    author: str | None
    origin: Origin
    into: str | None


@dataclass(frozen=True, slots=True)
class Joined:
    """A proposal that was merged into another one, as the latter's page lists it."""

    reference: str
    wording: str
    author: str | None
    origin: Origin
    reason: str


@dataclass(frozen=True, slots=True)
class Union:
    """What the page of a proposal says about merges: where it leads to, which proposals were merged into it, where the
    reader's own ballot on it came from; `may_merge`: whether to offer merging. `near`: proposals that may ask for the
    same, for its author."""

    into: str | None
    joined: tuple[Joined, ...]
    own_from: str | None
    may_merge: Verdict
    near: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class MergeDesk:
    """What the form of a merge, or of its undoing, shows: both proposals, the second once chosen; and those to choose
    from."""

    theme: ThemeHead
    source: Party
    destination: Party | None
    near: tuple[Near, ...] = ()


_PARTY = f"""
    SELECT p.id, p.number, p.wording, p.version, p.state, p.merged_into_id, i.number AS into_number,
           p.origin, {proposed_by("p", "a")} AS author_name, {THEME_COLUMNS}
      FROM proposal p JOIN theme t ON t.id = p.theme_id
      LEFT JOIN proposal i ON i.id = p.merged_into_id
      LEFT JOIN member a ON a.id = p.author_id"""


async def merge(viewer: Viewer | None, source_ref: str, destination_ref: str, reason: str, now: datetime) -> str:
    """Merge a proposal into another one of its theme, with everything merged into it before; returns the reference of
    the destination.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also once the votes are closed.
        InvalidForm: the destination cannot be one, or no reason is given.
        Conflict: the source is not open (any more).
    """
    async with transaction():
        viewer, theme, source = await _held(viewer, source_ref, now)
        checks = Checks()
        destination = source
        with checks.field("destination"):
            destination = await _destination(theme, source, destination_ref)
        with checks.field("motif"):
            reason = reason_of(reason, required=WHY_MERGED)
        checks.done()
        await take(Step.MERGE, source.id)
        made = await _write_merge(source.id, destination.id, viewer, reason, now)
        await tell_turn(source.id, Turn.MERGED, viewer.id, now, other=destination.id, reason=reason)
        await tell_turn(
            destination.id,
            Turn.RECEIVED,
            viewer.id,
            now,
            other=source.id,
            version=destination.version,
            reason=reason,
        )
        parties = [destination.id, source.id, *await _below(source.id)]
        concerned = await _concerned(parties)
        await carry_again(destination.id, now)
        into, group = destination.reference, theme.group
        await journal.record(viewer, "merge", "proposal", source.id, group=group, after=into, reason=reason, now=now)
        await tell_of_proposal(destination.id, Event.MERGED, concerned, now, key=made, actor=viewer.id)
        await _raise(theme, parties)
    return destination.reference


async def unmerge(viewer: Viewer | None, source_ref: str, reason: str, now: datetime) -> str:
    """Undo a merge: the source is voted on by itself again, with everything that had been merged into it; returns its
    reference.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also once the votes are closed.
        InvalidForm: no reason is given.
        Conflict: the proposal is not merged (any more).
    """
    async with transaction():
        viewer, theme, source = await _held(viewer, source_ref, now)
        checks = Checks()
        with checks.field("motif"):
            reason = reason_of(reason, required=WHY_PARTED)
        checks.done()
        await take(Step.UNMERGE, source.id)
        undone = await row(
            """
            UPDATE proposal_merge SET undone_at = $2 WHERE source_id = $1 AND undone_at IS NULL
            RETURNING id, destination_id""",
            source.id,
            now,
        )
        assert undone is not None, "what is merged has one merge in force"
        above = [undone["destination_id"], *await _above(undone["destination_id"])]
        below = await _below(source.id)
        concerned = await _concerned([*above, source.id, *below])
        await _lead(below, source.id)
        await rows("UPDATE proposal SET merged_into_id = NULL WHERE id = $1", source.id)
        await tell_turn(source.id, Turn.UNMERGED, viewer.id, now, other=above[0], reason=reason)
        for each in dict.fromkeys((above[0], above[-1])):
            await tell_turn(each, Turn.GAVE_BACK, viewer.id, now, other=source.id, reason=reason)
        await carry_again(above[0], now)
        ((left, _),) = await _parties("p.id = $1", above[0])
        out_of, group = left.reference, theme.group
        await journal.record(
            viewer, "unmerge", "proposal", source.id, group=group, before=out_of, reason=reason, now=now
        )
        await tell_of_proposal(source.id, Event.UNMERGED, concerned, now, key=undone["id"], actor=viewer.id)
        await _raise(theme, [source.id, *above])
    return source.reference


async def merge_desk(viewer: Viewer | None, source_ref: str, destination_ref: str, now: datetime) -> MergeDesk:
    """What the form of a merge shows to somebody who may send it; an empty `destination_ref` is not chosen yet.

    Raises:
        NotFound, SignInRequired, NotAllowed: like `merge`.
        Conflict: the source is not open (any more).
        Invalid: the destination cannot be one.
    """
    theme, source = await _asked(viewer, source_ref, now)
    if source.state is not ProposalState.OPEN:
        raise Conflict("Cette proposition n’est plus soumise au vote : elle ne peut pas être fusionnée.")
    if not destination_ref.strip():
        (near,) = await nearest(theme, [source.wording], but=source.id)
        return MergeDesk(theme, source, None, tuple(near))
    return MergeDesk(theme, source, await _destination(theme, source, destination_ref))


async def unmerge_desk(viewer: Viewer | None, source_ref: str, now: datetime) -> MergeDesk:
    """What the form that undoes a merge shows.

    Raises:
        NotFound, SignInRequired, NotAllowed, Conflict: like `unmerge`.
    """
    theme, source = await _asked(viewer, source_ref, now)
    if source.state is not ProposalState.MERGED:
        raise Conflict("Cette proposition n’est pas (ou plus) fusionnée dans une autre.")
    found = await _parties(
        """p.id = (SELECT m.destination_id FROM proposal_merge m
                    WHERE m.source_id = $1 AND m.undone_at IS NULL)""",
        source.id,
    )
    return MergeDesk(theme, source, found[0][0])


async def union_of(viewer: Viewer | None, line: ProposalLine, theme: ThemeHead, now: datetime) -> Union:
    """What the page of a proposal of that theme says about merges."""
    found = await row(
        """
        SELECT i.number AS into_number, o.number AS own_from
          FROM proposal p LEFT JOIN proposal i ON i.id = p.merged_into_id
          LEFT JOIN ballot b ON b.proposal_id = p.id AND b.voter_id = $2
          LEFT JOIN proposal o ON o.id = b.carried_from_id
         WHERE p.id = $1""",
        line.id,
        voter_id(viewer),
    )
    assert found is not None
    return Union(
        into=_named(theme, found["into_number"]),
        joined=await _joined(line.id, theme),
        own_from=_named(theme, found["own_from"]),
        may_merge=may_merge(viewer, theme.group, theme.schedule, now),
        near=await _near_own(viewer, line, theme, now),
    )


async def _near_own(viewer: Viewer | None, line: ProposalLine, theme: ThemeHead, now: datetime) -> tuple[Near, ...]:
    """Similar proposals, shown only to the author of a proposal."""
    is_own = viewer is not None and viewer.id == line.author
    if not is_own or line.state is not ProposalState.OPEN or theme.schedule.votes_are_closed(now):
        return ()
    return tuple((await nearest(theme, [line.wording], but=line.id))[0])


async def _joined(proposal: int, theme: ThemeHead) -> tuple[Joined, ...]:
    """Everything merged into this proposal, in the order of the merges."""
    found = await rows(
        f"""
        SELECT p.number, p.wording, p.origin, {proposed_by("p", "a")} AS author_name, m.reason
          FROM proposal p JOIN proposal_merge m ON m.source_id = p.id AND m.undone_at IS NULL
          LEFT JOIN member a ON a.id = p.author_id
         WHERE p.merged_into_id = $1
         ORDER BY m.id""",
        proposal,
    )
    return tuple(
        Joined(
            reference=reference(theme.number, each["number"]),
            wording=each["wording"],
            author=each["author_name"],
            origin=Origin(each["origin"]),
            reason=each["reason"],
        )
        for each in found
    )


def _named(theme: ThemeHead, number: int | None) -> str | None:
    return None if number is None else reference(theme.number, number)


async def _asked(viewer: Viewer | None, ref: str, now: datetime) -> tuple[ThemeHead, Party]:
    """The proposal of an address, for somebody who may merge it."""
    found = await _parties("t.number = $1 AND p.number = $2", *parse_reference(ref))
    if not found:
        raise NotFound
    source, theme = found[0]
    demand(may_merge, viewer, theme.group, theme.schedule, now)
    return theme, source


async def _held(viewer: Viewer | None, ref: str, now: datetime) -> tuple[Viewer, ThemeHead, Party]:
    """The member who merges, and the proposal of an address, in a transaction that writes: its theme is held alone
    first."""
    theme = await hold_theme(parse_reference(ref)[0], Hold.ALONE, now)
    _, source = await _asked(viewer, ref, now)
    return demand(may_merge, viewer, theme.group, theme.schedule, now), theme, source


async def _destination(theme: ThemeHead, source: Party, ref: str) -> Party:
    """The open proposal that the source may be merged into.

    Raises:
        Invalid: the reference leads to none; the sentence says why.
    """
    try:
        theme_number, number = parse_reference(ref.strip().upper())
    except NotFound:
        raise Invalid("Indiquez la référence d’une proposition, par exemple T3-007.", field="destination") from None
    if theme_number != theme.number:
        raise Invalid("On ne fusionne que des propositions d’un même thème.", field="destination")
    found = await _parties("t.id = $1 AND p.number = $2", theme.id, number)
    if not found:
        raise Invalid(
            "Il n’y a pas de proposition {reference}.", field="destination", values={"reference": ref.strip()}
        )
    destination = found[0][0]
    named = {"reference": destination.reference, "root": destination.into}
    if destination.id == source.id:
        raise Invalid("Une proposition ne se fusionne pas avec elle-même.", field="destination")
    if destination.into == source.reference:
        raise Invalid("{reference} est déjà fusionnée dans {root}.", field="destination", values=named)
    if destination.into is not None:
        raise Invalid(
            "{reference} est fusionnée dans {root} : choisissez plutôt {root}.", field="destination", values=named
        )
    if destination.state is not ProposalState.OPEN:
        raise Invalid("{reference} n’est plus soumise au vote.", field="destination", values=named)
    return destination


async def _parties(condition: str, *values: object) -> list[tuple[Party, ThemeHead]]:
    return [(_party(each), theme_from(each)) for each in await rows(f"{_PARTY} WHERE {condition}", *values)]


def _party(found: Row) -> Party:
    into = found["into_number"]
    return Party(
        id=found["id"],
        reference=reference(found["theme_number"], found["number"]),
        wording=found["wording"],
        version=found["version"],
        state=ProposalState(found["state"]),
        author=found["author_name"],
        origin=Origin(found["origin"]),
        into=None if into is None else reference(found["theme_number"], into),
    )


async def _write_merge(source: int, destination: int, viewer: Viewer, reason: str, now: datetime) -> int:
    """Write the merge, and make everything merged into the source lead to the destination."""
    made = await row(
        """
        INSERT INTO proposal_merge (source_id, destination_id, member_id, reason, merged_at)
        VALUES ($1, $2, $3, $4, $5) RETURNING id""",
        source,
        destination,
        viewer.id,
        reason,
        now,
    )
    assert made is not None
    await _lead([source, *await _below(source)], destination)
    return int(made["id"])


async def _lead(proposals: Sequence[int], root: int) -> None:
    if proposals:
        wanted = places(len(proposals), after=1)
        await rows(f"UPDATE proposal SET merged_into_id = $1 WHERE id IN ({wanted})", root, *proposals)


async def _below(proposal: int) -> list[int]:
    """Everything merged into a proposal, directly or not."""
    found = await rows(
        """
        WITH RECURSIVE below (id) AS (
            SELECT source_id FROM proposal_merge WHERE destination_id = $1 AND undone_at IS NULL
             UNION
            SELECT m.source_id FROM proposal_merge m JOIN below b ON b.id = m.destination_id WHERE m.undone_at IS NULL
        ) SELECT id FROM below ORDER BY id""",
        proposal,
    )
    return [each["id"] for each in found]


async def _above(proposal: int) -> list[int]:
    """What a proposal is merged into, and what that is merged into, up to the one in force."""
    above: list[int] = []
    while found := await row(
        "SELECT destination_id FROM proposal_merge WHERE source_id = $1 AND undone_at IS NULL",
        above[-1] if above else proposal,
    ):
        above.append(found["destination_id"])
    return above


async def _concerned(proposals: Sequence[int]) -> set[int]:
    """The people who wrote, promoted or voted on any of these proposals."""
    wanted = places(len(proposals))
    found = await rows(
        f"""
        SELECT author_id AS member FROM proposal WHERE id IN ({wanted}) AND author_id IS NOT NULL
         UNION SELECT promoter_id FROM proposal WHERE id IN ({wanted}) AND promoter_id IS NOT NULL
         UNION SELECT voter_id FROM ballot WHERE proposal_id IN ({wanted})""",
        *proposals,
    )
    return {each["member"] for each in found}


async def _raise(theme: ThemeHead, proposals: Iterable[int]) -> None:
    """Raise the versions of the theme, and of the threads that show these proposals."""
    wanted = tuple(proposals)
    await raise_versions(theme=theme.id)
    for each in await rows(
        f"""
        SELECT DISTINCT c.thread_id
          FROM proposal p JOIN extract e ON e.id = p.extract_id JOIN post c ON c.id = e.post_id
         WHERE p.id IN ({places(len(wanted))})
         ORDER BY c.thread_id""",
        *wanted,
    ):
        await raise_versions(thread=each["thread_id"])
