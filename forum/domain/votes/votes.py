"""What does each person think of each proposal? One ballot per person and proposal, by the database's own constraint.

A ballot is written by one upsert, while its theme is held: no vote is closed between the check and the write. Every
change of a ballot is kept in `ballot_change`, so tallies can be replayed. A tally leaves this file only when the
theme's schedule makes it public; nothing else counts ballots for a page.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from forum.clock import elapsed
from forum.commits import commit_together
from forum.database import Row, current_transaction, is_sqlite, on_postgres, places, row, rows, transaction
from forum.domain.references import parse_reference, reference
from forum.domain.themes.ballots import (
    COUNTABLE,
    TALLIED,
    WELL_FORMED,
    Count,
    OwnBallot,
    Rules,
    read_opinion,
    takes_quota,
)
from forum.domain.themes.themes import (
    THEME_COLUMNS,
    Hold,
    ThemeHead,
    hold_theme,
    raise_versions,
    theme_from,
)
from forum.errors import Conflict, NotFound, TooBusy
from forum.models.proposals import IN_FORCE, IN_FORCE_SQL, JUDGED_SQL, ProposalState
from forum.models.themes import Voting
from forum.permissions import Schedule, Verdict, Viewer, demand, may_act, may_read_own_ballot, may_vote
from forum.ranking.tallies import Tally
from forum.settings import settings

LINE_COLUMNS = f"""
    p.id AS proposal_id, p.number AS proposal_number, p.wording, p.version AS proposal_version, p.state,
    p.author_id, p.substance, b.opinion, b.proposal_version AS judged_version, {THEME_COLUMNS}"""

LINE_TABLES = f"""
      FROM proposal p
      JOIN theme t ON t.id = p.theme_id
      LEFT JOIN ballot b ON b.proposal_id = p.id AND b.voter_id = $1 AND {WELL_FORMED}"""

LONGEST_WRITE: Final = 30.0
"""Seconds after its arrival beyond which a vote is no longer written: half of `permissions.COUNTING`, the other half
being for its commit."""

NO_VOTER = 0
"""The voter id of somebody who has no ballot: a visitor."""


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal with its vote, as one person may see it: under a post, in a list, on its page.

    `own` is the reader's ballot, in the terms of `rules`; `to_confirm` when it judges an older substance and is not
    counted. `count` is None until the schedule makes it public. `may_vote` says why not.
    """

    id: int
    author: int | None
    reference: str
    wording: str
    version: int
    state: ProposalState
    substance: int
    own: str | None
    to_confirm: bool
    count: Count | None
    may_vote: Verdict
    schedule: Schedule
    rules: Rules
    theme: int
    votes_are_open: bool

    @property
    def is_open(self) -> bool:
        """Whether it is in force: open, retained or done."""
        return self.state in IN_FORCE

    @property
    def tally(self) -> Tally | None:
        """The tally of supports or of opinions, once it is public."""
        return self.count.tally if self.count is not None and self.rules.voting in TALLIED else None


def line_from(
    found: Row,
    viewer: Viewer | None,
    now: datetime,
    *,
    theme: ThemeHead | None = None,
    count: Count | None = None,
) -> ProposalLine:
    """The line of a row that selects LINE_COLUMNS; `theme` when the caller already read it."""
    theme = theme or theme_from(found)
    schedule = theme.schedule
    state = ProposalState(found["state"])
    return ProposalLine(
        id=found["proposal_id"],
        author=found["author_id"],
        reference=reference(found["theme_number"], found["proposal_number"]),
        wording=found["wording"],
        version=found["proposal_version"],
        state=state,
        substance=found["substance"],
        own=found["opinion"],
        to_confirm=found["opinion"] is not None and found["judged_version"] < found["substance"],
        count=count,
        may_vote=_verdict(viewer, schedule, state, found["author_id"], now),
        schedule=schedule,
        rules=theme.rules,
        theme=theme.number,
        votes_are_open=state is ProposalState.OPEN and schedule.votes_are_open(now),
    )


def _verdict(
    viewer: Viewer | None, schedule: Schedule, state: ProposalState, author: int | None, now: datetime
) -> Verdict:
    rules = settings().votes
    return may_vote(
        viewer,
        schedule,
        now,
        state=state,
        is_own=viewer is not None and author == viewer.id,
        staff_may_vote=rules.agents_may_vote,
        own_proposals=rules.own_proposals,
    )


def verdict_of(viewer: Viewer | None, line: ProposalLine, now: datetime) -> Verdict:
    """Whether this reader may vote on a proposal that was read for somebody else."""
    return _verdict(viewer, line.schedule, line.state, line.author, now)


def verdicts_of(viewer: Viewer | None, now: datetime) -> Callable[[ProposalLine], Verdict]:
    """`verdict_of` for the proposals of a theme: asked once for those in the same state, and once for the reader’s."""
    known: dict[tuple[ProposalState, bool], Verdict] = {}

    def verdict(line: ProposalLine) -> Verdict:
        kind = line.state, viewer is not None and line.author == viewer.id
        if kind not in known:
            known[kind] = verdict_of(viewer, line, now)
        return known[kind]

    return verdict


def seen_with(line: ProposalLine, own: OwnBallot | None, verdict: Verdict) -> ProposalLine:
    """A line that was read for everybody, for the reader with that ballot and that verdict."""
    if own is None:
        return replace(line, own=None, to_confirm=False, may_vote=verdict)
    return replace(line, own=own.opinion, to_confirm=own.version < line.substance, may_vote=verdict)


def voter_id(viewer: Viewer | None) -> int:
    """The id of the person whose ballots a page reads."""
    return viewer.id if viewer and may_read_own_ballot(viewer) else NO_VOTER


async def vote(
    viewer: Viewer | None, ref: str, opinion: str, now: datetime, *, read_version: int | None = None
) -> ProposalLine:
    """Cast, change or confirm one's ballot; sending the same twice changes nothing. Returns the proposal afterwards.
    `read_version` is the version that the person read, if the page gives it.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also before the votes open and after they close.
        Invalid: the theme's kind of voting has no such opinion.
        Conflict: they support as many proposals as they may, or the substance changed since the version they read.
        TooBusy: it waited too long, and is not written.
    """
    return await _change(viewer, ref, opinion, now, read_version)


async def withdraw_vote(viewer: Viewer | None, ref: str, now: datetime) -> ProposalLine:
    """Withdraw one's ballot, until the close; without a ballot it changes nothing.

    Raises:
        NotFound, SignInRequired, NotAllowed: like `vote`.
    """
    return await _change(viewer, ref, None, now, None)


async def _change(
    viewer: Viewer | None, ref: str, opinion: str | None, now: datetime, read_version: int | None
) -> ProposalLine:
    """Write the ballot; an `opinion` of None withdraws it.

    Sealed ballots hold their theme shared, so that people can vote at the same time. A ballot that pages show raises
    versions, for which the theme must be held alone from the start. Those, and all on SQLite, share commits.
    """
    viewer = demand(may_act, viewer, now)
    change = partial(_change_held, viewer, ref, opinion, now, read_version, elapsed() + LONGEST_WRITE)
    if not is_sqlite() and await _is_sealed(ref):
        async with transaction():
            changed = await change(Hold.SHARED)
        if changed is not None:
            return changed
    changed = await commit_together(partial(change, Hold.ALONE))
    assert changed is not None
    return changed


async def _is_sealed(ref: str) -> bool:
    """Whether the vote on a proposal seems to be sealed; who holds the theme knows."""
    found = await row("SELECT sealed FROM theme WHERE number = $1", parse_reference(ref)[0])
    return found is not None and found["sealed"]


async def _change_held(
    viewer: Viewer,
    ref: str,
    said: str | None,
    now: datetime,
    read_version: int | None,
    latest: float,
    hold: Hold,
) -> ProposalLine | None:
    """Write the ballot in the caller's transaction; None, and nothing written, when the theme must be held alone.

    Raises:
        TooBusy: it is later than `latest`, as `clock.elapsed` counts: results may be public before the commit.
    """
    line, theme = await _votable(viewer, ref, now, hold)
    opinion = await _accepted(viewer, line, theme, said, read_version)
    if elapsed() > latest:
        raise TooBusy()
    if theme.schedule.sealed:
        return await _write(viewer.id, line, opinion, now)
    if hold is Hold.SHARED:
        return None
    return await _write(viewer.id, line, opinion, now, shown_in=theme.id)


async def _accepted(
    viewer: Viewer, line: ProposalLine, theme: ThemeHead, said: str | None, read_version: int | None
) -> str | None:
    """What the ballot will say, once checked to be of the theme's kind and within its quota."""
    if said is None:
        return None
    opinion = read_opinion(theme.voting, theme.mentions, said)
    if read_version is not None and read_version < line.substance:
        raise Conflict("Cette proposition a changé pendant que vous la lisiez : relisez-la, puis votez.")
    if theme.quota and takes_quota(theme.voting, opinion):
        await _hold_voter(theme, viewer)
        await _refuse_beyond_quota(viewer, line, theme)
    return opinion


async def _hold_voter(theme: ThemeHead, viewer: Viewer) -> None:
    """Allow one vote of this person in this theme at a time, until the commit: two at once could both pass the quota.

    Nothing else takes this lock, so nobody else waits.
    """
    await on_postgres("SELECT pg_advisory_xact_lock(CAST($1 AS INTEGER), CAST($2 AS INTEGER))", theme.id, viewer.id)


async def _refuse_beyond_quota(viewer: Viewer, line: ProposalLine, theme: ThemeHead) -> None:
    """Raises Conflict when as many other proposals of the theme have a support, or a place, of this person already."""
    supports = "" if theme.voting is Voting.RANKING else "AND b.opinion = 'pour'"
    found = await rows(
        f"""
        SELECT p.number FROM ballot b JOIN proposal p ON p.id = b.proposal_id
         WHERE b.voter_id = $1 AND p.theme_id = $2 AND p.id <> $3 AND p.state = 'open' {supports}
         ORDER BY p.number""",
        viewer.id,
        theme.id,
        line.id,
    )
    if len(found) < theme.quota:
        return
    references = ", ".join(reference(theme.number, each["number"]) for each in found)
    raise Conflict(_FULL[theme.voting], values={"quota": theme.quota, "references": references})


_SUPPORTED = (
    "Vous ne pouvez pas soutenir plus de propositions (maximum : {quota}). "
    "Retirez d’abord un de vos soutiens : {references}."
)
_FULL = {
    Voting.APPROVAL: _SUPPORTED,
    Voting.OPINIONS: _SUPPORTED,
    Voting.RANKING: "Vous ne pouvez pas classer plus de propositions (maximum : {quota}). "
    "Retirez-en d’abord une de votre classement : {references}.",
}


async def _votable(viewer: Viewer, ref: str, now: datetime, hold: Hold) -> tuple[ProposalLine, ThemeHead]:
    """The proposal that this person may vote on now, and its theme, held."""
    theme_number, number = parse_reference(ref)
    theme = await hold_theme(theme_number, hold, now)
    # A separate statement: it must see amendments and merges made while waiting for the theme.
    found = await row(
        f"SELECT {LINE_COLUMNS} {LINE_TABLES} WHERE p.theme_id = $2 AND p.number = $3", viewer.id, theme.id, number
    )
    if found is None:
        raise NotFound
    line = line_from(found, viewer, now, theme=theme)
    line.may_vote.require()
    return line, theme


async def _write(
    voter: int, line: ProposalLine, opinion: str | None, now: datetime, *, shown_in: int | None = None
) -> ProposalLine:
    """Write the change and its line of history; returns the proposal afterwards.

    Nothing is written when the same person was quicker in another window. Nobody else can be: the theme is held, so its
    proposals and its schedule cannot have changed. `shown_in` is the theme, held alone, whose pages show the ballot.
    """
    version = await (_withdraw(line.id, voter) if opinion is None else _cast(line.id, voter, opinion, now))
    if version is not None:
        await remember(line.id, voter, opinion, version, now)
        if shown_in is not None:
            current_transaction().write_last(_raise_versions, (shown_in, line.id))
    line = replace(line, own=opinion, to_confirm=False)
    if not line.schedule.tallies_are_public(now):
        return line
    return replace(line, count=(await _count([line.id])).get(line.id, Count()))


async def _cast(proposal: int, voter: int, opinion: str, now: datetime) -> int | None:
    """Write the ballot; returns the version that it judges, None when it was already so.

    One that came with a merge is the voter's own from now on.
    """
    written = await row(
        """
        INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at, profession, territory)
        SELECT p.id, m.id, $3, p.version, $4, m.profession, m.territory
          FROM proposal p JOIN member m ON m.id = $2 WHERE p.id = $1 AND p.state = 'open'
            ON CONFLICT (proposal_id, voter_id) DO UPDATE
           SET opinion = excluded.opinion, proposal_version = excluded.proposal_version, cast_at = excluded.cast_at,
               profession = excluded.profession, territory = excluded.territory, carried_from_id = NULL
         WHERE ballot.opinion <> excluded.opinion OR ballot.proposal_version <> excluded.proposal_version
            OR ballot.carried_from_id IS NOT NULL
        RETURNING proposal_version""",
        proposal,
        voter,
        opinion,
        now,
    )
    return written["proposal_version"] if written else None


async def _withdraw(proposal: int, voter: int) -> int | None:
    """Delete the ballot; returns the version that it judged, None when there was none."""
    withdrawn = await row(
        """
        DELETE FROM ballot
         WHERE proposal_id = $1 AND voter_id = $2
           AND EXISTS (SELECT 1 FROM proposal p WHERE p.id = $1 AND p.state = 'open')
        RETURNING proposal_version""",
        proposal,
        voter,
    )
    return withdrawn["proposal_version"] if withdrawn else None


async def _raise_versions(shown: Sequence[tuple[int, int]]) -> None:
    """Make stale what shows these ballots, given by theme and proposal: the theme's pages, and those of the threads
    where a proposal stands under the contribution that it was made of. Once for all the votes of a commit."""
    proposals = sorted({proposal for _, proposal in shown})
    found = await rows(
        f"""
        SELECT DISTINCT c.thread_id
          FROM proposal p JOIN extract e ON e.id = p.extract_id JOIN post c ON c.id = e.post_id
         WHERE p.id IN ({places(len(proposals))}) ORDER BY c.thread_id""",
        *proposals,
    )
    for theme in sorted({theme for theme, _ in shown}):
        await raise_versions(theme=theme)
    for each in found:
        await raise_versions(thread=each["thread_id"])


async def remember(proposal: int, voter: int, opinion: str | None, version: int, now: datetime) -> None:
    await rows(
        """
        INSERT INTO ballot_change (proposal_id, voter_id, opinion, proposal_version, changed_at)
        VALUES ($1, $2, $3, $4, $5)""",
        proposal,
        voter,
        opinion,
        version,
        now,
    )


async def own_votes(viewer: Viewer | None, proposals: Sequence[int]) -> dict[int, OwnBallot]:
    """The reader's own ballots on these proposals, by proposal id."""
    return await _own(viewer, f"p.id IN ({places(len(proposals), after=1)})", *proposals) if proposals else {}


async def own_votes_in(viewer: Viewer | None, theme: ThemeHead) -> dict[int, OwnBallot]:
    """The reader's own ballots in a theme, by proposal id."""
    return await _own(viewer, "p.theme_id = $2", theme.id)


async def _own(viewer: Viewer | None, which: str, *values: int) -> dict[int, OwnBallot]:
    if viewer is None or not may_read_own_ballot(viewer):
        return {}
    found = await rows(
        f"""
        SELECT b.proposal_id, b.opinion, b.proposal_version
          FROM ballot b JOIN proposal p ON p.id = b.proposal_id JOIN theme t ON t.id = p.theme_id
         WHERE {WELL_FORMED} AND b.voter_id = $1 AND {which}""",
        viewer.id,
        *values,
    )
    return {each["proposal_id"]: OwnBallot(each["opinion"], each["proposal_version"]) for each in found}


async def counts_of(theme: ThemeHead, now: datetime, only: Sequence[int] = ()) -> dict[int, Count] | None:
    """What the ballots of each proposal of a theme say, by proposal id, whatever the kind of voting; those without
    ballot are left out. None while they are not public. `only` some of its proposals, by id."""
    if not theme.schedule.tallies_are_public(now):
        return None
    if only:
        return await _count(only)
    return _counts(await rows(f"{_COUNTED} p.theme_id = $1 GROUP BY 1, 2", theme.id))


async def tallies_of(theme: ThemeHead, now: datetime) -> dict[int, Tally] | None:
    """The tallies of a theme's proposals, by id, for supports or opinions; empty for other kinds of voting."""
    counts = await counts_of(theme, now)
    if counts is None or theme.voting not in TALLIED:
        return None if counts is None else {}
    return {proposal: count.tally for proposal, count in counts.items() if count.votants}


async def count_of(proposal: int, theme: ThemeHead, now: datetime) -> Count | None:
    """The count of one proposal of a theme; None while it is not public."""
    if not theme.schedule.tallies_are_public(now):
        return None
    return (await _count([proposal])).get(proposal, Count())


async def voters_of(themes: Sequence[ThemeHead], now: datetime) -> int | None:
    """How many people voted on the proposals of these themes, each once: those in force, or hidden since the close.

    None while the tallies of one of the themes are not public. Themes where no vote was ever called hide nothing: there
    is nobody to count.
    """
    counted = [theme.id for theme in themes if theme.schedule.tallies_are_public(now)]
    if any(theme.id not in counted and theme.schedule.votes_open_at is not None for theme in themes):
        return None
    if not counted:
        return 0
    found = await row(
        f"""
        SELECT COUNT(DISTINCT b.voter_id) AS voters
          FROM ballot b JOIN proposal p ON p.id = b.proposal_id JOIN theme t ON t.id = p.theme_id
         WHERE {COUNTABLE} AND {JUDGED_SQL} AND b.proposal_version >= p.substance
           AND p.theme_id IN ({places(len(counted))})""",
        *counted,
    )
    return int(found["voters"]) if found else 0


async def lines_under_posts(posts: Sequence[int], now: datetime) -> dict[int, tuple[ProposalLine, ...]]:
    """The open proposals of their theme made from each of these posts, as a visitor sees them, by post id in the order
    of references. A proposal of another theme, which the words left since, follows another schedule: it is only named
    beside its extract.

    At most two statements, whatever the number of posts; the second only where tallies are public.
    """
    if not posts:
        return {}
    found = await rows(
        f"""
        SELECT e.post_id, {LINE_COLUMNS} {LINE_TABLES}
          JOIN extract e ON e.id = p.extract_id JOIN post c ON c.id = e.post_id
          JOIN thread h ON h.id = c.thread_id AND h.theme_id = p.theme_id
         WHERE p.state IN {IN_FORCE_SQL} AND e.post_id IN ({places(len(posts), after=1)})
         ORDER BY p.number""",
        NO_VOTER,
        *posts,
    )
    shown = {each["proposal_id"] for each in found if theme_from(each).schedule.tallies_are_public(now)}
    counts = await _count(tuple(shown)) if shown else {}
    lines: dict[int, tuple[ProposalLine, ...]] = {}
    for each in found:
        count = counts.get(each["proposal_id"], Count()) if each["proposal_id"] in shown else None
        lines[each["post_id"]] = (*lines.get(each["post_id"], ()), line_from(each, None, now, count=count))
    return lines


_COUNTED = f"""
    SELECT b.proposal_id, CASE WHEN b.proposal_version < p.substance THEN '' ELSE b.opinion END AS said,
           COUNT(*) AS ballots
      FROM ballot b JOIN proposal p ON p.id = b.proposal_id JOIN theme t ON t.id = p.theme_id
     WHERE {COUNTABLE} AND"""
"""SQL for what a ballot says, NULL for one that waits to be confirmed because it judges an older substance."""


async def _count(proposals: Sequence[int]) -> dict[int, Count]:
    """The counts of some proposals. The caller has checked that the schedule makes them public."""
    return _counts(await rows(f"{_COUNTED} p.id IN ({places(len(proposals))}) GROUP BY 1, 2", *proposals))


def _counts(grouped: Iterable[Row]) -> dict[int, Count]:
    said: dict[int, dict[str, int]] = {}
    for each in grouped:
        said.setdefault(each["proposal_id"], {})[each["said"]] = each["ballots"]
    return {proposal: Count(pending=ballots.pop("", 0), ballots=ballots) for proposal, ballots in said.items()}
